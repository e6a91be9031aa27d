from unittest.mock import patch

from freezegun import freeze_time
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
