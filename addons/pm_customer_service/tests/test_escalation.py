from unittest.mock import patch

from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import DeskCase, local


@tagged("post_install", "-at_install")
class TestEscalation(DeskCase):
    def steps(self, ticket):
        return self.env["pm.escalation"].search([("res_model", "=", "pm.ticket"), ("res_id", "=", ticket.id)])

    def test_ticket_nobody_took_goes_to_the_supervisor_then_the_manager(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket("repair")
        with freeze_time(local("2026-11-02 10:29")):
            self.run_job()
            self.assertFalse(self.steps(ticket))
        with freeze_time(local("2026-11-02 10:31")):
            self.run_job()
            self.assertEqual(self.steps(ticket).user_ids, self.supervisor)
            self.assertEqual(ticket.sudo().activity_ids.user_id, self.supervisor)
        with freeze_time(local("2026-11-02 11:31")):
            self.run_job()
            self.assertEqual(self.steps(ticket).user_ids, self.supervisor | self.manager)

    def test_emergency_tells_the_manager_at_once(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket("emergency")
        with freeze_time(local("2026-11-02 10:06")):
            self.run_job()
        self.assertEqual(self.steps(ticket).user_ids, self.supervisor | self.manager)

    def test_handler_and_first_receiver_are_warned_before_a_promise_lapses(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket(user_id=self.officer.id, promised_date=local("2026-11-02 18:00"))
        with freeze_time(local("2026-11-02 15:59")):
            self.run_job()
            self.assertFalse(self.steps(ticket).filtered(lambda s: s.deadline_id.kind == "promise"))
        with freeze_time(local("2026-11-02 16:00")):
            self.run_job()
            self.assertEqual(self.steps(ticket).user_ids, self.officer | self.front_desk)

    def test_warnings_of_a_promise_are_gone_once_another_time_is_agreed(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket(user_id=self.officer.id, promised_date=local("2026-11-02 12:00"))
        with freeze_time(local("2026-11-02 11:10")):
            self.run_job()
            warned = ticket.activity_ids.filtered("pm_deadline_id")
            self.assertIn(self.officer, warned.user_id)
            ticket.with_user(self.officer)._notify_delay(local("2026-11-03 12:00"), "Parts are missing.")
        self.assertFalse(warned.exists())

    def test_overdue_alerts_reach_the_first_receiver_after_reassignment(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket("inquiry", user_id=self.officer.id)
            ticket.with_user(self.supervisor).user_id = self.assistant
        with freeze_time(local("2026-11-02 11:01")):
            self.run_job()
        self.assertEqual(self.steps(ticket).user_ids, self.assistant | self.front_desk)
        self.assertEqual(self.clock(ticket, "reply").user_id, self.assistant)

    def test_job_run_twice_tells_once(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket("repair")
        with freeze_time(local("2026-11-02 10:31")):
            self.assertEqual(self.run_job(), 1)
            steps, activities = self.steps(ticket), ticket.sudo().activity_ids
            self.assertEqual(self.run_job(), 0)
            self.clock(ticket, "accept").sudo().next_check = "2026-01-01 00:00:00"
            self.run_job()
        self.assertEqual((self.steps(ticket), ticket.sudo().activity_ids), (steps, activities))

    def test_job_killed_half_way_goes_on_where_it_was(self):
        with freeze_time(local("2026-11-02 10:00")):
            tickets = self.env["pm.ticket"].browse(self.new_ticket("repair").id for __ in range(6))
        job = self.env["pm.deadline"]
        with freeze_time(local("2026-11-02 10:31")):
            self.assertEqual(job._process_due(3), 3)  # the first chunk is committed …
            carried_out = type(job)._carry_out
            with (
                patch.object(type(job), "_carry_out", side_effect=KeyboardInterrupt),
                self.assertRaises(KeyboardInterrupt),
                self.env.cr.savepoint(),
            ):
                job._process_due(3)  # … the second dies with the process
            self.assertIs(type(job)._carry_out, carried_out)
            self.run_job()
        for ticket in tickets:
            self.assertEqual(len(self.steps(ticket)), 1)
            self.assertEqual(self.clock(ticket, "accept").state, "breached")

    def test_one_bad_row_does_not_hold_up_the_others(self):
        with freeze_time(local("2026-11-02 10:00")):
            good, bad = self.new_ticket("repair"), self.new_ticket("repair")
        escalation = type(self.env["pm.escalation"])
        original = escalation._carry_out

        def fails_on_bad(records, steps, now):
            if any(row.res_id == bad.id for row, __ in steps):
                raise ValueError("broken")
            return original(records, steps, now)

        with freeze_time(local("2026-11-02 10:31")), patch.object(escalation, "_carry_out", fails_on_bad):
            with mute_logger("odoo.addons.pm_customer_service.models.pm_deadline"):
                self.run_job()
        self.assertTrue(self.steps(good))
        self.assertEqual(self.clock(bad, "accept").job_error, "broken")
        with freeze_time(local("2026-11-02 10:50")):
            self.run_job()
        self.assertTrue(self.steps(bad))
        self.assertFalse(self.clock(bad, "accept").job_error)

    def test_cron_runs(self):
        self.new_ticket("repair")
        with self.enter_registry_test_mode():
            self.env.ref("pm_customer_service.ir_cron_pm_deadline").method_direct_trigger()

    def test_the_job_reads_only_what_is_due(self):
        with freeze_time(local("2026-11-02 10:00")):
            for __ in range(3):
                self.new_ticket(user_id=self.officer.id)
        with freeze_time(local("2026-11-02 10:01")), self.assertQueryCount(3):
            self.env["pm.deadline"]._process_due(100)

    def test_a_new_rule_concerns_what_already_runs(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket(severity="major", user_id=self.officer.id)
            self.env["pm.escalation.rule"].create(
                {
                    "name": "Leadership hears of it",
                    "model_id": self.env["ir.model"]._get_id("pm.ticket"),
                    "deadline_rule_ids": [(6, 0, self.env.ref("pm_customer_service.deadline_rule_reply_major").ids)],
                    "moment": "before",
                    "amount": 3,
                    "unit": "days",
                    "role": "leadership",
                }
            )
            self.run_job()
        with freeze_time(local("2026-11-03 00:01")):
            self.run_job()
        self.assertIn(self.leadership, self.steps(ticket).user_ids)

    def test_step_by_email_is_a_message_of_its_own(self):
        rule = self.env.ref("pm_customer_service.escalation_rule_unaccepted")
        rule.by_email = True
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket("repair", name="<b>Tap</b>")
        with freeze_time(local("2026-11-02 10:31")):
            self.run_job()
        message = self.env["pm.message"].search([("key", "=like", f"escalation/{self.clock(ticket, 'accept').id}/%")])
        self.assertEqual(message.partner_id, self.supervisor.partner_id)
        self.assertIn(ticket.number, message.subject)
        self.assertNotIn("<b>Tap", message.body)

    def test_deleted_handler_is_replaced_by_the_next_up(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket("inquiry", user_id=self.officer.id)
        self.officer.active = False
        with freeze_time(local("2026-11-02 11:01")):
            self.run_job()
        self.assertEqual(self.steps(ticket).user_ids, self.supervisor | self.front_desk)

    # Levels, repeats, reports by people

    def test_emergency_skips_the_supervisor_who_is_informed(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket("emergency")
            trigger = self.env["ir.cron.trigger"].search(
                [("cron_id", "=", self.env.ref("pm_customer_service.ir_cron_pm_deadline").id)], limit=1, order="id desc"
            )
            self.assertLessEqual(trigger.call_at, local("2026-11-02 10:00"), "the job is woken at once")
            self.run_job()
        step = self.steps(ticket)
        self.assertEqual((step.user_ids, step.informed_ids), (self.manager, self.supervisor))
        summaries = {activity.user_id: activity.summary for activity in ticket.sudo().activity_ids}
        self.assertIn("For information", summaries[self.supervisor])
        self.assertNotIn("For information", summaries[self.manager])

    def test_same_complaint_of_the_unit_within_the_days_goes_to_the_supervisor_then_the_manager(self):
        noise = self.env.ref("pm_customer_service.ticket_category_noise")
        with freeze_time(local("2026-11-02 10:00")):
            first = self.new_ticket(category_id=noise.id, user_id=self.officer.id)
            neighbour = self.new_ticket(category_id=noise.id, unit_id=self.units[1].id, partner_id=self.owners[1].id)
            repair = self.new_ticket("repair", category_id=noise.id)
        with freeze_time(local("2026-12-02 09:00")):
            second = self.new_ticket(category_id=noise.id, user_id=self.officer.id)
            self.run_job()
        self.assertFalse((first | neighbour | repair).filtered("repeat_count"))
        self.assertEqual((second.repeat_count, second.repeat_of_id), (1, first))
        told = self.steps(second).filtered(lambda step: step.deadline_id.kind == "repeat")
        self.assertEqual(told.user_ids, self.supervisor)
        with freeze_time(local("2026-12-02 11:00")):
            third = self.new_ticket(category_id=noise.id, user_id=self.officer.id)
            self.run_job()
        self.assertEqual((third.repeat_count, third.repeat_of_id), (1, second), "the first is more than 30 days ago")
        with freeze_time(local("2026-12-02 12:00")):
            fourth = self.new_ticket(category_id=noise.id, user_id=self.officer.id)
            self.run_job()
        told = self.steps(fourth).filtered(lambda step: step.deadline_id.kind == "repeat")
        self.assertEqual(told.user_ids, self.supervisor | self.manager)

    def test_repeat_at_the_boundary_of_the_days_and_switched_off(self):
        noise = self.env.ref("pm_customer_service.ticket_category_noise")
        for days, moment, count in (
            ("7", "2026-11-09 10:00", 1),
            ("7", "2026-11-09 10:01", 0),
            ("0", "2026-11-02 10:01", 0),
        ):
            with self.subTest(days=days, moment=moment):
                self.env["ir.config_parameter"].sudo().set_param("pm_customer_service.repeat_days", days)
                unit = self.units[0].copy({"code": f"R{moment}{days}"})
                with freeze_time(local("2026-11-02 10:00")):
                    self.new_ticket(category_id=noise.id, unit_id=unit.id)
                with freeze_time(local(moment)):
                    self.assertEqual(self.new_ticket(category_id=noise.id, unit_id=unit.id).repeat_count, count)

    def test_repeat_is_recognised_when_the_category_is_named_later(self):
        noise = self.env.ref("pm_customer_service.ticket_category_noise")
        first = self.new_ticket(category_id=noise.id)
        second = self.new_ticket()
        self.assertFalse(second.repeat_count)
        second.category_id = noise
        self.assertEqual(second.repeat_of_id, first)

    def test_reopened_goes_to_the_supervisor_and_again_to_the_manager(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.handle(self.new_ticket(user_id=self.officer.id))
            for users in (self.supervisor, self.supervisor | self.manager):
                ticket.action_reopen("Still loud")
                self.run_job()
                told = self.steps(ticket).filtered(lambda step: step.deadline_id.kind == "rework")
                self.assertEqual(told.user_ids, users)
                self.handle(ticket)

    def test_customer_is_asked_for_understanding_before_the_promise_lapses_unless_told(self):
        with freeze_time(local("2026-11-02 10:00")):
            silent = self.new_ticket(user_id=self.officer.id, promised_date=local("2026-11-02 18:00"))
            told = self.new_ticket(user_id=self.officer.id, promised_date=local("2026-11-02 18:00"))
            done = self.new_ticket(user_id=self.officer.id, promised_date=local("2026-11-02 18:00"))
        with freeze_time(local("2026-11-02 17:00")):
            told._notify_delay(local("2026-11-03 18:00"), "A part is missing")
            self.handle(done)
        with freeze_time(local("2026-11-02 17:44")):
            self.run_job()
            self.assertFalse(self.progress(silent))
        with freeze_time(local("2026-11-02 17:45")):
            self.run_job()
            self.run_job()
        self.assertEqual([len(self.progress(ticket)) for ticket in (silent, told, done)], [1, 0, 0])
        self.assertEqual(self.progress(silent).partner_id, self.owners[0])
        self.assertEqual(
            self.steps(silent).filtered(lambda step: step.role == "customer").user_ids, self.env["res.users"]
        )

    def progress(self, ticket):
        return self.env["pm.message"].search([("key", "like", "ticket-progress/%"), ("res_id", "=", ticket.id)])

    def test_report_upwards_goes_step_by_step(self):
        ticket = self.new_ticket(user_id=self.officer.id).with_user(self.officer)
        with self.assertRaises(UserError):
            ticket.action_escalate("  ")
        with self.assertRaisesRegex(UserError, "S1-43"):
            ticket.action_escalate("Beyond me", level="manager")
        report = ticket.action_escalate("Beyond me", "Pay for the cleaning")
        self.assertEqual(
            (report.role, report.user_ids, report.by_user_id), ("supervisor", self.supervisor, self.officer)
        )
        self.assertEqual(ticket.escalated_role, "supervisor")
        self.assertIn(self.officer.partner_id, ticket.sudo().message_follower_ids.partner_id, "stays in the picture")
        self.assertEqual(ticket.with_user(self.supervisor).action_escalate("Too dear for me").role, "manager")
        self.assertEqual(ticket.with_user(self.manager).action_escalate("Policy").role, "leadership")
        with self.assertRaises(UserError):
            ticket.action_escalate("Once more")
        with self.assertRaises(UserError):
            ticket.write({"escalated_role": False})

    def test_emergency_and_major_matter_may_skip_and_the_skipped_are_informed(self):
        for values in ({"code": "emergency"}, {"code": "complaint", "severity": "major"}):
            ticket = self.new_ticket(user_id=self.officer.id, **values).with_user(self.officer)
            report = ticket.action_escalate("Fire", level="leadership")
            self.assertIn(self.leadership, report.user_ids)
            self.assertEqual(report.informed_ids, self.supervisor | self.manager)

    def test_instruction_is_given_by_who_was_told_and_comes_back(self):
        ticket = self.new_ticket(user_id=self.officer.id).with_user(self.officer)
        report = ticket.action_escalate("Beyond me")
        for user in (self.officer, self.manager, self.front_desk):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                report.with_user(user).action_instruct("x")
        with self.assertRaises(AccessError):
            report.with_user(self.supervisor).write({"reason": "x"})
        with self.assertRaises(UserError):
            report.with_user(self.supervisor).action_instruct(" ")
        report.with_user(self.supervisor).action_instruct("Offer a free cleaning")
        self.assertEqual(report.instructed_by_id, self.supervisor)
        self.assertIn("Offer a free cleaning", "".join(ticket.sudo().message_ids.mapped("body")))
        self.assertFalse(ticket.sudo().activity_ids.filtered(lambda a: a.user_id == self.supervisor))
        rule_step = self.env["pm.escalation"].search([("by_user_id", "=", False)], limit=1)
        if rule_step:
            with self.assertRaises(AccessError):
                rule_step.with_user(self.supervisor).action_instruct("x")
