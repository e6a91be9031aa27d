from odoo import api, models

from odoo.addons.pm_base.tools.columns import Column


class ImporterBankLine(models.AbstractModel):
    """Bank lines as a bank's web site exports them. The bank's transaction number makes loading twice harmless."""

    _name = "pm.importer.bank.line"
    _inherit = "pm.importer"
    _description = "Bank Lines"

    _sequence = 120
    _sheet = ("Bank lines", "银行流水", "银行明细", "bank_lines")
    _group = "pm_base.group_accountant"

    @api.model
    def _columns(self):
        return [
            Column(
                "transaction",
                "Transaction No.",
                "交易流水号",
                "code",
                required=True,
                aliases=("流水号", "交易号", "银行流水号", "凭证号"),
                hint_en="The bank's own number of the transaction; the same number is loaded once.",
                hint_zh="银行的交易流水号，同一流水号只导入一次。",
            ),
            Column("date", "Date", "交易日期", "date", required=True, aliases=("日期", "记账日期", "交易时间")),
            Column("payer", "Payer", "对方户名", aliases=("付款人", "对方名称", "付款方户名")),
            Column("account", "Payer account", "对方账号", "code", aliases=("付款账号", "对方账户")),
            Column(
                "amount",
                "Amount",
                "金额",
                "float",
                required=True,
                digits=2,
                aliases=("交易金额", "收入金额", "贷方发生额"),
                hint_en="Positive = received, negative = paid out.",
                hint_zh="收入为正，支出为负。",
            ),
            Column("narration", "Narration", "摘要", "text", aliases=("附言", "备注", "用途", "交易附言")),
            Column(
                "journal",
                "Bank journal",
                "银行日记账",
                "code",
                hint_en="Code of the journal; the company's first bank journal when empty.",
                hint_zh="日记账代码；留空则用公司的第一个银行日记账。",
            ),
        ]

    @api.model
    def _load(self, rows, report):
        company = (
            report.pm_import.property_id.company_id
            if report.pm_import and "property_id" in report.pm_import._fields
            else None
        )
        company = company or self.env.company
        journals = {
            j.code: j
            for j in self.env["account.journal"].search(
                [("type", "=", "bank"), ("company_id", "=", company.id)], order="sequence, id"
            )
        }
        main = self.env["pm.payment.method"]._get(company, "transfer").journal_id
        Line = self.env["account.bank.statement.line"].with_company(company)
        found = {
            (line.journal_id.id, line.pm_transaction_ref): line
            for line in Line.search(
                [("company_id", "=", company.id), ("pm_transaction_ref", "in", [row["transaction"] for row in rows])]
            )
        }
        new = {}
        for row in rows:
            journal = journals.get(row.get("journal")) if row.get("journal") else main
            if not journal:
                report.error(
                    row,
                    "journal",
                    self.env._("There is no bank journal with this code."),
                    self.env._("Write the code of a bank journal of %s, or leave the cell empty.", company.name),
                )
                continue
            if not row["amount"]:
                report.error(row, "amount", self.env._("The amount is zero."), self.env._("Remove the row."))
                continue
            key = (journal.id, row["transaction"])
            same = found.get(key)
            values = new.get(key)
            if same or values:
                amount, date = (same.amount, same.date) if same else (values["amount"], values["date"])
                if round(amount - row["amount"], 2) or date != row["date"]:
                    report.error(
                        row,
                        "transaction",
                        self.env._("This transaction number was already loaded with another amount or date."),
                        self.env._("Check the number with the bank."),
                    )
                else:
                    report.counts["unchanged"] += 1
                continue
            new[key] = {
                "journal_id": journal.id,
                "date": row["date"],
                "amount": row["amount"],
                "pm_transaction_ref": row["transaction"],
                "payment_ref": row.get("narration") or row["transaction"],
                "partner_name": row.get("payer") or False,
                "account_number": row.get("account") or False,
                "pm_match_state": "todo" if row["amount"] > 0 else "ignored",
            }
        Line.create(list(new.values()))
        report.counts["created"] += len(new)
