from unittest.mock import patch

from freezegun import freeze_time
from odoo.exceptions import UserError
from odoo.tests.common import tagged

from .cashier_common import CashierCase

OWN_COLUMNS = {
    "id",
    "move_id",
    "move_name",
    "name",
    "ref",
    "create_date",
    "write_date",
    "full_reconcile_id",
    "matching_number",
}


@tagged("post_install", "-at_install")
@freeze_time("2026-01-20 02:00:00")
class TestPaymentSplit(CashierCase):
    """A payment over many charges: its journal items are split from one, and are what the ORM would have made."""

    def charges(self, count=12):
        """Charges of one household, the last of them with another payer."""
        charges = self.env["pm.charge"]
        for number in range(count):
            partner = self.owners[1] if number == count - 1 else self.owners[0]
            charges |= self.charge(amount=10 + number + 0.37, partner=partner)
        return charges

    def pay_all(self, charges, part=1.0):
        return self.pay(*((charge, round(charge.residual * part, 2)) for charge in charges), method="wechat")

    def rows(self, move):
        self.env.flush_all()
        self.cr.execute("SELECT * FROM account_move_line WHERE move_id = %s ORDER BY id", [move.id])
        names = [column.name for column in self.cr.description]
        return [dict(zip(names, row, strict=True)) for row in self.cr.fetchall()]

    def test_split_items_equal_orm_items_column_by_column(self):
        for part in (1.0, 0.5):
            fast = self.pay_all(self.charges(), part)
            with patch.object(type(fast), "_may_split", lambda *args: False):
                slow = self.pay_all(self.charges(), part)
            for one, other in zip(self.rows(fast.move_id), self.rows(slow.move_id), strict=True):
                for column in set(one) - OWN_COLUMNS:
                    self.assertEqual(one[column], other[column], column)
                self.assertEqual(one["name"], other["name"])
                self.assertEqual(bool(one["matching_number"]), bool(other["matching_number"]))
            # sudo: a cashier does not read the ledger
            self.assertEqual(fast.move_id.sudo().amount_total, slow.move_id.sudo().amount_total)
        self.assert_books()

    def test_every_charge_is_paid_by_its_own_item(self):
        charges = self.charges()
        payment = self.pay_all(charges)
        self.assertEqual(set(charges.mapped("paid_state")), {"paid"})
        self.assertFalse(any(charges.mapped("residual")))
        for line in payment.line_ids:
            self.assertEqual(line.move_line_id.balance, -line.amount)
            self.assertEqual(line.move_line_id.partner_id, line.charge_id.partner_id)
            self.assertEqual(line.move_line_id.matched_debit_ids.debit_move_id, line.charge_id.move_line_id)
        self.assertAlmostEqual(sum(payment.move_id.line_ids.mapped("balance")), 0.0, 2)

    def test_money_that_is_over_is_the_last_item(self):
        charges = self.charges()
        total = sum(charges.mapped("residual"))
        payment = self.pay(
            *((charge, charge.residual) for charge in charges), method="wechat", amount=total + 5, allow_credit=True
        )
        self.assertEqual(payment.move_id.line_ids.sorted("id")[-1].balance, -5)
        self.assertEqual(payment.line_ids.filtered(lambda line: line.kind == "credit").open_credit, 5)
        self.assert_books()

    def test_voided_all_charges_are_open_again(self):
        charges = self.charges()
        payment = self.pay_all(charges)
        payment.with_user(self.accountant)._reverse("wrong household")
        self.assertEqual(set(charges.mapped("paid_state")), {"unpaid"})
        self.assert_books()

    def test_an_unknown_column_with_a_value_leaves_it_to_the_orm(self):
        charges = self.charges()
        with patch.object(type(charges), "_column_blocker", lambda *args: "unknown"):
            payment = self.pay_all(charges)
        self.assertEqual(len(payment.move_id.line_ids), len(charges) + 1)
        self.assertEqual(set(charges.mapped("paid_state")), {"paid"})
        self.assert_books()

    def test_a_journal_secured_with_hashes_leaves_it_to_the_orm(self):
        charges = self.charges()
        self.method("wechat").journal_id.restrict_mode_hash_table = True
        with patch.object(type(self.env["account.move.line"]), "_pm_split", side_effect=AssertionError):
            self.pay_all(charges)
        self.assertEqual(set(charges.mapped("paid_state")), {"paid"})

    def test_one_bad_line_of_many_books_nothing(self):
        charges = self.charges()
        parts = [(charge, charge.residual) for charge in charges]
        parts[5] = (charges[5], charges[5].residual + 1)
        with self.assertRaisesRegex(UserError, "more than the"):
            self.pay(*parts, method="wechat")
        self.assertEqual(set(charges.mapped("paid_state")), {"unpaid"})
