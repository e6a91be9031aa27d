from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common_settlement import SettlementCase


@tagged("post_install", "-at_install")
class TestBalanceTransfer(SettlementCase):
    """Debts and credit pass to another payer by agreement; due dates, taxes and the books stay as they are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_october = cls.bill("2026-10-01")
        cls.charge = cls.run_october.charge_ids.filtered(
            lambda c: c.unit_id == cls.units[0] and c.item_id == cls.item_area
        )
        cls.fixed = cls.run_october.charge_ids.filtered(
            lambda c: c.unit_id == cls.units[0] and c.item_id == cls.item_fixed
        )
        cls.buyer = cls.env["res.partner"].create({"name": "Buyer"})

    def prepare(self, lines=(), **values):
        return (
            self.env["pm.balance.transfer"]
            .with_user(self.assistant)
            .create(
                {
                    "unit_id": self.units[0].id,
                    "from_partner_id": self.owners[0].id,
                    "to_partner_id": self.buyer.id,
                    "agreement": "2026-11-A",
                    "evidence_ids": [Command.create({"name": "agreement.pdf", "raw": b"%PDF-1.4"})],
                    "line_ids": [
                        Command.create({"charge_id": charge.id, "amount": amount}) for charge, amount in lines
                    ],
                    **values,
                }
            )
        )

    def test_form_proposes_everything_owed(self):
        form = Form(self.env["pm.balance.transfer"])
        form.unit_id = self.units[0]
        form.from_partner_id = self.owners[0]
        form.to_partner_id = self.buyer
        form.agreement = "x"
        self.assertEqual(form.save().amount_total, 330)

    def test_debt_passes_only_by_the_signed_agreement(self):
        record = self.prepare([(self.charge, 280)], evidence_ids=False)
        with self.assertRaisesRegex(UserError, "signed agreement"):
            record.with_user(self.supervisor).action_approve()
        self.assertEqual(self.charge.state, "posted")

    def test_whole_debt_passes_with_its_due_date(self):
        record = self.prepare([(self.charge, 280)])
        record.with_user(self.supervisor).action_approve()
        new = self.Charge.search([("reverse_of_id", "=", self.charge.id)])
        self.assertEqual(
            (new.partner_id, new.amount_total, new.amount_tax, new.due_date, new.kind, new.run_id),
            (self.buyer, 280, self.charge.amount_tax, self.charge.due_date, "regular", self.run_october),
        )
        self.assertIn("by agreement 2026-11-A", new.explanation)
        self.assertEqual((self.charge.state, self.charge.reverse_reason), ("reversed", "payer"))
        again = self.make_run("2026-10-01")
        again.action_compute()
        self.assertEqual(again.charge_count, 0, "the period is billed already")
        self.assertLedgerMatches()

    def test_part_of_a_part_paid_debt(self):
        self.receive(self.units[0], 100, self.charge, date="2026-10-20")
        record = self.prepare([(self.charge, 60)])
        record.with_user(self.supervisor).action_approve()
        new = self.Charge.search([("reverse_of_id", "=", self.charge.id)])
        mine, theirs = (new.filtered(lambda c, p=p: c.partner_id == p) for p in (self.owners[0], self.buyer))
        self.assertEqual((mine.amount_total, mine.amount_paid, mine.residual), (220, 100, 120))
        self.assertEqual((theirs.amount_total, theirs.residual), (60, 60))
        self.assertAlmostEqual(mine.amount_tax + theirs.amount_tax, self.charge.amount_tax, 2)
        again = self.make_run("2026-10-01")
        again.action_compute()
        self.assertEqual(again.charge_count, 0)
        self.assertLedgerMatches()

    def test_credit_passes_and_pays_the_new_payers_debts(self):
        self.receive(self.units[0], 500, date="2026-10-20")
        record = self.prepare([(self.fixed, 50)], credit_amount=200)
        self.assertEqual(record.credit_available, 500)
        record.with_user(self.supervisor).action_approve()
        new = self.Charge.search([("reverse_of_id", "=", self.fixed.id)])
        self.assertEqual((new.partner_id, new.paid_state), (self.buyer, "paid"))
        self.assertEqual(self.credit_of(self.units[0], self.buyer), 150)
        self.assertEqual(self.credit_of(self.units[0], self.owners[0]), 300)
        self.assertLedgerMatches()

    def test_receipt_of_credit_that_passed_on_is_not_voided(self):
        """Its money is the new payer's by now: voided, he would have credit that nobody paid."""
        payment = self.receive(self.units[0], self.charge.residual, self.charge)
        self.charge.with_user(self.accountant)._reverse("other")
        self.prepare(credit_amount=100).with_user(self.supervisor).action_approve()
        with self.assertRaisesRegex(UserError, "passed to Buyer"):
            payment.with_user(self.accountant)._reverse("bounced")
        self.assertEqual(self.credit_of(self.units[0], self.buyer), 100)
        self.assertLedgerMatches()

    def test_more_credit_than_there_is(self):
        self.receive(self.units[0], 50, date="2026-10-20")
        with self.assertRaisesRegex(UserError, "cannot pass on"):
            self.prepare(credit_amount=50.01).with_user(self.supervisor).action_approve()

    def test_four_eyes(self):
        record = self.prepare([(self.charge, 280)])
        with self.assertRaises(AccessError):
            record.action_approve()
        mine = record.with_user(self.supervisor)
        mine.line_ids.amount = 279
        with self.assertRaisesRegex(UserError, "somebody else"):
            mine.action_approve()
        for vals in ({"state": "done"}, {"author_id": self.officer.id}):
            with self.assertRaises(AccessError):
                mine.write(vals)
        record.with_user(self.accountant).action_approve()
        with self.assertRaises(UserError):
            mine.write({"agreement": "other"})

    def test_only_debts_of_the_payer_on_the_unit(self):
        other = self.of(self.run_october, self.units[1])
        with self.assertRaises(ValidationError):
            self.prepare([(other, 10)])
        with self.assertRaises(ValidationError):
            self.prepare(to_partner_id=self.owners[0].id)

    def test_paid_in_the_meantime(self):
        record = self.prepare([(self.charge, 280)])
        self.receive(self.units[0], 10, self.charge, date="2026-10-20")
        with self.assertRaisesRegex(UserError, "is owed"):
            record.with_user(self.supervisor).action_approve()

    def test_metered_debt_keeps_its_readings(self):
        self.make_tariff(self.item_water, "W", "metered", 4)
        self.assign(self.item_water, self.units[0])
        meter = self.env["pm.meter"].create({"code": "W1", "unit_id": self.units[0].id, "item_id": self.item_water.id})
        Reading = self.env["pm.meter.reading"]
        Reading.create({"meter_id": meter.id, "date": "2026-10-31", "value": 0, "is_initial": True})
        reading = Reading.create({"meter_id": meter.id, "date": "2026-11-30", "value": 10})
        charge = self.bill("2026-11-01", self.item_water).charge_ids
        self.prepare([(charge, 40)]).with_user(self.supervisor).action_approve()
        new = self.Charge.search([("reverse_of_id", "=", charge.id)])
        reading.invalidate_recordset()
        self.assertEqual(reading.charge_id, new)
        again = self.make_run("2026-11-01", self.item_water)
        again.action_compute()
        self.assertEqual(again.charge_count, 0)
        self.assertLedgerMatches()

    def test_from_the_ownership_transfer(self):
        transfer = self.env["pm.unit.transfer"].create(
            {
                "unit_id": self.units[0].id,
                "date": "2026-11-01",
                "document_ref": "Deed 7",
                "line_ids": [Command.create({"partner_id": self.buyer.id, "share": 100})],
            }
        )
        transfer.action_confirm()
        self.assertEqual((transfer.open_amount, transfer.late_charge_count), (330, 0))
        action = transfer.with_user(self.assistant).action_transfer_balance()
        record = self.env["pm.balance.transfer"].browse(action["res_id"])
        self.assertEqual(
            (record.from_partner_id, record.to_partner_id, record.amount_total, record.agreement),
            (self.owners[0], self.buyer, 330, "Deed 7"),
        )
