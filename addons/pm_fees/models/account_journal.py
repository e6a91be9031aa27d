from odoo import fields, models

# Own account and journal of a merchant account: what the counter takes waits elsewhere until the bill shows it.
_MERCHANT = {"wechat": ("PMWM", "101213"), "alipay": ("PMAM", "101214")}


class AccountJournal(models.Model):
    _inherit = "account.journal"

    _pm_merchant_unique = models.UniqueIndex(
        "(pm_merchant_number) WHERE pm_merchant_number IS NOT NULL", "Another journal has this merchant number."
    )

    pm_merchant_number = fields.Char(
        "Merchant Number",
        copy=False,
        help="Number of the Alipay or WeChat Pay merchant account whose bills belong here.",
    )

    def _pm_new_merchant_journal(self, company, kind, number):
        """The journal of a merchant account, with its money account.

        :param company: res.company with a chart of accounts
        :param str kind: "wechat" or "alipay"
        :param str number: number of the merchant account
        """
        code, account_code = _MERCHANT[kind]
        label = {"wechat": self.env._("WeChat Pay merchant account"), "alipay": self.env._("Alipay merchant account")}
        account = self.env["pm.property"]._ensure_account(
            company, account_code, "asset_cash", label[kind], reconcile=False
        )
        taken = set(self.search([("company_id", "=", company.id)]).mapped("code"))
        code = next(name for name in (code, *(f"{code}{n}" for n in range(2, 100))) if name not in taken)
        return self.create(
            {
                "name": f"{label[kind]} {number[-4:]}",
                "code": code,
                "type": "bank",
                "company_id": company.id,
                "default_account_id": account.id,
                "pm_merchant_number": number,
            }
        )
