from odoo.exceptions import UserError
from odoo.tests.common import tagged

from .common import RenovationCase, at


@tagged("post_install", "-at_install")
class TestClocks(RenovationCase):
    """Boundaries of the handbook's clocks in Shanghai time; 2026-11-20 is a Friday."""

    def run_at(self, moment, action):
        with at(moment):
            action()

    def decide(self, moment):
        with at("2026-11-20 10:00"):
            case = self.bring_to("submitted")
            self.review(case)
        self.run_at(moment, self.as_user(case, "supervisor").action_approve)
        return self.clock(case, "review")

    def test_application_decided_on_day_3_is_in_time(self):
        self.assertEqual(self.decide("2026-11-23 23:59").state, "met")

    def test_application_decided_on_day_4_is_late(self):
        self.assertEqual(self.decide("2026-11-24 00:01").state, "breached")

    def test_working_days_skip_the_weekend(self):
        self.env.ref("pm_renovation.deadline_review").basis = "working"
        self.assertEqual(self.decide("2026-11-25 23:00").state, "met")

    def test_working_days_end_too(self):
        self.env.ref("pm_renovation.deadline_review").basis = "working"
        self.assertEqual(self.decide("2026-11-26 00:30").state, "breached")

    def test_rule_change_leaves_running_clocks_alone(self):
        with at("2026-11-20 10:00"):
            case = self.bring_to("submitted")
            due = self.clock(case, "review").due
            self.env.ref("pm_renovation.deadline_review").amount = 10
            self.assertEqual(self.clock(case, "review").due, due)

    def tell(self, found, told):
        with at("2026-11-20 10:00"):
            case = self.bring_to("submitted")
        with at(found):
            paper = self.as_user(case.paper_ids[0], "officer")
            paper.defect = "Stamp missing"
            paper.action_reject()
        self.run_at(told, self.as_user(case, "officer").action_tell_defects)
        return case

    def test_defect_told_before_midnight_is_in_time(self):
        case = self.tell("2026-11-21 23:00", "2026-11-21 23:59")
        self.assertEqual(self.clock(case, "defects").state, "met")
        self.assertEqual(self.clock(case, "review").state, "cancelled", "the review clock starts anew on resubmission")

    def test_defect_told_after_midnight_is_late(self):
        self.assertEqual(self.clock(self.tell("2026-11-21 23:00", "2026-11-22 00:01"), "defects").state, "breached")

    def test_review_clock_starts_anew_on_resubmission(self):
        case = self.tell("2026-11-21 10:00", "2026-11-21 11:00")
        with at("2026-11-22 09:00"):
            case.paper_ids.action_take_back()
            self.as_user(case, "officer").action_submit()
            self.review(case)
        self.run_at("2026-11-25 22:00", self.as_user(case, "supervisor").action_approve)
        self.assertEqual(self.clock(case, "review").state, "met")

    def hold(self, moment):
        with at("2026-11-20 10:00"):
            case = self.bring_to("completion_notified")
        with at(moment):
            self.accept(case)
        return case

    def test_acceptance_on_day_3_is_in_time(self):
        self.assertEqual(self.clock(self.hold("2026-11-23 20:00"), "acceptance").state, "met")

    def test_acceptance_on_day_4_is_late(self):
        self.assertEqual(self.clock(self.hold("2026-11-24 08:00"), "acceptance").state, "breached")

    def refund(self, moment, reinspect=0):
        self.property.renovation_reinspect_days = reinspect
        with at("2026-11-20 10:00"):
            case = self.bring_to("accepted")
        self.run_at(moment, self.as_user(case, "officer").action_request_refund)
        return self.clock(case, "refund")

    def test_refund_arranged_the_next_day_is_in_time(self):
        self.assertEqual(self.refund("2026-11-21 23:00").state, "met")

    def test_refund_arranged_on_the_second_day_is_late(self):
        self.assertEqual(self.refund("2026-11-22 00:10").state, "breached")

    def test_reinspection_period_moves_the_refund_clock(self):
        self.assertEqual(self.refund("2026-12-21 12:00", reinspect=30).state, "met")

    def test_overdue_is_visible_in_lists(self):
        with at("2026-11-20 10:00"):
            case = self.bring_to("submitted")
            self.assertEqual(case.deadline_state, "on_time")
        with at("2026-11-24 08:00"):
            case.invalidate_recordset()
            self.assertEqual(case.deadline_state, "overdue")
            self.assertIn(case, self.env["pm.renovation"].search([("deadline_state", "=", "overdue")]))

    def test_late_decision_is_told_to_the_supervisor_once(self):
        with at("2026-11-20 10:00"):
            case = self.bring_to("submitted")
        with at("2026-11-24 08:00"):
            self.env["pm.deadline"]._process_due(1000)
            self.env["pm.deadline"]._process_due(1000)
        told = self.env["pm.escalation"].search([("res_model", "=", "pm.renovation"), ("res_id", "=", case.id)])
        late = told.filtered(lambda e: e.rule_id == self.env.ref("pm_renovation.escalation_late"))
        self.assertEqual(len(late), 1)
        self.assertIn(self.supervisor, case.activity_ids.user_id)

    def test_closed_case_has_no_running_clock(self):
        case = self.bring_to("closed")
        self.assertFalse(case.deadline_ids.filtered(lambda d: d.state == "running"))

    def test_kpis_count_kept_and_missed_clocks(self):
        self.decide("2026-11-23 12:00")
        with at("2026-11-24 12:00"):
            kpi = self.env.ref("pm_renovation.kpi_renovation_review")
            day = self.property._today().replace(day=1)
            result = kpi._evaluate(self.property, day, self.property._today())
        self.assertEqual((result["numerator"], result["denominator"], result["value"]), (1, 1, 100))
        empty = self.env.ref("pm_renovation.kpi_renovation_refund")._evaluate(self.property, day, day)
        self.assertIsNone(empty["value"], "no data is not 100 %")
        target = kpi.target_ids
        self.assertEqual((target.operator, target.value), (">=", 100))

    def test_illegal_structure_is_reported_the_same_day(self):
        with at("2026-11-20 10:00"):
            case = self.bring_to("in_progress")
            violation = (
                self.env["pm.renovation.violation"]
                .with_user(self.technician)
                .create(
                    {
                        "renovation_id": case.id,
                        "type_id": self.env.ref("pm_renovation.violation_illegal_structure").id,
                        "description": "Glass house on the terrace",
                    }
                )
            )
            self.assertEqual(violation.activity_ids.user_id, self.manager)
            self.assertTrue(violation.stop_work)
            clock = self.clock(violation.sudo(), "report")
            self.assertEqual(str(clock.due), "2026-11-20 15:59:59")
        with at("2026-11-20 18:00"):
            mine = self.as_user(violation, "officer")
            mine.action_notify()
            with self.assertRaisesRegex(UserError, "name the authority"):
                mine.action_report()
            mine.authority = "District housing authority"
            mine.action_report()
        self.assertEqual((violation.state, clock.state), ("reported", "met"))
