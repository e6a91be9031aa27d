from uuid import uuid4

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_settlement import SettlementCase


@tagged("post_install", "-at_install")
class TestBadInput(SettlementCase):
    """Input that cannot be: refused in words that name the remedy, and nothing of it in the books.

    More of it stands beside what it belongs to: gaps, overlaps and area zero in test_billing_compute, formulas in
    test_billing_methods, readings in test_billing_meter, amounts, future dates and closed periods in test_payment,
    crashes, lost connections and full disks in tests/test_billing_crash.py.
    """

    def load(self, kind, text):
        return self.env["pm.import"].with_user(self.accountant)._load_file(kind, f"{kind}.csv", text.encode())

    def ask(self, charge, **values):
        return {
            "request_key": uuid4().hex,
            "property_id": self.property.id,
            "unit_id": charge.unit_id.id,
            "partner_id": charge.partner_id.id,
            "method_id": self.env["pm.payment.method"]._get(self.company, "wechat").id,
            "amount": charge.residual,
            "lines": [{"charge_id": charge.id, "amount": charge.residual}],
            **values,
        }

    def refuse(self, regex, charge, **values):
        """The payment is refused, and leaves neither receipt nor number behind."""
        payments = self.env["pm.payment"].search_count([])
        with self.assertRaisesRegex(UserError, regex), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.env["pm.payment"].with_user(self.cashier)._register_payment(self.ask(charge, **values))
        self.env.invalidate_all()
        self.assertEqual(self.env["pm.payment"].search_count([]), payments)

    def test_30_february_in_an_import_names_row_and_column(self):
        record = self.load(
            "opening_arrears",
            "项目编码,房号,缴费人,收费项目编码,账期开始,账期结束,应缴日期,金额\n"
            f"T1,A-101,Owner 1,{self.item_area.code},2026-02-01,2026-02-30,2026-03-10,100\n"
            f"T1,A-101,Owner 1,{self.item_area.code},2026-03-01,2026-03-31,2026-04-10,100\n",
        )
        self.assertEqual((record.created_count, record.error_count), (1, 1))
        error = record.sudo().error_ids
        self.assertIn("no such day", error.message)
        self.assertIn("2026-02-30", str(error.read()))
        self.assertEqual(self.Charge.search([("kind", "=", "opening")]).residual, 100, "the good row goes in")

    def test_words_and_infinity_in_an_import_are_no_amounts(self):
        for amount in ("many", "NaN", "1e999", ""):
            with self.subTest(amount=amount):
                record = self.load(
                    "opening_arrears",
                    "项目编码,房号,缴费人,收费项目编码,账期开始,账期结束,应缴日期,金额\n"
                    f"T1,A-101,Owner 1,{self.item_area.code},2026-02-01,2026-02-28,2026-03-10,{amount}\n",
                )
                self.assertEqual((record.created_count, record.error_count), (0, 1))

    def test_money_in_a_foreign_currency_is_refused(self):
        charge = self.bill("2026-10-01").charge_ids[0]
        dollar = self.env["res.currency"].with_context(active_test=False).search([("name", "=", "USD")])
        dollar.active = True
        method = self.env["pm.payment.method"]._get(self.company, "card")
        method.journal_id = self.env["account.journal"].create(
            {"name": "Dollars", "type": "bank", "code": "USDX", "currency_id": dollar.id}
        )
        self.refuse("currency", charge, method_id=method.id)

    def test_archived_account_is_named(self):
        charge = self.bill("2026-10-01").charge_ids[0]
        method = self.env["pm.payment.method"]._get(self.company, "wechat")
        method.account_id.active = False
        self.refuse("archived", charge)

    def test_archived_receivable_account_stops_the_run_before_anything_is_posted(self):
        run = self.make_run("2026-10-01")
        run.action_compute()
        run.with_user(self.supervisor).action_approve()
        self.property.receivable_account_id.active = False
        with self.assertRaisesRegex(UserError, "archived"), self.cr.savepoint():
            run.with_user(self.accountant).action_post()
        self.assertEqual(set(run.charge_ids.mapped("state")), {"draft"})

    def test_journal_without_a_sequence(self):
        """Numbers of documents come from sequences that somebody may have deleted."""
        charge = self.bill("2026-10-01").charge_ids[0]
        payment = self.receive(charge.unit_id, charge.residual + 50, charge)
        self.env["ir.sequence"].search([("code", "in", ("pm.refund", "pm.write.off"))]).unlink()
        refund = (
            self.env["pm.refund"]
            .with_user(self.front_desk)
            .create({"payment_id": payment.id, "amount": 50, "reason": "r", "receipt_returned": True})
        )
        with self.assertRaisesRegex(UserError, "sequence"):
            refund.action_submit()

    def test_archived_journal_is_named(self):
        charge = self.bill("2026-10-01").charge_ids[0]
        self.env["pm.payment.method"]._get(self.company, "wechat").journal_id.active = False
        self.refuse("archived", charge)

    def test_strange_requests_at_the_counter(self):
        charge = self.bill("2026-10-01").charge_ids[0]
        for values in (
            {"amount": -1},
            {"amount": "100"},
            {"amount": float("nan")},
            {"amount": 1e18, "lines": [], "allow_credit": True},
            {"amount": 1e308, "lines": [], "allow_credit": True},
            {"lines": [{"charge_id": charge.id, "amount": -5}]},
            {"lines": [{"charge_id": 10**9, "amount": 1}], "amount": 1},
            {"unit_id": 10**9, "property_id": 10**9},
            {"lines": [{"credit_line_id": 1, "amount": 1}], "amount": 1},
            {"request_key": " "},
        ):
            with self.subTest(values=values):
                self.refuse("", charge, **values)

    def test_request_of_another_shape_books_nothing(self):
        charge = self.bill("2026-10-01").charge_ids[0]
        counter = self.env["pm.payment"].with_user(self.cashier)
        request = {
            "request_key": "shape",
            "unit_id": charge.unit_id.id,
            "partner_id": charge.partner_id.id,
            "method_id": self.env["pm.payment.method"]._get(self.company, "cash").id,
            "amount": 1.0,
            "lines": [{"charge_id": charge.id, "amount": 1.0}],
        }
        for values in (
            {"unit_id": "abc"},
            {"unit_id": None},
            {"partner_id": [1]},
            {"method_id": True},
            {"note": {"a": 1}},
            {"lines": {"charge_id": charge.id}},
            {"lines": [{"charge_id": charge.id}]},
            {"lines": [{"charge_id": "abc", "amount": 1}]},
        ):
            with self.subTest(values=values), self.assertRaisesRegex(UserError, "no request of the counter"):
                counter.counter_pay({**request, **values})
        with self.assertRaisesRegex(UserError, "no request of the counter"):
            counter.counter_pay("pay")
        self.assertTrue(counter.counter_pay(request)["receipt"])

    def test_a_company_of_another_books_is_refused(self):
        charge = self.bill("2026-10-01").charge_ids[0]
        other = self.env["res.company"].create({"name": "Other"})
        journal = self.env["account.journal"].create(
            {"name": "Other bank", "type": "bank", "code": "OTHX", "company_id": other.id}
        )
        method = self.env["pm.payment.method"].create(
            {
                "code": "wechat",
                "company_id": other.id,
                "journal_id": journal.id,
                "account_id": journal.default_account_id.id
                or self.env["account.account"]
                .with_company(other)
                .create(
                    {
                        "name": "Bank",
                        "code": "100201",
                        "account_type": "asset_cash",
                        "company_ids": [Command.set(other.ids)],
                    }
                )
                .id,
            }
        )
        self.refuse("another company", charge, method_id=method.id)
