from odoo import fields, models

from .pm_zone import ZONE_TYPES


class PmZoneNeed(models.Model):
    """Something that the customers of a kind of zone ask for: car guidance, night service, signage. Source: S0-03."""

    _name = "pm.zone.need"
    _description = "Service Need"
    _order = "zone_type, sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    zone_type = fields.Selection(
        ZONE_TYPES, required=True, default="office", help="Offered to new zones of this type by themselves."
    )
    description = fields.Text(translate=True, help="What staff of the zone do about it.")
    source = fields.Char(help="Requirement id the need comes from.")
    zone_ids = fields.Many2many("pm.zone", string="Zones")
