import io
import json

from odoo import fields, http
from odoo.tests.common import HttpCase, tagged

from .common import PNG, RenovationCase, at


@tagged("post_install", "-at_install")
class TestPortal(RenovationCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.opener.cookies["frontend_lang"] = "en_US"

    def login(self, user):
        user.password = "portal-Pass-2026"
        self.env.flush_all()
        self.authenticate(user.login, "portal-Pass-2026")

    def post(self, url, data=None, **kwargs):
        return self.url_open(url, data={"csrf_token": http.Request.csrf_token(self), **(data or {})}, **kwargs)

    def apply(self, **changes):
        data = {
            "unit_id": self.units[0].id,
            "work": self.work.id,
            "date_start": "2027-01-04",
            "date_end": "2027-02-04",
            "read_notice": "1",
            **changes,
        }
        return self.post("/my/renovations/new", data)

    def test_household_applies_uploads_and_submits(self):
        self.login(self.portal_user)
        self.assertIn("Renovation notice", self.url_open("/my/renovations/new").text)
        self.apply()
        case = self.env["pm.renovation"].search([("applicant_id", "=", self.owners[0].id)])
        self.assertEqual((len(case), case.state, case.unit_id), (1, "draft", self.units[0]))
        page = self.post(f"/my/renovations/{case.id}/do/submit").text
        self.assertIn("you must bring", page)
        for paper in case.paper_ids:
            self.post(
                f"/my/renovations/{case.id}/upload",
                {"paper_id": paper.id},
                files={"file": ("plan.png", io.BytesIO(PNG), "image/png")},
            )
        self.env.invalidate_all()
        self.assertEqual(set(case.paper_ids.mapped("state")), {"received"})
        self.post(f"/my/renovations/{case.id}/do/submit")
        self.env.invalidate_all()
        self.assertEqual(case.state, "submitted")

    def test_bad_applications_are_told_why(self):
        self.login(self.portal_user)
        self.assertIn("one of your units", self.apply(unit_id=self.units[1].id).text)
        self.assertIn("not before it", self.apply(date_end="2026-12-01").text)
        self.assertIn("not before it", self.apply(date_start="tomorrow").text)
        self.assertIn("at least one work", self.apply(work="").text)
        self.assertIn("read the renovation notice", self.apply(read_notice="").text)
        self.assertFalse(self.env["pm.renovation"].search([("unit_id", "in", self.units.ids)]))

    def test_forged_and_large_files_are_refused(self):
        self.env["ir.config_parameter"].set_param("pm_renovation.upload_mb", "1")
        case = self.make_case()
        self.login(self.portal_user)
        paper = case.paper_ids[0]
        for name, content, words in (
            ("plan.pdf", b"MZ\x90\x00" + b"\0" * 200, "is not one of"),
            ("plan.pdf", b"<html><script>alert(1)</script></html>", "is not one of"),
            ("plan.png", PNG + b"\0" * (1024 * 1024 + 1), "larger than"),
        ):
            page = self.post(
                f"/my/renovations/{case.id}/upload",
                {"paper_id": paper.id},
                files={"file": (name, io.BytesIO(content), "application/pdf")},
            )
            self.assertIn(words, page.text)
        self.env.invalidate_all()
        self.assertFalse(paper.attachment_ids)

    def test_paper_of_another_case_is_out_of_reach(self):
        mine, theirs = self.make_case(), self.make_case(self.units[1])
        self.login(self.portal_user)
        for case_id in (mine.id, theirs.id):
            self.post(
                f"/my/renovations/{case_id}/upload",
                {"paper_id": theirs.paper_ids[0].id},
                files={"file": ("a.png", io.BytesIO(PNG), "image/png")},
            )
        self.env.invalidate_all()
        self.assertFalse(theirs.paper_ids.attachment_ids)

    def test_other_households_case_is_out_of_reach(self):
        case = self.bring_to("in_progress")
        self.login(self.other_portal)
        for url in (case.access_url, f"{case.access_url}/pdf/permit", f"{case.access_url}/pdf/application"):
            response = self.url_open(url, allow_redirects=False)
            self.assertEqual(response.status_code, 303, url)
        self.post(f"{case.access_url}/do/completion")
        self.env.invalidate_all()
        self.assertEqual(case.state, "in_progress")
        self.assertEqual(self.url_open("/my/renovations/999999999", allow_redirects=False).status_code, 303)

    def test_visitor_must_log_in(self):
        case = self.make_case()
        self.assertIn("/web/login", self.url_open(case.access_url).url)

    def test_household_signs_downloads_and_asks_for_acceptance(self):
        case = self.bring_to("approved")
        self.login(self.portal_user)

        def sign(**params):
            payload = {"jsonrpc": "2.0", "method": "call", "params": params}
            response = self.url_open(
                f"/my/renovations/{case.id}/sign",
                data=json.dumps(payload),
                headers={"Content-Type": "application/json"},
            )
            return response.json()["result"]

        self.assertIn("error", sign(name="Owner 1"))
        picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        self.assertIn("redirect_url", sign(name="Owner 1", signature=picture))
        self.env.invalidate_all()
        self.assertEqual(
            (case.state, case.agreement_signed_by, case.deposit_id.state), ("agreement_signed", "Owner 1", "due")
        )
        self.assertIn("error", sign(name="Owner 1", signature=picture), "signed once")
        self.bring_to("in_progress", case)
        for document in ("application", "agreement", "permit"):
            response = self.url_open(f"{case.access_url}/pdf/{document}")
            self.assertEqual(response.headers["Content-Type"], "application/pdf", document)
        self.assertIn(case.permit_number, self.url_open(case.access_url).text)
        self.post(f"{case.access_url}/do/completion")
        self.env.invalidate_all()
        self.assertEqual(case.state, "completion_notified")
        self.assertTrue(case._acceptance_inspection())

    def test_applicant_cannot_decide_for_the_management(self):
        case = self.bring_to("submitted")
        self.login(self.portal_user)
        for step in ("approve", "permit", "accept", "refund", "action_approve"):
            self.post(f"{case.access_url}/do/{step}")
        self.env.invalidate_all()
        self.assertEqual(case.state, "submitted")

    def test_only_the_owner_consents(self):
        tenant = self.owners[1]
        self.env["pm.unit.party"].create(
            {"unit_id": self.units[0].id, "partner_id": tenant.id, "role": "tenant", "date_from": "2025-01-01"}
        )
        case = self.make_case(applicant_id=tenant.id)
        self.login(self.other_portal)
        self.post(f"{case.access_url}/do/consent")
        self.env.invalidate_all()
        self.assertEqual(case.owner_consent, "pending")
        self.login(self.portal_user)
        self.post(f"{case.access_url}/do/consent")
        self.env.invalidate_all()
        self.assertEqual(case.owner_consent, "given")

    def test_permit_page_tells_validity_and_no_names(self):
        with at("2026-11-20 09:00"):
            case = self.bring_to("in_progress")
            case.write({"site_manager": "Zhang Site", "site_phone": "199 0000 9999"})
            self.env.flush_all()
            page = self.url_open(f"/pm/permit/{case.permit_token}")
            self.assertEqual(page.status_code, 200)
            for text in (
                "Valid today",
                case.permit_number,
                case.unit_id.name,
                self.work.name,
                "8:00–18:00",
                "9:00–17:00",
            ):
                self.assertIn(text, page.text)
            for secret in (
                case.applicant_id.name,
                case.applicant_id.phone,
                case.applicant_id.email,
                "Zhang Site",
                "9999",
                "3,000",
            ):
                self.assertNotIn(secret, page.text)
        with at("2026-12-25 09:00"):
            self.assertIn("Expired", self.url_open(f"/pm/permit/{case.permit_token}").text)
        self.bring_to("accepted", case)
        self.env.flush_all()
        self.assertIn("works have ended", self.url_open(f"/pm/permit/{case.permit_token}").text)

    def test_worker_pass_page_tells_validity_and_no_name(self):
        case = self.bring_to("in_progress")
        worker = self.env["pm.renovation.worker"].create(
            {"renovation_id": case.id, "name": "Zhang Worker", "id_shown": True}
        )
        worker.action_issue_pass()
        self.env.flush_all()
        page = self.url_open(f"/pm/pass/{worker.pass_token}").text
        for text in ("Valid today", worker.pass_number, case.unit_id.name):
            self.assertIn(text, page)
        self.assertNotIn("Zhang", page)
        worker.action_return_pass()
        self.env.flush_all()
        self.assertNotIn("Valid today", self.url_open(f"/pm/pass/{worker.pass_token}").text)
        self.assertEqual(self.url_open("/pm/pass/nonsense").status_code, 404)

    def test_unknown_permit_code(self):
        for token in ("nonsense", "False", "%20"):
            self.assertEqual(self.url_open(f"/pm/permit/{token}").status_code, 404)

    def test_portal_home_and_list(self):
        case = self.make_case(date_start=fields.Date.to_date("2027-03-01"), date_end=fields.Date.to_date("2027-03-02"))
        self.login(self.portal_user)
        self.assertIn("/my/renovations", self.url_open("/my").text)
        self.assertIn(case.name, self.url_open("/my/renovations").text)

    def test_household_asks_for_an_extension_and_a_stranger_cannot(self):
        case, foreign = self.bring_to("in_progress"), self.bring_to("in_progress", self.make_case(self.units[1]))
        end = fields.Date.add(case.permit_valid_until, days=7)
        self.login(self.portal_user)
        answer = {"date_end": str(end), "reason": "Tiles come late"}
        self.post(f"/my/renovations/{foreign.id}/do/extension", answer)
        self.assertIn("later date", self.post(f"/my/renovations/{case.id}/do/extension", {"date_end": "soon"}).text)
        page = self.post(f"/my/renovations/{case.id}/do/extension", answer).text
        self.assertIn("Extension asked for until", page)
        self.assertNotIn("do/extension", page, "asked once, the form is gone")
        self.env.invalidate_all()
        self.assertEqual((case.extension_until, case.extension_reason), (end, "Tiles come late"))
        self.assertFalse(foreign.extension_until)
