from odoo import fields, models, tools
from odoo.tools import SQL

from .pm_property import AREA_DIGITS


class PmButlerArea(models.Model):
    """What each butler looks after, counted from the units: area, units, owners, vacant units. Source: S4-49."""

    _name = "pm.butler.area"
    _description = "Butler Area"
    _auto = False
    _order = "property_id, user_id"
    _rec_name = "user_id"
    _depends = {
        "pm.unit": ["property_id", "company_id", "user_id", "area_chargeable", "resident_count", "active"],
        "pm.unit.party": ["unit_id", "partner_id", "role", "date_from", "date_to", "is_key_customer"],
    }

    property_id = fields.Many2one("pm.property", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    user_id = fields.Many2one("res.users", string="Butler", readonly=True)
    unit_count = fields.Integer(string="Units", readonly=True)
    area = fields.Float(string="Chargeable Area (m²)", digits=AREA_DIGITS, readonly=True)
    resident_count = fields.Integer(string="People", readonly=True)
    owner_count = fields.Integer(string="Owners", readonly=True, help="Persons and companies, each counted once.")
    tenant_count = fields.Integer(
        string="Tenants and Merchants", readonly=True, help="Persons and companies, each counted once."
    )
    key_count = fields.Integer(string="Key Customers", readonly=True)
    unverified_count = fields.Integer(
        string="Verification Due",
        compute="_compute_unverified_count",
        help="Units whose data is to be checked (S1-25).",
    )

    @property
    def _table_query(self):
        """Owners of one unit together are several owners; an owner of several units is one."""
        return SQL(
            """
            SELECT unit.*, coalesce(people.owner_count, 0) AS owner_count, coalesce(people.tenant_count, 0) AS tenant_count,
                   coalesce(people.key_count, 0) AS key_count
              FROM (SELECT min(id) AS id, property_id, company_id, user_id, count(*) AS unit_count,
                           sum(area_chargeable) AS area, sum(resident_count) AS resident_count
                      FROM pm_unit WHERE active GROUP BY property_id, company_id, user_id) unit
              LEFT JOIN (SELECT u.property_id, u.user_id,
                                count(DISTINCT p.partner_id) FILTER (WHERE p.role = 'owner') AS owner_count,
                                count(DISTINCT p.partner_id) FILTER (WHERE p.role IN ('tenant', 'merchant')) AS tenant_count,
                                count(DISTINCT p.partner_id) FILTER (WHERE p.is_key_customer) AS key_count
                           FROM pm_unit u
                           JOIN (SELECT id, (%(now)s::timestamp AT TIME ZONE 'UTC' AT TIME ZONE tz)::date AS today
                                   FROM pm_property) property ON property.id = u.property_id
                           JOIN pm_unit_party p ON p.unit_id = u.id
                            AND p.date_from <= property.today AND (p.date_to IS NULL OR p.date_to >= property.today)
                          WHERE u.active
                          GROUP BY u.property_id, u.user_id) people
                ON people.property_id = unit.property_id AND people.user_id IS NOT DISTINCT FROM unit.user_id
            """,
            now=fields.Datetime.now(),
        )

    def init(self):
        # Until version 19.0.1.0.0 a view of the database; a query counts with the reader's own day.
        tools.drop_view_if_exists(self.env.cr, self._table)

    def _compute_unverified_count(self):
        counts = {
            (prop.id, user.id): count
            for prop, user, count in self.env["pm.unit"]._read_group(
                [("property_id", "in", self.property_id.ids), ("verification_due", "=", True)],
                ["property_id", "user_id"],
                ["__count"],
            )
        }
        for area in self:
            area.unverified_count = counts.get((area.property_id.id, area.user_id.id), 0)

    def _open(self, action, domain):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(action)
        return {**action, "domain": domain, "context": {}}

    def _unit_domain(self, prefix=""):
        return [(f"{prefix}property_id", "=", self.property_id.id), (f"{prefix}user_id", "=", self.user_id.id)]

    def action_open_units(self):
        return self._open("pm_base.pm_unit_action", self._unit_domain())

    def action_open_unverified(self):
        return self._open("pm_base.pm_unit_action", [*self._unit_domain(), ("verification_due", "=", True)])

    def action_open_owners(self):
        return self._open_parties([("role", "=", "owner")])

    def action_open_tenants(self):
        return self._open_parties([("role", "in", ("tenant", "merchant"))])

    def action_open_key_customers(self):
        return self._open_parties([("is_key_customer", "=", True)])

    def _open_parties(self, domain):
        return self._open(
            "pm_base.pm_unit_party_action",
            [("unit_id.active", "=", True), *self._unit_domain("unit_id."), ("is_current", "=", True), *domain],
        )
