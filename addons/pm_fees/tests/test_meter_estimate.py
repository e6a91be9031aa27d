from freezegun import freeze_time
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common_settlement import SettlementCase


@tagged("post_install", "-at_install")
class TestMeterEstimate(SettlementCase):
    """Meters that were not read, or whose use is unusual: nothing of it is billed unseen, and nothing twice (S1-50)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_tariff(cls.item_water, "2026-W", "metered", 4)
        cls.assign(cls.item_water, cls.units[0])
        cls.meter = cls.env["pm.meter"].create(
            {"code": "W-1", "unit_id": cls.units[0].id, "item_id": cls.item_water.id, "date_installed": "2026-06-30"}
        )
        # 30, 31, 31 and 30 days: one a day.
        for date, value in (
            ("2026-06-30", 100),
            ("2026-07-31", 131),
            ("2026-08-31", 162),
            ("2026-09-30", 192),
            ("2026-10-31", 223),
        ):
            cls.read_meter(date, value, is_initial=value == 100)
        cls.Reading = cls.env["pm.meter.reading"]

    @classmethod
    def read_meter(cls, date, value, **values):
        return cls.env["pm.meter.reading"].create({"meter_id": cls.meter.id, "date": date, "value": value, **values})

    def estimate(self, date="2026-11-30", reason="nobody at home"):
        readings, refused = self.Reading.with_user(self.accountant)._estimate(
            self.meter, fields.Date.to_date(date), reason
        )
        return readings.with_env(self.env), refused

    def water(self, month="2026-11-01", post=True):
        run = self.make_run(month, self.item_water)
        run.action_compute()
        if post and run.charge_ids:
            run.with_user(self.supervisor).action_approve()
            run.with_user(self.accountant).action_post()
        return run.with_env(self.env)

    # Estimates

    def test_average_of_the_periods_before_by_days(self):
        reading, refused = self.estimate()
        self.assertFalse(refused)
        self.assertEqual((reading.value, reading.consumption, reading.estimated), (253, 30, True))
        self.assertEqual((reading.estimate_rule, reading.estimate_reason), ("average", "nobody at home"))

    def test_same_month_of_last_year_or_the_average_without_one(self):
        self.item_water.estimate_rule = "last_year"
        reading, _refused = self.estimate()
        self.assertEqual((reading.estimate_rule, reading.consumption), ("average", 30))
        reading.unlink()
        self.meter.date_installed = "2025-10-31"
        self.read_meter("2025-10-31", 0, is_initial=True)
        self.read_meter("2025-11-30", 60)  # two a day
        reading, _refused = self.estimate()
        self.assertEqual((reading.estimate_rule, reading.consumption), ("last_year", 60))

    def test_the_bill_says_that_it_is_estimated(self):
        self.estimate()
        charge = self.water().charge_ids
        self.assertEqual(charge.amount_total, 120)
        self.assertEqual(charge.explanation, "W-1: 223 → 253 (estimated) = 30 m³ × 4.00, tariff 2026-W")

    def test_estimate_runs_over_the_top_of_the_register(self):
        self.meter.rollover_value = 240
        reading, _refused = self.estimate()
        self.assertEqual((reading.value, reading.rolled_over, reading.consumption), (13, True, 30))

    def test_estimate_over_the_top_of_a_meter_that_has_not_passed_it_is_corrected(self):
        self.meter.rollover_value = 240
        estimate, _refused = self.estimate()
        charge = self.water().charge_ids
        real = self.read_meter("2026-12-30", 235)
        self.assertEqual((real.consumption, real.overestimated), (-18, True), "12 used, 30 billed")
        self.assertIn("overestimated", self.water("2026-12-01", post=False).issue_ids.mapped("reason"))
        record = self.env["pm.charge.correction"].browse(
            real.with_user(self.accountant).action_correct_estimate()["res_id"]
        )
        record.with_user(self.accountant).action_compare()
        record.with_user(self.supervisor).action_approve()
        self.assertEqual((estimate.value, estimate.rolled_over, real.consumption), (229, False, 6))
        self.assertEqual((charge.state, record.new_charge_ids.amount_total), ("reversed", 24))
        self.assertLedgerMatches()

    def test_meter_read_in_the_month_of_its_estimate_is_corrected_though_its_use_is_unusual(self):
        """The use that is left for the reading is nobody's to confirm before the correction: it is approved with it."""
        self.item_water.abnormal_percent = 30
        self.estimate("2026-11-10")
        charge = self.water().charge_ids
        real = self.read_meter("2026-11-30", 229)
        self.assertTrue(real.overestimated)
        record = self.env["pm.charge.correction"].browse(
            real.with_user(self.accountant).action_correct_estimate()["res_id"]
        )
        record.with_user(self.accountant).action_compare()
        self.assertFalse(record.issue_note)
        self.assertFalse(real.confirmed_by, "the trial leaves no trace")
        record.with_user(self.supervisor).action_approve()
        self.assertEqual((real.consumption, real.abnormal, real.to_confirm), (4, True, False))
        self.assertEqual((real.confirmed_by, real.confirm_reason), (self.supervisor, record.note))
        self.assertEqual((charge.state, record.new_charge_ids.amount_total), ("reversed", 24))

    @freeze_time("2026-11-26 04:00:00")
    def test_what_would_be_estimated_is_shown_and_so_is_why_not(self):
        self.meter.write({"rollover_value": 240, "multiplier": 2})
        missing = self.env["pm.meter.missing"].search([("meter_id", "=", self.meter.id)])
        shown = (missing.expected_value, missing.expected_use, missing.expected_rule)
        reading, _refused = self.estimate("2026-11-26")
        self.assertEqual((reading.value, reading.consumption, reading.estimate_rule), shown)
        self.assertTrue(reading.rolled_over and reading.consumption > 0)
        reading.unlink()
        self.item_water.estimate_limit = 1
        self.meter.last_reading_id.sudo().estimated = True
        missing.invalidate_recordset()
        self.assertFalse(missing.expected_use)
        self.assertIn("must be read", missing.expected_note)

    def test_multiplier_is_taken_out_of_the_estimated_use(self):
        self.meter.multiplier = 10
        reading, _refused = self.estimate()
        self.assertEqual((reading.value, reading.consumption), (253, 300))

    def test_without_history_or_reason_there_is_no_estimate(self):
        new = self.meter.copy({"code": "W-2", "date_installed": "2026-10-31"})
        self.env["pm.meter.reading"].create({"meter_id": new.id, "date": "2026-10-31", "value": 5, "is_initial": True})
        readings, refused = self.Reading._estimate(new, fields.Date.to_date("2026-11-30"), "r")
        self.assertFalse(readings)
        self.assertIn("read it", refused[new])
        with self.assertRaisesRegex(UserError, "why"):
            self.estimate(reason="  ")

    def test_after_two_estimates_in_a_row_the_meter_must_be_read(self):
        for date in ("2026-11-30", "2026-12-31"):
            self.assertFalse(self.estimate(date)[1], date)
        readings, refused = self.estimate("2027-01-31")
        self.assertFalse(readings)
        self.assertIn("2 times", refused[self.meter])
        self.item_water.estimate_limit = 0
        self.assertTrue(self.estimate("2027-01-31")[0])

    def test_only_the_accountant_estimates_and_nobody_marks_by_hand(self):
        with self.assertRaises(AccessError):
            self.Reading.with_user(self.technician)._estimate(self.meter, fields.Date.to_date("2026-11-30"), "r")
        reading = self.Reading.with_user(self.technician).create(
            {"meter_id": self.meter.id, "date": "2026-11-30", "value": 250, "estimated": True}
        )
        self.assertFalse(reading.estimated)

    def test_who_enters_what_an_estimated_meter_shows_has_read_it(self):
        reading, _refused = self.estimate()
        reading.with_user(self.technician).value = 260
        self.assertEqual((reading.estimated, reading.user_id), (False, self.technician))
        self.assertFalse(reading.estimate_reason)

    # The next real reading

    def test_estimated_too_low_the_next_reading_bills_the_rest_only(self):
        self.estimate()
        first = self.water().charge_ids
        real = self.read_meter("2026-12-31", 300)
        self.assertEqual(real.consumption, 47)
        real.with_user(self.accountant)._confirm_use("checked")
        second = self.water("2026-12-01").charge_ids
        self.assertEqual(first.quantity + second.quantity, 300 - 223)

    def test_estimated_too_high_is_taken_back_and_billed_anew(self):
        estimate, _refused = self.estimate()
        old = self.water().charge_ids
        self.receive(self.units[0], old.amount_total, old)
        real = self.read_meter("2026-12-31", 243.333)  # 20.333 in 61 days
        self.assertTrue(real.overestimated)
        run = self.water("2026-12-01")
        self.assertFalse(run.charge_ids)
        self.assertEqual(run.issue_ids.reason, "overestimated")
        self.assertIn("Correct Estimate", run.issue_ids.remedy)
        action = real.with_user(self.accountant).action_correct_estimate()
        correction = self.env["pm.charge.correction"].browse(action["res_id"])
        with self.assertRaisesRegex(UserError, "under way"):
            real.with_user(self.accountant).action_correct_estimate()
        correction.with_user(self.accountant).action_compare()
        self.assertEqual((correction.old_total, correction.new_total), (120, 40))
        self.assertEqual((estimate.value, estimate.charge_id), (253, old), "the trial leaves no trace")
        with self.assertRaises(UserError):
            correction.with_user(self.accountant).action_approve()
        correction.with_user(self.supervisor).action_approve()
        self.assertEqual((estimate.value, real.consumption, real.overestimated), (233, 10.333, False))
        self.assertEqual((old.state, old.reverse_reason), ("reversed", "estimate"))
        self.assertEqual(estimate.charge_id.amount_total, 40)
        self.assertEqual(estimate.charge_id.paid_state, "paid")
        self.assertEqual(self.credit_of(self.units[0]), 80, "what was paid too much stays the payer's")
        self.assertFalse(real.abnormal and not real.to_confirm)
        real.filtered("to_confirm").with_user(self.accountant)._confirm_use("checked")
        run.with_user(self.accountant).action_compute()
        self.assertAlmostEqual(run.charge_ids.quantity + estimate.charge_id.quantity, 20.333)
        self.assertLedgerMatches()

    def test_several_unbilled_estimates_are_placed_by_days_at_once(self):
        first, _refused = self.estimate("2026-11-30")
        second, _refused = self.estimate("2026-12-31")
        real = self.read_meter("2027-01-31", 223 + 9.2)  # 92 days
        self.assertIsNone(real.with_user(self.accountant).action_correct_estimate())
        self.assertEqual((first.value, second.value), (226, 229.1))
        self.assertAlmostEqual(real.consumption, 3.1)
        with self.assertRaisesRegex(UserError, "nothing"):
            real.with_user(self.accountant).action_correct_estimate()

    def test_below_the_last_real_reading_is_refused_even_after_an_estimate(self):
        self.estimate()
        with self.assertRaisesRegex(ValidationError, "223"), self.cr.savepoint():
            self.read_meter("2026-12-31", 222.999)
        self.assertTrue(self.read_meter("2026-12-31", 223).overestimated)

    # Unusual use

    def test_unconfirmed_unusual_use_is_not_billed(self):
        reading = self.read_meter("2026-11-30", 400)
        self.assertTrue(reading.to_confirm)
        run = self.water()
        self.assertFalse(run.charge_ids)
        issue = run.issue_ids
        self.assertEqual((issue.reason, issue.severity, issue.meters), ("abnormal", "refused", "W-1"))
        self.assertIn("confirm it with the reason", issue.remedy)
        self.assertEqual(run.unusual_count, 1)
        wizard = Form(
            self.env["pm.meter.confirm"].with_user(self.supervisor).with_context(default_reading_ids=reading.ids)
        )
        wizard.reason = "a leak, repaired"
        wizard.save().action_confirm()
        self.assertEqual((reading.confirmed_by, reading.confirm_reason), (self.supervisor, "a leak, repaired"))
        self.assertTrue(reading.confirmed_on)
        run.with_user(self.accountant).action_compute()
        self.assertEqual(run.charge_ids.quantity, 177)
        self.assertEqual((run.issue_ids.reason, run.issue_ids.severity), ("abnormal", "warning"))

    def test_confirmation_holds_for_the_use_that_was_seen(self):
        reading = self.read_meter("2026-11-30", 400)
        reading.with_user(self.accountant)._confirm_use("seen")
        self.assertFalse(reading.to_confirm)
        reading.value = 500
        self.assertTrue(reading.to_confirm)

    def test_threshold_is_a_setting_and_a_fee_item_may_have_its_own(self):
        self.assertFalse(self.read_meter("2026-11-30", 223 + 45).abnormal)  # usual: 30, allowed: 50 %
        self.Reading.search([("date", "=", "2026-11-30")]).unlink()
        self.assertTrue(self.read_meter("2026-11-30", 223 + 46).abnormal)
        self.Reading.search([("date", "=", "2026-11-30")]).unlink()
        self.item_water.abnormal_percent = 100
        self.assertFalse(self.read_meter("2026-11-30", 223 + 60).abnormal)

    def test_confirming_asks_for_role_and_reason(self):
        reading = self.read_meter("2026-11-30", 400)
        with self.assertRaises(AccessError):
            reading.with_user(self.technician)._confirm_use("r")
        with self.assertRaises(UserError):
            reading.with_user(self.accountant)._confirm_use(" ")
        with self.assertRaises(AccessError):
            reading.with_user(self.technician).write({"confirmed_use": 177})
        normal = self.Reading.search([("date", "=", "2026-10-31"), ("meter_id", "=", self.meter.id)])
        with self.assertRaisesRegex(UserError, "no confirmation"):
            normal.with_user(self.accountant)._confirm_use("r")

    # The list of what is missing

    @freeze_time("2026-12-03 04:00:00")
    def test_meters_without_a_reading_are_listed_and_estimated(self):
        Missing = self.env["pm.meter.missing"].with_user(self.accountant)
        self.read_meter("2026-11-29", 252)
        other = self.meter.copy({"code": "W-9", "unit_id": self.units[1].id})
        self.env["pm.meter.reading"].create(
            [
                {"meter_id": other.id, "date": "2026-09-30", "value": 5, "is_initial": True},
                {"meter_id": other.id, "date": "2026-10-31", "value": 36},
            ]
        )
        mine = [("property_id", "=", self.property.id)]
        self.assertEqual(Missing.search(mine).mapped("meter_id.code"), ["W-1"], "not billed, not missing")
        self.assign(self.item_water, self.units[1])
        rows = Missing.search(mine)
        self.assertEqual(
            rows.mapped(lambda row: (str(row.month), row.meter_id.code)),
            [("2026-11-01", "W-9"), ("2026-12-01", "W-1"), ("2026-12-01", "W-9")],
        )
        run = self.make_run("2026-11-01", self.item_water)
        self.assertEqual(run.missing_reading_count, 1)
        november = Missing.search(run.action_open_missing_readings()["domain"])
        self.assertEqual(
            (november.expected_value, november.expected_rule, november.expected_note),
            (65, "average", False),
            "shown first",
        )
        action = november.action_estimate()
        wizard = Form(self.env["pm.meter.estimate"].with_user(self.accountant).with_context(**action["context"]))
        wizard.reason = "locked"
        shown = wizard.save().action_estimate()
        reading = self.Reading.search(shown["domain"])
        self.assertEqual(
            (str(reading.date), reading.value, reading.estimated), ("2026-11-29", 65, True), "read like the others"
        )
        self.assertFalse(Missing.search(run._missing_domain()))

    @freeze_time("2026-11-26 04:00:00")
    def test_the_list_shows_own_properties_only(self):
        stranger = self.accountant.copy({"login": "stranger", "pm_property_ids": [Command.clear()]})
        self.assertTrue(self.env["pm.meter.missing"].with_user(self.accountant).search([]))
        self.assertFalse(self.env["pm.meter.missing"].with_user(stranger).search([]))
