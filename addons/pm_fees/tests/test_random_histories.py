"""Random histories: whatever people do in whatever order, the books hold (hypothesis)."""

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import SQL

from .common_settlement import SettlementCase

_UNITS = st.integers(0, 2)
_AMOUNTS = st.integers(1, 60_000).map(lambda cents: cents / 100)
_STEPS = st.one_of(
    st.tuples(st.just("bill"), st.integers(1, 12)),
    st.tuples(st.just("pay"), _UNITS, _AMOUNTS),
    st.tuples(st.just("prepay"), _UNITS, _AMOUNTS),
    st.tuples(st.just("use_credit"), _UNITS),
    st.tuples(st.just("void"), st.integers(0, 9)),
    st.tuples(st.just("reverse"), _UNITS, st.integers(0, 9)),
    st.tuples(st.just("correct"), _UNITS, st.integers(0, 9), st.integers(40, 200)),
    st.tuples(st.just("take_over"), _UNITS, st.integers(0, 9), st.integers(1, 100)),
    st.tuples(st.just("write_off"), _UNITS, st.integers(0, 9), st.integers(1, 100)),
    st.tuples(st.just("take_back"), st.integers(0, 9)),
    st.tuples(st.just("refund"), st.integers(0, 9), st.integers(1, 100)),
)


# One history that surely refunds, passes a debt on and reverses what was paid, whatever the random ones come to.
_SURE = [
    ("prepay", 0, 300.0),
    ("refund", 0, 50),
    ("pay", 1, 100.0),
    ("take_over", 1, 0, 50),
    ("pay", 2, 60.0),
    ("reverse", 2, 0),
    ("bill", 2),
    ("refund", 0, 100),
    ("void", 0),
]


# Items whose rest, flag or number is not what their matchings say, of whom the matching itself may be at odds.
_WRONG_ITEMS = SQL(
    """
    SELECT item.id, item.balance, item.amount_residual, item.reconciled, item.matching_number, part.amount, part.fulls
      FROM account_move_line item
      JOIN account_account account ON account.id = item.account_id AND account.reconcile
      CROSS JOIN LATERAL (
            SELECT count(*) AS count, count(DISTINCT COALESCE(full_reconcile_id, 0)) AS fulls,
                   COALESCE(sum(CASE WHEN debit_move_id = item.id THEN amount ELSE -amount END), 0) AS amount,
                   max(full_reconcile_id) AS full_id
              FROM account_partial_reconcile WHERE item.id IN (debit_move_id, credit_move_id)
      ) part
     WHERE item.parent_state = 'posted'
       AND (item.amount_residual <> item.balance - part.amount
            OR item.amount_residual_currency <> item.amount_residual
            OR item.reconciled <> (item.amount_residual = 0 AND part.count > 0 OR item.balance = 0)
            OR item.full_reconcile_id IS DISTINCT FROM part.full_id
            OR part.fulls > 1
            OR (item.matching_number IS NOT NULL) <> (part.count > 0)
            OR part.full_id IS NOT NULL AND (item.matching_number <> part.full_id::text OR item.amount_residual <> 0)
            OR part.full_id IS NULL AND left(item.matching_number, 1) <> 'P')
    """
)


class NothingThereError(UserError):
    """A step found nothing to do it with: it is passed over, as a refused one is."""

    def __init__(self):
        super().__init__("nothing there")


