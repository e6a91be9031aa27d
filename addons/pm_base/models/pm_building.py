from odoo import fields, models


class PmBuilding(models.Model):
    """A building or block of a property."""

    _name = "pm.building"
    _description = "Building"
    _order = "property_id, code, id"
    _rec_names_search = ["name", "code"]

    _code_unique = models.UniqueIndex("(property_id, code)", "Another building of this property has this code.")

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Short code, unique in the property; imports refer to it.")
    active = fields.Boolean(default=True)
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True)
    floor_count = fields.Integer(string="Floors")
    user_id = fields.Many2one(
        "res.users",
        string="Butler",
        help="Responsible for the units of this building unless a unit names somebody else (S0-52).",
    )
    unit_ids = fields.One2many("pm.unit", "building_id", string="Units")
