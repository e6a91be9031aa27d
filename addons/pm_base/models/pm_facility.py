from odoo import fields, models


class PmFacility(models.Model):
    """A facility of the property that staff must be able to find: main valves, hydrants, lifts. Source: S4-53."""

    _name = "pm.facility"
    _description = "Facility"
    _order = "property_id, facility_type, name, id"

    _quantity_positive = models.Constraint("CHECK (quantity >= 0)", "A quantity cannot be negative.")

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    building_id = fields.Many2one("pm.building", domain="[('property_id', '=', property_id)]")
    facility_type = fields.Selection(
        [
            ("valve", "Main valve"),
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
    quantity = fields.Integer(default=1)
    note = fields.Text()
