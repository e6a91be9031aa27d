import psycopg2
from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_billing import BillingCase


@tagged("post_install", "-at_install")
class TestBillingMeter(BillingCase):
    """Readings and metered fees."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tariff_water = cls.make_tariff(cls.item_water, "2026-W", "metered", 4.5)
        cls.assign(cls.item_water, cls.units[0])
        cls.meter = cls.env["pm.meter"].create(
            {
                "code": "W-1",
                "unit_id": cls.units[0].id,
                "item_id": cls.item_water.id,
                "rollover_value": 10000,
                "multiplier": 2,
            }
        )
        cls.take_reading("2026-10-31", 100, is_initial=True)

    @classmethod
    def take_reading(cls, date, value, meter=None, **values):
        return cls.env["pm.meter.reading"].create(
            {"meter_id": (meter or cls.meter).id, "date": date, "value": value, **values}
        )

    def water(self, month="2026-11-01"):
        run = self.make_run(month, self.item_water)
        run.action_compute()
        return run.with_env(self.env)

    def test_consumption_times_multiplier_times_price(self):
        reading = self.take_reading("2026-11-30", 112.5)
        self.assertEqual((reading.previous_value, reading.consumption), (100, 25))
        charge = self.water().charge_ids
        self.assertEqual((charge.quantity, charge.amount_total), (25, 112.5))
        self.assertEqual(charge.explanation, "W-1: 100 → 112.5 × 2 = 25 m³ × 4.50, tariff 2026-W")
        self.assertEqual(reading.charge_id, charge)

    def test_tiers(self):
        self.make_tariff(
            self.item_water,
            "2026-T",
            "metered",
            0,
            date_from="2026-11-01",
            tier_ids=[
                Command.create({"quantity_from": 0, "price": 4}),
                Command.create({"quantity_from": 10, "price": 6}),
                Command.create({"quantity_from": 20, "price": 10}),
            ],
        )
        self.take_reading("2026-11-30", 112.5)
        charge = self.water().charge_ids
        self.assertEqual(charge.amount_total, 10 * 4 + 10 * 6 + 5 * 10)
        self.assertIn("10 × 4.00 + 10 × 6.00 + 5 × 10.00", charge.explanation)

    def test_missing_reading_and_missing_meter_are_refused(self):
        self.assign(self.item_water, self.units[1])
        run = self.water()
        self.assertFalse(run.charge_ids)
        self.assertEqual(
            {(issue.unit_id, issue.reason) for issue in run.issue_ids},
            {(self.units[0], "missing_reading"), (self.units[1], "no_meter")},
        )

    def test_a_missing_reading_leads_to_the_estimate_or_to_where_it_is_entered(self):
        with freeze_time("2026-11-20 04:00:00"):
            [issue, later] = (self.water(month).issue_ids for month in ("2026-11-01", "2026-12-01"))
            self.assertEqual(issue.action_put_right()["res_model"], "pm.meter.missing")
            action = later.with_user(self.accountant).action_put_right()
        self.assertEqual(action["res_model"], "pm.meter.reading")
        defaults = action["context"]
        self.assertEqual((defaults["default_meter_id"], str(defaults["default_date"])), (self.meter.id, "2026-12-31"))

    def test_reading_below_the_last_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "below the reading before"), self.cr.savepoint():
            self.take_reading("2026-11-30", 99.999)
        self.take_reading("2026-11-30", 100)  # equal is fine: nothing used

    def test_rollover(self):
        self.take_reading("2026-11-15", 9990)
        reading = self.take_reading("2026-11-30", 5, rolled_over=True)
        self.assertEqual(reading.consumption, 30)
        with self.assertRaises(ValidationError):
            self.take_reading("2026-12-31", 10001)

    def test_range_is_entered_when_the_register_starts_again_for_the_first_time(self):
        """Until then nothing was reckoned with it, though readings are billed; afterwards it stays."""
        self.item_water.abnormal_percent = 10_000  # what is unusual is another matter
        self.meter.rollover_value = 0
        self.take_reading("2026-11-30", 998)
        self.water()
        with self.assertRaisesRegex(ValidationError, "set on the meter what it counts up to"), self.cr.savepoint():
            self.take_reading("2026-12-31", 3, rolled_over=True)
        with self.assertRaisesRegex(UserError, "has shown"):
            self.meter.rollover_value = 900
        self.meter.rollover_value = 1000
        with self.assertRaisesRegex(ValidationError, "did not start again"), self.cr.savepoint():
            self.take_reading("2026-12-31", 999, rolled_over=True)
        self.take_reading("2026-12-31", 3, rolled_over=True)
        charge = self.water("2026-12-01").charge_ids
        self.assertEqual((charge.quantity, charge.amount_total), (10, 45))
        with self.assertRaisesRegex(UserError, "are billed"):
            self.meter.rollover_value = 10000

    def test_negative_reading_and_second_of_a_day(self):
        with self.assertRaises(psycopg2.IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.take_reading("2026-11-30", -1)
            self.env.flush_all()
        self.take_reading("2026-11-30", 120)
        with self.assertRaises(psycopg2.IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.take_reading("2026-11-30", 121)
            self.env.flush_all()

    def test_reading_between_two_moves_the_following(self):
        last = self.take_reading("2026-11-30", 120)
        self.take_reading("2026-11-15", 110)
        self.assertEqual(last.consumption, 20)

    def test_billed_reading_is_locked_until_reversed(self):
        reading = self.take_reading("2026-11-30", 110)
        run = self.water()
        with self.assertRaises(UserError):
            reading.value = 111
        for vals in ({"multiplier": 3}, {"unit_id": self.units[1].id}):
            with self.assertRaisesRegex(UserError, "are billed"):
                self.meter.write(vals)
        self.meter.write({"multiplier": 2.0, "unit_id": self.meter.unit_id.id, "location": "Riser"})
        with self.assertRaises(ValidationError):
            self.take_reading("2026-11-20", 105)
        run.with_user(self.supervisor).action_approve()
        run.with_user(self.accountant).action_post()
        run.charge_ids.with_user(self.accountant)._reverse("our_error")
        reading.invalidate_recordset()
        self.assertFalse(reading.charge_id)
        reading.value = 111
        again = self.water()
        self.assertEqual(again.charge_ids.quantity, 22)
        self.assertEqual(again.charge_ids.amount_total, 99)

    def test_recomputing_frees_and_takes_the_readings(self):
        reading = self.take_reading("2026-11-30", 110)
        run = self.water()
        first = reading.charge_id
        run.with_user(self.accountant).action_compute()
        reading.invalidate_recordset()
        self.assertTrue(reading.charge_id)
        self.assertNotEqual(reading.charge_id, first)
        self.assertEqual(run.charge_count, 1)

    def test_two_meters_make_one_charge(self):
        second = self.meter.copy({"code": "W-2", "multiplier": 1})
        self.take_reading("2026-10-31", 7, second, is_initial=True)
        self.take_reading("2026-11-30", 10, second)
        self.take_reading("2026-11-30", 110)
        charge = self.water().charge_ids
        self.assertEqual(charge.quantity, 23)
        self.assertEqual(len(charge.details["readings"]), 2)

    def test_payer_of_the_day_of_the_reading(self):
        self.parties[0].date_to = "2026-11-10"
        tenant = self.env["res.partner"].create({"name": "Tenant"})
        self.env["pm.unit.party"].create(
            {
                "unit_id": self.units[0].id,
                "partner_id": tenant.id,
                "role": "tenant",
                "is_payer": True,
                "date_from": "2026-11-11",
            }
        )
        self.take_reading("2026-11-10", 105)
        self.take_reading("2026-11-30", 120)
        charges = self.water().charge_ids
        self.assertEqual({charge.partner_id: charge.quantity for charge in charges}, {self.owners[0]: 10, tenant: 30})

    def test_unusual_use_is_marked_and_not_billed_unseen(self):
        for month, value in ((7, 10), (8, 20), (9, 30)):
            self.take_reading(f"2026-{month:02d}-28", value)
        normal = self.take_reading("2026-11-30", 110)
        self.assertAlmostEqual(normal.usual, 40 / 62 * 30, 3)
        self.assertFalse(normal.abnormal)
        odd = self.take_reading("2026-12-31", 200)
        self.assertTrue(odd.abnormal)
        run = self.water("2026-12-01")
        self.assertEqual((run.issue_ids.reason, run.issue_ids.severity), ("abnormal", "refused"))
        self.assertEqual(run.charge_count, 0)

    def test_pass_through_goes_to_the_liability_without_markup(self):
        self.take_reading("2026-11-30", 110)
        run = self.water()
        run.with_user(self.supervisor).action_approve()
        run.with_user(self.accountant).action_post()
        lines = run.charge_ids.move_line_id.move_id.line_ids
        self.assertEqual(
            sum(lines.filtered(lambda line: line.account_id == self.property.passthrough_account_id).mapped("balance")),
            -90,
        )
        self.assertLedgerMatches()
