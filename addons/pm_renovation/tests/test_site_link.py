import io

from odoo import fields, http
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import HttpCase, tagged

from .common import PNG, RenovationCase


@tagged("post_install", "-at_install")
class TestSiteLink(RenovationCase, HttpCase):
    """The contractor's page: one case, nothing about the household, nothing after the case is over."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.builder = cls.env["res.partner"].create(
            {"name": "Sunny Builders", "is_company": True, "email": "site@builders.example", "lang": "en_US"}
        )

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)  # a visitor has a session, too
        self.opener.cookies["frontend_lang"] = "en_US"

    def site(self, state="in_progress", **values):
        case = self.bring_to(state, self.make_case(contractor_id=self.builder.id, **values))
        self.as_user(case, "officer").action_site_link()
        self.env.flush_all()
        return case, f"/pm/site/{case.site_token}"

    def post(self, url, data=None, **kwargs):
        return self.url_open(url, data={"csrf_token": http.Request.csrf_token(self), **(data or {})}, **kwargs)

    def test_link_is_sent_once_and_shows_the_site_without_the_household(self):
        case, url = self.site()
        message = self.env["pm.message"].search([("res_id", "=", case.id), ("key", "like", "/site/")])
        self.assertEqual(message.partner_id, self.builder)
        self.assertIn(url, message.text)
        page = self.url_open(url)
        self.assertEqual(page.status_code, 200)
        self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
        for text in (case.permit_number, case.unit_id.name, self.work.name, "valid today"):
            self.assertIn(text, page.text)
        owner = self.owners[0]
        for secret in (owner.name, owner.phone, owner.email, "3,000"):
            self.assertNotIn(secret, page.text)

    def test_guessed_withdrawn_and_finished_links_lead_nowhere(self):
        case, url = self.site()
        for guess in ("nonsense", case.permit_token, "x" * 32):
            self.assertEqual(self.url_open(f"/pm/site/{guess}").status_code, 404)
            self.assertEqual(self.post(f"/pm/site/{guess}/do/concealed").status_code, 404)
            self.assertEqual(self.url_open(f"/pm/site/{guess}/permit").status_code, 404)
        self.as_user(case, "officer").action_revoke_site_link()
        self.env.flush_all()
        self.assertEqual(self.url_open(url).status_code, 404)
        self.as_user(case, "officer").action_site_link()
        self.env.flush_all()
        again = f"/pm/site/{case.site_token}"
        self.assertNotEqual(again, url)
        self.bring_to("closed", case)
        self.env.flush_all()
        self.assertEqual(self.url_open(again).status_code, 404)
        with self.assertRaises(UserError):
            self.as_user(case, "officer").action_site_link()

    def test_link_is_not_for_every_role(self):
        case, __ = self.site()
        for role in ("front_desk", "technician", "cashier"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.as_user(case, role).read(["site_token"])

    def test_contractor_names_workers_but_gives_no_passes(self):
        case, url = self.site()
        self.post(f"{url}/do/worker", {"name": ""})
        page = self.post(
            f"{url}/do/worker", {"name": "Zhang San", "trade": "Tiler", "pass_number": "X", "id_shown": "1"}
        )
        self.assertIn("Zhang San", page.text)
        self.env.invalidate_all()
        worker = case.worker_ids
        self.assertEqual(
            (worker.name, worker.trade, worker.pass_number, worker.id_shown), ("Zhang San", "Tiler", False, False)
        )
        self.assertEqual(case.log_ids[-1].actor, "Sunny Builders")
        self.post(
            f"{url}/do/worker", {"name": "Li Si"}, files={"photo": ("p.png", io.BytesIO(b"%PDF-1.4 x"), "image/png")}
        )
        self.env.invalidate_all()
        self.assertEqual(len(case.worker_ids), 1, "a photo that is none is refused")

    def test_contractor_announces_concealed_works_and_hands_in_papers(self):
        water = self.env.ref("pm_renovation.work_water")
        case, url = self.site(work_ids=[fields.Command.create({"type_id": water.id})])
        self.assertIn("inspect them", self.url_open(url).text)
        self.post(f"{url}/do/concealed")
        self.post(f"{url}/do/asbuilt", files={"file": ("asbuilt.png", io.BytesIO(PNG), "image/png")})
        self.post(
            f"{url}/do/asbuilt",
            files={"file": ("virus.pdf", io.BytesIO(b"MZ\x90\x00" + b"\0" * 99), "application/pdf")},
        )
        self.env.invalidate_all()
        self.assertEqual(case.inspection_ids.mapped("kind"), ["concealed"])
        self.assertEqual(case.asbuilt_attachment_ids.mapped("name"), ["asbuilt.png"])
        self.assertIn("asbuilt.png", self.url_open(url).text)

    def test_contractor_answers_a_notice_of_his_case_only(self):
        case, url = self.site()
        other = self.bring_to("in_progress", self.make_case(self.units[1]))
        mine, theirs = self.env["pm.renovation.violation"].create(
            [
                {
                    "renovation_id": owner.id,
                    "type_id": self.env.ref("pm_renovation.violation_other").id,
                    "description": f"Found at {owner.unit_id.code}",
                }
                for owner in (case, other)
            ]
        )
        self.env.flush_all()
        self.assertNotIn("Found at", self.url_open(url).text, "nothing before the notice is given")
        (mine | theirs).action_notify()
        self.env.flush_all()
        self.assertIn("Found at A-101", self.url_open(url).text)
        notice = self.url_open(f"{url}/notice/{mine.id}")
        self.assertTrue(notice.content.startswith(b"%PDF"))
        self.assertEqual(self.url_open(f"{url}/notice/{theirs.id}").status_code, 404)
        self.post(
            f"{url}/do/rectified",
            {"violation_id": mine.id, "note": "Cleared"},
            files={"file": ("after.png", io.BytesIO(PNG), "image/png")},
        )
        self.post(f"{url}/do/rectified", {"violation_id": theirs.id, "note": "Cleared"})
        self.env.invalidate_all()
        self.assertEqual((mine.state, mine.answer, theirs.state), ("rectifying", "Cleared", "notified"))
        self.assertEqual(mine.attachment_ids.mapped("name"), ["after.png"])
        self.assertIn("Re-check", mine.activity_ids.summary)

    def test_contractor_decides_nothing(self):
        case, url = self.site()
        for step in ("accept", "permit", "submit", "refund", "action_accept"):
            self.assertEqual(self.post(f"{url}/do/{step}").status_code, 404)
        self.env.invalidate_all()
        self.assertEqual(case.state, "in_progress")

    def test_paying_contractor_pays_and_answers_for_his_deposit(self):
        case, url = self.site("agreement_signed", deposit_payer_id=self.builder.id)
        self.assertIn("Pay the deposit online", self.url_open(url).text)
        provider = self.env["payment.provider"].search(
            [("code", "=", "demo"), ("company_id", "=", self.company.id)], limit=1
        )
        provider.write({"state": "test", "is_published": True})
        self.env.flush_all()
        self.assertIn("3,000.00", self.url_open(f"{url}/deposit").text)
        self.bring_to("accepted", case)
        deduction = self.env["pm.deposit.deduction"].create(
            {
                "deposit_id": case.deposit_id.id,
                "name": "Dented door",
                "amount": 100.0,
                "attachment_ids": self.file().ids,
            }
        )
        deduction.action_propose()
        self.env.flush_all()
        self.assertIn("Dented door", self.url_open(url).text)
        self.post(f"{url}/do/contest", {"deduction_id": deduction.id, "reason": "Not us"})
        self.env.invalidate_all()
        self.assertEqual((deduction.state, deduction.contest_reason), ("contested", "Not us"))

    def test_deposit_of_the_household_is_not_the_contractors_business(self):
        case, url = self.site("agreement_signed")
        self.assertNotIn("Pay the deposit online", self.url_open(url).text)
        self.assertEqual(self.url_open(f"{url}/deposit").status_code, 404)
        self.assertEqual(case.deposit_id.state, "due")
