from decimal import Decimal

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ..models.fee_formula import Formula, FormulaError
from .common_billing import BillingCase


class MethodCase(BillingCase):
    def computed(self, month="2026-11-01", items=None):
        run = self.make_run(month, items)
        run.action_compute()
        return run.with_env(self.env)

    def charges(self, item, month="2026-11-01", unit=None):
        charges = self.computed(month, item).charge_ids.sorted("period_start")
        return charges.filtered(lambda charge: charge.unit_id == unit) if unit else charges


@tagged("post_install", "-at_install")
class TestBillingMethods(MethodCase):
    """Areas, one-off fees, whole months, quantities."""

    def test_each_area(self):
        self.units[0].write({"area_chargeable": 100, "area_built": 110, "area_inner": 75})
        for basis, expected in (("chargeable", 200), ("built", 220), ("inner", 150)):
            item = self.make_item(basis.upper(), basis)
            self.make_tariff(item, "1", "area", 2, area_basis=basis)
            self.assign(item, self.units[0])
            self.assertEqual(self.charges(item).amount_total, expected, basis)

    def test_half_yearly_and_yearly(self):
        for period, month, end, total in (
            ("6", "2026-07-01", "2026-12-31", 60),
            ("12", "2027-01-01", "2027-12-31", 120),
        ):
            item = self.make_item(f"P{period}", "Long", period=period)
            self.make_tariff(item, "1", "fixed", 10)
            self.assign(item, self.units[0])
            self.assertFalse(self.charges(item, "2026-11-01"))
            charge = self.charges(item, month)
            self.assertEqual((charge.amount_total, str(charge.period_end)), (total, end))

    def test_quantity_of_a_fixed_fee(self):
        item = self.make_item("SP", "Space")
        self.make_tariff(item, "1", "fixed", 50)
        self.assign(item, self.units[0], quantity=3)
        charge = self.charges(item)
        self.assertEqual((charge.quantity, charge.amount_total), (3, 150))
        self.assertIn("3 × 50.00 × 1 month", charge.explanation)

    # One-off

    def once(self, date_from="2026-11-17", **values):
        item = self.make_item("ON", "Card", period="0", **values)
        self.make_tariff(item, "1", "fixed", 30)
        self.assign(item, self.units[0], date_from=date_from)
        return item

    def test_one_off_is_billed_once_whole_by_the_run_of_its_month(self):
        item = self.once()
        self.assertFalse(self.charges(item, "2026-10-01"))
        run = self.bill("2026-11-01", item)
        charge = run.charge_ids
        self.assertEqual(
            (charge.amount_total, str(charge.period_start), str(charge.period_end)), (30, "2026-11-17", "2026-11-17")
        )
        self.assertEqual(charge.explanation, "30.00, tariff 1")
        for month in ("2026-11-01", "2026-12-01"):
            again = self.computed(month, item)
            self.assertFalse(again.charge_ids)
            self.assertFalse(again.issue_ids)

    def test_one_off_that_a_month_missed_is_billed_by_the_next(self):
        item = self.once("2026-10-17")
        self.assertEqual(self.charges(item, "2026-12-01").amount_total, 30)

    def test_one_off_reversed_is_billed_anew(self):
        item = self.once()
        run = self.bill("2026-11-01", item)
        run.charge_ids.with_user(self.accountant)._reverse("our_error")
        self.assertEqual(self.charges(item).amount_total, 30)

    def test_one_off_by_meter_is_refused(self):
        item = self.make_item("OM", "x", period="0")
        with self.assertRaisesRegex(ValidationError, "one-off"):
            self.make_tariff(item, "1", "metered", 1)

    # By whole months

    def monthly(self, period="1", price=90, **values):
        item = self.make_item(f"M{period}", "Whole months", proration="month", period=period)
        self.make_tariff(item, "1", "fixed", price)
        self.line = self.assign(item, self.units[0], **values)
        return item

    def test_month_begun_counts_in_full(self):
        for day in ("2026-11-01", "2026-11-02", "2026-11-30"):
            item = self.make_item(f"B{day}", "x", proration="month")
            self.make_tariff(item, "1", "fixed", 90)
            self.assign(item, self.units[0], date_from=day)
            charge = self.charges(item)
            self.assertEqual((charge.amount_total, str(charge.period_start)), (90, "2026-11-01"), day)

    def test_quarter_begun_in_its_second_month(self):
        item = self.monthly("3", date_from="2026-11-20")
        charge = self.charges(item, "2026-10-01")
        self.assertEqual(
            (charge.amount_total, str(charge.period_start), str(charge.period_end)), (180, "2026-11-01", "2026-12-31")
        )
        self.assertIn("2 months", charge.explanation)

    def test_payer_of_the_first_day_pays_the_month(self):
        item = self.monthly("3")
        self.parties[0].date_to = "2026-11-10"
        buyer = self.env["res.partner"].create({"name": "Buyer"})
        self.env["pm.unit.party"].create(
            {
                "unit_id": self.units[0].id,
                "partner_id": buyer.id,
                "role": "owner",
                "is_payer": True,
                "date_from": "2026-11-11",
            }
        )
        first, second = self.charges(item, "2026-10-01")
        self.assertEqual(
            (first.partner_id, first.amount_total, str(first.period_end)), (self.owners[0], 180, "2026-11-30")
        )
        self.assertEqual((second.partner_id, second.amount_total, str(second.period_start)), (buyer, 90, "2026-12-01"))

    def test_price_of_the_first_day_counts_for_the_month(self):
        item = self.monthly()
        self.make_tariff(item, "2", "fixed", 120, date_from="2026-11-15")
        self.assertEqual(self.charges(item).amount_total, 90)
        self.assertEqual(self.charges(item, "2026-12-01").amount_total, 120)

    def test_an_assignment_that_follows_in_the_same_month_does_not_bill_it_again(self):
        item = self.monthly(date_to="2026-11-09")
        self.assign(item, self.units[0], date_from="2026-11-10")
        run = self.computed("2026-11-01", item)
        self.assertEqual(run.charge_ids.amount_total, 90)
        self.assertFalse(run.issue_ids)
        self.assertEqual(self.charges(item, "2026-12-01").amount_total, 90)

    def test_no_payer_at_the_beginning_is_refused(self):
        item = self.monthly()
        self.parties[0].date_from = "2026-11-10"
        self.assertEqual(self.computed("2026-11-01", item).issue_ids.reason, "no_payer")


