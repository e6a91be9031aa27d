import random

import psycopg2
from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_billing import BillingCase


@tagged("post_install", "-at_install")
class TestBillingPool(BillingCase):
    """Pooled costs: the shares add up to the cost, the odd cent goes where the rule says."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.item_pool = cls.make_item("GT", "Common power", category="energy", pass_through=True)
        cls.tariff_pool = cls.make_tariff(cls.item_pool, "2026-G", "pooled", pool_basis="area")
        cls.assign(cls.item_pool, cls.units)

    def pool(self, amount=100.0, approve=True, month="2026-11-01", **values):
        pool = (
            self.env["pm.fee.pool"]
            .with_user(self.accountant)
            .create(
                {
                    "name": "Lift power",
                    "property_id": self.property.id,
                    "item_id": self.item_pool.id,
                    "month": month,
                    "line_ids": [Command.create({"name": "Invoice 7", "price_unit": amount})],
                    **values,
                }
            )
        )
        pool.action_share()
        if approve:
            pool.with_user(self.supervisor).action_approve()
        return pool

    def shares(self, pool):
        return {share.unit_id.code: share.amount for share in pool.share_ids}

    def computed(self, month="2026-11-01"):
        run = self.make_run(month, self.item_pool)
        run.action_compute()
        return run.with_env(self.env)

    def test_by_area_with_the_odd_cents_to_the_largest_remainders(self):
        # 100 m², 118.50 m², 80 m² of 298.50: 33.5008…, 39.6984…, 26.8006…
        self.assertEqual(self.shares(self.pool()), {"A-101": 33.50, "A-102": 39.70, "A-103": 26.80})

    def test_equal_shares_and_equal_remainders(self):
        self.units.write({"area_chargeable": 50})
        self.make_tariff(self.item_pool, "2026-E", "pooled", pool_basis="equal", date_from="2026-11-01")
        pool = self.pool(100)
        self.assertEqual(self.shares(pool), {"A-101": 33.34, "A-102": 33.33, "A-103": 33.33}, "the first unit by code")
        self.assertEqual(pool.share_ids.sorted("unit_id").mapped("odd_cents"), [0.01, 0, 0])
        first, second = self.computed().charge_ids.sorted("unit_id")[:2]
        self.assertIn("100.00 × 1/3 units = 33.34 (+0.01 of it so that all shares add up", first.explanation)
        self.assertIn("100.00 × 1/3 units = 33.33, tariff", second.explanation)

    def test_the_month_before_stands_beside_the_cost(self):
        self.pool(90, month="2026-10-01")
        self.assertEqual(self.pool(approve=False).amount_before, 90)

    def test_by_use(self):
        self.make_tariff(self.item_water, "W", "metered", 4)
        self.make_tariff(
            self.item_pool,
            "2026-U",
            "pooled",
            pool_basis="usage",
            usage_item_id=self.item_water.id,
            date_from="2026-11-01",
        )
        for unit, use in zip(self.units, (30, 10, 0), strict=True):
            meter = self.env["pm.meter"].create(
                {"code": f"W{unit.code}", "unit_id": unit.id, "item_id": self.item_water.id}
            )
            self.env["pm.meter.reading"].create(
                [
                    {"meter_id": meter.id, "date": "2026-10-31", "value": 5, "is_initial": True},
                    {"meter_id": meter.id, "date": "2026-11-30", "value": 5 + use},
                ]
            )
        self.assertEqual(self.shares(self.pool(80)), {"A-101": 60, "A-102": 20})
        charge = self.computed().charge_ids.filtered(lambda c: c.unit_id == self.units[0])
        self.assertIn("80.00 × 30/40 m³ = 60.00", charge.explanation)

    def test_shares_always_add_up(self):
        numbers = random.Random(7)
        self.more_units(40)
        self.assign(self.item_pool, self.env["pm.unit"].search([("code", "like", "B-")]))
        for month in range(1, 9):
            amount = numbers.randint(1, 500_000) / 100
            pool = self.pool(amount, month=f"2026-{month:02d}-01")
            self.assertAlmostEqual(sum(pool.share_ids.mapped("amount")), amount, 2)
            self.assertFalse(pool.share_ids.filtered(lambda share: share.amount < 0))
            exact = {share: amount * share.weight / sum(pool.share_ids.mapped("weight")) for share in pool.share_ids}
            self.assertTrue(all(abs(share.amount - value) < 0.0101 for share, value in exact.items()))

    def test_run_bills_what_the_pool_allots(self):
        pool = self.pool()
        run = self.bill("2026-11-01", self.item_pool)
        self.assertEqual({c.unit_id.code: c.amount_total for c in run.charge_ids}, self.shares(pool))
        self.assertEqual(run.amount_total, 100)
        charge = run.charge_ids.filtered(lambda c: c.unit_id == self.units[1])
        self.assertEqual(charge.explanation, "Lift power: 100.00 × 118.50/298.50 m² = 39.70, tariff 2026-G")
        self.assertFalse(self.computed().charge_ids)
        self.assertLedgerMatches()

    def test_without_approved_pool_the_row_is_refused(self):
        self.pool(approve=False)
        run = self.computed()
        self.assertFalse(run.charge_ids)
        self.assertEqual(run.issue_ids.mapped("reason"), ["no_pool"] * 3)

    def test_each_unit_pays_for_its_days(self):
        line = self.env["pm.fee.assignment"].search(
            [("unit_id", "=", self.units[0].id), ("item_id", "=", self.item_pool.id)]
        )
        line.date_from = "2026-11-16"
        self.units.write({"area_chargeable": 60})
        self.assertEqual(self.shares(self.pool(100)), {"A-101": 20, "A-102": 40, "A-103": 40})
        run = self.computed()
        charge = run.charge_ids.filtered(lambda c: c.unit_id == self.units[0])
        self.assertEqual(str(charge.period_start), "2026-11-16")
        self.assertIn("30.00/150.00 m² = 20.00 (60.00 m² for 15 of 30 days count as 30.00)", charge.explanation)

    def test_change_of_payer_splits_the_share_to_the_cent(self):
        self.parties[1].date_to = "2026-11-10"
        buyer = self.env["res.partner"].create({"name": "Buyer"})
        self.env["pm.unit.party"].create(
            {
                "unit_id": self.units[1].id,
                "partner_id": buyer.id,
                "role": "owner",
                "is_payer": True,
                "date_from": "2026-11-11",
            }
        )
        self.pool()
        first, second = self.computed().charge_ids.filtered(lambda c: c.unit_id == self.units[1]).sorted("period_start")
        self.assertEqual((first.partner_id, second.partner_id), (self.owners[1], buyer))
        self.assertEqual((first.amount_total, second.amount_total), (13.23, 26.47))
        self.assertIn("10/30 days", first.explanation)

    def test_gap_between_payers_is_refused(self):
        self.parties[1].date_to = "2026-11-20"
        self.pool()
        run = self.computed()
        self.assertEqual(
            (run.issue_ids.unit_id, run.issue_ids.reason, run.issue_ids.days_missing), (self.units[1], "payer_gap", 10)
        )
        self.assertEqual(len(run.charge_ids), 2)

    def test_only_the_units_in_scope_and_no_unit_twice(self):
        other = self.env["pm.building"].create({"name": "B", "code": "B", "property_id": self.property.id})
        self.units[2].building_id = other
        self.assertEqual(set(self.shares(self.pool(building_ids=[Command.set(self.building.ids)]))), {"A-101", "A-102"})
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.pool()
        self.assertEqual(set(self.shares(self.pool(building_ids=[Command.set(other.ids)]))), {"A-103"})

    def test_four_eyes_and_what_changes_voids_the_shares(self):
        pool = self.pool(approve=False)
        with self.assertRaisesRegex(UserError, "somebody else"):
            pool.action_approve()
        with self.assertRaises(AccessError):
            pool.with_user(self.assistant).action_approve()
        for vals in ({"state": "approved"}, {"author_id": self.supervisor.id}):
            with self.assertRaises(AccessError):
                pool.write(vals)
        pool.line_ids.price_unit = 50
        self.assertEqual((pool.state, pool.share_count), ("draft", 0))
        with self.assertRaises(UserError):
            pool.with_user(self.supervisor).action_approve()
        pool.action_share()
        pool.with_user(self.supervisor).action_approve()
        with self.assertRaisesRegex(UserError, "reopen"):
            pool.line_ids.price_unit = 60
        with self.assertRaises(AccessError):
            pool.share_ids[0].amount = 1

    def test_an_accountant_of_another_property_works_nothing_out_here(self):
        pool = self.pool(approve=False)
        stranger = self.accountant.copy({"login": "stranger", "pm_property_ids": [Command.clear()]})
        for step in ("action_share", "action_cancel", "action_reopen"):
            with self.subTest(step=step), self.assertRaises(AccessError):
                getattr(pool.with_user(stranger), step)()
        self.assertEqual((pool.state, pool.share_count), ("shared", len(self.units)))

    def test_billed_pool_is_reopened_only_after_reversal(self):
        pool = self.pool()
        run = self.bill("2026-11-01", self.item_pool)
        with self.assertRaisesRegex(UserError, "reverse its charges"):
            pool.action_reopen()
        run.charge_ids.with_user(self.accountant)._reverse("our_error")
        pool.action_reopen()
        pool.line_ids.price_unit = 90
        pool.action_share()
        pool.with_user(self.supervisor).action_approve()
        self.assertEqual(self.bill("2026-11-01", self.item_pool).amount_total, 90)
        self.assertLedgerMatches()

    def test_discount_reduces_the_share_at_the_company_s_cost(self):
        line = self.env["pm.fee.assignment"].search(
            [("unit_id", "=", self.units[0].id), ("item_id", "=", self.item_pool.id)]
        )
        line.with_user(self.assistant).write({"discount": 50, "discount_reason": "vacant"})
        self.pool()
        self.assertEqual(self.computed().issue_ids.reason, "discount")
        line.with_user(self.supervisor).action_approve_discount()
        run = self.computed()
        self.assertEqual(run.charge_ids.filtered(lambda c: c.unit_id == self.units[0]).amount_total, 16.75)

    def test_bad_input(self):
        self.units[0].area_chargeable = 0
        with self.assertRaisesRegex(UserError, "A-101"):
            self.pool()
        self.units[0].area_chargeable = 1
        with self.assertRaisesRegex(UserError, "above zero"):
            self.pool(0)
        with self.assertRaisesRegex(UserError, "above zero"):
            self.pool(-5)
        with self.assertRaisesRegex(UserError, "must be in force"):
            self.pool(month="2023-01-01")
        self.env["pm.fee.assignment"].search([("item_id", "=", self.item_pool.id)]).write({"date_to": "2026-10-31"})
        with self.assertRaisesRegex(UserError, "Nobody shares"):
            self.pool()
        quarterly = self.make_item("QP", "x", period="3")
        with self.assertRaisesRegex(ValidationError, "monthly"):
            self.make_tariff(quarterly, "1", "pooled")
        with self.assertRaisesRegex(ValidationError, "readings count"):
            self.make_tariff(self.item_fixed, "U", "pooled", pool_basis="usage", approve=False)
        self.assertIn("shared by chargeable area", self.tariff_pool._price_text())
