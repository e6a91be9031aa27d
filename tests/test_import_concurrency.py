"""One list loaded twice at the same moment, and a process killed in the middle, on real connections."""

import base64
import threading

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.sql_db import db_connect
from odoo.tests.common import BaseCase, get_db_name, tagged

from odoo.addons.pm_base.models import pm_import_run
from odoo.addons.pm_base.tests.import_files import xlsx

COUNT = 60


class Killed(BaseException):
    """Nothing catches it, as nothing catches ``kill -9``."""


@tagged("post_install", "-at_install")
class TestConcurrentImports(BaseCase):
    """Commits to the throw-away test database and cleans up after itself."""

    def setUp(self):
        super().setUp()
        self.database = db_connect(get_db_name())
        with self.database.cursor() as cr:
            env = self._env(cr)
            # Imports of other tests would be gone on with, too.
            env["pm.import"].search([("state", "=", "importing")]).action_stop()
            prop = env["pm.property"].create({"name": "Import race", "code": "IMPRACE"})
            env["pm.building"].create({"name": "R", "code": "R", "property_id": prop.id})
            self.prop = prop.id
        self.addCleanup(self._clean)
        units = [["项目编码", "楼栋编码", "房号", "计费面积"], *(["IMPRACE", "R", f"R-{n}", 50] for n in range(COUNT))]
        # Household members have no unique key in the database: here only the turn keeps people from entering twice.
        people = [["项目编码", "房号", "姓名", "角色", "电话", "开始日期"]]
        people += [["IMPRACE", f"R-{n}", f"Race {n}", "家庭成员", f"1739999{n:04}", "2024-01-01"] for n in range(COUNT)]
        self.content = xlsx({"房产": units, "住户": people})

    def _env(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})

    def _clean(self):
        with self.database.cursor() as cr:
            env = self._env(cr)
            env["pm.import"].search([("name", "like", "race-%")]).unlink()
            prop = env["pm.property"].browse(self.prop)
            parties = prop.unit_ids.party_ids
            partners = parties.partner_id
            parties.unlink()
            partners.unlink()
            prop.unit_ids.unlink()
            prop.building_ids.unlink()
            prop.unlink()

    def _entered(self):
        """Return (units, roles, people) that are there now."""
        with self.database.cursor() as cr:
            env = self._env(cr)
            units = env["pm.unit"].search([("property_id", "=", self.prop)])
            people = env["res.partner"].search_count([("name", "like", "Race %"), ("phone", "like", "1739999%")])
            return len(units), len(units.party_ids), people

    def test_two_users_load_one_list_at_the_same_moment(self):
        started = threading.Barrier(2, timeout=30)
        results, failures = [], []

        def session(number):
            try:
                with self.database.cursor() as cr:
                    env = self._env(cr)
                    waited = []

                    def load():
                        env["pm.property"].browse(self.prop).read(["code"])  # takes the transaction's snapshot
                        if not waited:
                            waited.append(started.wait())
                        record = env["pm.import"]._load_file(None, f"race-{number}.xlsx", self.content)
                        return record.created_count, record.unchanged_count, record.error_count

                    results.append(retrying(load, env))
            except Exception as exc:  # handed to the main thread
                failures.append(exc)

        threads = [threading.Thread(target=session, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertFalse(failures)
        self.assertEqual(
            sorted(results), [(0, 2 * COUNT, 0), (2 * COUNT, 0, 0)], "the second finds what the first entered"
        )
        self.assertEqual(self._entered(), (COUNT, COUNT, COUNT))

    def test_a_killed_import_goes_on_where_it_stopped(self):
        registry = Registry(get_db_name())
        self.patch(registry["pm.importer.unit"], "_chunk", 10)
        self.patch(registry["pm.importer.party"], "_chunk", 10)
        with self.database.cursor() as cr:
            record = self._env(cr)["pm.import"].create(
                {"name": "race-kill.xlsx", "file": base64.b64encode(self.content)}
            )
            record.action_preview()
            record._start()
        loads = []
        load = registry["pm.importer.party"]._load

        def dying(self, rows, report):
            loads.append(rows[0]["_row"])
            load(self, rows, report)
            if len(loads) == 3:
                raise Killed

        self.patch(registry["pm.importer.party"], "_load", dying)
        with self.assertRaises(Killed), self.database.cursor() as cr:
            self._env(cr)["pm.import"]._cron_import()
        self.assertEqual(self._entered(), (COUNT, 20, 20), "two chunks are in, nothing of the third")
        with self.database.cursor() as cr:
            self._env(cr)["pm.import"]._cron_import()
            record = self._env(cr)["pm.import"].browse(record.id)
            self.assertEqual((record.state, record.created_count, record.unchanged_count), ("done", 2 * COUNT, 0))
        self.assertEqual(self._entered(), (COUNT, COUNT, COUNT))
        self.assertEqual(loads, [2, 12, 22, 22, 32, 42, 52])

    def test_two_processes_at_one_import(self):
        registry = Registry(get_db_name())
        self.patch(registry["pm.importer.unit"], "_chunk", 10)
        self.patch(registry["pm.importer.party"], "_chunk", 10)
        self.patch(pm_import_run, "CONFLICT_RETRIES", 30)
        with self.database.cursor() as cr:
            record = self._env(cr)["pm.import"].create(
                {"name": "race-two.xlsx", "file": base64.b64encode(self.content)}
            )
            record.action_preview()
            record._start()
        failures = []

        def worker():
            try:
                for _slice in range(20):
                    with self.database.cursor() as cr:
                        env = self._env(cr)
                        if env["pm.import"].browse(record.id).state != "importing":
                            return
                        env["pm.import"]._cron_import()
            except Exception as exc:  # handed to the main thread
                failures.append(exc)

        threads = [threading.Thread(target=worker) for _number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        self.assertFalse(failures)
        with self.database.cursor() as cr:
            sheets = self._env(cr)["pm.import"].browse(record.id).sheet_ids
            found = [(s.row_count, s.processed_count, s.created_count, s.unchanged_count) for s in sheets]
        self.assertEqual(found, [(COUNT, COUNT, COUNT, 0)] * 2, "every chunk was done once")
        self.assertEqual(self._entered(), (COUNT, COUNT, COUNT))
