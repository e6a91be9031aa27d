import base64

from odoo import models

from odoo.addons.pm_base.tools.labels import selection_label, selection_labels


def services_table(record, kit, total):
    """Return the table of the services of an order or agreement; ``total`` is the label of its sum."""
    _ = record.env._
    return kit.table(
        [_("Service"), _("Quantity"), _("Per"), _("Price"), _("Amount")],
        [
            [
                line.name or "",
                line.quantity,
                line.unit_label or "",
                kit.money(line.price_unit),
                kit.money(line.subtotal),
            ]
            for line in record.line_ids
        ],
        widths=[70, 22, 24, 28, 30],
        align="lrlrr",
        total=[total, "", "", "", kit.money(record.amount_total)],
    )


class ReportServiceSlip(models.AbstractModel):
    """Service order in four labelled copies (《特约服务/维修单》). Source: S1-77, S1-81, S1-83."""

    _name = "report.pm_customer_service.service_slip"
    _inherit = "pm.document"
    _description = "Service Order Slip"

    def _title(self, record):
        return self.env._("Service Application") if record.state == "draft" else self.env._("Service / Repair Order")

    def _number(self, record):
        return record.name

    def _partner(self, record):
        return None

    def _copies(self, record):
        """Return the labels of the copies; the fourth is the customer's, the others go back to the department."""
        _ = record.env._
        return [
            _("Copy 1: department, for reconciliation"),
            _("Copy 2: finance, then service centre"),
            _("Copy 3: department, for filing"),
            _("Copy 4: customer"),
        ]

    def _story(self, record, kit):
        story = []
        for number, label in enumerate(self._copies(record), 1):
            if number > 1:
                story += [kit.page_break(), kit.p(self._title(record), "title")]
            story += self._copy(record, kit, number, label)
        return story

    def _copy(self, record, kit, number, label):
        _ = record.env._
        tz = record.property_id.tz
        settlement = selection_label(record, "settlement")
        story = [kit.p(label, "right")]
        if number == 2 and record.settlement_state == "settled":
            story.append(kit.stamp(_("PAID")))
        story += [
            kit.pairs(
                [
                    (_("Customer"), record.partner_id.name or ""),
                    (_("Phone"), record.contact_phone or ""),
                    (_("Place"), " ".join(filter(None, [record.unit_id.display_name, record.place]))),
                    (_("Ticket"), record.ticket_id.number or ""),
                    (_("Agreed Time"), kit.datetime(record.scheduled_at, tz=tz) if record.scheduled_at else ""),
                    (_("Done By"), record.user_id.sudo().name or ""),  # names of colleagues stand on the house's papers
                    (_("Department"), record.team_id.name or ""),
                    (_("Settlement"), settlement),
                ]
            ),
            kit.h(_("Services")),
            services_table(record, kit, _("Total")),
        ]
        if record.description:
            story += [kit.h(_("What Is Wanted")), kit.p(record.description)]
        if record.consent_ids:
            methods = selection_labels(record.consent_ids, "method")
            story += [
                kit.h(_("Consents")),
                kit.table(
                    [_("Date"), _("How"), _("Who Agreed"), _("Amount")],
                    [
                        [kit.datetime(row.date, tz=tz), methods[row.method], row.agreed_by, kit.money(row.amount)]
                        for row in record.consent_ids
                    ],
                    widths=[40, 40, 60, 34],
                    align="lllr",
                ),
            ]
        story.append(kit.h(_("Work Done")))
        story.append(kit.p(record.work_done) if record.work_done else kit.box([kit.space(24)]))
        if record.material_ids:
            used = [f"{line.name} × {line.quantity:g} {line.unit or ''}".strip() for line in record.material_ids]
            story.append(kit.p(_("Materials used: %s", "; ".join(used))))
        if record.settlement_ref:
            story.append(kit.p(_("Receipt %s", record.settlement_ref)))
        story.append(
            kit.p(_("Please pay at the cash desk only: our staff take neither payments nor gratuities."), "small")
        )
        if record.customer_signature and record.signed_by:
            story += [
                kit.p(
                    _(
                        "Signed by %(name)s on %(moment)s",
                        name=record.signed_by,
                        moment=kit.datetime(record.done_at, tz=tz),
                    )
                ),
                kit.image(base64.b64decode(record.with_context(bin_size=False).customer_signature), 50, 18),
            ]
        story.append(kit.signatures([_("Done By"), _("Customer"), _("Department")]))
        return story
