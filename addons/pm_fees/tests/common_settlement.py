"""Billing with money through receipts: what the tests of credit, corrections, write-offs and reports share."""

from uuid import uuid4

from odoo.tools import SQL

from .common_billing import BillingCase


class SettlementCase(BillingCase):
    """T1 of `BillingCase` with payment methods; money comes in by receipts, as in life."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["pm.payment.method"]._ensure_methods(cls.company)

    @classmethod
    def receive(cls, unit, amount, charges=None, date=None, partner=None, method="wechat", **values):
        """A receipt over `amount`: for the charges, oldest first, the rest as credit."""
        left, lines = amount, []
        for charge in (charges or cls.Charge).sorted(lambda charge: (charge.due_date, charge.id)):
            part = min(left, charge.residual)
            if part > 0:
                lines.append({"charge_id": charge.id, "amount": part})
                left = round(left - part, 2)
        payment = (
            cls.env["pm.payment"]
            .with_user(cls.cashier)
            ._register_payment(
                {
                    "request_key": uuid4().hex,
                    "direction": "in",
                    "property_id": cls.property.id,
                    "unit_id": unit.id if unit else False,
                    "partner_id": (partner or unit.payer_id).id,
                    "method_id": cls.env["pm.payment.method"]._get(cls.company, method).id,
                    "amount": amount,
                    "date": date,
                    "lines": lines,
                    "allow_credit": True,
                    **values,
                }
            )
        )
        return payment.with_env(cls.env)

    def credit_of(self, unit, partner=None):
        items = self.env["pm.charge"]._household_credit(unit, (partner or unit.payer_id).id)
        return -sum(items.mapped("amount_residual"))

    def of(self, run, unit, item=None):
        return run.charge_ids.filtered(
            lambda charge: charge.unit_id == unit and charge.item_id == (item or self.item_area)
        ).sorted("period_start")

    def assertLedgerMatches(self):
        """The invariants of billing, and those of money: the control account is what is owed less what is credit."""
        super().assertLedgerMatches()
        self.env.flush_all()
        account = self.property.receivable_account_id
        balance, owed, negative = self.env.execute_query(
            SQL(
                """SELECT (SELECT COALESCE(sum(balance), 0) FROM account_move_line WHERE account_id = %(account)s AND parent_state = 'posted'),
                          (SELECT COALESCE(sum(residual), 0) FROM pm_charge WHERE property_id = %(prop)s AND state = 'posted'),
                          (SELECT count(*) FROM pm_charge WHERE property_id = %(prop)s AND (residual < 0 OR amount_paid < 0 OR amount_written_off < 0))""",
                account=account.id,
                prop=self.property.id,
            )
        )[0]
        partners = self.Charge.search([("property_id", "=", self.property.id)]).partner_id
        partners |= self.env["pm.payment"].search([("property_id", "=", self.property.id)]).partner_id
        partners |= self.env["pm.balance.transfer"].search([("property_id", "=", self.property.id)]).to_partner_id
        credit = sum(
            -sum(items.mapped("amount_residual"))
            for items in self.Charge._open_credit(self.property, partners.ids).values()
        )
        self.assertAlmostEqual(float(balance), float(owed) - credit, 2, "sub-ledger and control account differ")
        self.assertFalse(negative, "negative residual")
