from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PmMeter(models.Model):
    _name = "pm.meter"
    _inherit = ["pm.meter", "pm.program.fields"]
    _program_fields = frozenset({"replaces_id"})

    _replaced_once = models.UniqueIndex(
        "(replaces_id) WHERE replaces_id IS NOT NULL", "Another meter has replaced this one already."
    )

    replaces_id = fields.Many2one("pm.meter", "Replaces", readonly=True, copy=False, ondelete="restrict")
    replaced_by_ids = fields.One2many("pm.meter", "replaces_id", "Replaced by", readonly=True)

    def action_replace(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.meter.replace",
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Replace Meter"),
            "context": {"default_meter_id": self.id},
        }


class PmMeterReading(models.Model):
    _inherit = "pm.meter.reading"

    @api.constrains("date", "meter_id")
    def _check_installed(self):
        for reading in self:
            removed = reading.meter_id.date_removed
            if removed and reading.date > removed:
                raise ValidationError(
                    self.env._(
                        "Meter %(meter)s was removed on %(date)s: read the meter that replaced it.",
                        meter=reading.meter_id.code,
                        date=removed,
                    )
                )
