from odoo import fields, models


class PmDunningCancel(models.TransientModel):
    """Asks for the reason before reminders are cancelled."""

    _name = "pm.dunning.cancel"
    _description = "Cancel Reminders"

    action_ids = fields.Many2many("pm.dunning.action", required=True, readonly=True)
    reason = fields.Char("Reason for Cancelling", required=True)

    def action_confirm(self):
        self.action_ids._cancel(self.reason)
        return {"type": "ir.actions.act_window_close"}
