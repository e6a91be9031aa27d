from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from odoo.addons.pm_customer_service.models.pm_rule_condition import condition

from .common import DeskCase, local


@tagged("post_install", "-at_install")
class TestDeadline(DeskCase):
    def test_major_complaint_reply_in_three_days_handling_in_five(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket(severity="major")
        self.assertEqual(self.clock(ticket, "reply").due, local("2026-11-05 23:59").replace(second=59))
        self.assertEqual(self.clock(ticket, "resolve").due, local("2026-11-07 23:59").replace(second=59))
        self.assertEqual(ticket.next_due, self.clock(ticket, "accept").due)

    def test_reply_on_day_2_and_3_is_in_time_on_day_4_late(self):
        for day, state in (("2026-11-04", "met"), ("2026-11-05", "met"), ("2026-11-06", "breached")):
            with self.subTest(day=day):
                with freeze_time(local("2026-11-02 10:00")):
                    ticket = self.new_ticket(severity="major")
                with freeze_time(local(f"{day} 23:00")):
                    ticket.action_reply_by_phone()
                self.assertEqual(self.clock(ticket, "reply").state, state)

    def test_day_is_the_local_day_not_the_utc_day(self):
        # 07:30 in Shanghai is still the day before in UTC.
        with freeze_time(local("2026-11-02 07:30")):
            ticket = self.new_ticket(severity="major")
        self.assertEqual(self.clock(ticket, "reply").due, local("2026-11-05 23:59").replace(second=59))

    def test_three_working_days_leave_out_the_weekend_and_leave(self):
        self.property.deadline_basis = "working"
        with freeze_time(local("2026-11-05 10:00")):  # Thursday
            ticket = self.new_ticket(severity="major")
        self.assertEqual(self.clock(ticket, "reply").due, local("2026-11-10 23:59").replace(second=59))  # Tuesday
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": self.property.calendar_id.id,
                "date_from": local("2026-11-09 00:00"),
                "date_to": local("2026-11-10 00:00"),
            }
        )
        with freeze_time(local("2026-11-05 11:00")):
            ticket = self.new_ticket(severity="major")
        self.assertEqual(self.clock(ticket, "reply").due, local("2026-11-11 23:59").replace(second=59))

    def test_working_days_started_on_a_saturday(self):
        self.property.deadline_basis = "working"
        with freeze_time(local("2026-11-07 10:00")):
            ticket = self.new_ticket(severity="major")
        self.assertEqual(self.clock(ticket, "reply").due, local("2026-11-11 23:59").replace(second=59))

    def test_company_switch_counts_where_rule_and_property_are_silent(self):
        self.company.pm_deadline_basis = "working"
        with freeze_time(local("2026-11-05 10:00")):
            ticket = self.new_ticket(severity="major")
        self.assertEqual(self.clock(ticket, "reply").rule_basis, "working")
        self.property.deadline_basis = "calendar"
        with freeze_time(local("2026-11-05 10:00")):
            ticket = self.new_ticket(severity="major")
        self.assertEqual(self.clock(ticket, "reply").rule_basis, "calendar")

    def test_changing_a_rule_never_rewrites_the_past(self):
        with freeze_time(local("2026-11-02 10:00")):
            before = self.new_ticket(severity="major")
            self.env.ref("pm_customer_service.deadline_rule_reply_major").amount = 1
            after = self.new_ticket(severity="major")
        self.assertEqual(self.clock(before, "reply").due, local("2026-11-05 23:59").replace(second=59))
        self.assertEqual(self.clock(before, "reply").rule_amount, 3)
        self.assertEqual(self.clock(after, "reply").due, local("2026-11-03 23:59").replace(second=59))

    def test_own_rule_of_the_property_wins(self):
        rule = self.env.ref("pm_customer_service.deadline_rule_reply_major")
        rule.copy({"property_id": self.property.id, "amount": 2})
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket(severity="major")
        self.assertEqual(self.clock(ticket, "reply").rule_amount, 2)
        self.assertEqual(len(self.clock(ticket, "reply")), 1)

    def test_pause_moves_the_due_day_and_needs_a_reason(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket(severity="major")
        with freeze_time(local("2026-11-03 10:00")):
            with self.assertRaises(UserError):
                ticket._pause_deadlines("  ")
            ticket._pause_deadlines("customer abroad", kind="reply")
        clock = self.clock(ticket, "reply")
        with freeze_time(local("2026-11-20 10:00")):
            self.run_job()
            self.assertEqual(clock.state, "running", "a paused clock is not missed")
            ticket._resume_deadlines()
        self.assertEqual(clock.due, local("2026-11-22 23:59").replace(second=59), "two days were left")
        self.assertEqual(clock.pause_ids.reason, "customer abroad")
        self.assertTrue(clock.pause_ids.stop)

    def test_done_late_stays_missed_whatever_the_job_did(self):
        for job_first in (True, False):
            with freeze_time(local("2026-11-02 10:00")):
                ticket = self.new_ticket(severity="major")
            with freeze_time(local("2026-11-06 09:00")):
                if job_first:
                    self.run_job()
                ticket.action_reply_by_phone()
            clock = self.clock(ticket, "reply")
            self.assertEqual(
                (clock.state, clock.breached_at, clock.met_at), ("breached", clock.due, local("2026-11-06 09:00"))
            )

    def test_a_clock_runs_once(self):
        ticket = self.new_ticket(severity="major")
        ticket._start_deadline("reply")
        self.assertEqual(len(self.clock(ticket, "reply")), 1)
        clock = self.clock(ticket, "reply").sudo()
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.env.cr.execute(
                "INSERT INTO pm_deadline (rule_id, kind, res_model, res_id, property_id, start, due, state) "
                "SELECT rule_id, kind, res_model, res_id, property_id, start, due, state FROM pm_deadline WHERE id = %s",
                [clock.id],
            )

    def test_new_promise_before_it_lapses_replaces_the_old_one_after_it_does_not(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket(promised_date=local("2026-11-03 15:00"))
        with freeze_time(local("2026-11-03 14:00")):
            ticket._notify_delay(local("2026-11-04 15:00"), "spare part late")
        first, second = self.clock(ticket, "promise").sorted("id")
        self.assertEqual((first.state, second.state), ("cancelled", "running"))
        self.assertEqual(ticket.next_due, self.clock(ticket, "accept").due)
        with freeze_time(local("2026-11-04 16:00")):
            ticket._notify_delay(local("2026-11-05 15:00"), "again late")
        self.assertEqual(
            self.clock(ticket, "promise").sorted("id").mapped("state"), ["cancelled", "breached", "running"]
        )

    def test_list_filters_today_and_overdue(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket("inquiry", user=self.officer, user_id=self.officer.id)
            self.assertEqual(ticket.deadline_state, "today")
            found = self.env["pm.ticket"].with_user(self.officer).search([("deadline_state", "=", "today")])
            self.assertIn(ticket, found)
        with freeze_time(local("2026-11-02 12:00")):
            ticket.invalidate_recordset(["deadline_state"])
            self.assertEqual(ticket.deadline_state, "overdue")
            self.assertIn(
                ticket, self.env["pm.ticket"].with_user(self.officer).search([("deadline_state", "=", "overdue")])
            )

    def test_nobody_sets_clocks_by_hand(self):
        ticket = self.new_ticket()
        clock = self.clock(ticket, "reply").with_user(self.manager)
        with self.assertRaises(AccessError):
            clock.write({"due": "2030-01-01 00:00:00"})
        with self.assertRaises(AccessError):
            clock.unlink()

    def test_condition_that_cannot_be_read_is_refused(self):
        rule = self.env.ref("pm_customer_service.deadline_rule_accept")
        with self.assertRaises(ValidationError):
            rule.domain = "[('no_such_field', '=', 1)]"
        with self.assertRaises(ValidationError):
            rule.domain = "__import__('os').system('true')"

    def test_batch_of_tickets_starts_its_clocks_in_sets(self):
        values = [
            {
                "name": f"no {n}",
                "type_id": self.types["repair"].id,
                "unit_id": self.units[0].id,
                "property_id": self.property.id,
            }
            for n in range(40)
        ]
        self.env["pm.ticket"].create(values[:1])
        with self.assertQueryCount(70):
            tickets = self.env["pm.ticket"].create(values)
            self.env.flush_all()
        self.assertEqual(len(set(tickets.mapped("number"))), 40)
        self.assertEqual(
            self.env["pm.deadline"].search_count([("res_id", "in", tickets.ids), ("kind", "=", "resolve")]), 40
        )

    def test_condition_finds_what_a_domain_finds(self):
        child = self.env["pm.ticket.category"].create(
            {"name": "Tap", "parent_id": self.env.ref("pm_customer_service.ticket_category_leak").id}
        )
        tickets = self.env["pm.ticket"].concat(
            *(
                self.new_ticket(code, severity=severity, category_id=category, priority=priority)
                for code in ("complaint", "repair", "suggestion")
                for severity, category, priority in (("normal", False, "1"), ("major", child.id, "3"))
            )
        )
        texts = {*self.env["pm.deadline.rule"].search([("model", "=", "pm.ticket")]).mapped("domain")}
        texts |= {
            "[]",
            f"[('category_id', 'child_of', {child.parent_id.id})]",
            "[('type_code', 'in', ('repair', 'complaint')), ('reopen_count', '=', 0), ('name', 'ilike', 'repair')]",
            "['!', ('type_code', '=', 'repair')]",
            "[('category_id', '=', False), ('severity', '=', 'normal')]",
        }
        for text in texts:
            with self.subTest(text=text):
                rule = condition(text)
                self.assertEqual(rule.filter(tickets), tickets.filtered_domain(rule.domain))

    def test_a_ticket_is_written_once(self):
        """Its deadline, team and what follows from the unit are known with the first INSERT; rules and teams are not asked."""
        ticket = self.new_ticket("repair")  # what is kept in memory
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        ticket = self.new_ticket("repair")
        self.env.flush_all()
        self.assertLessEqual(self.env.cr.sql_log_count - before, 24)
        self.assertEqual(ticket.next_due, min(ticket.sudo().deadline_ids.mapped("due")))
        self.env.cr.execute("SELECT ctid::text FROM pm_ticket WHERE id = %s", [ticket.id])
        first = self.env.cr.fetchone()
        ticket.flush_recordset()
        ticket._sync_next_due()
        self.env.cr.execute("SELECT ctid::text FROM pm_ticket WHERE id = %s", [ticket.id])
        self.assertEqual(self.env.cr.fetchone(), first, "what the clocks say was known before")
