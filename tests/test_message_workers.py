"""Several workers, a kill and a race, on real connections: a message is handed over once, never twice."""

import threading

import psycopg2
from odoo import SUPERUSER_ID, api
from odoo.sql_db import db_connect
from odoo.tests.common import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

COUNT = 30


@tagged("post_install", "-at_install")
class TestMessageWorkers(BaseCase):
    """Commits to the throw-away test database and cleans up after itself."""

    def setUp(self):
        super().setUp()
        self.database = db_connect(get_db_name())
        with self.database.cursor() as cr:
            env = self._env(cr)
            cr.execute("UPDATE pm_message SET state = 'cancelled' WHERE state = 'queued'")
            self.partner = env["res.partner"].create({"name": "Worker Test", "email": "worker@owners.example"}).id
            env["pm.message"]._enqueue([self._vals(f"worker/{number}") for number in range(COUNT)])
        self.addCleanup(self._clean)

    def _env(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})

    def _vals(self, key):
        return {
            "key": key,
            "purpose": "service",
            "partner_id": self.partner,
            "subject": key,
            "body": "<p>x</p>",
            "channel": "email",
        }

    def _clean(self):
        with self.database.cursor() as cr:
            cr.execute("SELECT mail_mail_id FROM pm_message WHERE partner_id = %s", [self.partner])
            mails = [row[0] for row in cr.fetchall() if row[0]]
            cr.execute("DELETE FROM pm_message WHERE partner_id = %s", [self.partner])
            self._env(cr)["mail.mail"].browse(mails).unlink()
            cr.execute("DELETE FROM res_partner WHERE id = %s", [self.partner])

    def _counts(self):
        """Return (messages handed, e-mails made) of the test's partner."""
        with self.database.cursor() as cr:
            cr.execute("SELECT count(*) FROM pm_message WHERE partner_id = %s AND state = 'handed'", [self.partner])
            handed = cr.fetchone()[0]
            cr.execute("SELECT count(*) FROM mail_mail WHERE email_to LIKE '%%worker@owners.example%%'")
            return handed, cr.fetchone()[0]

    def test_two_workers_share_the_queue(self):
        with self.database.cursor() as first, self.database.cursor() as second:
            mine = self._env(first)["pm.message"]._lock_due(10)
            theirs = self._env(second)["pm.message"]._lock_due(COUNT)
            self.assertEqual((len(mine), len(theirs)), (10, COUNT - 10))
            self.assertFalse(set(mine.ids) & set(theirs.ids))
            mine._hand_over()
            first.commit()
            theirs._hand_over()
            second.commit()
        self.assertEqual(self._counts(), (COUNT, COUNT))

    def test_a_worker_killed_before_its_commit_leaves_nothing_behind(self):
        with self.database.cursor() as cr:
            messages = self._env(cr)["pm.message"]._lock_due(10)
            messages._hand_over()
            self.assertEqual(len(messages.mail_mail_id), 10)
            cr.rollback()  # what PostgreSQL does when the process dies
        self.assertEqual(self._counts(), (0, 0))
        for _run in range(2):
            with self.database.cursor() as cr:
                self._env(cr)["pm.message"]._dispatch()
        self.assertEqual(self._counts(), (COUNT, COUNT))

    def test_the_same_key_from_two_sessions_is_one_message(self):
        both_started = threading.Barrier(2, timeout=30)
        refused = []

        def session():
            try:
                with self.database.cursor() as cr:
                    env = self._env(cr)
                    env["res.partner"].browse(self.partner).read(["name"])  # takes the transaction's snapshot
                    both_started.wait()
                    env["pm.message"]._enqueue([self._vals("worker/race")])
            except psycopg2.errors.SerializationFailure as error:
                refused.append(error)  # the server repeats such a request, which then finds the other's row

        threads = [threading.Thread(target=session) for _session in range(2)]
        with mute_logger("odoo.sql_db"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        self.assertLessEqual(len(refused), 1)
        with self.database.cursor() as cr:
            self.assertEqual(self._env(cr)["pm.message"].search_count([("key", "=", "worker/race")]), 1)
