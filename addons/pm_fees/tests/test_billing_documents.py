import io

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools.pdf import PdfFileReader

from .common_billing import BillingCase


@tagged("post_install", "-at_install")
class TestBillingDocuments(BillingCase):
    """Payment notices and the price notice."""

    def test_one_notice_for_each_payer_and_unit(self):
        run = self.bill()
        run.with_user(self.accountant).action_create_notices()
        run.with_user(self.accountant).action_create_notices()
        self.assertEqual(len(run.notice_ids), 3)
        notice = run.notice_ids.filtered(lambda n: n.unit_id == self.units[1])
        self.assertEqual(len(notice.charge_ids), 2)
        self.assertAlmostEqual(notice.amount_total, 381.8)
        self.assertEqual(notice.reference, notice.charge_ids[0].reference)

    def test_notice_shows_arrears_and_what_is_paid(self):
        self.bill("2026-09-01")
        run = self.bill("2026-10-01")
        charge = run.charge_ids.filtered(lambda c: c.unit_id == self.units[0] and c.item_id == self.item_area)
        self.pay(charge)
        notice = self.env["pm.fee.notice"]._create_for_runs(run).filtered(lambda n: n.unit_id == self.units[0])
        notice.date = "2026-10-05"
        notice.invalidate_recordset()
        self.assertEqual((notice.amount_total, notice.amount_due, notice.arrears), (330, 50, 330))

    def test_pdf_of_a_batch_and_in_the_payers_language(self):
        run = self.bill()
        notices = self.env["pm.fee.notice"]._create_for_runs(run)
        content, kind = self.env["ir.actions.report"]._render("pm_fees.report_fee_notice", notices.ids)
        self.assertEqual(kind, "pdf")
        self.assertTrue(content.startswith(b"%PDF"))

    def test_a_notice_says_where_to_transfer_and_the_sum_in_words(self):
        bank = self.env["res.bank"].create({"name": "Bank of Lake Street"})
        self.property.collection_bank_id = self.env["res.partner.bank"].create(
            {"acc_number": "6222 0001", "partner_id": self.company.partner_id.id, "bank_id": bank.id}
        )
        run = self.bill()
        notice = self.env["pm.fee.notice"]._create_for_runs(run)[:1]
        content, _kind = self.env["ir.actions.report"]._render("pm_fees.report_fee_notice", notice.ids)
        text = "".join(page.extract_text() for page in PdfFileReader(io.BytesIO(content)).pages)
        for expected in ("Bank of Lake Street", "6222 0001", self.company.name, "In words"):
            self.assertIn(expected, text)

    def test_payer_prints_his_own_notice_through_his_page_only(self):
        run = self.bill()
        notice = self.env["pm.fee.notice"]._create_for_runs(run).filtered(lambda n: n.partner_id == self.owners[0])
        self.env.invalidate_all()
        document, own = self.env["pm.document"].with_user(self.portal_user), notice.with_user(self.portal_user)
        with self.assertRaises(AccessError):
            document._pdf("pm_fees.report_fee_notice", own)
        content = document.sudo()._pdf("pm_fees.report_fee_notice", own)  # as his page does, after it has found it his
        self.assertTrue(content.startswith(b"%PDF"))

    def test_price_notice_lists_published_tariffs_only(self):
        self.assertFalse(self.property._published_tariffs())
        self.tariff_area.with_user(self.accountant).action_publish()
        self.assertEqual(self.property._published_tariffs(), self.tariff_area)
        self.assertEqual(self.tariff_area._price_text(), "2.80 per m² (chargeable area) and month (tax included)")
        content, _kind = self.env["ir.actions.report"]._render("pm_fees.report_price_notice", self.property.ids)
        self.assertTrue(content.startswith(b"%PDF"))

    def test_price_notice_says_whom_to_call_and_whose_money_it_is(self):
        """S1-06: prices and the telephone for complaints, also where it goes by hours; L-11: what is the owners'."""
        self.item_fixed.owners_income = True
        (self.tariff_area | self.tariff_fixed).with_user(self.accountant).action_publish()
        self.env["pm.hotline"].search([("property_id", "=", self.property.id)]).unlink()
        self.env["pm.hotline"].create(
            {"property_id": self.property.id, "name": "Day", "phone": "0755-4441", "hour_from": 8, "hour_to": 20}
        )
        content = self.env["pm.document"]._pdf("pm_fees.price_notice", self.property)
        text = "".join(
            page.extractText() if hasattr(page, "extractText") else page.extract_text()
            for page in PdfFileReader(io.BytesIO(content)).pages
        )
        for words in ("2.80 per", "complaints: 0755-4441", "belongs to the owners", "Refuse fee"):
            self.assertIn(words, " ".join(text.split()))

    def test_sending_twice_sends_once(self):
        run = self.bill()
        notices = self.env["pm.fee.notice"]._create_for_runs(run)
        notices.with_user(self.accountant).action_send()
        notices.with_user(self.accountant).action_send()
        messages = self.env["pm.message"].search([("res_model", "=", "pm.fee.notice"), ("res_id", "in", notices.ids)])
        self.assertEqual(len(messages), 3)
        self.assertTrue(all(notices.mapped("delivered_on")))
