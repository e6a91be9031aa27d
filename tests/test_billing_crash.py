"""A billing run killed with SIGKILL at many points, and by two servers at once: nothing lost, nothing doubled."""

import random
import threading

import psycopg2
from odoo import SUPERUSER_ID, Command, api
from odoo.sql_db import Cursor, db_connect
from odoo.tests.common import BaseCase, get_db_name, tagged
from odoo.tools import mute_logger

from odoo.addons.pm_base.tests.killed import KilledWork

UNITS = 12
KILLS = 24


@tagged("post_install", "-at_install")
class TestBillingCrash(KilledWork, BaseCase):
    """Commits to the throw-away test database and cleans up after itself."""

    def setUp(self):
        super().setUp()
        self.database = db_connect(get_db_name())
        self.context = {"tracking_disable": True, "mail_create_nolog": True}
        with self.database.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, self.context)
            prop = env["pm.property"].create({"name": "Crash", "code": "CRASH"})
            prop._ensure_accounts()
            building = env["pm.building"].create({"name": "R", "code": "R", "property_id": prop.id})
            units = env["pm.unit"].create(
                [
                    {
                        "code": f"R-{n:02d}",
                        "property_id": prop.id,
                        "building_id": building.id,
                        "area_chargeable": 10 + n,
                    }
                    for n in range(UNITS)
                ]
            )
            partners = env["res.partner"].create([{"name": f"Crash {n}"} for n in range(UNITS)])
            env["pm.unit.party"].create(
                [
                    {
                        "unit_id": unit.id,
                        "partner_id": partner.id,
                        "role": "owner",
                        "is_payer": True,
                        "date_from": "2024-01-01",
                    }
                    for unit, partner in zip(units, partners, strict=True)
                ]
            )
            item = env["pm.fee.item"].create(
                {"code": "CRASH", "name": "Fee", "legal_basis": "-", "contract_reference": "-"}
            )
            tariff = env["pm.fee.tariff"].create(
                {
                    "item_id": item.id,
                    "property_id": prop.id,
                    "name": "1",
                    "method": "area",
                    "price": 2,
                    "date_from": "2024-01-01",
                }
            )
            tariff.write({"state": "approved"})
            env["pm.fee.assignment"].create(
                [{"unit_id": unit.id, "item_id": item.id, "date_from": "2024-01-01"} for unit in units]
            )
            self.settings = {
                name: env["ir.config_parameter"].get_param(f"pm_fees.{name}")
                for name in ("posting_chunk", "compute_chunk")
            }
            env["ir.config_parameter"].set_param("pm_fees.posting_chunk", 1)
            env["ir.config_parameter"].set_param("pm_fees.compute_chunk", 5)
            run = env["pm.billing.run"].create(
                {"property_id": prop.id, "date_from": "2026-11-01", "item_ids": [Command.set(item.ids)]}
            )
            run.write(
                {"state": "computing", "total_units": UNITS, "computed_by": SUPERUSER_ID, "posted_by": SUPERUSER_ID}
            )
            self.prop, self.run_id, self.item, self.partners = prop.id, run.id, item.id, partners.ids
        self.addCleanup(self._clean)

    def _clean(self):
        with self.database.cursor() as cr:
            cr.execute(
                "SELECT DISTINCT line.move_id FROM pm_charge c JOIN account_move_line line ON line.id = c.move_line_id WHERE c.property_id = %s",
                [self.prop],
            )
            moves = tuple(row[0] for row in cr.fetchall()) or (0,)
            cr.execute("UPDATE pm_charge SET state = 'draft', move_line_id = NULL WHERE property_id = %s", [self.prop])
            cr.execute("DELETE FROM account_move_line WHERE move_id IN %s", [moves])
            cr.execute("DELETE FROM account_move WHERE id IN %s", [moves])
            for table in ("pm_charge", "pm_billing_issue", "pm_billing_run", "pm_fee_assignment", "pm_fee_tariff"):
                cr.execute(f"DELETE FROM {table} WHERE property_id = %s", [self.prop])
            cr.execute("DELETE FROM pm_fee_item WHERE id = %s", [self.item])
            cr.execute("DELETE FROM pm_unit_party WHERE property_id = %s", [self.prop])
            cr.execute("DELETE FROM pm_unit WHERE property_id = %s", [self.prop])
            cr.execute("DELETE FROM pm_building WHERE property_id = %s", [self.prop])
            cr.execute("DELETE FROM pm_property WHERE id = %s", [self.prop])
            cr.execute("DELETE FROM res_partner WHERE id IN %s", [tuple(self.partners)])
            env = api.Environment(cr, SUPERUSER_ID, {})
            for name, value in self.settings.items():
                env["ir.config_parameter"].set_param(f"pm_fees.{name}", value)

    # Work, as the scheduled job does it: one chunk, one transaction

    def _work(self, database, limit=100):
        """Go on with the run until it is through with its present step; True when posted."""
        for _chunk in range(limit):
            with database.cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, self.context)
                cr.execute(
                    "SELECT id FROM pm_billing_run WHERE id = %s AND state IN ('computing', 'posting') FOR NO KEY UPDATE SKIP LOCKED",
                    [self.run_id],
                )
                if not cr.fetchone():
                    return
                run = env["pm.billing.run"].browse(self.run_id)
                run._compute_chunk() if run.state == "computing" else run._post_next()

    def _approve(self):
        with self.database.cursor() as cr:
            cr.execute(
                "UPDATE pm_billing_run SET state = 'posting' WHERE id = %s AND state = 'computed'", [self.run_id]
            )

    def _state(self):
        with self.database.cursor() as cr:
            cr.execute("SELECT state FROM pm_billing_run WHERE id = %s", [self.run_id])
            return cr.fetchone()[0]

    def _check_nothing_lost_or_doubled(self, complete):
        with self.database.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, self.context)
            charges = env["pm.charge"].search([("property_id", "=", self.prop), ("state", "!=", "reversed")])
            self.assertEqual(len(charges), len(charges.unit_id), "a unit is charged twice")
            posted = charges.filtered(lambda charge: charge.state == "posted")
            self.assertEqual(len(posted.move_line_id), len(posted))
            account = env["pm.property"].browse(self.prop).receivable_account_id
            cr.execute(
                """SELECT COALESCE(sum(line.balance), 0), count(*) FROM account_move_line line
                    WHERE line.account_id = %s AND line.partner_id IN %s""",
                [account.id, tuple(self.partners)],
            )
            balance, lines = cr.fetchone()
            self.assertEqual(lines, len(posted), "a line without its charge, or a charge without its line")
            self.assertAlmostEqual(float(balance), sum(posted.mapped("amount_total")), 2)
            cr.execute(
                """SELECT move_id FROM account_move_line WHERE move_id = ANY(%s) GROUP BY move_id HAVING sum(balance) <> 0""",
                [posted.move_line_id.move_id.ids],
            )
            self.assertFalse(cr.fetchall(), "an entry is not balanced")
            if complete:
                self.assertEqual(len(posted), UNITS)
                self.assertAlmostEqual(float(balance), sum(2 * (10 + n) for n in range(UNITS)), 2)

    def test_killed_at_many_random_points_it_finishes_right(self):
        points = random.Random(20261101)
        killed = 0
        while killed < KILLS:
            if self._state() == "computed":
                self._approve()
            if self._state() == "posted":
                # Through before the kills were used up: do the posting once more from the start of a fresh month.
                self._check_nothing_lost_or_doubled(complete=True)
                self._start_again()
            if self._killed_at(points.randint(1, 90)):
                killed += 1
                self._check_nothing_lost_or_doubled(complete=False)
        for _step in range(3):
            self._work(self.database)
            self._approve()
        self.assertEqual(self._state(), "posted")
        self._check_nothing_lost_or_doubled(complete=True)

    def _start_again(self):
        with self.database.cursor() as cr:
            cr.execute(
                "SELECT DISTINCT line.move_id FROM pm_charge c JOIN account_move_line line ON line.id = c.move_line_id WHERE c.property_id = %s",
                [self.prop],
            )
            moves = tuple(row[0] for row in cr.fetchall()) or (0,)
            cr.execute("DELETE FROM pm_charge WHERE property_id = %s", [self.prop])
            cr.execute("DELETE FROM account_move_line WHERE move_id IN %s", [moves])
            cr.execute("DELETE FROM account_move WHERE id IN %s", [moves])
            cr.execute(
                "UPDATE pm_billing_run SET state = 'computing', cursor = 0, done_units = 0 WHERE id = %s", [self.run_id]
            )

    def test_two_servers_at_one_run_give_one_result(self):
        barrier = threading.Barrier(2, timeout=30)
        errors = []

        def server():
            barrier.wait()
            for _attempt in range(20):
                try:
                    self._work(self.database)
                except psycopg2.OperationalError:
                    continue  # the job steps back and comes again
                except Exception as error:
                    errors.append(error)
                return

        for _step in ("compute", "post"):
            threads = [threading.Thread(target=server) for _ in range(2)]
            with mute_logger("odoo.sql_db"):
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join(60)
            self._work(self.database)
            self._approve()
        self.assertFalse(errors)
        self._work(self.database)
        self.assertEqual(self._state(), "posted")
        self._check_nothing_lost_or_doubled(complete=True)

    def test_lost_connection_and_full_disk_leave_whole_chunks(self):
        # Both while charges are computed and while they are posted; each time the run goes on from what was whole.
        for _phase in ("compute", "post"):
            for trouble, error in (
                (self._terminate, psycopg2.Error),
                (self._disk_full, psycopg2.errors.DiskFull),
            ):
                with self.assertRaises(error), mute_logger("odoo.sql_db"):
                    self._work_until(7, trouble)
                self._check_nothing_lost_or_doubled(complete=False)
            self._work(self.database)
            self._approve()
        for _step in range(3):
            self._work(self.database)
            self._approve()
        self.assertEqual(self._state(), "posted")
        self._check_nothing_lost_or_doubled(complete=True)

    def _work_until(self, statement, trouble):
        """Work, with trouble before the n-th statement."""
        count = [0]
        execute = Cursor.execute

        def troubled(cursor, *args, **kwargs):
            count[0] += 1
            if count[0] == statement:
                trouble(cursor)
            return execute(cursor, *args, **kwargs)

        self.patch(Cursor, "execute", troubled)
        try:
            self._work(self.database)
        finally:
            self.patch(Cursor, "execute", execute)

    def _terminate(self, cursor):
        """The server of the database ends this session, as a restart or a broken network does."""
        pid = cursor._cnx.get_backend_pid()
        with psycopg2.connect(cursor._cnx.dsn) as other, other.cursor() as killer:
            killer.execute("SELECT pg_terminate_backend(%s)", [pid])

    def _disk_full(self, cursor):
        raise psycopg2.errors.DiskFull("could not extend file: No space left on device")
