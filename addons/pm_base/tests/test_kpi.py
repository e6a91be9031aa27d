from datetime import date
from unittest.mock import patch

from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests.common import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import PmCase

NOON = "2026-11-20 04:00:00"
NOVEMBER = date(2026, 11, 1)


class KpiCase(PmCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kpi = cls.env.ref("pm_base.kpi_file_completeness")
        cls.results = cls.env["pm.kpi.result"]
        cls.mandatory = cls.env["pm.file.type"].search([("mandatory", "=", True)])

    def _file(self, unit, types=None, when="2026-11-01"):
        self.env["pm.unit.file"].create(
            [{"unit_id": unit.id, "type_id": kind.id, "date": when} for kind in types or self.mandatory]
        )

    def _result(self, month=NOVEMBER, user=False, kpi=None):
        return self.results.search(
            [
                ("kpi_id", "=", (kpi or self.kpi).id),
                ("property_id", "=", self.property.id),
                ("month", "=", month),
                ("user_id", "=", user and user.id),
            ]
        )

    def _compute(self, month=NOVEMBER):
        self.kpi._compute_month(self.property, month)
        return self._result(month)


@tagged("post_install", "-at_install")
class TestFileCompleteness(KpiCase):
    @freeze_time(NOON)
    def test_units_with_every_mandatory_paper_over_handed_over_units(self):
        self._file(self.units[0])
        self._file(self.units[1], self.mandatory[:-1])
        result = self._compute()
        self.assertEqual((result.numerator, result.denominator), (1, 3))
        self.assertAlmostEqual(result.value, 33.33, 2)
        self.assertEqual(result.state, "missed")
        for unit in self.units[1:]:
            self._file(unit)
        self.assertEqual(self._compute().value, 100)
        self.assertEqual(self._result().state, "met")

    @freeze_time(NOON)
    def test_without_handed_over_units_there_is_no_data(self):
        self.units.handover_date = False
        result = self._compute()
        self.assertEqual((result.denominator, result.state), (0, "no_data"))
        self.env.cr.execute("SELECT value FROM pm_kpi_result WHERE id = %s", [result.id])
        self.assertIsNone(self.env.cr.fetchone()[0], "no data is not zero, and never 100 %")

    @freeze_time(NOON)
    def test_without_mandatory_papers_there_is_no_data(self):
        self.mandatory.mandatory = False
        self.assertEqual(self._compute().state, "no_data")

    @freeze_time(NOON)
    def test_a_paper_for_another_type_of_unit_is_not_asked_for(self):
        self.units.unit_type = "office"
        self.mandatory[-1].unit_type = "shop"
        self._file(self.units[0], self.mandatory[:-1])
        self.assertEqual(self._compute().numerator, 1)

    @freeze_time(NOON)
    def test_a_unit_handed_over_after_the_month_does_not_count(self):
        self.units[2].handover_date = "2026-11-01"
        self.kpi._compute_month(self.property, date(2026, 10, 1))
        self.assertEqual(self._result(date(2026, 10, 1)).denominator, 2)
        self.assertEqual(self._compute().denominator, 3)

    @freeze_time(NOON)
    def test_each_butler_has_a_result(self):
        self.units[2].user_id = self.assistant
        self._file(self.units[2])
        self._compute()
        self.assertEqual(self._result(user=self.assistant).value, 100)
        self.assertEqual(self._result(user=self.officer).value, 0)


@tagged("post_install", "-at_install")
class TestTargets(KpiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kpi.target_ids.unlink()
        target = cls.env["pm.kpi.target"]
        cls.general = target.create({"kpi_id": cls.kpi.id, "year": 2020, "value": 60, "company_id": False})
        cls.of_company = target.create({"kpi_id": cls.kpi.id, "year": 2025, "value": 70, "company_id": cls.company.id})
        cls.of_property = target.create(
            {"kpi_id": cls.kpi.id, "year": 2026, "value": 80, "property_id": cls.property.id}
        )
        cls.of_butler = target.create(
            {"kpi_id": cls.kpi.id, "year": 2026, "value": 90, "property_id": cls.property.id, "user_id": cls.officer.id}
        )

    def _target(self, prop=None, year=2026, user=None):
        return self.env["pm.kpi.target"]._lookup(self.kpi, prop or self.property, year, user=user)

    def test_the_narrowest_target_of_the_year_applies(self):
        other = self.env["pm.property"].create({"name": "Other", "code": "O1"})
        self.assertEqual(self._target(user=self.officer), self.of_butler)
        self.assertEqual(self._target(user=self.assistant), self.of_property)
        self.assertEqual(self._target(), self.of_property)
        self.assertEqual(self._target(prop=other), self.of_company)
        self.assertEqual(self._target(year=2025), self.of_company)
        self.assertEqual(self._target(year=2024), self.general)
        self.assertFalse(self._target(year=2019))

    def test_a_target_of_next_year_changes_nothing_yet(self):
        action = self.of_property.action_copy_to_next_year()
        later = self.env["pm.kpi.target"].search(action["domain"])
        later.value = 99
        self.assertEqual(self._target(), self.of_property)
        self.assertEqual(self._target(year=2027), later)
        self.assertEqual(
            self.of_property.action_copy_to_next_year()["domain"], action["domain"], "carrying over twice makes one row"
        )

    def test_the_operator_follows_the_direction(self):
        self.kpi.direction = "lower"
        target = self.env["pm.kpi.target"].create({"kpi_id": self.kpi.id, "year": 2030, "value": 5})
        self.assertEqual(target.operator, "<=")
        self.assertTrue(target._is_met(5))
        self.assertFalse(target._is_met(5.01))
        self.assertTrue(self.general._is_met(60))
        self.assertFalse(self.general._is_met(59.99))

    def test_one_target_for_a_year_and_scope(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.env["pm.kpi.target"].create(
                {"kpi_id": self.kpi.id, "year": 2026, "value": 1, "property_id": self.property.id}
            )

    def test_a_butler_needs_a_property(self):
        with self.assertRaises(ValidationError):
            self.env["pm.kpi.target"].create(
                {"kpi_id": self.kpi.id, "year": 2026, "value": 1, "user_id": self.officer.id}
            )

    def test_who_sets_targets(self):
        with self.assertRaises(AccessError):
            self.of_property.with_user(self.supervisor).value = 1
        self.of_property.with_user(self.manager).value = 85
        with self.assertRaises(AccessError):
            self.general.with_user(self.manager).value = 1
        self.general.with_user(self.leadership).value = 65


@tagged("post_install", "-at_install")
class TestResults(KpiCase):
    @freeze_time(NOON)
    def test_computing_twice_gives_the_same_rows(self):
        first = self._compute()
        count = self.results.search_count([])
        self._file(self.units[0])
        second = self._compute()
        self.assertEqual(first, second)
        self.assertEqual(self.results.search_count([]), count)
        self.assertEqual(second.numerator, 1)

    @freeze_time(NOON)
    def test_a_closed_month_keeps_its_target_and_result(self):
        self._compute()
        self.assertEqual(self.env["pm.kpi"]._open_months(self.property), [NOVEMBER])

    def test_the_month_before_stays_open_for_ten_days_of_the_property(self):
        # 16:00 UTC is midnight of the next day in Shanghai.
        for moment, months in (
            ("2026-12-10 15:59:59", [NOVEMBER, date(2026, 12, 1)]),
            ("2026-12-10 16:00:00", [date(2026, 12, 1)]),
            ("2026-11-30 16:00:00", [NOVEMBER, date(2026, 12, 1)]),
        ):
            with self.subTest(moment=moment), freeze_time(moment):
                self.assertEqual(self.env["pm.kpi"]._open_months(self.property), months)

    @freeze_time(NOON)
    def test_one_broken_figure_does_not_hide_the_others(self):
        broken = self.env["pm.kpi"].create({"name": "Broken", "code": "X1", "method": "_kpi_file_completeness"})
        original = type(broken)._kpi_file_completeness

        def fail(kpi, *args, **kwargs):
            if kpi == broken:
                raise ZeroDivisionError("boom")
            return original(kpi, *args, **kwargs)

        with (
            patch.object(type(broken), "_kpi_file_completeness", fail),
            mute_logger("odoo.addons.pm_base.models.pm_kpi"),
        ):
            (broken | self.kpi)._compute_month(self.property, NOVEMBER)
        self.assertEqual((self._result(kpi=broken).state, self._result(kpi=broken).error), ("no_data", "boom"))
        self.assertEqual(self._result().denominator, 3)

    @freeze_time(NOON)
    def test_sums_complements_and_plain_counts(self):
        domain = [("property_id", "=", self.property.id)]
        kpi = self.env["pm.kpi"].create(
            {"name": "Area", "code": "X2", "method": "_kpi_file_completeness", "unit": "number"}
        )
        cases = (
            (
                {"numerator": ("pm.unit", domain, "area_chargeable"), "denominator": ("pm.unit", domain, None)},
                298.5 / 3,
            ),
            ({"numerator": ("pm.unit", domain, None)}, 3),
            (
                {
                    "numerator": ("pm.unit", [*domain, ("code", "=", "A-101")], None),
                    "denominator": ("pm.unit", domain, None),
                    "complement": True,
                },
                2 / 3,
            ),
        )
        for spec, value in cases:
            with (
                self.subTest(spec=spec),
                patch.object(type(kpi), "_kpi_file_completeness", lambda *a, spec=spec, **k: spec),
            ):
                self.assertAlmostEqual(kpi._evaluate(self.property, NOVEMBER, NOVEMBER)["value"], value)

    @freeze_time(NOON)
    def test_every_figure_opens_its_records(self):
        self._file(self.units[0])
        result = self._compute().with_user(self.officer)
        above, below = result.action_open_numerator(), result.action_open_denominator()
        self.assertEqual(self.env[above["res_model"]].search(above["domain"]), self.units[0])
        self.assertEqual(self.env[below["res_model"]].search(below["domain"]), self.units)

    @freeze_time(NOON)
    def test_a_figure_that_opens_its_records_is_their_number(self):
        """What was filed since the nightly job counts in the figure as soon as somebody looks behind it."""
        self._file(self.units[0])
        result = self._compute()
        self._file(self.units[1])
        self.assertEqual(result.numerator, 1)
        action = result.with_user(self.officer).action_open_numerator()
        self.assertEqual(self.env[action["res_model"]].search_count(action["domain"]), 2)
        self.assertEqual(result.numerator, 2)

    @freeze_time(NOON)
    def test_a_figure_opens_its_records_also_for_readers_who_may_not_open_what_it_looks_at(self):
        """Leadership reads no papers of units, yet sees which units have complete files."""
        self._file(self.units[0])
        result = self._compute()
        action = result.with_user(self.leadership).action_open_numerator()
        found = self.env["pm.unit"].with_user(self.leadership).search(action["domain"])
        self.assertEqual((found, len(found)), (self.units[0], result.numerator))

    def test_a_closed_month_is_a_snapshot_that_tells_what_changed_since(self):
        """The figure stays, says when it was computed, and what its records would give today."""
        with freeze_time("2026-12-10 04:00:00"):
            self._file(self.units[0])
            result = self._compute()
            self.assertFalse(result.closed)
        with freeze_time("2026-12-20 04:00:00"):
            result.invalidate_recordset()
            self.assertTrue(result.closed)
            self.assertFalse(result.changed)
            self._file(self.units[1], when="2026-11-20")
            action = result.with_user(self.officer).action_open_numerator()
            result.invalidate_recordset()
            self.assertEqual(result.numerator, 1)
            self.assertAlmostEqual(result.value, 33.33, 2)
            self.assertTrue(result.changed)
            self.assertEqual((result.numerator_now, result.denominator_now), (2, 3))
            self.assertAlmostEqual(result.value_now, 66.67, 2)
            # Papers do not tell when they were filed: the title says that the records are those of today.
            self.assertEqual(self.env["pm.unit"].search_count(action["domain"]), 2)
            self.assertTrue(action["name"].endswith("as it is today"), action["name"])

    @freeze_time("2026-12-20 04:00:00")
    def test_a_snapshot_opens_although_its_figure_fails_today(self):
        result = self._compute()

        def fail(*args, **kwargs):
            raise ZeroDivisionError("boom")

        with (
            patch.object(type(self.kpi), "_kpi_file_completeness", fail),
            mute_logger("odoo.addons.pm_base.models.pm_kpi_result"),
        ):
            self.assertEqual((result.closed, result.changed, result.numerator_now), (True, False, result.numerator))

    def test_a_figure_that_is_only_named(self):
        named = self.env.ref("pm_base.kpi_house_intact")
        named._compute_month(self.property, NOVEMBER)
        self.assertFalse(named.result_ids)
        with self.assertRaises(UserError):
            named._need_method()

    def test_an_unknown_method_is_refused(self):
        for method in ("_kpi_nothing", "unlink"):
            with self.subTest(method=method), self.assertRaises(ValidationError):
                self.env["pm.kpi"].create({"name": "Wrong", "code": "X3", "method": method})

    @freeze_time(NOON)
    def test_cron_is_safe_to_run_twice(self):
        with self.enter_registry_test_mode():
            for _run in range(2):
                self.env.ref("pm_base.pm_kpi_cron").method_direct_trigger()
        self.assertEqual(len(self._result()), 1)

    @freeze_time(NOON)
    def test_access(self):
        self._compute()
        result = self._result()
        self.assertTrue(result.with_user(self.officer).read(["value"]))
        for user in self.users_of("manager", "leadership"):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                result.with_user(user).write({"value": 100})
        for user in (self.technician, self.portal_user, self.outsider):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.results.with_user(user).search([])
        elsewhere = self.env["pm.property"].create({"name": "Elsewhere", "code": "E1"})
        self.kpi._compute_month(elsewhere, NOVEMBER)
        self.assertEqual(self.results.with_user(self.officer).search([]).property_id, self.property)
        self.assertIn(elsewhere, self.results.with_user(self.leadership).search([]).property_id)

    @freeze_time(NOON)
    def test_compute_now_covers_the_properties_of_the_user(self):
        elsewhere = self.env["pm.property"].create({"name": "Elsewhere", "code": "E1"})
        self.results.with_user(self.supervisor).action_compute()
        self.assertTrue(self._result())
        self.assertFalse(self.results.search([("property_id", "=", elsewhere.id)]))
