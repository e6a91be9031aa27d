from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import DeskCase, local


@tagged("post_install", "-at_install")
class TestTicket(DeskCase):
    def test_who_takes_what_a_colleague_works_on_is_told_who_it_is(self):
        ticket = self.new_ticket("repair")
        ticket.with_user(self.officer).action_take()
        with self.assertRaisesRegex(UserError, self.officer.name):
            ticket.with_user(self.front_desk).action_take()
        self.assertEqual(ticket.user_id, self.officer)

    def test_an_open_ticket_is_given_to_no_one_who_has_left(self):
        ticket = self.new_ticket("repair", user_id=self.officer.id)
        self.assistant.active = False
        with self.assertRaisesRegex(UserError, "active member"):
            ticket.user_id = self.assistant

    def test_complaint_from_counter_to_closing(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket("complaint")
            self.assertEqual(
                (ticket.state, ticket.first_receiver_id, ticket.butler_id), ("new", self.front_desk, self.officer)
            )
            ticket.write({"user_id": self.officer.id, "promised_date": local("2026-11-03 12:00")})
            self.assertEqual(ticket.state, "assigned")
            ticket.with_user(self.officer).action_take()
        with freeze_time(local("2026-11-03 11:00")):
            self.handle(ticket, outcome="appointment", solution="Noise stopped.")
            self.assertTrue(ticket.needs_followup)
            self.assertEqual(self.clock(ticket, "promise").state, "met")
        with freeze_time(local("2026-11-05 09:00")):
            self.env["pm.followup"].with_user(self.front_desk).create(
                {"ticket_id": ticket.id, "satisfied": "satisfied", "words": "good"}
            )
            self.assertEqual(ticket.state, "followed_up")
            ticket.with_user(self.supervisor).action_close()
        self.assertEqual((ticket.state, ticket.closed_by_id), ("closed", self.supervisor))
        self.assertEqual(self.clock(ticket, "followup").state, "met")
        self.assertFalse(ticket.next_due)
        self.assertFalse(ticket.activity_ids)

    def test_numbers_run_in_one_sequence_per_property_whatever_the_type(self):
        first, second = self.new_ticket("complaint"), self.new_ticket("repair")
        self.assertTrue(first.number.startswith("T1-"))
        self.assertEqual(int(second.number[-5:]) - int(first.number[-5:]), 1)

    def test_the_kinds_of_requests_of_the_handbook_are_there(self):
        """S0-09: an opinion comes as a suggestion, a visit by the channel of that name."""
        kinds = {"complaint", "repair", "inquiry", "suggestion", "help", "coordination", "emergency", "service"}
        self.assertLessEqual(kinds, set(self.types))
        channels = dict(self.env["pm.ticket"]._fields["channel"].selection)
        self.assertLessEqual({"visit", "opinion_book", "phone", "letter", "email"}, set(channels))

    def test_what_another_department_is_asked_comes_back_the_same_day(self):
        """S1-18: a request to a department has a number, a team and a clock; what did not come back is late at midnight."""
        for moment, state in (("2026-11-02 23:59", "met"), ("2026-11-03 00:01", "breached")):
            with freeze_time(local("2026-11-02 16:00")):
                ticket = self.new_ticket("coordination", team_id=self.team.id, partner_id=False, unit_id=False)
                self.assertEqual(self.clock(ticket, "resolve").due, local("2026-11-02 23:59").replace(second=59))
            with freeze_time(local(moment)):
                self.run_job()
                self.handle(ticket, user=self.technician)
            self.assertEqual(self.clock(ticket, "resolve").state, state)
        self.assertFalse(self.types["coordination"].portal_ok)

    def test_first_receiver_never_changes(self):
        ticket = self.new_ticket(user=self.technician)
        with self.assertRaises(UserError):
            ticket.with_user(self.manager).write({"first_receiver_id": self.manager.id})
        with self.assertRaises(UserError):
            ticket.sudo().write({"first_receiver_id": self.manager.id})
        ticket.with_user(self.supervisor).user_id = self.officer
        ticket.with_user(self.supervisor).user_id = self.assistant
        self.assertEqual(ticket.first_receiver_id, self.technician)

    def test_from_the_portal_whoever_takes_it_is_first_receiver(self):
        ticket = self.env["pm.ticket"].create(
            {
                "name": "x",
                "type_id": self.types["repair"].id,
                "unit_id": self.units[0].id,
                "partner_id": self.owners[0].id,
                "channel": "portal",
            }
        )
        self.assertFalse(ticket.first_receiver_id)
        ticket.with_user(self.assistant).action_take()
        self.assertEqual((ticket.first_receiver_id, ticket.user_id), (self.assistant, self.assistant))

    def test_handler_is_required(self):
        for code in ("complaint", "repair"):
            ticket = self.new_ticket(code)
            for state in ("assigned", "in_progress"):
                with self.subTest(code=code, state=state), self.assertRaises(UserError):
                    ticket.with_user(self.officer)._transition(state)
        ticket.user_id = self.officer
        ticket.with_user(self.officer).action_start()
        with self.assertRaises(UserError):
            ticket.user_id = False

    def test_finishing_needs_outcome_and_its_words(self):
        ticket = self.new_ticket(user_id=self.officer.id).with_user(self.officer)
        for values in (
            {},
            {"outcome": "explained"},
            {"outcome": "explained", "explanation": "  "},
            {"outcome": "solved_now"},
            {"outcome": "appointment", "solution": "x"},
        ):
            with self.subTest(values=values), self.assertRaises(UserError), self.env.cr.savepoint():
                ticket.write({"outcome": False, "explanation": False, "solution": False} | values)
                ticket.action_handle()
        ticket.write({"outcome": "explained", "explanation": "Explained the rule, customer understood."})
        ticket.action_handle()
        self.assertEqual(ticket.state, "handled")

    def test_suggestion_needs_decision_and_reason_and_reply_time(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket("suggestion", user_id=self.officer.id).with_user(self.officer)
            self.assertEqual(ticket.promised_date, local("2026-11-05 23:59").replace(second=59))
            ticket.outcome = "explained"
            ticket.explanation = "thanked"
            with self.assertRaises(UserError), self.env.cr.savepoint():
                ticket.action_handle()
            ticket.decision = "rejected"
            with self.assertRaises(UserError), self.env.cr.savepoint():
                ticket.action_handle()
            ticket.decision_reason = "No room."
            ticket.action_handle()
            ticket.action_feedback()
        self.assertEqual(self.clock(ticket, "reply").state, "met")

    def test_complaint_closed_only_by_supervisor_who_did_not_handle_it_nor_report_back(self):
        ticket = self.new_ticket()
        self.handle(ticket, self.supervisor)
        ticket.with_user(self.front_desk).action_feedback()
        self.env["pm.followup"].with_user(self.front_desk).create({"ticket_id": ticket.id, "satisfied": "satisfied"})
        with self.assertRaises(AccessError):
            ticket.with_user(self.officer).action_close()
        with self.assertRaises(AccessError):
            ticket.with_user(self.technician).sudo(False).action_close()
        with self.assertRaises(UserError):
            ticket.with_user(self.supervisor).action_close()
        ticket.with_user(self.manager).action_close()
        self.assertEqual(ticket.state, "closed")
        other = self.handle(self.new_ticket())
        other.with_user(self.supervisor).action_feedback()
        self.env["pm.followup"].with_user(self.front_desk).create({"ticket_id": other.id, "satisfied": "satisfied"})
        with self.assertRaises(UserError):
            other.with_user(self.supervisor).action_close()

    def test_closing_needs_feedback_and_followup(self):
        ticket = self.handle(self.new_ticket())
        with self.assertRaisesRegex(UserError, "S0-71"):
            ticket.with_user(self.supervisor).action_close()
        ticket.with_user(self.front_desk).action_feedback()
        with self.assertRaisesRegex(UserError, "S0-118"):
            ticket.with_user(self.supervisor).action_close()

    def test_repair_may_be_closed_by_the_supervisor_who_handled_it(self):
        self.types["repair"].followup_percent = 0
        ticket = self.handle(self.new_ticket("repair"), self.supervisor)
        ticket.action_feedback()
        ticket.action_close()
        self.assertEqual(ticket.state, "closed")

    def test_state_is_never_set_without_its_guards(self):
        ticket = self.new_ticket()
        with self.assertRaises(UserError):
            ticket.with_user(self.manager).write({"state": "closed"})
        with self.assertRaises(UserError):
            ticket.with_user(self.manager).write({"closed_at": "2026-01-01 00:00:00"})
        forged = (
            self.env["pm.ticket"]
            .with_user(self.front_desk)
            .create(
                {
                    "name": "x",
                    "type_id": self.types["repair"].id,
                    "unit_id": self.units[0].id,
                    "state": "closed",
                    "first_receiver_id": self.manager.id,
                }
            )
        )
        self.assertEqual((forged.state, forged.first_receiver_id), ("new", self.front_desk))

    def test_invalid_and_cancelled_need_a_reason_and_stop_the_clocks(self):
        ticket = self.new_ticket()
        with self.assertRaises(UserError):
            ticket.with_user(self.supervisor).action_invalid()
        ticket.stop_reason = "Wrong property"
        with self.assertRaises(AccessError):
            ticket.with_user(self.officer).action_invalid()
        ticket.with_user(self.supervisor).action_invalid()
        self.assertFalse(ticket.next_due)
        self.assertEqual(
            set(
                self.env["pm.deadline"]
                .search([("res_id", "=", ticket.id), ("res_model", "=", "pm.ticket")])
                .mapped("state")
            ),
            {"cancelled"},
        )
        other = self.new_ticket("repair")
        wizard = (
            self.env["pm.ticket.step"]
            .with_user(self.front_desk)
            .create({"ticket_id": other.id, "step": "cancel", "words": "withdrawn"})
        )
        wizard.action_confirm()
        self.assertEqual((other.state, other.stop_reason), ("cancelled", "withdrawn"))

    def test_a_ticket_is_never_deleted(self):
        ticket = self.new_ticket()
        with self.assertRaises(AccessError):
            ticket.with_user(self.manager).unlink()
        with self.assertRaises(UserError):
            ticket.sudo().unlink()

    def test_common_part_repair_reported_back_the_same_day(self):
        for hour, day, state in (("23:00", "2026-11-03", "met"), ("00:10", "2026-11-04", "breached")):
            with self.subTest(day=day):
                with freeze_time(local("2026-11-02 10:00")):
                    ticket = self.new_ticket("repair", is_common_part=True)
                with freeze_time(local("2026-11-03 16:00")):
                    self.handle(ticket)
                    clock = self.clock(ticket, "report_back")
                    self.assertEqual(clock.due, local("2026-11-03 23:59").replace(second=59))
                with freeze_time(local(f"{day} {hour}")):
                    ticket.with_user(self.officer).action_feedback()
                self.assertEqual(clock.state, state)

    def test_a_promise_in_the_past_is_refused(self):
        ticket = self.new_ticket()
        with self.assertRaises(UserError):
            ticket.promised_date = "2020-01-01 10:00:00"

    def test_a_promise_is_postponed_only_by_telling_the_customer(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket(promised_date=local("2026-11-03 10:00"))
            for moment in (local("2026-11-03 10:01"), False):
                with self.assertRaisesRegex(UserError, "S0-162"), self.env.cr.savepoint():
                    ticket.promised_date = moment
            ticket.promised_date = local("2026-11-03 09:00")
            with self.assertRaises(UserError):
                ticket._notify_delay(local("2026-11-01 09:00"), "late")
            ticket._notify_delay(local("2026-11-04 09:00"), "late")
        self.assertEqual(
            self.clock(ticket, "promise").sorted("id").mapped("state"), ["cancelled", "cancelled", "running"]
        )

    def test_complaint_is_solved_or_a_time_agreed_on_the_same_day(self):
        with freeze_time(local("2026-11-02 10:00")):
            solved, agreed, idle = (self.new_ticket() for __ in range(3))
            self.assertEqual(self.clock(idle, "agree").due, local("2026-11-02 23:59").replace(second=59))
        with freeze_time(local("2026-11-02 18:00")):
            self.handle(solved)
            agreed.promised_date = local("2026-11-04 10:00")
        with freeze_time(local("2026-11-03 00:05")):
            self.run_job()
        self.assertEqual(
            [self.clock(ticket, "agree").state for ticket in (solved, agreed, idle)], ["met", "met", "breached"]
        )
        self.assertFalse(self.clock(self.new_ticket("help"), "agree"))

    def test_delay_notice_reaches_the_customer_and_the_log(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket(user_id=self.officer.id, promised_date=local("2026-11-02 18:00"))
            wizard = (
                self.env["pm.ticket.step"]
                .with_user(self.officer)
                .create(
                    {
                        "ticket_id": ticket.id,
                        "step": "delay",
                        "words": "Part is late",
                        "promised_date": local("2026-11-03 18:00"),
                    }
                )
            )
            wizard.action_confirm()
            message = self.env["pm.message"].search(
                [("res_model", "=", "pm.ticket"), ("res_id", "=", ticket.id), ("key", "like", "ticket-delay%")]
            )
            self.assertEqual(message.partner_id, self.owners[0])
            self.assertIn("Part is late", message.body)
            self.assertEqual(ticket.delay_notified_at, local("2026-11-02 10:00"))

    def test_receipt_is_confirmed_once(self):
        ticket = self.new_ticket()
        ticket._notify_received()
        messages = self.env["pm.message"].search([("res_model", "=", "pm.ticket"), ("res_id", "=", ticket.id)])
        self.assertEqual(messages.mapped("key"), [f"ticket-received/{ticket.id}"])

    def test_public_answer_by_staff_stops_the_reply_clock_an_internal_note_does_not(self):
        ticket = self.new_ticket(user_id=self.officer.id).with_user(self.officer)
        ticket.message_post(body="internal", message_type="comment", subtype_xmlid="mail.mt_note")
        self.assertEqual(self.clock(ticket, "reply").state, "running")
        message = ticket.message_post(
            body="We are looking into it", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.assertEqual(self.clock(ticket, "reply").state, "met")
        self.assertIn(self.owners[0], message.notified_partner_ids)

    def test_ticket_page_helps_at_the_counter(self):
        unit = self.env["pm.unit"].with_user(self.front_desk).with_context(pm_counter_search=True)
        self.owners[1].pm_plate = "粤B12345"
        for text in ("A-102", "Owner 2", "粤B123", "19900000002", "owner2@owners"):
            with self.subTest(text=text):
                self.assertEqual([row[0] for row in unit.name_search(text)], self.units[1].ids)
        self.assertFalse(unit.name_search("100%"), "a wildcard is a character like others")
        self.assertFalse(unit.with_user(self.outsider).name_search("A-102"), "the record rules hold")
        self.parties[1].date_to = "2024-12-31"
        self.assertFalse(unit.name_search("Owner 2"), "who has left is not found")
        ticket = self.new_ticket()
        other = self.env["pm.ticket"].with_user(self.front_desk).new({"unit_id": self.units[0].id})
        self.assertIn("Owner 1", other.household_html)
        self.assertIn(ticket.number, other.household_html)

    def test_slip_prints(self):
        ticket = self.handle(self.new_ticket(description="噪音 <b>扰民</b>"))
        pdf, kind = self.env["ir.actions.report"]._render("pm_customer_service.pm_ticket_report_slip", ticket.ids)
        self.assertEqual(kind, "pdf")
        self.assertTrue(pdf.startswith(b"%PDF"))

    def test_complaints_letters_and_calls_are_printed_as_registers(self):
        with freeze_time(local("2026-11-02 10:00")):
            complaint, call = self.new_ticket(channel="opinion_book"), self.new_ticket("inquiry", channel="phone")
        report = self.env["report.pm_customer_service.register"]
        for kind, tickets in (("complaint", complaint), ("contact", complaint | call)):
            register = (
                self.env["pm.register"]
                .with_user(self.front_desk)
                .create(
                    {
                        "property_id": self.property.id,
                        "kind": kind,
                        "date_from": "2026-11-02",
                        "date_to": "2026-11-02",
                    }
                )
            )
            self.assertEqual(report._find_tickets(register), tickets)
            content = register.env["pm.document"]._pdf("pm_customer_service.register", register)
            self.assertTrue(content.startswith(b"%PDF"))
            register.date_to = register.date_from = "2026-11-03"
            self.assertFalse(report._find_tickets(register))
