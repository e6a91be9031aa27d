import base64

from odoo import fields, models
from odoo.exceptions import UserError

from ..models.merchant_bill import MerchantBillError, read_bill


class PmMerchantBill(models.TransientModel):
    """Load a merchant's bill of Alipay or WeChat Pay as bank lines. Loading it twice changes nothing."""

    _name = "pm.merchant.bill"
    _description = "Load Merchant Bill"

    file = fields.Binary("Bill", required=True, attachment=False)
    filename = fields.Char()
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    new_account = fields.Boolean(
        "New Merchant Account",
        help="The first bill of a merchant account of this company: a journal for it is made.",
    )

    def action_load(self):
        """Create the missing bank lines; the matching follows in the background.

        :raise UserError: the file is damaged, no bill, or of a merchant account that is not this company's
        """
        self.ensure_one()
        try:
            bill = read_bill(base64.b64decode(self.file))
        except MerchantBillError as error:
            raise UserError(self._explain(error)) from error
        new, known = self._load(bill)
        if new:
            # sudo: whoever may load bank lines may have the matching run now instead of within the hour
            self.env.ref("pm_fees.ir_cron_bank_match").sudo()._trigger()
        message = self.env._("%(new)s new bank lines; %(known)s were loaded before.", new=len(new), known=known)
        if new:
            message += " " + self.env._("They are being matched in the background: look again in a minute.")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if new else "info",
                "message": message,
                "next": {
                    **self.env["ir.actions.act_window"]._for_xml_id("pm_fees.pm_bank_line_action"),
                    "domain": [("id", "in", new.ids)],
                }
                if new
                else {"type": "ir.actions.act_window_close"},
            },
        }

    def _journal(self, bill):
        # sudo: a merchant number of a company that the user may not see has to be found too
        journal = self.env["account.journal"].sudo().search([("pm_merchant_number", "=", bill.merchant)])
        if journal and journal.company_id != self.company_id:
            raise UserError(
                self.env._(
                    "Merchant account %(number)s belongs to another company than %(company)s: switch to that company and load the bill there.",
                    number=bill.merchant,
                    company=self.company_id.name,
                )
            )
        if not journal:
            if not self.new_account:
                raise UserError(
                    self.env._(
                        "Merchant account %(number)s is not known at %(company)s. If it is this company's own, tick “New Merchant Account”; otherwise it is another company's bill.",
                        number=bill.merchant,
                        company=self.company_id.name,
                    )
                )
            # sudo: an accountant opens the journal of a merchant account as the counter opens those of its methods
            journal = (
                self.env["account.journal"].sudo()._pm_new_merchant_journal(self.company_id, bill.kind, bill.merchant)
            )
        return journal.with_env(self.env)

    def _load(self, bill):
        """:return: (new bank lines, count of those that were there)"""
        journal = self._journal(bill)
        Line = self.env["account.bank.statement.line"].with_company(self.company_id)
        found = {
            line.pm_transaction_ref: (line.date, line.amount)
            for line in Line.search(
                [
                    ("journal_id", "=", journal.id),
                    ("pm_transaction_ref", "in", [transaction.number for transaction in bill.transactions]),
                ]
            )
        }
        new, known, currency = [], 0, self.company_id.currency_id
        for transaction in bill.transactions:
            # WeChat Pay writes its commission with five decimals and takes whole fen.
            amount = currency.round(float(transaction.amount))
            if transaction.number in found:
                day, old = found[transaction.number]
                if day != transaction.day or currency.compare_amounts(old, amount):
                    raise UserError(
                        self.env._(
                            "Transaction %(number)s was loaded as %(old)s of %(day)s before, the bill has it as %(new)s of %(new_day)s. Nothing was loaded: download the bill again.",
                            number=transaction.number,
                            old=old,
                            day=day,
                            new=amount,
                            new_day=transaction.day,
                        )
                    )
                known += 1
                continue
            found[transaction.number] = (transaction.day, amount)
            if currency.is_zero(amount):
                continue
            new.append(
                {
                    "journal_id": journal.id,
                    "date": transaction.day,
                    "amount": amount,
                    "pm_transaction_ref": transaction.number,
                    "payment_ref": transaction.text or transaction.number,
                    "partner_name": transaction.payer or False,
                    "account_number": transaction.account or False,
                    "pm_match_state": "todo" if amount > 0 and not transaction.commission else "ignored",
                }
            )
        return Line.create(new), known

    def _explain(self, error):
        values = error.values
        match error.code:
            case "encoding":
                return self.env._(
                    "The letters of the file cannot be read (neither GBK nor UTF-8). Load the file as it was downloaded."
                )
            case "format":
                return self.env._(
                    "This is neither an Alipay account statement (账务明细) nor a WeChat Pay trade bill (交易账单). Other bank files are loaded as “Bank Lines” with Import."
                )
            case "fund":
                return self.env._(
                    "This is WeChat Pay's fund bill (资金账单). Download the trade bill (交易账单) and load that."
                )
            case "truncated":
                return self.env._("The file is incomplete: its end with the totals is missing. Download it again.")
            case "totals":
                return self.env._(
                    "The file is incomplete: its totals say %(expected)s, its rows hold %(found)s. Download it again.",
                    expected=self._figures(values["expected"]),
                    found=self._figures(values["found"]),
                )
            case "merchants":
                return self.env._(
                    "The bill holds several merchant accounts: %s. Download one bill for each.", values["value"]
                )
            case "empty":
                return self.env._("The bill holds no transaction.")
        return self.env._(
            "Row %(row)s: “%(value)s” in the column %(column)s cannot be read. Load the file as it was downloaded, not as a spreadsheet program saved it.",
            row=values["row"],
            value=values["value"],
            column=values["column"],
        )

    def _figures(self, pair):
        return f"{pair[0]} / {pair[1]}"
