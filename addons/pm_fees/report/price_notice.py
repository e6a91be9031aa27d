from odoo import models
from odoo.tools.misc import format_date


class ReportPriceNotice(models.AbstractModel):
    """Fee standards (收费公示): items, prices, service, basis in law and contract (S0-127, S1-06)."""

    _name = "report.pm_fees.price_notice"
    _inherit = "pm.document"
    _description = "Price notice document"

    def _title(self, record):
        return self.env._("Fee Standards")

    def _number(self, record):
        return record.env._("As of %s", format_date(record.env, record._today()))

    def _partner(self, record):
        return None

    def _story(self, record, kit):
        _ = record.env._
        rows, tariffs = [], record._published_tariffs()
        # sudo: published prices are for everybody
        common = tariffs.item_id.with_env(record.env).sudo().filtered("owners_income")
        for tariff in tariffs:
            item = tariff.item_id.with_env(record.env).sudo()  # sudo: published prices are for everybody
            rows.append(
                [
                    item.name,
                    tariff._price_text(),
                    "\n".join(filter(None, [item.legal_basis, item.contract_reference, tariff.resolution])),
                    item.note or "",
                    kit.date(tariff.date_from)
                    + ("\n" + _("until %s", kit.date(tariff.date_to)) if tariff.date_to else ""),
                ]
            )
        header, widths = (
            [_("Fee"), _("Price"), _("Basis"), _("What it pays for"), _("In force from")],
            [34, 40, 48, 30, 22],
        )
        if not any(row[3] for row in rows):
            header, widths, rows = header[:3] + header[4:], [38, 48, 64, 24], [row[:3] + row[4:] for row in rows]
        story = (
            [
                kit.table(header, rows, widths=widths, align="l" * len(header)),
            ]
            if rows
            else [kit.p(_("No price has been published yet."))]
        )
        return story + [
            kit.space(4),
            kit.p(
                _(
                    "Nothing but these fees is charged. Money collected on behalf of suppliers is passed on at the supplier's price without any mark-up."
                ),
                "body",
            ),
            *(
                [
                    kit.p(
                        _(
                            "What the common parts bring in belongs to the owners after reasonable cost and is kept apart: %s.",
                            ", ".join(common.mapped("name")),
                        ),
                        "body",
                    )
                ]
                if common
                else []
            ),
            kit.p(_("Questions and complaints: %s", record._hotline_text()), "body"),
        ]
