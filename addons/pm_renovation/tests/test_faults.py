import io

from odoo import fields, http
from odoo.exceptions import UserError
from odoo.tests.common import HttpCase, tagged

from .common import PNG, RenovationCase


@tagged("post_install", "-at_install")
class TestFaults(RenovationCase, HttpCase):
    def test_refund_to_another_payee_is_refused(self):
        case = self.bring_to("refund_requested")
        deposit = case.deposit_id
        vals = deposit._prepare_payment("out", self.method, None, deposit.account_id, 3000.0, "wrong/1")
        with self.assertRaisesRegex(UserError, "to its payer"), self.env.cr.savepoint():
            self.env["pm.payment"]._register_payment({**vals, "partner_id": self.owners[1].id})
        with self.assertRaisesRegex(UserError, "original payer"), self.env.cr.savepoint():
            self.env["pm.payment"]._register_payment(
                {**vals, "partner_id": self.owners[1].id, "origin_payment_id": deposit.payment_id.id}
            )
        self.assertEqual(deposit.state, "refund_requested")
        self.assertLedger()

    def test_receipt_over_another_amount_is_no_deposit(self):
        case = self.bring_to("agreement_signed")
        deposit = case.deposit_id
        self.property._ensure_accounts()
        vals = deposit._prepare_payment("in", self.method, None, self.property.deposit_account_id, 2999.0, "wrong/2")
        with self.assertRaisesRegex(UserError, "not the deposit"), self.env.cr.savepoint():
            self.env["pm.payment"]._register_payment(vals)
        self.assertLedger()

    def test_cash_goes_through_the_drawer(self):
        cash = self.env["pm.payment.method"]._get(self.company, "cash")
        case = self.bring_to("agreement_signed")
        receipt = self.as_user(case.deposit_id, "cashier")._receive(cash)
        self.assertTrue(receipt.session_id)
        self.bring_to("refund_requested", case)
        refund = self.as_user(case.deposit_id, "cashier")._refund(cash)
        self.assertEqual(refund.session_id, receipt.session_id)
        self.assertEqual(refund.session_id.cash_due, 0.0)
        self.assertLedger()

    def test_unpaid_fees_hold_nothing_back(self):
        """Arrears gate neither permit nor pass nor acceptance nor refund, and are never set off (L-01, L-04)."""
        item = self.env["pm.fee.item"].create(
            {"code": "ARREARS", "name": "Fee", "legal_basis": "-", "contract_reference": "-"}
        )
        charge = self.env["pm.charge"]._create_charges(
            [
                {
                    "property_id": self.property.id,
                    "unit_id": self.units[0].id,
                    "partner_id": self.owners[0].id,
                    "item_id": item.id,
                    "kind": "opening",
                    "origin": "arrears",
                    "period_start": "2024-01-01",
                    "period_end": "2024-12-31",
                    "due_date": "2024-01-10",
                    "amount": 9999,
                }
            ]
        )
        charge._approve()
        charge._post()
        case = self.bring_to("refunded")
        self.assertEqual(case.deposit_id.refund_payment_id.amount, 3000.0)
        self.assertEqual(charge.residual, 9999)

    def test_violation_on_a_closed_case_is_refused(self):
        case = self.bring_to("closed")
        with self.assertRaisesRegex(UserError, "is closed"):
            self.env["pm.renovation.violation"].create(
                {
                    "renovation_id": case.id,
                    "type_id": self.env.ref("pm_renovation.violation_noise").id,
                    "description": "Drilling",
                }
            )

    def test_forged_plan_is_refused_in_the_back_office_too(self):
        case = self.make_case()
        paper = self.as_user(case.paper_ids[0], "officer")
        for name, content in (
            ("plan.pdf", b"MZ\x90\x00" + b"\0" * 99),
            ("plan.png", b"<svg onload='x'/>"),
            ("a.pdf", b""),
        ):
            with self.subTest(name=name), self.assertRaisesRegex(UserError, "is not one of"), self.env.cr.savepoint():
                paper.attachment_ids = self.file(name=name, content=content)
        paper.attachment_ids = self.file(name="plan.png")
        self.assertEqual(paper.state, "received")

    def test_plan_of_100_mb_is_refused_and_nothing_is_kept(self):
        case = self.make_case()
        self.portal_user.password = "portal-Pass-2026"
        self.env.flush_all()
        self.authenticate(self.portal_user.login, "portal-Pass-2026")
        self.opener.cookies["frontend_lang"] = "en_US"
        files = self.env["ir.attachment"].search_count([])
        page = self.url_open(
            f"/my/renovations/{case.id}/upload",
            data={"csrf_token": http.Request.csrf_token(self), "paper_id": case.paper_ids[0].id},
            files={"file": ("plan.png", io.BytesIO(PNG + bytes(100 * 1024 * 1024)), "image/png")},
            timeout=60,
        )
        self.assertIn("larger than 10 MB", page.text)
        self.env.invalidate_all()
        self.assertEqual((case.paper_ids[0].state, self.env["ir.attachment"].search_count([])), ("missing", files))

    def test_portal_home_of_a_guest_shows_no_case(self):
        case = self.bring_to("in_progress")
        for url in (
            case.access_url,
            f"{case.access_url}/deposit",
            f"{case.access_url}/pdf/agreement",
            f"/my/renovations/notice/{self.property.id}",
        ):
            self.assertIn("/web/login", self.url_open(url).url, url)

    def test_neither_side_files_nor_schemes_of_others_can_be_reached(self):
        scheme = self.env["pm.renovation.scheme"].create(
            {
                "name": "Enclosure",
                "property_id": self.env["pm.property"].create({"name": "Other", "code": "T8"}).id,
                "work_type_id": self.env.ref("pm_renovation.work_window").id,
                "description": "Grey",
                "attachment_ids": [fields.Command.create({"name": "drawing.png", "raw": PNG})],
            }
        )
        scheme.action_approve()
        self.portal_user.password = "portal-Pass-2026"
        self.env.flush_all()
        self.authenticate(self.portal_user.login, "portal-Pass-2026")
        url = f"/my/renovations/scheme/{scheme.id}/{scheme.attachment_ids.id}"
        self.assertEqual(self.url_open(url, allow_redirects=False).status_code, 303)
        notice = f"/my/renovations/notice/{scheme.property_id.id}"
        self.assertEqual(self.url_open(notice, allow_redirects=False).status_code, 303)
        self.assertTrue(self.url_open(f"/my/renovations/notice/{self.property.id}").content.startswith(b"%PDF"))
