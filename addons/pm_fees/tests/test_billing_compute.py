from datetime import date

import psycopg2
from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from odoo.tools.misc import format_date

from .common_billing import BillingCase


@tagged("post_install", "-at_install")
class TestBillingCompute(BillingCase):
    """What a run charges, to the cent, and what it refuses."""

    def charge(self, run, unit, item=None):
        return run.charge_ids.filtered(lambda c: c.unit_id == unit and c.item_id == (item or self.item_area)).sorted(
            "period_start"
        )

    def computed(self, month="2026-11-01", items=None):
        run = self.make_run(month, items)
        run.action_compute()
        return run.with_env(self.env)

    def test_month_of_area_and_fixed_fee(self):
        run = self.computed()
        self.assertEqual(run.state, "computed")
        self.assertEqual(run.charge_count, 6)
        self.assertFalse(run.issue_ids)
        charge = self.charge(run, self.units[1])
        self.assertEqual((charge.quantity, charge.price_unit), (118.5, 2.8))
        self.assertEqual((charge.amount_total, charge.amount_tax, charge.amount_untaxed), (331.8, 18.78, 313.02))
        self.assertEqual(charge.partner_id, self.owners[1])
        self.assertEqual(str(charge.due_date), "2026-11-16")
        self.assertEqual((str(charge.period_start), str(charge.period_end)), ("2026-11-01", "2026-11-30"))
        self.assertEqual(
            charge.explanation,
            "118.50 m² × 2.80 × 1 month, tariff 2026-A, incl. ¥\xa018.78 tax".replace(
                "¥\xa0", charge.explanation.split("incl. ")[1].split("18.78")[0]
            ),
        )
        self.assertEqual(len(charge.reference), 12)
        self.assertEqual(charge.residual, 0, "nothing is owed before posting")

    def test_monthly_job_asks_an_accountant_once_and_computing_answers(self):
        with freeze_time("2026-11-02 01:00:00"):
            for _round in range(2):
                with self.enter_registry_test_mode():
                    self.env.ref("pm_fees.ir_cron_billing_create").method_direct_trigger()
        run = self.Run.search([("property_id", "=", self.property.id), ("date_from", "=", "2026-11-01")])
        self.assertEqual(len(run), 1, "the job is safe to run twice")
        self.assertEqual((run.state, run.activity_ids.user_id), ("draft", self.accountant))
        run.with_user(self.accountant).action_compute()
        self.assertFalse(run.activity_ids, "what was asked has been done")

    def test_tax_excluded_comes_on_top(self):
        self.item_fixed.product_id.taxes_id = self.tax
        charge = self.charge(self.computed(), self.units[0], self.item_fixed)
        self.assertEqual((charge.amount_untaxed, charge.amount_tax, charge.amount_total), (50, 3, 53))

    def test_second_run_of_the_month_creates_nothing(self):
        self.computed()
        again = self.computed()
        self.assertEqual(again.charge_count, 0)
        self.assertFalse(again.issue_ids, "what is billed already is no issue")

    def test_adding_a_unit_later_bills_only_what_is_missing(self):
        self.computed()
        unit = self.more_units(1)
        again = self.computed()
        self.assertEqual(again.charge_ids.unit_id, unit)
        self.assertEqual(again.charge_count, 2)

    def test_what_a_posted_month_lacks_is_billed_by_one_button(self):
        first = self.bill(items=self.item_area)
        self.more_units(1)
        with self.assertRaises(AccessError):
            first.with_user(self.supervisor).action_bill_missing()
        action = first.with_user(self.accountant).action_bill_missing()
        again = self.Run.browse(action["res_id"])
        self.assertEqual((again.date_from, again.item_ids, again.state), (first.date_from, first.item_ids, "draft"))
        self.assertEqual(
            first.with_user(self.accountant).action_bill_missing()["res_id"], again.id, "the one under way, not a third"
        )
        with self.assertRaisesRegex(UserError, "not posted"):
            again.with_user(self.accountant).action_bill_missing()

    def test_move_in_on_the_16th_pays_half_of_november(self):
        self.env["pm.fee.assignment"].search(
            [("unit_id", "=", self.units[0].id), ("item_id", "=", self.item_area.id)]
        ).date_from = "2026-11-16"
        charge = self.charge(self.computed(), self.units[0])
        self.assertEqual(charge.amount_total, 140)
        self.assertEqual(str(charge.period_start), "2026-11-16")
        self.assertIn("15/30 days", charge.explanation)

    def test_change_of_payer_splits_by_day_and_adds_up_to_the_cent(self):
        party = self.parties[1]
        party.date_to = "2026-11-10"
        buyer = self.env["res.partner"].create({"name": "Buyer"})
        self.env["pm.unit.party"].create(
            {
                "unit_id": self.units[1].id,
                "partner_id": buyer.id,
                "role": "owner",
                "share": 100,
                "is_payer": True,
                "date_from": "2026-11-11",
            }
        )
        first, second = self.charge(self.computed(), self.units[1])
        self.assertEqual((first.partner_id, second.partner_id), (self.owners[1], buyer))
        self.assertAlmostEqual(first.amount_total + second.amount_total, 331.8, 2)
        self.assertEqual((first.amount_total, second.amount_total), (110.6, 221.2))

    def test_thirds_of_a_month_lose_no_cent(self):
        self.make_tariff(self.item_fixed, "2026-B", "fixed", 100, date_from="2026-12-01")
        party = self.parties[0]
        for start, stop in (("2026-12-08", "2026-12-17"), ("2026-12-18", None)):
            party.date_to = party.date_to or "2026-12-07"
            self.env["pm.unit.party"].create(
                {
                    "unit_id": self.units[0].id,
                    "partner_id": self.env["res.partner"].create({"name": start}).id,
                    "role": "tenant",
                    "is_payer": True,
                    "date_from": start,
                    "date_to": stop,
                }
            )
        parts = self.charge(self.computed("2026-12-01"), self.units[0], self.item_fixed)
        self.assertEqual(len(parts), 3)
        self.assertAlmostEqual(sum(parts.mapped("amount_total")), 100.0, 2)

    def test_payer_at_start_when_the_item_says_so(self):
        self.item_area.payer_rule = "start"
        self.parties[1].date_to = "2026-11-10"
        charge = self.charge(self.computed(), self.units[1])
        self.assertEqual(len(charge), 1)
        self.assertEqual(charge.partner_id, self.owners[1])
        self.assertEqual(charge.amount_total, 331.8)

    def test_new_price_within_the_month_bills_both_versions(self):
        self.make_tariff(self.item_area, "2026-B", "area", 3.1, date_from="2026-11-21")
        first, second = self.charge(self.computed(), self.units[0])
        self.assertEqual(str(self.tariff_area.date_to), "2026-11-20", "the old version ends by itself")
        self.assertEqual((first.amount_total, second.amount_total), (186.67, 103.33))

    def test_gap_and_overlap_of_prices_are_told_before_the_approval(self):
        item = self.make_item("VE", "Versions")
        old = self.make_tariff(item, "1", "fixed", 5, date_from="2026-01-01", date_to="2026-06-30")
        self.assertFalse(old.coverage_note)

        def days(first, last):
            return " to ".join(format_date(self.env, day) for day in (first, last))

        def note(**values):
            return self.make_tariff(item, "2", "fixed", 6, approve=False, **values).coverage_note or ""

        self.assertIn(days("2026-07-01", "2026-07-31"), note(date_from="2026-08-01"))
        self.assertEqual(note(date_from="2026-07-01"), "")
        self.assertIn("no longer meet", note(date_from="2026-06-30"))
        self.assertIn(days("2025-12-01", "2025-12-31"), note(date_from="2025-01-01", date_to="2025-11-30"))
        self.assertIn("no longer meet", note(date_from="2025-01-01"))
        self.assertEqual(note(date_from="2026-03-01", unit_type="shop"), "", "a price of its own for shops")
        opened = self.make_tariff(item, "3", "fixed", 6, date_from="2026-07-01")
        self.assertFalse(opened.coverage_note)
        self.assertEqual(note(date_from="2026-09-01"), "", "the open version ends by itself")

    def test_discount_needs_approval_and_is_explained(self):
        line = self.env["pm.fee.assignment"].search(
            [("unit_id", "=", self.units[0].id), ("item_id", "=", self.item_area.id)]
        )
        line.with_user(self.assistant).write({"discount": 10, "discount_reason": "vacant"})
        run = self.computed()
        self.assertEqual(run.issue_ids.mapped("reason"), ["discount"])
        with self.assertRaises(UserError):
            line.with_user(self.assistant).action_approve_discount()
        line.with_user(self.supervisor).action_approve_discount()
        run.with_user(self.accountant).action_compute()
        charge = self.charge(run, self.units[0])
        self.assertEqual(charge.amount_total, 252)
        self.assertIn("10 % discount (vacant)", charge.explanation)

    def test_waiting_discount_of_other_days_holds_up_nothing(self):
        line = self.env["pm.fee.assignment"].search(
            [("unit_id", "=", self.units[0].id), ("item_id", "=", self.item_area.id)]
        )
        line.with_user(self.assistant).write({"discount": 10, "discount_reason": "x", "discount_from": "2026-12-01"})
        run = self.computed()
        self.assertFalse(run.issue_ids)
        self.assertEqual(self.charge(run, self.units[0]).amount_total, 280)

    def test_approved_discount_that_changes_was_never_approved(self):
        line = self.env["pm.fee.assignment"].search(
            [("unit_id", "=", self.units[0].id), ("item_id", "=", self.item_area.id)]
        )
        line.with_user(self.assistant).write({"discount": 10, "discount_reason": "vacant"})
        for vals in ({"discount_reason": "friend"}, {"item_id": self.item_water.id}, {"discount": 20}):
            with self.subTest(vals=vals):
                line.with_user(self.supervisor).action_approve_discount()
                self.assertEqual(line.discount_state, "approved")
                line.with_user(self.assistant).write(vals)
                self.assertEqual(line.discount_state, "waiting")

    def test_discount_for_part_of_the_month(self):
        line = self.env["pm.fee.assignment"].search(
            [("unit_id", "=", self.units[0].id), ("item_id", "=", self.item_area.id)]
        )
        line.with_user(self.assistant).write(
            {"discount": 30, "discount_reason": "vacant", "discount_from": "2026-11-01", "discount_to": "2026-11-15"}
        )
        line.with_user(self.supervisor).action_approve_discount()
        self.assertEqual(self.charge(self.computed(), self.units[0]).amount_total, 238)  # 280 × (1 - 30 % × 15/30)

    def test_refused_rows_say_why_and_the_rest_is_billed(self):
        self.units[0].area_chargeable = 0
        self.parties[1].is_payer = False
        self.parties[2].date_to = "2026-11-20"
        orphan = self.make_item("NO", "No tariff")
        self.assign(orphan, self.units[0])
        gap = self.make_item("GA", "Gap")
        self.make_tariff(gap, "1", "fixed", 5, date_from="2026-11-05")
        self.assign(gap, self.units[0])
        run = self.computed()
        reasons = {(issue.unit_id, issue.item_id): (issue.reason, issue.days_missing) for issue in run.issue_ids}
        self.assertEqual(reasons[self.units[0], self.item_area], ("area_zero", 0))
        self.assertEqual(reasons[self.units[1], self.item_area], ("no_payer", 0))
        self.assertEqual(reasons[self.units[2], self.item_fixed], ("payer_gap", 10))
        self.assertEqual(reasons[self.units[0], orphan], ("no_tariff", 0))
        self.assertEqual(reasons[self.units[0], gap], ("tariff_gap", 4))
        self.assertEqual(run.charge_ids.mapped("item_id"), self.item_fixed)
        self.assertTrue(all(issue.remedy for issue in run.issue_ids))

    def test_corrected_rows_are_billed_by_computing_again(self):
        self.units[0].area_chargeable = 0
        run = self.computed()
        self.assertEqual(run.refused_count, 1)
        self.units[0].area_chargeable = 90
        run.with_user(self.accountant).action_compute()
        self.assertEqual((run.refused_count, run.charge_count), (0, 6))

    def test_retroactive_change_of_payer_is_an_issue_not_a_second_bill(self):
        self.bill()
        self.parties[1].date_to = "2026-11-10"
        self.env["pm.unit.party"].create(
            {
                "unit_id": self.units[1].id,
                "partner_id": self.owners[0].id,
                "role": "tenant",
                "is_payer": True,
                "date_from": "2026-11-11",
            }
        )
        again = self.computed()
        self.assertEqual(again.charge_count, 0)
        self.assertEqual(set(again.issue_ids.mapped("reason")), {"overlap"})

    def test_special_tariff_of_a_unit_type_goes_first(self):
        self.units[2].unit_type = "shop"
        self.make_tariff(self.item_area, "shop", "area", 5, unit_type="shop")
        run = self.computed()
        self.assertEqual(self.charge(run, self.units[2]).amount_total, 400)
        self.assertEqual(self.charge(run, self.units[0]).amount_total, 280)

    def test_quarterly_item_is_billed_in_its_first_month_only(self):
        item = self.make_item("QU", "Quarterly", period="3")
        self.make_tariff(item, "1", "fixed", 10)
        self.assign(item, self.units[0])
        self.assertFalse(self.computed("2026-11-01").charge_ids.filtered(lambda c: c.item_id == item))
        charge = self.computed("2026-10-01").charge_ids.filtered(lambda c: c.item_id == item)
        self.assertEqual((charge.amount_total, str(charge.period_end)), (30, "2026-12-31"))
        self.assertIn("3 months", charge.explanation)

    def test_a_year_of_a_fee_begins_in_the_month_it_names(self):
        """Heating is charged by the season, a shop's contract by its own quarters."""
        year = self.make_item("HT", "Heating", period="12", first_month="11", category="heating")
        quarter = self.make_item("SQ", "Shop", period="3", first_month="12")
        for item in (year, quarter):
            self.make_tariff(item, "1", "fixed", 10)
            self.assign(item, self.units[0])
        months = {
            item: [month for month in range(1, 13) if item._bills_in(date(2026, month, 1))] for item in (year, quarter)
        }
        self.assertEqual(months, {year: [11], quarter: [3, 6, 9, 12]})
        charges = self.computed("2026-11-01").charge_ids
        [charge] = charges.filtered(lambda c: c.item_id in year | quarter)
        self.assertEqual((charge.amount_total, str(charge.period_end)), (120, "2027-10-31"))
        self.assertEqual(year._period_month(date(2027, 2, 15)), date(2026, 11, 1))
        with self.assertRaisesRegex(ValidationError, "cannot change, charges exist"):
            year.first_month = "1"
        quarter.first_month = "1"

    def test_other_payer_of_an_assignment(self):
        developer = self.env["res.partner"].create({"name": "Developer"})
        self.env["pm.fee.assignment"].search(
            [("unit_id", "=", self.units[0].id), ("item_id", "=", self.item_fixed.id)]
        ).partner_id = developer
        self.assertEqual(self.charge(self.computed(), self.units[0], self.item_fixed).partner_id, developer)

    def test_rounding_rule_of_the_tariff(self):
        self.make_tariff(self.item_fixed, "2026-B", "fixed", 33.35, date_from="2026-11-01", rounding="0.1")
        self.assertEqual(self.charge(self.computed(), self.units[0], self.item_fixed).amount_total, 33.4)

    def test_reference_per_charge(self):
        self.env["ir.config_parameter"].set_param("pm_fees.reference_scope", "charge")
        references = self.computed().charge_ids.mapped("reference")
        self.assertEqual(len(set(references)), 6)

    def test_reference_finds_its_way_through_a_bank_remark(self):
        from ..models.payment_reference import find_references, make_reference

        charge = self.computed().charge_ids[0]
        self.assertEqual(charge.reference, make_reference("unit", charge.unit_id.id))
        self.assertEqual(find_references(f"物业费{charge.reference}十一月"), [("unit", charge.unit_id.id)])
        spaced = " ".join([charge.reference[:4], charge.reference[4:8], charge.reference[8:]])
        self.assertEqual(find_references(spaced), [("unit", charge.unit_id.id)])
        self.assertEqual(find_references(f"fee {charge.reference} 11-12月"), [("unit", charge.unit_id.id)])
        broken = charge.reference[:-1] + str((int(charge.reference[-1]) + 1) % 10)
        swapped = charge.reference[1] + charge.reference[0] + charge.reference[2:]
        for wrong in (broken, swapped, charge.reference + "1", ""):
            self.assertEqual(find_references(wrong), [])

    # Roles and states

    def test_who_computed_cannot_approve(self):
        run = self.computed()
        with self.assertRaisesRegex(UserError, "somebody else"):
            run.with_user(self.accountant).action_approve()
        run.with_user(self.supervisor).action_approve()
        self.assertEqual((run.state, run.approved_by), ("approved", self.supervisor))

    def test_officer_can_neither_compute_nor_approve(self):
        run = self.make_run()
        for user in self.users_of("officer", "cashier", "front_desk"):
            with self.assertRaises(AccessError):
                run.with_user(user).action_compute()

    def test_order_of_steps(self):
        run = self.make_run()
        with self.assertRaisesRegex(UserError, "it must be"):
            run.action_post()
        run.action_compute()
        with self.assertRaises(UserError):
            run.action_post()
        with self.assertRaises(UserError):
            run.date_from = "2026-12-01"

    def test_cancelled_run_leaves_nothing(self):
        run = self.computed()
        run.with_user(self.accountant).action_cancel()
        self.assertFalse(run.charge_ids)
        self.assertEqual(self.computed().charge_count, 6)

    # What the database and the models refuse

    def test_database_refuses_overlapping_tariffs(self):
        other = self.make_tariff(self.item_area, "X", "area", 9, date_from="2026-01-01", approve=False)
        with self.assertRaises(psycopg2.errors.ExclusionViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.cr.execute("UPDATE pm_fee_tariff SET state = 'approved' WHERE id = %s", [other.id])

    def test_database_refuses_a_second_charge_of_the_same_days(self):
        charge = self.charge(self.computed(), self.units[0])
        with self.assertRaises(psycopg2.IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            charge.copy({"period_start": "2026-11-20"})

    def test_author_cannot_approve_tariff_and_approved_price_is_fixed(self):
        draft = self.make_tariff(self.item_fixed, "N", "fixed", 60, date_from="2027-01-01", approve=False)
        with self.assertRaises(UserError):
            draft.with_user(self.accountant).action_approve()
        draft.with_user(self.supervisor).price = 61  # who changes the price becomes its author
        with self.assertRaisesRegex(UserError, "somebody else"):
            draft.with_user(self.supervisor).action_approve()
        with self.assertRaisesRegex(UserError, "new version"):
            self.tariff_area.price = 9

    def test_each_fee_of_the_handbook_is_charged_by_its_own_standard(self):
        """S1-22, S4-51: property, lift, parking, heating, energy and other fees; what has no standard is not charged."""
        prices = {"lift": 30, "parking": 150, "heating": 41.5, "energy": 12.34}
        for category, price in prices.items():
            item = self.make_item(category.upper(), category, category=category)
            self.make_tariff(item, "2026-A", "fixed", price)
            self.assign(item, self.units[0])
        self.assign(self.make_item("NONE", "No standard", category="lift"), self.units[0])
        run = self.computed()
        amounts = {
            charge.item_id.category: charge.amount_total for charge in run.charge_ids if charge.unit_id == self.units[0]
        }
        self.assertEqual(amounts, {"property": 280, "other": 50, **prices})
        self.assertEqual((run.issue_ids.item_id.code, run.issue_ids.reason), ("NONE", "no_tariff"))

    def test_draft_tariff_bills_nothing(self):
        item = self.make_item("DR", "Draft")
        self.make_tariff(item, "1", "fixed", 5, approve=False)
        self.assign(item, self.units[0])
        run = self.computed()
        self.assertEqual(run.issue_ids.reason, "no_tariff")

    def test_new_version_cannot_start_before_what_is_billed(self):
        self.bill()
        with self.assertRaisesRegex(UserError, "has billed until"):
            self.make_tariff(self.item_area, "2026-B", "area", 3, date_from="2026-11-15")

    def test_bad_input(self):
        with self.assertRaises(psycopg2.errors.CheckViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.make_tariff(self.item_fixed, "neg", "fixed", -1, approve=False)
        with self.assertRaises(psycopg2.errors.CheckViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.units[0].area_chargeable = -5
            self.env.flush_all()
        for values, error in (
            ({"date_from": "2025-01-01"}, psycopg2.errors.ExclusionViolation),  # the fee is assigned since 2024
            ({"quantity": 0, "date_from": "2020-01-01", "date_to": "2020-12-31"}, psycopg2.errors.CheckViolation),
            ({"discount": 101, "date_from": "2020-01-01", "date_to": "2020-12-31"}, psycopg2.errors.CheckViolation),
        ):
            with self.assertRaises(error), mute_logger("odoo.sql_db"), self.cr.savepoint():
                self.assign(self.item_area, self.units[0], **values)
        with self.assertRaises(ValidationError):
            self.make_item("XX", "No basis", legal_basis=" ")
        with self.assertRaises(ValidationError):
            self.assign(self.item_water, self.units[0], discount=5)

    def test_more_than_one_tax_is_refused_with_the_remedy(self):
        self.item_fixed.product_id.taxes_id = self.tax | self.tax_included
        with self.assertRaisesRegex(UserError, "at most one percentage tax"):
            self.computed()

    # Jobs

    def test_monthly_job_makes_one_draft_run(self):
        with self.enter_registry_test_mode():
            self.env.ref("pm_fees.ir_cron_billing_create").method_direct_trigger()
        runs = self.Run.search([("property_id", "=", self.property.id), ("automatic", "=", True)])
        self.assertEqual((len(runs), runs.state), (1, "draft"))
        with self.enter_registry_test_mode():
            self.env.ref("pm_fees.ir_cron_billing_create").method_direct_trigger()
        self.assertEqual(self.Run.search_count([("property_id", "=", self.property.id)]), 1)
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            self.Run.create({"property_id": self.property.id, "date_from": runs.date_from, "automatic": True})

    def test_large_run_goes_on_in_the_background(self):
        self.env["ir.config_parameter"].set_param("pm_fees.background_from", 2)
        self.env["ir.config_parameter"].set_param("pm_fees.compute_chunk", 2)
        run = self.make_run()
        run.action_compute()
        self.assertEqual((run.state, run.charge_count), ("computing", 0))
        with self.enter_registry_test_mode():
            self.env.ref("pm_fees.ir_cron_billing_work").method_direct_trigger()
        run.invalidate_recordset()
        self.assertEqual((run.state, run.charge_count, run.done_units), ("computed", 6, 3))

    def test_job_reports_a_failure_and_goes_back(self):
        self.env["ir.config_parameter"].set_param("pm_fees.background_from", 1)
        run = self.make_run()
        run.action_compute()
        self.patch(type(self.Run), "_compute_units", lambda run, units: 1 / 0)
        with self.enter_registry_test_mode(), mute_logger("odoo.addons.pm_fees.models.pm_billing_run"):
            self.env.ref("pm_fees.ir_cron_billing_work").method_direct_trigger()
        run.invalidate_recordset()
        self.assertEqual(run.state, "draft")
        self.assertIn("division by zero", "".join(run.message_ids.mapped("body")))

    def test_killed_between_chunks_goes_on_where_it_stopped(self):
        self.more_units(7)
        self.env["ir.config_parameter"].set_param("pm_fees.compute_chunk", 3)
        run = self.make_run()
        run._transition("computing", total_units=10, computed_by=self.accountant.id)
        run._compute_chunk()
        run._compute_chunk()
        self.assertEqual(run.done_units, 6)
        self.assertAlmostEqual(run.progress, 60)
        run.sudo().cursor = 0  # worst case: the cursor was lost, not the charges
        while not run._compute_chunk():
            pass
        self.assertEqual(run.charge_count, 20)
        self.assertEqual(len(set(run.charge_ids.mapped(lambda c: (c.unit_id, c.item_id)))), 20)

    def test_difference_to_last_month(self):
        self.bill("2026-10-01")
        self.make_tariff(self.item_fixed, "2026-B", "fixed", 60, date_from="2026-11-01")
        self.env["pm.fee.assignment"].search(
            [("unit_id", "=", self.units[2].id), ("item_id", "=", self.item_fixed.id)]
        ).date_to = "2026-10-31"
        run = self.computed()
        rows = {
            (row.unit_id, row.item_id): row
            for row in self.env["pm.billing.difference"].search([("run_id", "=", run.id)])
        }
        changed = rows[self.units[0], self.item_fixed]
        self.assertEqual(
            (changed.kind, changed.previous, changed.amount, changed.difference, changed.percent),
            ("changed", 50, 60, 10, 20),
        )
        self.assertEqual(rows[self.units[0], self.item_area].kind, "same")
        self.assertEqual(
            (rows[self.units[2], self.item_fixed].kind, rows[self.units[2], self.item_fixed].difference), ("gone", -50)
        )

    def test_quarterly_fee_that_ended_is_gone_and_one_off_is_not(self):
        item = self.make_item("QF", "Quarterly", period="3")
        once = self.make_item("OF", "Once", period="0")
        for made in (item, once):
            self.make_tariff(made, "2026-Q", "fixed", 30)
        ended = self.assign(item, self.units[0], date_from="2026-01-01")
        self.assign(once, self.units[1], date_from="2026-03-31")
        self.bill("2026-01-01", item)
        self.bill("2026-03-01", once)
        ended.date_to = "2026-03-31"
        run = self.make_run("2026-04-01", item | once | self.item_fixed)
        run.action_compute()
        rows = self.env["pm.billing.difference"].search([("run_id", "=", run.id), ("kind", "=", "gone")])
        self.assertEqual([(row.unit_id, row.item_id, row.previous) for row in rows], [(self.units[0], item, 90)])
        action = rows.with_user(self.supervisor).action_open_charges()
        self.assertEqual(self.Charge.search(action["domain"]).mapped("amount_total"), [90])
        self.assertEqual(rows.action_open_unit()["res_id"], self.units[0].id)

    def test_a_refused_row_leads_to_what_has_to_be_corrected(self):
        self.tariff_fixed.with_user(self.accountant).action_withdraw()
        self.assign(self.item_water, self.units[0])
        self.make_tariff(self.item_water, "2026-W", "metered", 4)
        line = self.env["pm.fee.assignment"].search(
            [("unit_id", "=", self.units[1].id), ("item_id", "=", self.item_area.id)]
        )
        line.with_user(self.assistant).write({"discount": 10, "discount_reason": "vacant"})
        issues = self.computed().issue_ids.with_user(self.accountant)
        places = {issue.reason: issue.action_put_right() for issue in issues}
        self.assertEqual(set(places), {"no_tariff", "no_meter", "discount"})
        self.assertEqual((places["discount"]["res_model"], places["discount"]["res_id"]), (line._name, line.id))
        tariff = self.env["pm.fee.tariff"].with_user(self.accountant).with_context(**places["no_tariff"]["context"])
        with Form(tariff) as form:
            self.assertEqual((form.item_id, form.property_id), (self.item_fixed, self.property))
            form.name, form.method, form.price = "2026-B", "fixed", 55
        form.record.with_user(self.supervisor).action_approve()
        meter = self.env["pm.meter"].with_user(self.accountant).with_context(**places["no_meter"]["context"])
        self.assertEqual((meter.new().unit_id, meter.new().item_id), (self.units[0], self.item_water))
        line.with_user(self.supervisor).action_approve_discount()
        run = issues.run_id
        run.action_compute()
        self.assertEqual(run.issue_ids.mapped("reason"), ["no_meter"])

    def test_whoever_reviews_learns_which_prices_nobody_can_read_yet(self):
        self.tariff_area.action_publish()
        run = self.computed()
        self.assertEqual(run.unpublished_names, self.tariff_fixed.display_name)
        self.tariff_fixed.action_publish()
        run.invalidate_recordset()
        self.assertFalse(run.unpublished_names)

    def test_new_version_starts_next_month_with_the_price_of_the_old(self):
        with freeze_time("2026-11-20 04:00:00"):
            action = self.tariff_area.with_user(self.accountant).action_new_version()
        draft = self.env["pm.fee.tariff"].browse(action["res_id"])
        self.assertEqual(
            (str(draft.date_from), draft.price, draft.state, draft.author_id, draft.published_on),
            ("2026-12-01", 2.8, "draft", self.accountant, False),
        )
        draft.with_user(self.supervisor).action_approve()
        self.assertEqual(str(self.tariff_area.date_to), "2026-11-30")

    def test_mass_assignment_leaves_what_is_there(self):
        item = self.make_item("NW", "New")
        self.assign(item, self.units[0])
        wizard = (
            self.env["pm.fee.assign"]
            .with_user(self.accountant)
            .create({"property_id": self.property.id, "item_ids": item.ids, "date_from": "2026-01-01"})
        )
        self.assertEqual(wizard.unit_count, 3)
        wizard.action_assign()
        wizard.action_assign()
        self.assertEqual(self.env["pm.fee.assignment"].search_count([("item_id", "=", item.id)]), 3)
