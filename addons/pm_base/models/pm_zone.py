from odoo import api, fields, models

from .pm_property import AREA_DIGITS

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
    need_ids = fields.Many2many(
        "pm.zone.need",
        string="Service Needs",
        compute="_compute_need_ids",
        store=True,
        readonly=False,
        domain="[('zone_type', '=', zone_type)]",
        help="What customers of this zone ask for; the catalogue of its type to begin with (S0-03).",
    )
    needs = fields.Text(string="Further Needs", translate=True, help="Needs of this zone that no catalogue knows.")
    unit_ids = fields.One2many("pm.unit", "zone_id", string="Units")
    unit_count = fields.Integer(string="Number of Units", compute="_compute_unit_totals")
    unit_area = fields.Float(string="Area of the Units (m²)", digits=AREA_DIGITS, compute="_compute_unit_totals")

    @api.depends("zone_type")
    def _compute_need_ids(self):
        catalogue = self.env["pm.zone.need"].search([]).grouped("zone_type")
        for zone in self:
            zone.need_ids = catalogue.get(zone.zone_type, self.env["pm.zone.need"])

    @api.depends("unit_ids.area_chargeable", "unit_ids.active")
    def _compute_unit_totals(self):
        self.env["pm.unit"]._add_up_into(self, "zone_id")

    def action_open_units(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_base.pm_unit_action")
        context = {"default_zone_id": self.id, "default_property_id": self.property_id.id}
        return {**action, "domain": [("zone_id", "=", self.id)], "context": context}
