from lxml import etree
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import DeskCase


@tagged("post_install", "-at_install")
class TestSecurity(DeskCase):
    """What a client may try over RPC: any value, any context key, any id."""

    def test_a_ticket_is_born_new_whatever_the_context_says(self):
        ticket = (
            self.env["pm.ticket"]
            .with_user(self.front_desk)
            .with_context(default_state="closed", default_closed_by_id=self.manager.id, default_number="X-1")
            .create({"name": "Noise", "type_id": self.types["complaint"].id, "unit_id": self.units[0].id})
        )
        self.assertEqual(ticket.state, "new")
        self.assertEqual(ticket.first_receiver_id, self.front_desk)
        self.assertFalse(ticket.closed_by_id)
        self.assertNotEqual(ticket.number, "X-1")

    def test_the_handler_of_a_complaint_cannot_make_it_something_that_he_may_close(self):
        ticket = self.new_ticket("complaint")
        with self.assertRaises(AccessError):
            ticket.with_user(self.officer).write({"type_id": self.types["help"].id})
        handled = self.handle(ticket, user=self.supervisor)
        with self.assertRaises(UserError):
            handled.write({"type_id": self.types["help"].id})
        handled.action_reopen("Once more")
        with self.assertRaises(AccessError):
            handled.write({"type_id": self.types["help"].id})
        handled.with_user(self.manager).write({"type_id": self.types["help"].id})
        self.assertEqual(ticket.type_code, "help")

    def test_a_ticket_behaves_as_its_type_says(self):
        ticket = self.new_ticket()
        with self.assertRaisesRegex(UserError, "recorded by the program"):
            ticket.with_user(self.officer).write({"type_code": "inquiry"})

    def test_what_a_closed_ticket_tells_stays_until_it_is_reopened(self):
        ticket = self.handle(self.new_ticket())
        ticket.write({"solution": "Done, and swept up."})
        ticket.action_feedback()
        self.env["pm.followup"].with_user(self.front_desk).create({"ticket_id": ticket.id, "satisfied": "satisfied"})
        ticket.with_user(self.supervisor).action_close()
        for vals in ({"solution": "Nothing"}, {"unit_id": self.units[1].id}, {"user_id": self.technician.id}):
            with self.assertRaisesRegex(UserError, "stay as recorded"):
                ticket.with_user(self.manager).write(vals)
        ticket.with_user(self.manager).write({"root_cause": "error"})
        ticket.with_user(self.supervisor).action_reopen("Drips again")
        ticket.write({"solution": "New washer."})
        form = etree.fromstring(self.env["pm.ticket"].get_view(view_type="form")["arch"])
        for name in ("solution", "unit_id", "user_id"):
            self.assertIn("closed", form.xpath(f"//field[@name='{name}'][not(ancestor::field)]/@readonly")[0], name)

    def test_tickets_are_not_hidden(self):
        ticket = self.new_ticket("complaint")
        with self.assertRaises(AccessError):
            ticket.with_user(self.officer).write({"active": False})
        ticket.with_user(self.manager).write({"active": False})

    def test_a_ticket_does_not_open_people_of_other_properties(self):
        foreign = self.property.copy({"code": "T2", "user_ids": False})
        block = self.building.copy({"property_id": foreign.id})
        unit = self.units[0].copy({"property_id": foreign.id, "building_id": block.id, "zone_id": False})
        stranger = self.env["res.partner"].create({"name": "Stranger", "phone": "13900000000"})
        self.env["pm.unit.party"].create(
            {"unit_id": unit.id, "partner_id": stranger.id, "role": "owner", "date_from": "2024-01-01"}
        )
        with self.assertRaises(AccessError):
            self.new_ticket("help", partner_id=stranger.id)
        ticket = self.new_ticket("help", user=self.technician)
        for name in ("partner_id", "vendor_id"):
            with self.assertRaises(AccessError):
                ticket.write({name: stranger.id})

    def test_the_screens_of_the_staff_tell_residents_nothing_not_even_of_their_own_unit(self):
        ticket = self.new_ticket("repair")
        as_resident = ticket.with_user(self.portal_user)
        for call in (
            as_resident.job_detail,
            as_resident.jobs_board,
            lambda: as_resident.env["pm.counter"].counter_search(self.units[0].code),
            lambda: as_resident.env["pm.counter"].counter_household(self.units[0].id),
        ):
            with self.assertRaises(AccessError):
                call()

    def test_what_the_customer_answered_is_not_typed_in(self):
        ticket = self.handle(self.new_ticket("repair"))
        for vals in ({"satisfied": True}, {"delay_notified_at": "2026-01-01"}):
            with self.assertRaises(UserError):
                ticket.with_user(self.manager).write(vals)
        followup = (
            self.env["pm.followup"]
            .with_user(self.front_desk)
            .with_context(default_user_id=self.manager.id)
            .create({"ticket_id": ticket.id, "satisfied": "unreachable", "user_id": False})
        )
        self.assertEqual(followup.user_id, self.front_desk, "who asked is who records it")
