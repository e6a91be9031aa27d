import re
from collections import Counter
from datetime import date, datetime
from io import BytesIO
from unittest.mock import patch

from freezegun import freeze_time
from odoo.addons.http_routing.tests.common import MockRequest
from odoo.exceptions import UserError
from odoo.tests import Form
from odoo.tests.common import TransactionCase, tagged
from openpyxl import load_workbook

from odoo.addons.pm_base.tests.generic import GenericModuleChecks
from odoo.addons.pm_fees.tests.common_settlement import SettlementCase

OCTOBER, NOVEMBER = (date(2026, 10, 1), date(2026, 10, 31)), (date(2026, 11, 1), date(2026, 11, 30))


@tagged("post_install", "-at_install")
class TestPmFeesReportOcaGeneric(GenericModuleChecks, TransactionCase):
    _module = "pm_fees_report_oca"


@tagged("post_install", "-at_install")
class TestReportDefaults(SettlementCase):
    @freeze_time("2026-11-26 02:00:00")
    def test_the_month_under_way_is_proposed(self):
        for report in ("trial.balance", "general.ledger", "journal.ledger", "vat"):
            name = f"{report}.report.wizard"
            # In a form, as the accountant opens it: its onchanges may take away what is proposed.
            wizard = Form(self.env[name].with_user(self.accountant).with_context(tz="Asia/Shanghai"))
            self.assertEqual((wizard.date_from, wizard.date_to), (date(2026, 11, 1), date(2026, 11, 26)), name)

    def test_a_report_does_not_end_before_it_begins(self):
        days = {"date_from": NOVEMBER[1], "date_to": NOVEMBER[0], "company_id": self.company.id}
        for report in ("trial.balance", "general.ledger", "journal.ledger", "vat"):
            with self.subTest(report=report), self.assertRaisesRegex(UserError, "not after its last day"):
                self.env[f"{report}.report.wizard"].with_user(self.accountant).create(days)

    def test_what_households_owe_is_proposed_with_its_accounts(self):
        for name in ("aged.partner.balance.report.wizard", "open.items.report.wizard"):
            accounts = Form(self.env[name].with_user(self.accountant)).save().account_ids
            self.assertEqual(set(accounts.mapped("account_type")), {"asset_receivable"}, name)


