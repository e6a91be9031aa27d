import io

from freezegun import freeze_time
from odoo import fields
from odoo.exceptions import AccessError, UserError
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

    def test_payer_of_several_units_gets_one_notice_unless_the_property_wants_one_for_each_unit(self):
        self.env["pm.unit.party"].search([("unit_id", "=", self.units[1].id)]).partner_id = self.owners[0]
        before = self.bill("2026-10-01")
        run = self.bill("2026-11-01")
        notices = self.env["pm.fee.notice"]._create_for_runs(run)
        self.assertEqual(len(notices), 2)
        together = notices.filtered(lambda notice: notice.partner_id == self.owners[0])
        self.assertEqual((together.unit_id.id, together.unit_ids), (False, self.units[0] | self.units[1]))
        self.assertEqual((len(together.charge_ids), together.amount_total), (4, 280 + 331.8 + 100))
        self.assertEqual((together.arrears, together.name), (711.8, "T1-202611-A-101+1"))
        for unit in together.unit_ids:
            self.assertIn(together, notices.search([("unit_ids", "in", unit.ids)]))
            charge = run.charge_ids.filtered(lambda c, unit=unit: c.unit_id == unit)[:1]
            self.assertEqual(charge.with_user(self.accountant).action_open_notices()["res_id"], together.id)
        self.assertEqual(self.env["pm.fee.notice"]._create_for_runs(run), notices, "once")
        pdf, _kind = self.env["ir.actions.report"]._render("pm_fees.report_fee_notice", together.ids)
        text = " ".join(page.extract_text() for page in PdfFileReader(io.BytesIO(pdf)).pages)
        for unit in together.unit_ids:
            self.assertIn(unit.name, text)
        self.property.notice_per = "unit"
        self.assertEqual(self.env["pm.fee.notice"]._create_for_runs(run), notices, "nobody is asked twice for the same")
        self.assertEqual(len(self.env["pm.fee.notice"]._create_for_runs(before)), 3)

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

    @freeze_time("2026-11-20 02:00:00")
    def test_sending_twice_sends_once_and_delivered_is_what_the_mail_server_took(self):
        run = self.bill()
        notices = self.env["pm.fee.notice"]._create_for_runs(run).with_user(self.accountant)
        self.owners.email = False
        with self.assertRaisesRegex(UserError, "address"):
            notices.action_send()
        (self.owners[0] | self.owners[1]).email = "owner@example.com"
        for _time in range(2):
            self.assertEqual(notices.action_send()["params"]["type"], "warning", "one is not reached by mail")
        first, second, third = (notices.filtered(lambda n, u=unit: n.unit_id == u) for unit in self.units)
        message = self.env["pm.message"].search([("res_model", "=", "pm.fee.notice"), ("res_id", "in", notices.ids)])
        self.assertEqual(sorted(message.mapped("res_id")), sorted((first | second).ids))
        self.assertFalse(any(notices.mapped("delivered_on")), "waiting is not delivered")
        message._dispatch()
        self.assertTrue(all(message.mapped("attachment_ids")))
        mails = {row.res_id: row for row in message}
        mails[first.id]._transition("sent")
        mails[second.id]._transition("failed", reason="delivery")
        self.env.invalidate_all()
        self.assertEqual(notices.mapped("message_state"), ["sent", "failed", False])
        self.assertEqual((first.delivered_on, first.delivery_method), (self.property._today(), "email"))
        self.assertIn("owner@example.com", first.delivery_proof)
        self.assertFalse((second | third).mapped("delivered_on")[0])
        self.assertEqual(notices.search([("message_state", "in", ("failed", "skipped"))]), second)
        self.assertEqual(notices.search([("message_state", "=", False), ("run_id", "=", run.id)]), third)
        mails[first.id]._transition("failed", reason="delivery")  # it came back
        self.assertFalse(first.delivered_on)
        third.action_mark_delivered()
        self.assertEqual((third.delivery_method, third.delivered_by), ("hand", self.accountant))

    def test_notices_delivered_in_time_are_measured(self):
        run = self.bill()
        notices = self.env["pm.fee.notice"]._create_for_runs(run)
        due = notices[0].due_date
        self.assertEqual(set(notices.mapped("due_date")), {min(run.charge_ids.mapped("due_date"))})
        notices[0].delivered_on = due
        notices[1].delivered_on = fields.Date.add(due, days=1)
        self.assertEqual(notices.mapped("in_time"), [True, False, False])
        kpi = self.env.ref("pm_fees.kpi_notice_delivery")
        figures = kpi._evaluate(self.property, fields.Date.start_of(due, "month"), fields.Date.end_of(due, "month"))
        self.assertEqual((figures["numerator"], figures["denominator"]), (1, 3))
        before = fields.Date.subtract(due, days=1)
        self.assertIsNone(kpi._evaluate(self.property, before, before)["value"], "nothing due, no figure")
