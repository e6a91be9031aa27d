from odoo import fields, models

from ..models.pm_ticket_escalate import LEVELS


class PmTicketEscalateWizard(models.TransientModel):
    """Asks why a ticket goes to a higher level, and what the reporter proposes."""

    _name = "pm.ticket.escalate"
    _description = "Report to a Higher Level"

    ticket_id = fields.Many2one("pm.ticket", required=True, readonly=True)
    level = fields.Selection(LEVELS, required=True)
    reason = fields.Text(required=True)
    proposal = fields.Text()

    def action_confirm(self):
        """Report it. :raises UserError: a level is skipped without an emergency"""
        self.ensure_one()
        self.ticket_id.action_escalate(self.reason, self.proposal, self.level)
        return {"type": "ir.actions.act_window_close"}


class PmEscalationAnswer(models.TransientModel):
    """Asks for the instruction that answers a report upwards."""

    _name = "pm.escalation.answer"
    _description = "Answer to a Report"

    escalation_id = fields.Many2one("pm.escalation", required=True, readonly=True)
    reason = fields.Text(related="escalation_id.reason")
    proposal = fields.Text(related="escalation_id.proposal")
    instruction = fields.Text(required=True)

    def action_confirm(self):
        """Instruct. :raises AccessError: the report was made to somebody else"""
        self.ensure_one()
        self.escalation_id.action_instruct(self.instruction)
        return {"type": "ir.actions.act_window_close"}
