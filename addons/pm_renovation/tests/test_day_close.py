import psycopg2
from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import RenovationCase


@tagged("post_install", "-at_install")
class TestDayClose(RenovationCase):
    """Monday 2 November 2026; the officer is the butler of block A and its three units."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.units.user_id = cls.officer
        cls.Day = cls.env["pm.day.close"]

    def open_day(self, user=None, **values):
        user = user or self.officer
        return self.Day.with_user(user).create(
            {"property_id": self.property.id, "user_id": user.id, "date": "2026-11-02", **values}
        )

    def write_registers(self, day):
        for line in day.line_ids.filtered(lambda line: line.register in ("work_log", "vacant")):
            line.note = "All in order"

    def register(self, day, name):
        return day.line_ids.filtered(lambda line: line.register == name)

    def test_days_are_opened_from_ten_past_five_once_on_working_days(self):
        for moment, count in (
            ("2026-11-02 09:09:00", 0),  # 17:09 in Shanghai
            ("2026-11-02 09:10:00", 1),
            ("2026-11-02 10:00:00", 1),
            ("2026-11-07 09:30:00", 1),  # Saturday
        ):
            with freeze_time(moment):
                self.Day._open_for(self.property)
                self.assertEqual(self.Day.search_count([("property_id", "=", self.property.id)]), count, moment)
        self.property.day_close_time = 0
        with freeze_time("2026-11-03 09:30:00"):
            self.assertFalse(self.Day._open_for(self.property), "0: not asked for")

    @freeze_time("2026-11-02 09:30:00")
    def test_a_butler_has_each_day_once(self):
        self.open_day()
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
            self.open_day()

    @freeze_time("2026-11-02 09:30:00")
    def test_what_only_the_butler_knows_must_be_written(self):
        day = self.open_day()
        with self.assertRaisesRegex(UserError, "Work log"):
            day.action_close()
        self.register(day, "work_log").note = "Two repairs, one talk"
        with self.assertRaisesRegex(UserError, "Vacant units"):
            day.action_close()
        self.register(day, "vacant").note = "No vacant unit"
        day.action_close()
        self.assertEqual((day.state, day.closed_by_id), ("closed", self.officer))
        with self.assertRaisesRegex(UserError, "history"):
            self.register(day, "work_log").note = "Something else"
        with self.assertRaisesRegex(UserError, "not deleted"):
            day.sudo().unlink()

    def test_a_missed_patrol_is_counted_and_must_be_explained(self):
        with freeze_time("2026-11-02 01:00:00"):
            case = self.bring_to("in_progress")
            self.env["pm.renovation.inspection"].search([("renovation_id", "=", case.id)]).unlink()
            patrol = self.env["pm.renovation.inspection"].create(
                {"renovation_id": case.id, "kind": "patrol", "date": "2026-11-02", "user_id": self.officer.id}
            )
        with freeze_time("2026-11-02 09:30:00"):
            day = self.open_day()
            line = self.register(day, "renovation")
            self.assertEqual((line.done, line.open), (0, 1))
            self.write_registers(day)
            with self.assertRaisesRegex(UserError, "1 still open"):
                day.action_close()
            self.assertEqual(self.env["pm.renovation.inspection"].search(line.action_open_records()["domain"]), patrol)
            line.note = "Nobody on site, locked"
            day.action_close()
            self.assertEqual(day.state, "closed")

    @freeze_time("2026-11-02 09:30:00")
    def test_handled_tickets_and_vacant_units_are_counted(self):
        ticket = self.env["pm.ticket"].create(
            {"name": "Lamp", "property_id": self.property.id, "user_id": self.officer.id}
        )
        ticket.sudo().handled_at = "2026-11-02 03:00:00"
        self.parties.write({"lives_here": False})
        day = self.open_day()
        self.assertEqual(self.register(day, "work_log").done, 1)
        self.assertEqual(self.register(day, "vacant").open, len(self.units.filtered(lambda u: u.status == "vacant")))

    @freeze_time("2026-11-02 09:30:00")
    def test_nobody_fills_in_for_another_but_a_supervisor(self):
        with self.assertRaises(AccessError):
            self.Day.with_user(self.officer).create(
                {"property_id": self.property.id, "user_id": self.assistant.id, "date": "2026-11-02"}
            )
        day = self.open_day()
        with self.assertRaisesRegex(AccessError, "another butler"):
            self.register(day, "work_log").with_user(self.assistant).note = "x"
        with self.assertRaises(AccessError):
            day.with_user(self.officer).line_ids[:1].done = 99
        with self.assertRaises(AccessError):
            day.with_user(self.officer).state = "closed"
        self.write_registers(day.with_user(self.supervisor))
        day.with_user(self.supervisor).action_close()
        self.assertEqual(day.closed_by_id, self.supervisor)

    @freeze_time("2026-11-02 09:30:00")
    def test_tomorrow_is_not_closed_today(self):
        day = self.open_day(date="2026-11-03")
        self.write_registers(day)
        with self.assertRaisesRegex(UserError, "has not begun"):
            day.action_close()

    @freeze_time("2026-11-02 09:30:00")
    def test_the_day_is_printed(self):
        content, kind = self.env["ir.actions.report"]._render("pm_renovation.day_close", self.open_day().ids)
        self.assertEqual((content[:4], kind), (b"%PDF", "pdf"))
