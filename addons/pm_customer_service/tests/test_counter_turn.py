"""Numbers at the counter (S1-08): no gaps, the longest waiting first, nobody called by two, 15 minutes measured."""

from datetime import timedelta

from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import HttpCase, tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import DeskCase, local


@tagged("post_install", "-at_install")
class TestCounterTurn(DeskCase):
    def come(self, moment="2026-11-02 10:00", **values):
        with freeze_time(local(moment)):
            return (
                self.env["pm.counter.turn"]
                .with_user(self.front_desk)
                .create({"property_id": self.property.id, **values})
            )

    def test_numbers_begin_anew_each_day_of_the_property_and_have_no_gaps(self):
        first, second = self.come(), self.come()
        self.assertEqual((first.display_name, second.display_name), ("001", "002"))
        batch = (
            self.env["pm.counter.turn"]
            .with_user(self.front_desk)
            .create([{"property_id": self.property.id} for __ in range(3)])
        )
        self.assertEqual(len(set(batch.mapped("number"))), 3)
        late = self.come("2026-11-02 23:59")
        self.assertEqual((late.number, str(late.date)), (3, "2026-11-02"))
        self.assertEqual(self.come("2026-11-03 00:01").number, 1)
        with self.assertRaises(UserError):
            first.unlink()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            second.sudo().number = 1
            second.flush_recordset()

    def test_who_waited_longest_is_called_and_two_call_two(self):
        first, second = self.come("2026-11-02 10:00"), self.come("2026-11-02 10:01")
        with freeze_time(local("2026-11-02 10:05")):
            turns = self.env["pm.counter.turn"]
            turns.with_user(self.front_desk).action_call_next()
            turns.with_user(self.assistant).action_call_next()
            self.assertEqual((first.user_id, second.user_id), (self.front_desk, self.assistant))
            with self.assertRaisesRegex(UserError, "Nobody"):
                turns.with_user(self.officer).action_call_next()

    def test_calling_the_next_ends_the_one_before(self):
        first, second = self.come("2026-11-02 10:00"), self.come("2026-11-02 10:01")
        with freeze_time(local("2026-11-02 10:05")):
            self.env["pm.counter.turn"].with_user(self.front_desk).action_call_next()
            self.env["pm.counter.turn"].with_user(self.front_desk).action_call_next()
        self.assertEqual((first.state, second.state), ("done", "serving"))

    def test_fifteen_minutes_are_kept_and_a_second_more_is_late(self):
        for second, state in ((0, "met"), (1, "breached")):
            turn = self.come()
            with freeze_time(local("2026-11-02 10:15") + timedelta(seconds=second)):
                turn.action_call()
            self.assertEqual(self.clock(turn, "wait").state, state)
            self.assertEqual(turn.waiting_minutes, 15)

    def test_a_move_is_measured_by_the_number(self):
        with freeze_time(local("2026-11-02 09:00")):
            move = (
                self.env["pm.occupancy"]
                .with_user(self.front_desk)
                .create({"unit_id": self.units[0].id, "partner_id": self.owners[0].id, "user_id": self.officer.id})
            )
            move.sudo().write({"state": "notice_sent"})
        turn = self.come(occupancy_id=move.id)
        self.assertEqual((move.state, move.arrived_at), ("arrived", local("2026-11-02 10:00")))
        with freeze_time(local("2026-11-02 10:12")):
            turn.action_call()
        self.assertEqual((move.state, move.started_at), ("in_handling", local("2026-11-02 10:12")))
        self.assertEqual(move.waiting_minutes, 12)
        self.assertEqual(self.clock(move, "wait").state, "met")

    def test_who_left_is_not_called_and_not_late(self):
        turn = self.come()
        with freeze_time(local("2026-11-02 10:10")):
            turn.action_left()
            with self.assertRaises(UserError):
                turn.action_call()
        self.assertEqual(self.clock(turn, "wait").state, "cancelled")

    def test_times_are_the_programs_and_the_counter_is_the_desks(self):
        turn = self.come(number=99, state="done", arrived_at=local("2026-01-01 10:00"))
        self.assertEqual((turn.number, turn.state, turn.arrived_at), (1, "waiting", local("2026-11-02 10:00")))
        with self.assertRaises(AccessError):
            turn.write({"arrived_at": local("2026-11-02 09:00")})
        for user in (self.technician, self.outsider):
            with self.assertRaises(AccessError):
                turn.with_user(user).read(["number"])


@tagged("post_install", "-at_install")
class TestQueueDisplay(HttpCase, DeskCase):
    def test_the_screen_shows_numbers_and_no_names(self):
        turns = self.env["pm.counter.turn"].with_user(self.front_desk)
        turn = turns.create({"property_id": self.property.id, "partner_id": self.owners[0].id, "window": "2"})
        turn.action_call()
        turns.create({"property_id": self.property.id})
        self.authenticate("pm_front_desk", "pm_front_desk")
        page = self.url_open(f"/pm/queue/{self.property.id}")
        self.assertEqual(page.status_code, 200)
        self.assertIn("001", page.text)
        self.assertIn("002", page.text)
        self.assertNotIn(self.owners[0].name, page.text)
        other = self.env["pm.property"].create({"name": "Other", "code": "T2"})
        self.assertEqual(self.url_open(f"/pm/queue/{other.id}").status_code, 404)
        self.authenticate("pm_technician", "pm_technician")
        self.assertEqual(self.url_open(f"/pm/queue/{self.property.id}").status_code, 404)
