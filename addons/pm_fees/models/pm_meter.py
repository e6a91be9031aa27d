from odoo import api, fields, models
from odoo.exceptions import UserError


def plain(value):
    """A reading as the register shows it: 6189, not 6189.0."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


class PmMeter(models.Model):
    """A meter of a unit for a metered fee item. Replacing it means ending it and installing the next one."""

    _name = "pm.meter"
    _description = "Meter"
    _inherit = ["mail.thread"]
    _order = "property_id, unit_id, code"
    _rec_names_search = ["code", "unit_id.name"]
    _rec_name = "code"

    _code_unique = models.Constraint("UNIQUE (property_id, code)", "Another meter of this property has this number.")
    _multiplier = models.Constraint("CHECK (multiplier > 0)", "The multiplier of a meter is above zero.")
    _rollover = models.Constraint("CHECK (rollover_value >= 0)", "The highest reading of a meter is above zero.")

    code = fields.Char("Number", required=True, tracking=True)
    unit_id = fields.Many2one("pm.unit", required=True, index=True, ondelete="restrict")
    property_id = fields.Many2one(related="unit_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="unit_id.company_id", store=True, index=True)
    item_id = fields.Many2one(
        "pm.fee.item",
        "Fee item",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('company_id', '=', company_id)]",
    )
    multiplier = fields.Float(
        digits=(12, 4), default=1.0, required=True, tracking=True, help="Current-transformer ratio and the like."
    )
    rollover_value = fields.Float(
        "Counts up to", digits=(16, 3), help="The register starts again after this value, e.g. 100000; 0 = never."
    )
    location = fields.Char()
    date_installed = fields.Date(tracking=True)
    date_removed = fields.Date(tracking=True)
    active = fields.Boolean(default=True)
    reading_ids = fields.One2many("pm.meter.reading", "meter_id", "Readings")
    last_reading_id = fields.Many2one("pm.meter.reading", compute="_compute_last_reading_id")
    last_value = fields.Float("Last reading", digits=(16, 3), compute="_compute_last_reading_id")
    last_date = fields.Date("Read on", compute="_compute_last_reading_id")

    def write(self, vals):
        """What billed readings were reckoned with stays, as they do: a new ratio or household is a new meter."""
        changed = {"unit_id", "item_id", "multiplier", "rollover_value"} & vals.keys()
        for meter in self:
            moved = {name for name in changed if meter._fields[name].convert_to_write(meter[name], meter) != vals[name]}
            # sudo: a billed reading counts, whoever may read it
            billed = meter.sudo().reading_ids.filtered("charge_id") if moved else meter.sudo().reading_ids.browse()
            if moved == {"rollover_value"} and not billed.filtered("rolled_over"):
                # Nothing was reckoned with the range yet: it is found out when the register starts again for the first time.
                meter._check_range(vals["rollover_value"] or 0.0)
            elif billed:
                raise UserError(
                    self.env._(
                        "Readings of meter %s are billed: its unit, fee item, multiplier and range stay. Replace the meter, or"
                        " reverse the charges first.",
                        meter.code,
                    )
                )
        return super().write(vals)

    def _check_range(self, top):
        """:raises UserError: the meter has shown more than it is to count up to"""
        self.ensure_one()
        # sudo: as in write
        highest = max(self.sudo().reading_ids.mapped("value"), default=0.0)
        if top and highest > top:
            raise UserError(
                self.env._(
                    "Meter %(meter)s has shown %(value)s already: it counts up to more than %(top)s.",
                    meter=self.code,
                    value=plain(highest),
                    top=plain(top),
                )
            )

    def _compute_last_reading_id(self):
        last = {}
        for reading in self.env["pm.meter.reading"].search([("meter_id", "in", self.ids)], order="date desc, id desc"):
            last.setdefault(reading.meter_id.id, reading)
        for meter in self:
            reading = last.get(meter.id, self.env["pm.meter.reading"])
            meter.last_reading_id, meter.last_value, meter.last_date = reading, reading.value, reading.date

    @api.depends("code", "unit_id.name")
    def _compute_display_name(self):
        for meter in self:
            meter.display_name = f"{meter.code or ''} ({meter.unit_id.name or ''})"

    def action_open_readings(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.meter.reading",
            "view_mode": "list,form,graph",
            "name": self.env._("Readings"),
            "domain": [("meter_id", "in", self.ids)],
            "context": {"default_meter_id": self.id},
        }
