from odoo import fields, models
from odoo.exceptions import UserError


class PmRenovationReason(models.TransientModel):
    """Asks for the reason that refusal, cancellation, waiver, extension and the like need; it goes into the history."""

    _name = "pm.renovation.reason"
    _description = "Reason for a Renovation Step"

    renovation_id = fields.Many2one("pm.renovation", required=True, readonly=True, ondelete="cascade")
    purpose = fields.Selection(
        selection=[
            ("refuse", "Refuse"),
            ("cancel", "Cancel"),
            ("waive", "Waive the deposit"),
            ("extend", "Extend the permit"),
            ("refuse_extension", "Refuse the extension"),
            ("suspend", "Suspend the permit"),
            ("owner_refuses", "Owner does not agree"),
            ("waive_concealed", "Concealed works documented otherwise"),
        ],
        required=True,
        readonly=True,
    )
    reason = fields.Text(required=True)
    date_end = fields.Date("New End")

    def action_confirm(self):
        """Do the step with the reason."""
        self.ensure_one()
        case, reason = self.renovation_id, (self.reason or "").strip()
        if not reason:
            raise UserError(self.env._("To go on you must write why."))
        if self.purpose == "extend":
            case._extend(self.date_end, reason)
        else:
            {
                "refuse": case._refuse,
                "cancel": case._cancel,
                "waive": case._waive_deposit,
                "refuse_extension": case._refuse_extension,
                "suspend": case._suspend,
                "owner_refuses": case._owner_refuses,
                "waive_concealed": case._waive_concealed,
            }[self.purpose](reason)
        return {"type": "ir.actions.act_window_close"}
