"""Deposits paid online, by the household in the portal or by the contractor on his page."""

from odoo import models
from odoo.exceptions import UserError

# A payment that may still arrive: nobody is asked to pay once more meanwhile.
PENDING = ("pending", "authorized", "done")


class PmDeposit(models.Model):
    _inherit = "pm.deposit"

    def _check_payable_online(self):
        """Refuse to begin an online payment that cannot become this deposit.

        :raise UserError: not due, or a payment is being confirmed
        """
        self.ensure_one()
        if self.state != "due":
            raise UserError(self.env._("Deposit %(name)s is not due; it was paid or cancelled.", name=self.name))
        if self._pending_transaction():
            raise UserError(self.env._("A payment of deposit %(name)s is being confirmed.", name=self.name))

    def _pending_transaction(self):
        """The online payment that is on its way or has arrived, if any."""
        # sudo: whoever may see the deposit may know that it is being paid
        return self.sudo().transaction_ids.filtered(lambda t: t.state in PENDING)[:1]

    def _receive_online(self, transaction):
        """Book what a provider has confirmed. Called once or more for one transaction.

        Whatever happened between order and confirmation, the money is here: when the deposit is no longer due (paid at
        the counter, paid twice, case cancelled) it becomes a surplus that is at once to be refunded to its payer.

        :param transaction: one confirmed ``payment.transaction``
        :return: the posted ``pm.payment``
        """
        self.ensure_one()
        self._lock()
        Payment = self.env["pm.payment"]
        key = f"online/{transaction.reference}"
        booked = Payment.search([("request_key", "=", key)], limit=1)
        if booked:
            return booked
        deposit = self
        if self.state != "due" or self.currency_id.compare_amounts(transaction.amount, self.amount):
            deposit = self._create_surplus(transaction.amount)
        prop = self.property_id
        prop._ensure_accounts()
        vals = deposit._prepare_payment(
            "in",
            self.env["pm.payment.method"]._get(self.company_id, "online"),
            None,
            prop.deposit_account_id,
            transaction.amount,
            key,
        )
        return Payment._register_payment({**vals, "source": "online", "note": transaction.reference})

    def _create_surplus(self, amount):
        surplus = self.create(
            {
                "renovation_id": self.renovation_id.id,
                "partner_id": self.partner_id.id,
                "amount": amount,
                "is_surplus": True,
            }
        )
        self.renovation_id._notify(
            "surplus", key=str(surplus.id), partner=self.partner_id, amount=self.currency_id.format(amount)
        )
        return surplus


class ReportReceipt(models.AbstractModel):
    _inherit = "report.pm_fees.receipt"

    def _explain_line(self, line, kit):
        """On a deposit's receipt stands that it is no income and to whom it goes back (L-04)."""
        if line.res_model == "pm.deposit" and line.payment_id.direction == "in":
            return line.env._(
                "Held in trust, no income. Refunded to the payer after the acceptance; never set off against fees."
            )
        return super()._explain_line(line, kit)
