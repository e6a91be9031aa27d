from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.pm_base.tools.labels import selection_labels

METHODS = [
    ("cash", "Cash"),
    ("card", "Bank card"),
    ("transfer", "Bank transfer"),
    ("wechat", "WeChat Pay"),
    ("alipay", "Alipay"),
    ("online", "Online payment"),
]
# What a company needs to take money that way in the Chinese chart: journal type and code, and the account that holds
# the money until the bank shows it. Without an own account the money goes where Odoo keeps outstanding receipts.
_SETUP = {
    "cash": {"type": "cash", "code": None, "account": None},
    "card": {"type": "bank", "code": "PMPOS", "account": "101210"},
    "transfer": {"type": "bank", "code": None, "account": "outstanding"},
    "wechat": {"type": "bank", "code": "PMWX", "account": "101211"},
    "alipay": {"type": "bank", "code": "PMALI", "account": "101212"},
    "online": {"type": "bank", "code": None, "account": "outstanding"},
}


class PmPaymentMethod(models.Model):
    """A way of taking money at the counter, with the journal and the account it is booked to. One of each per company."""

    _name = "pm.payment.method"
    _description = "Payment Method"
    _order = "sequence, id"
    _rec_name = "code"
    _check_company_auto = True

    _code_unique = models.UniqueIndex("(company_id, code)", "The company already has this payment method.")

    code = fields.Selection(METHODS, "Payment Method", required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    at_counter = fields.Boolean("At the Counter", default=True, help="Offered on the counter screen.")
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    journal_id = fields.Many2one(
        "account.journal",
        required=True,
        check_company=True,
        domain="[('type', 'in', ('cash', 'bank'))]",
        help="Payments of this method are booked in this journal.",
    )
    account_id = fields.Many2one(
        "account.account",
        "Money Account",
        check_company=True,
        required=True,
        help="Debited when money comes in. Card, WeChat and Alipay money waits on its own account until the bank shows it.",
    )
    is_cash = fields.Boolean(compute="_compute_is_cash")

    @api.depends("code")
    def _compute_is_cash(self):
        for method in self:
            method.is_cash = method.code == "cash"

    @api.depends("code")
    @api.depends_context("lang")
    def _compute_display_name(self):
        labels = selection_labels(self, "code")
        for method in self:
            method.display_name = labels.get(method.code, "")

    @api.model
    def _ensure_methods(self, companies=None):
        """Create the missing methods (and their journals and accounts) of companies that have a chart of accounts.

        :param companies: res.company records; all companies when None
        :return: the methods of these companies. Calling it twice changes nothing.
        """
        # sudo: set up once per company by whoever first opens the counter; nothing comes from the caller
        methods = self.sudo()
        companies = companies or methods.env["res.company"].search([])
        found = methods.with_context(active_test=False).search([("company_id", "in", companies.ids)])
        have = {(method.company_id.id, method.code) for method in found}
        for company in companies.sudo().filtered("root_id.chart_template"):
            for sequence, (code, _label) in enumerate(METHODS):
                if (company.id, code) in have:
                    continue
                # Names of journals and accounts speak the company's language.
                lang = company.partner_id.lang or self.env.lang
                journal, account = methods.with_company(company).with_context(lang=lang)._setup(company, code)
                if journal and account:
                    found += methods.create(
                        {
                            "code": code,
                            "sequence": sequence * 10,
                            "company_id": company.id,
                            "journal_id": journal.id,
                            "account_id": account.id,
                            "at_counter": code != "online",
                        }
                    )
        return found.filtered("active")

    def _setup(self, company, code):
        """The journal and money account of a method, created when the chart lacks them."""
        setup = _SETUP[code]
        journals = self.env["account.journal"]
        if not setup["code"]:
            # A branch without a bank or cash book of its own uses that of the company above it.
            found = journals.search([("type", "=", setup["type"]), ("company_id", "in", company.parent_ids.ids)])
            journal = found.sorted(lambda journal: len(journal.company_id.parent_path), reverse=True)[:1]
            if setup["account"] == "outstanding":
                return journal, self.env["account.payment"].new({"company_id": company.id})._get_outstanding_account(
                    "inbound"
                )
            return journal, journal.default_account_id
        # Not the labels of the field: while the module is being installed they are not translated yet.
        name = {"card": self.env._("Bank card"), "wechat": self.env._("WeChat Pay"), "alipay": self.env._("Alipay")}[
            code
        ]
        journal = journals.search([("code", "=", setup["code"]), ("company_id", "=", company.id)], limit=1)
        if not journal:
            account = self.env["pm.property"]._ensure_account(
                company, setup["account"], "asset_cash", name, reconcile=True
            )
            journal = journals.create(
                {
                    "name": name,
                    "code": setup["code"],
                    "type": setup["type"],
                    "company_id": company.id,
                    "default_account_id": account.id,
                }
            )
        return journal, journal.default_account_id

    @api.model
    def _get(self, company, code):
        """The method `code` of `company`, set up when missing.

        :raise UserError: when the company has no chart of accounts or the method was archived
        """
        method = self.search([("company_id", "=", company.id), ("code", "=", code)], limit=1)
        if not method:
            method = self._ensure_methods(company).filtered(lambda m: m.code == code).with_env(self.env)
        if not method:
            raise UserError(
                self.env._(
                    "To take money by %(method)s, %(company)s needs a chart of accounts with a cash and a bank journal.",
                    method=selection_labels(self, "code").get(code, code),
                    company=company.display_name,
                )
            )
        return method
