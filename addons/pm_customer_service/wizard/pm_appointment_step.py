from odoo import fields, models


class PmAppointmentStep(models.TransientModel):
    """Asks for the words without which a visit is neither called off nor reported as made in vain."""

    _name = "pm.appointment.step"
    _description = "Visit Step"

    appointment_id = fields.Many2one("pm.appointment", required=True, readonly=True)
    step = fields.Selection([("no_access", "Nobody there"), ("call_off", "Call off")], required=True, readonly=True)
    words = fields.Char(required=True)

    def action_confirm(self):
        """Take the step. :raises UserError: if the words are missing or the visit is over"""
        self.ensure_one()
        if self.step == "no_access":
            self.appointment_id.action_no_access(self.words)
        else:
            self.appointment_id.action_call_off(self.words)
        return {"type": "ir.actions.act_window_close"}
