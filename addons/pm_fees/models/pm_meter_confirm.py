from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import float_compare


class PmMeterReading(models.Model):
    """Unusual use is confirmed with who, when and why before it is billed (S1-50).

    What is confirmed is a use: a reading that changes afterwards, or one before it, asks for confirmation anew.
    """

    _inherit = "pm.meter.reading"

    to_confirm = fields.Boolean(
        "Asks for confirmation", compute="_compute_to_confirm", store=True, help="Unusual, and not confirmed yet."
    )
    confirmed_by = fields.Many2one("res.users", readonly=True, copy=False)
    confirmed_on = fields.Datetime("Confirmed at", readonly=True, copy=False)
    confirm_reason = fields.Char("Why the use is right", readonly=True, copy=False)
    confirmed_use = fields.Float("Use confirmed", digits=(16, 3), readonly=True, copy=False)

    _to_confirm_index = models.Index("(property_id, date) WHERE to_confirm AND charge_id IS NULL")

    @api.depends("abnormal", "estimated", "overestimated", "consumption", "confirmed_on", "confirmed_use")
    def _compute_to_confirm(self):
        for reading in self:
            confirmed = reading.confirmed_on and not float_compare(
                reading.confirmed_use, reading.consumption, precision_digits=3
            )
            reading.to_confirm = reading.abnormal and not (reading.estimated or reading.overestimated or confirmed)

    def action_confirm_use(self):
        """Ask for the reason, then confirm."""
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.meter.confirm",
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Confirm Unusual Use"),
            "context": {"default_reading_ids": self.ids},
        }

    def _confirm_use(self, reason):
        """Record that the use of these readings is right.

        :param str reason: what was found, e.g. that the household has moved in
        :raises AccessError: the user is neither accountant nor supervisor
        :raises UserError: no reason, or a reading that asks for no confirmation
        """
        user = self.env.user
        if not (user.has_group("pm_base.group_accountant") or user.has_group("pm_base.group_supervisor")):
            raise AccessError(self.env._("To confirm unusual use you must be a project accountant or supervisor."))
        self.check_access("read")
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("To confirm unusual use, say what was found."))
        for reading in self:
            if not reading.to_confirm:
                raise UserError(self.env._("%s asks for no confirmation.", reading.display_name))
        for reading in self.sudo():  # sudo: _program_fields; role and readings were checked
            reading.write(
                {
                    "confirmed_by": user.id,
                    "confirmed_on": fields.Datetime.now(),
                    "confirm_reason": reason,
                    "confirmed_use": reading.consumption,
                }
            )
        self.sudo()._message_log_batch(
            {reading.id: self.env._("Unusual use confirmed: %s", reason) for reading in self}
        )
