from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged

from .common import RenovationCase, at


@tagged("post_install", "-at_install")
class TestAcceptance(RenovationCase):
    def concealed_case(self, state="in_progress"):
        """Plumbing and wiring: two concealed works beside one that is none."""
        codes = ("water", "electric", "decoration")
        works = [fields.Command.create({"type_id": self.env.ref(f"pm_renovation.work_{code}").id}) for code in codes]
        return self.bring_to(state, self.make_case(work_ids=works))

    def concealed(self, case):
        return case.inspection_ids.filtered(lambda i: i.kind == "concealed").sorted("id")[-1:]

    # ------------------------------------------------------------ concealed works
    def test_concealed_works_are_inspected_the_day_after_they_are_announced(self):
        with at("2026-11-20 10:00"):
            case = self.concealed_case()
            self.assertEqual(case.concealed_state, "open")
            for user in (self.cashier, self.accountant, self.leadership, self.portal_user):
                with self.assertRaises(AccessError):
                    case.with_user(user).action_request_concealed()
            self.as_user(case, "officer").action_request_concealed()
            visit = self.concealed(case)
            self.assertEqual(str(visit.date), "2026-11-21")
            self.assertEqual(set(visit.work_ids.type_id.mapped("code")), {"water", "electric"})
            self.assertTrue(all(check.point_id.stage == "concealed" for check in visit.check_ids))
            self.assertGreaterEqual(len(visit.check_ids), 5)
        with at("2026-11-21 23:00"):
            self.hold(visit)
        self.assertEqual((self.clock(case, "concealed").state, case.concealed_state), ("met", "passed"))

    def test_concealed_works_inspected_two_days_later_are_late(self):
        with at("2026-11-20 10:00"):
            case = self.concealed_case()
            case.action_request_concealed()
        with at("2026-11-22 08:00"):
            self.hold(self.concealed(case))
        self.assertEqual(self.clock(case, "concealed").state, "breached")

    def test_no_acceptance_over_covered_works(self):
        case = self.concealed_case("completion_notified")
        self.accept(case)
        with self.assertRaisesRegex(UserError, "inspected before they were covered"):
            self.as_user(case, "officer").action_accept()
        with self.assertRaises(AccessError):
            self.as_user(case, "officer")._waive_concealed("Photos")
        self.as_user(case, "supervisor")._waive_concealed("Photos with a measure, filed")
        self.as_user(case, "officer").action_accept()
        self.assertEqual((case.state, case.concealed_state), ("accepted", "waived"))
        self.assertIn("Photos with a measure, filed", case.log_ids.mapped("reason"))

    def test_works_are_passed_one_after_another(self):
        case = self.concealed_case()
        case.action_request_concealed()
        first = self.concealed(case)
        first.work_ids = first.work_ids.filtered(lambda w: w.type_id.code == "water")
        self.hold(first)
        self.assertEqual(case.concealed_state, "open")
        case.action_request_concealed()
        second = self.concealed(case)
        self.assertEqual(second.work_ids.type_id.mapped("code"), ["electric"])
        self.hold(second)
        self.assertEqual(case.concealed_state, "passed")
        with self.assertRaises(UserError):
            case.action_request_concealed()

    def test_failed_concealed_inspection_is_told_and_asked_for_again(self):
        case = self.concealed_case()
        case.action_request_concealed()
        self.hold(self.concealed(case), bad="Joint leaks")
        self.assertEqual(case.concealed_state, "open")
        told = self.env["pm.message"].search([("res_id", "=", case.id), ("key", "like", "/rectify/concealed")])
        self.assertIn("Joint leaks", told.text)
        case.action_request_concealed()
        self.assertEqual(len(case.inspection_ids.filtered(lambda i: i.kind == "concealed")), 2)

    # ------------------------------------------------------------ photos, plans, papers
    def test_acceptance_needs_photos_beside_the_plans(self):
        case = self.make_case()
        plan = case.paper_ids.filtered("type_id.is_plan")
        plan.attachment_ids = self.file(name="plan.png")
        self.bring_to("completion_notified", case)
        visit = self.as_user(case._acceptance_inspection(), "technician")
        self.assertEqual(visit.plan_attachment_ids.mapped("name"), ["plan.png"])
        visit.action_all_ok()
        with self.assertRaisesRegex(UserError, "attach photos"):
            visit.action_done()
        visit.attachment_ids = self.file("technician")
        visit.action_done()
        self.assertEqual(visit.result, "ok")
        with self.assertRaisesRegex(UserError, "stays as it is"):
            visit.attachment_ids = [fields.Command.clear()]

    def test_papers_are_filed_on_the_unit_once(self):
        case = self.make_case()
        case.paper_ids.filtered("type_id.is_plan").attachment_ids = self.file(name="plan.png")
        self.bring_to("completion_notified", case)
        case.asbuilt_attachment_ids = self.file(name="asbuilt.png")
        self.accept(case)
        self.as_user(case, "officer").action_accept()
        filed = self.units[0].file_ids.filtered("renovation_id")
        self.assertEqual((len(filed), filed.renovation_id), (1, case))
        names = filed.attachment_ids.mapped("name")
        self.assertTrue({"plan.png", "asbuilt.png"} <= set(names), names)
        self.assertEqual(sum(name.endswith(".pdf") for name in names), 2, "certificate and signed agreement")
        case._file_papers()
        self.assertEqual(len(self.units[0].file_ids.filtered("renovation_id")), 1)

    # ------------------------------------------------------------ re-inspection (CON-13)
    def reinspect_case(self, days=30):
        self.property.renovation_reinspect_days = days
        with at("2026-11-20 10:00"):
            return self.bring_to("accepted")

    def reinspection(self, case):
        return case.inspection_ids.filtered(lambda i: i.kind == "reinspection")

    def test_without_a_period_the_acceptance_is_final(self):
        case = self.bring_to("accepted")
        self.assertEqual(case.final_accepted_at, case.accepted_at)
        self.assertFalse(self.reinspection(case))

    def test_refund_waits_for_the_reinspection_but_never_longer_than_its_day(self):
        case = self.reinspect_case()
        self.assertEqual(str(self.reinspection(case).date), "2026-12-20")
        self.assertEqual(str(self.clock(case, "reinspection").due), "2026-12-20 16:00:00")
        with at("2026-12-19 10:00"), self.assertRaisesRegex(UserError, "hold its re-inspection first"):
            self.as_user(case, "officer").action_request_refund()
        with at("2026-12-20 10:00"):
            self.as_user(case, "officer").action_request_refund()
        self.assertEqual(case.state, "refund_requested")
        self.assertTrue(case.final_accepted_at)
        self.assertEqual(self.reinspection(case).state, "missed", "what was not held stays visible")

    def test_early_reinspection_starts_the_refund_clock(self):
        case = self.reinspect_case()
        with at("2026-12-10 10:00"):
            self.hold(self.reinspection(case))
        clock = self.clock(case, "refund")
        self.assertEqual(str(clock.due), "2026-12-11 15:59:59")
        with at("2026-12-11 23:00"):
            self.as_user(case, "officer").action_request_refund()
        self.assertEqual((clock.state, self.clock(case, "reinspection").state), ("met", "met"))

    def test_failed_reinspection_opens_the_case_again(self):
        case = self.reinspect_case()
        with at("2026-12-10 10:00"):
            self.hold(self.reinspection(case), bad="Stain on the ceiling below")
            self.assertEqual(case.state, "rectify")
            self.assertFalse(case.deadline_ids.filtered(lambda d: d.kind == "refund" and d.state == "running"))
            officer = self.as_user(case, "officer")
            officer.action_notify_completion()
            self.accept(case)
            officer.action_accept()
        self.assertEqual((case.state, str(case.reinspect_on)), ("accepted", "2027-01-09"))

    def test_an_accepted_case_goes_back_only_by_a_failed_reinspection(self):
        case = self.bring_to("accepted")
        with self.assertRaisesRegex(UserError, "only a re-inspection"):
            self.as_user(case, "officer").action_fail_acceptance()
