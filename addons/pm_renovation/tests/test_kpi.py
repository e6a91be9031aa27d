from odoo import fields
from odoo.tests.common import tagged

from .common import RenovationCase, at


@tagged("post_install", "-at_install")
class TestKpi(RenovationCase):
    """Key figures 27 to 29 against figures counted by hand; November 2026, Shanghai."""

    def test_figures_of_a_month_equal_those_counted_by_hand(self):
        # Decided: two on day 3 (kept), one on day 4 (late). Defects told: one on the day, one after midnight.
        review = {0: "2026-11-05 10:00", 1: "2026-11-05 23:59", 2: "2026-11-06 00:01"}
        cases = {}
        for number, decided in review.items():
            with at("2026-11-02 10:00"):
                case = cases[number] = self.bring_to("submitted", self.make_case(self.units[number]))
            if number < 2:
                with at("2026-11-02 20:00"):
                    paper = self.as_user(case.paper_ids[0], "officer")
                    paper.defect = "Stamp missing"
                    paper.action_reject()
                with at("2026-11-02 23:00" if number == 0 else "2026-11-03 00:10"):
                    self.as_user(case, "officer").action_tell_defects()
                with at("2026-11-03 09:00" if number == 0 else "2026-11-03 10:00"):
                    case.paper_ids.action_take_back()
                    self.as_user(case, "officer").action_submit()
            with at(decided):
                self.review(case)
                self.as_user(case, "supervisor").action_approve()
        # Accepted: one on day 3 (kept), one on day 4 (late); refunds arranged on the day after and two days after.
        for number, (held, refunded) in {
            0: ("2026-11-13 23:00", "2026-11-14 23:00"),
            1: ("2026-11-14 00:30", "2026-11-16 09:00"),
        }.items():
            case = cases[number]
            with at("2026-11-10 10:00"):
                self.bring_to("completion_notified", case)
            with at(held):
                self.accept(case)
                self.as_user(case, "officer").action_accept()
            with at(refunded):
                self.as_user(case, "officer").action_request_refund()
        first, last = fields.Date.to_date("2026-11-01"), fields.Date.to_date("2026-11-30")
        with at("2026-11-30 12:00"):
            self.env["pm.deadline"].flush_model()
            for code, numerator, denominator, value in (
                ("defects", 1, 2, 50.0),
                ("review", 2, 3, 200 / 3),
                ("acceptance", 1, 2, 50.0),
                ("refund", 1, 2, 50.0),
            ):
                result = self.env.ref(f"pm_renovation.kpi_renovation_{code}")._evaluate(self.property, first, last)
                with self.subTest(code):
                    self.assertEqual((result["numerator"], result["denominator"]), (numerator, denominator))
                    self.assertAlmostEqual(result["value"], value)
            december = fields.Date.to_date("2026-12-01")
            for code in ("defects", "review", "acceptance", "refund"):
                kpi = self.env.ref(f"pm_renovation.kpi_renovation_{code}")
                self.assertIsNone(kpi._evaluate(self.property, december, december)["value"], "no data is not 100 %")
