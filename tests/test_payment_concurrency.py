"""Two cashiers at the same moment, on real connections: nobody pays twice, and receipts have no holes."""

import threading
import time
from uuid import uuid4

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.service.model import retrying
from odoo.sql_db import db_connect
from odoo.tests.common import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestConcurrentPayments(BaseCase):
    """Commits to the throw-away test database and cleans up after itself."""

    def setUp(self):
        super().setUp()
        self.database = db_connect(get_db_name())
        self.context = {"tracking_disable": True}
        with self.database.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, self.context)
            prop = env["pm.property"].create({"name": "Pay race", "code": "PAYRACE"})
            prop._ensure_accounts()
            building = env["pm.building"].create({"name": "R", "code": "R", "property_id": prop.id})
            unit = env["pm.unit"].create({"code": "R-1", "property_id": prop.id, "building_id": building.id})
            partner = env["res.partner"].create({"name": "Pay race"})
            item = env["pm.fee.item"].create(
                {"code": "PAYRACE", "name": "Fee", "legal_basis": "-", "contract_reference": "-"}
            )
            charges = env["pm.charge"]._create_charges(
                [
                    {
                        "property_id": prop.id,
                        "unit_id": unit.id,
                        "partner_id": partner.id,
                        "item_id": item.id,
                        "kind": "opening",
                        "origin": f"race{number}",
                        "period_start": "2026-01-01",
                        "period_end": "2026-01-31",
                        "due_date": "2026-01-10",
                        "amount": 100,
                    }
                    for number in range(4)
                ]
            )
            charges._approve()
            charges._post()
            self.method = env["pm.payment.method"]._get(prop.company_id, "wechat").id
            env["pm.receipt.book"]._ensure_book(prop, "in")
            self.prop, self.unit, self.partner, self.item, self.charges = (
                prop.id,
                unit.id,
                partner.id,
                item.id,
                charges.ids,
            )
        self.addCleanup(self._clean)

    def _clean(self):
        with self.database.cursor() as cr:
            cr.execute("SELECT move_id FROM pm_payment WHERE property_id = %s", [self.prop])
            moves = {row[0] for row in cr.fetchall()}
            cr.execute(
                "SELECT item.move_id FROM pm_charge c JOIN account_move_line item ON item.id = c.move_line_id WHERE c.property_id = %s",
                [self.prop],
            )
            moves = tuple(moves | {row[0] for row in cr.fetchall()})
            cr.execute("DELETE FROM pm_refund WHERE property_id = %s", [self.prop])
            cr.execute("DELETE FROM pm_payment_line WHERE property_id = %s", [self.prop])
            cr.execute("DELETE FROM pm_payment WHERE property_id = %s", [self.prop])
            cr.execute("DELETE FROM pm_receipt_book WHERE property_id = %s", [self.prop])
            cr.execute("UPDATE pm_charge SET state = 'draft', move_line_id = NULL WHERE property_id = %s", [self.prop])
            cr.execute(
                "DELETE FROM account_partial_reconcile WHERE debit_move_id IN (SELECT id FROM account_move_line WHERE move_id IN %s)",
                [moves],
            )
            cr.execute("DELETE FROM account_move_line WHERE move_id IN %s", [moves])
            cr.execute("DELETE FROM account_move WHERE id IN %s", [moves])
            env = api.Environment(cr, SUPERUSER_ID, self.context)
            env["pm.charge"].browse(self.charges).unlink()
            env["pm.fee.item"].browse(self.item).unlink()
            env["pm.unit"].browse(self.unit).unlink()
            env["pm.property"].browse(self.prop).building_ids.unlink()
            env["pm.property"].browse(self.prop).unlink()
            env["res.partner"].browse(self.partner).unlink()

    def _pay(self, env, key, charge):
        return env["pm.payment"]._register_payment(
            {
                "request_key": key,
                "direction": "in",
                "property_id": self.prop,
                "partner_id": self.partner,
                "unit_id": self.unit,
                "method_id": self.method,
                "amount": 100,
                "lines": [{"charge_id": charge, "amount": 100}] if charge else [],
                "allow_credit": not charge,
            }
        )

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

    def _payments(self):
        with self.database.cursor() as cr:
            cr.execute("SELECT receipt_number FROM pm_payment WHERE property_id = %s ORDER BY 1", [self.prop])
            return [row[0] for row in cr.fetchall()]

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
