from odoo import fields, models


class PmIncidentStep(models.TransientModel):
    """Asks for the words that all callers hear."""

    _name = "pm.incident.step"
    _description = "Incident Step"

    incident_id = fields.Many2one("pm.incident", required=True, readonly=True)
    step = fields.Selection(
        [("update", "Tell the callers"), ("end", "End"), ("cancel", "False alarm")], required=True, readonly=True
    )
    words = fields.Text(required=True)
    expected_at = fields.Datetime(string="Expected Until")
    ticket_count = fields.Integer(related="incident_id.ticket_count")

    def action_confirm(self):
        """Take the step. :raises UserError: the words are missing, or the incident is over"""
        self.ensure_one()
        if self.step == "update":
            self.incident_id.action_update(self.words, self.expected_at)
        elif self.step == "end":
            self.incident_id.action_end(self.words)
        else:
            self.incident_id.action_cancel(self.words)
        return {"type": "ir.actions.act_window_close"}


class PmIncidentAttach(models.TransientModel):
    """Ties tickets to an incident."""

    _name = "pm.incident.attach"
    _description = "Tie Tickets to an Incident"

    incident_id = fields.Many2one("pm.incident", required=True, domain="[('state', '=', 'running')]")
    ticket_ids = fields.Many2many(
        "pm.ticket", string="Tickets", domain="[('state', 'in', ('new', 'assigned', 'in_progress'))]"
    )

    def action_confirm(self):
        """Tie them. :raises UserError: one is not open, of another property, or tied elsewhere"""
        self.ensure_one()
        self.incident_id._attach(self.ticket_ids)
        return {"type": "ir.actions.act_window_close"}
