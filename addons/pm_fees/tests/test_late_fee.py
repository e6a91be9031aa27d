"""Late fees: the contract's rate, default 0, simulated until the project manager approves, waivable, never on a late fee (L-06, design §4.10)."""

from datetime import date

from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests.common import tagged

from .dunning_common import DunningCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-01 02:00:00")
class TestLateFee(DunningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.debt = cls.charge(due="2026-01-10", amount=1000)
        cls.run_day("2026-03-01")
        cls.fee_item = cls.env["pm.fee.item"].create(
            {
                "code": "LATE",
                "name": "Late fee",
                "legal_basis": "Civil Code 585",
                "contract_reference": "§ 12",
                "company_id": cls.company.id,
            }
        )

    def agree_rate(self, **values):
        self.general.write({"penalty_rate": 0.5, "penalty_grace_days": 10, **values})

    def propose(self, day="2026-03-01"):
        with freeze_time(f"{day} 03:00:00"):
            action = self.case().with_user(self.supervisor).action_propose_late_fee()
        return self.env["pm.late.fee"].browse(action["res_id"]).with_user(self.manager)

    def charge_fee(self, fee, day="2026-03-01", due="2026-03-20"):
        with freeze_time(f"{day} 03:00:00"):
            fee.write({"item_id": self.fee_item.id, "due_date": due})
            fee.action_charge()
        return fee.charge_ids

    def test_no_contract_no_late_fee(self):
        with self.assertRaisesRegex(UserError, "no contract penalty"):
            self.propose()

    def test_simulated_only_until_approved(self):
        self.agree_rate()
        fee = self.propose()
        # 1000 × 0.5 ‰ × 40 days: 21 January (after ten days of grace) to 1 March
        self.assertEqual((fee.line_ids.days, fee.line_ids.date_from, fee.amount), (40, date(2026, 1, 21), 20))
        self.assertFalse(self.env["pm.charge"].search([("kind", "=", "late_fee")]))
        with freeze_time("2026-03-01 03:00:00"):
            self.assertEqual(self.case().action_ids[0].penalty, 20)

    def test_only_the_project_manager_charges_and_the_books_balance(self):
        self.agree_rate()
        fee = self.propose()
        for user in (self.supervisor, self.accountant, self.officer):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                fee.with_user(user).action_charge()
        with self.assertRaisesRegex(UserError, "fee item"):
            fee.action_charge()
        charge = self.charge_fee(fee)
        self.assertEqual(
            (charge.kind, charge.state, charge.amount_total, charge.due_date),
            ("late_fee", "posted", 20, date(2026, 3, 20)),
        )
        self.assertIn("0.5", charge.explanation)
        self.assertEqual((fee.state, fee.decided_by_id), ("charged", self.manager))
        self.assert_books()

    def test_days_are_charged_once_and_a_late_fee_bears_none(self):
        self.agree_rate()
        self.charge_fee(self.propose())
        case = self.case()
        with freeze_time("2026-03-01 04:00:00"):
            self.assertEqual(
                self.general._penalty(self.company.currency_id, case._overdue_charges(), date(2026, 3, 1)), 0
            )
        # Ten days later: ten more days on the old debt, none on the late fee though it is overdue by then.
        with freeze_time("2026-06-01 03:00:00"):
            charges = case._overdue_charges()
            self.assertIn("late_fee", charges.mapped("kind"))
            self.assertEqual(self.general._penalty(self.company.currency_id, charges, date(2026, 3, 11)), 5)
        second = self.propose("2026-03-11")
        self.assertEqual((second.line_ids.date_from, second.amount), (date(2026, 3, 2), 5))

    def test_cap_counts_what_was_charged_before(self):
        self.agree_rate(penalty_cap=3)
        self.charge_fee(self.propose())
        later = self.propose("2026-12-01")
        self.assertEqual(later.amount, 10, "3 % of 1000 less the 20 charged before")

    def test_part_payment_lowers_the_base(self):
        self.agree_rate()
        with freeze_time("2026-02-28 03:00:00"):
            self.pay((self.debt, 600), date="2026-02-28")
        self.assertEqual(self.propose().amount, 8)

    def test_part_or_all_is_waived_with_a_reason(self):
        self.agree_rate()
        fee = self.propose()
        with self.assertRaisesRegex(ValidationError, "why the late fee is waived"):
            fee.waived = 5
        with self.assertRaisesRegex(ValidationError, "Between nothing"):
            fee.write({"waived": 21, "waive_reason": "x"})
        fee.write({"waived": 5, "waive_reason": "Long illness"})
        self.assertEqual(self.charge_fee(fee).amount_total, 15)
        again = self.propose("2026-03-05")
        with self.assertRaisesRegex(UserError, "why the late fee is waived"):
            again.action_waive()
        again.waive_reason = "Goodwill"
        again.action_waive()
        self.assertEqual((again.state, again.net), ("waived", 0))
        self.assertEqual(self.propose("2026-03-06").line_ids.date_from, date(2026, 3, 6), "waived days are over, too")

    def test_reversed_late_fee_may_be_charged_again(self):
        self.agree_rate()
        charge = self.charge_fee(self.propose())
        with freeze_time("2026-03-02 03:00:00"):
            self.env["pm.charge.reverse"].with_user(self.accountant).create(
                {"charge_ids": [(6, 0, charge.ids)], "reason": "customer", "note": "court"}
            ).action_reverse()
        self.assertEqual(self.propose("2026-03-02").line_ids.date_from, date(2026, 1, 21))

    def test_decided_late_fee_is_history(self):
        self.agree_rate()
        fee = self.propose()
        self.charge_fee(fee)
        with self.assertRaises(UserError):
            fee.waived = 1
        with self.assertRaises(UserError):
            fee.unlink()
        with self.assertRaisesRegex(UserError, "decided already"):
            fee.action_waive()
        with self.assertRaises(AccessError):
            self.propose("2026-03-05").write({"state": "charged"})
        with self.assertRaises(AccessError):
            self.env["pm.late.fee"].search([("state", "=", "draft")]).with_user(self.manager).write({"net": 1000})
