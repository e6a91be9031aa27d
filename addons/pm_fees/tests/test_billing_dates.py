from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from freezegun import freeze_time
from odoo.tests import tagged

from .common_settlement import SettlementCase

# 23:30 in London is half past seven of the next morning, and of the next month, in China.
_LATE_EVENING = "2026-10-31 23:30:00"


def cents(value):
    return Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP)


@tagged("post_install", "-at_install")
class TestBillingDates(SettlementCase):
    """Days and periods as the calendar has them, held against sums made by hand or in Python."""

    def days_of_units(self, period, starts, month):
        """Bill 100 a month from these days on, one for each unit: [(amount, last day), or None where nothing is billed]."""
        item = self.make_item(f"D{period}{month}", "Days", period=period)
        self.make_tariff(item, "1", "fixed", 100)
        for unit, start in zip(self.units, starts, strict=False):
            self.assign(item, unit, date_from=start)
        run = self.make_run(month, item)
        run.action_compute()
        self.assertFalse(run.issue_ids)
        charges = run.charge_ids.grouped("unit_id")
        return [
            (charges[unit].amount_total, str(charges[unit].period_end)) if unit in charges else None
            for unit in self.units[: len(starts)]
        ]

    def test_first_and_last_day_of_months_of_every_length(self):
        for month, length in (("2026-02-01", 28), ("2028-02-01", 29), ("2026-11-01", 30), ("2026-12-01", 31)):
            with self.subTest(month):
                first = date.fromisoformat(month)
                last = first + timedelta(days=length - 1)
                found = self.days_of_units("1", [first, last, last + timedelta(days=1)], month)
                one_day = float(cents(Decimal(100)) - cents(Decimal(100) * (length - 1) / length))
                self.assertEqual(found, [(100, str(last)), (one_day, str(last)), None], "a month, a day, nothing")

    def test_leap_day_counts_in_quarter_half_year_and_year(self):
        for period, months, start, days, all_days in (
            ("3", 3, "2028-02-29", 32, 91),
            ("6", 6, "2028-02-29", 123, 182),
            ("12", 12, "2028-02-29", 307, 366),
            ("12", 12, "2027-03-01", 306, 365),
            ("6", 6, "2026-12-31", 1, 184),
        ):
            with self.subTest(period=period, start=start):
                month = {"2028-02-29": "2028-01-01", "2027-03-01": "2027-01-01", "2026-12-31": "2026-07-01"}[start]
                [(amount, _end)] = self.days_of_units(period, [date.fromisoformat(start)], month)
                whole = Decimal(100 * months)
                expected = whole - cents(whole * (all_days - days) / all_days)
                self.assertEqual(cents(amount), expected)
                self.assertAlmostEqual(amount, float(whole) * days / all_days, delta=0.01)

    def test_price_and_payer_change_within_a_half_year(self):
        """Three prices and two payers, cut on different days: every day is charged once, at its price, to its payer."""
        item = self.make_item("HY", "Half-yearly", period="6")
        for name, price, start in (("A", 31.13, "2024-01-01"), ("B", 47.77, "2026-08-10"), ("C", 53.01, "2026-10-31")):
            self.make_tariff(item, name, "fixed", price, date_from=start)
        self.assign(item, self.units[0], date_from="2026-07-15")
        self.parties[0].date_to = "2026-09-30"
        self.env["pm.unit.party"].create(
            {
                "unit_id": self.units[0].id,
                "partner_id": self.owners[1].id,
                "role": "owner",
                "is_payer": True,
                "date_from": "2026-10-01",
            }
        )
        run = self.make_run("2026-07-01", item)
        run.action_compute()
        self.assertFalse(run.issue_ids)
        begin, end = date(2026, 7, 1), date(2026, 12, 31)
        expected, cuts = (
            [],
            [date(2026, 7, 15), date(2026, 8, 10), date(2026, 10, 1), date(2026, 10, 31), end + timedelta(days=1)],
        )
        for start, stop, price in zip(cuts, cuts[1:], ("31.13", "47.77", "47.77", "53.01"), strict=False):
            whole = Decimal(price) * 6
            share = cents(whole * (stop - begin).days / 184) - cents(whole * (start - begin).days / 184)
            payer = self.owners[0] if start < date(2026, 10, 1) else self.owners[1]
            expected.append((str(start), str(stop - timedelta(days=1)), payer, share))
        found = run.charge_ids.sorted("period_start")
        self.assertEqual(
            [(str(c.period_start), str(c.period_end), c.partner_id, cents(c.amount_total)) for c in found], expected
        )
        run.with_user(self.supervisor).action_approve()
        run.with_user(self.accountant).action_post()
        self.assertLedgerMatches()

    def test_late_evening_in_london_is_the_next_month_in_china(self):
        """The jobs run in UTC; what they and people do then belongs to the day and month of the property."""
        charges = self.bill("2026-09-01").charge_ids.filtered(lambda c: c.unit_id == self.units[0])
        with freeze_time(_LATE_EVENING):
            with self.enter_registry_test_mode():
                self.env.ref("pm_fees.ir_cron_billing_create").method_direct_trigger()
            self.env.invalidate_all()
            run = self.Run.search([("property_id", "=", self.property.id), ("automatic", "=", True)])
            self.assertEqual((str(run.date_from), run.name), ("2026-11-01", "T1 2026-11"))
            payment = self.receive(self.units[0], charges[0].residual, charges[0])
            self.assertEqual(str(payment.date), "2026-11-01")
            payment.with_user(self.accountant)._reverse("bounced")
            self.assertEqual(str(payment.sudo().reversal_move_id.date), "2026-11-01")
            charges[0].with_user(self.accountant)._reverse("other")
            self.assertEqual(str(charges[0].sudo().reverse_line_id.date), "2026-11-01")
            record = self.env["pm.write.off"].browse(charges[1].with_user(self.accountant).action_write_off()["res_id"])
            record.with_user(self.accountant).note = "gone"
            record.with_user(self.accountant).action_submit()
            record.with_user(self.manager).action_approve()
            self.assertEqual(str(record.sudo().move_id.date), "2026-11-01")
        self.assertLedgerMatches()
