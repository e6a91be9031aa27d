from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import DeskCase


@tagged("post_install", "-at_install")
class TestTicketCheck(DeskCase):
    def ref(self, name):
        return self.env.ref(f"pm_customer_service.ticket_check_{name}")

    def repair(self, disruptive=True):
        ticket = self.new_ticket("repair", user_id=self.technician.id)
        self.env["pm.appointment"].create(
            {
                "ticket_id": ticket.id,
                "user_id": self.technician.id,
                "start": "2035-06-03 14:00:00",
                "stop": "2035-06-03 15:00:00",
                "is_disruptive": disruptive,
            }
        )
        return ticket.with_user(self.technician)

    def test_disturbing_work_is_finished_only_when_protected_and_cleared_up(self):
        ticket = self.repair()
        self.assertEqual(ticket._missing_checks(), self.ref("protect") | self.ref("clear"))
        ticket.write({"outcome": "solved_now", "solution": "Drilled."})
        with self.assertRaises(UserError):
            ticket.action_handle()
        detail = ticket.job_check(self.ref("protect").id, True)
        self.assertEqual([line["done"] for line in detail["checks"]], [True, False, False])
        with self.assertRaises(UserError):
            ticket.action_handle()
        ticket.job_check(self.ref("clear").id, True)
        ticket.job_check(self.ref("door").id, True)
        ticket.job_check(self.ref("door").id, False)
        ticket.action_handle()
        self.assertEqual((ticket.state, ticket.check_ids), ("handled", self.ref("protect") | self.ref("clear")))
        with self.assertRaises(UserError):
            ticket.check_ids = [Command.clear()]

    def test_who_goes_to_a_home_or_an_emergency_finds_the_instruction_on_the_job(self):
        """S0-164, S4-123: manners at the door, a card left and no forced entry; S4-101: what to do in a fire."""
        ticket = self.repair(disruptive=False)
        self.assertIn(self.ref("door").id, [line["id"] for line in ticket.job_detail()["checks"]])
        for job, instruction in (
            (ticket, "faq_home_visit_steps"),
            (self.new_ticket("emergency"), "faq_emergency_steps"),
        ):
            self.assertEqual(job.suggested_faq_ids[:1], self.env.ref(f"pm_customer_service.{instruction}"))

    def test_each_kind_of_emergency_has_its_measures(self):
        """S4-55: fire, flooding, theft, power failure, gas leak; offered for emergencies only."""
        for kind in ("fire", "flood", "theft", "power", "gas"):
            with self.subTest(kind=kind):
                category = self.env.ref(f"pm_customer_service.ticket_category_emergency_{kind}")
                ticket = self.new_ticket("emergency", category_id=category.id)
                instruction = self.env.ref(f"pm_customer_service.faq_emergency_{kind}")
                self.assertEqual((ticket.suggested_faq_ids[:1], ticket.priority), (instruction, "3"))
                self.assertEqual(category.type_ids, self.types["emergency"])

    def test_quiet_work_and_complaints_have_no_mandatory_line(self):
        self.assertFalse(self.repair(disruptive=False)._missing_checks())
        complaint = self.new_ticket("complaint")
        self.assertEqual(len(complaint.check_offered_ids), 8)
        self.assertFalse(complaint._missing_checks())

    def test_only_lines_of_the_job_and_only_by_who_does_it(self):
        ticket = self.repair()
        with self.assertRaises(UserError):
            ticket.job_check(self.ref("thank").id, True)
        with self.assertRaises(AccessError):
            ticket.with_user(self.cashier).job_check(self.ref("door").id, True)
        self.assertFalse(self.env["pm.ticket.check"].with_user(self.supervisor).has_access("write"))

    def test_work_is_accepted_by_somebody_who_did_not_do_it(self):
        self.types["repair"].needs_acceptance = True
        ticket = self.handle(self.new_ticket("repair"), user=self.officer)
        supervisor = ticket.with_user(self.supervisor)
        with self.assertRaises(UserError):
            supervisor.action_accept()  # what was looked at?
        supervisor.acceptance_note = "Tap tight, floor dry."
        with self.assertRaises(UserError):
            ticket.with_user(self.officer).action_accept()
        with self.assertRaises(UserError):
            supervisor._guard_closed()
        with self.assertRaises(UserError):
            supervisor.accepted_by_id = self.supervisor
        supervisor.action_accept()
        self.assertEqual(ticket.accepted_by_id, self.supervisor)
        content = self.env["pm.document"]._pdf("pm_customer_service.ticket_acceptance", ticket)
        self.assertTrue(content.startswith(b"%PDF"))
        supervisor.action_reopen("Drips again")
        self.assertFalse(ticket.accepted_at)

    def test_categories_and_services_are_offered_by_the_needs_of_the_zone(self):
        need, other = self.env["pm.zone.need"].create(
            [{"name": "Night watch", "zone_type": "hotel"}, {"name": "Business services", "zone_type": "office"}]
        )
        self.zone.need_ids = other
        categories = self.env["pm.ticket.category"]
        night, desk, everywhere = categories.create(
            [
                {"name": "Night", "need_ids": need.ids},
                {"name": "Copies", "need_ids": other.ids},
                {"name": "All", "need_ids": []},
            ]
        )
        found = categories.search(categories._offered_domain(self.zone))
        self.assertEqual(found & (night | desk | everywhere), desk | everywhere)
        self.assertIn(night, categories.search(categories._offered_domain(self.env["pm.zone"])))
        item = self.env["pm.service.item"].create({"name": "Escort", "need_ids": need.ids})
        self.assertEqual((item._is_offered_in(self.zone), item._is_offered_in(self.env["pm.zone"])), (False, True))
