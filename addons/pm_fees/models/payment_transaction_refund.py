from odoo import fields, models


class PaymentTransaction(models.Model):
    """Online refunds: when the provider has paid back, the refund voucher is written."""

    _inherit = "payment.transaction"
    _program_fields = frozenset({"pm_refund_id"})

    pm_refund_id = fields.Many2one("pm.refund", "Refund", readonly=True, index="btree_not_null", ondelete="restrict")

    def _create_child_transaction(self, amount, is_refund=False, **custom_create_values):
        refund = self.env["pm.refund"].browse(self.env.context.get("pm_refund_id") or ())
        if is_refund and refund:
            custom_create_values["pm_refund_id"] = refund.id
        child = super()._create_child_transaction(amount, is_refund=is_refund, **custom_create_values)
        if is_refund and refund:
            refund.transaction_id = child
        return child

    def _create_payment(self, **extra_create_values):
        """Confirmed twice, the voucher is written once: by then the refund is paid out."""
        self.ensure_one()
        if not self.pm_refund_id:
            return super()._create_payment(**extra_create_values)
        # sudo: the provider's confirmation has no user; the refund was approved and a cashier asked for it
        refund = self.pm_refund_id.sudo()
        refund._lock()
        if refund.state == "approved":
            refund._pay_out()
        return self.env["account.payment"]
