from odoo import api, fields, models
from odoo.exceptions import UserError


class PmDunningUndo(models.TransientModel):
    """Asks why a run is undone, and when the daily run may work in the property again."""

    _name = "pm.dunning.undo"
    _description = "Undo a Reminder Run"

    run_id = fields.Many2one("pm.dunning.run", required=True, readonly=True)
    reason = fields.Char("Why", required=True)
    resume_on = fields.Date(
        "Next Run On",
        required=True,
        default=lambda self: fields.Date.add(fields.Date.context_today(self), days=1),
        help="Until this day the property has no daily run. The reminders are made then, unless they are not due any more.",
    )
    action_count = fields.Integer(related="run_id.action_count")

    @api.constrains("resume_on")
    def _check_resume_on(self):
        for wizard in self:
            if wizard.resume_on < wizard.run_id.property_id._today():
                raise UserError(self.env._("The next run cannot be in the past."))

    def action_confirm(self):
        self.run_id._undo(self.reason, self.resume_on)
        return {"type": "ir.actions.act_window_close"}
