"""Two clerks in the same second and a kill, on real connections: a deposit is refunded once, a patrol planned once."""

import os
import signal
import threading

import psycopg2
from odoo import SUPERUSER_ID, api, fields, sql_db
from odoo.exceptions import UserError
from odoo.sql_db import db_connect
from odoo.tests.common import BaseCase, get_db_name, tagged
from odoo.tools import SQL, mute_logger

from .common import PNG


@tagged("post_install", "-at_install")
class TestTwoClerks(BaseCase):
    """Commits to the throw-away test database and cleans up after itself."""

    def setUp(self):
        super().setUp()
        self.database = db_connect(get_db_name())
        with self.database.cursor() as cr:
            env = self._env(cr)
            prop = env["pm.property"].create(
                {
                    "name": "Clerks",
                    "code": "CLK",
                    "renovation_deposit_amount": 1000.0,
                    "renovation_deposit_method": "fixed",
                }
            )
            building = env["pm.building"].create({"name": "C", "code": "C", "property_id": prop.id})
            unit = env["pm.unit"].create({"code": "C-1", "property_id": prop.id, "building_id": building.id})
            owner = env["res.partner"].create({"name": "Clerk's Owner"})
            env["pm.unit.party"].create(
                {"unit_id": unit.id, "partner_id": owner.id, "role": "owner", "date_from": "2024-01-01"}
            )
            prop._ensure_accounts()
            env["pm.payment.method"]._ensure_methods()
            method = env["pm.payment.method"]._get(prop.company_id, "transfer")
            today = prop._today()
            case = env["pm.renovation"].create(
                {
                    "unit_id": unit.id,
                    "applicant_id": owner.id,
                    "date_start": today,
                    "date_end": fields.Date.add(today, days=9),
                    "work_ids": [fields.Command.create({"type_id": env.ref("pm_renovation.work_decoration").id})],
                    "rules_read": True,
                    "agreement_attachment_ids": [fields.Command.create({"name": "signed.png", "raw": PNG})],
                }
            )
            case.paper_ids.on_paper = True
            case.action_submit()
            case.paper_ids.action_accept()
            for review in case.review_ids:
                review.action_all_ok()
                review.action_pass()
            case.action_approve()
            case.action_sign_agreement()
            case.deposit_id._receive(method)
            case.action_issue_permit()
            case.action_start()
            self.property, self.case, self.deposit, self.method = prop.id, case.id, case.deposit_id.id, method.id
        self.addCleanup(self._clean)

    def _env(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True, "mail_create_nolog": True})

    def _clean(self):
        with self.database.cursor() as cr:
            env = self._env(cr)
            payments = env["pm.payment"].search([("property_id", "=", self.property)])
            moves = payments.move_id
            statements = [
                SQL("DELETE FROM pm_deadline WHERE property_id = %s", self.property),
                SQL("DELETE FROM pm_message WHERE property_id = %s", self.property),
                SQL("DELETE FROM pm_renovation_log WHERE property_id = %s", self.property),
                SQL("DELETE FROM pm_unit_file WHERE property_id = %s", self.property),
                SQL("DELETE FROM pm_renovation_check WHERE property_id = %s", self.property),
                SQL("DELETE FROM pm_renovation_inspection WHERE property_id = %s", self.property),
                SQL("UPDATE pm_renovation SET deposit_id = NULL WHERE property_id = %s", self.property),
                SQL("DELETE FROM pm_deposit WHERE property_id = %s", self.property),
                SQL("DELETE FROM pm_renovation WHERE property_id = %s", self.property),
                SQL("DELETE FROM pm_payment_line WHERE payment_id IN %s", payments._ids or (0,)),
                SQL("UPDATE pm_payment SET origin_payment_id = NULL WHERE id IN %s", payments._ids or (0,)),
                SQL("DELETE FROM pm_payment WHERE id IN %s", payments._ids or (0,)),
                SQL("DELETE FROM pm_receipt_book WHERE property_id = %s", self.property),
                SQL("DELETE FROM account_move_line WHERE move_id IN %s", moves._ids or (0,)),
                SQL("DELETE FROM account_move WHERE id IN %s", moves._ids or (0,)),
                SQL("DELETE FROM pm_unit_party WHERE property_id = %s", self.property),
                SQL("DELETE FROM pm_unit WHERE property_id = %s", self.property),
                SQL("DELETE FROM pm_building WHERE property_id = %s", self.property),
                SQL("UPDATE pm_property SET active = false, code = code || id WHERE id = %s", self.property),
            ]
            for statement in statements:
                cr.execute(statement)

    def _request_refund(self):
        with self.database.cursor() as cr:
            case = self._env(cr)["pm.renovation"].browse(self.case)
            case.action_notify_completion()
            inspection = case._acceptance_inspection()
            inspection.action_all_ok()
            inspection.attachment_ids = [fields.Command.create({"name": "photo.png", "raw": PNG})]
            inspection.action_done()
            case.action_accept()
            case.action_request_refund()

    def _refund(self, cr):
        env = self._env(cr)
        return env["pm.deposit"].browse(self.deposit)._refund(env["pm.payment.method"].browse(self.method))

    def _state(self):
        """(state of the deposit, refunds booked, difference between deposits held and their account)"""
        with self.database.cursor() as cr:
            env = self._env(cr)
            refunds = env["pm.payment"].search_count([("property_id", "=", self.property), ("direction", "=", "out")])
            prop = env["pm.property"].browse(self.property)
            return env["pm.deposit"].browse(self.deposit).state, refunds, prop.deposit_difference

    def test_two_clerks_refund_in_the_same_second(self):
        self._request_refund()
        both_started = threading.Barrier(2, timeout=30)
        errors = []

        def clerk():
            try:
                with self.database.cursor() as cr:
                    self._env(cr)["pm.deposit"].browse(self.deposit).read(["state"])  # takes the snapshot
                    both_started.wait()
                    self._refund(cr)
            except (psycopg2.errors.SerializationFailure, UserError) as error:
                errors.append(error)

        threads = [threading.Thread(target=clerk) for __ in range(2)]
        with mute_logger("odoo.sql_db"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        self.assertEqual(len(errors), 1)
        self.assertEqual(self._state(), ("refunded", 1, 0.0))
        # The server repeats a refused request: it then finds the deposit refunded.
        with self.database.cursor() as cr, self.assertRaises(UserError):
            self._refund(cr)
        self.assertEqual(self._state(), ("refunded", 1, 0.0))

    def _refund_and_die(self):
        """Book the refund in a process of its own, and kill that (kill -9) before it can commit."""
        pid = os.fork()
        if not pid:
            try:
                sql_db._Pool = None  # the connections of the parent are not the child's
                with db_connect(get_db_name()).cursor() as cr:
                    self._refund(cr).env.flush_all()
                    os.kill(os.getpid(), signal.SIGKILL)
            finally:
                os._exit(1)
        return os.waitpid(pid, 0)[1]

    def test_kill_9_during_the_refund_leaves_it_to_pay(self):
        self._request_refund()
        status = self._refund_and_die()
        self.assertEqual(os.WTERMSIG(status), signal.SIGKILL, "the process was to die with the refund booked")
        self.assertEqual(self._state(), ("refund_requested", 0, 0.0))
        with self.database.cursor() as cr:
            self._refund(cr)
        self.assertEqual(self._state(), ("refunded", 1, 0.0))

    def test_two_servers_plan_one_patrol(self):
        with self.database.cursor() as first, self.database.cursor() as second:
            plan = [self._env(cr)["pm.renovation"] for cr in (first, second)]
            self.assertEqual(len(plan[0]._plan_patrols(plan[0].env["pm.property"].browse(self.property))), 1)
            # The first server has not committed: the second skips the case it holds and waits for nobody.
            self.assertFalse(plan[1]._plan_patrols(plan[1].env["pm.property"].browse(self.property)))
            second.commit()
            first.commit()
        with self.database.cursor() as cr:
            env = self._env(cr)
            self.assertFalse(env["pm.renovation"]._plan_patrols(env["pm.property"].browse(self.property)))
