from datetime import date

from freezegun import freeze_time
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import DeskCase, local


@tagged("post_install", "-at_install")
class TestContactDuty(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chair = cls.env["res.partner"].create({"name": "Chair"})
        cls.member = cls.env["pm.committee.member"].create(
            {"property_id": cls.property.id, "partner_id": cls.chair.id, "position": "chair", "date_from": "2026-01-01"}
        )
        cls.parties[0].is_key_customer = True

    def open(self, moment="2026-11-02 02:00"):
        with freeze_time(local(moment)):
            return self.env["pm.contact.duty"]._open_for(self.property)

    def talk(self, partner, moment, user=None):
        with freeze_time(local(moment)):
            visit = (
                self.env["pm.visit"]
                .with_user(user or self.officer)
                .create({"property_id": self.property.id, "partner_id": partner.id, "method": "phone", "talk": "Hello"})
            )
            visit.action_done()
        return visit

    def value(self, name, first, last):
        kpi = self.env.ref(f"pm_customer_service.kpi_{name}")
        return kpi._evaluate(self.property, first, last)["value"]

    def test_committee_monthly_and_key_customers_quarterly(self):
        duties = self.open()
        committee, customer = duties.sorted(lambda duty: duty.audience)
        self.assertEqual(
            (committee.audience, str(committee.period_start), str(committee.period_end), committee.user_id),
            ("committee", "2026-11-01", "2026-11-30", self.manager),
        )
        self.assertEqual(
            (customer.partner_id, str(customer.period_start), str(customer.period_end), customer.user_id),
            (self.owners[0], "2026-10-01", "2026-12-31", self.officer),
        )
        self.assertEqual(committee.next_due, local("2026-11-30 23:59").replace(second=59))
        self.assertFalse(self.open("2026-11-20 02:00"), "once a period")
        self.assertEqual(self.open("2026-12-01 02:00").audience, "committee")

    def test_a_talk_on_the_last_day_is_in_time(self):
        duty = self.open().filtered(lambda duty: duty.audience == "committee")
        self.talk(self.chair, "2026-11-30 23:00")
        self.assertEqual((duty.state, self.clock(duty, "contact").state), ("met", "met"))
        self.assertEqual(self.value("committee_contact", date(2026, 11, 1), date(2026, 11, 30)), 100)

    def test_a_talk_on_the_next_day_is_late(self):
        duty = self.open().filtered(lambda duty: duty.audience == "committee")
        with freeze_time(local("2026-12-01 00:01")):
            self.run_job()
        self.talk(self.chair, "2026-12-01 09:00")
        self.assertEqual((duty.state, self.clock(duty, "contact").state), ("missed", "breached"))
        self.assertEqual(self.value("committee_contact", date(2026, 11, 1), date(2026, 11, 30)), 0)

    def test_a_talk_before_the_list_was_made_counts(self):
        self.talk(self.owners[0], "2026-10-05 10:00")
        duty = self.open().filtered("partner_id")
        self.assertEqual(duty.state, "met")
        self.assertEqual(self.value("key_customer_contact", date(2026, 11, 1), date(2026, 11, 30)), 100)

    def test_other_people_and_other_periods_do_not_count(self):
        duties = self.open()
        self.talk(self.owners[1], "2026-11-10 10:00")
        self.talk(self.owners[0], "2027-01-10 10:00")
        self.assertEqual(set(duties.mapped("state")), {"open"})

    def test_who_is_no_longer_a_key_customer_is_struck_off(self):
        duty = self.open().filtered("partner_id")
        self.parties[0].is_key_customer = False
        self.member.date_to = "2026-11-05"
        self.open("2026-11-10 02:00")
        self.assertEqual((duty.state, self.clock(duty, "contact").state), ("cancelled", "cancelled"))
        self.assertIsNone(self.value("key_customer_contact", date(2026, 11, 1), date(2026, 11, 30)), "no data")

    def test_responsible_is_reminded_seven_days_before_and_the_supervisor_told_when_missed(self):
        duty = self.open().filtered("partner_id")
        with freeze_time(local("2026-12-24 23:00")):
            self.run_job()
            self.assertFalse(duty.activity_ids)
        with freeze_time(local("2026-12-25 00:01")):
            self.run_job()
            self.assertEqual(duty.activity_ids.user_id, self.officer)
        with freeze_time(local("2027-01-01 00:01")):
            self.run_job()
        self.assertEqual((duty.state, duty.activity_ids.user_id), ("missed", self.officer | self.supervisor))

    def test_own_rule_of_a_property_replaces_the_general_one(self):
        self.env["pm.contact.rule"].create(
            {
                "name": "Monthly",
                "audience": "key_customer",
                "cadence": "month",
                "property_id": self.property.id,
            }
        )
        duty = self.open().filtered("partner_id")
        self.assertEqual((len(duty), str(duty.period_start)), (1, "2026-11-01"))

    def test_nobody_writes_the_list_by_hand(self):
        duty = self.open()[0]
        for role in ("officer", "supervisor", "manager"):
            user = getattr(self, role)
            self.assertFalse(self.env["pm.contact.duty"].with_user(user).has_access("create"))
            self.assertFalse(duty.with_user(user).has_access("unlink"))
        duty.with_user(self.supervisor).user_id = self.assistant
        with self.assertRaises(AccessError):
            duty.with_user(self.supervisor).state = "met"

    def test_a_visited_customer_is_not_silent(self):
        self.talk(self.owners[1], "2026-11-10 10:00")
        with freeze_time(local("2026-11-11 10:00")):
            self.assertEqual(self.owners[1].pm_customer_class, "ordinary")
            self.assertEqual(self.owners[2].pm_customer_class, "silent")
