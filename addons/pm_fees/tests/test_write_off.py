from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common_settlement import SettlementCase


@tagged("post_install", "-at_install")
class TestWriteOff(SettlementCase):
    """Bad debts: asked for, approved by amount by somebody else, booked, never counted as collected, taken back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_october = cls.bill("2026-10-01")
        cls.charges = cls.run_october.charge_ids.filtered(lambda c: c.unit_id == cls.units[0])

    def ask(self, charges=None, **values):
        action = (charges or self.charges).with_user(self.accountant).action_write_off()
        record = self.env["pm.write.off"].browse(action["res_id"]).with_user(self.accountant)
        record.write({"reason": "gone", "note": "Company dissolved, see register.", **values})
        return record

    def test_booked_against_the_bad_debt_account_and_reconciled(self):
        record = self.ask()
        self.assertEqual(record.amount_total, 330)
        record.action_submit()
        self.assertTrue(record.name.startswith("WO/"))
        record.with_user(self.manager).action_approve()
        self.assertEqual((record.state, record.approved_by), ("booked", self.manager))
        self.assertEqual(set(self.charges.mapped("paid_state")), {"written_off"})
        self.assertEqual(set(self.charges.mapped("residual")), {0})
        self.assertEqual(set(self.charges.mapped("amount_paid")), {0}, "nothing was paid")
        expense = record.sudo().move_id.line_ids.filtered(
            lambda line: line.account_id == self.property.bad_debt_account_id
        )
        self.assertEqual((expense.balance, expense.account_id.code), (330, "571101"))
        self.assertEqual(self.units[0].arrears, 0)
        self.assertLedgerMatches()

    def test_empty_form_opens_before_a_property_is_chosen(self):
        form = Form(self.env["pm.write.off"].with_user(self.accountant))
        self.assertFalse(form.level_id)
        form.property_id = self.property
        with form.line_ids.new() as line:
            line.charge_id = self.charges[0]
            self.assertEqual(line.amount, 280)
        form.reason = "gone"
        record = form.save()
        self.assertEqual((record.amount_total, record.level_id.group_id), (280, self.env.ref("pm_base.group_manager")))

    def test_part_of_a_charge(self):
        record = self.ask(self.charges[0])
        record.line_ids.amount = 100
        record.action_submit()
        record.with_user(self.manager).action_approve()
        charge = self.charges[0]
        self.assertEqual((charge.residual, charge.amount_written_off, charge.paid_state), (180, 100, "unpaid"))
        self.receive(self.units[0], 180, charge, date="2026-11-05")
        self.assertEqual((charge.paid_state, charge.amount_paid), ("written_off", 180))
        self.assertLedgerMatches()

    def test_amount_decides_who_approves(self):
        record = self.ask()
        self.env.ref("pm_fees.approval_write_off_leadership").amount_from = 330
        record.action_submit()
        with self.assertRaisesRegex(AccessError, "Leadership"):
            record.with_user(self.manager).action_approve()
        for user in self.users_of("cashier", "supervisor", "accountant"):
            with self.assertRaises(AccessError):
                record.with_user(user).action_approve()
        record.with_user(self.leadership).action_approve()
        self.assertEqual(record.state, "booked")

    def test_nobody_approves_his_own(self):
        record = self.ask().with_user(self.manager)
        record.action_submit()
        with self.assertRaisesRegex(AccessError, "somebody else"):
            record.action_approve()
        with self.assertRaises(AccessError):
            record.write({"author_id": self.supervisor.id})
        with self.assertRaises(AccessError):
            record.write({"state": "booked"})
        # The sum decides who approves.
        with self.assertRaises(AccessError):
            record.write({"amount_total": 1})

    def test_grounds_and_charges_are_needed(self):
        with self.assertRaisesRegex(UserError, "grounds"):
            self.ask(note=" ").action_submit()
        with self.assertRaisesRegex(UserError, "choose the charges"):
            self.ask(line_ids=[Command.clear()]).action_submit()

    def test_submitted_does_not_change(self):
        record = self.ask()
        record.action_submit()
        with self.assertRaisesRegex(UserError, "does not change"):
            record.line_ids[0].amount = 1
        with self.assertRaisesRegex(UserError, "does not change"):
            record.write({"note": "x"})
        with self.assertRaises(UserError):
            record.unlink()
        with self.assertRaisesRegex(UserError, "give the reason"):
            record.with_user(self.manager)._refuse(" ")
        record.with_user(self.manager)._refuse("still in court")
        self.assertEqual((record.state, record.refuse_reason), ("refused", "still in court"))
        with self.assertRaises(UserError):
            record.with_user(self.leadership).action_approve()

    def test_paid_in_the_meantime_is_not_written_off(self):
        record = self.ask()
        record.action_submit()
        self.receive(self.units[0], 300, self.charges, date="2026-11-01")
        with self.assertRaisesRegex(UserError, "cannot be written off"):
            record.with_user(self.manager).action_approve()

    def test_taken_back_line_by_line_when_the_debtor_pays_after_all(self):
        record = self.ask()
        record.action_submit()
        record.with_user(self.manager).action_approve()
        line = record.line_ids[0]
        with self.assertRaises(AccessError):
            line.with_user(self.manager).action_take_back()
        line.action_take_back()
        charge = line.charge_id
        self.assertEqual(
            (charge.paid_state, charge.residual, charge.amount_written_off), ("unpaid", charge.amount_total, 0)
        )
        self.assertEqual(record.state, "booked", "the other line is still written off")
        self.assertLedgerMatches()
        self.receive(self.units[0], charge.residual, charge, date="2026-11-05")
        self.assertEqual(charge.paid_state, "paid")
        record.action_take_back()
        self.assertEqual(record.state, "reversed")
        self.assertEqual(set(self.charges.mapped("amount_written_off")), {0})
        self.assertLedgerMatches()

    def test_a_written_off_charge_is_not_reversed(self):
        record = self.ask()
        record.action_submit()
        record.with_user(self.manager).action_approve()
        with self.assertRaisesRegex(UserError, "take the write-off back"):
            self.charges.with_user(self.accountant)._reverse("other")

    def test_no_figure_counts_a_write_off_as_collected(self):
        record = self.ask(date="2026-11-05")
        record.action_submit()
        record.with_user(self.manager).action_approve()
        from odoo import fields

        november = fields.Date.to_date("2026-11-01"), fields.Date.to_date("2026-11-30")
        recovery = self.env.ref("pm_fees.kpi_arrears_recovery")._evaluate(self.property, *november)
        self.assertEqual(
            (recovery["numerator"], recovery["denominator"]), (0, 835.8), "property fees; the refuse fee does not count"
        )
        moves = self.env["pm.charge.movement"].search([("charge_id", "in", self.charges.ids), ("kind", "!=", "charge")])
        self.assertEqual(set(moves.mapped("kind")), {"write_off"})
        self.assertEqual(sum(moves.mapped("amount")), -330)

    def test_no_day_to_come(self):
        """The debt would be gone at once, its entry in the books of another year."""
        record = self.ask(date=self.property._today() + timedelta(days=1))
        with self.assertRaisesRegex(UserError, "in the future"):
            record.action_submit()
        record.date = self.property._today()
        record.action_submit()
        record.with_user(self.manager).action_approve()
        self.assertEqual(record.state, "booked")

    def test_other_property_and_closed_period(self):
        record = self.ask(date="2026-09-30")
        record.action_submit()
        self.company.fiscalyear_lock_date = "2026-09-30"
        with self.assertRaisesRegex(UserError, "period must be open"):
            record.with_user(self.manager).action_approve()
        self.manager.pm_property_ids = False
        with self.assertRaises(AccessError):
            record.with_user(self.manager).read(["note"])
