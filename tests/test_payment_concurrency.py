"""Two cashiers at the same moment, on real connections: nobody pays twice, and receipts have no holes."""

import threading
import time
from uuid import uuid4

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.service.model import retrying
from odoo.tests.common import BaseCase, tagged
from odoo.tools import mute_logger
from paying_property import PayingProperty


@tagged("post_install", "-at_install")
class TestConcurrentPayments(PayingProperty, BaseCase):
    def _race(self, requests, work=None):
        """Run the requests in sessions that all began before the first one commits, as the server does: with repetition.

        :param work: what a session does with a request, returning a pm.payment; by default it pays a charge
        """
        started = threading.Barrier(len(requests), timeout=30)
        results = []

        def session(*request):
            with self.database.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, self.context)
                waited = []

                def book():
                    env["pm.charge"].browse(self.charges).read(["residual"])  # takes the transaction's snapshot
                    if not waited:
                        waited.append(started.wait())
                    payment = (work or self._pay)(env, *request)
                    time.sleep(0.1)
                    return payment.receipt_number

                try:
                    results.append(retrying(book, env))
                except UserError as error:
                    cr.rollback()
                    results.append(str(error))

        threads = [threading.Thread(target=session, args=request) for request in requests]
        with mute_logger("odoo.sql_db", "odoo.service.model"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        return results

    def test_a_repeated_request_books_once_and_both_get_the_receipt(self):
        key = uuid4().hex
        self.assertEqual(self._race([(key, self.charges[0])] * 2), [1, 1])
        self.assertEqual(self._payments(), [1])

    def test_two_cashiers_never_pay_one_charge_twice(self):
        results = self._race([(uuid4().hex, self.charges[1]), (uuid4().hex, self.charges[1])])
        self.assertIn(1, results)
        self.assertTrue(any("paid in the meantime" in str(result) for result in results), results)
        self.assertEqual(self._payments(), [1])

    def test_receipts_of_one_moment_have_no_holes(self):
        results = self._race([(uuid4().hex, charge) for charge in self.charges[2:]])
        self.assertEqual(sorted(results), [1, 2])
        self.assertEqual(self._payments(), [1, 2])

    def test_the_first_cash_of_a_day_from_two_windows_opens_one_session(self):
        with self.database.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, self.context)
            self.method = env["pm.payment.method"]._get(env["pm.property"].browse(self.prop).company_id, "cash").id
        results = self._race([(uuid4().hex, charge) for charge in self.charges[:2]])
        self.assertEqual(sorted(results), [1, 2])
        with self.database.cursor() as cr:
            cr.execute("SELECT count(DISTINCT session_id) FROM pm_payment WHERE property_id = %s", [self.prop])
            self.assertEqual(cr.fetchone(), (1,))

    def test_two_clerks_pay_a_refund_out_once(self):
        with self.database.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, self.context)
            payment = self._pay(env, uuid4().hex, None)
            refund = env["pm.refund"].create(
                {"payment_id": payment.id, "amount": 100, "reason": "twice", "receipt_returned": True}
            )
            refund.action_submit()
            refund._transition("approved")
            env["pm.receipt.book"]._ensure_book(env["pm.property"].browse(self.prop), "out")

        def pay_out(env):
            record = env["pm.refund"].browse(refund.id)
            record.action_pay()
            return record.refund_payment_id

        results = self._race([(), ()], pay_out)
        self.assertIn(1, results)
        self.assertTrue(any("must be approved" in str(result) for result in results), results)
        with self.database.cursor() as cr:
            cr.execute("SELECT count(*) FROM pm_payment WHERE origin_payment_id = %s", [payment.id])
            self.assertEqual(cr.fetchone(), (1,))
