from odoo import fields, models


class PaymentTransaction(models.Model):
    """A deposit paid online: the confirmed transaction becomes one receipt, and no money is lost on the way."""

    _inherit = "payment.transaction"
    _program_fields = frozenset({"pm_deposit_id"})

    pm_deposit_id = fields.Many2one("pm.deposit", "Deposit", readonly=True, index="btree_not_null", ondelete="restrict")

    def _create_payment(self, **extra_create_values):
        """Register the deposit instead of a core payment. Confirmed twice, it is booked once by its key."""
        self.ensure_one()
        if not self.pm_deposit_id:
            return super()._create_payment(**extra_create_values)
        if not self.pm_payment_id:
            # sudo: the provider's confirmation has no user; who may pay was checked when the transaction was made
            transaction = self.sudo()
            transaction.pm_payment_id = transaction.pm_deposit_id._receive_online(self)
        return self.env["account.payment"]
