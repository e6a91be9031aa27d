from odoo.tests import tagged

from .common_settlement import SettlementCase


@tagged("post_install", "-at_install")
class TestCredit(SettlementCase):
    """Prepaid money pays the oldest debts of its household as soon as they are in the ledger."""

    def test_prepayment_pays_the_new_charges_oldest_first(self):
        september = self.bill("2026-09-01")
        self.receive(self.units[0], 700, date="2026-09-20")  # 280 + 50 a month
        self.assertEqual(
            self.credit_of(self.units[0]), 700, "what was there before stays until somebody uses the credit"
        )
        october = self.bill("2026-10-01")
        self.assertEqual(
            set((self.of(september, self.units[0]) | self.of(october, self.units[0])).mapped("paid_state")), {"paid"}
        )
        self.assertEqual(self.credit_of(self.units[0]), 700 - 660)
        november = self.bill("2026-11-01")
        charges = november.charge_ids.filtered(lambda c: c.unit_id == self.units[0])
        self.assertEqual(sum(charges.mapped("residual")), 330 - 40)
        self.assertEqual(set(charges.mapped("paid_state")), {"unpaid", "partial"})
        self.assertEqual(self.credit_of(self.units[0]), 0)
        self.assertEqual(sum(november.charge_ids.mapped("amount_paid")), 40, "nobody else's charge is touched")
        self.assertLedgerMatches()

    def test_property_may_keep_credit_for_the_counter(self):
        self.property.use_credit = False
        self.receive(self.units[0], 100)
        run = self.bill()
        self.assertEqual(set(run.charge_ids.mapped("paid_state")), {"unpaid"})
        used = (
            self.env["pm.payment"]
            .with_user(self.cashier)
            .counter_use_credit(self.units[0].id, self.owners[0].id, run.charge_ids.ids)
        )
        self.assertEqual(used["used"], 100)
        self.assertLedgerMatches()

    def test_payment_notice_tells_what_is_left(self):
        self.receive(self.units[0], 1000)
        run = self.bill()
        notice = self.env["pm.fee.notice"]._create_for_runs(run).filtered(lambda n: n.unit_id == self.units[0])
        self.assertEqual((notice.amount_due, notice.credit), (0, 1000 - notice.amount_total))
        self.assertFalse((notice.search([("run_id", "=", run.id)]) - notice).filtered("credit"))

    def test_money_of_a_reversed_charge_is_credit_at_the_counter_and_pays_the_next_run(self):
        run = self.bill("2026-10-01")
        charge = self.of(run, self.units[1])
        payment = self.receive(self.units[1], 331.8, charge, date="2026-10-20")
        charge.with_user(self.accountant)._reverse("other")
        self.assertEqual(payment.line_ids.open_credit, 331.8)
        household = self.env["pm.payment"].with_user(self.cashier).counter_household(self.units[1].id)
        self.assertEqual(household["credits"], {self.owners[1].id: 331.8})
        november = self.bill("2026-11-01")
        self.assertEqual(
            sum(november.charge_ids.filtered(lambda c: c.unit_id == self.units[1]).mapped("amount_paid")), 281.8
        )
        self.assertEqual(self.of(run, self.units[1], self.item_fixed).paid_state, "paid", "the oldest debt goes first")
        self.assertLedgerMatches()

    def test_money_without_a_unit_serves_every_unit_of_its_payer_once(self):
        self.parties[1].write({"date_to": "2026-10-31"})
        self.env["pm.unit.party"].create(
            {
                "unit_id": self.units[1].id,
                "partner_id": self.owners[0].id,
                "role": "tenant",
                "is_payer": True,
                "date_from": "2026-11-01",
            }
        )
        self.receive(None, 400, partner=self.owners[0])
        run = self.bill()
        mine = run.charge_ids.filtered(lambda charge: charge.partner_id == self.owners[0])
        self.assertEqual(sum(mine.mapped("amount_total")), 330 + 381.8)
        self.assertAlmostEqual(sum(mine.mapped("residual")), 330 + 381.8 - 400, 2)
        self.assertLedgerMatches()

    def test_a_voided_prepayment_is_no_credit(self):
        payment = self.receive(self.units[0], 100)
        payment.with_user(self.accountant)._reverse("bounced")
        self.assertEqual(self.credit_of(self.units[0]), 0)
        self.assertEqual(set(self.bill().charge_ids.mapped("paid_state")), {"unpaid"})
        self.assertLedgerMatches()

    def test_credit_is_used_in_the_transaction_that_posts(self):
        self.receive(self.units[0], 100)
        run = self.make_run()
        run.action_compute()
        run.with_user(self.supervisor).action_approve()
        self.patch(type(self.Charge), "_apply_credit", lambda charges: 1 / 0)
        with self.assertRaises(ZeroDivisionError), self.cr.savepoint():
            run.with_user(self.accountant).action_post()
        self.env.invalidate_all()
        self.assertEqual(run.state, "approved")
        self.assertFalse(run.charge_ids.move_line_id)

    def test_from_a_charge_to_its_receipt_and_notice_and_back(self):
        run = self.bill("2026-10-01")
        first, second = self.of(run, self.units[0]), self.of(run, self.units[1])
        payment = self.receive(self.units[0], 100, first, date="2026-10-20")
        action = first.with_user(self.cashier).action_open_receipts()
        self.assertEqual((action["res_model"], action["res_id"]), ("pm.payment", payment.id))
        self.assertEqual(payment.with_user(self.cashier).action_open_charges()["domain"], [("id", "in", first.ids)])
        # Paid from credit: the receipt of the money that was kept.
        advance = self.receive(self.units[1], 1000, date="2026-10-21")
        second._apply_credit()
        self.assertEqual(second.paid_state, "paid")
        self.assertEqual(second.with_user(self.cashier).action_open_receipts()["res_id"], advance.id)
        notices = self.env["pm.fee.notice"]._create_for_runs(run)
        action = first.with_user(self.accountant).action_open_notices()
        self.assertEqual(action["res_id"], notices.filtered(lambda notice: notice.unit_id == self.units[0]).id)
        self.assertFalse(payment.has_bank_line)
