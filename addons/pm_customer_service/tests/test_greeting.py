from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import DeskCase, local


@tagged("post_install", "-at_install")
class TestGreeting(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chair = cls.env["res.partner"].create({"name": "Chair", "email": "chair@owners.example"})
        cls.env["pm.committee.member"].create(
            [
                {"property_id": cls.property.id, "partner_id": partner.id, "date_from": "2026-01-01"}
                for partner in (cls.chair | cls.owners[0])
            ]
        )
        cls.parties[0].is_key_customer = True
        cls.parties[1].is_key_customer = True

    def prepare(self, moment):
        with freeze_time(local(moment)):
            return self.env["pm.greeting"]._prepare_for(self.property)

    def messages(self, greeting):
        return self.env["pm.message"].search([("res_model", "=", "pm.greeting"), ("res_id", "=", greeting.id)])

    def test_prepared_seven_days_before_the_spring_festival_of_2027(self):
        self.assertFalse(self.prepare("2027-01-29 12:00"))
        greeting = self.prepare("2027-01-30 00:10")
        self.assertEqual((greeting.state, str(greeting.date)), ("draft", "2027-02-06"))
        self.assertEqual(greeting.send_at, local("2027-02-06 08:30"))
        self.assertEqual(greeting.activity_ids.user_id, self.supervisor)
        self.assertFalse(self.prepare("2027-01-31 00:10"))

    def test_committee_and_key_customers_each_once_on_the_day(self):
        greeting = self.prepare("2027-02-01 00:10")
        with freeze_time(local("2027-02-02 10:00")):
            greeting.with_user(self.supervisor).action_approve()
            with self.assertRaises(UserError):
                greeting.with_user(self.supervisor).action_approve()
        messages = self.messages(greeting)
        self.assertEqual(messages.partner_id, self.chair | self.owners[0] | self.owners[1])
        self.assertEqual(len(messages), 3, "a committee member who is a key customer is greeted once")
        self.assertEqual(set(messages.mapped("not_before")), {local("2027-02-06 08:30")})
        self.assertEqual(messages.purpose_id.code, "greeting")
        self.assertTrue(all(message.partner_id.name in message.text for message in messages))
        self.assertFalse(greeting.activity_ids)

    def test_who_opted_out_gets_none_and_the_others_the_way_out(self):
        purpose = self.env.ref("pm_base.purpose_greeting")
        self.env["pm.consent"].create({"partner_id": self.chair.id, "purpose_id": purpose.id, "state": "opt_out"})
        greeting = self.prepare("2027-02-01 00:10")
        with freeze_time(local("2027-02-02 10:00")):
            greeting.with_user(self.supervisor).action_approve()
        with freeze_time(local("2027-02-06 08:31")):
            self.env["pm.message"]._dispatch()
        states = {message.partner_id: message for message in self.messages(greeting)}
        self.assertEqual((states[self.chair].state, states[self.chair].reason), ("skipped", "opted_out"))
        self.assertEqual(states[self.owners[1]].state, "handed")

    def test_nothing_leaves_without_approval(self):
        greeting = self.prepare("2027-02-01 00:10")
        self.prepare("2027-02-07 00:10")
        self.assertEqual(greeting.state, "cancelled")
        self.assertFalse(self.messages(greeting))

    def test_only_a_supervisor_approves_and_nobody_writes_the_state(self):
        greeting = self.prepare("2027-02-01 00:10")
        with freeze_time(local("2027-02-02 10:00")):
            with self.assertRaises(AccessError):
                greeting.with_user(self.assistant).action_approve()
            with self.assertRaises(AccessError):
                greeting.with_user(self.manager).state = "approved"
            greeting.with_user(self.assistant).words = "Dear {name}"
            greeting.with_user(self.supervisor).action_approve()
            with self.assertRaises(UserError):
                greeting.with_user(self.manager).words = "Pay up"

    def test_cancelled_before_the_day_stops_what_waits(self):
        greeting = self.prepare("2027-02-01 00:10")
        with freeze_time(local("2027-02-02 10:00")):
            greeting.with_user(self.supervisor).action_approve()
            greeting.with_user(self.supervisor).action_cancel()
        self.assertEqual(set(self.messages(greeting).mapped("state")), {"cancelled"})

    def test_the_table_has_lunar_and_solar_festivals(self):
        days = {str(day) for day in self.env["pm.holiday"].search([]).mapped("date")}
        self.assertTrue({"2026-02-17", "2026-09-25", "2026-10-01", "2027-01-01", "2027-02-06"} <= days)
