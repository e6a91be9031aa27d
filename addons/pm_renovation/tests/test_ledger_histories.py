"""Whatever clerks, payers and providers do in whatever order: the liability account is the sum of the deposits held."""

from contextlib import suppress

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from odoo.exceptions import UserError, ValidationError
from odoo.tests.common import tagged

from .common import RenovationCase

STEPS = ("pay", "pay_online", "void_receipt", "deduct", "agree", "contest", "drop", "request", "refund", "void_refund")


class _Undo(Exception):
    """Leaves the savepoint of one history."""


@tagged("post_install", "-at_install")
class TestLedgerHistories(RenovationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        test = cls()
        cls.cases = [test.bring_to("agreement_signed", cls.make_case(unit)) for unit in cls.units[:2]]

    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],  # a failing history is short enough to read; shrinking it takes minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.lists(st.tuples(st.integers(0, 1), st.sampled_from(STEPS), st.integers(1, 300000)), min_size=6, max_size=16)
    )
    def test_liability_is_the_sum_of_what_is_held_after_every_step(self, history):
        try:
            with self.env.cr.savepoint():
                self.count = 0
                for index, step, cents in history:
                    self.count += 1
                    # Refused steps change nothing, which is what is asserted next.
                    with suppress(UserError, ValidationError), self.env.cr.savepoint():
                        getattr(self, f"do_{step}")(self.cases[index], cents / 100)
                    self.assertLedger()
                    self.assert_each_deposit()
                raise _Undo
        except _Undo:
            self.env.invalidate_all()

    def assert_each_deposit(self):
        """Of each deposit: money in less money out less what was booked is what is held."""
        for deposit in self.env["pm.deposit"].search([("renovation_id", "in", [c.id for c in self.cases])]):
            lines = self.env["pm.payment.line"].search(
                [("res_model", "=", "pm.deposit"), ("res_id", "=", deposit.id), ("payment_id.state", "=", "posted")]
            )
            money = sum(line.amount * (1 if line.payment_id.direction == "in" else -1) for line in lines)
            booked = sum(deposit.deduction_ids.filtered(lambda d: d.state == "booked").mapped("amount"))
            self.assertAlmostEqual(money - booked, deposit.amount_held, 2)
            self.assertGreaterEqual(deposit.amount_held, 0)
            out = lines.payment_id.filtered(lambda p: p.direction == "out")
            self.assertFalse(out.partner_id - deposit.partner_id, "nobody but the payer is paid back")

    # ------------------------------------------------------------ what may happen
    def last(self, case):
        return case.deposit_ids.sorted("id")[-1:]

    def do_pay(self, case, amount):
        self.pay(case)

    def do_pay_online(self, case, amount):
        provider = self.env["payment.provider"].search([("company_id", "=", self.company.id)], limit=1)
        transaction = self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": self.env["payment.method"].search([], limit=1).id,
                "reference": f"H{self.count}-{case.id}",
                "amount": case.deposit_id.amount,
                "currency_id": case.currency_id.id,
                "partner_id": case.deposit_payer_id.id,
                "pm_deposit_id": case.deposit_id.id,
                "pm_property_id": case.property_id.id,
                "state": "done",
            }
        )
        transaction._create_payment()

    def do_void_receipt(self, case, amount):
        for receipt in self.last(case).payment_id:
            receipt.with_user(self.accountant)._reverse("Wrong")

    def do_deduct(self, case, amount):
        self.env["pm.deposit.deduction"].with_user(self.officer).create(
            {"deposit_id": case.deposit_id.id, "name": "Damage", "amount": amount, "attachment_ids": self.file().ids}
        ).action_propose()

    def do_agree(self, case, amount):
        for deduction in case.deposit_id.deduction_ids[:1]:
            deduction.sudo()._agree_online("Payer")

    def do_contest(self, case, amount):
        for deduction in case.deposit_id.deduction_ids[-1:]:
            deduction.sudo()._contest("No")

    def do_drop(self, case, amount):
        self.as_user(case.deposit_id.deduction_ids[-1:], "officer").action_cancel()

    def do_request(self, case, amount):
        self.as_user(case.deposit_id, "officer")._request_refund()

    def do_refund(self, case, amount):
        self.as_user(self.last(case), "cashier")._refund(self.method)

    def do_void_refund(self, case, amount):
        for refund in self.last(case).refund_payment_id:
            refund.with_user(self.accountant)._reverse("Came back")
