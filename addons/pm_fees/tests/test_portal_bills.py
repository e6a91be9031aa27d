import json

from freezegun import freeze_time
from odoo import http
from odoo.exceptions import AccessError
from odoo.tests.common import HttpCase, tagged

from .cashier_common import CashierCase
from .online_common import OnlinePayments


@tagged("post_install", "-at_install")
class TestPortalBills(OnlinePayments, CashierCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for user in (cls.portal_user, cls.other_portal):
            user.password = user.login

    def login(self, user):
        self.authenticate(user.login, user.login)

    def transaction(self, charges, **values):
        return self.online_transaction(
            f"PM-{charges[0].id}",
            amount=sum(charges.mapped("residual")),
            partner_id=self.owners[0].id,
            pm_charge_ids=charges.ids,
            **values,
        )

    def test_page_shows_own_charges_only(self):
        self.charge(amount=111.11)
        self.charge(unit=self.units[1], amount=222.22)
        self.login(self.portal_user)
        text = self.url_open("/my/bills").text
        self.assertIn("111.11", text)
        self.assertNotIn("222.22", text)

    def test_home_shows_the_sum_to_pay_of_the_own_household(self):
        own = self.charge(amount=111.11)
        self.charge(unit=self.units[1], amount=222.22)
        self.login(self.portal_user)
        self.assertIn("/my/bills", self.url_open("/my").text, "the card is there, whether or not something is owed")
        self.assertIn("111.11", self.make_counter("pm_bill_due"))
        self.pay((own, 111.11))
        self.assertFalse(self.make_counter("pm_bill_due"), "nothing owed, no alert")

    def make_counter(self, name):
        answer = self.url_open(
            "/my/counters",
            data=json.dumps({"params": {"counters": [name]}}),
            headers={"Content-Type": "application/json"},
        )
        return answer.json()["result"][name]

    def test_prepaid_money_is_shown_and_pays_open_bills_on_request(self):
        prepaid = self.pay(amount=150, allow_credit=True, unit_id=self.units[0].id)
        foreign = self.pay(amount=77.77, allow_credit=True, unit_id=self.units[1].id, partner_id=self.owners[1].id)
        self.login(self.portal_user)
        page = self.url_open("/my/bills").text
        self.assertIn("150.00", page)
        self.assertNotIn("77.77", page, "another household's money")
        self.assertNotIn("/my/bills/use-credit", page, "nothing is owed")
        own, other = self.charge(amount=100), self.charge(unit=self.units[1], amount=50)
        self.assertIn("/my/bills/use-credit", self.url_open("/my/bills").text)
        self.assertEqual(self.url_open("/my/bills/use-credit").status_code, 405, "a link does not move money")
        for _press in range(2):
            self.url_open("/my/bills/use-credit", data={"csrf_token": http.Request.csrf_token(self)})
        self.assertEqual((own.residual, other.residual), (0, 50))
        self.assertEqual((prepaid.line_ids.open_credit, foreign.line_ids.open_credit), (50, 77.77))
        self.assertIn("50.00", self.url_open("/my/bills").text)
        self.assert_books()

    def test_other_households_cannot_be_reached(self):
        foreign = self.charge(unit=self.units[1], amount=50)
        own = self.charge(amount=50)
        receipt = self.pay((self.charge(unit=self.units[1]), 100), date=None)
        self.login(self.portal_user)
        self.assertEqual(self.url_open(f"/my/bills/pay?charge_id={foreign.id}").status_code, 404)
        self.assertEqual(self.url_open(f"/my/bills/pay?charge_id={own.id}&charge_id={foreign.id}").status_code, 404)
        self.assertEqual(self.url_open(f"/my/receipts/{receipt.id}").status_code, 404)
        self.assertEqual(self.url_open(f"/my/bills/notice/{self.property.id}").status_code, 404)
        self.assertEqual(self.url_open(f"/my/bills/pay?charge_id={own.id}").status_code, 200)
        answer = self.order_online(f"/my/bills/transaction/{foreign.id}")
        self.assertIn("error", answer)
        with self.assertRaises(AccessError):
            receipt.with_user(self.portal_user).read(["amount"])

    def test_what_no_page_of_ours_sends_is_answered_and_no_error(self):
        self.charge(amount=50)
        self.login(self.portal_user)
        endless = "9" * 5000
        for path, status in (
            (f"/my/bills?page={endless}", 200),
            (f"/my/bills/pay?charge_id={endless}", 404),
            (f"/my/statement/{self.units[0].id}?year={endless}", 200),
            ("/my/bills?transaction=%00", 400),
        ):
            with self.subTest(path=path[:40]):
                self.assertEqual(self.url_open(path).status_code, status)
        form = {"csrf_token": http.Request.csrf_token(self), "unit_id": self.units[0].id, "plate": "B\0"}
        self.assertEqual(self.url_open("/my/parking/ask", data=form).status_code, 400)

    def test_visitors_are_sent_to_the_login(self):
        self.assertIn("/web/login", self.url_open("/my/bills").url)

    def test_amount_comes_from_the_charges_not_from_the_browser(self):
        charge = self.charge(amount=123.45)
        self.login(self.portal_user)
        answer = self.order_online(f"/my/bills/transaction/{charge.id}", amount=0.01)
        self.assertNotIn("error", answer, answer)
        transaction = self.env["payment.transaction"].search([("pm_charge_ids", "in", charge.ids)])
        self.assertEqual((transaction.amount, transaction.state), (123.45, "draft"))
        self.assertEqual(charge.residual, 123.45)

    def test_confirmed_payment_is_booked_once_however_often_it_is_confirmed(self):
        charges = self.charge(amount=100) | self.charge(amount=50, due="2025-12-10")
        transaction = self.transaction(charges)
        self.confirm(transaction)
        payment = transaction.pm_payment_id
        self.assertEqual(
            (payment.state, payment.source, payment.amount, payment.method_id.code), ("posted", "online", 150, "online")
        )
        self.assertEqual(set(charges.mapped("paid_state")), {"paid"})
        self.assertFalse(transaction.payment_id)
        self.confirm(transaction)
        transaction.is_post_processed = False
        transaction.pm_payment_id = False
        transaction._post_process()
        self.assertEqual(transaction.pm_payment_id, payment)
        self.assertEqual(self.env["pm.payment"].search_count([("partner_id", "=", self.owners[0].id)]), 1)
        self.assert_books()

    def test_money_for_what_was_paid_meanwhile_becomes_credit(self):
        charge = self.charge(amount=100)
        transaction = self.transaction(charge)
        with freeze_time("2026-01-20 02:00:00"):
            self.pay((charge, 100))
        self.confirm(transaction)
        self.assertEqual(transaction.pm_payment_id.credit_amount, 100)
        self.assert_books()

    def test_a_second_window_is_told_that_the_charges_are_paid(self):
        """Its page is older than the payment: it pays nothing, and says why instead of “not found”."""
        charges = self.charge(amount=100) | self.charge(amount=50)
        ids = ",".join(map(str, charges.ids))
        self.confirm(self.transaction(charges[0]))
        self.login(self.portal_user)
        answer = self.order_online(f"/my/bills/transaction/{ids}")
        self.assertIn("paid or changed", answer["error"]["data"]["message"])
        again = self.url_open(f"/my/bills/pay?charge_id={charges[0].id}&charge_id={charges[1].id}")
        self.assertIn("changed=1", again.url)
        self.assertIn("Please choose again", again.text)
        self.assertEqual(charges[1].residual, 50)

    def test_the_page_shows_what_is_kept_as_credit(self):
        self.login(self.portal_user)
        self.assertNotIn("has not been used yet", self.url_open("/my/bills").text)
        self.pay((self.charge(amount=100), 100), amount=123.45, allow_credit=True, date=None)
        self.pay((self.charge(unit=self.units[1]), 100), amount=177, allow_credit=True, date=None)
        text = self.url_open("/my/bills").text
        self.assertIn("23.45", text)
        self.assertNotIn("77.00", text, "the credit of another household")

    def test_failed_payment_books_nothing(self):
        charge = self.charge(amount=100)
        transaction = self.transaction(charge)
        for state in ("cancel", "error", "pending"):
            with self.subTest(state=state):
                transaction.state = "draft"
                transaction._process("demo", {"reference": transaction.reference, "simulated_state": state})
                transaction._post_process()
                self.assertFalse(transaction.pm_payment_id)
        self.assertEqual(charge.residual, 100)

    def test_receipt_and_standards_can_be_downloaded(self):
        payment = self.pay((self.charge(), 100), date=None)
        self.login(self.portal_user)
        response = self.url_open(f"/my/receipts/{payment.id}")
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertTrue(response.content.startswith(b"%PDF"))
        self.assertEqual(self.url_open("/my/fees").status_code, 200)
        self.assertTrue(self.url_open(f"/my/fees/{self.property.id}/pdf").content.startswith(b"%PDF"))
        self.assertEqual(self.url_open(f"/my/fees/{self.second_property.id}/pdf").status_code, 404)
