from datetime import date, datetime

import psycopg2
from freezegun import freeze_time
from odoo.exceptions import ValidationError
from odoo.tests import Form
from odoo.tests.common import tagged
from odoo.tools import mute_logger

from .common import PmCase


@tagged("post_install", "-at_install")
class TestProperty(PmCase):
    @freeze_time("2026-03-01 16:30:00")
    def test_today_is_the_property_s_day_not_the_server_s(self):
        self.assertEqual(self.property._today(), date(2026, 3, 2))
        self.assertEqual(self.property._local_date(datetime(2026, 3, 1, 15, 59)), date(2026, 3, 1))
        self.assertEqual(self.property._local_midnight_utc(date(2026, 3, 2)), datetime(2026, 3, 1, 16, 0))
        self.assertEqual(self.property._local_to_utc(date(2026, 3, 2), 8.5), datetime(2026, 3, 2, 0, 30))

    def test_large_customer_threshold_is_1_5_per_mille_of_the_managed_area_and_strict(self):
        # S0-137, OCR-01: 1.5 ‰ of 39,000 m² is 58.5 m²; exactly that is not "above".
        self.property.chargeable_area = 39000
        self.assertEqual(self.property.large_customer_permille, 1.5)
        self.assertAlmostEqual(self.property.large_customer_area, 58.5)
        self.units[2].area_chargeable = 58.5
        large = self.property._large_customer_partner_ids()
        self.assertIn(self.owners[0].id, large)
        self.assertNotIn(self.owners[2].id, large)

    def test_areas_of_several_units_of_one_payer_count_together(self):
        self.property.chargeable_area = 100000  # threshold 150 m²
        self.assertFalse(self.property._large_customer_partner_ids())
        self.parties[1].write({"partner_id": self.owners[0].id})
        self.assertEqual(self.property._large_customer_partner_ids(), {self.owners[0].id})

    def test_working_days_are_counted_by_a_calendar_of_the_property_s_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        prop = self.env["pm.property"].create({"name": "Far", "code": "F1", "company_id": other.id})
        self.assertEqual(prop.calendar_id, other.resource_calendar_id)
        prop.company_id = self.company
        self.assertEqual(prop.calendar_id, self.company.resource_calendar_id)
        free = self.env["resource.calendar"].create({"name": "Every day", "company_id": False})
        prop.calendar_id = free
        prop.company_id = other
        self.assertEqual(prop.calendar_id, free, "one without company is everybody's")
        with Form(self.env["pm.property"]) as form:
            form.name, form.code = "Form", "F2"
            form.calendar_id = self.env["resource.calendar"]
        self.assertFalse(form.record.calendar_id, "none: every day counts")

    def test_codes_are_unique_within_their_parent_only(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
            self.units[0].copy({"code": "A-102"})
        other = self.property.copy({"code": "T2"})
        block = self.building.copy({"property_id": other.id})
        self.assertTrue(
            self.units[0].copy({"property_id": other.id, "building_id": block.id, "zone_id": False, "code": "A-102"})
        )

    def test_a_unit_stays_within_one_property(self):
        other = self.property.copy({"code": "T2"})
        with self.assertRaisesRegex(ValidationError, "must belong to the property"):
            self.units[0].property_id = other

    def test_negative_areas_are_refused_by_the_database(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.CheckViolation), self.cr.savepoint():
            self.units[0].area_chargeable = -0.01
            self.units.flush_recordset()

    def test_the_butler_of_the_building_looks_after_its_units_unless_a_unit_names_somebody(self):
        self.assertEqual(self.units.user_id, self.officer)
        self.units[0].user_id = self.assistant
        self.assertEqual(self.units[1].user_id, self.officer)
        self.building.user_id = self.supervisor
        self.assertEqual(self.units[1].user_id, self.supervisor)

    def test_butler_area_adds_up_units_area_and_owners(self):
        self.env.flush_all()
        area = self.env["pm.butler.area"].search([("property_id", "=", self.property.id)])
        self.assertEqual((area.user_id, area.unit_count, area.area, area.owner_count), (self.officer, 3, 298.5, 3))

    def test_file_completeness_counts_mandatory_items_only(self):
        types = self.env["pm.file.type"].search([("mandatory", "=", True)])
        self.assertEqual(self.units[0].file_completeness, 0)
        self.env["pm.unit.file"].create([{"unit_id": self.units[0].id, "type_id": t.id} for t in types])
        self.units.invalidate_recordset()
        self.assertEqual(self.units[0].file_completeness, 100)
        self.assertEqual(self.units[1].file_completeness, 0)
