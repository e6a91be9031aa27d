"""Two servers and a kill, on real connections: a step is carried out once, never twice, and never lost."""

from odoo import SUPERUSER_ID, api
from odoo.sql_db import db_connect
from odoo.tests.common import BaseCase, get_db_name, tagged

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
