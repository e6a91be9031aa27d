from odoo import api, fields, models
from odoo.exceptions import UserError


class PmMeterReplace(models.TransientModel):
    """Replace a meter: its last reading, then the first reading of the new one. Both bill what they counted."""

    _name = "pm.meter.replace"
    _description = "Replace Meter"

    meter_id = fields.Many2one("pm.meter", required=True, readonly=True)
    date = fields.Date("Replaced on", required=True, default=fields.Date.context_today)
    last_value = fields.Float("Reading before", related="meter_id.last_value")
    last_date = fields.Date("Read on", related="meter_id.last_date")
    final_value = fields.Float(
        "Final reading", digits=(16, 3), required=True, help="What the old meter shows at removal."
    )
    rolled_over = fields.Boolean("Register rolled over")
    photo = fields.Image("Photo of the old meter", max_width=1600, max_height=1600)
    new_code = fields.Char("Number of the new meter", required=True)
    first_value = fields.Float("First reading", digits=(16, 3), help="What the new meter shows at installation.")
    multiplier = fields.Float(digits=(12, 4), required=True, compute="_compute_values", store=True, readonly=False)
    rollover_value = fields.Float("Counts up to", digits=(16, 3), compute="_compute_values", store=True, readonly=False)

    @api.depends("meter_id")
    def _compute_values(self):
        for wizard in self:
            wizard.multiplier = wizard.meter_id.multiplier or 1.0
            wizard.rollover_value = wizard.meter_id.rollover_value

    def action_replace(self):
        """Close the old meter and open the new one.

        :raise UserError: the meter is removed already, or was read after that day
        """
        self.ensure_one()
        old = self.meter_id
        # Two people must not replace one meter: the second is told that it is being changed.
        old.lock_for_update()
        old.invalidate_recordset(["date_removed"])
        if old.date_removed:
            raise UserError(
                self.env._("Meter %(meter)s was removed on %(date)s already.", meter=old.code, date=old.date_removed)
            )
        if old.last_date and old.last_date >= self.date:
            raise UserError(
                self.env._(
                    "Meter %(meter)s was read on %(date)s: the replacement must be of a later day.",
                    meter=old.code,
                    date=old.last_date,
                )
            )
        self.env["pm.meter.reading"].create(
            {
                "meter_id": old.id,
                "date": self.date,
                "value": self.final_value,
                "rolled_over": self.rolled_over,
                "photo": self.photo,
            }
        )
        old.date_removed = self.date
        new = old.copy(
            {
                "code": self.new_code.strip(),
                "date_installed": self.date,
                "date_removed": False,
                "multiplier": self.multiplier,
                "rollover_value": self.rollover_value,
            }
        )
        new.sudo().replaces_id = old  # sudo: _program_fields
        self.env["pm.meter.reading"].create(
            {"meter_id": new.id, "date": self.date, "value": self.first_value, "is_initial": True}
        )
        return {"type": "ir.actions.act_window", "res_model": "pm.meter", "res_id": new.id, "view_mode": "form"}
