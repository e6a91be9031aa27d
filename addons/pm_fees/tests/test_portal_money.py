import io
from datetime import datetime, timedelta

from freezegun import freeze_time
from odoo import http
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests.common import tagged
from pypdf import PdfReader

from .cashier_common import CashierCase
from .online_common import OnlinePayments
from .portal_common import PortalCase


class MoneyPortalCase(OnlinePayments, PortalCase):
    def begin(self, charge):
        """The customer presses Pay: a transaction is made over HTTP."""
        self.login(self.portal_user)
        answer = self.order_online(f"/my/bills/transaction/{charge.id}")
        self.assertNotIn("error", answer)
        return self.env["payment.transaction"].search([("pm_charge_ids", "in", charge.ids)], order="id desc", limit=1)

    def browser_returns(self, transaction):
        """What the browser does after paying: the status page asks, the server books, the bills follow."""
        self.url_open("/payment/status")
        self.jsonrpc("/payment/status/poll")
        return self.url_open(transaction.landing_route).text

    def job(self):
        """The server's own job, for those whose browser never came back."""
        # The job leaves what is younger than ten minutes to the browser, and commits after each.
        with freeze_time(datetime.now() + timedelta(hours=1)), self.enter_registry_test_mode():
            self.env.ref("payment.cron_post_process_payment_tx").method_direct_trigger()
        self.env.invalidate_all()

    def payments(self):
        return self.env["pm.payment"].search([("partner_id", "=", self.owners[0].id)])


@tagged("post_install", "-at_install")
class TestProviderMessages(MoneyPortalCase):
    """The provider's message may come twice, late, before the browser, or never: it is booked once, and nothing is lost."""

    def test_message_before_the_browser_returns(self):
        charge = self.charge(amount=100)
        transaction = self.begin(charge)
        self.webhook(transaction)
        text = self.browser_returns(transaction)
        self.assertIn("Your payment has been received", text)
        self.assertIn(self.payments().receipt_name, text)
        self.assertEqual((charge.paid_state, len(self.payments())), ("paid", 1))
        self.assert_books()

    def test_message_comes_twice(self):
        charge = self.charge(amount=100)
        transaction = self.begin(charge)
        self.webhook(transaction)
        self.browser_returns(transaction)
        self.webhook(transaction)
        self.browser_returns(transaction)
        self.job()
        self.assertEqual((len(self.payments()), self.payments().amount), (1, 100))
        self.assert_books()

    def test_message_comes_late_after_the_browser(self):
        charge = self.charge(amount=100)
        transaction = self.begin(charge)
        self.webhook(transaction, "pending")
        self.assertIn("being confirmed", self.browser_returns(transaction))
        self.assertIn("payment being confirmed", self.url_open("/my/bills").text)
        self.assertIn("kept as your credit", self.url_open(f"/my/bills/pay?charge_id={charge.id}").text)
        self.assertFalse(self.payments())
        self.webhook(transaction)
        self.assertIn("Your payment has been received", self.browser_returns(transaction))
        self.assertEqual(charge.paid_state, "paid")

    def test_browser_never_returns_and_the_job_books(self):
        charge = self.charge(amount=100)
        transaction = self.begin(charge)
        self.webhook(transaction)
        self.assertFalse(self.payments(), "the message itself is answered at once")
        self.job()
        self.assertEqual((charge.paid_state, len(self.payments())), ("paid", 1))

    def test_message_never_comes(self):
        charge = self.charge(amount=100)
        transaction = self.begin(charge)
        text = self.url_open(transaction.landing_route).text
        self.assertIn("do not pay again", text)
        self.assertFalse(self.payments())
        self.assertEqual(charge.residual, 100)

    def test_refund_goes_back_through_the_provider_once(self):
        charge = self.charge(amount=100)
        transaction = self.begin(charge)
        self.webhook(transaction)
        self.browser_returns(transaction)
        charge.with_user(self.accountant)._reverse("our_error")
        refund = (
            self.env["pm.refund"]
            .with_user(self.front_desk)
            .create({"payment_id": self.payments().id, "amount": 100, "reason": "Billed twice"})
        )
        refund.action_submit()  # an online receipt was never on paper
        refund.with_user(self.manager).action_approve()
        refund.with_user(self.cashier).action_pay()
        self.assertEqual(refund.state, "paid")
        self.assertEqual(refund.transaction_id.amount, -100)
        self.assertEqual((refund.refund_payment_id.source, refund.refund_payment_id.amount), ("online", 100))
        self.webhook(refund.transaction_id)
        self.assertEqual(len(self.payments().filtered(lambda payment: payment.direction == "out")), 1)
        self.login(self.portal_user)
        self.assertIn(refund.refund_payment_id.receipt_name, self.url_open("/my/bills").text)


