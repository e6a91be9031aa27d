from odoo import http
from odoo.exceptions import UserError
from odoo.tests.common import HttpCase, tagged

from odoo.addons.pm_fees.tests.online_common import OnlinePayments

from .common import RenovationCase


@tagged("post_install", "-at_install")
class TestDepositOnline(OnlinePayments, RenovationCase, HttpCase):
    """Deposits paid online: booked once, and money that should not have come goes back to its payer."""

    def setUp(self):
        super().setUp()
        self.opener.cookies["frontend_lang"] = "en_US"

    def login(self, user):
        user.password = "portal-Pass-2026"
        self.env.flush_all()
        self.authenticate(user.login, "portal-Pass-2026")

    def transaction(self, deposit, reference, **values):
        return self.online_transaction(
            reference,
            **{
                "amount": deposit.amount,
                "currency_id": deposit.currency_id.id,
                "partner_id": deposit.partner_id.id,
                "pm_deposit_id": deposit.id,
                "pm_property_id": deposit.property_id.id,
                **values,
            },
        )

    def test_confirmed_payment_brings_the_case_on_and_is_booked_once(self):
        case = self.bring_to("agreement_signed")
        transaction = self.transaction(case.deposit_id, "REN-1")
        self.confirm(transaction)
        self.assertEqual((case.state, case.deposit_id.state), ("deposit_paid", "held"))
        payment = case.deposit_id.payment_id
        self.assertEqual((payment.source, payment.amount, payment.state), ("online", 3000.0, "posted"))
        self.assertTrue(payment.receipt_name)
        transaction.is_post_processed = False
        transaction.pm_payment_id = False
        transaction._post_process()
        self.assertEqual(transaction.pm_payment_id, payment)
        self.assertFalse(case.deposit_ids.filtered("is_surplus"))
        self.assertLedger()

    def test_paid_twice_online_goes_back_to_the_payer(self):
        case = self.bring_to("agreement_signed")
        deposit = case.deposit_id
        first, second = self.transaction(deposit, "REN-2"), self.transaction(deposit, "REN-3")
        self.confirm(first)
        self.confirm(second)
        surplus = case.deposit_ids.filtered("is_surplus")
        self.assertEqual((deposit.state, surplus.state, surplus.amount), ("held", "refund_requested", 3000.0))
        self.assertEqual((case.deposit_id, surplus.partner_id), (deposit, deposit.partner_id))
        self.assertLedger()
        told = self.env["pm.message"].search([("res_id", "=", case.id), ("key", "like", "/surplus/")])
        self.assertEqual(told.partner_id, deposit.partner_id)
        self.as_user(surplus, "cashier")._refund(self.method)
        self.assertEqual((case.state, deposit.state, surplus.state), ("deposit_paid", "held", "refunded"))
        self.assertLedger()

    def test_paid_at_the_counter_meanwhile(self):
        case = self.bring_to("agreement_signed")
        transaction = self.transaction(case.deposit_id, "REN-4")
        self.pay(case)
        self.confirm(transaction)
        self.assertEqual(case.deposit_ids.filtered("is_surplus").state, "refund_requested")
        self.assertLedger()

    def test_paid_after_the_case_was_cancelled(self):
        case = self.bring_to("agreement_signed")
        transaction = self.transaction(case.deposit_id, "REN-5")
        case._cancel("Plans changed")
        self.confirm(transaction)
        surplus = case.deposit_ids.filtered("is_surplus")
        self.assertEqual((case.state, surplus.state), ("cancelled", "refund_requested"))
        self.assertLedger()
        self.as_user(surplus, "cashier")._refund(self.method)
        self.assertLedger()

    def test_case_does_not_close_over_money_that_came_twice(self):
        case = self.bring_to("agreement_signed")
        transactions = [self.transaction(case.deposit_id, f"REN-6{n}") for n in (1, 2)]
        for transaction in transactions:
            self.confirm(transaction)
        self.bring_to("refunded", case)
        with self.assertRaisesRegex(UserError, "give the deposit back"):
            case.action_close()

    def test_failed_payment_books_nothing(self):
        case = self.bring_to("agreement_signed")
        for number, state in enumerate(("cancel", "error", "pending")):
            transaction = self.transaction(case.deposit_id, f"REN-7{number}")
            transaction._process("demo", {"reference": transaction.reference, "simulated_state": state})
            transaction._post_process()
        self.assertEqual(case.deposit_id.state, "due")
        with self.assertRaisesRegex(UserError, "being confirmed"):
            case.deposit_id._check_payable_online()

    def test_payer_orders_and_the_server_says_what_it_costs(self):
        case = self.bring_to("agreement_signed")
        self.login(self.portal_user)
        self.assertIn("Pay the deposit online", self.url_open(case.access_url).text)
        page = self.url_open(f"{case.access_url}/deposit")
        self.assertIn("3,000.00", page.text)
        answer = self.order_online(f"{case.access_url}/deposit/transaction", amount=0.01)
        self.assertNotIn("error", answer, answer)
        self.env.invalidate_all()
        transaction = self.env["payment.transaction"].search([("pm_deposit_id", "=", case.deposit_id.id)])
        self.assertEqual((transaction.amount, transaction.partner_id), (3000.0, self.owners[0]))

    def test_nobody_pays_or_sees_anothers_deposit(self):
        case = self.bring_to("agreement_signed")
        self.login(self.other_portal)
        self.assertEqual(self.url_open(f"{case.access_url}/deposit", allow_redirects=False).status_code, 303)
        self.assertIn("error", self.order_online(f"{case.access_url}/deposit/transaction"))
        self.assertFalse(self.env["payment.transaction"].search([("pm_deposit_id", "=", case.deposit_id.id)]))

    def test_payer_agrees_or_objects_in_the_portal(self):
        case = self.bring_to("accepted")
        agreed, contested = self.env["pm.deposit.deduction"].create(
            [
                {
                    "deposit_id": case.deposit_id.id,
                    "name": name,
                    "amount": amount,
                    "attachment_ids": self.file(name=f"{name}.png").ids,
                }
                for name, amount in (("Lift panel", 200.0), ("Door", 900.0))
            ]
        )
        self.login(self.portal_user)
        self.assertNotIn("Lift panel", self.url_open(case.access_url).text, "what is being prepared is not shown")
        (agreed | contested).action_propose()
        self.env.flush_all()
        self.assertIn("Lift panel", self.url_open(case.access_url).text)
        file = agreed.attachment_ids
        evidence = self.url_open(f"{case.access_url}/deduction/{agreed.id}/file/{file.id}")
        self.assertEqual(evidence.headers["Content-Disposition"].split(";")[0], "attachment")
        self.answer(case, agreed, "agree", name="")
        self.env.invalidate_all()
        self.assertEqual(agreed.state, "proposed")
        self.answer(case, agreed, "agree", name="Owner 1")
        self.answer(case, contested, "contest", reason="It was broken before")
        self.env.invalidate_all()
        self.assertEqual((agreed.state, agreed.agreed_by, agreed.agreed_online), ("agreed", "Owner 1", True))
        self.assertEqual((contested.state, contested.contest_reason), ("contested", "It was broken before"))
        self.assertIn("contests", case.activity_ids.mapped("summary")[-1])
        self.bring_to("refunded", case)
        self.assertEqual(case.deposit_id.refund_payment_id.amount, 2800.0)
        self.assertLedger()

    def test_nobody_answers_for_the_payer(self):
        case = self.bring_to("accepted")
        deduction = self.env["pm.deposit.deduction"].create(
            {
                "deposit_id": case.deposit_id.id,
                "name": "Door",
                "amount": 900.0,
                "attachment_ids": self.file().ids,
            }
        )
        deduction.action_propose()
        self.login(self.other_portal)
        self.answer(case, deduction, "agree", name="Somebody")
        url = f"{case.access_url}/deduction/{deduction.id}/file/{deduction.attachment_ids.id}"
        self.assertEqual(self.url_open(url, allow_redirects=False).status_code, 303)
        self.env.invalidate_all()
        self.assertEqual(deduction.state, "proposed")

    def answer(self, case, deduction, answer, **data):
        return self.url_open(
            f"{case.access_url}/deduction/{deduction.id}/{answer}",
            data={"csrf_token": http.Request.csrf_token(self), **data},
        )
