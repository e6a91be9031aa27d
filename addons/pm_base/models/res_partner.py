from odoo import api, fields, models
from odoo.fields import Domain

CATEGORIES = [
    ("staff", "Staff"),
    ("owner", "Owner"),
    ("merchant", "Merchant"),
    ("tenant", "Tenant / user"),
    ("household", "Household member"),
    ("other", "Visitor or other"),
]
# Roles of which the first one that a person has is the category.
ROLE_CATEGORIES = ("owner", "merchant", "tenant", "household")
CUSTOMER_CLASSES = [("key", "Key"), ("frequent", "Frequent"), ("ordinary", "Ordinary"), ("silent", "Silent")]


class ResPartner(models.Model):
    _inherit = "res.partner"

    pm_party_ids = fields.One2many("pm.unit.party", "partner_id", string="Units")
    pm_unit_count = fields.Integer(string="Number of Units", compute="_compute_pm_unit_count")
    pm_plate = fields.Char(string="Vehicle Plates", help="Separate several plates by commas.")
    pm_category = fields.Selection(
        CATEGORIES,
        string="Customer Category",
        compute="_compute_pm_category",
        search="_search_pm_category",
        help="What the person is to the property today (S3-32).",
    )
    pm_customer_class = fields.Selection(
        CUSTOMER_CLASSES,
        string="Customer Class",
        compute="_compute_pm_customer_class",
        search="_search_pm_customer_class",
        groups="base.group_user",
        help="Key: on the key-customer list. Frequent or silent: many contacts or none in the period of the settings (S1-21).",
    )
    pm_contact_count = fields.Integer(
        string="Contacts in the Period",
        compute="_compute_pm_customer_class",
        groups="base.group_user",
        help="Requests, visits and calls that the customer class is based on.",
    )

    # Sensitive data: only for those who need it, empty unless there is a purpose (L-08).
    pm_id_number = fields.Char(string="Identity No.", groups="pm_base.group_privacy", copy=False)
    pm_id_type = fields.Selection(
        [("id_card", "Resident identity card"), ("passport", "Passport"), ("other", "Other")],
        string="Identity Paper",
        groups="pm_base.group_privacy",
        copy=False,
    )

    _pm_phone_trgm_index = models.Index("USING gin (phone gin_trgm_ops) WHERE phone IS NOT NULL")
    _pm_plate_trgm_index = models.Index("USING gin (pm_plate gin_trgm_ops) WHERE pm_plate IS NOT NULL")

    @api.depends("pm_party_ids.is_current")
    def _compute_pm_unit_count(self):
        counts = dict(
            self.env["pm.unit.party"]._read_group(
                [("partner_id", "in", self.ids), ("is_current", "=", True)], ["partner_id"], ["unit_id:count_distinct"]
            )
        )
        for partner in self:
            partner.pm_unit_count = counts.get(partner, 0)

    @api.depends("pm_party_ids.role", "pm_party_ids.is_current", "user_ids.share")
    def _compute_pm_category(self):
        for partner in self:
            roles = set(partner.pm_party_ids.filtered("is_current").mapped("role"))
            if any(not user.share for user in partner.user_ids):
                partner.pm_category = "staff"
            else:
                partner.pm_category = next((role for role in ROLE_CATEGORIES if role in roles), "other")

    @api.model
    def _search_pm_category(self, operator, value):
        if operator != "in":
            return NotImplemented
        # sudo: that somebody is a colleague is no secret, while users are not readable for everybody
        staff = Domain(
            "id", "in", self.env["res.users"].sudo()._search([("share", "=", False)]).subselect("partner_id")
        )
        domains, taken = {"staff": staff}, staff
        for role in ROLE_CATEGORIES:
            has_role = Domain("pm_party_ids", "any", [("role", "=", role), ("is_current", "=", True)])
            domains[role] = ~taken & has_role
            taken |= has_role
        domains["other"] = ~taken
        return Domain.OR(domains[category] for category in value if category in domains)

    def _pm_contact_counts(self, since):
        """Return ``{partner_id: number of contacts since the datetime}``; upper modules add their tickets, visits, calls.

        :param since: naive UTC datetime
        """
        return {}

    @api.model
    def _pm_class_since(self):
        """Return the beginning (naive UTC) of the period that the classes look back on."""
        return fields.Datetime.subtract(fields.Datetime.now(), months=self.env.company.pm_class_months)

    @api.depends_context("uid", "company")
    def _compute_pm_customer_class(self):
        """Key = on a key-customer list; frequent or silent by the number of contacts (S1-21, S0-20)."""
        threshold = self.env.company.pm_frequent_ticket_count
        counts = self._pm_contact_counts(self._pm_class_since())
        Party = self.env["pm.unit.party"]
        current = [("partner_id", "in", self.ids), ("is_current", "=", True)]
        households = {partner.id for (partner,) in Party._read_group(current, ["partner_id"])}
        key = {
            partner.id for (partner,) in Party._read_group([*current, ("is_key_customer", "=", True)], ["partner_id"])
        }
        for partner in self:
            count = counts.get(partner.id, 0)
            partner.pm_contact_count = count
            if partner.id not in households:
                partner.pm_customer_class = False
            elif partner.id in key:
                partner.pm_customer_class = "key"
            elif count >= threshold:
                partner.pm_customer_class = "frequent"
            elif not count:
                partner.pm_customer_class = "silent"
            else:
                partner.pm_customer_class = "ordinary"

    @api.model
    def _search_pm_customer_class(self, operator, value):
        if operator != "in":
            return NotImplemented
        current = Domain("is_current", "=", True)
        household = Domain("pm_party_ids", "any", current)
        key = Domain("pm_party_ids", "any", current & Domain("is_key_customer", "=", True))
        others = household & ~key
        domains = {"key": key, False: ~household}
        if {"frequent", "ordinary", "silent"} & set(value):
            threshold = self.env.company.pm_frequent_ticket_count
            counts = self.search(others)._pm_contact_counts(self._pm_class_since())
            met = [partner_id for partner_id, count in counts.items() if count]
            often = [partner_id for partner_id in met if counts[partner_id] >= threshold]
            domains |= {
                "frequent": others & Domain("id", "in", often),
                "ordinary": others & Domain("id", "in", list(set(met) - set(often))),
                "silent": others & Domain("id", "not in", met),
            }
        return Domain.OR(domains[name] for name in value if name in domains)

    def action_open_pm_units(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_base.pm_unit_action")
        return {
            **action,
            "domain": [("party_ids", "any", [("partner_id", "=", self.id), ("is_current", "=", True)])],
            "context": {},
        }
