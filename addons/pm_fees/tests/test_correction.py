from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common_settlement import SettlementCase


@tagged("post_install", "-at_install")
class TestCorrection(SettlementCase):
    """Wrong charges are reversed and billed anew in one step; what was paid follows, the difference remains (冲红补差价)."""

    def correct(self, charges, **values):
        action = charges.with_user(self.accountant).action_correct()
        record = self.env["pm.charge.correction"].browse(action["res_id"]).with_user(self.accountant)
        record.write({"note": "wrong area", **values})
        return record

    def test_underbilled_and_paid_leaves_the_difference_owed(self):
        run = self.bill("2026-10-01")
        charge = self.of(run, self.units[0])
        self.receive(self.units[0], 280, charge, date="2026-10-20")
        self.units[0].area_chargeable = 110
        record = self.correct(charge)
        record.action_compare()
        line = record.line_ids
        self.assertEqual((line.old_amount, line.new_amount, line.difference, line.paid_amount), (280, 308, 28, 280))
        self.assertIn("100.00 m² × 2.80", line.old_explanation)
        self.assertIn("110.00 m² × 2.80", line.new_explanation)
        self.assertEqual((charge.state, charge.residual), ("posted", 0), "nothing is booked by comparing")
        self.assertFalse(self.env["pm.billing.run"].search([("correction_id", "!=", False)]))
        record.with_user(self.supervisor).action_approve()
        new = record.new_charge_ids
        self.assertEqual(charge.state, "reversed")
        self.assertEqual((new.amount_total, new.amount_paid, new.residual, new.paid_state), (308, 280, 28, "partial"))
        self.assertEqual((new.reverse_of_id, new.due_date), (charge, charge.due_date))
        self.assertEqual(self.credit_of(self.units[0]), 0)
        self.assertLedgerMatches()

    def test_overbilled_and_paid_leaves_credit(self):
        run = self.bill("2026-10-01")
        charge = self.of(run, self.units[0])
        self.receive(self.units[0], 280, charge, date="2026-10-20")
        self.units[0].area_chargeable = 90
        record = self.correct(charge)
        record.action_compare()
        self.assertEqual(record.difference, -28)
        record.with_user(self.supervisor).action_approve()
        self.assertEqual(record.new_charge_ids.paid_state, "paid")
        self.assertEqual(self.credit_of(self.units[0]), 28)
        self.assertLedgerMatches()

    def test_an_amount_that_was_right_is_no_error_of_ours(self):
        """It would count against the accuracy of the fees (KPI 24), and nothing would change."""
        run = self.bill()
        charges = self.of(run, self.units[0]) | self.of(run, self.units[1])
        self.units[0].area_chargeable = 110
        record = self.correct(charges)
        record.action_compare()
        self.assertEqual(record.line_ids.mapped("unchanged"), [False, True])
        with self.assertRaisesRegex(UserError, "A-102"):
            record.with_user(self.supervisor).action_approve()
        self.assertEqual(set(charges.mapped("state")), {"posted"})
        record.charge_ids -= charges[1]
        record.action_compare()
        record.with_user(self.supervisor).action_approve()
        self.assertEqual(charges.mapped("state"), ["reversed", "posted"])

    def test_bill_of_a_coming_month_is_not_taken_back_before_it_was_booked(self):
        run = self.bill("2036-11-01")
        charge = self.of(run, self.units[0])
        self.units[0].area_chargeable = 110
        record = self.correct(charge)
        record.action_compare()
        record.with_user(self.supervisor).action_approve()
        moves = charge.reverse_line_id | record.new_charge_ids.move_line_id
        self.assertEqual([str(day) for day in moves.mapped("date")], ["2036-11-01"] * 2)
        kinds = self.env["pm.unit.ledger"].search([("charge_id", "=", charge.id)], order="date, id").mapped("kind")
        self.assertEqual(kinds, ["charge", "reversal"])

    def test_the_same_amount_to_another_payer_is_an_error_of_ours(self):
        charge = self.of(self.bill(), self.units[0])
        self.parties[0].partner_id = self.env["res.partner"].create({"name": "Right"})
        record = self.correct(charge)
        record.action_compare()
        self.assertEqual((record.difference, record.line_ids.unchanged), (0, False))
        record.with_user(self.supervisor).action_approve()
        self.assertEqual(record.new_charge_ids.partner_id.name, "Right")

    def test_only_the_explanation_is_renewed(self):
        charge = self.of(self.bill(), self.units[0])
        record = self.correct(charge, reason="data")
        record.action_compare()
        record.with_user(self.supervisor).action_approve()
        self.assertEqual((charge.state, charge.reverse_reason), ("reversed", "data"))

    def test_four_eyes_and_roles(self):
        charge = self.of(self.bill(), self.units[0])
        self.units[0].area_chargeable = 110
        record = self.correct(charge)
        record.action_compare()
        with self.assertRaisesRegex(UserError, "somebody else"):
            record.action_approve()
        for user in self.users_of("cashier", "officer", "assistant"):
            with self.assertRaises(AccessError):
                record.with_user(user).action_approve()
        for vals in ({"state": "done"}, {"author_id": self.supervisor.id}, {"line_ids": [Command.clear()]}):
            with self.assertRaises(AccessError):
                record.write(vals)
        with self.assertRaises(AccessError):
            self.correct(charge).with_user(self.supervisor).action_compare()
        record.with_user(self.supervisor).action_approve()
        with self.assertRaises(UserError):
            record.with_user(self.manager).action_approve()
        with self.assertRaises(UserError):
            record.unlink()

    def test_other_charges_must_be_compared_again(self):
        run = self.bill()
        record = self.correct(self.of(run, self.units[0]))
        record.action_compare()
        record.write({"charge_ids": [Command.link(self.of(run, self.units[1]).id)]})
        self.assertEqual((record.state, record.line_ids.ids), ("draft", []))
        with self.assertRaises(UserError):
            record.with_user(self.supervisor).action_approve()

    def test_data_changed_after_the_comparison_is_refused(self):
        charge = self.of(self.bill(), self.units[0])
        self.units[0].area_chargeable = 110
        record = self.correct(charge)
        record.action_compare()
        self.units[0].area_chargeable = 120
        with self.assertRaisesRegex(UserError, "compare again"), self.cr.savepoint():
            record.with_user(self.supervisor).action_approve()
        self.env.invalidate_all()
        self.assertEqual(charge.state, "posted")
        self.assertLedgerMatches()

    def test_what_cannot_be_billed_says_why_and_blocks(self):
        charge = self.of(self.bill(), self.units[0])
        self.units[0].area_chargeable = 0
        record = self.correct(charge)
        record.action_compare()
        self.assertIn("is zero", record.line_ids.issue)
        with self.assertRaisesRegex(UserError, "cannot be billed"):
            record.with_user(self.supervisor).action_approve()

    def test_change_of_payer_in_the_middle_of_a_paid_quarter(self):
        item = self.make_item("QU", "Quarterly", period="3")
        self.make_tariff(item, "1", "fixed", 100)
        self.assign(item, self.units[0])
        run = self.bill("2026-10-01", item)
        charge = self.of(run, self.units[0], item)
        self.receive(self.units[0], 300, charge, date="2026-10-05")
        buyer = self.env["res.partner"].create({"name": "Buyer"})
        transfer = self.env["pm.unit.transfer"].create(
            {
                "unit_id": self.units[0].id,
                "date": "2026-11-16",
                "line_ids": [Command.create({"partner_id": buyer.id, "share": 100})],
            }
        )
        transfer.action_confirm()
        self.assertEqual((transfer.late_charge_count, transfer.late_amount), (1, 300))
        action = transfer.with_user(self.accountant).action_correct_charges()
        record = self.env["pm.charge.correction"].browse(action["res_id"]).with_user(self.accountant)
        record.action_compare()
        self.assertEqual((record.reason, record.difference), ("payer", 0))
        record.with_user(self.supervisor).action_approve()
        seller_part, buyer_part = record.new_charge_ids.sorted("period_start")
        # 46 of 92 days each
        self.assertEqual((seller_part.partner_id, seller_part.amount_total), (self.owners[0], 150))
        self.assertEqual((buyer_part.partner_id, buyer_part.amount_total), (buyer, 150))
        self.assertEqual((seller_part.paid_state, buyer_part.paid_state), ("paid", "unpaid"))
        self.assertEqual(self.credit_of(self.units[0], self.owners[0]), 150, "the seller's money is not the buyer's")
        self.assertEqual(transfer.late_charge_count, 0)
        self.assertLedgerMatches()

    def test_reading_corrected(self):
        self.make_tariff(self.item_water, "W", "metered", 4)
        self.assign(self.item_water, self.units[0])
        meter = self.env["pm.meter"].create({"code": "W1", "unit_id": self.units[0].id, "item_id": self.item_water.id})
        Reading = self.env["pm.meter.reading"]
        Reading.create({"meter_id": meter.id, "date": "2026-10-31", "value": 0, "is_initial": True})
        reading = Reading.create({"meter_id": meter.id, "date": "2026-11-30", "value": 99})
        charge = self.bill("2026-11-01", self.item_water).charge_ids
        record = self.correct(charge)
        record.action_compare()
        self.assertEqual(reading.charge_id, charge, "the trial leaves no trace")
        # The reading itself is locked while billed: it is corrected once the charge is taken back.
        charge.with_user(self.accountant)._reverse("our_error")
        reading.invalidate_recordset()
        reading.value = 9
        again = self.bill("2026-11-01", self.item_water).charge_ids
        self.assertEqual(again.amount_total, 36)
        self.assertLedgerMatches()

    def test_correction_run_does_not_stand_in_for_the_monthly_run(self):
        from odoo import fields

        today = self.property._today()
        run = self.bill(today.replace(day=1))
        self.units[0].area_chargeable = 110
        self.correct(self.of(run, self.units[0])).action_compare()
        record = self.correct(self.of(run, self.units[0]))
        record.action_compare()
        record.with_user(self.supervisor).action_approve()
        self.assertIn("correction", record.run_ids.name)
        self.assertEqual(record.run_ids.state, "posted")
        run.with_user(self.accountant)._reverse("other")
        self.assertEqual(record.new_charge_ids.state, "posted")
        del fields

    def test_charges_of_another_property_are_refused(self):
        """A run bills one property: of another it would take charges back and bill nothing anew."""
        other = self.env["pm.property"].create(
            {"name": "Other", "code": "T9", "user_ids": [Command.set(self.accountant.ids)]}
        )
        building = self.env["pm.building"].create({"name": "X", "code": "X", "property_id": other.id})
        unit = self.env["pm.unit"].create({"code": "X-1", "property_id": other.id, "building_id": building.id})
        theirs = self.Charge._create_charges(
            [
                {
                    "property_id": other.id,
                    "unit_id": unit.id,
                    "partner_id": self.owners[0].id,
                    "item_id": self.item_fixed.id,
                    "period_start": "2026-10-01",
                    "period_end": "2026-10-31",
                    "due_date": "2026-10-31",
                    "amount": 10,
                }
            ]
        )
        with self.assertRaisesRegex(ValidationError, "one property"):
            self.env["pm.charge.correction"].with_user(self.accountant).create(
                {
                    "property_id": self.property.id,
                    "reason": "other",
                    "note": "x",
                    "charge_ids": [Command.set(theirs.ids)],
                }
            )

    def test_only_charges_of_runs(self):
        charge = self.Charge._create_charges(
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
                    "amount": 5,
                }
            ]
        )
        charge._approve()
        charge._post()
        with self.assertRaisesRegex(UserError, "cannot be billed anew"):
            self.correct(charge).action_compare()
