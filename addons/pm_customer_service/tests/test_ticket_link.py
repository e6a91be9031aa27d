from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import DeskCase, local


@tagged("post_install", "-at_install")
class TestTicketLink(DeskCase):
    def test_merged_ticket_ends_with_the_reason_and_its_words_go_along(self):
        with freeze_time(local("2026-11-02 10:00")):
            master = self.new_ticket("repair", name="Tap drips", user_id=self.officer.id)
            twin = self.new_ticket("repair", name="Tap still drips", description="In the kitchen")
            self.env["ir.attachment"].create(
                {"name": "tap.txt", "raw": b"x", "res_model": "pm.ticket", "res_id": twin.id}
            )
            twin.action_merge(master)
        self.assertEqual((twin.state, twin.merged_into_id), ("cancelled", master))
        self.assertIn(master.number, twin.stop_reason)
        self.assertIn("In the kitchen", "".join(master.sudo().message_ids.mapped("body")))
        self.assertIn(self.owners[0].name, "".join(master.sudo().message_ids.mapped("body")))
        files = self.env["ir.attachment"].search([("res_model", "=", "pm.ticket"), ("res_id", "=", master.id)])
        self.assertEqual(files.mapped("name"), ["tap.txt"])
        self.assertEqual(master.urge_count, 1, "who asks twice asks again")
        self.assertFalse(twin.next_due)
        self.assertEqual((master.link_ids, twin.link_ids), (twin, master))

    def test_the_other_member_of_the_household_hears_the_result(self):
        wife = self.env["res.partner"].create({"name": "Wife", "email": "wife@owners.example"})
        self.env["pm.unit.party"].create(
            {"unit_id": self.units[0].id, "partner_id": wife.id, "role": "household", "date_from": "2024-01-01"}
        )
        master = self.new_ticket("repair", user_id=self.officer.id)
        self.new_ticket("repair", partner_id=wife.id).action_merge(master)
        self.handle(master)
        messages = self.env["pm.message"].search([("key", "=like", "ticket-handled%"), ("res_id", "=", master.id)])
        self.assertEqual(messages.partner_id, self.owners[0] | wife)

    def test_tickets_of_two_households_are_never_merged(self):
        master = self.new_ticket("repair")
        neighbour = self.new_ticket("repair", unit_id=self.units[1].id, partner_id=self.owners[1].id)
        with self.assertRaisesRegex(UserError, "two households"):
            neighbour.action_merge(master)
        neighbour.action_link(master)
        self.assertEqual((master.link_ids, neighbour.link_ids), (neighbour, master))
        master.action_unlink_link(neighbour)
        self.assertFalse(master.link_ids | neighbour.link_ids)

    def test_what_is_not_merged(self):
        master, twin = self.new_ticket("repair"), self.new_ticket("repair")
        complaint = self.new_ticket("complaint")
        with self.assertRaises(UserError):
            master.action_merge(master)
        with self.assertRaises(AccessError):
            complaint.with_user(self.officer).action_merge(master)
        done = self.handle(self.new_ticket("repair"))
        for one, other in ((done, master), (master, done)):
            with self.assertRaisesRegex(UserError, "open"):
                one.with_user(self.officer).action_merge(other)
        with self.assertRaises(UserError):
            twin.with_user(self.supervisor).write({"merged_into_id": master.id})
        complaint.with_user(self.supervisor).action_merge(master)
        self.assertEqual(complaint.state, "cancelled")

    def test_wizard_offers_only_what_fits(self):
        master, twin = self.new_ticket("repair"), self.new_ticket("repair")
        neighbour = self.new_ticket("repair", unit_id=self.units[1].id, partner_id=self.owners[1].id)
        wizard = (
            self.env["pm.ticket.link"]
            .with_user(self.front_desk)
            .create({"step": "merge", "ticket_ids": [(6, 0, twin.ids)], "other_id": master.id})
        )
        self.assertIn(master, wizard.allowed_ids)
        self.assertNotIn(neighbour, wizard.allowed_ids)
        wizard.action_confirm()
        self.assertEqual(twin.merged_into_id, master)


