from odoo import api, fields, models


class PmDepositPay(models.TransientModel):
    """The cashier's window for one deposit: receive it, or pay it back."""

    _name = "pm.deposit.pay"
    _description = "Receive or Refund a Deposit"

    deposit_id = fields.Many2one("pm.deposit", required=True, readonly=True, ondelete="cascade")
    property_id = fields.Many2one(related="deposit_id.property_id")
    company_id = fields.Many2one(related="deposit_id.company_id")
    currency_id = fields.Many2one(related="deposit_id.currency_id")
    partner_id = fields.Many2one(related="deposit_id.partner_id", string="Payer")
    state = fields.Selection(related="deposit_id.state")
    amount = fields.Monetary(compute="_compute_amount")
    deduction = fields.Monetary("Less Agreed Deductions", compute="_compute_amount")
    method_id = fields.Many2one(
        "pm.payment.method",
        compute="_compute_method_id",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        domain="[('company_id', '=', company_id)]",
    )
    date = fields.Date(required=True, default=lambda self: fields.Date.context_today(self))

    @api.depends("deposit_id")
    def _compute_amount(self):
        for wizard in self:
            deposit = wizard.deposit_id
            refund = deposit.state == "refund_requested"
            wizard.amount = deposit.amount_refund if refund else deposit.amount
            wizard.deduction = deposit.amount_agreed if refund else 0.0

    @api.depends("deposit_id")
    def _compute_method_id(self):
        """Money goes back the way it came, unless the cashier chooses another."""
        for wizard in self:
            refund = wizard.deposit_id.state == "refund_requested"
            wizard.method_id = wizard.method_id or (refund and wizard.deposit_id.payment_id.method_id)

    def action_confirm(self):
        """Register the payment and show it with its receipt."""
        self.ensure_one()
        if self.deposit_id.state == "due":
            payment = self.deposit_id._receive(self.method_id, self.date)
        else:
            payment = self.deposit_id._refund(self.method_id, self.date)
        if not payment:
            return {"type": "ir.actions.act_window_close"}
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.payment",
            "res_id": payment.id,
            "view_mode": "form",
        }