@tagged("post_install", "-at_install")
class TestRandomHistories(SettlementCase):
    """After every step: entries balance, the control account is what is owed less credit, nothing is negative, receipts have no holes."""

    def test_the_books_hold_after_any_history(self):
        @settings(
            max_examples=8,
            deadline=None,
            database=None,
            derandomize=True,  # the same histories in every run: a failure can be repeated
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        )
        @given(st.lists(_STEPS, min_size=4, max_size=12))
        @example(_SURE)
        def play(steps):
            with self.cr.savepoint() as point:
                for step in [("bill", 1), *steps]:
                    self.play_step(*step)
                self.assertHistoryHolds()
                point.rollback()
            self.env.invalidate_all(flush=False)

        self.taken = set()
        play()
        self.assertLessEqual({"bill", "pay", "prepay", "refund", "take_over", "reverse"}, self.taken, "never happened")

    def play_step(self, name, *arguments):
        """A step that the rules refuse is none; it must not leave anything behind."""
        try:
            with self.cr.savepoint():
                getattr(self, f"step_{name}")(*arguments)
                self.env.flush_all()
            self.taken.add(name)
        except UserError:
            self.env.invalidate_all(flush=False)

    def posted(self, unit, owing=False):
        domain = [("unit_id", "=", self.units[unit].id), ("state", "=", "posted")]
        return self.Charge.search(domain + ([("residual", ">", 0)] if owing else []), order="id")

    def one(self, records, index):
        if not records:
            raise NothingThereError
        return records[index % len(records)]

    def approver(self, record):
        """Whoever the amount asks for."""
        people = (self.supervisor, self.manager, self.leadership)
        return next(user for user in people if record.level_id.group_id in user.all_group_ids)

    def step_bill(self, month):
        self.bill(f"2026-{month:02d}-01")

    def step_pay(self, unit, amount):
        charges = self.posted(unit, owing=True)
        payer = self.one(charges, 0).partner_id
        mine = charges.filtered(lambda charge: charge.partner_id == payer)
        self.receive(self.units[unit], amount, mine, partner=payer)

    def step_prepay(self, unit, amount):
        self.receive(self.units[unit], amount)

    def step_use_credit(self, unit):
        charges = self.posted(unit, owing=True)
        self.env["pm.payment"].with_user(self.cashier).counter_use_credit(
            self.units[unit].id, self.owners[unit].id, charges.ids
        )

    def step_void(self, index):
        payments = self.env["pm.payment"].search(
            [("property_id", "=", self.property.id), ("state", "=", "posted")], order="id"
        )
        self.one(payments, index).with_user(self.accountant)._reverse("bounced")

    def step_reverse(self, unit, index):
        self.one(self.posted(unit), index).with_user(self.accountant)._reverse("other")

    def step_correct(self, unit, index, area):
        charge = self.one(self.posted(unit).filtered(lambda charge: charge.kind == "regular"), index)
        self.units[unit].area_chargeable = area
        record = self.env["pm.charge.correction"].browse(charge.with_user(self.accountant).action_correct()["res_id"])
        record.with_user(self.accountant).action_compare()
        record.with_user(self.supervisor).action_approve()

    def step_take_over(self, unit, index, percent):
        charge = self.one(self.posted(unit, owing=True), index)
        buyer = self.owners[(unit + 1) % 3]
        amount = max(round(charge.residual * percent / 100, 2), 0.01)
        record = (
            self.env["pm.balance.transfer"]
            .with_user(self.assistant)
            .create(
                {
                    "unit_id": charge.unit_id.id,
                    "from_partner_id": charge.partner_id.id,
                    "to_partner_id": buyer.id,
                    "agreement": "A",
                    "line_ids": [Command.create({"charge_id": charge.id, "amount": amount})],
                }
            )
        )
        record.with_user(self.supervisor).action_approve()

    def step_write_off(self, unit, index, percent):
        charge = self.one(self.posted(unit, owing=True), index)
        record = self.env["pm.write.off"].browse(charge.with_user(self.accountant).action_write_off()["res_id"])
        record = record.with_user(self.accountant)
        record.line_ids.amount = max(round(charge.residual * percent / 100, 2), 0.01)
        record.note = "gone"
        record.action_submit()
        record.with_user(self.approver(record)).action_approve()

    def step_take_back(self, index):
        lines = self.env["pm.write.off.line"].search([("write_off_id.state", "=", "booked")], order="id")
        lines = lines.filtered(lambda line: not line.taken_back)
        self.one(lines, index).with_user(self.accountant).action_take_back()

    def step_refund(self, index, percent):
        payments = self.env["pm.payment"].search([("direction", "=", "in"), ("state", "=", "posted")], order="id")
        payment = self.one(payments.filtered("refundable"), index)
        refund = self.env["pm.refund"].with_user(self.front_desk)
        refund = refund.create({"payment_id": payment.id, "amount": 1, "reason": "r", "receipt_returned": True})
        refund.amount = max(round(refund.available * percent / 100, 2), 0.01)
        refund.action_submit()
        refund.with_user(self.approver(refund)).action_approve()
        refund.with_user(self.cashier).action_pay()

    def assertHistoryHolds(self):
        self.env.invalidate_all()
        self.assertLedgerMatches()
        # what a charge says is what its line in the ledger has left
        for charge in self.Charge.search([("property_id", "=", self.property.id), ("state", "=", "posted")]):
            self.assertAlmostEqual(charge.residual, charge.move_line_id.amount_residual, 2)
            self.assertAlmostEqual(
                charge.amount_total, charge.amount_paid + charge.amount_written_off + charge.residual, 2
            )
        self.assertEqual(self.env.execute_query(_WRONG_ITEMS), [])
        # receipts have no holes, and no number is used twice
        for direction in ("in", "out"):
            numbers = (
                self.env["pm.payment"]
                .search([("property_id", "=", self.property.id), ("direction", "=", direction)], order="receipt_number")
                .mapped("receipt_number")
            )
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        # the ledger of each unit runs to what is owed on it less its credit
        for unit in self.units:
            rows = self.env["pm.unit.ledger"].search([("unit_id", "=", unit.id)])
            owed = sum(self.Charge.search([("unit_id", "=", unit.id), ("state", "=", "posted")]).mapped("residual"))
            credit = sum(
                -sum(items.mapped("amount_residual"))
                for (unit_id, _partner), items in self.Charge._open_credit(self.property, self.owners.ids).items()
                if unit_id == unit.id
            )
            self.assertAlmostEqual(rows[-1:].balance, owed - credit, 2)
