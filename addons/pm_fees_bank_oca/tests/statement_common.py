"""A bank account with its journal, and payers with Chinese names."""

import base64
from pathlib import Path

from odoo.addons.pm_fees.models.payment_reference import make_reference
from odoo.addons.pm_fees.tests.cashier_common import CashierCase

FILES = Path(__file__).with_name("files")
ACCOUNT = "7559 1234 5678 901"


class StatementCase(CashierCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Outside of tests the OCA add-on books on creation; here it must be asked to.
        cls.env = cls.env(context={**cls.env.context, "_test_account_reconcile_oca": True})
        for owner, name in zip(cls.owners, ("杨雨", "欧阳喆", "深圳市前海明德科技有限公司"), strict=True):
            owner.name = name
        cls.journal = cls.method("transfer").journal_id
        cls.journal.bank_account_id = cls.env["res.partner.bank"].create(
            {"acc_number": ACCOUNT, "partner_id": cls.company.partner_id.id, "company_id": cls.company.id}
        )
        cls.two_columns = cls.env.ref("pm_fees_bank_oca.sheet_mapping_two_columns").copy({"header_lines_skip_count": 2})

    def text(self, name, account=ACCOUNT):
        """A sample file, with the account and the payment reference of the first unit."""
        reference = make_reference("unit", self.units[0].id)
        return (FILES / name).read_text().replace("{account}", account).replace("{reference}", reference)

    def load(self, content, name="明细.csv", mapping=None, user=None, **values):
        """Load a file; returns the bank lines it has made."""
        before = self.lines()
        wizard = (
            self.env["account.statement.import"]
            .with_user(user or self.accountant)
            .create({"statement_file": base64.b64encode(content), "statement_filename": name, **values})
        )
        wizard.sheet_mapping_id = mapping
        self.told = wizard.import_file_button()["params"]["message"]
        return self.lines() - before

    def lines(self):
        return self.env["account.bank.statement.line"].search([("journal_id", "=", self.journal.id)], order="id")
