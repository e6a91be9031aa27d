from odoo import api, fields, models


class PmPaymentLine(models.Model):
    """What a part of a payment is for: a charge, another account (deposit), or credit kept for the payer."""

    _name = "pm.payment.line"
    _description = "Payment Line"
    _order = "payment_id, id"

    _amount_positive = models.Constraint("CHECK (amount > 0)", "The amount of a payment line must be positive.")
    _one_purpose = models.Constraint(
        "CHECK ((kind = 'charge') = (charge_id IS NOT NULL))",
        "A payment line pays a charge or names another purpose, not both.",
    )

    payment_id = fields.Many2one("pm.payment", required=True, index=True, ondelete="restrict")
    property_id = fields.Many2one(related="payment_id.property_id", store=True, precompute=True, index=True)
    company_id = fields.Many2one(related="payment_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="payment_id.currency_id")
    kind = fields.Selection(
        [("charge", "Charge"), ("account", "Other account"), ("credit", "Credit of the payer")],
        required=True,
        readonly=True,
    )
    charge_id = fields.Many2one("pm.charge", index="btree_not_null", readonly=True, ondelete="restrict")
    unit_id = fields.Many2one(
        "pm.unit",
        compute="_compute_unit_id",
        store=True,
        precompute=True,
        index="btree_not_null",
        help="The household whose debt this pays or whose credit it is.",
    )
    account_id = fields.Many2one("account.account", required=True, readonly=True)
    label = fields.Char(readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)
    move_line_id = fields.Many2one(
        "account.move.line", "Journal Item", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    open_credit = fields.Monetary(
        compute="_compute_open_credit",
        help="What has not been used yet: of a credit, or of money whose charge was reversed.",
    )

    @api.depends("charge_id.unit_id", "payment_id.unit_id")
    def _compute_unit_id(self):
        for line in self:
            line.unit_id = line.charge_id.unit_id or line.payment_id.unit_id

    @api.depends("kind", "payment_id.state", "move_line_id.amount_residual")
    def _compute_open_credit(self):
        # sudo: the cashier sees the credit of a household without rights on journal items
        for line in self.sudo():
            line.open_credit = (
                -line.move_line_id.amount_residual
                if line.kind in ("credit", "charge") and line.payment_id.state == "posted"
                else 0.0
            )

    def _source_record(self):
        """The record of the upper module that this line pays, if any."""
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id) if self.res_model and self.res_id else None
