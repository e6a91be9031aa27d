"""Two servers and a kill, on real connections: a step is carried out once, never twice, and never lost."""

import threading

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.service.model import retrying
from odoo.sql_db import db_connect
from odoo.tests.common import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

COUNT = 12


@tagged("post_install", "-at_install")
class TestDeadlineWorkers(BaseCase):
    """Commits to the throw-away test database and cleans up after itself."""

    def setUp(self):
        super().setUp()
        self.database = db_connect(get_db_name())
        with self.database.cursor() as cr:
            env = self._env(cr)
            cr.execute("UPDATE pm_deadline SET next_check = NULL WHERE next_check < now() AT TIME ZONE 'utc'")
            prop = env["pm.property"].create(
                {"name": "Workers", "code": "WRK", "tz": "Asia/Shanghai", "manager_id": SUPERUSER_ID}
            )
            kind = env.ref("pm_customer_service.ticket_type_help")
            tickets = env["pm.ticket"].create(
                [{"name": f"w{n}", "type_id": kind.id, "property_id": prop.id} for n in range(COUNT)]
            )
            self.property, self.tickets = prop.id, tickets.ids
            env.flush_all()
            cr.execute(
                "UPDATE pm_deadline SET due = '2026-01-02', next_check = '2026-01-02' "
                "WHERE res_model = 'pm.ticket' AND kind = 'accept' AND res_id = ANY(%s)",
                [self.tickets],
            )
        self.addCleanup(self._clean)

    def _env(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True, "mail_create_nolog": True})

    def _clean(self):
        with self.database.cursor() as cr:
            cr.execute("DELETE FROM mail_activity WHERE res_model = 'pm.ticket' AND res_id = ANY(%s)", [self.tickets])
            cr.execute("DELETE FROM pm_deadline WHERE property_id = %s", [self.property])
            cr.execute("DELETE FROM pm_ticket WHERE id = ANY(%s)", [self.tickets])
            self._env(cr)["pm.property"].browse(self.property).unlink()

    def _counts(self):
        """Return (missed clocks, tickets with a logged step, most often a step was logged)."""
        with self.database.cursor() as cr:
            cr.execute(
                "SELECT count(*) FROM pm_deadline WHERE property_id = %s AND kind = 'accept' AND state = 'breached'",
                [self.property],
            )
            missed = cr.fetchone()[0]
            cr.execute(
                "SELECT count(DISTINCT res_id), COALESCE(max(n), 0) FROM (SELECT res_id, rule_id, count(*) AS n FROM pm_escalation "
                "WHERE property_id = %s GROUP BY res_id, rule_id) steps",
                [self.property],
            )
            return (missed, *cr.fetchone())

    def test_two_servers_share_the_work(self):
        with self.database.cursor() as first, self.database.cursor() as second:
            self.assertEqual(self._env(first)["pm.deadline"]._process_due(5), 5)
            # The first server has not committed: the second takes the others and waits for nobody.
            self.assertEqual(self._env(second)["pm.deadline"]._process_due(100), COUNT - 5)
            second.commit()
            first.commit()
        self.assertEqual(self._counts(), (COUNT, COUNT, 1))

    def test_a_server_killed_before_its_commit_leaves_nothing_behind(self):
        with self.database.cursor() as cr:
            self._env(cr)["pm.deadline"]._process_due(5)
            cr.rollback()  # what PostgreSQL does when the process dies
        self.assertEqual(self._counts(), (0, 0, 0))
        for __ in range(2):
            with self.database.cursor() as cr:
                self._env(cr)["pm.deadline"]._process_due(100)
        self.assertEqual(self._counts(), (COUNT, COUNT, 1))


@tagged("post_install", "-at_install")
class TestGrabbing(BaseCase):
    """Two technicians press “Grab” at the same moment. Commits to the throw-away test database and cleans up after itself."""

    def setUp(self):
        super().setUp()
        self.database = db_connect(get_db_name())
        with self.database.cursor() as cr:
            env = self._env(cr)
            prop = env["pm.property"].create({"name": "Grab", "code": "GRB", "manager_id": SUPERUSER_ID})
            users = env["res.users"].create(
                [
                    {
                        "name": f"Grabber {number}",
                        "login": f"pm_grabber_{number}",
                        "group_ids": [Command.link(env.ref("pm_base.group_technician").id)],
                        "pm_property_ids": [Command.link(prop.id)],
                    }
                    for number in (1, 2)
                ]
            )
            team = env["pm.team"].create(
                {
                    "name": "Grab",
                    "property_id": prop.id,
                    "dispatch_mode": "pool",
                    "member_ids": [Command.set(users.ids)],
                }
            )
            ticket = env["pm.ticket"].create(
                {
                    "name": "Lamp",
                    "type_id": env.ref("pm_customer_service.ticket_type_help").id,
                    "property_id": prop.id,
                    "team_id": team.id,
                }
            )
            self.property, self.users, self.team, self.ticket = prop.id, users.ids, team.id, ticket.id
        self.addCleanup(self._clean)

    def _env(self, cr, user=SUPERUSER_ID):
        return api.Environment(
            cr, user, {"tracking_disable": True, "mail_create_nolog": True, "no_reset_password": True}
        )

    def _clean(self):
        with self.database.cursor() as cr:
            cr.execute("DELETE FROM mail_activity WHERE res_model = 'pm.ticket' AND res_id = %s", [self.ticket])
            cr.execute("DELETE FROM pm_deadline WHERE property_id = %s", [self.property])
            cr.execute("DELETE FROM pm_appointment WHERE ticket_id = %s", [self.ticket])
            cr.execute("DELETE FROM pm_ticket WHERE id = %s", [self.ticket])
            env = self._env(cr)
            env["pm.team"].browse(self.team).unlink()
            users = env["res.users"].browse(self.users)
            partners = users.partner_id
            users.unlink()
            partners.unlink()
            env["pm.property"].browse(self.property).unlink()

    def test_one_of_two_who_grab_a_job_at_the_same_moment_gets_it(self):
        started = threading.Barrier(2, timeout=30)
        taken, refused, failures = [], [], []

        def session(user):
            try:
                with self.database.cursor() as cr:
                    env = self._env(cr, user)
                    waited = []

                    def grab():
                        env.cr.execute("SELECT 1")  # takes the transaction's snapshot
                        if not waited:
                            waited.append(started.wait())
                        env["pm.ticket"].browse(self.ticket)._grab()
                        return user

                    taken.append(retrying(grab, env))
            except UserError as error:
                refused.append(str(error))
            except Exception as error:  # handed to the main thread
                failures.append(error)

        threads = [threading.Thread(target=session, args=(user,)) for user in self.users]
        with mute_logger("odoo.sql_db", "odoo.service.model"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        self.assertFalse(failures)
        self.assertEqual(len(taken), 1)
        self.assertRegex(refused[0], "was taken by Grabber")
        with self.database.cursor() as cr:
            cr.execute("SELECT user_id FROM pm_ticket WHERE id = %s", [self.ticket])
            self.assertEqual(cr.fetchone()[0], taken[0])