@tagged("post_install", "-at_install")
class TestJudgement(DeskCase):
    def test_refusal_as_outside_our_services_needs_its_words_and_reaches_the_manager(self):
        ticket = self.new_ticket("help", user_id=self.officer.id).with_user(self.officer)
        ticket.outcome = "out_of_scope"
        with self.assertRaisesRegex(UserError, "S1-91"), self.env.cr.savepoint():
            ticket.action_handle()
        ticket.explanation = "We do not walk dogs; gave the number of a service that does."
        ticket.action_handle()
        self.assertEqual((ticket.state, ticket.scope), ("handled", "outside"))
        self.assertIn(self.manager, ticket.sudo().activity_ids.user_id)

    def test_repair_within_the_developers_warranty_says_so(self):
        with freeze_time(local("2026-11-02 10:00")):
            self.units[0].warranty_until = "2026-11-02"
            self.assertEqual(self.new_ticket("repair").scope, "warranty")
            self.assertEqual(self.new_ticket("complaint").scope, "duty")
            self.units[0].warranty_until = "2026-11-01"
            self.assertEqual(self.new_ticket("repair").scope, "duty")

    def test_only_a_supervisor_who_does_not_handle_it_judges_a_complaint_unfounded(self):
        ticket = self.new_ticket(user_id=self.supervisor.id)
        self.assertEqual(ticket.validity, "valid")
        for user in (self.officer, self.supervisor):
            with self.subTest(user=user.login), self.assertRaises(UserError):
                ticket.with_user(user).validity = "unfounded"
        ticket.with_user(self.manager).validity = "unfounded"


@tagged("post_install", "-at_install")
class TestClassifiedAnew(DeskCase):
    def test_why_it_came_to_a_complaint_is_one_of_four(self):
        """S3-35: error, neglect of duty, lack of measure, loss of control."""
        causes = self.env["pm.ticket"]._fields["root_cause"].get_values(self.env)
        self.assertEqual(causes, ["error", "neglect", "lack", "loss"])
        ticket = self.new_ticket()
        with self.assertRaises(ValueError):
            ticket.root_cause = "bad luck"

    def test_complaint_found_major_gets_its_three_and_five_days_from_the_receipt(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket()
            self.assertFalse(self.clock(ticket, "resolve"))
        with freeze_time(local("2026-11-03 10:00")):
            ticket.with_user(self.supervisor).severity = "major"
        reply = self.clock(ticket, "reply").sorted("id")
        self.assertEqual(reply.mapped("state"), ["cancelled", "running"])
        self.assertEqual(reply[-1].due, local("2026-11-05 23:59").replace(second=59))
        self.assertEqual(self.clock(ticket, "resolve").due, local("2026-11-07 23:59").replace(second=59))

    def test_what_was_missed_or_kept_stays(self):
        with freeze_time(local("2026-11-02 10:00")):
            kept, missed = self.new_ticket(), self.new_ticket()
            kept.action_reply_by_phone()
        with freeze_time(local("2026-11-20 10:00")):
            (kept | missed).with_user(self.supervisor).write({"severity": "major"})
        self.assertEqual(self.clock(kept, "reply").mapped("state"), ["met"])
        self.assertEqual(self.clock(missed, "reply").mapped("state"), ["breached"])
        self.assertEqual(
            self.clock(missed, "resolve").due, local("2026-11-25 23:59").replace(second=59), "five days from now"
        )

    def test_repair_time_by_category_and_priority(self):
        ref = self.env.ref
        with freeze_time(local("2026-11-02 10:00")):
            for category, priority, due in (
                (None, "1", "2026-11-05 23:59"),
                (None, "2", "2026-11-04 23:59"),
                (None, "3", "2026-11-03 23:59"),
                ("lift", "1", "2026-11-03 23:59"),
                ("fire", "1", "2026-11-02 14:00"),
                ("leak", "3", "2026-11-02 14:00"),
                ("leak", "2", "2026-11-04 23:59"),
            ):
                with self.subTest(category=category, priority=priority):
                    category_id = category and ref(f"pm_customer_service.ticket_category_{category}").id
                    ticket = self.new_ticket("repair", category_id=category_id, priority=priority)
                    self.assertEqual(self.clock(ticket, "resolve").due.replace(second=0), local(due))
            ticket = self.new_ticket("repair", priority="1")
            ticket.priority = "3"
        self.assertEqual(
            self.clock(ticket, "resolve").filtered(lambda clock: clock.state == "running").due.replace(second=0),
            local("2026-11-03 23:59"),
        )

    def test_complainant_is_kept_informed_until_it_is_handled(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket()
        with freeze_time(local("2026-11-04 10:00")):
            ticket.action_reply_by_phone()
        clocks = self.clock(ticket, "contact").sorted("id")
        self.assertEqual(clocks.mapped("state"), ["met", "running"])
        self.assertEqual(clocks[-1].due, local("2026-11-07 23:59").replace(second=59))
        with freeze_time(local("2026-11-08 00:01")):
            self.run_job()
        told = self.env["pm.escalation"].search([("deadline_id", "=", clocks[-1].id)])
        self.assertEqual(told.user_ids, self.front_desk)
        with freeze_time(local("2026-11-08 10:00")):
            self.handle(ticket)
            ticket.with_user(self.front_desk).action_feedback()
        self.assertFalse(self.clock(ticket, "contact").filtered(lambda clock: clock.state == "running"))
