from odoo import fields, models


class PmMeterConfirm(models.TransientModel):
    """Confirm unusual use: one reason for the chosen readings."""

    _name = "pm.meter.confirm"
    _description = "Confirm Unusual Use"

    reading_ids = fields.Many2many("pm.meter.reading", string="Readings", required=True, readonly=True)
    reason = fields.Char("Why the use is right", required=True, help="What was found: new tenants, a repaired leak …")

    def action_confirm(self):
        self.ensure_one()
        self.reading_ids._confirm_use(self.reason)
        return {"type": "ir.actions.client", "tag": "soft_reload"}
