from freezegun import freeze_time
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from psycopg2 import IntegrityError

from .common import DeskCase, local


@tagged("post_install", "-at_install")
class TestHotline(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_zone = cls.env["pm.zone"].create(
            {"name": "Shops", "code": "SH", "property_id": cls.property.id, "zone_type": "retail"}
        )
        line = cls.env["pm.hotline"]
        common = {"property_id": cls.property.id, "valid_from": "2026-01-01"}
        cls.day_a = line.create(
            {"name": "A day", "phone": "111", "hour_from": 8.5, "hour_to": 21, "zone_ids": cls.zone.ids, **common}
        )
        cls.day_b = line.create(
            {"name": "B day", "phone": "222", "hour_from": 8.5, "hour_to": 21, "zone_ids": cls.other_zone.ids, **common}
        )
        cls.night = line.create({"name": "Night", "phone": "999", "hour_from": 21, "hour_to": 8.5, **common})

    def test_the_number_in_force_by_zone_and_minute(self):
        self.units[1].zone_id = self.other_zone
        for moment, numbers in (
            ("2026-11-02 08:29", ("999", "999")),
            ("2026-11-02 08:30", ("111", "222")),
            ("2026-11-02 20:59", ("111", "222")),
            ("2026-11-02 21:00", ("999", "999")),
            ("2026-11-03 00:00", ("999", "999")),
        ):
            with freeze_time(local(moment)):
                self.assertEqual(tuple(self.property._hotline_now(unit) for unit in self.units[:2]), numbers, moment)
        self.assertEqual(self.property._hotline_text(self.units[0]), "111 (08:30–21:00), 999 (21:00–08:30)")
        self.assertEqual(self.property._hotline_text(), "111 / 222 (08:30–21:00), 999 (21:00–08:30)")

    def test_the_one_number_of_the_property_answers_where_no_band_does(self):
        self.night.active = False
        with freeze_time(local("2026-11-02 22:00")):
            self.assertEqual(self.property._hotline_now(self.units[0]), "0755-5550100")
        self.day_a.valid_from = "2026-11-03"
        with freeze_time(local("2026-11-02 12:00")):
            self.assertEqual(self.property._hotline_now(self.units[0]), "0755-5550100")
        with freeze_time(local("2026-11-03 12:00")):
            self.assertEqual(self.property._hotline_now(self.units[0]), "111")
        (self.day_a | self.day_b | self.night).unlink()
        self.assertEqual(self.property._hotline_text(self.units[0]), "0755-5550100")

    def test_a_gap_in_the_24_hours_is_told(self):
        self.assertFalse(self.property.hotline_warning)
        self.night.hour_to = 8
        self.assertIn("08:00–08:30", self.property.hotline_warning)
        self.assertIn("Shops", self.property.hotline_warning)

    def test_bad_bands_are_refused(self):
        for vals in ({"hour_from": -1}, {"hour_to": 25}, {"hour_from": 8, "hour_to": 8}):
            with self.assertRaises(IntegrityError), self.env.cr.savepoint(), self.assertLogs("odoo.sql_db"):
                self.day_a.write(vals)
                self.env.flush_all()
        foreign = self.env["pm.property"].create({"name": "Other", "code": "T2", "tz": "Asia/Shanghai"})
        zone = self.env["pm.zone"].create({"name": "Z", "code": "Z", "property_id": foreign.id, "zone_type": "office"})
        with self.assertRaises(ValidationError):
            self.day_a.zone_ids = zone

    def test_a_new_number_is_announced_to_each_customer_of_its_zones_once(self):
        self.units[1].zone_id = self.other_zone
        for _turn in range(2):
            self.day_b.with_user(self.manager).action_announce()
        messages = self.env["pm.message"].search([("res_model", "=", "pm.hotline"), ("res_id", "=", self.day_b.id)])
        self.assertEqual(messages.partner_id, self.owners[1])
        self.assertIn("222", messages.text)
        self.other_zone.unit_ids.zone_id = self.zone
        with self.assertRaises(UserError):
            self.day_b.with_user(self.manager).action_announce()
