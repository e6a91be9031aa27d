import io
from unittest.mock import patch

from freezegun import freeze_time
from odoo.exceptions import UserError
from odoo.tests.common import tagged
from odoo.tools.pdf import PdfFileReader

from .cashier_common import CashierCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-20 02:00:00")
class TestReceipt(CashierCase):
    def pdf_text(self, report, records):
        content = self.env["pm.document"]._pdf(report, records)
        return "".join(
            page.extractText() if hasattr(page, "extractText") else page.extract_text()
            for page in PdfFileReader(io.BytesIO(content)).pages
        )

    def test_numbers_of_a_book_have_no_holes_even_after_a_failure(self):
        first = self.pay((self.charge(), 100))
        with (
            self.assertRaises(ZeroDivisionError),
            self.env.cr.savepoint(),
            patch.object(type(self.env["pm.payment"]), "_after_change", lambda payment: 1 / 0),
        ):
            self.pay((self.charge(), 100))
        second = self.pay((self.charge(), 100))
        self.assertEqual((first.receipt_name, second.receipt_name), ("SK-T1-000001", "SK-T1-000002"))

    def test_each_property_has_its_own_book(self):
        unit = self.env["pm.unit"].create(
            {
                "code": "B-1",
                "property_id": self.second_property.id,
                "building_id": self.env["pm.building"]
                .create({"name": "B", "code": "B", "property_id": self.second_property.id})
                .id,
            }
        )
        self.env["pm.unit.party"].create(
            {
                "unit_id": unit.id,
                "partner_id": self.owners[2].id,
                "role": "owner",
                "share": 100,
                "is_payer": True,
                "date_from": "2024-01-01",
            }
        )
        self.second_property._ensure_accounts()
        self.second_cashier.pm_property_ids = self.second_property
        self.pay((self.charge(), 100))
        payment = self.pay((self.charge(unit=unit), 100), user=self.second_cashier, property_id=self.second_property.id)
        self.assertEqual(payment.receipt_name, "SK-T2-000001")

    def test_used_book_cannot_change_or_disappear(self):
        book = self.pay((self.charge(), 100)).book_id
        for values in ({"prefix": "X-"}, {"next_number": 1}):
            with self.subTest(values=values), self.assertRaises(UserError):
                book.with_user(self.accountant).write(values)
        with self.assertRaises(UserError):
            book.unlink()

    def test_receipt_says_what_was_paid_in_words_and_marks_reprints(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.owners[0].lang = "zh_CN"
        payment = self.pay((self.charge(amount=1234.56), 1234.56))
        text = self.pdf_text("pm_fees.receipt", payment)
        self.assertIn("壹仟贰佰叁拾肆元伍角陆分", text)
        self.assertIn("SK-T1-000001", text)
        self.assertEqual(payment.print_count, 1)
        self.pdf_text("pm_fees.receipt", payment)
        self.assertEqual(payment.print_count, 2)
        self.assertIn("reprint 1", self.env["report.pm_fees.receipt"].with_context(lang="en_US")._number(payment))

    def test_voided_receipt_is_printed_as_void(self):
        payment = self.pay((self.charge(), 100))
        payment.with_user(self.accountant)._reverse("wrong unit")
        text = self.pdf_text("pm_fees.receipt", payment)
        self.assertIn("wrong unit", text)

    def test_receipt_is_mailed_once_to_payers_with_an_address(self):
        payment = self.pay((self.charge(), 100))
        self.owners[1].email = False
        silent = self.pay((self.charge(unit=self.units[1]), 100))
        self.assertEqual((payment.mail_state, silent.mail_state), ("todo", "none"))
        with self.enter_registry_test_mode():
            self.env.ref("pm_fees.ir_cron_receipt_mail").method_direct_trigger()
            self.env.ref("pm_fees.ir_cron_receipt_mail").method_direct_trigger()
        messages = self.env["pm.message"].search([("res_model", "=", "pm.payment")])
        self.assertEqual(messages.mapped("res_id"), payment.ids)
        self.assertIn(payment.receipt_name, messages.subject)
        self.assertTrue(messages.attachment_ids)
        self.assertEqual(payment.print_count, 0, "an electronic copy is no print")
        self.assertEqual(payment.mail_state, "done")
