from odoo import fields
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

    def holiday(self, first, last):
        """Nobody works from one local day to another (National Day and the like)."""
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": self.property.calendar_id.id,
                "date_from": self.property._local_midnight_utc(fields.Date.to_date(first)),
                "date_to": self.property._local_to_utc(fields.Date.to_date(last), 24.0),
            }
        )

    def test_working_days_skip_a_holiday_too(self):
        """Friday 20 November, then a weekend, then Monday and Tuesday free: day 3 is Friday the 27th."""
        self.holiday("2026-11-23", "2026-11-24")
        self.env.ref("pm_renovation.deadline_review").basis = "working"
        self.assertEqual(self.decide("2026-11-27 23:59").state, "met")

    def test_working_days_over_a_holiday_end_too(self):
        self.holiday("2026-11-23", "2026-11-24")
        self.env.ref("pm_renovation.deadline_review").basis = "working"
        self.assertEqual(self.decide("2026-11-28 00:01").state, "breached")

    def test_calendar_days_do_not_care_for_holidays(self):
        self.holiday("2026-11-21", "2026-11-25")
        self.assertEqual(self.decide("2026-11-24 00:01").state, "breached")

    def test_defects_found_on_a_holiday_are_told_on_that_day(self):
        self.holiday("2026-11-21", "2026-11-23")
        self.env.ref("pm_renovation.deadline_defects").basis = "calendar"
        self.assertEqual(self.clock(self.tell("2026-11-21 10:00", "2026-11-22 00:01"), "defects").state, "breached")

    def test_acceptance_and_refund_count_working_days_when_the_property_does(self):
        self.holiday("2026-11-23", "2026-11-24")
        self.property.deadline_basis = "working"
        self.assertEqual(self.clock(self.hold_at("2026-11-27 20:00"), "acceptance").state, "met")
        with at("2026-11-27 20:00"):
            case = self.bring_to("accepted", self.make_case(self.units[1]))
        self.run_at("2026-11-30 22:00", self.as_user(case, "officer").action_request_refund)
        self.assertEqual(self.clock(case, "refund").state, "met", "Friday, then Monday")

    def test_violation_put_right_on_its_day_is_in_time(self):
        for moment, state in (("2026-11-23 23:00", "met"), ("2026-11-24 00:30", "breached")):
            with at("2026-11-20 10:00"):
                case = self.bring_to("in_progress", self.make_case(self.units[0 if state == "met" else 1]))
                violation = self.env["pm.renovation.violation"].create(
                    {
                        "renovation_id": case.id,
                        "type_id": self.env.ref("pm_renovation.violation_other").id,
                        "description": "Door of the shaft left open",
                    }
                )
                violation.action_notify()
                self.assertEqual(str(violation.rectify_by), "2026-11-23")
            with at(moment):
                violation.recheck_note = "Closed"
                violation.action_recheck_ok()
            self.assertEqual(self.clock(violation, "rectify").state, state)

    def test_new_notice_sets_a_new_day(self):
        with at("2026-11-20 10:00"):
            case = self.bring_to("in_progress")
            violation = self.env["pm.renovation.violation"].create(
                {
                    "renovation_id": case.id,
                    "type_id": self.env.ref("pm_renovation.violation_other").id,
                    "description": "Door of the shaft left open",
                }
            )
            violation.action_notify()
            violation.action_rectifying()
        with at("2026-11-25 10:00"):
            self.env["pm.deadline"]._process_due(1000)
            with self.assertRaisesRegex(UserError, "set a new day"):
                violation.action_recheck_failed()
            violation.rectify_by = "2026-11-26"
            violation.action_recheck_failed()
        self.assertEqual((violation.state, violation.notice_count), ("notified", 2))
        clocks = violation.deadline_ids.filtered(lambda d: d.kind == "rectify").sorted("id")
        self.assertEqual(clocks.mapped("state"), ["breached", "running"])
        self.assertEqual(str(clocks[-1].due), "2026-11-26 16:00:00")

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

    def hold_at(self, moment):
        with at("2026-11-20 10:00"):
            case = self.bring_to("completion_notified")
        with at(moment):
            self.accept(case)
        return case

    def test_acceptance_on_day_3_is_in_time(self):
        self.assertEqual(self.clock(self.hold_at("2026-11-23 20:00"), "acceptance").state, "met")

    def test_acceptance_on_day_4_is_late(self):
        self.assertEqual(self.clock(self.hold_at("2026-11-24 08:00"), "acceptance").state, "breached")

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
            with self.assertRaisesRegex(UserError, "attach evidence"):
                mine.action_report()
            mine.attachment_ids = self.file()
            mine.action_report()
        self.assertEqual((violation.state, clock.state), ("reported", "met"))
