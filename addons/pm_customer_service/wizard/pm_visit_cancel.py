from odoo import fields, models

from odoo.addons.pm_base.tools.labels import selection_label


class PmVisitCancel(models.TransientModel):
    """Why a visit is not held."""

    _name = "pm.visit.cancel"
    _description = "Visit Not Held"

    visit_id = fields.Many2one("pm.visit", required=True, readonly=True)
    kind = fields.Selection(
        [
            ("absent", "Nobody at home"),
            ("refused", "The customer does not want a visit"),
            ("other", "Other"),
        ],
        string="Reason",
        required=True,
        default="absent",
        help="Entry is never forced; leave a card with the number of the service centre (S4-123).",
    )
    words = fields.Char(string="In Words")

    def action_confirm(self):
        """Cancel the visit with the reason chosen and its words."""
        self.ensure_one()
        label = selection_label(self, "kind")
        self.visit_id._cancel(": ".join(filter(None, [label, (self.words or "").strip()])))
        return {"type": "ir.actions.act_window_close"}
