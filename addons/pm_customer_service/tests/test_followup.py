from freezegun import freeze_time
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import DeskCase, local


@tagged("post_install", "-at_install")
class TestFollowup(DeskCase):
    def followup(self, ticket, answer="satisfied", **values):
        return (
            self.env["pm.followup"]
            .with_user(self.front_desk)
            .create({"ticket_id": ticket.id, "satisfied": answer, **values})
        )

    def test_complaint_followed_up_on_day_2_and_3_is_in_time_on_day_4_late(self):
        for day, state in (("2026-11-04", "met"), ("2026-11-05", "met"), ("2026-11-06", "breached")):
            with self.subTest(day=day):
                with freeze_time(local("2026-11-02 10:00")):
                    ticket = self.handle(self.new_ticket())
                    activity = ticket.sudo().activity_ids
                    self.assertEqual((activity.user_id, str(activity.date_deadline)), (self.front_desk, "2026-11-05"))
                with freeze_time(local(f"{day} 20:00")):
                    self.followup(ticket)
                self.assertEqual(self.clock(ticket, "followup").state, state)
                self.assertEqual(ticket.state, "followed_up")

    def test_dissatisfied_reopens_and_counts(self):
        ticket = self.handle(self.new_ticket())
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.followup(ticket, "dissatisfied")
        self.followup(ticket, "dissatisfied", words="Still noisy")
        self.assertEqual((ticket.state, ticket.reopen_count, ticket.reopen_reason), ("in_progress", 1, "Still noisy"))
        self.assertFalse(ticket.handled_at)
        kind = self.env.ref("pm_customer_service.mail_activity_type_followup")
        calls = lambda: ticket.sudo().activity_ids.filtered(lambda activity: activity.activity_type_id == kind)  # noqa: E731
        self.assertFalse(calls(), "nobody is to be called before it is done anew")
        self.handle(ticket)
        self.assertEqual(len(calls()), 1)
        self.assertEqual(self.clock(ticket, "followup").sorted("id").mapped("state"), ["met", "running"])

    def test_no_ticket_is_ever_without_a_clock_until_it_is_closed(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket("help", user_id=self.officer.id, promised_date=local("2026-11-02 18:00"))
            self.assertTrue(ticket.next_due)
            self.handle(ticket)
            self.assertEqual(ticket.next_due, self.clock(ticket, "feedback").due)
            ticket.with_user(self.officer).action_feedback()
            self.assertEqual(ticket.next_due, self.clock(ticket, "close").due)
            ticket.with_user(self.officer).action_reopen("Again")
            self.assertEqual(self.clock(ticket, "rework").due, local("2026-11-03 23:59").replace(second=59))
            self.assertEqual(self.clock(ticket, "close").state, "cancelled")
            self.handle(ticket)
            ticket.with_user(self.officer).action_feedback()
            ticket.with_user(self.officer).action_close()
        self.assertFalse(ticket.next_due)
        self.assertEqual(self.clock(ticket, "close").sorted("id").mapped("state"), ["cancelled", "met"])

    def test_not_reached_leaves_it_due(self):
        ticket = self.handle(self.new_ticket())
        self.followup(ticket, "unreachable")
        self.assertEqual((ticket.state, self.clock(ticket, "followup").state), ("handled", "running"))

    def test_followup_before_the_ticket_is_finished_is_refused(self):
        ticket = self.new_ticket()
        with self.assertRaises(UserError):
            self.followup(ticket)

    def test_what_was_said_cannot_be_changed(self):
        followup = self.followup(self.handle(self.new_ticket()))
        with self.assertRaises(UserError):
            followup.satisfied = "dissatisfied"

    def test_sample_is_reproducible_and_about_a_quarter(self):
        repair = self.types["repair"]
        drawn = [number for number in range(2000) if repair._is_sampled(f"T1-2611-{number:05d}")]
        self.assertEqual(drawn, [number for number in range(2000) if repair._is_sampled(f"T1-2611-{number:05d}")])
        self.assertTrue(440 <= len(drawn) <= 560, len(drawn))
        self.env["ir.config_parameter"].sudo().set_param("pm_customer_service.sample_seed", "other")
        self.assertNotEqual(drawn, [number for number in range(2000) if repair._is_sampled(f"T1-2611-{number:05d}")])

    def test_every_complaint_no_inquiry_is_drawn(self):
        self.assertTrue(all(self.types["complaint"]._is_sampled(str(n)) for n in range(50)))
        self.assertFalse(any(self.types["inquiry"]._is_sampled(str(n)) for n in range(50)))
