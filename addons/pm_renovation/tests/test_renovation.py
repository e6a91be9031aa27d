import base64

from freezegun import freeze_time
from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests.common import tagged
from odoo.tools import mute_logger
from psycopg2.errors import ExclusionViolation

from .common import PNG, RenovationCase


@tagged("post_install", "-at_install")
class TestRenovation(RenovationCase):
    def test_case_goes_from_draft_to_closed(self):
        case = self.bring_to("closed")
        self.assertEqual(case.deposit_id.state, "refunded")
        self.assertTrue(case.permit_number)
        self.assertLedger()

    def test_papers_follow_works_and_people(self):
        case = self.make_case()
        codes = set(case.paper_ids.type_id.mapped("code"))
        self.assertEqual(codes, {"application", "ownership", "plan"})
        case.write({"work_ids": [fields.Command.create({"type_id": self.env.ref("pm_renovation.work_gas").id})]})
        self.assertIn("gas", case.paper_ids.type_id.mapped("code"))
        case.contractor_name = "Sunny Builders"
        self.assertIn("contractor_licence", case.paper_ids.type_id.mapped("code"))
        case.paper_ids.filtered(lambda p: p.type_id.code == "gas").on_paper = True
        case.work_ids.filtered(lambda w: w.type_id.code == "gas").unlink()
        case._sync_papers()
        gas = case.paper_ids.filtered(lambda p: p.type_id.code == "gas")
        self.assertTrue(gas and not gas.required, "a paper that was brought stays, but is no longer asked for")

    def test_engineering_reviews_only_where_the_work_asks_for_it(self):
        case = self.bring_to("submitted")
        self.assertEqual(case.review_ids.mapped("role"), ["butler", "manager"])
        other = self.make_case(
            self.units[1], work_ids=[fields.Command.create({"type_id": self.env.ref("pm_renovation.work_wet_room").id})]
        )
        self.bring_to("submitted", other)
        self.assertEqual(other.review_ids.mapped("role"), ["butler", "engineering", "manager"])
        self.assertTrue(other.review_ids.filtered(lambda r: r.role == "engineering").check_ids)

    def test_submission_needs_papers_works_and_dates(self):
        case = self.make_case()
        with self.assertRaisesRegex(UserError, "you must bring"):
            case.action_submit()
        self.bring_papers(case)
        case.work_ids.unlink()
        with self.assertRaisesRegex(UserError, "at least one work"):
            case.action_submit()
        case.write({"work_ids": [fields.Command.create({"type_id": self.work.id})], "date_end": False})
        with self.assertRaisesRegex(UserError, "start and end"):
            case.action_submit()

    def test_unit_without_owner_is_refused(self):
        unit = self.units[0].copy({"code": "A-199"})
        with self.assertRaisesRegex(ValidationError, "record its owner"):
            self.make_case(unit, applicant_id=self.owners[0].id)

    def test_tenant_needs_the_owners_consent(self):
        tenant = self.env["res.partner"].create({"name": "Tenant"})
        self.env["pm.unit.party"].create(
            {"unit_id": self.units[0].id, "partner_id": tenant.id, "role": "tenant", "date_from": "2025-01-01"}
        )
        case = self.make_case(applicant_id=tenant.id)
        self.assertEqual((case.applicant_role, case.owner_consent), ("tenant", "pending"))
        consent = case.paper_ids.filtered(lambda p: p.type_id.code == "owner_consent")
        self.assertTrue(consent)
        with self.assertRaisesRegex(UserError, "attach it or see it"):
            self.as_user(case, "officer").action_owner_consents()
        self.bring_papers(case)
        with self.assertRaisesRegex(UserError, "consent of the owner"):
            case.action_submit()
        self.as_user(case, "officer").action_owner_consents()
        case.action_submit()
        self.assertEqual(case.state, "submitted")

    def test_two_renovations_of_one_unit_at_once_are_refused_by_the_database(self):
        self.bring_to("submitted")
        second = self.make_case()
        with mute_logger("odoo.sql_db"), self.assertRaises(ExclusionViolation), self.env.cr.savepoint():
            self.submit(second)
            self.env.flush_all()

    def test_a_later_renovation_of_the_unit_is_fine(self):
        case = self.bring_to("submitted")
        later = fields.Date.add(case.date_end, days=1)
        second = self.make_case(date_start=later, date_end=fields.Date.add(later, days=5))
        self.bring_to("submitted", second)
        self.env.flush_all()

    def test_refused_application_needs_a_reason_and_can_be_revised(self):
        case = self.bring_to("submitted")
        wizard = (
            self.env["pm.renovation.reason"]
            .with_user(self.supervisor)
            .create({"renovation_id": case.id, "purpose": "refuse", "reason": "Plan touches a beam"})
        )
        wizard.action_confirm()
        self.assertEqual((case.state, case.refusal_reason), ("refused", "Plan touches a beam"))
        self.as_user(case, "officer").action_revise()
        self.as_user(case, "officer").action_submit()
        self.assertEqual((case.state, case.submission_round), ("submitted", 2))
        self.assertEqual(len(case._current_reviews()), 2)
        self.assertFalse(case._current_reviews().filtered(lambda r: r.state != "pending"))

    def test_defects_are_told_and_put_right(self):
        case = self.bring_to("submitted")
        paper = self.as_user(case.paper_ids[0], "officer")
        with self.assertRaisesRegex(UserError, "write what is wrong"):
            paper.action_reject()
        with self.assertRaisesRegex(UserError, "first record one"):
            self.as_user(case, "officer").action_tell_defects()
        paper.defect = "Signature missing"
        paper.action_reject()
        self.as_user(case, "officer").action_tell_defects()
        self.assertEqual(case.state, "defects")
        message = self.env["pm.message"].search(
            [("res_model", "=", "pm.renovation"), ("res_id", "=", case.id), ("key", "like", "/defects/")]
        )
        self.assertEqual(len(message), 1)
        self.assertIn("Signature missing", message.body)
        paper.action_take_back()
        paper.renovation_id.action_submit()
        self.assertEqual((case.state, case.submission_round), ("submitted", 2))

    def test_approval_needs_every_review_and_paper(self):
        case = self.bring_to("submitted")
        with self.assertRaisesRegex(UserError, "every review passed"):
            self.as_user(case, "supervisor").action_approve()
        self.review(case)
        case.paper_ids[0].action_take_back()
        with self.assertRaisesRegex(UserError, "accept every required paper"):
            self.as_user(case, "supervisor").action_approve()

    def test_review_needs_every_control_point(self):
        case = self.bring_to("submitted")
        review = self.as_user(case.review_ids[0], "officer")
        with self.assertRaisesRegex(UserError, "every control point"):
            review.action_pass()
        with self.assertRaisesRegex(UserError, "what has to be changed"):
            review.action_fail()

    def test_no_permit_without_signed_agreement(self):
        case = self.bring_to("approved")
        with self.assertRaisesRegex(UserError, "signature with the name"):
            self.as_user(case, "officer").action_sign_agreement()
        with self.assertRaises(UserError):
            self.as_user(case, "officer").action_issue_permit()

    def test_works_do_not_start_before_the_permit_is_valid(self):
        case = self.make_case(date_start=fields.Date.add(self.property._today(), days=3))
        case = self.bring_to("permit_issued", case)
        with self.assertRaisesRegex(UserError, "may start on"):
            self.as_user(case, "officer").action_start()
        with freeze_time(fields.Datetime.add(fields.Datetime.now(), days=3)):
            self.as_user(case, "officer").action_start()
        self.assertEqual(case.state, "in_progress")

    def test_papers_received_are_accepted_in_one_go(self):
        case = self.make_case()
        self.submit(case)
        case.paper_ids[0].on_paper = False
        self.as_user(case, "officer").action_accept_papers()
        self.assertEqual(set(case.paper_ids[1:].mapped("state")), {"accepted"})
        self.assertEqual(case.paper_ids[0].state, "missing", "what is not there cannot be in order")

    def test_clerk_of_a_tenant_firm_applies_for_the_firm(self):
        firm = self.env["res.partner"].create({"name": "Tenant Ltd", "is_company": True})
        clerk = self.env["res.partner"].create({"name": "Clerk", "parent_id": firm.id})
        self.env["pm.unit.party"].create(
            {"unit_id": self.units[0].id, "partner_id": firm.id, "role": "tenant", "date_from": "2026-01-01"}
        )
        case = self.make_case(applicant_id=clerk.id)
        self.assertEqual(case.applicant_role, "tenant")
        self.assertEqual(case.deposit_payer_id, firm, "the deposit is the firm's money")

    def test_no_name_of_a_person_hangs_on_the_door(self):
        case = self.make_case(contractor_name="Sunny Builders")
        self.assertEqual(case._contractor_for_the_door(), "Sunny Builders")
        case.contractor_id = self.env["res.partner"].create({"name": "Mr Handy"})
        self.assertEqual(case._contractor_for_the_door(), "")
        case.contractor_id.is_company = True
        self.assertEqual(case._contractor_for_the_door(), "Mr Handy")

    def test_no_permit_before_the_deposit(self):
        case = self.bring_to("agreement_signed")
        self.assertEqual(case.deposit_id.state, "due")
        with self.assertRaisesRegex(UserError, "deposit of"):
            self.as_user(case, "officer").action_issue_permit()

    def test_property_without_deposit_goes_straight_to_the_permit(self):
        self.property.renovation_deposit_method = "none"
        case = self.bring_to("agreement_signed")
        self.assertFalse(case.deposit_id)
        case.action_issue_permit()
        case.action_start()
        case.action_notify_completion()
        self.accept(case)
        case.action_accept()
        case.action_close()
        self.assertEqual(case.state, "closed")

    def test_supervisor_may_waive_the_deposit_with_a_reason(self):
        case = self.bring_to("agreement_signed")
        with self.assertRaises(AccessError):
            self.as_user(case, "officer")._waive_deposit("Small job")
        self.as_user(case, "supervisor")._waive_deposit("Small job")
        self.as_user(case, "officer").action_issue_permit()
        self.assertEqual(case.state, "permit_issued")

    def test_acceptance_with_open_violation_is_refused(self):
        case = self.bring_to("in_progress")
        violation = (
            self.env["pm.renovation.violation"]
            .with_user(self.officer)
            .create(
                {
                    "renovation_id": case.id,
                    "type_id": self.env.ref("pm_renovation.violation_waste").id,
                    "description": "Rubble in the corridor",
                }
            )
        )
        case.action_notify_completion()
        self.accept(case)
        with self.assertRaisesRegex(UserError, "open violations"):
            self.as_user(case, "officer").action_accept()
        violation.action_notify()
        violation.recheck_note = "Corridor is clean"
        violation.action_recheck_ok()
        self.as_user(case, "officer").action_accept()
        self.assertEqual(case.state, "accepted")

    def test_failed_acceptance_is_rectified_and_held_again(self):
        case = self.bring_to("completion_notified")
        self.accept(case, bad="Leak under the sink")
        with self.assertRaises(UserError):
            self.as_user(case, "officer").action_accept()
        self.as_user(case, "officer").action_fail_acceptance()
        self.assertEqual(case.state, "rectify")
        self.as_user(case, "officer").action_notify_completion()
        with self.assertRaises(UserError):
            self.as_user(case, "officer").action_accept()
        self.accept(case)
        self.as_user(case, "officer").action_accept()
        self.assertEqual(len(case.inspection_ids.filtered(lambda i: i.kind == "acceptance")), 2)

    def test_wrong_state_says_what_to_do(self):
        case = self.make_case()
        with self.assertRaisesRegex(UserError, "To bring .* you must have it in one of"):
            case.action_start()

    def test_nobody_writes_the_state(self):
        case = self.make_case()
        for role in ("officer", "manager"):
            with self.assertRaises(AccessError):
                self.as_user(case, role).write({"state": "approved"})
            with self.assertRaises(AccessError):
                self.as_user(case, role).with_context(pm_renovation_token=True).write({"state": "approved"})
        self.assertEqual(self.make_case(self.units[1], state="approved").state, "draft")

    def test_stamps_come_from_steps_only(self):
        case = self.bring_to("approved")
        for values in (
            {"permit_number": "SG-0"},
            {"owner_consent": "given"},
            {"decided_at": "2020-01-01"},
            {"accepted_at": "2020-01-01"},
            {"name": "X"},
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                self.as_user(case, "manager").write(values)
        new = (
            self.env["pm.renovation"]
            .with_user(self.officer)
            .create(
                {"unit_id": self.units[1].id, "applicant_id": self.owners[1].id, "permit_number": "SG-0", "name": "X"}
            )
        )
        self.assertFalse(new.permit_number)
        self.assertNotEqual(new.name, "X")

    def test_what_was_decided_stays(self):
        case = self.bring_to("in_progress")
        officer = self.as_user(case, "officer")
        for records, values in (
            (officer.review_ids[0], {"opinion": "Other"}),
            (officer.review_ids[0].check_ids[0], {"result": "not_ok"}),
            (officer.paper_ids[0], {"on_paper": False}),
            (officer.work_ids[0], {"description": "Other"}),
            (officer, {"agreement_signed_by": "Somebody"}),
            (officer, {"date_start": "2020-01-01"}),
        ):
            with self.subTest(model=records._name, values=values), self.assertRaises(UserError):
                records.write(values)
        with self.assertRaises(UserError):
            self.env["pm.renovation.work"].with_user(self.officer).create(
                {"renovation_id": case.id, "type_id": self.env.ref("pm_renovation.work_gas").id}
            )
        with self.assertRaises(UserError):
            officer.paper_ids[0].unlink()

    def test_decided_case_is_locked(self):
        case = self.bring_to("approved")
        with self.assertRaisesRegex(UserError, "before the decision"):
            self.as_user(case, "officer").write({"applicant_id": self.owners[1].id})
        with self.assertRaises(UserError):
            case.unlink()

    def test_cancelled_after_payment_goes_to_refund(self):
        case = self.bring_to("deposit_paid")
        self.as_user(case, "officer")._cancel("Plans changed")
        self.assertEqual((case.state, case.deposit_id.state), ("cancelled", "refund_requested"))
        self.as_user(case.deposit_id, "cashier")._refund(self.method)
        self.assertEqual((case.state, case.deposit_id.state), ("cancelled", "refunded"))
        self.assertLedger()

    def test_site_under_work_cannot_be_cancelled(self):
        case = self.bring_to("in_progress")
        with self.assertRaises(UserError):
            case._cancel("No")

    def test_permit_can_be_extended_and_overlap_is_still_refused(self):
        case = self.bring_to("permit_issued")
        end = fields.Date.add(case.permit_valid_until, days=10)
        with self.assertRaisesRegex(UserError, "later date"):
            case._extend(case.permit_valid_until)
        case._extend(end)
        self.assertEqual((case.date_end, case.permit_valid_until), (end, end))

    def test_worker_pass_needs_permit_and_shown_id(self):
        case = self.bring_to("deposit_paid")
        worker = self.env["pm.renovation.worker"].create(
            {"renovation_id": case.id, "name": "Worker One", "trade": "Tiler"}
        )
        with self.assertRaisesRegex(UserError, "valid permit"):
            worker.action_issue_pass()
        case.action_issue_permit()
        with self.assertRaisesRegex(UserError, "identity card"):
            worker.action_issue_pass()
        worker.id_shown = True
        worker.action_issue_pass()
        self.assertEqual((worker.state, worker.valid_until), ("valid", case.permit_valid_until))
        worker.action_return_pass()
        self.assertEqual(worker.state, "returned")

    def test_no_field_keeps_an_identity_card_or_imposes_a_fine(self):
        names = {
            f"{model}.{name}"
            for model in (
                "pm.renovation",
                "pm.renovation.worker",
                "pm.renovation.violation",
                "pm.renovation.violation.type",
                "pm.deposit",
            )
            for name in self.env[model]._fields
        }
        forbidden = ("fine", "penalty", "id_number", "id_card", "id_kept", "power", "arrears")
        self.assertFalse([n for n in names if any(word in n.split(".")[-1] for word in forbidden)])

    def test_signed_upload_serves_as_agreement(self):
        case = self.bring_to("approved")
        case.agreement_attachment_ids = self.env["ir.attachment"].create(
            {"name": "signed.png", "datas": base64.b64encode(PNG)}
        )
        case.action_sign_agreement()
        self.assertEqual(case.state, "agreement_signed")
