from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.pm_base.tests.common import ROLES

from .common import DeskCase

DESK = ("front_desk", "officer", "assistant", "supervisor", "manager")


@tagged("post_install", "-at_install")
class TestAccess(DeskCase):
    def test_any_employee_of_the_property_may_record_a_ticket_and_is_first_receiver(self):
        for role in ROLES:
            with self.subTest(role=role):
                user = getattr(self, role)
                ticket = self.new_ticket("help", user=user)
                self.assertEqual(ticket.first_receiver_id, user)
                self.assertEqual(ticket.with_user(user).name, "A help")

    def test_who_sees_tickets_of_others(self):
        ticket = self.new_ticket()
        for role in ROLES:
            with self.subTest(role=role):
                seen = bool(self.env["pm.ticket"].with_user(getattr(self, role)).search([("id", "=", ticket.id)]))
                self.assertEqual(seen, role in (*DESK, "leadership"))

    def test_technician_sees_own_jobs_and_the_pool_of_the_team(self):
        water = self.env.ref("pm_customer_service.ticket_category_water")
        pool = self.new_ticket("repair", category_id=water.id)
        own = self.new_ticket("repair", user_id=self.technician.id)
        taken = self.new_ticket("repair", category_id=water.id, user_id=self.officer.id)
        foreign = self.new_ticket("repair")
        self.assertEqual(pool.team_id, self.team)
        seen = (
            self.env["pm.ticket"].with_user(self.technician).search([("id", "in", (pool | own | taken | foreign).ids)])
        )
        self.assertEqual(seen, pool | own)
        own.with_user(self.technician).write({"outcome": "solved_now", "solution": "Changed the tap."})
        own.with_user(self.technician).action_handle()
        self.assertEqual(own.state, "handled")

    def test_who_changes_the_rules(self):
        for role in ROLES:
            for record in (
                self.env.ref("pm_customer_service.deadline_rule_accept"),
                self.env.ref("pm_customer_service.escalation_rule_unaccepted"),
                self.types["repair"],
            ):
                with self.subTest(role=role, model=record._name):
                    allowed = record.with_user(getattr(self, role)).has_access("write")
                    self.assertEqual(
                        allowed, role == "manager" or (role == "leadership" and record._name != "pm.ticket.type")
                    )

    def test_logs_are_read_only_for_every_role(self):
        for role in ROLES:
            for model in ("pm.deadline", "pm.deadline.pause", "pm.escalation"):
                for operation in ("create", "write", "unlink"):
                    with self.subTest(role=role, model=model, operation=operation):
                        self.assertFalse(self.env[model].with_user(getattr(self, role)).has_access(operation))

    def test_other_property_and_other_company_are_out_of_reach(self):
        other = self.env["pm.property"].create({"name": "Other", "code": "T2", "tz": "Asia/Shanghai"})
        ticket = self.env["pm.ticket"].create(
            {"name": "x", "type_id": self.types["repair"].id, "property_id": other.id}
        )
        company = self.env["res.company"].create({"name": "Second"})
        far = self.env["pm.property"].create(
            {"name": "Far", "code": "T1", "tz": "Asia/Shanghai", "company_id": company.id, "calendar_id": False}
        )
        far_ticket = self.env["pm.ticket"].create(
            {"name": "x", "type_id": self.types["repair"].id, "property_id": far.id}
        )
        clocks = self.env["pm.deadline"].search(
            [("res_model", "=", "pm.ticket"), ("res_id", "in", (ticket | far_ticket).ids)]
        )
        self.assertTrue(clocks)
        for role in ROLES:
            user = getattr(self, role)
            with self.subTest(role=role):
                self.assertFalse(self.env["pm.ticket"].with_user(user).search([("id", "=", far_ticket.id)]))
                seen = self.env["pm.ticket"].with_user(user).search([("id", "=", ticket.id)])
                self.assertEqual(bool(seen), role == "leadership")
                seen = self.env["pm.deadline"].with_user(user).search([("id", "in", clocks.ids)])
                self.assertEqual(seen.property_id, other if role == "leadership" else self.env["pm.property"])
        with self.assertRaises(AccessError):
            self.new_ticket("help", user=self.officer, unit_id=False, property_id=other.id)

    def test_outsider_without_property_sees_nothing(self):
        self.new_ticket()
        self.assertFalse(self.env["pm.ticket"].with_user(self.outsider).search([]))

    def test_portal_user_sees_own_tickets_only_and_writes_none(self):
        own = self.new_ticket()
        other = self.new_ticket(partner_id=self.owners[1].id, unit_id=self.units[1].id)
        seen = self.env["pm.ticket"].with_user(self.portal_user).search([])
        self.assertIn(own, seen)
        self.assertNotIn(other, seen)
        for operation in ("create", "write", "unlink"):
            self.assertFalse(self.env["pm.ticket"].with_user(self.portal_user).has_access(operation))
        for model in ("pm.deadline", "pm.followup", "pm.escalation", "pm.team", "pm.ticket.type"):
            self.assertFalse(self.env[model].with_user(self.portal_user).has_access("read"), model)

    def test_how_a_complaint_was_judged_is_not_the_customer_s_to_read(self):
        own = self.new_ticket()
        self.assertEqual(own.with_user(self.officer).validity, "valid")
        for name in ("validity", "root_cause"):
            with self.subTest(name=name), self.assertRaises(AccessError):
                own.with_user(self.portal_user).read([name])

    def test_steps_cannot_be_taken_on_tickets_out_of_reach(self):
        ticket = self.new_ticket(user_id=self.officer.id)
        for user in (self.portal_user, self.outsider, self.technician):
            for step in (
                "action_take",
                "action_reply_by_phone",
                "action_feedback",
                "action_close",
                "action_resume",
                "action_reopen",
            ):
                with self.subTest(user=user.login, step=step), self.assertRaises(UserError), self.env.cr.savepoint():
                    getattr(ticket.with_user(user), step)(*(["x"] if step == "action_reopen" else []))
            with self.subTest(user=user.login, step="pause"), self.assertRaises(AccessError), self.env.cr.savepoint():
                ticket.with_user(user).action_pause("x")
        self.assertEqual((ticket.state, self.clock(ticket, "reply").paused_since), ("assigned", False))
        own = self.new_ticket("repair", user_id=self.technician.id)
        with self.assertRaises(AccessError):
            self.env["pm.ticket.step"].with_user(self.technician).create(
                {"ticket_id": own.id, "step": "pause", "words": "x"}
            ).action_confirm()

    def test_new_member_of_staff_needs_only_the_property(self):
        user = new_test_user(self.env, "gardener", groups="base.group_user")
        user.pm_property_ids = [Command.link(self.property.id)]
        ticket = self.new_ticket("help", user=user)
        self.assertEqual(ticket.first_receiver_id, user)
