from odoo import fields, models
from odoo.exceptions import UserError

STEPS = [
    ("delay", "Delay"),
    ("reopen", "Reopen"),
    ("invalid", "Invalid"),
    ("cancel", "Cancel"),
    ("pause", "Pause"),
]


class PmTicketStep(models.TransientModel):
    """Asks for the words without which a step may not be taken."""

    _name = "pm.ticket.step"
    _description = "Ticket Step"

    ticket_id = fields.Many2one("pm.ticket", required=True, readonly=True)
    step = fields.Selection(STEPS, required=True, readonly=True)
    words = fields.Text()
    promised_date = fields.Datetime(string="New Agreed Time")
    old_promise = fields.Datetime(related="ticket_id.promised_date", string="Agreed So Far")

    def action_confirm(self):
        """Take the step with the words entered.

        :raises UserError: if they are missing, or the ticket's own guards refuse
        """
        self.ensure_one()
        words = (self.words or "").strip()
        ticket = self.ticket_id
        if not words:
            raise UserError(self.env._("To go on you must write the reason."))
        if self.step == "delay":
            if not self.promised_date:
                raise UserError(self.env._("To tell the customer about a delay you must agree a new time."))
            ticket._notify_delay(self.promised_date, words)
        elif self.step == "reopen":
            ticket.action_reopen(words)
        elif self.step == "pause":
            ticket.action_pause(words)
        else:
            ticket.write({"stop_reason": words[:250]})
            ticket._transition({"invalid": "invalid", "cancel": "cancelled"}[self.step])
        return {"type": "ir.actions.act_window_close"}
