from odoo import fields, models
from odoo.exceptions import UserError


class PmProperty(models.Model):
    _inherit = "pm.property"

    billing_journal_id = fields.Many2one(
        "account.journal",
        "Billing journal",
        check_company=True,
        domain="[('type', 'in', ('general', 'sale'))]",
        help="Charges of this property are posted here, many in one entry.",
    )
    receivable_account_id = fields.Many2one(
        "account.account",
        "Receivable account",
        check_company=True,
        domain="[('account_type', '=', 'asset_receivable')]",
        help="Control account of all charges of this property; from the chart's default when empty.",
    )
    passthrough_account_id = fields.Many2one(
        "account.account",
        "Pass-through account",
        check_company=True,
        help="Liability for money collected on behalf of water, power, gas or heating suppliers (no mark-up).",
    )
    bad_debt_account_id = fields.Many2one(
        "account.account",
        "Bad-debt account",
        check_company=True,
        help="Expense that write-offs are booked to; from the chart of accounts when first needed.",
    )
    collection_bank_id = fields.Many2one(
        "res.partner.bank",
        "Collection account",
        check_company=True,
        help="The bank account printed on payment notices.",
    )

    due_rule = fields.Selection(
        [("start", "First day of the month billed"), ("period_end", "Last day of the period")],
        "Due date counts from",
        required=True,
        default="start",
    )
    due_days = fields.Integer(
        "Due after (days)", default=15, help="Days after the day above; a fee item may say otherwise."
    )
    notice_per = fields.Selection(
        [("payer", "One for each payer"), ("unit", "One for each unit")],
        "Payment notices",
        required=True,
        default="payer",
        help="Who pays for several units gets one notice of a run over all of them (S1-80), or one for each unit, as where they "
        "are put into letter boxes.",
    )
    use_credit = fields.Boolean(
        "Use credit for new charges",
        default=True,
        help="When a run posts, prepaid credit of a payer pays the oldest open charges of the unit; else only at the counter.",
    )
    billing_run_ids = fields.One2many("pm.billing.run", "property_id", "Billing runs")
    tariff_ids = fields.One2many("pm.fee.tariff", "property_id", "Tariffs")

    def write(self, vals):
        if "receivable_account_id" in vals:
            for prop in self.filtered(lambda prop: prop.receivable_account_id.id != vals["receivable_account_id"]):
                prop._check_no_debts()
        return super().write(vals)

    def _check_no_debts(self):
        """The control account holds what was charged and paid: elsewhere, credit would be lost and nothing could be reversed.

        :raises UserError: there are posted charges or receipts
        """
        self.ensure_one()
        # sudo: charges and receipts count, whoever changes the property
        for model in ("pm.charge", "pm.payment"):
            if self.env[model].sudo().search_count([("property_id", "=", self.id), ("state", "=", "posted")], limit=1):
                raise UserError(
                    self.env._(
                        "The receivable account of “%s” cannot change: charges or receipts are posted on it.",
                        self.display_name,
                    )
                )

    def _ensure_accounts(self):
        """Complete the billing journal, receivable and pass-through accounts from the company's chart.

        What somebody has chosen stays; calling it twice changes nothing. Raises nothing when the company has no
        chart yet: posting then names what is missing.
        """
        # sudo: accounts are set up once per property by whoever first needs them; the values come from the chart
        for prop in self.sudo():
            company = prop.company_id
            prop = prop.with_company(company)
            if not prop.receivable_account_id:
                # A branch that says nothing of its own owes on the account of the company above it.
                partner = company.partner_id
                prop.receivable_account_id = (
                    partner.with_company(company).property_account_receivable_id
                    or partner.with_company(company.root_id).property_account_receivable_id
                )
            if not prop.billing_journal_id:
                prop.billing_journal_id = prop._ensure_journal(company)
            if not prop.passthrough_account_id and prop.receivable_account_id:
                prop.passthrough_account_id = prop._ensure_account(
                    company, "224110", "liability_current", self.env._("Collected on behalf of suppliers")
                )

    def _bad_debt_account(self):
        """Account of write-offs: 坏账损失 or 信用减值损失 of the Chinese charts, else a new expense account."""
        self.ensure_one()
        # sudo: as in `_ensure_accounts`
        prop = self.sudo().with_company(self.company_id)
        if not prop.bad_debt_account_id:
            accounts = prop.env["account.account"].search(
                [("code", "in", ("571101", "6721")), ("company_ids", "in", prop.company_id.parent_ids.ids)], limit=1
            )
            prop.bad_debt_account_id = accounts or prop._ensure_account(
                prop.company_id, "571101", "expense", self.env._("Bad debts")
            )
        return prop.bad_debt_account_id

    def _published_tariffs(self, date=None):
        """Tariffs to show to everybody: approved, published, in force or to come (S0-127)."""
        self.ensure_one()
        date = date or self._today()
        # sudo: prices are public by their nature; only published ones are returned
        return (
            self.env["pm.fee.tariff"]
            .sudo()
            .search(
                [
                    ("property_id", "=", self.id),
                    ("state", "=", "approved"),
                    ("published_on", "!=", False),
                    ("published_on", "<=", date),
                    "|",
                    ("date_to", "=", False),
                    ("date_to", ">=", date),
                ],
                order="item_id, unit_type, date_from",
            )
        )

    def _ensure_journal(self, company):
        journals = self.env["account.journal"].with_company(company)
        return journals.search([("code", "=", "PMFEE"), ("company_id", "=", company.id)], limit=1) or journals.create(
            {
                "name": self.env._("Property fees"),
                "code": "PMFEE",
                "type": "general",
                "company_id": company.id,
            }
        )

    def _ensure_account(self, company, code, account_type, name, reconcile=False):
        """Find or create an account by code in the chart of `company` (6-digit codes as in the Chinese chart).

        A branch keeps its books in the chart of the company above it.
        """
        accounts = self.env["account.account"].with_company(company)
        domain = [("code", "=", code), ("company_ids", "in", company.parent_ids.ids)]
        return accounts.search(domain, limit=1) or accounts.create(
            {
                "code": code,
                "name": name,
                "account_type": account_type,
                "reconcile": reconcile,
                "company_ids": [fields.Command.link(company.root_id.id)],
            }
        )
