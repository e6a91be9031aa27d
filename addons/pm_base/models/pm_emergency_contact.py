from odoo import fields, models


class PmEmergencyContact(models.Model):
    """A number staff must have at hand: fire, police, residents' committee, water, gas, power. Source: S4-54."""

    _name = "pm.emergency.contact"
    _description = "Emergency Number"
    _order = "property_id, sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    property_id = fields.Many2one(
        "pm.property", index=True, ondelete="cascade", help="Empty = valid for every property."
    )
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    contact_type = fields.Selection(
        [
            ("fire", "Fire brigade"),
            ("police", "Police"),
            ("ambulance", "Ambulance"),
            ("traffic", "Traffic police"),
            ("committee", "Residents' committee"),
            ("station", "Police station"),
            ("water", "Water supply"),
            ("gas", "Gas supply"),
            ("power", "Power supply"),
            ("other", "Other"),
        ],
        required=True,
        default="other",
    )
    phone = fields.Char(required=True)
    note = fields.Char()