@tagged("post_install", "-at_install")
class TestReports(SettlementCase):
    """The accountant's reports on charges that were posted in sets: to the cent what the households' accounts say.

    Two months of twenty households: bills, payments of all, some and more, a voided receipt, charges taken back, a part
    written off, credit used by the next bill. Each report is compared with the charges and the account of each unit
    (pm.unit.ledger), never with journal items.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.households = cls.units + cls.more_units(17)
        cls.payers = cls.households.payer_id
        one, two, three, four, five = cls.households[:5]
        # Entries of at most 15 charges, so that the run is several entries of cloned lines.
        with freeze_time("2026-10-05 02:00:00"), patch.object(type(cls.Charge), "_posting_chunk", lambda self: 15):
            run = cls.bill("2026-10-01")
        assert not run.posting_note, run.posting_note
        with freeze_time("2026-10-12 02:00:00"):
            for unit in cls.households[5:12]:
                charges = run.charge_ids.filtered(lambda charge, unit=unit: charge.unit_id == unit)
                cls.receive(unit, sum(charges.mapped("residual")), charges)
            bounced = cls.receive(one, 100, cls.owing(one))
            cls.receive(two, 50, cls.owing(two), method="transfer")
            cls.receive(three, 1000, cls.owing(three))  # the rest is credit, used by November's bill
        with freeze_time("2026-10-20 02:00:00"):
            cls.owing(four).filtered(lambda charge: charge.item_id == cls.item_fixed).with_user(
                cls.accountant
            )._reverse("our_error")
        with freeze_time("2026-11-05 02:00:00"):
            cls.bill("2026-11-01")
            bounced.with_user(cls.accountant)._reverse("bounced")
        with freeze_time("2026-11-20 02:00:00"):
            paid = run.charge_ids.filtered(lambda charge: charge.unit_id == cls.households[5])
            paid[:1].with_user(cls.accountant)._reverse("other")  # paid before: credit of the household
            line = cls.owing(five)[:1]
            write_off = cls.env["pm.write.off"].browse(line.with_user(cls.accountant).action_write_off()["res_id"])
            write_off = write_off.with_user(cls.accountant)
            write_off.line_ids.amount = 10
            write_off.note = "gone"
            write_off.action_submit()
            write_off.with_user(cls.manager).action_approve()
        cls.env.flush_all()
        cls.env.invalidate_all()
        cls.account = cls.property.receivable_account_id
        cls.env["res.lang"]._activate_lang("zh_CN").date_format = "%Y年%m月%d日"

    @classmethod
    def owing(cls, unit):
        return cls.Charge.search([("unit_id", "=", unit.id), ("state", "=", "posted"), ("residual", ">", 0)])

    def report(self, name, wizard, **values):
        """What the report shows, computed by the code that its PDF and its XLSX come from."""
        record = self.env[wizard].with_user(self.accountant).create({"company_id": self.company.id, **values})
        data = record._prepare_report_data()
        # As the web client sends it.
        data = {key: str(value) if isinstance(value, date) else value for key, value in data.items()}
        report = self.env[f"report.account_financial_report.{name}"].with_user(self.accountant)
        return report._get_report_values(record.ids, data)

    def movements(self, first, last):
        """Charged and settled between two days by payer, from the accounts of the units."""
        rows = self.env["pm.unit.ledger"]._read_group(
            [("property_id", "=", self.property.id), ("date", ">=", first), ("date", "<=", last)],
            ["partner_id"],
            ["debit:sum", "credit:sum"],
        )
        return {partner.id: (debit, credit) for partner, debit, credit in rows}

    def owed_on(self, day):
        return {partner: round(debit - credit, 2) for partner, (debit, credit) in self.movements(date.min, day).items()}

    def charged(self, first, last, field, item=None):
        """Sum of `field` over the charges posted in the period, less those taken back in it."""
        total = 0.0
        for charge in self.Charge.search(
            [("property_id", "=", self.property.id), ("state", "in", ("posted", "reversed"))]
        ):
            if item and charge.item_id != item:
                continue
            if first <= charge.move_id.date <= last:
                total += charge[field]
            if charge.reverse_date and first <= charge.reverse_date <= last:
                total -= charge[field]
        return round(total, 2)

    def assertSame(self, shown, expected):
        """Amounts by key, zeros apart."""
        keys = {key for key, amount in {**expected, **shown}.items() if round(amount, 2)}
        self.assertTrue(keys)
        self.assertEqual(
            {key: round(shown.get(key, 0.0), 2) for key in keys},
            {key: round(expected.get(key, 0.0), 2) for key in keys},
        )

    def test_the_history_is_what_the_reports_are_asked_about(self):
        self.assertLedgerMatches()
        self.assertGreater(len(self.Charge.search([("property_id", "=", self.property.id)])), 75)
        self.assertEqual(
            set(self.Charge.search([("property_id", "=", self.property.id)]).mapped("state")), {"posted", "reversed"}
        )
        self.assertTrue(any(amount < 0 for amount in self.owed_on(NOVEMBER[1]).values()), "a household has credit")

    def test_trial_balance(self):
        for first, last in (OCTOBER, NOVEMBER):
            with self.subTest(month=first):
                shown = self.report("trial_balance", "trial.balance.report.wizard", date_from=first, date_to=last)
                rows = {row["id"]: row for row in shown["trial_balance"]}
                row, moved = rows[self.account.id], self.movements(first, last)
                before = sum(self.owed_on(date.fromordinal(first.toordinal() - 1)).values())
                self.assertAlmostEqual(row["initial_balance"], before, 2)
                self.assertAlmostEqual(row["balance"], sum(debit - credit for debit, credit in moved.values()), 2)
                self.assertAlmostEqual(row["ending_balance"], sum(self.owed_on(last).values()), 2)
                incomes = Counter()
                for item in (self.item_area, self.item_fixed):
                    account = item.product_id.product_tmpl_id.get_product_accounts()["income"]
                    incomes[account.id] -= self.charged(first, last, "amount_untaxed", item)
                self.assertSame({account: rows[account]["balance"] for account in incomes}, incomes)
                [tax] = self.tax_included.invoice_repartition_line_ids.account_id
                self.assertAlmostEqual(rows[tax.id]["balance"], -self.charged(first, last, "amount_tax"), 2)
                self.assertAlmostEqual(sum(row["ending_balance"] for row in rows.values()), 0, 2, "it balances")

    def test_trial_balance_by_partner(self):
        shown = self.report(
            "trial_balance",
            "trial.balance.report.wizard",
            date_from=NOVEMBER[0],
            date_to=NOVEMBER[1],
            show_partner_details=True,
            account_ids=self.account.ids,
        )
        amounts = shown["total_amount"][self.account.id]
        self.assertSame(
            {key: amount["ending_balance"] for key, amount in amounts.items() if isinstance(key, int)},
            self.owed_on(NOVEMBER[1]),
        )

    def test_general_ledger_runs_to_what_each_household_owes(self):
        shown = self.report(
            "general_ledger",
            "general.ledger.report.wizard",
            date_from=NOVEMBER[0],
            date_to=NOVEMBER[1],
            account_ids=self.account.ids,
            grouped_by="partners",
        )
        [account] = shown["general_ledger"]
        self.assertAlmostEqual(account["init_bal"]["balance"], sum(self.owed_on(OCTOBER[1]).values()), 2)
        self.assertAlmostEqual(account["fin_bal"]["balance"], sum(self.owed_on(NOVEMBER[1]).values()), 2)
        self.assertSame(
            {group["id"]: group["fin_bal"]["balance"] for group in account["list_grouped"]}, self.owed_on(NOVEMBER[1])
        )
        names = {item["ref_label"] for group in account["list_grouped"] for item in group["move_lines"]}
        self.assertTrue(any("Property fee" in name for name in names), "each line says what it is for")

    def test_aged_partner_balance_has_the_ages_of_the_charges(self):
        day = NOVEMBER[1]
        shown = self.report(
            "aged_partner_balance",
            "aged.partner.balance.report.wizard",
            date_at=day,
            account_ids=self.account.ids,
            show_move_line_details=True,
        )
        [account] = shown["aged_partner_balance"]
        names = {payer.id: payer.name for payer in self.payers}
        residuals = {names[partner]: amount for partner, amount in self.owed_on(day).items()}
        self.assertSame({row["name"]: row["residual"] for row in account["partners"]}, residuals)
        expected = Counter()
        for charge in self.Charge.search([("property_id", "=", self.property.id), ("state", "=", "posted")]):
            overdue = (day - charge.due_date).days
            bucket = "current" if overdue <= 0 else next(f"{n}_days" for n in (30, 60, 90, 120) if overdue <= n)
            expected[bucket] += charge.residual
        credit = sum(
            sum(items.mapped("amount_residual"))
            for items in self.Charge._open_credit(self.property, self.payers.ids).values()
        )
        buckets = ("current", "30_days", "60_days", "90_days", "120_days", "older")
        items = [item for row in account["partners"] for item in row["move_lines"] if item["residual"] > 0]
        self.assertSame({bucket: sum(item[bucket] for item in items) for bucket in buckets}, expected)
        self.assertAlmostEqual(sum(account[bucket] for bucket in buckets), sum(expected.values()) + credit, 2)

    def test_open_items_are_the_charges_that_are_owed(self):
        day = NOVEMBER[1]
        shown = self.report(
            "open_items",
            "open.items.report.wizard",
            date_at=day,
            account_ids=self.account.ids,
            show_partner_details=True,
        )
        items = [item for group in shown["Open_Items"][self.account.id].values() for item in group]
        owing = self.Charge.search(
            [("property_id", "=", self.property.id), ("state", "=", "posted"), ("residual", ">", 0)]
        )
        self.assertEqual(
            Counter(
                (item["partner_id"], item["date_maturity"], round(item["amount_residual"], 2))
                for item in items
                if item["amount_residual"] > 0
            ),
            Counter((charge.partner_id.id, charge.due_date, round(charge.residual, 2)) for charge in owing),
        )
        self.assertSame(
            {
                partner: amount["residual"]
                for partner, amount in shown["total_amount"][self.account.id].items()
                if isinstance(partner, int)
            },
            self.owed_on(day),
        )

    def test_open_items_of_a_past_day_are_what_was_owed_then(self):
        shown = self.report(
            "open_items",
            "open.items.report.wizard",
            date_at=OCTOBER[1],
            account_ids=self.account.ids,
            show_partner_details=True,
        )
        self.assertSame(
            {
                partner: amount["residual"]
                for partner, amount in shown["total_amount"][self.account.id].items()
                if isinstance(partner, int)
            },
            self.owed_on(OCTOBER[1]),
        )

    def test_vat_report_has_base_and_tax_of_the_charges(self):
        for first, last in (OCTOBER, NOVEMBER):
            with self.subTest(month=first):
                shown = self.report(
                    "vat_report",
                    "vat.report.wizard",
                    date_from=first,
                    date_to=last,
                    based_on="taxgroups",
                    tax_detail=True,
                )
                taxes = {tax["id"]: tax for group in shown["vat_report"] for tax in group["taxes"]}
                row = taxes[self.tax_included.id]
                self.assertAlmostEqual(row["tax"], -self.charged(first, last, "amount_tax"), 2)
                self.assertAlmostEqual(row["net"], -self.charged(first, last, "amount_untaxed", self.item_area), 2)

    def printed(self, wizard, **values):
        """The page (HTML) and the workbook of a report, asked for by a Chinese accountant."""
        wizard = self.env[wizard].with_user(self.accountant).with_context(lang="zh_CN")
        wizard = wizard.create({"company_id": self.company.id, **values})
        # As the web client sends it.
        data = {
            key: str(value) if isinstance(value, date) else value
            for key, value in wizard._prepare_report_data().items()
        }
        reports = wizard.env["ir.actions.report"]
        page = wizard.button_export_html()["report_name"]
        with MockRequest(wizard.env):  # a template of the VAT report asks the request for its environment
            html, _kind = reports._render_qweb_html(page, wizard.ids, data=dict(data))
        sheets = wizard.button_export_xlsx()["report_name"]
        content, _kind = reports._render_xlsx(sheets, wizard.ids, data=dict(data))
        return html.decode(), load_workbook(BytesIO(content))

    def test_a_chinese_sheet_has_chinese_headings_and_dates_that_can_be_sorted(self):
        html, book = self.printed(
            "open.items.report.wizard", date_at=NOVEMBER[1], account_ids=self.account.ids, show_partner_details=True
        )
        rows = list(book.active.iter_rows(values_only=True))
        self.assertIn("2026年11月30日", html, "the day asked for, as a Chinese reader writes it")
        self.assertNotRegex(html, r"\d\d/\d\d/2026")
        texts = {value for row in rows for value in row if isinstance(value, str)}
        self.assertLessEqual({"截至日期", "2026年11月30日", "凭证", "到期日", "未清金额"}, texts)
        self.assertFalse({text for text in texts if re.search(r"\d\d/\d\d/2026", text)})
        due = {row[6].date() for row in rows if isinstance(row[6], datetime)}
        owing = self.Charge.search(
            [("property_id", "=", self.property.id), ("state", "=", "posted"), ("residual", ">", 0)]
        )
        self.assertLessEqual(set(owing.mapped("due_date")), due)

    def test_each_report_is_chinese_for_a_chinese_reader(self):
        """No heading of a sheet is left in English, and no day is written day/month/year."""
        period, day = {"date_from": NOVEMBER[0], "date_to": NOVEMBER[1]}, {"date_at": NOVEMBER[1]}
        for name, values in {
            "trial.balance": period,
            "general.ledger": period,
            "journal.ledger": period,
            "vat": {**period, "tax_detail": True},
            "aged.partner.balance": {**day, "account_ids": self.account.ids},
        }.items():
            with self.subTest(report=name):
                html, book = self.printed(f"{name}.report.wizard", **values)
                self.assertIn("2026年11月30日", html)
                self.assertNotRegex(html, r"taxgroups|>posted<")
                sheets = [list(sheet.iter_rows(values_only=True)) for sheet in book]
                self.assertIn("2026年11月30日", str(sheets[0]))
                # The row of the columns is the first that has three texts, and what was asked for stands above it.
                tables = [
                    next((row for row in sheet if sum(isinstance(value, str) for value in row) > 2), ())
                    for sheet in sheets
                ]
                self.assertTrue(any(tables))
                headings = [value for row in tables for value in row if value]
                headings += [row[1] for row in sheets[0][2:7] if row[1] and row[0] is None]
                self.assertFalse([text for text in headings if not re.search(r"[\u4e00-\u9fff]", text)])

    def test_a_journal_with_a_long_name_gets_a_sheet(self):
        """Excel takes names of 31 characters without slashes; a journal without an entry needs no sheet."""
        journal = self.env["account.move"].search([("line_ids.account_id", "=", self.account.id)], limit=1).journal_id
        journal.name = "Property fees / charges and payments of all the households"
        period = {"date_from": OCTOBER[0], "date_to": OCTOBER[1]}
        _html, book = self.printed("journal.ledger.report.wizard", **period)
        used = self.env["account.move"].search([("date", ">=", OCTOBER[0]), ("date", "<=", OCTOBER[1])]).journal_id
        used = used.filtered(lambda journal: journal.company_id == self.company)
        # A sheet of the filters, and for each journal with entries one of them and one of its taxes.
        self.assertEqual(len(book.sheetnames), 1 + 2 * len(used))

    def test_the_reports_print(self):
        """PDF page and XLSX of the trial balance come out, with the account's balance in them."""
        wizard = (
            self.env["trial.balance.report.wizard"]
            .with_user(self.accountant)
            .create({"company_id": self.company.id, "date_from": NOVEMBER[0], "date_to": NOVEMBER[1]})
        )
        action = wizard.button_export_html()
        report = self.env["ir.actions.report"]._get_report_from_name(action["report_name"])
        html, _kind = report._render_qweb_html(report.report_name, wizard.ids, data=wizard._prepare_report_data())
        self.assertIn(self.account.code, html.decode())
