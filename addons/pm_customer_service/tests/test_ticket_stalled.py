"""Stalled tickets: open, and nothing was done about them for the days of the settings (S1-57)."""

from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged

from .common import DeskCase, local


@tagged("post_install", "-at_install")
class TestTicketStalled(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time(local("2026-11-02 10:00")):
            cls.ticket = cls.new_ticket(user_id=cls.officer.id)

    def stalled(self, moment, user=None):
        with freeze_time(local(moment)):
            tickets = self.env["pm.ticket"].with_user(user or self.supervisor)
            found = tickets.search([("is_stalled", "=", True)])
            self.env.invalidate_all()
            self.assertEqual(found, (tickets.browse(self.ticket.id)).filtered("is_stalled"))
            rest = tickets.search([("is_stalled", "=", False)])
            self.assertEqual(found, tickets.browse(self.ticket.id) - rest)
        return bool(found)

    def test_after_three_days_to_the_second(self):
        self.assertFalse(self.stalled("2026-11-05 09:59"))
        self.assertTrue(self.stalled("2026-11-05 10:00"))

    def test_the_days_are_a_setting_and_zero_is_never(self):
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("pm_customer_service.stalled_days", "1")
        self.assertTrue(self.stalled("2026-11-03 10:00"))
        parameters.set_param("pm_customer_service.stalled_days", "0")
        self.assertFalse(self.stalled("2026-12-03 10:00"))

    def test_a_step_and_a_note_of_staff_are_progress_a_customers_words_are_not(self):
        with freeze_time(local("2026-11-04 10:00")):
            self.ticket.with_user(self.officer).action_take()
        self.assertFalse(self.stalled("2026-11-07 09:59"))
        with freeze_time(local("2026-11-06 10:00")):
            self.ticket.with_user(self.officer).message_post(body="Parts are ordered.", subtype_xmlid="mail.mt_note")
        self.assertFalse(self.stalled("2026-11-09 09:59"))
        with freeze_time(local("2026-11-08 10:00")):
            self.ticket.message_post(
                body="When?",
                author_id=self.owners[0].id,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
        self.assertTrue(self.stalled("2026-11-09 10:00"))

    def test_passed_on_or_paused_it_still_stands(self):
        with freeze_time(local("2026-11-04 10:00")):
            self.ticket.user_id = self.technician
            self.ticket.sudo()._pause_deadlines("Waits for the supplier")
        self.assertTrue(self.stalled("2026-11-05 10:00"))

    def test_what_waits_for_an_agreed_moment_does_not_stand_still(self):
        with freeze_time(local("2026-11-02 11:00")):
            self.ticket.with_user(self.officer).promised_date = local("2026-11-10 10:00")
        self.assertFalse(self.stalled("2026-11-10 10:00"))
        self.assertTrue(self.stalled("2026-11-10 10:01"))

    def test_a_planned_step_is_waited_for(self):
        with freeze_time(local("2026-11-02 11:00")):
            self.env["pm.ticket.milestone"].with_user(self.officer).create(
                {"name": "Ask the builder", "ticket_id": self.ticket.id, "date_due": local("2026-11-09 10:00")}
            )
        self.assertFalse(self.stalled("2026-11-09 10:00"))
        self.assertTrue(self.stalled("2026-11-09 10:01"))

    def test_a_handled_ticket_is_not_stalled_a_reopened_one_counts_anew(self):
        with freeze_time(local("2026-11-03 10:00")):
            self.handle(self.ticket)
        self.assertFalse(self.stalled("2026-11-20 10:00"))

    def test_the_supervisors_day_shows_it_by_person(self):
        with freeze_time(local("2026-11-05 10:00")):
            blocks = self.env["pm.desk.board"].with_user(self.supervisor).load()["blocks"]
            [row] = next(block["rows"] for block in blocks if block["key"] == "stalled")
            found = self.env["pm.ticket"].with_user(self.supervisor).search(row["drill"]["domain"])
        self.assertEqual((row["label"], row["count"]), (self.officer.name, 1))
        self.assertEqual(found, self.ticket.with_user(self.supervisor))

    def test_nobody_writes_the_moment_himself(self):
        with self.assertRaises(UserError):
            self.ticket.with_user(self.officer).progressed_at = local("2026-11-30 10:00")
        with self.assertRaises(UserError):
            self.ticket.with_user(self.officer).next_due = local("2026-11-30 10:00")

    def test_a_project_manager_sets_the_days_without_the_settings_of_odoo(self):
        rules = self.env["pm.desk.rules"].with_user(self.manager).create({})
        self.assertEqual((rules.stalled_days, rules.repeat_days, rules.board_promise_hours), (3, 30, 24))
        self.assertFalse(self.stalled("2026-11-04 10:00"))
        rules.stalled_days = 1
        rules.action_save()
        self.assertTrue(self.stalled("2026-11-04 10:00"))
        self.assertEqual(self.env["pm.desk.rules"].with_user(self.manager).create({}).stalled_days, 1)
        with self.assertRaises(AccessError):
            self.env["pm.desk.rules"].with_user(self.supervisor).create({})
        with self.assertRaises(AccessError):
            rules.with_user(self.supervisor).action_save()
