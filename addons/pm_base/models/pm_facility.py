from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PmFacility(models.Model):
    """A facility of the property that staff must be able to find: main valves, hydrants, lifts. Source: S4-53."""

    _name = "pm.facility"
    _description = "Facility"
    _order = "property_id, facility_type, name, id"
    _rec_names_search = ["name", "location"]

    _quantity_positive = models.Constraint("CHECK (quantity >= 0)", "A quantity cannot be negative.")

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    building_id = fields.Many2one("pm.building", domain="[('property_id', '=', property_id)]")
    facility_type = fields.Selection(
        [
            ("valve_water", "Main valve, water"),
            ("valve_gas", "Main valve, gas"),
            ("switch_power", "Main switch, power"),
            ("valve", "Main valve, other"),
            ("pump", "Pump"),
            ("lift", "Lift"),
            ("hydrant", "Hydrant"),
            ("lamp", "Street lamp"),
            ("well", "Inspection well"),
            ("septic", "Septic tank"),
            ("pipe", "Pipe route"),
            ("road", "Road"),
            ("green", "Green area"),
            ("other", "Other"),
        ],
        required=True,
        default="other",
    )
    location = fields.Char(required=True)
    quantity = fields.Float(default=1, digits=(12, 2))
    unit_measure = fields.Char(string="Measure", help="What the quantity counts: pieces, metres, m² …")
    note = fields.Text()

    @api.constrains("building_id", "property_id")
    def _check_same_property(self):
        for facility in self:
            if facility.building_id and facility.building_id.property_id != facility.property_id:
                raise ValidationError(
                    self.env._(
                        "Facility %(facility)s: building %(building)s belongs to another property.",
                        facility=facility.name,
                        building=facility.building_id.display_name,
                    )
                )
