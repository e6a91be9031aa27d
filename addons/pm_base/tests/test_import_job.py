import base64
from unittest.mock import patch

import psycopg2
from odoo import api
from odoo.tests.common import tagged
from odoo.tools import mute_logger

from ..models import pm_import
from .import_files import xlsx
from .test_import import UNIT_HEADERS, ImportCase


@tagged("post_install", "-at_install")
class TestImportJob(ImportCase):
    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param("pm_base.pm_import_direct_rows", "1")
        importer = self.env.registry["pm.importer.unit"]
        self.patch(importer, "_chunk", 10)
        self.rows = [["T1", "A", f"J-{n:03}", 1 + n, "写字楼", None] for n in range(35)]
        self.rows[12][3] = -1
        self.record = self.Import.create(
            {"name": "x.xlsx", "file": base64.b64encode(xlsx({"房产": [UNIT_HEADERS, *self.rows]}))}
        )
        self.record.action_preview()
        self.record.action_import()

    def run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("pm_base.ir_cron_pm_import").method_direct_trigger()
        self.env.invalidate_all()

    def run_slice(self):
        with self.enter_registry_test_mode(), self.env.registry.cursor() as cr:
            api.Environment(cr, api.SUPERUSER_ID, {})["pm.import"]._cron_import()
        self.env.invalidate_all()

    def unit_count(self):
        return self.env["pm.unit"].search_count([("code", "like", "J-")])

    def test_a_long_file_loads_in_the_background(self):
        self.assertEqual((self.record.state, self.unit_count()), ("importing", 0))
        self.run_cron()
        self.assertCounts(self.record, created=34, errors=1)
        self.assertEqual((self.unit_count(), self.record.progress), (34, 100))
        self.run_cron()
        self.assertCounts(self.record, created=34, errors=1)

    def test_each_slice_goes_on_where_the_last_one_stopped(self):
        importer = self.env.registry["pm.importer.unit"]
        load, seen = importer._load, []

        def noting(self, rows, report):
            seen.append(rows[0]["_row"])
            return load(self, rows, report)

        with patch.object(importer, "_load", noting), patch.object(pm_import, "SLICE_SECONDS", -1):
            for done in (10, 20, 30, 35):
                self.run_slice()
                self.assertEqual((self.record.state, self.record.processed_count), ("importing", done))
            self.run_slice()
        self.assertCounts(self.record, created=34, errors=1)
        self.assertEqual(seen, [2, 12, 22, 32], "no chunk was loaded twice")
        self.assertFalse(self.record.attempts)

    def test_one_pass_of_the_scheduler_works_one_slice(self):
        """Odoo repeats a job with work remaining ten times within one pass: ten slices would exceed the server's time limit."""
        cron = self.env.ref("pm_base.ir_cron_pm_import")
        with patch.object(pm_import, "SLICE_SECONDS", -1):
            for done in (10, 20, 30, 35):
                self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]).unlink()
                self.run_cron()
                self.assertEqual(self.record.processed_count, done)
                self.assertTrue(
                    self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), "comes again at once"
                )

    def test_what_fails_again_and_again_is_given_up_with_a_reason(self):
        with (
            patch.object(self.env.registry["pm.importer.unit"], "_load", side_effect=psycopg2.OperationalError("no")),
            mute_logger("odoo.addons.pm_base.models.pm_import_run"),
        ):
            for _turn in range(4):
                self.run_cron()
        self.assertEqual(self.record.state, "refused")
        self.assertIn("failed", self.record.error_ids.filtered(lambda e: not e.row).message)

    def test_a_conflict_with_somebody_else_is_tried_again(self):
        importer = self.env.registry["pm.importer.unit"]
        load, conflicts = importer._load, []

        def conflicting(self, rows, report):
            if not conflicts:
                conflicts.append(1)
                raise psycopg2.errors.SerializationFailure("somebody was faster")
            return load(self, rows, report)

        with patch.object(importer, "_load", conflicting):
            self.run_cron()
        self.assertCounts(self.record, created=34, errors=1)

    def test_a_stopped_import_stops(self):
        self.record.action_stop()
        self.run_cron()
        self.assertEqual((self.record.state, self.unit_count()), ("cancelled", 0))

    def test_an_archived_user_imports_no_more(self):
        self.assistant.active = False
        self.run_cron()
        self.assertEqual(self.record.state, "refused")

    def test_two_processes_at_one_import_do_each_chunk_once(self):
        model = self.env.registry["pm.import"]
        lock, turns = model._lock, []

        def overtaken(self, wait=True):
            turns.append(1)
            if len(turns) == 1:  # before this process gets its turn, another one has done the first chunk
                for part, line in self._remaining():
                    self._load_and_note(part, line, next(part.chunks()))
            return lock(self, wait)

        importer = self.env.registry["pm.importer.unit"]
        load, seen = importer._load, []

        def noting(self, rows, report):
            seen.append(rows[0]["_row"])
            return load(self, rows, report)

        with patch.object(model, "_lock", overtaken), patch.object(importer, "_load", noting):
            self.run_cron()
        self.assertCounts(self.record, created=34, errors=1)
        self.assertEqual(seen, [2, 12, 22, 32])
