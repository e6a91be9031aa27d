from odoo import fields, models, tools

from .pm_property import AREA_DIGITS


class PmButlerArea(models.Model):
    """What each butler looks after, counted from the units: area, units, owners, vacant units. Source: S4-49."""

    _name = "pm.butler.area"
    _description = "Butler Area"
    _auto = False
    _order = "property_id, user_id"
    _rec_name = "user_id"

    property_id = fields.Many2one("pm.property", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    user_id = fields.Many2one("res.users", string="Butler", readonly=True)
    unit_count = fields.Integer(string="Units", readonly=True)
    area = fields.Float(string="Chargeable Area (m²)", digits=AREA_DIGITS, readonly=True)
    owner_count = fields.Integer(string="Owners", readonly=True)
    tenant_count = fields.Integer(string="Tenants and Merchants", readonly=True)

    def init(self):
        tools.drop_view_if_exists(self.env.cr, self._table)
        self.env.cr.execute(
            """
            CREATE VIEW pm_butler_area AS
            SELECT min(u.id) AS id, u.property_id, u.company_id, u.user_id, count(*) AS unit_count, sum(u.area_chargeable) AS area,
                   count(DISTINCT o.partner_id) AS owner_count, count(DISTINCT t.partner_id) AS tenant_count
              FROM pm_unit u
              LEFT JOIN LATERAL (SELECT min(p.partner_id) AS partner_id FROM pm_unit_party p WHERE p.unit_id = u.id AND p.role = 'owner'
                    AND p.date_from <= CURRENT_DATE AND (p.date_to IS NULL OR p.date_to >= CURRENT_DATE)) o ON true
              LEFT JOIN LATERAL (SELECT min(p.partner_id) AS partner_id FROM pm_unit_party p WHERE p.unit_id = u.id AND p.role IN ('tenant', 'merchant')
                    AND p.date_from <= CURRENT_DATE AND (p.date_to IS NULL OR p.date_to >= CURRENT_DATE)) t ON true
             WHERE u.active
             GROUP BY u.property_id, u.company_id, u.user_id
            """
        )

    def action_open_units(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_base.pm_unit_action")
        return {**action, "domain": [("property_id", "=", self.property_id.id), ("user_id", "=", self.user_id.id)]}
