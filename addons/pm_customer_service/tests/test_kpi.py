from datetime import date

from freezegun import freeze_time
from odoo.tests import tagged

from .common import DeskCase, local

PERIOD = (date(2026, 11, 1), date(2026, 11, 30))


@tagged("post_install", "-at_install")
class TestKpi(DeskCase):
    def value(self, name, user=None):
        result = self.env.ref(f"pm_customer_service.kpi_{name}")._evaluate(self.property, *PERIOD, user=user)
        return result["value"]

    def followed_up(self, day):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.handle(self.new_ticket())
        with freeze_time(local(f"{day} 10:00")):
            self.env["pm.followup"].with_user(self.front_desk).create(
                {"ticket_id": ticket.id, "satisfied": "satisfied"}
            )

    def test_no_ticket_is_no_data_never_100(self):
        for name in (
            "complaint_satisfaction",
            "repair_timeliness",
            "repair_followup",
            "complaint_followup",
            "complaint_timeliness",
            "major_reply",
            "major_handling",
            "inquiry_reply",
            "suggestion_reply",
            "common_report_back",
            "promise",
            "feedback",
        ):
            with self.subTest(kpi=name):
                self.assertIsNone(self.value(name))

    def test_complaint_followup_rate(self):
        self.followed_up("2026-11-05")
        self.assertEqual(self.value("complaint_followup"), 100)
        self.followed_up("2026-11-06")
        self.assertEqual(self.value("complaint_followup"), 50)
        self.assertEqual(self.value("complaint_followup", self.officer), 50)
        self.assertIsNone(self.value("complaint_followup", self.assistant))

    def test_complaint_timeliness_and_promise_fulfilment(self):
        for day in ("2026-11-03", "2026-11-05"):
            with freeze_time(local("2026-11-02 10:00")):
                ticket = self.new_ticket(user_id=self.officer.id, promised_date=local("2026-11-04 10:00"))
            with freeze_time(local(f"{day} 10:00")):
                self.handle(ticket)
        self.assertEqual((self.value("complaint_timeliness"), self.value("promise")), (50, 50))

    def test_major_complaints(self):
        with freeze_time(local("2026-11-02 10:00")):
            first, second = (self.new_ticket(severity="major", user_id=self.officer.id) for __ in range(2))
        with freeze_time(local("2026-11-05 10:00")):
            first.with_user(self.officer).action_reply_by_phone()
        with freeze_time(local("2026-11-06 10:00")):
            second.with_user(self.officer).action_reply_by_phone()
        with freeze_time(local("2026-11-07 10:00")):
            self.handle(first)
        with freeze_time(local("2026-11-08 10:00")):
            self.handle(second)
        self.assertEqual((self.value("major_reply"), self.value("major_handling")), (50, 50))

    def test_inquiries_and_suggestions_answered(self):
        with freeze_time(local("2026-11-02 10:00")):
            answered = self.new_ticket("inquiry", user_id=self.officer.id)
            self.new_ticket("inquiry")
            answered.with_user(self.officer).action_reply_by_phone()
            adopted, late = (self.new_ticket("suggestion", user_id=self.officer.id) for __ in range(2))
        for ticket, day in ((adopted, "2026-11-05"), (late, "2026-11-06")):
            with freeze_time(local(f"{day} 10:00")):
                self.handle(ticket, decision="adopted").action_feedback()
        self.assertEqual((self.value("inquiry_reply"), self.value("suggestion_reply")), (50, 50))
        self.assertEqual(self.value("feedback"), 75)

    def test_common_part_repairs_and_repair_followup(self):
        for feedback in ("2026-11-03 20:00", "2026-11-04 08:00"):
            with freeze_time(local("2026-11-02 10:00")):
                ticket = self.new_ticket("repair", is_common_part=True)
            with freeze_time(local("2026-11-03 16:00")):
                self.handle(ticket)
            with freeze_time(local(feedback)):
                ticket.with_user(self.officer).action_feedback()
        self.assertEqual(self.value("common_report_back"), 50)
        self.assertEqual(self.value("repair_followup"), 0)
        with freeze_time(local("2026-11-05 16:00")):
            self.env["pm.followup"].with_user(self.front_desk).create(
                {"ticket_id": ticket.id, "satisfied": "satisfied"}
            )
        self.assertEqual(self.value("repair_followup"), 50)

    def test_valid_complaint_satisfaction(self):
        with freeze_time(local("2026-11-02 10:00")):
            for answer in ("satisfied", "dissatisfied", "unreachable"):
                self.env["pm.followup"].with_user(self.front_desk).create(
                    {"ticket_id": self.handle(self.new_ticket()).id, "satisfied": answer, "words": "x"}
                )
        self.assertEqual(self.value("complaint_satisfaction"), 50)

    def test_a_complaint_asked_about_twice_counts_once_with_the_last_answer(self):
        followups = self.env["pm.followup"].with_user(self.front_desk)
        with freeze_time(local("2026-11-02 10:00")):
            tickets = [self.handle(self.new_ticket()) for __ in range(2)]
            for ticket in tickets:
                followups.create({"ticket_id": ticket.id, "satisfied": "dissatisfied", "words": "Still noisy"})
        self.assertEqual(self.value("complaint_satisfaction"), 0)
        with freeze_time(local("2026-11-04 10:00")):
            self.handle(tickets[0])
            followups.create({"ticket_id": tickets[0].id, "satisfied": "satisfied"})
        kpi = self.env.ref("pm_customer_service.kpi_complaint_satisfaction")
        self.assertEqual(kpi._evaluate(self.property, *PERIOD), {"numerator": 1, "denominator": 2, "value": 50})

    def test_a_promise_kept_late_lowers_the_fulfilment_of_promises(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket(user_id=self.officer.id)
            promises = (
                self.env["pm.ticket.promise"]
                .with_user(self.supervisor)
                .create(
                    [
                        {
                            "ticket_id": ticket.id,
                            "name": "Cleaning",
                            "kind": "undertaking",
                            "date_due": local("2026-11-05 12:00"),
                            "reason": "Dust",
                            "result": "Cleaned",
                        }
                        for __ in range(3)
                    ]
                )
            )
            promises.action_submit()
        for promise, moment in zip(promises, ("2026-11-05 11:59", "2026-11-05 12:00", "2026-11-05 12:01"), strict=True):
            with freeze_time(local(moment)):
                promise.action_keep()
        self.assertAlmostEqual(self.value("promise"), 200 / 3, 6)

    def test_repair_timeliness_on_day_3_and_4(self):
        for day in ("2026-11-05", "2026-11-06"):
            with freeze_time(local("2026-11-02 10:00")):
                ticket = self.new_ticket("repair")
            with freeze_time(local(f"{day} 10:00")):
                self.handle(ticket)
        self.assertEqual(self.value("repair_timeliness"), 50)

    def test_invalid_complaints_do_not_count(self):
        with freeze_time(local("2026-11-02 10:00")):
            ticket = self.new_ticket(stop_reason="wrong address")
            ticket.with_user(self.supervisor).action_invalid()
        self.assertIsNone(self.value("feedback"))

    def test_every_figure_opens_its_records(self):
        self.followed_up("2026-11-05")
        for kpi in self.env["pm.kpi"].search([("code", "in", ("KPI-05", "KPI-06", "KPI-08", "KPI-16"))]):
            spec = kpi._specification(self.property, *PERIOD)
            model, domain, __ = spec["denominator"]
            self.env[model].search(domain)
