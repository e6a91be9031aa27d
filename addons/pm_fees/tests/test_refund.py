from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation, UniqueViolation

from .common_settlement import SettlementCase


@tagged("post_install", "-at_install")
class TestRefund(SettlementCase):
    """Refunds: applied for, approved by amount, paid once to the original payer the way the money came (S4 ch.3 §5)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_october = cls.bill("2026-10-01")
        cls.charges = cls.of(cls, cls.run_october, cls.units[0])
        cls.payment = cls.receive(cls.units[0], cls.charges.amount_total + 100, cls.charges)

    def apply_for(self, payment=None, amount=100.0, **values):
        return (
            self.env["pm.refund"]
            .with_user(self.front_desk)
            .create(
                {
                    "payment_id": (payment or self.payment).id,
                    "amount": amount,
                    "reason": "Paid twice",
                    "receipt_returned": True,
                    **values,
                }
            )
        )

    def approved(self, *args, **values):
        refund = self.apply_for(*args, **values)
        refund.action_submit()
        refund.with_user(self.manager).action_approve()
        return refund

    def test_paid_back_to_the_payer_the_way_it_came(self):
        refund = self.approved()
        self.assertTrue(refund.name.startswith("TF/"))
        refund.with_user(self.cashier).action_pay()
        voucher = refund.refund_payment_id
        self.assertEqual(
            (voucher.direction, voucher.partner_id, voucher.method_id, voucher.amount, voucher.origin_payment_id),
            ("out", self.owners[0], self.payment.method_id, 100, self.payment),
        )
        self.assertTrue(voucher.receipt_name.startswith("TK-"))
        money = voucher.sudo().move_id.line_ids.filtered(
            lambda line: line.account_id == self.payment.method_id.sudo().account_id
        )
        self.assertEqual(money.balance, -100)
        self.assertEqual(self.credit_of(self.units[0]), 0)
        self.assertEqual(set(self.charges.mapped("paid_state")), {"paid"}, "nobody owes anything by a refund")
        self.assertLedgerMatches()

    def test_steps_belong_to_different_people(self):
        refund = self.apply_for()
        refund.action_submit()
        for user in self.users_of("front_desk", "cashier", "accountant"):
            with self.assertRaises(AccessError):
                refund.with_user(user).action_approve()
        with self.assertRaises(UserError):
            refund.with_user(self.cashier).action_pay()
        refund.with_user(self.supervisor).action_approve()
        for user in self.users_of("front_desk", "supervisor", "accountant", "leadership"):
            with self.assertRaises(AccessError):
                refund.with_user(user).action_pay()
        self.supervisor.group_ids += self.env.ref("pm_base.group_cashier")
        with self.assertRaisesRegex(AccessError, "You approved"):
            refund.with_user(self.supervisor).action_pay()

    def test_nobody_approves_his_own_application(self):
        refund = self.apply_for()
        refund.with_user(self.manager).action_submit()
        with self.assertRaisesRegex(AccessError, "yourself"):
            refund.with_user(self.manager).action_approve()

    def test_amount_decides_who_approves(self):
        self.assertEqual(
            {
                (level.amount_from, level.group_id)
                for level in self.env["pm.approval.level"].search([("purpose", "=", "refund")])
            },
            {
                (0, self.env.ref("pm_base.group_supervisor")),
                (1000, self.env.ref("pm_base.group_manager")),
                (10000, self.env.ref("pm_base.group_leadership")),
            },
        )
        self.env.ref("pm_fees.approval_refund_manager").amount_from = 100
        refund = self.apply_for()
        refund.action_submit()
        with self.assertRaises(AccessError):
            refund.with_user(self.supervisor).action_approve()
        refund.with_user(self.manager).action_approve()
        self.assertEqual((refund.state, refund.approved_by), ("approved", self.manager))

    def test_refused_with_a_reason_that_the_payer_is_told(self):
        refund = self.apply_for()
        refund.action_submit()
        action = refund.with_user(self.supervisor).action_refuse()
        form = Form(self.env[action["res_model"]].with_user(self.supervisor).with_context(**action["context"]))
        form.reason = "The bill of October is still in force"
        form.save().action_confirm()
        self.assertEqual((refund.state, refund.approved_by), ("refused", self.supervisor))
        message = self.env["pm.message"].search([("key", "=", f"refund-refused/{refund.id}")])
        self.assertEqual(message.partner_id, self.owners[0])
        self.assertIn("The bill of October is still in force", message.text)
        self.assertEqual(
            self.env["pm.refund"]._portal_offers([("partner_id", "=", self.owners[0].id)])[0]["available"], 100
        )

    def test_no_refusal_without_a_reason_or_by_whom_it_does_not_belong_to(self):
        refund = self.apply_for()
        refund.action_submit()
        with self.assertRaisesRegex(UserError, "give the reason"):
            refund.with_user(self.supervisor)._refuse("  ")
        with self.assertRaises(AccessError):
            refund.with_user(self.cashier)._refuse("no")
        with self.assertRaises(AccessError):
            refund.write({"refuse_reason": "no"})
        self.assertEqual((refund.state, refund.refuse_reason), ("submitted", False))

    def test_needs_the_original_receipt_or_papers(self):
        refund = self.apply_for(receipt_returned=False)
        with self.assertRaisesRegex(UserError, "original receipt"):
            refund.action_submit()
        refund.evidence_ids = self.env["ir.attachment"].with_user(self.front_desk).create({"name": "loss.pdf"})
        refund.action_submit()
        self.assertEqual(refund.state, "submitted")

    def test_never_more_than_the_receipt_has_left(self):
        with self.assertRaisesRegex(UserError, "100.00 left"):
            self.apply_for(amount=100.01).action_submit()

    def test_negative_amount_is_refused_by_the_database(self):
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.apply_for(amount=-5)

    def test_another_channel_only_by_transfer_with_a_reason(self):
        method = self.env["pm.payment.method"]._get
        for code, reason in (("cash", "wants cash"), ("transfer", " ")):
            with (
                self.subTest(code=code),
                self.assertRaisesRegex(ValidationError, "same way"),
                self.cr.savepoint(),
            ):
                self.apply_for(method_id=method(self.company, code).id, method_reason=reason)
        refund = self.apply_for(method_id=method(self.company, "transfer").id, method_reason="Wallet closed")
        self.assertEqual(refund.method_id.code, "transfer")

    def test_one_refund_of_a_receipt_at_a_time(self):
        self.apply_for()
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.apply_for()

    def test_decided_refund_does_not_change(self):
        refund = self.approved()
        with self.assertRaisesRegex(UserError, "decided"):
            refund.amount = 1
        with self.assertRaises(AccessError):
            refund.state = "paid"

    def test_paid_once_however_often_the_button_is_pressed(self):
        refund = self.approved()
        refund.with_user(self.cashier).action_pay()
        with self.assertRaises(UserError):
            refund.with_user(self.cashier).action_pay()
        self.assertEqual(self.env["pm.payment"].search_count([("origin_payment_id", "=", self.payment.id)]), 1)

    def test_credit_asked_back_pays_no_charge_meanwhile(self):
        refund = self.approved()
        november = self.of(self.bill("2026-11-01"), self.units[0])
        self.assertEqual(set(november.mapped("paid_state")), {"unpaid"})
        with self.assertRaisesRegex(UserError, "no credit"):
            self.env["pm.payment"].with_user(self.cashier).counter_use_credit(
                self.units[0].id, self.owners[0].id, november.ids
            )
        refund.action_cancel()
        self.env["pm.payment"].with_user(self.cashier).counter_use_credit(
            self.units[0].id, self.owners[0].id, november.ids
        )
        self.assertEqual(self.credit_of(self.units[0]), 0)

    def test_money_of_a_reversed_charge_can_be_refunded(self):
        payment = self.receive(self.units[1], 40, self.of(self.run_october, self.units[1]))
        with self.assertRaises(UserError):
            self.approved(payment, 40)
        self.of(self.run_october, self.units[1]).with_user(self.accountant)._reverse("our_error")
        self.env["pm.refund"].search([("payment_id", "=", payment.id)]).with_user(self.front_desk).action_cancel()
        self.approved(payment, 40).with_user(self.cashier).action_pay()
        self.assertEqual(self.credit_of(self.units[1]), 0)
        self.assertLedgerMatches()

    def test_cash_goes_out_of_the_cashiers_own_drawer(self):
        payment = self.receive(self.units[1], 500, method="cash")
        session = payment.session_id
        refund = self.approved(payment, 500)
        refund.with_user(self.cashier).action_pay()
        self.assertEqual((refund.refund_payment_id.session_id, session.expected_amount), (session, 0))
        other = self.approved(self.receive(self.units[2], 50, method="cash"), 50)
        second = self.cashier.copy({"login": "pm_cashier_two"})
        second.pm_property_ids = self.property
        with self.assertRaisesRegex(UserError, "drawer"):
            other.with_user(second).action_pay()

    def test_voided_voucher_takes_the_refund_back(self):
        refund = self.approved()
        refund.with_user(self.cashier).action_pay()
        with self.assertRaisesRegex(UserError, "void the refund first"):
            self.payment.with_user(self.accountant)._reverse("wrong")
        refund.refund_payment_id.with_user(self.accountant)._reverse("transfer came back")
        self.assertEqual(refund.state, "reversed")
        self.assertEqual(self.credit_of(self.units[0]), 100)
        self.assertLedgerMatches()
        self.approved()

    def test_form_proposes_what_is_left(self):
        action = self.payment.with_user(self.front_desk).action_refund()
        form = Form(self.env["pm.refund"].with_user(self.front_desk).with_context(**action["context"]))
        self.assertEqual((form.amount, form.unit_id, form.method_id), (100, self.units[0], self.payment.method_id))

    def test_receipt_shows_the_refund_that_is_under_way(self):
        refund = self.apply_for()
        self.assertEqual(self.payment.with_user(self.front_desk).action_refund().get("res_id"), refund.id)
        refund.action_cancel()
        self.assertNotIn("res_id", self.payment.with_user(self.front_desk).action_refund())

    def test_empty_form_opens_before_a_receipt_is_chosen(self):
        with Form(self.env["pm.refund"].with_user(self.front_desk)) as form:
            self.assertFalse(form.level_id)
            form.payment_id = self.payment
            self.assertEqual((form.amount, form.level_id.group_id), (100, self.env.ref("pm_base.group_supervisor")))
            form.reason = "Paid twice"

    def test_application_and_voucher_print(self):
        refund = self.approved()
        refund.with_user(self.cashier).action_pay()
        document = self.env["pm.document"].sudo()
        self.assertTrue(document._pdf("pm_fees.refund", refund).startswith(b"%PDF"))
        self.assertTrue(document._pdf("pm_fees.receipt", refund.refund_payment_id).startswith(b"%PDF"))
