from datetime import date, timedelta

from freezegun import freeze_time
from odoo.tests import tagged

from .common import DeskCase, local

PERIOD = (date(2026, 11, 1), date(2026, 11, 30))


@tagged("post_install", "-at_install")
class TestKpiDesk(DeskCase):
    """Each figure against one computed by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.water = cls.env.ref("pm_customer_service.ticket_category_water")

    def result(self, name, user=None):
        with freeze_time(local("2026-11-30 12:00")):
            return self.env.ref(f"pm_customer_service.kpi_{name}")._evaluate(self.property, *PERIOD, user=user)

    def value(self, name, user=None):
        return self.result(name, user)["value"]

    def rate(self, ticket, value):
        token = ticket.sudo()._rating_get_access_token(ticket.partner_id)
        ticket.sudo().rating_apply(value, token=token, feedback="words")

    def test_no_data_is_never_100(self):
        for name in (
            "reception_satisfaction",
            "complaint_tracking",
            "need_review",
            "repair_complaints",
            "facility_complaints",
            "arrival",
            "survey_return",
            "survey_index",
        ):
            with self.subTest(kpi=name):
                self.assertIsNone(self.value(name))

    def test_reception_satisfaction_counts_verdicts_by_rating_and_by_followup(self):
        with freeze_time(local("2026-11-02 10:00")):
            for stars in (5, 3, 1):
                self.rate(self.handle(self.new_ticket("inquiry")), stars)
            for answer in ("satisfied", "unreachable"):
                self.env["pm.followup"].with_user(self.front_desk).create(
                    {"ticket_id": self.handle(self.new_ticket("inquiry")).id, "satisfied": answer, "words": "x"}
                )
            self.handle(self.new_ticket("inquiry"))
        # Verdicts: 5 stars and one call satisfied; 3 stars and 1 star not. Not reached and not rated are none.
        self.assertEqual(self.result("reception_satisfaction"), {"numerator": 2, "denominator": 4, "value": 50})
        self.assertEqual(self.value("reception_satisfaction", self.officer), 50)
        self.assertIsNone(self.value("reception_satisfaction", self.assistant))

    def test_complaint_is_tracked_when_word_comes_within_3_days_each_time_and_the_result_is_told(self):
        with freeze_time(local("2026-11-02 10:00")):
            kept, silent, untold = (self.new_ticket(user_id=self.officer.id) for __ in range(3))
            kept.with_user(self.officer).action_reply_by_phone()
        with freeze_time(local("2026-11-04 10:00")):
            for ticket in (kept, untold):
                self.handle(ticket)
            kept.with_user(self.officer).action_feedback()
        with freeze_time(local("2026-11-06 10:00")):
            self.run_job()
            silent.with_user(self.officer).action_reply_by_phone()
        self.assertEqual(self.clock(silent, "contact").filtered("breached_at").state, "breached")
        result = self.result("complaint_tracking")
        self.assertEqual((result["numerator"], result["denominator"]), (1, 3))

    def test_request_is_reviewed_when_taken_on_and_classified(self):
        with freeze_time(local("2026-11-02 10:00")):
            self.new_ticket("repair", user_id=self.officer.id, category_id=self.water.id)
            self.new_ticket("repair", user_id=self.officer.id)
            self.new_ticket("inquiry", category_id=self.water.id)
            self.new_ticket("inquiry")
        self.assertEqual(self.value("need_review"), 25)

    def test_repair_complaints_by_category_or_link(self):
        with freeze_time(local("2026-11-02 10:00")):
            repairs = [self.handle(self.new_ticket("repair", category_id=self.water.id)) for __ in range(4)]
            self.new_ticket(category_id=self.env.ref("pm_customer_service.ticket_category_repair_work").id)
            linked, __ = self.new_ticket(), self.new_ticket()
            linked.with_user(self.supervisor).action_link(repairs[0].with_user(self.supervisor))
        self.assertEqual(self.result("repair_complaints"), {"numerator": 2, "denominator": 4, "value": 50})

    def test_facility_complaints_per_work_on_facilities(self):
        with freeze_time(local("2026-11-02 10:00")):
            for category in (self.water, self.water, self.env.ref("pm_customer_service.ticket_category_door")):
                self.handle(self.new_ticket("repair", category_id=category.id))
            self.new_ticket(category_id=self.env.ref("pm_customer_service.ticket_category_lift").id)
            self.new_ticket(category_id=self.env.ref("pm_customer_service.ticket_category_noise").id)
        self.assertEqual(self.result("facility_complaints"), {"numerator": 1, "denominator": 2, "value": 50})

    def test_arrival_at_the_agreed_minute_is_on_time_a_minute_later_and_never_are_not(self):
        visits = []
        with freeze_time(local("2026-11-02 09:00")):
            for hour in (10, 12, 14, 16):
                ticket = self.new_ticket("repair", user_id=self.technician.id)
                start = local(f"2026-11-02 {hour}:00")
                visits.append(
                    self.env["pm.appointment"]
                    .with_user(self.supervisor)
                    .create(
                        {
                            "ticket_id": ticket.id,
                            "user_id": self.technician.id,
                            "start": start,
                            "stop": start + timedelta(hours=1),
                        }
                    )
                )
        for visit, moment in zip(visits[:2], ("10:00", "12:01"), strict=True):
            with freeze_time(local(f"2026-11-02 {moment}")):
                visit.with_user(self.technician).action_arrive()
        with freeze_time(local("2026-11-02 13:00")):
            visits[3].with_user(self.supervisor).action_call_off("The customer called it off")
        # On time, a minute late, nobody came; the fourth was called off.
        result = self.result("arrival")
        self.assertEqual((result["numerator"], result["denominator"]), (1, 3))

    def test_every_figure_of_the_desk_has_source_target_and_opens_its_records(self):
        kpis = self.env["pm.kpi"].search([("group", "=", "service")])
        codes = {kpi.code for kpi in kpis}
        wanted = {
            f"KPI-{number:02}"
            for number in (1, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 31, 33)
        }
        self.assertFalse(wanted - codes)
        for kpi in kpis.filtered("method"):
            with self.subTest(kpi=kpi.code):
                self.assertTrue(kpi.source and kpi.formula)
                if kpi.code not in ("KPI-31",):
                    self.assertTrue(kpi.target_ids.source)
                spec = kpi._specification(self.property, *PERIOD)
                for part in ("numerator", "denominator"):
                    model, domain, __ = spec[part]
                    self.env[model].with_user(self.manager).search(domain)
