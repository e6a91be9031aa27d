from freezegun import freeze_time
from odoo.exceptions import UserError
from odoo.tests.common import Form, tagged

from .statement_common import StatementCase

_FORM = "account_reconcile_oca.bank_statement_line_form_reconcile_view"


@tagged("post_install", "-at_install")
@freeze_time("2026-01-20 02:00:00")
class TestReconcilePanes(StatementCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The screen sets this field when a line of the pane is clicked; a form of a test sets visible fields only.
        cls.env["ir.ui.view"].create(
            {
                "name": "test",
                "model": "account.bank.statement.line",
                "inherit_id": cls.env.ref(_FORM).id,
                "arch": """<data><field name="manual_reference" position="attributes">
                    <attribute name="invisible">0</attribute></field></data>""",
            }
        )

    def line(self, amount, name="某人", text="转账"):
        return self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.journal.id,
                "date": "2026-01-15",
                "amount": amount,
                "payment_ref": text,
                "partner_name": name,
            }
        )

    def pick(self, line, *items, partner=None):
        """Pick open items in the right-hand pane, as the screen does."""
        line = line.with_user(self.accountant)
        if partner:
            line.partner_id = partner
        with Form(line, view=_FORM) as form:
            for item in items:
                form.add_account_move_line_id = item.with_user(self.accountant)
        return line

    def name_account(self, line, account):
        """Put what is left on an account, on the page “Manual operation”."""
        line = line.with_user(self.accountant)
        [left] = [row for row in line.reconcile_data_info["data"] if row["kind"] == "suspense"]
        with Form(line, view=_FORM) as form:
            form.manual_reference = left["reference"]
            form.manual_account_id = account
        return line

    def items(self, charges):
        return charges.sudo().move_line_id

    def test_charges_picked_by_hand_are_paid_by_a_receipt(self):
        charges = self.charge(amount=100) | self.charge(unit=self.units[1], amount=50, partner=self.owners[0])
        line = self.pick(self.line(150), *self.items(charges))
        line.reconcile_bank_line()
        payment = line.pm_payment_ids
        self.assertEqual((payment.state, payment.partner_id, payment.amount), ("posted", self.owners[0], 150))
        self.assertTrue(payment.receipt_name)
        self.assertEqual((line.pm_match_state, line.is_reconciled), ("matched", True))
        self.assertEqual(set(charges.mapped("paid_state")), {"paid"})
        self.assert_books()

    def test_less_than_owed_pays_a_part(self):
        charge = self.charge(amount=100)
        line = self.pick(self.line(70), self.items(charge))
        line.reconcile_bank_line()
        self.assertEqual((charge.residual, line.pm_payment_ids.amount), (30, 70))
        self.assert_books()

    def test_more_than_owed_becomes_credit_of_the_payer(self):
        charge = self.charge(amount=100)
        line = self.pick(self.line(130), self.items(charge), partner=self.owners[0])
        line.reconcile_bank_line()
        self.assertEqual((charge.residual, line.pm_payment_ids.credit_amount), (0, 30))
        self.assert_books()

    def test_somebody_pays_for_several_households(self):
        charges = self.charge(amount=100) | self.charge(unit=self.units[1], amount=50)
        line = self.pick(self.line(150), *self.items(charges))
        with self.assertRaisesRegex(UserError, "choose above who has paid"):
            line.reconcile_bank_line()
        line.partner_id = self.owners[2]
        line = self.pick(self.line(150), *self.items(charges), partner=self.owners[2])
        line.reconcile_bank_line()
        self.assertEqual(line.pm_payment_ids.partner_id, self.owners[2])
        self.assertEqual(set(charges.mapped("residual")), {0})
        self.assert_books()

    def test_money_of_a_receipt_is_not_paid_a_second_time(self):
        payment = self.pay((self.charge(amount=100), 100), method="transfer")
        money = payment.sudo().move_id.line_ids.filtered(lambda item: item.balance > 0)
        line = self.pick(self.line(100), money)
        line.reconcile_bank_line()
        self.assertEqual((line.pm_match_state, line.pm_settled_payment_id), ("matched", payment))
        self.assertFalse(line.pm_payment_ids)
        line.unreconcile_bank_line()
        self.assertEqual((line.pm_match_state, line.is_reconciled, payment.state), ("unknown", False, "posted"))
        other = self.pick(self.line(90), money)
        with self.assertRaisesRegex(UserError, "cannot be the same money"):
            other.reconcile_bank_line()

    def test_taking_back_asks_for_the_reason_of_voiding_the_receipt(self):
        charge = self.charge(amount=100)
        line = self.pick(self.line(100), self.items(charge))
        line.reconcile_bank_line()
        action = line.unreconcile_bank_line()
        self.assertEqual((action["res_model"], charge.residual), ("pm.payment.reverse", 0))

    def test_money_that_is_no_fee_goes_to_the_account_the_accountant_names(self):
        interest = self.env["account.account"].search(
            [("account_type", "in", ("income", "income_other")), ("company_ids", "in", self.company.id)], limit=1
        )
        line = self.name_account(self.line(12.34, text="结息"), interest)
        line.reconcile_bank_line()
        self.assertEqual((line.is_reconciled, line.pm_match_state), (True, "ignored"))
        self.assertIn(interest, line.move_id.line_ids.account_id)
        line.unreconcile_bank_line()
        self.assertEqual((line.is_reconciled, line.pm_match_state), (False, "unknown"))

    def test_the_account_of_the_charges_is_not_booked_without_charges(self):
        line = self.name_account(self.line(12.34), self.property.receivable_account_id)
        with self.assertRaisesRegex(UserError, "pick the charges that are paid"):
            line.reconcile_bank_line()
        # With a payer it is a prepayment.
        line = self.line(500)
        line.partner_id = self.owners[0]
        line = self.name_account(line, self.property.receivable_account_id)
        line.reconcile_bank_line()
        self.assertEqual((line.pm_match_state, line.pm_payment_ids.credit_amount), ("matched", 500))
        self.assert_books()

    def test_proposals_stand_beside_the_panes_and_are_done_with_when_a_person_decides(self):
        charge = self.charge(amount=100)
        line = self.line(70, name="杨雨")
        line._pm_match()
        self.assertEqual((line.pm_match_state, line.pm_likely_payer_id), ("proposed", self.owners[0]))
        line = self.pick(line, self.items(charge))
        line.reconcile_bank_line()
        self.assertEqual(
            (line.pm_match_state, line.pm_proposal_ids.state, charge.residual), ("matched", "superseded", 30)
        )

    def test_the_panes_open_on_the_chosen_lines(self):
        lines = self.line(70) + self.line(80)
        action = lines.with_user(self.accountant).action_pm_reconcile()
        self.assertEqual(action["domain"], [("id", "in", lines.ids)])
        kinds = [kind for _view, kind in action["views"]]
        self.assertEqual(kinds[0], "kanban")
        for view, kind in action["views"]:
            self.env[action["res_model"]].with_user(self.accountant).get_view(view, kind)

    def test_the_panes_say_what_becomes_of_the_money_and_why_it_cannot_be_booked(self):
        own, other = self.charge(amount=100), self.charge(unit=self.units[1], amount=50)
        panes = lambda line: (line.can_reconcile, line.pm_pane_hint)  # noqa: E731
        self.assertEqual(panes(self.pick(self.line(100), self.items(own))), (True, False))
        possible, hint = panes(self.pick(self.line(130), self.items(own)))
        self.assertTrue(possible, "more than owed becomes credit of the only one who owes")
        self.assertRegex(hint, rf"30.00 is over .* credit of {own.partner_id.name}")
        possible, hint = panes(self.pick(self.line(150), self.items(own), self.items(other)))
        self.assertFalse(possible)
        self.assertIn("choose above who has paid", hint)
        possible, hint = panes(self.pick(self.line(160), self.items(own), self.items(other), partner=self.owners[2]))
        self.assertTrue(possible)
        self.assertIn(f"credit of {self.owners[2].name}", hint)
        possible, hint = panes(self.pick(self.line(100), self.items(own), self.items(other), partner=self.owners[0]))
        self.assertFalse(possible, "all the money was spent on the first, the second is paid by nothing")
        self.assertIn("50.00 more is picked", hint)
        self.assertIn("Nothing is picked", self.pick(self.line(70), partner=self.owners[0]).pm_pane_hint)

    def test_who_has_paid_is_named_above_the_panes(self):
        charges = self.charge(amount=100) | self.charge(unit=self.units[1], amount=50)
        line = self.pick(self.line(150), *self.items(charges))
        with Form(line, view=_FORM) as form:
            form.partner_id = self.owners[2]
            self.assertTrue(form.can_reconcile)
        self.assertEqual(line.reconcile_data_info["data"][0]["partner_id"][0], self.owners[2].id)
        line.reconcile_bank_line()
        self.assertEqual(line.pm_payment_ids.partner_id, self.owners[2])
        self.assert_books()

    def test_undone_and_done_again_in_the_panes(self):
        """The charges are open again and can be paid by others; the voided receipt keeps its number, the ledger its sum."""
        own, other = self.charge(amount=100), self.charge(unit=self.units[1], amount=100)
        line = self.pick(self.line(100), self.items(own))
        line.move_id.sudo().ref = "E2E-7"
        line.reconcile_bank_line()
        first = line.pm_payment_ids
        self.assertEqual(line.move_id.ref, f"E2E-7 · {first.receipt_name}")
        dialogue = line.unreconcile_bank_line()
        wizard = (
            self.env[dialogue["res_model"]]
            .with_user(self.accountant)
            .with_context(**dialogue["context"])
            .create({"reason": "wrong household"})
        )
        self.assertEqual(wizard.action_confirm()["tag"], "soft_reload", "the lines at the left are shown anew, too")
        self.assertEqual((own.residual, first.state, line.pm_match_state), (100, "reversed", "unknown"))
        self.assertEqual(line.move_id.ref, "E2E-7", "the bank's reference, without the number of a void receipt")
        self.assertEqual(
            line.move_id.line_ids.account_id, line.journal_id.default_account_id | line.journal_id.suspense_account_id
        )
        self.pick(line, self.items(other)).reconcile_bank_line()
        second = line.pm_payment_ids - first
        self.assertEqual((own.residual, other.residual, second.state), (100, 0, "posted"))
        self.assertEqual(second.receipt_number, first.receipt_number + 1)
        self.assert_books()
