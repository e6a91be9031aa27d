from odoo import api, fields, models

from .pm_property import AREA_DIGITS


class PmBuilding(models.Model):
    """A building or block of a property."""

    _name = "pm.building"
    _description = "Building"
    _order = "property_id, code, id"
    _rec_names_search = ["name", "code"]

    _code_unique = models.UniqueIndex("(property_id, code)", "Another building of this property has this code.")
    _floors_positive = models.Constraint("CHECK (floor_count >= 0)", "The number of floors cannot be negative.")

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
    unit_count = fields.Integer(string="Number of Units", compute="_compute_unit_totals")
    unit_area = fields.Float(string="Area of the Units (m²)", digits=AREA_DIGITS, compute="_compute_unit_totals")

    @api.depends("unit_ids.area_chargeable", "unit_ids.active")
    def _compute_unit_totals(self):
        self.env["pm.unit"]._add_up_into(self, "building_id")

    def write(self, vals):
        """A new butler takes over the units of the former one and those without; a unit that names somebody else stays."""
        former = {building: building.user_id for building in self} if "user_id" in vals else {}
        result = super().write(vals)
        for building, user in former.items():
            if building.user_id != user:
                # sudo: whoever may give a building to a butler gives him its units
                units = building.sudo().with_context(active_test=False).unit_ids
                units.filtered(lambda unit, user=user: unit.user_id in (user, user.browse())).user_id = building.user_id
        return result

    def action_open_units(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_base.pm_unit_action")
        context = {"default_building_id": self.id, "default_property_id": self.property_id.id}
        return {**action, "domain": [("building_id", "=", self.id)], "context": context}
