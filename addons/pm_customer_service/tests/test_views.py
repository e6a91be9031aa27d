from odoo.tests import Form, tagged

from .common import DeskCase


@tagged("post_install", "-at_install")
class TestViews(DeskCase):
    def test_quick_ticket_at_the_counter(self):
        form = Form(self.env["pm.ticket"].with_user(self.front_desk), "pm_customer_service.pm_ticket_view_form_quick")
        form.unit_id = self.units[1]
        self.assertEqual(form.partner_id, self.owners[1], "one occupant: no second search")
        self.assertEqual(form.contact_phone, self.owners[1].phone)
        form.name = "Light out"
        ticket = form.save()
        self.assertEqual(
            (ticket.property_id, ticket.butler_id, ticket.first_receiver_id),
            (self.property, self.officer, self.front_desk),
        )

    def test_every_role_opens_the_form(self):
        for role in ("front_desk", "officer", "supervisor", "manager", "technician", "cashier"):
            with self.subTest(role=role):
                user = getattr(self, role)
                ticket = self.new_ticket("repair", user=user)
                with Form(ticket.with_user(user)) as form:
                    form.description = "seen"

    def test_tickets_make_a_customer_frequent_and_warn_at_a_transfer(self):
        owner = self.owners[0].with_user(self.officer)
        self.assertEqual(owner.pm_customer_class, "silent")
        for __ in range(self.company.pm_frequent_ticket_count):
            ticket = self.new_ticket("inquiry")
        owner.invalidate_recordset()
        self.assertEqual(owner.pm_customer_class, "frequent")
        transfer = self.env["pm.unit.transfer"].with_user(self.assistant).new({"unit_id": self.units[0].id})
        self.assertIn(ticket.number, "\n".join(transfer._get_transfer_warnings()))

    def test_unit_page_counts_tickets(self):
        self.new_ticket()
        cancelled = self.new_ticket("repair", stop_reason="x")
        cancelled.action_cancel()
        unit = self.units[0].with_user(self.officer)
        self.assertEqual((unit.ticket_count, unit.open_ticket_count), (2, 1))
        self.assertEqual(unit.action_open_tickets()["domain"], [("unit_id", "=", unit.id)])
