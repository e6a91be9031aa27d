from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import DeskCase

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@tagged("post_install", "-at_install")
class TestBadInput(DeskCase):
    def test_text_of_a_megabyte_is_refused_and_says_which_field(self):
        for field in (
            "name",
            "description",
            "agreed_action",
            "solution",
            "explanation",
            "customer_opinion",
            "location",
        ):
            with (
                self.subTest(field=field),
                self.assertRaisesRegex(ValidationError, "too long"),
                self.env.cr.savepoint(),
            ):
                self.new_ticket(**{field: "长" * 1_000_000})

    def test_script_stays_text(self):
        ticket = self.new_ticket(name=SCRIPT, description=SCRIPT, location=SCRIPT)
        other = self.env["pm.ticket"].with_user(self.front_desk).new({"unit_id": self.units[0].id})
        self.assertNotIn("<script>", other.household_html)
        self.assertNotIn("<img src=x", other.household_html)
        self.assertEqual(ticket.description, SCRIPT)
        message = self.env["pm.message"].search([("res_model", "=", "pm.ticket"), ("res_id", "=", ticket.id)])
        message._dispatch()
        self.assertIn(ticket.number, message.body)
        self.assertNotIn("<script>", message.body)
        self.assertTrue(
            self.env["ir.actions.report"]._render("pm_customer_service.pm_ticket_report_slip", ticket.ids)[0]
        )

    def test_unit_of_another_property_is_refused(self):
        other = self.env["pm.property"].create({"name": "Other", "code": "T2", "tz": "Asia/Shanghai"})
        zone = self.env["pm.zone"].create({"name": "Z", "code": "Z", "property_id": other.id, "zone_type": "office"})
        with self.assertRaises(ValidationError):
            self.new_ticket(zone_id=zone.id, unit_id=False)

    def test_archived_category_stays_readable(self):
        category = self.env["pm.ticket.category"].create({"name": "Old"})
        ticket = self.new_ticket(category_id=category.id)
        category.active = False
        self.assertEqual(ticket.category_id.name, "Old")

    def test_portal_customer_as_handler_is_refused(self):
        ticket = self.new_ticket()
        with self.assertRaises(UserError):
            ticket.user_id = self.portal_user

    def test_calendar_without_hours_still_gives_a_due_time(self):
        self.property.calendar_id = self.env["resource.calendar"].create({"name": "Empty", "attendance_ids": []})
        self.property.calendar_id.attendance_ids.unlink()
        self.property.deadline_basis = "working"
        ticket = self.new_ticket(severity="major")
        self.assertTrue(self.clock(ticket, "reply").due)
