from odoo import models

from odoo.addons.pm_base.tools.labels import selection_labels


class ReportDayClose(models.AbstractModel):
    """A butler's day in its five registers (管家日结单). Source: S4-76."""

    _name = "report.pm_renovation.day_close"
    _inherit = "pm.document"
    _description = "Butler's Day"

    def _title(self, record):
        return self.env._("Butler's Day")

    def _number(self, record):
        return str(record.date)

    def _story(self, record, kit):
        _ = record.env._
        labels = selection_labels(record.line_ids, "register")
        rows = [
            [
                labels[line.register],
                line.done,
                line.open,
                kit.money(line.amount) if line.register == "ledger" else "",
                line.note or "",
            ]
            for line in record.line_ids
        ]
        return [
            kit.pairs(
                [
                    (_("Butler"), record.user_id.name),
                    (_("Date"), kit.date(record.date)),
                    (
                        _("Closed at"),
                        kit.datetime(record.closed_at, tz=record.property_id.tz) if record.closed_at else "",
                    ),
                    (_("Closed by"), record.closed_by_id.name or ""),
                ]
            ),
            kit.table(
                [_("Register"), _("Done"), _("Still open"), _("Received"), _("Record")],
                rows,
                widths=[35, 15, 18, 27, 75],
                align="lrrrl",
            ),
            kit.signatures([_("Butler"), _("Supervisor")]),
        ]
