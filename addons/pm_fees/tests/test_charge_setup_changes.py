from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common_settlement import SettlementCase


@tagged("post_install", "-at_install")
class TestChargeSetupChanges(SettlementCase):
    """Tax and accounts change in life. What was charged before keeps its own: in reversals, invoices and take-overs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.raised = cls.tax_included.copy({"name": "13% incl", "amount": 13, "price_include_override": "tax_included"})

    def setUp(self):
        super().setUp()
        self.before = self.balances()

    def balances(self):
        """{(account, tax of the item or its base): balance} of the company."""
        self.env.flush_all()
        self.env.invalidate_all()
        groups = self.env["account.move.line"]._read_group(
            [("parent_state", "=", "posted"), ("company_id", "=", self.company.id)],
            ["account_id", "tax_line_id", "tax_ids"],
            ["balance:sum"],
        )
        return {
            (account.code, line_tax.name, base_tax.name): round(balance, 2)
            for account, line_tax, base_tax, balance in groups
            if round(balance, 2)
        }

    def raise_tax(self, taxes=None):
        self.item_area.product_id.taxes_id = [Command.set((self.raised if taxes is None else taxes).ids)]
        self.env.invalidate_all()

    def test_reversal_takes_the_old_tax_back(self):
        run = self.bill("2026-10-01")
        self.raise_tax()
        run.charge_ids.with_user(self.accountant)._reverse("other")
        self.assertEqual(self.balances(), self.before)

    def test_reversal_after_the_tax_was_taken_off(self):
        run = self.bill("2026-10-01")
        self.raise_tax(self.env["account.tax"])
        run.charge_ids.with_user(self.accountant)._reverse("other")
        self.assertEqual(self.balances(), self.before)

    def test_what_was_reviewed_is_posted_with_the_tax_that_was_shown(self):
        run = self.make_run("2026-10-01")
        run.action_compute()
        run.with_user(self.supervisor).action_approve()
        self.raise_tax(self.env["account.tax"])
        run.with_user(self.accountant).action_post()
        self.assertEqual(run.charge_ids.move_id.line_ids.tax_line_id, self.tax_included)
        self.assertLedgerMatches()

    def test_charges_of_both_rates_are_reversed_in_one_entry(self):
        charges = self.bill("2026-09-01").charge_ids
        self.raise_tax()
        charges |= self.bill("2026-10-01").charge_ids
        self.assertEqual(charges.tax_id, self.tax_included | self.raised)
        charges.with_user(self.accountant)._reverse("other")
        self.assertEqual(len(charges.reverse_line_id.move_id), 1)
        self.assertEqual(self.balances(), self.before)

    def test_correction_bills_anew_at_the_rate_of_today(self):
        old = self.of(self.bill("2026-10-01"), self.units[0])
        self.raise_tax()
        record = self.env["pm.charge.correction"].browse(old.with_user(self.accountant).action_correct()["res_id"])
        record.with_user(self.accountant).action_compare()
        record.with_user(self.supervisor).action_approve()
        self.assertEqual(record.new_charge_ids.tax_id, self.raised)
        taxes = self.balances()
        others = sum(
            self.Charge.search([("state", "=", "posted"), ("tax_id", "=", self.tax_included.id)]).mapped("amount_tax")
        )
        self.assertAlmostEqual(-sum(v for (_a, line, _b), v in taxes.items() if line == "6% incl"), others, 2)
        self.assertLedgerMatches()

    def test_reversal_goes_back_to_the_account_it_came_from(self):
        run = self.bill("2026-10-01")
        account = self.env["account.account"].create({"name": "Income 2", "code": "600199", "account_type": "income"})
        (self.item_area | self.item_fixed).product_id.property_account_income_id = account
        run.charge_ids.with_user(self.accountant)._reverse("other")
        self.assertEqual(self.balances(), self.before)

    def test_a_debt_that_passes_on_stays_on_its_account_and_at_its_rate(self):
        charge = self.of(self.bill("2026-10-01"), self.units[0])
        before = self.balances()
        self.raise_tax()
        self.item_area.product_id.property_account_income_id = self.env["account.account"].create(
            {"name": "Income 2", "code": "600199", "account_type": "income"}
        )
        self.env["pm.balance.transfer"].with_user(self.assistant).create(
            {
                "unit_id": self.units[0].id,
                "from_partner_id": self.owners[0].id,
                "to_partner_id": self.owners[1].id,
                "agreement": "A",
                "evidence_ids": [Command.create({"name": "agreement.pdf", "raw": b"%PDF-1.4"})],
                "line_ids": [Command.create({"charge_id": charge.id, "amount": 100})],
            }
        ).with_user(self.supervisor).action_approve()
        self.assertEqual(self.balances(), before)

    def test_invoice_carries_the_tax_of_its_charges(self):
        charge = self.of(self.bill("2026-10-01"), self.units[0])
        before = self.balances()
        self.raise_tax()
        request = self.env["pm.invoice.request"]._ask(charge, "Bright", "91440300MA5XXXX")
        request.with_user(self.accountant).action_issue()
        self.assertEqual(request.invoice_id.line_ids.tax_line_id, self.tax_included)
        self.assertEqual(request.invoice_id.amount_tax, charge.amount_tax)
        self.assertEqual(self.balances(), before)

    def test_charges_of_before_taxes_were_noted(self):
        """Rows that an older version wrote: the tax of the item is theirs, if they have tax."""
        run = self.bill("2026-10-01")
        run.charge_ids.write({"tax_id": False, "counter_account_id": False})
        run.charge_ids.with_user(self.accountant)._reverse("other")
        self.assertEqual(self.balances(), self.before)

    def test_account_of_the_debts_does_not_change_under_them(self):
        account = self.property.receivable_account_id.copy({"code": "112299", "name": "Receivable 2"})
        old = self.property.receivable_account_id
        self.property.receivable_account_id = account
        self.property.receivable_account_id = old
        self.bill("2026-10-01")
        self.property.receivable_account_id = old
        with self.assertRaisesRegex(UserError, "cannot change"):
            self.property.receivable_account_id = account

    def test_a_branch_keeps_its_books_in_the_chart_of_its_company(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        prop = (
            self.env["pm.property"]
            .with_company(branch)
            .create(
                {
                    "name": "Branch",
                    "code": "B1",
                    "company_id": branch.id,
                    "receivable_account_id": self.property.receivable_account_id.id,
                }
            )
        )
        prop._ensure_accounts()
        self.assertEqual(prop.passthrough_account_id, self.property.passthrough_account_id)
        self.assertEqual(prop._bad_debt_account(), self.property._bad_debt_account())
        self.assertEqual(prop.billing_journal_id.company_id, branch)
