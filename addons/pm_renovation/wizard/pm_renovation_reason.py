from odoo import fields, models


class PmRenovationReason(models.TransientModel):
    """Asks for the reason that refusal, cancellation, waiver or extension needs."""

    _name = "pm.renovation.reason"
    _description = "Reason for a Renovation Step"

    renovation_id = fields.Many2one("pm.renovation", required=True, readonly=True, ondelete="cascade")
    purpose = fields.Selection(
        selection=[
            ("refuse", "Refuse"),
            ("cancel", "Cancel"),
            ("waive", "Waive the deposit"),
            ("extend", "Extend the permit"),
        ],
        required=True,
        readonly=True,
    )
    reason = fields.Text(required=True)
    date_end = fields.Date("New End")

    def action_confirm(self):
        """Do the step with the reason."""
        self.ensure_one()
        case = self.renovation_id
        if self.purpose == "refuse":
            case._refuse(self.reason)
        elif self.purpose == "cancel":
            case._cancel(self.reason)
        elif self.purpose == "waive":
            case._waive_deposit(self.reason)
        else:
            case._extend(self.date_end)
            case.message_post(body=self.env._("Permit extended: %(reason)s", reason=self.reason))
        return {"type": "ir.actions.act_window_close"}
