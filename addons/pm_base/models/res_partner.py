from odoo import api, fields, models

CATEGORIES = [
    ("staff", "Staff"),
    ("owner", "Owner"),
    ("merchant", "Merchant"),
    ("tenant", "Tenant / user"),
    ("household", "Household member"),
    ("other", "Visitor or other"),
]
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
        help="What the person is to the property today (S3-32).",
    )
    pm_customer_class = fields.Selection(
        CUSTOMER_CLASSES, string="Customer Class", compute="_compute_pm_customer_class"
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
                partner.pm_category = next(
                    (role for role in ("owner", "merchant", "tenant", "household") if role in roles), "other"
                )

    def _pm_contact_counts(self, since):
        """Return ``{partner_id: number of contacts since the datetime}``; upper modules add their tickets, visits, calls.

        :param since: naive UTC datetime
        """
        return {}

    @api.depends_context("uid")
    def _compute_pm_customer_class(self):
        """Key = on a key-customer list; frequent or silent by the number of contacts (S1-21, S0-20)."""
        company = self.env.company
        since = fields.Datetime.subtract(fields.Datetime.now(), months=company.pm_class_months)
        counts = self._pm_contact_counts(since)
        key = set(
            self.env["pm.unit.party"]
            .search([("partner_id", "in", self.ids), ("is_key_customer", "=", True), ("is_current", "=", True)])
            .partner_id.ids
        )
        households = set(
            self.env["pm.unit.party"].search([("partner_id", "in", self.ids), ("is_current", "=", True)]).partner_id.ids
        )
        for partner in self:
            count = counts.get(partner.id, 0)
            if partner.id in key:
                partner.pm_customer_class = "key"
            elif partner.id not in households:
                partner.pm_customer_class = False
            elif count >= company.pm_frequent_ticket_count:
                partner.pm_customer_class = "frequent"
            elif not count:
                partner.pm_customer_class = "silent"
            else:
                partner.pm_customer_class = "ordinary"

    def action_open_pm_units(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_base.pm_unit_action")
        return {
            **action,
            "domain": [("party_ids", "any", [("partner_id", "=", self.id), ("is_current", "=", True)])],
            "context": {},
        }
