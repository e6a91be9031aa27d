import base64

from odoo import http
from odoo.tests.common import tagged

from .portal_common import PortalCase

_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install")
class TestPortalRefund(PortalCase):
    """The payer applies for a refund in the portal; it goes the way of every refund, and nobody reaches another's money."""

    def setUp(self):
        super().setUp()
        self.payment = self.pay((self.charge(amount=100), 100), amount=150, allow_credit=True)
        self.key = f"{self.payment.id}-{self.units[0].id}"

    def apply(self, user=None, photo=True, **values):
        self.login(user or self.portal_user)
        return self.url_open(
            "/my/bills/refunds/apply",
            data={
                "csrf_token": http.Request.csrf_token(self),
                "offer": self.key,
                "amount": "",
                "reason": "paid too much",
                **values,
            },
            files=[("files", ("receipt.png", _PIXEL, "image/png"))] if photo else [("none", ("", b"", ""))],
        )

    def refunds(self):
        return self.env["pm.refund"].search([("payment_id", "=", self.payment.id)])

    def test_applied_for_with_photo_and_reason_it_waits_for_approval(self):
        answer = self.apply()
        refund = self.refunds()
        self.assertEqual(
            (refund.state, refund.amount, refund.author_id, refund.from_portal),
            ("submitted", 50, self.portal_user, True),
        )
        self.assertEqual(refund.evidence_ids.mapped("name"), ["receipt.png"])
        self.assertEqual(refund.evidence_ids.res_id, refund.id)
        self.assertIn(refund.name, answer.text)
        refund.with_user(self.supervisor).action_approve()
        self.open_drawer_and_pay(refund)
        self.assertEqual(refund.refund_payment_id.partner_id, self.owners[0])
        self.assert_books()

    def test_refused_the_reason_stands_beside_it(self):
        self.apply()
        self.refunds().with_user(self.supervisor)._refuse("The bill <b>stands</b>")
        self.login(self.portal_user)
        self.assertIn("The bill &lt;b&gt;stands&lt;/b&gt;", self.url_open("/my/bills/refunds").text)

    def open_drawer_and_pay(self, refund):
        self.pay((self.charge(amount=80), 80), date=None)  # cash in the drawer
        refund.with_user(self.cashier).action_pay()

    def test_what_is_missing_is_said_and_what_was_typed_is_kept(self):
        for values, words in (
            ({"photo": False}, "photo of receipt"),
            ({"reason": " "}, "why the money"),
            ({"amount": "many"}, "is no amount"),
            ({"amount": "-5"}, "is no amount"),
            ({"amount": "1e999"}, "is no amount"),
            ({"amount": "10.001"}, "is no amount"),
            ({"amount": "50.01"}, "left that can be refunded"),
        ):
            with self.subTest(values=values):
                text = self.apply(**values).text
                self.assertIn(words, text)
                self.assertFalse(self.refunds())
        self.assertIn('value="50.01"', text)

    def test_asked_for_once_and_withdrawn_by_whom_it_is(self):
        self.apply(amount="20")
        self.assertEqual(self.apply(amount="20").status_code, 404, "a refund of this receipt is under way")
        refund = self.refunds()
        self.assertEqual(len(refund), 1)
        token = {"csrf_token": http.Request.csrf_token(self)}
        self.login(self.other_portal)
        foreign = {"csrf_token": http.Request.csrf_token(self)}
        self.assertEqual(self.url_open(f"/my/bills/refunds/{refund.id}/cancel", data=foreign).status_code, 404)
        self.login(self.portal_user)
        token = {"csrf_token": http.Request.csrf_token(self)}
        self.url_open(f"/my/bills/refunds/{refund.id}/cancel", data=token)
        self.assertEqual(refund.state, "cancelled")
        self.apply()
        self.assertEqual(len(self.refunds()), 2)

    def test_nobody_reaches_the_money_of_another_household(self):
        self.assertEqual(self.apply(user=self.other_portal).status_code, 404)
        for key in ("", "0-0", f"{self.payment.id}", f"{self.payment.id}-0", f"{self.payment.id}-{self.units[1].id}"):
            with self.subTest(key=key):
                self.assertEqual(self.apply(offer=key).status_code, 404)
        self.assertFalse(self.refunds())
        self.login(self.other_portal)
        text = self.url_open("/my/bills/refunds").text
        self.assertNotIn(self.payment.receipt_name, text)

    def test_who_paid_is_asked_not_whose_bill_it_was(self):
        """The owner's bill paid by a relative: the money goes back to the relative only."""
        relative = self.env["res.partner"].create({"name": "Relative"})
        payment = self.pay((self.charge(amount=10), 10), amount=40, allow_credit=True, partner_id=relative.id)
        self.key = f"{payment.id}-{self.units[0].id}"
        self.assertEqual(self.apply().status_code, 404)

    def test_without_money_left_there_is_nothing_to_apply_for(self):
        self.login(self.other_portal)
        self.assertIn("None of your receipts has money left", self.url_open("/my/bills/refunds").text)

    def test_a_forged_form_is_refused(self):
        self.login(self.portal_user)
        answer = self.url_open("/my/bills/refunds/apply", data={"offer": self.key, "reason": "r"})
        self.assertEqual(answer.status_code, 400)
        self.assertFalse(self.refunds())
