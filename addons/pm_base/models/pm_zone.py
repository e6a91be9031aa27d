from odoo import fields, models

ZONE_TYPES = [
    ("office", "Office floors"),
    ("hotel", "Hotel floors"),
    ("retail", "Podium retail"),
    ("lobby", "Lobby"),
    ("parking", "Car park"),
    ("residential", "Residential"),
    ("common", "Common parts"),
]


class PmZone(models.Model):
    """A functional zone of a property, each with needs of its own. Source: S0-03."""

    _name = "pm.zone"
    _description = "Zone"
    _order = "property_id, name, id"

    _code_unique = models.UniqueIndex("(property_id, code)", "Another zone of this property has this code.")

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    active = fields.Boolean(default=True)
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True)
    zone_type = fields.Selection(ZONE_TYPES, required=True, default="office")
    needs = fields.Text(
        string="Service Needs",
        translate=True,
        help="What customers of this zone ask for: guidance, access control, night service …",
    )
    unit_ids = fields.One2many("pm.unit", "zone_id", string="Units")
