from odoo import api, fields, models

KINDS = [
    ("compensation", "Compensation in money"),
    ("goodwill", "Free service or gift"),
    ("undertaking", "Other undertaking"),
]


class PmPromiseAuthority(models.Model):
    """How much a role may promise a customer by itself (承诺权限); what is above needs somebody with more. Source: S3-41, S1-16.

    The handbook names no amounts: those that come with the program are house rules, for the manager to set.
    """

    _name = "pm.promise.authority"
    _description = "Authority to Promise"
    _order = "kind, amount_up_to, id"
    _rec_name = "group_id"

    _once = models.UniqueIndex(
        "(kind, group_id, COALESCE(company_id, 0))", "This role has an authority for this kind of promise already."
    )
    _not_negative = models.Constraint("CHECK (amount_up_to >= 0)", "What may be promised cannot be negative.")

    kind = fields.Selection(KINDS, required=True, default="compensation")
    group_id = fields.Many2one("res.groups", string="Role", required=True, ondelete="cascade")
    unlimited = fields.Boolean(string="Without Limit")
    amount_up_to = fields.Float(
        string="Worth up to",
        digits=(16, 2),
        help="In the company's currency; this amount itself is within the authority.",
    )
    company_id = fields.Many2one("res.company", index=True, help="Empty: every company without rows of its own.")
    source = fields.Char(translate=True, help="Requirement id or house rule.")

    @api.model
    def _is_enough(self, user, kind, amount, company):
        """Return whether ``user`` may promise ``amount`` (company currency) of ``kind`` by himself."""
        # sudo: the rule holds for those who may not read it, too
        rows = self.sudo().search([("kind", "=", kind), ("company_id", "in", (company.id, False))])
        rows = rows.filtered("company_id") or rows
        return any(
            row.unlimited or company.currency_id.compare_amounts(amount, row.amount_up_to) <= 0
            for row in rows.filtered(lambda row: row.group_id in user.sudo().all_group_ids)
        )
