"""Two sessions at the same moment, on real connections: the database, not a Python ``if``, keeps the rules."""

import threading

import psycopg2
from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.sql_db import db_connect
from odoo.tests.common import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestConcurrentParties(BaseCase):
    """Commits to the throw-away test database and cleans up after itself."""

    def setUp(self):
        super().setUp()
        self.database = db_connect(get_db_name())
        with self.database.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            prop = env["pm.property"].create({"name": "Race", "code": "RACE"})
            building = env["pm.building"].create({"name": "R", "code": "R", "property_id": prop.id})
            unit = env["pm.unit"].create({"code": "R-1", "property_id": prop.id, "building_id": building.id})
            partners = env["res.partner"].create([{"name": "Race 1"}, {"name": "Race 2"}])
            self.ids = prop.id, building.id, unit.id, partners.ids
        self.addCleanup(self._clean)

    def _clean(self):
        prop, building, unit, partners = self.ids
        with self.database.cursor() as cr:
            cr.execute("DELETE FROM pm_unit_transfer WHERE unit_id = %s", [unit])
            cr.execute("DELETE FROM pm_unit_party WHERE unit_id = %s", [unit])
            cr.execute("DELETE FROM mail_message WHERE model = 'pm.unit' AND res_id = %s", [unit])
            cr.execute("DELETE FROM pm_unit WHERE id = %s", [unit])
            cr.execute("DELETE FROM pm_building WHERE id = %s", [building])
            cr.execute("DELETE FROM pm_property_users_rel WHERE property_id = %s", [prop])
            cr.execute("DELETE FROM pm_property WHERE id = %s", [prop])
            cr.execute("DELETE FROM res_partner WHERE id IN %s", [tuple(partners)])

    def _race(self, action):
        """Run ``action(env, partner id)`` in two sessions that both began before either committed.

        :return: ``(errors, (number of roles on the unit, sum of their shares))``
        """
        _prop, _building, unit, partners = self.ids
        both_started = threading.Barrier(2, timeout=30)
        errors = []

        def session(partner_id):
            try:
                with self.database.cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
                    env["pm.unit"].browse(unit).read(["code"])  # takes the transaction's snapshot
                    both_started.wait()
                    action(env, partner_id)
                    env.flush_all()
            except (psycopg2.Error, UserError) as error:
                errors.append(error)

        threads = [threading.Thread(target=session, args=(partner_id,)) for partner_id in partners]
        with mute_logger("odoo.sql_db"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        with self.database.cursor() as cr:
            cr.execute("SELECT count(*), sum(share) FROM pm_unit_party WHERE unit_id = %s", [unit])
            return errors, cr.fetchone()

    def _add(self, **values):
        """Return an action that gives the partner a role on the unit."""
        unit = self.ids[2]
        return lambda env, partner_id: env["pm.unit.party"].create(
            {"unit_id": unit, "partner_id": partner_id, "date_from": "2026-01-01", **values}
        )

    def test_shares_cannot_pass_100_percent_by_haste(self):
        errors, (count, total) = self._race(self._add(role="owner", share=60))
        self.assertEqual((count, float(total)), (1, 60.0))
        self.assertIsInstance(errors[0], (psycopg2.errors.SerializationFailure, psycopg2.errors.CheckViolation))

    def test_a_unit_cannot_get_two_payers_by_haste(self):
        errors, (count, _total) = self._race(self._add(role="tenant", is_payer=True))
        self.assertEqual(count, 1)
        self.assertIsInstance(errors[0], (psycopg2.errors.ExclusionViolation, psycopg2.errors.DeadlockDetected))

    def test_a_unit_is_not_sold_twice_by_haste(self):
        """Two clerks confirm two sales of one unit at the same moment: one owner remains, the other clerk is told."""
        unit = self.ids[2]
        with self.database.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            transfers = env["pm.unit.transfer"].create(
                [
                    {"unit_id": unit, "date": "2026-02-01", "line_ids": [Command.create({"partner_id": partner})]}
                    for partner in self.ids[3]
                ]
            )
            by_partner = dict(zip(self.ids[3], transfers.ids, strict=True))
        errors, (count, share) = self._race(
            lambda env, partner_id: env["pm.unit.transfer"].browse(by_partner[partner_id]).action_confirm()
        )
        self.assertEqual((count, float(share)), (1, 100.0))
        self.assertEqual(len(errors), 1)
        self.assertIsInstance(
            errors[0],
            (
                psycopg2.errors.SerializationFailure,
                psycopg2.errors.ExclusionViolation,
                psycopg2.errors.LockNotAvailable,
                UserError,
            ),
        )
