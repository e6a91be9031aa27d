"""Several workers, kills and a race, on real connections: a message is handed over once, and sent once at most."""

import os
import random
import tempfile
import threading
from collections import Counter
from types import SimpleNamespace
from unittest.mock import patch

import psycopg2
from odoo import SUPERUSER_ID, api
from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.sql_db import db_connect
from odoo.tests.common import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

from odoo.addons.pm_base.tests.killed import KilledWork

COUNT = 30
KILLS = 10


@tagged("post_install", "-at_install")
class TestMessageWorkers(KilledWork, BaseCase):
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

    def _work(self, database):
        """The mail queue as its job runs it, against a mail server that keeps a list of what it accepted."""

        def send_email(_server, message, *_args, **_kwargs):
            os.write(self.accepted, f"{message['Message-Id']}\n".encode())
            return message["Message-Id"]

        with (
            database.cursor() as cr,
            patch.object(IrMail_Server, "_disable_send", lambda _server: False),
            patch.object(IrMail_Server, "_connect__", lambda *_args, **_kwargs: SimpleNamespace(quit=lambda: None)),
            patch.object(IrMail_Server, "send_email", send_email),
            mute_logger("odoo.addons.mail.models.mail_mail"),
        ):
            env = self._env(cr)
            messages = env["pm.message"].search([("partner_id", "=", self.partner)])
            messages.mail_mail_id.filtered(lambda mail: mail.state == "outgoing").send(auto_commit=True)

    def test_a_mail_worker_killed_around_the_servers_answer_sends_nothing_twice(self):
        with tempfile.TemporaryFile(buffering=0) as file:
            self.accepted = file.fileno()
            with self.database.cursor() as cr:
                self._env(cr)["pm.message"]._dispatch()
            points = random.Random(20261110)
            killed = sum(self._killed_at(points.randint(10, 60)) for _number in range(KILLS))
            self.assertGreater(killed, KILLS // 2, "most children must die in the middle of the work")
            self._work(self.database)
            file.seek(0)
            accepted = Counter(file.read().decode().split())
        self.assertFalse({number: times for number, times in accepted.items() if times > 1}, "sent twice")
        with self.database.cursor() as cr:
            cr.execute(
                "UPDATE pm_message SET handed_at = handed_at - interval '1 hour' WHERE partner_id = %s", [self.partner]
            )
            messages = self._env(cr)["pm.message"].search([("partner_id", "=", self.partner)])
            messages._reconcile_handed()
            self.assertEqual(len(messages), COUNT)
            fates = messages.grouped(lambda message: (message.state, message.reason))
            self.assertEqual(set(fates) - {("failed", "unknown")}, {("sent", False)}, "each is sent or perhaps sent")
            self.assertLessEqual(len(fates.get(("failed", "unknown"), ())), killed, "in doubt is what a worker held")
            self.assertLessEqual(
                set(fates["sent", False].mapped("reference")), set(accepted), "sent is what was accepted"
            )

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
