import base64
import io
from unittest.mock import patch

import openpyxl
from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged

from .statement_common import ACCOUNT, StatementCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-20 02:00:00")
class TestStatementImport(StatementCase):
    def refused(self, content, words, **options):
        before = self.lines()
        with self.assertRaisesRegex(UserError, words):
            self.load(content, **options)
        self.assertEqual(self.lines(), before, "a refused file leaves nothing behind")

    def csv(self, *rows, account=ACCOUNT):
        """The sample with other rows: (number, day, amount, balance, payer)."""
        head = self.text("wangyin.txt", account).splitlines()[:2]
        body = [
            f"{number},{day},{amount if amount > 0 else ''},{-amount if amount < 0 else ''},{balance},{payer},,物业费"
            for number, day, amount, balance, payer in rows
        ]
        return "\n".join([*head, *body]).encode("gb18030")

    # -- what comes of a good file ------------------------------------------------------------------------------------

    def test_camt_certain_lines_are_booked_the_rest_is_proposed_or_unknown(self):
        by_reference = self.charge(amount=331.8)
        by_name = self.charge(unit=self.units[1], amount=280)
        more = self.charge(unit=self.units[2], amount=400)
        lines = self.load(self.text("camt053.xml").encode(), "CMB.xml")
        self.assertEqual([line.amount for line in lines.sorted("pm_transaction_ref")], [331.8, 280, 500, -30.3])
        first, second, third, fee = lines.sorted("pm_transaction_ref")
        self.assertEqual(
            [line.pm_match_state for line in (first, second, third, fee)],
            ["matched", "matched", "proposed", "ignored"],
        )
        self.assertEqual((by_reference.residual, by_name.residual, more.residual), (0, 0, 400))
        self.assertEqual(first.pm_payment_ids.partner_id, self.owners[0], "the reference counts, not who transferred")
        self.assertEqual(second.pm_transaction_ref, "C0100000002")
        self.assertEqual(third.pm_proposal_ids.credit_amount, 100, "100 more than owed waits for a person")
        self.assertIn("2 matched, 1 to confirm, 0 unknown", self.told)
        self.assertEqual(first.statement_id.balance_end_real, 11081.5)
        self.assert_books()

    def test_csv_in_gbk_newest_first_with_two_amount_columns(self):
        charge = self.charge(unit=self.units[1], amount=295.5)
        lines = self.load(self.text("wangyin.txt").encode("gb18030"), mapping=self.two_columns)
        self.assertEqual([line.amount for line in lines.sorted("pm_transaction_ref")], [295.5, -30, 1180])
        paid = lines.filtered(lambda line: line.amount == 295.5)
        self.assertEqual((paid.partner_name, paid.pm_match_state, charge.residual), ("欧阳喆", "matched", 0))
        self.assertEqual((paid.statement_id.balance_start, paid.statement_id.balance_end_real), (10000, 11445.5))
        # The second time the account is known, whoever's name the bank writes.
        next_charge = self.charge(unit=self.units[1], amount=90, due="2026-01-12")
        row = ("W20260117001", "2026-01-17", 90, 11535.5, "欧阳哲")
        again = self.load(
            self.csv(row).replace(",,物业费".encode("gb18030"), ",6222020200000002,物业费".encode("gb18030")),
            mapping=self.two_columns,
        )
        self.assertEqual((again.pm_match_state, next_charge.residual), ("matched", 0))
        self.assertIn("paid from this account before", again.pm_match_reason)

    def test_a_table_without_a_map_asks_for_one_and_the_next_file_proposes_it(self):
        table = self.csv(("W20260117001", "2026-01-17", 90, 11535.5, "欧阳喆"))
        workbook = io.BytesIO()
        openpyxl.Workbook().save(workbook)
        for content in (table, workbook.getvalue()):
            with self.assertRaisesRegex(UserError, "choose the map"):
                self.load(content)
        self.load(table, mapping=self.two_columns)
        wizard = self.env["account.statement.import"].with_user(self.accountant).create({"statement_file": b"eA=="})
        self.assertEqual((wizard.pm_journal_id, wizard.sheet_mapping_id), (self.journal, self.two_columns))

    def test_xlsx_with_a_map(self):
        book = openpyxl.Workbook()
        for row in (
            self.text("wangyin.txt").replace('"1,180.00"', "1180").replace('"11,445.50"', "11445.5").splitlines()
        ):
            book.active.append([cell or None for cell in row.replace('"', "").split(",")][:8])
        # Without the thousands separators that the split above would take for columns.
        sheet = book.active
        for number, values in enumerate(
            (
                ("W20260116003", "2026-01-16", 1180, None, 11445.5, self.owners[2].name, "44250100000000003", None),
                ("W20260115002", "2026-01-15", None, 30, 10265.5, None, None, "账户管理费"),
                ("W20260115001", "2026-01-15", 295.5, None, 10295.5, "欧阳喆", "6222020200000002", "一月物业管理费"),
            ),
            start=3,
        ):
            for column, value in enumerate(values, start=1):
                sheet.cell(number, column).value = value
        content = io.BytesIO()
        book.save(content)
        lines = self.load(content.getvalue(), "明细.xlsx", mapping=self.two_columns)
        self.assertEqual(sorted(lines.mapped("amount")), [-30, 295.5, 1180])
        fee = lines.filtered(lambda line: line.amount < 0)
        self.assertFalse(fee.partner_name, "an empty cell is no payer called None")
        self.refused(content.getvalue()[:2000], "cut off or damaged", name="明细.xlsx", mapping=self.two_columns)

    def test_unknown_money_stays_in_suspense_and_nothing_of_the_oca_add_on_books_it(self):
        charge = self.charge(amount=118)
        # The remark occurs in one open entry only: the OCA add-on alone would pay that with it.
        remark = charge.sudo().move_line_id.move_id.name
        content = self.csv(("W1", "2026-01-15", 118.4, 118.4, "王先生")).replace(
            "物业费".encode("gb18030"), remark.encode()
        )
        line = self.load(content, mapping=self.two_columns)
        self.assertEqual((line.pm_match_state, line.is_reconciled, charge.residual), ("unknown", False, 118))
        self.assertFalse(line.partner_id)
        suspense = line.move_id.line_ids.filtered(lambda item: item.account_id == self.journal.suspense_account_id)
        self.assertEqual(suspense.balance, -118.4)

    def test_what_is_no_fee_is_booked_by_the_rule_that_an_accountant_made_and_never_by_a_guess(self):
        expense = self.env["account.account"].search(
            [("account_type", "=", "expense"), ("company_ids", "in", self.company.id)], limit=1
        )
        lines = self.load(self.text("camt053.xml").encode(), "a.xml")
        fee = lines.filtered(lambda line: line.amount < 0)
        self.assertEqual((fee.payment_ref, fee.is_reconciled, fee.pm_match_state), ("账户管理费", False, "ignored"))
        self.env["account.reconcile.model"].create(
            {
                "name": "Bank charges",
                "trigger": "auto_reconcile",
                "match_journal_ids": [Command.set(self.journal.ids)],
                "match_label": "contains",
                "match_label_param": "账户管理费",
                "line_ids": [
                    Command.create({"account_id": expense.id, "amount_type": "percentage", "amount_string": "100"})
                ],
            }
        )
        lines = self.load(self.text("wangyin.txt").encode("gb18030"), mapping=self.two_columns)
        fee = lines.filtered(lambda line: line.amount < 0)
        self.assertEqual((fee.is_reconciled, fee.pm_match_state), (True, "ignored"))
        self.assertIn(expense, fee.move_id.line_ids.account_id)

    def test_undo_brings_the_debt_back(self):
        charge = self.charge(amount=295.5)
        line = self.load(self.csv(("W1", "2026-01-15", 295.5, 295.5, "杨雨")), mapping=self.two_columns)
        self.assertEqual(charge.residual, 0)
        line.pm_payment_ids.with_user(self.accountant)._reverse("wrong household")
        self.assertEqual((charge.residual, line.is_reconciled, line.pm_match_state), (295.5, False, "unknown"))
        self.assert_books()

    # -- the same file, the same transaction --------------------------------------------------------------------------

    def test_the_same_file_twice_books_once(self):
        charge = self.charge(amount=331.8)
        for content, options in (
            (self.text("camt053.xml").encode(), {"name": "a.xml"}),
            (self.text("wangyin.txt").encode("gb18030"), {"mapping": self.two_columns}),
        ):
            with self.subTest(**options):
                self.load(content, **options)
                self.refused(content, "already imported", **options)
        self.assertEqual(charge.residual, 0)
        self.assert_books()

    def test_files_that_overlap_bring_only_what_is_new(self):
        day = self.csv(("W1", "2026-01-15", 100, 100, "王"), ("W2", "2026-01-15", 50, 150, "李"))
        week = self.csv(
            ("W1", "2026-01-15", 100, 100, "王"),
            ("W2", "2026-01-15", 50, 150, "李"),
            ("W3", "2026-01-16", 7, 157, "张"),
        )
        self.load(day, mapping=self.two_columns)
        self.assertEqual(self.load(week, mapping=self.two_columns).mapped("amount"), [7])
        self.assertIn("2 transactions had already been imported", self.told)

    def test_a_file_without_numbers_is_known_again_and_equal_rows_are_not_lost(self):
        rows = [
            ("", "2026-01-15", 100, 100, "王"),
            ("", "2026-01-15", 100, 200, "王"),
            ("", "2026-01-16", 7, 207, "张"),
        ]
        self.assertEqual(len(self.load(self.csv(*rows[:2]), mapping=self.two_columns)), 2)
        self.assertEqual(self.load(self.csv(*rows), mapping=self.two_columns).mapped("amount"), [7])

    def test_a_payment_and_its_charge_under_one_number_are_two_lines(self):
        content = self.csv(("W1", "2026-01-15", 100, 100, "王"), ("W1", "2026-01-15", -0.5, 99.5, ""))
        self.assertEqual(len(self.load(content, mapping=self.two_columns)), 2)
        self.refused(content, "already imported", mapping=self.two_columns)

    def test_what_was_loaded_as_bank_lines_is_not_loaded_again(self):
        rows = "交易流水号,交易日期,对方户名,金额\nW1,2026-01-15,王,100\nW2,2026-01-15,李,50\n"
        self.env["pm.import"]._load_file("bank.line", "流水.csv", rows.encode("gbk"))
        content = self.csv(("W1", "2026-01-15", 100, 100, "王"), ("W3", "2026-01-15", 8, 108, "张"))
        self.assertEqual(self.load(content, mapping=self.two_columns).mapped("amount"), [8])
        self.refused(
            self.csv(("W4", "2026-01-16", 9, 9, "张"), ("W2", "2026-01-16", 51, 60, "李")),
            "W2 was loaded as .*50.00",
            mapping=self.two_columns,
        )

    # -- bad files ----------------------------------------------------------------------------------------------------

    def test_truncated_camt(self):
        content = self.text("camt053.xml").encode()
        for length in (len(content) // 3, len(content) // 2, len(content) - 30):
            with self.subTest(length=length):
                self.refused(content[:length], "not whole", name="a.xml")

    def test_camt_with_an_entry_missing_does_not_add_up(self):
        text = self.text("camt053.xml")
        start, end = text.index("<Ntry>"), text.index("</Ntry>") + len("</Ntry>")
        self.refused((text[:start] + text[end:]).encode(), "does not add up.*331.80", name="a.xml")

    def test_camt_in_another_encoding_than_it_says(self):
        self.refused(self.text("camt053.xml").encode("gb18030"), "encoding that it names", name="a.xml")

    def test_camt_with_entities_of_its_own(self):
        text = self.text("camt053.xml").replace(
            "<Document", '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]><Document', 1
        )
        self.refused(text.replace("往来款", "&x;").encode(), "document type|not whole", name="a.xml")

    def test_camt_of_several_accounts(self):
        text = self.text("camt053.xml")
        start, end = text.index("<Stmt>"), text.index("</Stmt>") + len("</Stmt>")
        second = text[start:end].replace(ACCOUNT, "7559 0000 0000 000")
        self.refused((text[:end] + second + text[end:]).encode(), "several accounts", name="a.xml")

    def test_truncated_table(self):
        content = self.text("wangyin.txt").encode("gb18030")
        cut_row = content[: content.rindex(b"2026-01-15") + 4]
        self.refused(cut_row, "Row 5 is cut off|cannot be read", mapping=self.two_columns)
        rows = content.splitlines(keepends=True)
        self.refused(b"".join(rows[:3] + rows[4:]), "balance does not run through", mapping=self.two_columns)

    def test_a_long_file_is_matched_in_part_at_once_and_for_the_rest_in_the_background(self):
        charge = self.charge(unit=self.units[1], amount=295.5)
        job = self.env.ref("pm_fees.ir_cron_bank_match")
        with (
            patch("odoo.addons.pm_fees_bank_oca.wizard.account_statement_import._MATCH_AT_ONCE", 1),
            patch.object(type(job), "_trigger", autospec=True) as triggered,
        ):
            lines = self.load(self.text("wangyin.txt").encode("gb18030"), mapping=self.two_columns)
        self.assertIn("matched in the background", self.told)
        self.assertEqual(triggered.call_args.args[0], job)
        self.assertEqual(len(lines.filtered(lambda line: line.pm_match_state == "todo")), 1, "two bring money")
        with self.enter_registry_test_mode():
            job.method_direct_trigger()
        self.env.invalidate_all()
        self.assertFalse(lines.filtered(lambda line: line.pm_match_state == "todo"))
        self.assertEqual(charge.residual, 0)

    def test_table_in_another_encoding_is_read_by_what_it_is_or_refused(self):
        for encoding in ("utf-8-sig", "utf-16"):  # with other numbers, so that no line is known already
            text = self.text("wangyin.txt").replace("W202601", "W" + encoding)
            lines = self.load(text.encode(encoding), mapping=self.two_columns)
            self.assertIn("欧阳喆", lines.mapped("partner_name"), encoding)
        spoiled = self.text("wangyin.txt").encode("gb18030").replace("欧阳喆".encode("gb18030"), b"\xff\xfe\xff")
        self.refused(spoiled, "letters of the file", mapping=self.two_columns)
        self.refused(b"\x00\x01\x02" * 50, "no table of text", mapping=self.two_columns)

    def test_errors_name_row_column_and_remedy(self):
        good = self.csv(("W1", "2026-01-15", 100, 100, "王")).decode("gb18030")
        for old, new, words in (
            ("交易日期", "记账日", "no column “交易日期”.*记账日"),
            ("2026-01-15", "2026-02-30", "Row 3 cannot be read.*%Y-%m-%d"),
            ("2026-01-15", "15/01/2026", "Row 3 cannot be read"),
            ("2026-01-15", "", "Row 3 has no date"),
            (",100,", ",一百,", "Row 3: “一百” is no amount"),
        ):
            with self.subTest(new=new):
                self.refused(good.replace(old, new, 1).encode("gb18030"), words, mapping=self.two_columns)
        self.refused(b"hello", "choose the map", name="a.txt")
        self.refused(b"", "no column|not supported|Bad file", mapping=self.two_columns)

    def test_a_file_of_another_account_is_refused(self):
        for number in ("7559 0000 0000 000", "12345678"):  # the second is a part of ours
            with self.subTest(number=number):
                self.refused(self.text("camt053.xml", number).encode(), f"of account {number}", name="a.xml")
        # Without a journal to choose the number alone decides.
        self.journal.bank_account_id = False
        wizard = self.env["account.statement.import"].with_user(self.accountant)
        values = {"statement_file": base64.b64encode(self.text("camt053.xml").encode()), "pm_journal_id": False}
        with self.assertRaisesRegex(UserError, "No bank journal .* has the account 7559"):
            wizard.create({**values, "statement_filename": "a.xml"}).import_file_button()

    def test_a_table_that_names_another_account_is_refused(self):
        content = self.text("wangyin.txt", "6222 0000 0000 000").encode("gb18030")
        self.refused(content, "of account 6222", mapping=self.two_columns)

    def test_a_file_of_another_company_is_refused_even_if_the_user_works_for_both(self):
        other = self.env["res.company"].create({"name": "Other Company"})
        self.env["account.journal"].create(
            {
                "name": "Bank",
                "type": "bank",
                "code": "BNKO",
                "company_id": other.id,
                "bank_account_id": self.env["res.partner.bank"]
                .create({"acc_number": "7559000000000", "partner_id": other.partner_id.id, "company_id": other.id})
                .id,
            }
        )
        self.accountant.company_ids += other
        content = self.text("camt053.xml", "7559000000000").encode()
        self.refused(content, "belongs to another company", name="a.xml")
        with self.assertRaisesRegex(UserError, "belongs to another company"):
            self.env["account.statement.import"].with_user(self.accountant).with_context(
                allowed_company_ids=[self.company.id, other.id]
            ).create({"statement_file": base64.b64encode(content), "statement_filename": "a.xml"}).import_file_button()

    def test_foreign_currency_is_refused(self):
        self.env.ref("base.EUR").active = True
        content = self.text("camt053.xml").replace("CNY", "EUR").encode()
        self.refused(content, "currency", name="a.xml")

    def test_only_accountants_load_statements(self):
        for user in (self.cashier, self.officer, self.manager):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.load(self.text("camt053.xml").encode(), user=user)
