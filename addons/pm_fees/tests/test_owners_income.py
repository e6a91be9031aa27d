"""What the common parts bring in is the owners' of that property, and stands apart in the books (L-11)."""

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common_settlement import SettlementCase


@tagged("post_install", "-at_install")
class TestOwnersIncome(SettlementCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.item_wall = cls.make_item(
            "AD", "Advertising space", category="other", owners_income=True, tax=cls.tax_included
        )
        cls.make_tariff(cls.item_wall, "2026-A", "fixed", 106)
        cls.assign(cls.item_wall, cls.units[:2])

    def balance(self, account):
        lines = self.env["account.move.line"].search([("account_id", "=", account.id), ("parent_state", "=", "posted")])
        return round(sum(lines.mapped("balance")), 2)

    def entry(self, *lines):
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": self.property.billing_journal_id.id,
                "date": "2026-11-20",
                "line_ids": [Command.create({"account_id": a.id, "balance": b, "name": "x"}) for a, b in lines],
            }
        )
        move._post(soft=False)

    def test_it_is_owed_to_the_owners_and_is_no_income_of_the_company(self):
        run = self.bill()
        account = self.property.owners_income_account_id
        self.assertEqual(account.account_type, "liability_current")
        self.assertEqual(self.balance(account), -200, "two spaces, without the tax")
        moves = run.charge_ids.move_line_id.move_id
        income = moves.line_ids.filtered(lambda line: line.account_id.internal_group == "income")
        self.assertEqual(set(income.mapped("name")), {"Property fee", "Refuse fee"})
        self.assertEqual(self.property.owners_income_balance, 200)
        cost = self.env["account.account"].search([("account_type", "=", "expense")], limit=1)
        self.entry((account, 30), (cost, -30))
        self.env.invalidate_all()
        self.assertEqual(self.property.owners_income_balance, 170, "after reasonable cost")
        shown = self.env["account.move.line"].search(self.property.action_open_owners_income()["domain"])
        self.assertEqual(sorted(shown.mapped("balance")), [-200, 30])
        self.of(run, self.units[0], self.item_wall).with_user(self.accountant)._reverse("our_error")
        self.assertEqual(self.balance(account), -70)
        self.assertLedgerMatches()

    def test_each_property_has_an_account_of_its_own(self):
        mine, other = self.property._owners_income_account(), self.property.copy({"code": "T2"})
        self.assertFalse(other.owners_income_account_id)
        self.assertNotEqual(other._owners_income_account(), mine)
        self.assertEqual(self.property._owners_income_account(), mine, "made once")
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            other.owners_income_account_id = mine
            other.flush_recordset()

    def test_it_stands_on_no_income_account_and_not_with_the_suppliers_money(self):
        income = self.env["account.account"].search([("account_type", "=", "income")], limit=1)
        for account in (income, self.property.passthrough_account_id):
            with self.subTest(account=account.name), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.property.owners_income_account_id = account
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.item_wall.pass_through = True
            self.item_wall.flush_recordset()

    def test_no_other_control_of_the_suite_shares_the_account(self):
        """Its balance is what the owners are owed: nothing else is booked there, from whichever side it is set."""
        account = self.property._owners_income_account()
        other = self.property.copy({"code": "T2"})
        money = self.env["account.account"].create(
            {"code": "224190", "name": "In transit", "account_type": "liability_current"}
        )
        method = self.env["pm.payment.method"]._ensure_methods(self.company)[:1]
        method.account_id = money
        tax = self.env["account.account"].create(
            {"code": "222190", "name": "Output tax", "account_type": "liability_current"}
        )
        self.tax_included.invoice_repartition_line_ids.filtered(
            lambda line: line.repartition_type == "tax"
        ).account_id = tax
        for taken, use in ((money, "payment method"), (tax, "tax")):
            with self.subTest(use=use), self.assertRaisesRegex(ValidationError, use), self.env.cr.savepoint():
                self.property.owners_income_account_id = taken
        for name in ("passthrough_account_id", "bad_debt_account_id"):
            with (
                self.subTest(field=name),
                self.assertRaisesRegex(ValidationError, "is used for"),
                self.env.cr.savepoint(),
            ):
                other[name] = account
        with self.assertRaisesRegex(ValidationError, "money"), self.env.cr.savepoint():
            method.account_id = account
        other.passthrough_account_id = self.property.passthrough_account_id  # suppliers' money may be kept together

    def test_whose_money_it_is_changes_only_before_the_first_charge(self):
        self.item_fixed.owners_income = True
        self.item_fixed.owners_income = False
        self.bill()
        for item, name in (
            (self.item_wall, "owners_income"),
            (self.item_fixed, "owners_income"),
            (self.item_fixed, "pass_through"),
        ):
            with self.subTest(item=item.name, field=name), self.assertRaisesRegex(ValidationError, "Whose money"):
                item[name] = not item[name]
        self.item_wall.name = "Walls"

    def test_spaces_to_let_are_asked_about(self):
        item = self.make_item("PK", "Spaces", category="parking")
        self.assertIn("common ground", item.warning)
        item.owners_income = True
        self.assertFalse(item.warning)

    def test_what_never_came_is_no_loss_of_the_company(self):
        charges = self.bill("2026-10-01").charge_ids.filtered(lambda charge: charge.unit_id == self.units[0])
        action = charges.with_user(self.accountant).action_write_off()
        record = self.env["pm.write.off"].browse(action["res_id"]).with_user(self.accountant)
        record.write({"reason": "gone", "note": "Dissolved"})
        record.action_submit()
        record.with_user(self.manager).action_approve()
        owners, lost = self.property.owners_income_account_id, self.property.bad_debt_account_id
        self.assertEqual((self.balance(owners), self.balance(lost)), (-200 + 106, 330))
        self.assertEqual(set(charges.mapped("residual")), {0})
        with self.assertRaises(UserError):
            record.line_ids[0].loss_account_id = lost
        record.action_take_back()
        self.assertEqual((self.balance(owners), self.balance(lost)), (-200, 0))
        self.assertEqual(sum(charges.mapped("residual")), 436)
        self.assertLedgerMatches()

    def test_old_debts_for_it_are_the_owners_too(self):
        rows = (
            "项目编码,房号,缴费人,收费项目编码,账期开始,账期结束,应缴日期,金额\n"
            "T1,A-101,Owner 1,AD,2025-10-01,2025-10-31,2025-10-31,300\n"
        )
        self.env["pm.import"].with_user(self.accountant)._load_file("opening_arrears", "x.csv", rows.encode())
        self.assertEqual(self.balance(self.property.owners_income_account_id), -300)

    def test_the_sheet_of_fee_items_says_it(self):
        rows = (
            "收费项目编码,收费项目名称,类别,业主公共收益,收费依据,合同依据\n"
            "CD,场地费,其他,是,民法典第二百八十二条,业主大会决议\n"
        )
        self.env["pm.import"].with_user(self.accountant)._load_file("fee_item", "x.csv", rows.encode())
        self.assertTrue(self.env["pm.fee.item"].search([("code", "=", "CD")]).owners_income)
