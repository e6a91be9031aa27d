import base64
import io

import openpyxl
from freezegun import freeze_time
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL
from odoo.tools.pdf import PdfFileReader

from .common_settlement import SettlementCase


@tagged("post_install", "-at_install")
class TestCollection(SettlementCase):
    """Figures of collection on an example small enough to add up by hand.

    Three units, area fee 280.00 / 331.80 / 224.00 and refuse 50 each: 985.80 a month, due on the 16th. Unit A-103 is
    Officer's (butler of the building is the officer for all; A-103 is given to the assistant).

    | month | billed | paid                                                                 |
    |-------|--------|----------------------------------------------------------------------|
    | Sep   | 985.80 | A-101 330 on Sep 20; A-102 100 (of its area fee) on Oct 10            |
    | Oct   | 985.80 | A-101 330 on Oct 20; A-103 274 on Nov 3                               |
    | Nov   | 985.80 | A-102 381.80 on Nov 10                                               |
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.units[2].user_id = cls.assistant
        cls.item_fixed.in_collection_rate = True
        cls.months = {}
        cls.startClassPatcher(freeze_time("2026-11-25 02:00:00"))
        for month in (9, 10, 11):
            cls.months[month] = cls.bill(f"2026-{month:02d}-01")
        one, two, three = cls.units
        cls.receive(one, 330, cls.charges_of(9, one), date="2026-09-20")
        cls.receive(two, 100, cls.charges_of(9, two).filtered(lambda c: c.item_id == cls.item_area), date="2026-10-10")
        cls.receive(one, 330, cls.charges_of(10, one), date="2026-10-20")
        cls.receive(three, 274, cls.charges_of(10, three), date="2026-11-03")
        cls.receive(two, 381.8, cls.charges_of(11, two), date="2026-11-10")

    @classmethod
    def charges_of(cls, month, unit):
        return cls.months[month].charge_ids.filtered(lambda charge: charge.unit_id == unit)

    def test_key_figures_by_hand(self):
        november = fields.Date.to_date("2026-11-01"), fields.Date.to_date("2026-11-30")

        def evaluate(xmlid, user=None):
            return self.env.ref(f"pm_fees.{xmlid}")._evaluate(self.property, *november, user=user)

        rate = evaluate("kpi_collection_rate")
        self.assertEqual((rate["numerator"], rate["denominator"]), (381.8, 985.8))
        self.assertAlmostEqual(rate["value"], 38.73, 2)
        # Owed on Nov 1: Sep 985.80 - 330 - 100, Oct 985.80 - 330
        recovery = evaluate("kpi_arrears_recovery")
        self.assertEqual((recovery["numerator"], recovery["denominator"]), (274, 555.8 + 655.8))
        self.assertAlmostEqual(recovery["value"], 22.61, 2)
        mine = evaluate("kpi_collection_rate", self.assistant)
        self.assertEqual((mine["numerator"], mine["denominator"]), (0, 274))
        mine = evaluate("kpi_arrears_recovery", self.assistant)
        self.assertEqual((mine["numerator"], mine["denominator"], mine["value"]), (274, 548, 50))

    def test_a_closed_month_opens_the_rows_its_snapshot_was_made_of(self):
        """What was booked into a closed month later is in neither the figure nor its rows; the form tells the difference."""
        figures = self.env["pm.kpi"].union(
            *(self.env.ref(f"pm_fees.kpi_{name}") for name in ("collection_rate", "arrears_recovery", "fee_accuracy"))
        )
        with freeze_time("2026-12-10 15:00:00"):
            figures._compute_month(self.property, fields.Date.to_date("2026-11-01"))
        results = self.env["pm.kpi.result"].search(
            [
                ("kpi_id", "in", figures.ids),
                ("property_id", "=", self.property.id),
                ("month", "=", "2026-11-01"),
                ("user_id", "=", False),
            ]
        )
        # The database stamps its rows with its own clock: all that is there was booked before the snapshot.
        self.env.cr.execute("UPDATE account_move_line SET create_date = '2026-12-01'")
        self.env.cr.execute("UPDATE account_partial_reconcile SET create_date = '2026-12-01'")
        with freeze_time("2026-12-20 02:00:00"):
            late = self.receive(
                self.units[0], 330, self.charges_of(11, self.units[0]), method="transfer", date="2026-11-28"
            )
            self.receive(self.units[1], 50, self.charges_of(9, self.units[1]), method="transfer", date="2026-11-29")
            self.charges_of(11, self.units[2])[0].with_user(self.accountant)._reverse("our_error")
            self.env.flush_all()
            for table in ("account_move_line", "account_partial_reconcile"):
                self.env.cr.execute(
                    SQL(
                        "UPDATE %s SET create_date = '2026-12-20' WHERE create_date <> '2026-12-01'",
                        SQL.identifier(table),
                    )
                )
            self.env.invalidate_all()
            expected = {"KPI-22": (381.8, 985.8), "KPI-23": (274, 1211.6), "KPI-24": (6, 6)}
            today = {"KPI-22": (711.8, 761.8), "KPI-23": (324, 1211.6), "KPI-24": (5, 6)}
            for result in results.with_user(self.accountant):
                with self.subTest(figure=result.kpi_id.code):
                    code = result.kpi_id.code
                    self.assertTrue(result.closed and result.changed)
                    self.assertEqual((result.numerator, result.denominator), expected[code])
                    self.assertEqual((result.numerator_now, result.denominator_now), today[code])
                    for part, amount in zip(("numerator", "denominator"), expected[code], strict=True):
                        action = getattr(result, f"action_open_{part}")()
                        self.assertIn("as of", action["name"])
                        self.assertNotIn("undone", action["name"])
                        self.assertAlmostEqual(self.shown(action, result, part), amount, 2)
                    for part, amount in zip(("numerator", "denominator"), today[code], strict=True):
                        action = getattr(result, f"action_open_{part}_now")()
                        self.assertAlmostEqual(self.shown(action, result, part), amount, 2)
            # Money of the snapshot that went away since cannot be shown: the title says how much.
            rate = results.filtered(lambda result: result.kpi_id.code == "KPI-22")
            paid = self.env["pm.payment"].search([("unit_id", "=", self.units[1].id), ("amount", "=", 381.8)])
            self.assertNotEqual(paid, late)
            paid.with_user(self.accountant)._reverse("bounced")
            self.assertTrue(rate.action_open_numerator()["name"].endswith("undone since: 381.80"))

    def shown(self, action, result, part):
        """Sum or number of the records that an action opens."""
        kpi = result.kpi_id
        measure = kpi._specification(result.property_id, *result._period())[part][2]
        records = self.env[action["res_model"]].with_user(self.accountant).search(action["domain"])
        return sum(records.mapped(measure)) if measure else len(records)

    def test_rates_speak_of_property_fees_unless_the_fee_items_say_otherwise(self):
        november = fields.Date.to_date("2026-11-01"), fields.Date.to_date("2026-11-30")
        rate, recovery = (self.env.ref(f"pm_fees.{xmlid}") for xmlid in ("kpi_collection_rate", "kpi_arrears_recovery"))
        new = self.make_item("SV", "Service", category="service")
        self.assertEqual((self.item_area.in_collection_rate, new.in_collection_rate), (True, False))
        self.item_fixed.in_collection_rate = False
        # area fees only: 331.80 of 835.80 in November; of the old ones 224 of 1,011.60
        figures = rate._evaluate(self.property, *november)
        self.assertEqual((figures["numerator"], figures["denominator"]), (331.8, 835.8))
        figures = recovery._evaluate(self.property, *november)
        self.assertEqual((figures["numerator"], figures["denominator"]), (224, 1011.6))
        self.item_fixed.in_collection_rate = True
        self.assertEqual(rate._evaluate(self.property, *november)["denominator"], 985.8)
        accuracy = self.env.ref("pm_fees.kpi_fee_accuracy")
        self.charges_of(11, self.units[2])[0].with_user(self.accountant)._reverse("our_error")
        self.assertAlmostEqual(accuracy._evaluate(self.property, *november)["value"], 100 * 5 / 6, 2)

    def test_figures_of_the_report_equal_the_key_figures(self):
        groups = self.property._collection_groups("2026-11-01", "2026-11-30", "item_id")
        area, fixed = groups[self.item_area], groups[self.item_fixed]
        self.assertEqual(
            area,
            {"receivable": 835.8, "received": 331.8, "outstanding": 504.0, "old_owed": 1011.6, "old_received": 224.0},
        )
        self.assertEqual(
            fixed, {"receivable": 150, "received": 50, "outstanding": 100, "old_owed": 200, "old_received": 50}
        )
        by_user = self.property._collection_groups("2026-11-01", "2026-11-30", "user_id")
        self.assertEqual(by_user[self.assistant]["old_owed"], 548)
        self.assertEqual(by_user[self.officer]["received"], 381.8)

    def test_old_arrears_equal_the_sum_of_their_movements(self):
        """The key figure takes what is owed now and what was settled since; its rows are all that was ever charged."""
        kpi = self.env.ref("pm_fees.kpi_arrears_recovery")
        self.charges_of(9, self.units[2])[0].with_user(self.accountant)._reverse("our_error")
        for first in map(fields.Date.to_date, ("2026-09-01", "2026-10-01", "2026-11-01", "2026-12-01")):
            for user in (None, self.assistant, self.officer):
                with self.subTest(first=first, user=user and user.name):
                    model, domain, measure, shortcut = kpi._specification(self.property, first, first, user=user)[
                        "denominator"
                    ]
                    self.assertAlmostEqual(shortcut(), kpi._measure(model, domain, measure), 2)
        self.assertTrue(shortcut())

    def test_figures_of_a_past_month_stay(self):
        october = self.property._collection_groups("2026-10-01", "2026-10-31", "item_id")
        self.assertEqual(sum(row["received"] for row in october.values()), 330)
        self.assertEqual(sum(row["old_received"] for row in october.values()), 100)
        self.assertEqual(sum(row["old_owed"] for row in october.values()), 655.8)

    def test_age_of_what_is_owed(self):
        # On Nov 25: Sep 16 is 2 full months old, Oct 16 one, Nov 16 none.
        owed = 555.8 + 381.8 + 604
        ages = {band: (amount, count) for band, amount, count in self.property._collection_ages("2026-11-25")}
        self.assertEqual(list(ages), [self.env.ref("pm_fees.age_band_0")])
        self.assertEqual(ages[self.env.ref("pm_fees.age_band_0")], (owed, 4 + 2 + 4))
        # On Nov 10 the fees of November were not due, and those of A-102 had just been paid.
        ages = {band: amount for band, amount, _count in self.property._collection_ages("2026-11-10")}
        self.assertEqual(
            ages, {self.env.ref("pm_fees.age_band_not_due"): 604, self.env.ref("pm_fees.age_band_0"): 937.6}
        )
        # Three full months on Dec 16, not a day earlier.
        three = self.env.ref("pm_fees.age_band_3")
        for day, expected in (("2026-12-15", 0), ("2026-12-16", 555.8)):
            ages = {band: amount for band, amount, _count in self.property._collection_ages(day)}
            self.assertEqual(ages.get(three, 0), expected, day)

    def test_analysis_by_butler_item_and_age(self):
        analysis = self.env["pm.collection.analysis"]
        groups = {
            user: values
            for user, *values in analysis._read_group(
                [], ["user_id"], ["receivable:sum", "received:sum", "outstanding:sum", "rate:avg"]
            )
        }
        receivable, received, outstanding, rate = groups[self.assistant]
        self.assertEqual((receivable, received, outstanding), (822, 274, 548))
        self.assertAlmostEqual(rate, 100 * 274 / 822, 6, "a quotient of sums, no average of quotients")
        bands = dict(analysis._read_group([("outstanding", ">", 0)], ["band_id"], ["outstanding:sum"]))
        self.assertEqual(bands, {self.env.ref("pm_fees.age_band_0"): 1541.6})
        row = analysis.search([("unit_id", "=", self.units[0].id), ("outstanding", ">", 0)], limit=1)
        self.assertEqual(self.env["pm.charge"].browse(row.action_open_charge()["res_id"]), row.charge_id)
        self.assertEqual(analysis.with_user(self.officer).search_count([]), 18)
        with self.assertRaises(AccessError):
            analysis.with_user(self.technician).search_count([])

    def test_ledger_of_a_unit_runs_to_what_is_owed(self):
        unit = self.units[1]
        rows = self.env["pm.unit.ledger"].search([("unit_id", "=", unit.id)])
        self.assertEqual(
            [(str(row.date), row.kind, row.debit, row.credit) for row in rows if row.kind == "payment"],
            [("2026-10-10", "payment", 0, 100), ("2026-11-10", "payment", 0, 381.8)],
        )
        self.assertEqual(rows[-1].balance, 281.8 + 381.8)
        self.assertEqual(rows[-1].balance, unit.open_charges)
        self.receive(unit, 700, self.Charge, date="2026-11-20")
        self.charges_of(11, unit).filtered(lambda c: c.item_id == self.item_fixed).with_user(self.accountant)._reverse(
            "other"
        )
        self.env.invalidate_all()
        self.assertLedgersMatch()

    def assertLedgersMatch(self):
        """The balance of each unit is what its charges owe less the credit of the household."""
        for unit in self.units:
            rows = self.env["pm.unit.ledger"].search([("unit_id", "=", unit.id)])
            owed = sum(self.Charge.search([("unit_id", "=", unit.id), ("state", "=", "posted")]).mapped("residual"))
            partners = rows.partner_id
            credit = sum(
                -sum(items.mapped("amount_residual"))
                for (unit_id, _partner), items in self.Charge._open_credit(self.property, partners.ids).items()
                if unit_id == unit.id
            )
            self.assertAlmostEqual(rows[-1:].balance, owed - credit, 2, unit.code)

    def test_ledger_of_everything_that_can_happen(self):
        one, two, three = self.units
        # voided, written off and taken back, passed on, money without a unit, settled by hand
        payment = self.receive(one, 50, self.charges_of(11, one), date="2026-11-12")
        payment.with_user(self.accountant)._reverse("bounced")
        charges = self.charges_of(9, three)
        action = charges.with_user(self.accountant).action_write_off()
        loss = self.env["pm.write.off"].browse(action["res_id"]).with_user(self.accountant)
        loss.note = "gone"
        loss.action_submit()
        loss.with_user(self.manager).action_approve()
        loss.line_ids[0].action_take_back()
        buyer = self.env["res.partner"].create({"name": "Buyer"})
        self.receive(two, 90, date="2026-11-15")
        doc = (
            self.env["pm.balance.transfer"]
            .with_user(self.assistant)
            .create(
                {
                    "unit_id": two.id,
                    "from_partner_id": self.owners[1].id,
                    "to_partner_id": buyer.id,
                    "agreement": "X",
                    "evidence_ids": [Command.create({"name": "agreement.pdf", "raw": b"%PDF-1.4"})],
                    "credit_amount": 90,
                    "line_ids": [
                        Command.create({"charge_id": charge.id, "amount": charge.residual})
                        for charge in self.charges_of(10, two)
                    ],
                }
            )
        )
        doc.with_user(self.supervisor).action_approve()
        self.receive(None, 20, partner=self.owners[0], date="2026-11-15")
        self.env["pm.payment"].with_user(self.cashier).counter_use_credit(
            one.id, self.owners[0].id, self.charges_of(11, one).ids
        )
        self.pay(self.charges_of(11, three), amount=10)
        self.env.invalidate_all()
        self.assertLedgersMatch()
        kinds = set(self.env["pm.unit.ledger"].search([("unit_id", "in", self.units.ids)]).mapped("kind"))
        self.assertEqual(
            kinds, {"charge", "reversal", "payment", "void", "write_off", "taken_back", "transfer", "credit", "other"}
        )
        self.assertLedgerMatches()

    def test_ledger_as_pdf_and_spreadsheet(self):
        wizard = (
            self.env["pm.unit.ledger.print"]
            .with_user(self.cashier)
            .with_context(active_model="pm.unit", active_ids=self.units[:2].ids)
            .create({"date_from": "2026-10-01", "date_to": "2026-11-30"})
        )
        self.assertEqual(wizard.unit_ids, self.units[:2])
        ledger = wizard._ledger(self.units[1])
        self.assertEqual(
            (ledger["opening"], ledger["debit"], ledger["credit"], ledger["closing"]), (381.8, 763.6, 481.8, 663.6)
        )
        content, _kind = (
            self.env["ir.actions.report"].with_user(self.cashier)._render("pm_fees.report_unit_ledger", wizard.ids)
        )
        self.assertTrue(content.startswith(b"%PDF"))
        wizard.action_export()
        book = openpyxl.load_workbook(io.BytesIO(base64.b64decode(wizard.file)))
        self.assertEqual(book.sheetnames, ["A-101", "A-102"])
        values = [[cell.value for cell in row] for row in book["A-102"].iter_rows()]
        self.assertEqual(values[-1][-3:], [763.6, 481.8, 663.6])
        with self.assertRaises(UserError):
            wizard.date_to = "2026-09-01"
        with self.assertRaises(AccessError):
            self.env["pm.unit.ledger.print"].with_user(self.technician).create({"unit_ids": self.units.ids})

    def test_report_as_pdf_and_spreadsheet(self):
        report = (
            self.env["pm.collection.report"]
            .with_user(self.supervisor)
            .create({"property_id": self.property.id, "date_from": "2026-11-01", "date_to": "2026-11-25"})
        )
        self.env["pm.collection.plan"].create({"property_id": self.property.id, "month": "2026-11-01", "note": "Calls"})
        content, _kind = (
            self.env["ir.actions.report"].with_user(self.supervisor)._render("pm_fees.report_collection", report.ids)
        )
        self.assertTrue(content.startswith(b"%PDF"))
        report.action_export()
        book = openpyxl.load_workbook(io.BytesIO(base64.b64decode(report.file)))
        total = [cell.value for cell in list(book["By Fee"].iter_rows())[-1]]
        self.assertEqual(total, ["Total", 985.8, 381.8, 604, "38.7 %", 1211.6, 274, "22.6 %"])
        self.property.user_ids -= self.supervisor
        with self.assertRaises(AccessError):
            report.action_print()

    def test_no_fees_no_rate(self):
        report = self.env["pm.collection.report"].create(
            {"property_id": self.property.id, "date_from": "2025-01-01", "date_to": "2025-01-31"}
        )
        self.assertEqual(report._tables()[0]["total"][4], "–")
        content, _kind = self.env["ir.actions.report"]._render("pm_fees.report_collection", report.ids)
        self.assertTrue(content.startswith(b"%PDF"))

    # Plan

    def plan(self):
        return (
            self.env["pm.collection.plan"]
            .with_user(self.supervisor)
            .create({"property_id": self.property.id, "month": "2026-11-14"})
        )

    def test_plan_takes_targets_from_the_key_figures(self):
        plan = self.plan()
        self.assertEqual(str(plan.month), "2026-11-01")
        lines = {(line.user_id, line.kind): line for line in plan.line_ids}
        mine = lines[self.assistant, "old"]
        self.assertEqual((mine.base_amount, mine.target_rate, mine.target_amount), (548, 80, 438.4))
        self.assertEqual((mine.received, mine.gap, mine.rate, mine.met), (274, 164.4, 50, False))
        current = lines[self.officer, "current"]
        self.assertEqual((current.base_amount, current.target_rate, current.received), (711.8, 85, 381.8))
        self.assertAlmostEqual(plan.received_total, 381.8 + 274, 2)
        # Behind each row stand exactly what it is to collect and what came in: not what came in before, or came too late.
        with freeze_time("2026-12-05 02:00:00"):
            self.receive(self.units[1], 20, self.charges_of(11, self.units[1]), date="2026-12-02")
        plan.invalidate_recordset()
        for line in plan.line_ids:
            with self.subTest(butler=line.user_id.name, kind=line.kind):
                rows = self.env["pm.charge.movement"].search(line.action_open_movements()["domain"])
                paid = rows.filtered(
                    lambda row: row.kind == "payment" and row.date >= fields.Date.to_date("2026-11-01")
                )
                self.assertAlmostEqual(sum(paid.mapped("settled")), line.received, 2)
                self.assertAlmostEqual(sum((rows - paid).mapped("amount")), line.base_amount, 2)

    def text_of(self, document, record):
        """The words of a printed document."""
        content = self.env[f"report.pm_fees.{document}"].with_context(lang="en_US")._render_pdf(record)
        return " ".join(page.extract_text() for page in PdfFileReader(io.BytesIO(content)).pages)

    def test_a_notice_that_is_paid_asks_for_nothing(self):
        """Who has paid, or is owed something, is not told how to pay."""
        notices = self.env["pm.fee.notice"]._create_for_runs(self.months[10])
        paid, owing = (notices.filtered(lambda notice, unit=unit: notice.unit_id == unit) for unit in self.units[:2])
        self.assertEqual((paid.amount_due, paid.arrears), (0, 0))
        text = self.text_of("fee_notice", paid)
        self.assertIn("Nothing is to be paid", text)
        self.assertNotIn("How to pay", text)
        self.assertNotIn("Please pay by", text)
        self.assertIn("How to pay", self.text_of("fee_notice", owing))
        # A charge below zero, as a correction in the payer's favour leaves it.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pm_charge SET amount_untaxed = -30, amount_tax = 0, amount_total = -30, residual = -30 WHERE id = %s",
            [paid.charge_ids[0].id],
        )
        self.env.invalidate_all()
        text = self.text_of("fee_notice", paid)
        self.assertIn("In your favour", text)
        self.assertNotIn("To be paid", text)

    def test_report_of_a_property_without_charges(self):
        empty = self.env["pm.property"].create({"name": "Empty", "code": "E9"})
        report = self.env["pm.collection.report"].create({"property_id": empty.id})
        self.assertEqual([table["rows"] for table in report._tables()], [[], [], []])
        self.assertIn("In this period no fee was charged", self.text_of("collection", report))
        report.action_export()
        self.assertTrue(report.file)

    def test_plan_is_approved_by_the_manager_and_stays(self):
        plan = self.plan()
        plan.line_ids[0].target_rate = 99
        plan.action_refresh()
        self.assertEqual(plan.line_ids[0].target_rate, 99, "what somebody planned stays")
        with self.assertRaises(AccessError):
            plan.action_approve()
        with self.assertRaises(AccessError):
            plan.write({"state": "approved"})
        plan.with_user(self.manager).action_approve()
        for change in (lambda: plan.action_refresh(), lambda: plan.line_ids[0].write({"target_rate": 1}), plan.unlink):
            with self.assertRaises(UserError):
                change()

    def test_job_makes_one_plan_and_asks_for_the_report_in_the_fourth_week_once(self):
        job = self.env.ref("pm_fees.ir_cron_collection_plan")
        Plan = self.env["pm.collection.plan"]
        for day, asked in (("2026-11-21", False), ("2026-11-22", True), ("2026-11-23", True)):
            with freeze_time(f"{day} 02:00:00"), self.enter_registry_test_mode():
                job.method_direct_trigger()
            plan = Plan.search([("property_id", "=", self.property.id)])
            self.assertEqual((len(plan), plan.report_asked), (1, asked), day)
        self.assertEqual(plan.activity_ids.user_id, self.supervisor)
        self.assertEqual(len(plan.activity_ids), 1)