@tagged("post_install", "-at_install")
class TestStatement(MoneyPortalCase):
    def test_statement_of_ones_own_account_only(self):
        self.charge(amount=111)
        self.charge(unit=self.units[1], amount=222)
        # a former payer of the same unit: his successor's rows stay hidden
        self.charge(amount=333, partner=self.owners[2])
        self.env.flush_all()
        self.login(self.portal_user)
        self.assertIn(f"/my/statement/{self.units[0].id}", self.url_open("/my/bills").text)
        answer = self.url_open(f"/my/statement/{self.units[0].id}")
        self.assertEqual(answer.headers["Content-Type"], "application/pdf")
        self.assertTrue(answer.content.startswith(b"%PDF"))
        self.assertEqual(self.url_open(f"/my/statement/{self.units[1].id}").status_code, 404)
        self.assertEqual(self.url_open(f"/my/statement/{self.units[0].id}?year=x").status_code, 200)
        statement = self.env["pm.unit.ledger.print"].create(
            {"unit_ids": self.units[0].ids, "partner_ids": self.owners[0].ids, "date_from": "2020-01-01"}
        )
        ledger = statement._ledger(self.units[0])
        self.assertEqual((ledger["closing"], list(ledger["balances"].values())), (111, [111]))


@tagged("post_install", "-at_install")
class TestInvoiceRequest(MoneyPortalCase):
    """A company asks for an invoice; the accountant issues it; the books hold income, tax and receivable once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owners[0].is_company = True
        tax = cls.env["account.tax"].create(
            {"name": "6 %", "amount": 6, "type_tax_use": "sale", "company_id": cls.company.id}
        )
        cls.taxed = cls.item.copy({"code": "TAX", "name": "Property fee"})
        cls.taxed.product_id.taxes_id = tax
        cls.company.vat = "91440300MAXX99983B"
        cls.charges = cls.env["pm.charge"]._create_charges(
            [
                {
                    "property_id": cls.property.id,
                    "unit_id": cls.units[0].id,
                    "partner_id": cls.owners[0].id,
                    "item_id": cls.taxed.id,
                    "kind": "adjustment",
                    "origin": str(amount),
                    "period_start": "2026-01-01",
                    "period_end": "2026-01-31",
                    "due_date": "2026-01-31",
                    "amount": amount,
                }
                for amount in (33.33, 44.44, 55.55)
            ]
        )
        cls.charges._approve()
        cls.charges._post()

    def ask(self, charges, **values):
        self.login(self.portal_user)
        page = self.url_open("/my/bills/invoices").text
        self.assertIn("Ask for an Invoice", page)
        return self.url_open(
            "/my/bills/invoices/ask",
            data={
                "csrf_token": self.csrf_token(),
                "charge_id": charges.ids,
                "title": "Bright Ltd",
                "tax_number": "91440300MA5 XXXX",
                **values,
            },
        )

    def csrf_token(self):
        return http.Request.csrf_token(self)

    def request_for(self, charges):
        return self.env["pm.invoice.request"]._ask(charges, "Bright Ltd", "91440300MA5XXXX")

    def balances(self):
        self.env.flush_all()
        return {
            account.code: round(balance, 2)
            for account, balance in self.env["account.move.line"]._read_group(
                [("parent_state", "=", "posted"), ("company_id", "=", self.company.id)], ["account_id"], ["balance:sum"]
            )
            if round(balance, 2)
        }

    def test_issued_invoice_takes_the_place_of_the_set_in_the_books(self):
        before = self.balances()
        request = self.request_for(self.charges)
        with self.assertRaises(AccessError):
            request.with_user(self.cashier).action_issue()
        request.with_user(self.accountant).action_issue()
        invoice = request.invoice_id
        self.assertEqual(
            (invoice.state, invoice.move_type, invoice.partner_id), ("posted", "out_invoice", self.owners[0])
        )
        self.assertEqual(invoice.amount_total, sum(self.charges.mapped("amount_total")))
        self.assertEqual(invoice.amount_tax, sum(self.charges.mapped("amount_tax")))
        self.assertEqual(self.balances(), before, "income, tax and receivable stand there once")
        self.assertEqual(set(self.charges.mapped("paid_state")), {"unpaid"}, "an invoice is no payment")
        self.pay((self.charges[0], self.charges[0].residual), date=None)
        self.assertEqual(self.charges[0].paid_state, "paid")

    def test_no_invoice_without_the_seller_s_tax_number(self):
        self.company.vat = False
        request = self.request_for(self.charges)
        with self.assertRaisesRegex(UserError, "tax number"):
            request.with_user(self.accountant).action_issue()
        self.assertFalse(request.invoice_id)

    def test_invoiced_charge_is_reversed_only_after_the_invoice(self):
        before = self.balances()
        request = self.request_for(self.charges)
        request.with_user(self.accountant).action_issue()
        with self.assertRaisesRegex(UserError, "take the invoice back"):
            self.charges[0]._reverse("our_error")
        request.with_user(self.accountant).action_take_back()
        self.assertEqual(self.balances(), before)
        self.assertFalse(self.charges.invoice_request_id)
        self.charges[0]._reverse("our_error")

    def test_asked_once_for_a_charge(self):
        self.request_for(self.charges[0])
        with self.assertRaises(ValidationError):
            self.request_for(self.charges)

    def test_what_cannot_be_invoiced(self):
        opening = self.charge(amount=10)
        with self.assertRaises(ValidationError):
            self.request_for(opening)
        for title, number in (("", "91"), ("Bright", ""), ("Bright", "91;DROP"), ("Bright", "123")):
            with self.subTest(title=title, number=number), self.assertRaises(ValidationError), self.cr.savepoint():
                self.env["pm.invoice.request"]._ask(self.charges, title, number)

    def test_refused_request_gives_the_charges_free(self):
        request = self.request_for(self.charges).with_user(self.accountant)
        with self.assertRaises(UserError):
            request.action_refuse()
        request.refuse_reason = "The tax number is not yours"
        asked_for = sum(self.charges.mapped("amount_total"))
        request.action_refuse()
        self.assertFalse(self.charges.invoice_request_id)
        self.assertEqual(request.amount_total, asked_for, "it still says what was refused")
        told = self.env["pm.message"].search([("key", "=", f"invoice-refused/{request.id}")])
        self.assertIn("The tax number is not yours", f"{told.body} {told.text}")

    def test_company_asks_in_the_portal(self):
        self.login(self.portal_user)
        answer = self.ask(self.charges[:2])
        self.assertEqual(answer.status_code, 200)
        request = self.env["pm.invoice.request"].search([("partner_id", "=", self.owners[0].id)])
        self.assertEqual((request.charge_ids, request.tax_number), (self.charges[:2], "91440300MA5XXXX"))
        self.assertTrue(request.activity_ids, "the accountant is told")
        path = f"/my/bills/invoices/{request.id}"
        self.assertEqual(self.url_open(path).status_code, 404, "not issued yet")
        request.with_user(self.accountant).action_issue()
        told = self.env["pm.message"].search([("key", "=", f"invoice-issued/{request.id}")])
        self.assertEqual(told.partner_id, self.portal_user.partner_id)
        self.assertIn(request.invoice_id.name, f"{told.subject} {told.text}")
        page = self.url_open("/my/bills/invoices").text
        self.assertIn(request.invoice_id.name, page)
        self.assertIn(path, page)
        pdf = self.url_open(path)
        self.assertEqual(pdf.headers["Content-Type"], "application/pdf")
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages)
        for expected in (request.invoice_id.name, "Bright Ltd", "91440300MA5XXXX", "2026-01"):
            self.assertIn(expected, text)
        self.login(self.other_portal)
        self.assertEqual(self.url_open(path).status_code, 404, "another household's")

    def test_nobody_asks_for_another_household(self):
        foreign = self.charge(unit=self.units[1], amount=50)
        self.assertEqual(self.ask(foreign).status_code, 404)
        self.login(self.other_portal)
        self.assertEqual(self.url_open("/my/bills/invoices").status_code, 404, "not a company")


@tagged("post_install", "-at_install")
class TestCounterHints(CashierCase):
    """The service counter tells of overdue money those who may see charges, and holds nothing back for it (L-02, L-03)."""

    def test_overdue_is_hinted_to_those_who_may_see_charges(self):
        self.charge(amount=80, due="2026-01-10")
        counter = self.env["pm.counter"]
        hint = counter.with_user(self.front_desk)._get_hints(self.units[0])
        self.assertIn("80.00", hint[-1]["text"])
        self.assertNotIn("80.00", str(counter.with_user(self.technician)._get_hints(self.units[0])))
        self.assertNotIn("Overdue", str(counter.with_user(self.front_desk)._get_hints(self.units[1])))

    def test_cashier_goes_on_to_the_payment(self):
        links = self.env["pm.counter"].with_user(self.cashier)._get_links(self.units[0])
        self.assertEqual((links[-1]["tag"], links[-1]["params"]), ("pm_fees.counter", {"unit_id": self.units[0].id}))
        self.assertNotIn(
            "pm_fees.counter", str(self.env["pm.counter"].with_user(self.technician)._get_links(self.units[0]))
        )

    def test_payment_counter_finds_by_what_a_person_says(self):
        self.owners[0].write({"pm_plate": "粤B12345"})
        search = self.env["pm.payment"].with_user(self.cashier).counter_search
        self.env.flush_all()
        for text in ("A-101", "Owner 1", "粤B12345", "19900000001", "owner1@owners"):
            with self.subTest(text=text):
                self.assertIn(self.units[0].id, [row["id"] for row in search(text)])
