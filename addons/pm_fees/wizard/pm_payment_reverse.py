from odoo import fields, models


class PmPaymentReverse(models.TransientModel):
    """Asks for the reason before a payment is voided (冲红)."""

    _name = "pm.payment.reverse"
    _description = "Void Payment"

    payment_id = fields.Many2one("pm.payment", required=True, readonly=True, ondelete="cascade")
    amount = fields.Monetary(related="payment_id.amount")
    currency_id = fields.Many2one(related="payment_id.currency_id")
    receipt_name = fields.Char(related="payment_id.receipt_name")
    reason = fields.Text("Reason for Voiding", required=True)

    def action_confirm(self):
        self.ensure_one()
        self.payment_id._reverse(self.reason)
        return {"type": "ir.actions.act_window_close"}
