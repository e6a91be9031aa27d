from odoo import fields, models


class PmServiceAgree(models.TransientModel):
    """Records that the customer agrees to an order as it stands."""

    _name = "pm.service.agree"
    _description = "The Customer Agrees"

    order_id = fields.Many2one("pm.service.order", string="Service Order", required=True, readonly=True)
    currency_id = fields.Many2one(related="order_id.currency_id")
    amount_total = fields.Monetary(related="order_id.amount_total")
    method = fields.Selection(
        [("counter", "At the counter"), ("phone", "By phone"), ("paper", "Signature on paper")],
        string="How",
        required=True,
        default="phone",
    )
    agreed_by = fields.Char(
        string="Who Agreed",
        required=True,
        default=lambda self: self.env["pm.service.order"]
        .browse(self.env.context.get("default_order_id"))
        .partner_id.name,
    )
    note = fields.Char()

    def action_confirm(self):
        self.ensure_one()
        self.order_id._agree(self.method, self.agreed_by, self.note)
        return {"type": "ir.actions.act_window_close"}


class PmServiceCancel(models.TransientModel):
    """Why an order is not carried out."""

    _name = "pm.service.cancel"
    _description = "Cancel Order"

    order_id = fields.Many2one("pm.service.order", string="Service Order", required=True, readonly=True)
    reason = fields.Char(required=True)

    def action_confirm(self):
        self.ensure_one()
        self.order_id._cancel(self.reason)
        return {"type": "ir.actions.act_window_close"}
