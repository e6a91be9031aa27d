from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common_billing import BillingCase


@tagged("post_install", "-at_install")
class TestMeterReplacement(BillingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_tariff(cls.item_water, "2026-W", "metered", 4.5)
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
        cls.take_reading(cls.meter, "2026-10-31", 9990, is_initial=True)

    @classmethod
    def take_reading(cls, meter, date, value, **values):
        return cls.env["pm.meter.reading"].create({"meter_id": meter.id, "date": date, "value": value, **values})

    def replace(self, date="2026-11-10", final=9995, **values):
        with Form(self.env["pm.meter.replace"].with_context(default_meter_id=self.meter.id)) as form:
            form.date, form.final_value, form.new_code, form.first_value = date, final, "W-2", 7
            for name, value in values.items():
                form[name] = value
        return self.env["pm.meter"].browse(form.save().action_replace()["res_id"])

    def bill(self, month="2026-11-01"):
        run = self.make_run(month, self.item_water)
        run.action_compute()
        return run.with_env(self.env)

    def test_both_consumptions_are_billed_in_the_month(self):
        new = self.replace(multiplier=1)
        self.take_reading(new, "2026-11-30", 27)
        run = self.bill()
        self.assertFalse(run.issue_ids)
        self.assertEqual(run.charge_ids.quantity, 5 * 2 + 20)
        self.assertIn("W-1", run.charge_ids.explanation)
        self.assertIn("W-2", run.charge_ids.explanation)
        self.assertEqual(new.replaces_id, self.meter)
        self.assertEqual(str(self.meter.date_removed), "2026-11-10")

    def test_the_month_after_asks_for_the_new_meter_only(self):
        self.replace()
        run = self.bill("2026-12-01")
        self.assertEqual(run.issue_ids.mapped("meters"), ["W-2"])

    def test_new_meter_takes_ratio_and_range_of_the_old_one(self):
        new = self.replace()
        self.assertEqual((new.multiplier, new.rollover_value, new.unit_id), (2, 10000, self.units[0]))
        self.assertEqual((new.reading_ids.value, new.reading_ids.is_initial), (7, True))

    def test_final_reading_after_a_rollover(self):
        self.replace(final=5, rolled_over=True)
        final = self.meter.reading_ids.filtered(lambda reading: not reading.is_initial)
        self.assertEqual((str(final.date), final.consumption), ("2026-11-10", 30))

    def test_final_reading_below_the_one_before_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "below the reading before"), self.cr.savepoint():
            self.replace(final=9989.999)
        self.replace(final=9990)  # nothing used is fine

    def test_replacement_must_be_later_than_the_last_reading(self):
        with self.assertRaisesRegex(UserError, "later day"):
            self.replace(date="2026-10-31")
        self.replace(date="2026-11-01")

    def test_meter_is_replaced_once_and_not_read_afterwards(self):
        self.replace()
        with self.assertRaisesRegex(UserError, "removed on 2026-11-10"):
            self.replace(date="2026-11-11", new_code="W-3")
        with self.assertRaisesRegex(ValidationError, "read the meter that replaced it"):
            self.take_reading(self.meter, "2026-11-11", 9999)

    def test_only_accountants_replace_meters(self):
        with self.assertRaises(AccessError):
            self.env["pm.meter.replace"].with_user(self.cashier).create(
                {"meter_id": self.meter.id, "final_value": 1, "new_code": "X"}
            )
