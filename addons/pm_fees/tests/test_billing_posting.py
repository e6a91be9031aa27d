from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import charge_posting
from .common_billing import BillingCase

# What differs between any two rows, cloned or not.
OWN_COLUMNS = {
    "id",
    "move_id",
    "move_name",
    "create_date",
    "write_date",
    "write_uid",
    "partner_id",
    "name",
    "date_maturity",
    "ref",
    "date",
}


@tagged("post_install", "-at_install")
class TestBillingPosting(BillingCase):
    """Charges in the ledger: the same as the ORM would write, balanced, reversible, never twice."""

    def rows(self, lines):
        self.env.flush_all()
        self.cr.execute("SELECT * FROM account_move_line WHERE id = ANY(%s) ORDER BY partner_id, balance", [lines.ids])
        names = [column.name for column in self.cr.description]
        return [dict(zip(names, row, strict=True)) for row in self.cr.fetchall()]

    def test_cloned_rows_equal_orm_rows_column_by_column(self):
        cloned = self.bill("2026-10-01")
        with patch.object(type(self.Charge), "_clone_blocker", lambda *args: "for the comparison"):
            by_orm = self.bill("2026-11-01")
        self.assertIn("for the comparison", by_orm.posting_note)
        self.assertFalse(cloned.posting_note)
        for fast, slow in (
            (cloned.charge_ids.move_line_id, by_orm.charge_ids.move_line_id),
            (
                cloned.charge_ids.move_id.line_ids - cloned.charge_ids.move_line_id,
                by_orm.charge_ids.move_id.line_ids - by_orm.charge_ids.move_line_id,
            ),
        ):
            fast_rows, slow_rows = self.rows(fast), self.rows(slow)
            self.assertEqual(len(fast_rows), len(slow_rows))
            for one, other in zip(fast_rows, slow_rows, strict=True):
                for column in one:
                    if column not in OWN_COLUMNS:
                        self.assertEqual(one[column], other[column], column)
                self.assertEqual(one["partner_id"], other["partner_id"])
                if one["name"] and one["name"].endswith("2026-10"):
                    self.assertEqual(one["name"].replace("2026-10", "2026-11"), other["name"])
                if one["date_maturity"]:
                    self.assertEqual((one["date_maturity"].day, other["date_maturity"].day), (16, 16))
        # and so do the entries
        self.cr.execute(
            "SELECT * FROM account_move WHERE id = ANY(%s) ORDER BY id",
            [(cloned.charge_ids.move_id | by_orm.charge_ids.move_id).ids],
        )
        names = [column.name for column in self.cr.description]
        one, other = (dict(zip(names, row, strict=True)) for row in self.cr.fetchall())
        for column in set(names) - {
            "id",
            "name",
            "ref",
            "date",
            "sequence_number",
            "sequence_prefix",
            "create_date",
            "write_date",
            "write_uid",
            "access_token",
        }:
            self.assertEqual(one[column], other[column], column)

    def test_every_column_of_the_journal_item_is_known(self):
        """A column unknown here is cloned only while empty: look at it when this test fails after an upgrade."""
        from odoo.tools import sql

        ours = set(sql.table_columns(self.cr, "account_move_line"))
        account = {
            field.name
            for field in self.env["account.move.line"]._fields.values()
            if field.store and field.column_type and set(field._modules) <= {"account", "base", "analytic", "mail"}
        }
        self.assertFalse((ours & account) - charge_posting.KNOWN_COLUMNS)

    def test_everybody_billed_becomes_a_customer(self):
        self.bill()
        self.assertTrue(all(rank >= 1 for rank in self.owners.mapped("customer_rank")))

    def test_reversal_is_booked_in_red_where_the_company_does_so(self):
        for storno in (True, False):
            self.company.account_storno = storno
            run = self.bill()
            charges = run.charge_ids.with_user(self.accountant)
            charges._reverse("other")
            rows = self.rows(run.charge_ids.reverse_line_id)
            for row, charge in zip(
                rows,
                run.charge_ids.reverse_line_id.pm_reversed_charge_ids.sorted(
                    lambda c: (c.partner_id.id, -c.amount_total)
                ),
                strict=True,
            ):
                self.assertEqual(float(row["balance"]), -charge.amount_total)
                self.assertEqual(float(row["debit"]), -charge.amount_total if storno else 0)
                self.assertEqual(float(row["credit"]), 0 if storno else charge.amount_total)
            self.assertLedgerMatches()

    def test_reversal_by_clones_equals_reversal_by_the_orm(self):
        rows = []
        for month, blocker in (("2026-09-01", None), ("2026-10-01", "comparison")):
            run = self.bill(month)
            with patch.object(type(self.Charge), "_clone_blocker", lambda *args, blocker=blocker: blocker):
                run.charge_ids.with_user(self.accountant)._reverse("other", date="2026-11-20")
            rows.append(self.rows(run.charge_ids.reverse_line_id))
        for one, other in zip(*rows, strict=True):
            for column in set(one) - OWN_COLUMNS - {"full_reconcile_id", "matching_number"}:
                self.assertEqual(one[column], other[column], column)

    def test_charges_of_a_household_follow_one_another(self):
        """So they stand in one entry, and a payment of a month touches one."""
        charges = self.bill().charge_ids.sorted("id")
        units = [charge.unit_id.id for charge in charges]
        self.assertGreater(len(charges.item_id), 1)
        self.assertEqual(units, sorted(units))

    def test_two_thousand_charges(self):
        self.more_units(997)
        self.env["ir.config_parameter"].set_param("pm_fees.posting_chunk", 200)
        run = self.bill()
        self.assertEqual(run.charge_count, 2000)
        moves = run.charge_ids.move_id
        self.assertEqual(len(moves), 10, "one entry for each two hundred (setting)")
        self.assertEqual(set(moves.mapped("state")), {"posted"})
        self.assertEqual(len(run.charge_ids.move_line_id), 2000)
        self.assertEqual(set(run.charge_ids.mapped("paid_state")), {"unpaid"})
        self.assertAlmostEqual(sum(run.charge_ids.mapped("residual")), run.amount_total, 2)
        receivable = sum(
            moves.line_ids.filtered(lambda line: line.account_id == self.property.receivable_account_id).mapped(
                "balance"
            )
        )
        self.assertAlmostEqual(receivable, run.amount_total, 2)
        income = moves.line_ids.filtered("tax_ids")
        self.assertAlmostEqual(
            -sum(income.mapped("balance")),
            sum(run.charge_ids.filtered(lambda c: c.item_id == self.item_area).mapped("amount_untaxed")),
            2,
        )
        taxes = moves.line_ids.filtered("tax_line_id")
        self.assertAlmostEqual(-sum(taxes.mapped("balance")), run.amount_tax, 2)
        self.assertLedgerMatches()

    def test_payment_reconciles_a_cloned_line_and_changes_the_charge(self):
        run = self.bill()
        charge = run.charge_ids[-1]
        self.pay(charge, amount=10)
        self.assertEqual((charge.paid_state, charge.amount_paid), ("partial", 10))
        self.assertAlmostEqual(charge.residual, charge.amount_total - 10, 2)
        self.pay(charge)
        self.assertEqual((charge.paid_state, charge.residual), ("paid", 0))
        self.assertTrue(charge.move_line_id.reconciled)
        self.assertEqual(self.Charge.search([("run_id", "=", run.id), ("paid_state", "=", "paid")]), charge)
        charge.move_line_id.remove_move_reconcile()
        self.assertEqual((charge.paid_state, charge.residual), ("unpaid", charge.amount_total))
        self.assertLedgerMatches()

    def test_one_payment_for_many_charges(self):
        charges = self.bill().charge_ids.filtered(lambda c: c.partner_id == self.owners[0])
        self.pay(charges)
        self.assertEqual(set(charges.mapped("paid_state")), {"paid"})

    def test_reverse_and_bill_again(self):
        run = self.bill()
        charge = run.charge_ids.filtered(lambda c: c.unit_id == self.units[1] and c.item_id == self.item_area)
        credit = self.pay(charge, amount=100)
        charge.with_user(self.accountant)._reverse("our_error", note="wrong area")
        self.assertEqual((charge.state, charge.residual, charge.paid_state), ("reversed", 0, False))
        self.assertTrue(charge.move_line_id.reconciled)
        self.assertEqual(credit.amount_residual, -100, "the money stays with the payer as credit")
        self.assertLedgerMatches()
        self.units[1].area_chargeable = 100
        again = self.bill()
        self.assertEqual(again.charge_count, 1)
        self.assertEqual((again.charge_ids.amount_total, again.charge_ids.reverse_of_id), (280, charge))
        (again.charge_ids.move_line_id | credit).reconcile()
        self.assertEqual(again.charge_ids.residual, 180)
        self.assertLedgerMatches()

    def test_reverse_whole_run_and_one_unit(self):
        run = self.bill()
        wizard = (
            self.env["pm.charge.reverse"]
            .with_user(self.accountant)
            .create({"run_id": run.id, "unit_ids": self.units[0].ids, "reason": "data"})
        )
        self.assertEqual(wizard.charge_count, 2)
        wizard.action_reverse()
        self.assertEqual(run.state, "posted")
        self.env["pm.charge.reverse"].with_user(self.accountant).create(
            {"run_id": run.id, "reason": "our_error"}
        ).action_reverse()
        self.assertEqual(run.state, "reversed")
        self.assertEqual(set(run.charge_ids.mapped("state")), {"reversed"})
        balance = sum(
            self.env["account.move.line"]
            .search([("account_id", "=", self.property.receivable_account_id.id)])
            .mapped("balance")
        )
        self.assertAlmostEqual(balance, 0, 2)
        taxes = self.env["account.move.line"].search([("tax_line_id", "=", self.tax_included.id)])
        self.assertAlmostEqual(sum(taxes.mapped("balance")), 0, 2)
        self.assertEqual(self.bill().charge_count, 6)

    def test_large_run_is_reversed_in_the_background(self):
        self.more_units(7)
        run = self.bill()
        self.pay(run.charge_ids[:1])
        self.env["ir.config_parameter"].set_param("pm_fees.background_from", 1)
        self.env["ir.config_parameter"].set_param("pm_fees.posting_chunk", 1)
        wizard = self.env["pm.charge.reverse"].with_user(self.accountant).create({"run_id": run.id, "reason": "data"})
        self.assertEqual((wizard.charge_count, wizard.paid_amount), (20, run.charge_ids[:1].amount_total))
        wizard.action_reverse()
        self.assertEqual((run.state, set(run.charge_ids.mapped("state"))), ("reversing", {"posted"}))
        with self.assertRaisesRegex(UserError, "Reversing"):
            run.with_user(self.accountant)._reverse("data")
        run.with_user(self.accountant)._reverse_next()  # the worker is killed after its first step
        self.assertEqual(run.charge_count, 20 - charge_posting.ENTRIES)
        run.invalidate_recordset()
        self.assertAlmostEqual(run.progress, 100 * charge_posting.ENTRIES / 20)
        with self.enter_registry_test_mode():
            self.env.ref("pm_fees.ir_cron_billing_work").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((run.state, run.reversed_by, run.reverse_reason), ("reversed", self.accountant, "data"))
        self.assertEqual(set(run.charge_ids.mapped("state")), {"reversed"})
        self.assertEqual(run.charge_ids.reverse_user_id, self.accountant)
        self.assertLedgerMatches()

    def test_reversal_that_fails_goes_back_and_says_why(self):
        run = self.bill()
        self.env["ir.config_parameter"].set_param("pm_fees.background_from", 1)
        run.with_user(self.accountant)._reverse("data")
        self.patch(type(self.Charge), "_reverse", lambda charges, *args, **kwargs: 1 / 0)
        with self.enter_registry_test_mode(), mute_logger("odoo.addons.pm_fees.models.pm_billing_run"):
            self.env.ref("pm_fees.ir_cron_billing_work").method_direct_trigger()
        run.invalidate_recordset()
        self.assertEqual(run.state, "posted")
        self.assertIn("division by zero", "".join(run.message_ids.mapped("body")))

    def test_entry_of_charges_cannot_be_taken_back_behind_their_back(self):
        move = self.bill().charge_ids.move_id
        with self.assertRaisesRegex(UserError, "carries charges"):
            move.button_draft()
        with self.assertRaisesRegex(UserError, "carries charges"):
            move._reverse_moves()

    def test_locked_period_is_refused_with_the_remedy(self):
        self.company.fiscalyear_lock_date = "2026-11-30"
        run = self.make_run()
        run.action_compute()
        run.with_user(self.supervisor).action_approve()
        with self.assertRaisesRegex(UserError, "period must be open"):
            run.action_post()
        self.assertEqual(run.state, "approved")
        run.accounting_date = "2026-12-01"
        run.action_post()
        self.assertEqual((run.state, str(run.charge_ids.move_id.date)), ("posted", "2026-12-01"))
        with self.assertRaisesRegex(UserError, "day in the books"):
            run.accounting_date = "2026-12-02"

    def test_hash_locked_journal_falls_back_to_the_orm_and_says_so(self):
        self.property.billing_journal_id.restrict_mode_hash_table = True
        run = self.bill()
        self.assertIn("hashes", run.posting_note)
        self.assertEqual(len(run.charge_ids.move_line_id), 6)
        self.assertLedgerMatches()

    def test_unknown_column_with_a_value_falls_back(self):
        with patch.object(charge_posting, "KNOWN_COLUMNS", charge_posting.KNOWN_COLUMNS - {"journal_id"}):
            run = self.bill()
        self.assertIn("journal_id", run.posting_note)
        self.assertEqual(len(run.charge_ids.move_line_id), 6)
        self.assertEqual(len(run.charge_ids.move_id), 1)
        self.assertLedgerMatches()

    def test_analytic_rules_by_partner_fall_back(self):
        plan = self.env["account.analytic.plan"].create({"name": "Plan"})
        account = self.env["account.analytic.account"].create({"name": "A", "plan_id": plan.id})
        self.env["account.analytic.distribution.model"].create(
            {"partner_id": self.owners[0].id, "analytic_distribution": {account.id: 100}}
        )
        self.assertIn("analytic", self.bill().posting_note)

    def test_zero_charges_need_no_entry(self):
        line = self.env["pm.fee.assignment"].search(
            [("unit_id", "=", self.units[0].id), ("item_id", "=", self.item_fixed.id)]
        )
        line.with_user(self.assistant).write({"discount": 100, "discount_reason": "promotion"})
        line.with_user(self.supervisor).action_approve_discount()
        run = self.bill()
        free = run.charge_ids.filtered(lambda c: not c.amount_total)
        self.assertEqual((free.state, free.paid_state, free.move_line_id.id), ("posted", "paid", False))
        self.assertLedgerMatches()

    def test_killed_at_any_point_of_posting_loses_and_doubles_nothing(self):
        self.more_units(17)
        self.env["ir.config_parameter"].set_param("pm_fees.posting_chunk", 2)
        run = self.make_run()
        run.action_compute()
        run.with_user(self.supervisor).action_approve()
        run._transition("posting", posted_by=self.accountant.id)

        class Killed(Exception):
            pass

        charge_class = type(self.Charge)
        points = [
            "_prepare_counterparts",
            "_split_lines",
            "_check_entries",
            "_column_blocker",
            "_log_post",
            "_post_chunks",
        ]
        for when in ("before", "after"):
            for name in points:
                original = getattr(charge_class, name)

                def broken(charges, *args, original=original, when=when, **kwargs):
                    if when == "after":
                        original(charges, *args, **kwargs)
                        charges.env.flush_all()
                    raise Killed

                with patch.object(charge_class, name, broken), self.assertRaises(Killed), self.cr.savepoint():
                    run._post_next()
                self.env.invalidate_all()
            run._post_next()
            self.assertLedgerMatches()
        while not run._post_next():
            pass
        self.assertEqual(run.state, "posted")
        self.assertEqual(len(run.charge_ids), 40)
        self.assertEqual(len(run.charge_ids.move_line_id), 40)
        lines = self.env["account.move.line"].search([("account_id", "=", self.property.receivable_account_id.id)])
        self.assertEqual(len(lines), 40)
        self.assertLedgerMatches()

    def test_posting_twice_is_refused(self):
        run = self.bill()
        with self.assertRaises(UserError):
            run.charge_ids.with_user(self.accountant)._post()
        with self.assertRaises(UserError):
            run.with_user(self.accountant).action_post()

    def test_only_the_accountant_posts(self):
        run = self.make_run()
        run.action_compute()
        run.with_user(self.supervisor).action_approve()
        for user in self.users_of("supervisor", "cashier", "manager"):
            with self.assertRaises(AccessError):
                run.with_user(user).action_post()

    def test_nobody_writes_charges_directly(self):
        charge = self.bill().charge_ids[0]
        for user in self.users_of("accountant", "manager", "cashier", "leadership", "front_desk"):
            with self.assertRaises(AccessError):
                charge.with_user(user).write({"amount_total": 1})

    def test_missing_income_account_is_named(self):
        accounts = self.company.income_account_id if "income_account_id" in self.company._fields else None
        with patch.object(
            type(self.env["product.template"]),
            "get_product_accounts",
            lambda *args, **kw: {"income": self.env["account.account"]},
        ):
            with self.assertRaisesRegex(UserError, "must set an account"):
                self.make_run().action_compute()
        del accounts

    def test_opening_arrears_age_from_their_own_due_date(self):
        charge = self.Charge.with_user(self.accountant)._create_charges(
            [
                {
                    "property_id": self.property.id,
                    "unit_id": self.units[0].id,
                    "partner_id": self.owners[0].id,
                    "item_id": self.item_area.id,
                    "kind": "opening",
                    "period_start": "2025-01-01",
                    "period_end": "2025-01-31",
                    "due_date": "2025-01-31",
                    "quantity": 1,
                    "price_unit": 280,
                    "amount": 280,
                    "text": "Brought forward",
                }
            ]
        )
        charge._approve()
        charge._post("2025-01-31")
        self.assertEqual((charge.amount_tax, charge.residual), (0, 280))
        self.assertEqual(str(charge.sudo().move_line_id.date_maturity), "2025-01-31")
        self.assertEqual(self.units[0].arrears, 280)
        run = self.make_run("2025-01-01", self.item_area)
        run.action_compute()
        self.assertNotIn(self.units[0], run.charge_ids.unit_id, "the month of an opening arrear is not billed again")
        self.assertLedgerMatches()

    def test_two_companies(self):
        company = self.env["res.company"].create({"name": "Second", "country_id": self.env.ref("base.cn").id})
        self.env["account.chart.template"].try_loading("cn", company=company, install_demo=False)
        env = self.env(context={**self.env.context, "allowed_company_ids": [company.id, self.company.id]})
        users = self.accountant | self.supervisor
        users.write({"company_ids": [Command.link(company.id)]})
        prop = env["pm.property"].create(
            {"name": "Two", "code": "T2", "company_id": company.id, "user_ids": [Command.set(users.ids)]}
        )
        building = env["pm.building"].create({"name": "X", "code": "X", "property_id": prop.id})
        unit = env["pm.unit"].create(
            {"code": "X-1", "property_id": prop.id, "building_id": building.id, "area_chargeable": 10}
        )
        env["pm.unit.party"].create(
            {
                "unit_id": unit.id,
                "partner_id": self.owners[0].id,
                "role": "owner",
                "is_payer": True,
                "date_from": "2024-01-01",
            }
        )
        item = env["pm.fee.item"].create(
            {"code": "PF", "name": "Fee", "legal_basis": "x", "contract_reference": "y", "company_id": company.id}
        )
        tariff = (
            env["pm.fee.tariff"]
            .with_user(self.accountant)
            .create(
                {
                    "item_id": item.id,
                    "property_id": prop.id,
                    "name": "1",
                    "method": "area",
                    "price": 1,
                    "date_from": "2024-01-01",
                }
            )
        )
        tariff.with_user(self.supervisor).action_approve()
        env["pm.fee.assignment"].create({"unit_id": unit.id, "item_id": item.id, "date_from": "2024-01-01"})
        run = (
            env["pm.billing.run"].with_user(self.accountant).create({"property_id": prop.id, "date_from": "2026-11-01"})
        )
        run.action_compute()
        run.with_user(self.supervisor).action_approve()
        run.action_post()
        line = run.sudo().charge_ids.move_line_id
        self.assertEqual(
            (line.company_id, line.account_id.company_ids, line.journal_id.company_id), (company, company, company)
        )
        self.assertNotEqual(prop.billing_journal_id, self.property.billing_journal_id)
        self.assertFalse(self.bill().charge_ids.filtered(lambda c: c.company_id == company))