@tagged("post_install", "-at_install")
class TestFormula(MethodCase):
    """Formulas: checked when written, computed by the database, never 0 by mistake."""

    def tariff(self, formula, price=2.0, approve=True, **values):
        code = f"F{len(self.env['pm.fee.item'].search([]))}"
        item = self.make_item(code, "Formula")
        self.make_tariff(item, "1", "formula", price, formula=formula, approve=approve, **values)
        self.assign(item, self.units)
        return item

    def test_minimum_area(self):
        item = self.tariff("max(计费面积, 90) × 单价")
        amounts = {charge.unit_id: charge.amount_total for charge in self.charges(item)}
        self.assertEqual(amounts, {self.units[0]: 200, self.units[1]: 237, self.units[2]: 180})
        charge = self.charges(item, "2026-12-01", self.units[2])
        self.assertEqual(
            charge.explanation, "max(计费面积, 90) × 单价 (area = 80, price = 2) = 180.00 × 1 month, tariff 1"
        )

    def test_formula_is_prorated_and_adds_up(self):
        item = self.tariff("100 / 3")
        self.env["pm.fee.assignment"].search(
            [("unit_id", "=", self.units[0].id), ("item_id", "=", item.id)]
        ).date_from = "2026-11-16"
        self.assertEqual(self.charges(item, unit=self.units[0]).amount_total, 16.66)  # 33.33 − 16.67
        self.assertEqual(self.charges(item, "2026-12-01", self.units[0]).amount_total, 33.33)

    def test_division_by_zero_is_refused_not_zero(self):
        item = self.tariff("area / (built - 100)")
        run = self.computed("2026-11-01", item)
        self.assertEqual(set(run.charge_ids.unit_id), {self.units[1]}, "A-102 has 118.50 m² built")
        refused = {issue.unit_id: issue for issue in run.issue_ids}
        self.assertEqual(refused[self.units[0]].reason, "formula")
        self.assertIn("divides by zero", refused[self.units[0]].remedy)
        self.assertIn("less than zero", refused[self.units[2]].remedy)

    def test_missing_value_is_refused_and_named(self):
        item = self.tariff("min(area, inner) * price")
        run = self.computed("2026-11-01", item)
        self.assertFalse(run.charge_ids)
        self.assertEqual(set(run.issue_ids.mapped("detail")), {"inner"})
        self.assertIn("inner", run.issue_ids[0].remedy)
        self.units.write({"area_inner": 50})
        run.with_user(self.accountant).action_compute()
        self.assertEqual(set(run.charge_ids.mapped("amount_total")), {100})

    def test_database_and_python_agree(self):
        self.units[0].write({"area_chargeable": 87.35, "area_built": 101.2, "area_inner": 70.01})
        for text in (
            "area * price",
            "round(area * 1.055, 1) * 2 - inner / 7",
            "max(area, built, inner) - min(area, 3)",
            "-(area - built) * +quantity",
            "(built-inner)/area*100",
            "0.1 + 0.2",
        ):
            item = self.tariff(text)
            expected = Formula(text).evaluate(
                {"area": 87.35, "built": 101.2, "inner": 70.01, "price": 2, "quantity": 1}
            )
            amount = self.charges(item, unit=self.units[0]).amount_total
            self.assertEqual(Decimal(str(amount)), round(expected, 2), text)

    def test_what_is_no_formula(self):
        for text in (
            "",
            "area +",
            "__import__('os')",
            "area.__class__",
            "price ** 9",
            "usage * 2",
            "min(area)",
            "round(area, price)",
            "round(area, 99)",
            "[1][0]",
            "1 if area else 2",
            "area > 2",
            "'a' * 3",
            "lambda: 1",
            "True",
            "1e400",
            "area; price",
            "max(area, 2, default=3)",
            "(" * 200 + "1" + ")" * 200,
            "1+" * 200 + "1",
            "round(area, True)",
            "area @ price",
            "f'{area}'",
            "area % 3",
            "1j",
        ):
            with self.assertRaises(FormulaError, msg=text):
                Formula(text)

    def test_bad_formula_is_named_when_saved(self):
        with self.assertRaisesRegex(ValidationError, "usage"):
            self.tariff("usage * price", approve=False)
        with self.assertRaisesRegex(ValidationError, "cannot be used"):
            self.tariff(False, approve=False)

    def test_example_shows_slips_before_anything_is_billed(self):
        item = self.tariff("max(area, 60) * price", approve=False)
        self.assertIn("200.00", item.tariff_ids.formula_example)
        item.tariff_ids.with_user(self.accountant).formula = "price / (area - 100)"
        self.assertIn("divides by zero", item.tariff_ids.formula_example)

    def test_approved_formula_is_fixed(self):
        item = self.tariff("area * price")
        with self.assertRaisesRegex(UserError, "new version"):
            item.tariff_ids.formula = "area * 99"
        self.assertIn("area * price", item.tariff_ids._price_text())

    def test_import_refuses_the_row_and_takes_the_rest(self):
        sheet = (
            "项目编码,收费项目编码,版本,计费方式,单价,公式,生效日期\n"
            "T1,PF,A,公式,2,max(计费面积, 60) * 单价,2030-01-01\n".replace(
                "max(计费面积, 60)", '"max(计费面积, 60)"'
            ).replace('" * 单价', ' * 单价"')
            + "T1,RF,B,公式,2,os.system,2030-01-01\n"
        )
        record = self.env["pm.import"].with_user(self.accountant)._load_file("fee_tariff", "t.csv", sheet.encode())
        self.assertEqual((record.created_count, record.error_count), (1, 1), record.sudo().error_ids.mapped("message"))
