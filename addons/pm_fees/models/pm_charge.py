from odoo import api, fields, models

KINDS = [
    ("regular", "Regular"),
    ("opening", "Opening arrears"),
    ("adjustment", "Adjustment"),
    ("late_fee", "Late fee"),
    ("service", "Paid service"),
]


class PmCharge(models.Model):
    """One thing somebody owes: unit × fee item × period × kind.

    A charge is thin on purpose (no chatter, no sequence): a run writes tens of thousands. The ledger carries one
    receivable line per charge, and what is still owed is that line's residual: there is no second truth.

    States: draft → approved → posted → reversed; only draft charges may be deleted.
    """

    _name = "pm.charge"
    _description = "Charge"
    _order = "due_date, period_start, id"

    property_id = fields.Many2one("pm.property", required=True, index=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    unit_id = fields.Many2one("pm.unit", required=True, index=True, readonly=True)
    partner_id = fields.Many2one("res.partner", "Payer", required=True, index=True, readonly=True)
    kind = fields.Selection(KINDS, required=True, default="regular", readonly=True)
    origin = fields.Char(
        required=True, default="", readonly=True,
        help="Part of the unique key, for kinds of which one period may hold several: what the charge comes from.",
    )
    period_start = fields.Date(required=True, readonly=True)
    period_end = fields.Date(required=True, readonly=True)
    due_date = fields.Date(required=True, readonly=True)
    quantity = fields.Float(digits=(16, 4), readonly=True)
    price_unit = fields.Float("Unit price", digits=(16, 6), readonly=True)
    amount_untaxed = fields.Monetary("Untaxed", readonly=True)
    amount_tax = fields.Monetary("Tax", readonly=True)
    amount_total = fields.Monetary("Total", readonly=True)
    details = fields.Json(readonly=True, help="How the amount came about, as structured data.")
    reference = fields.Char("Payment reference", index=True, readonly=True)
    state = fields.Selection(
        [("draft", "Draft"), ("approved", "Approved"), ("posted", "Posted"), ("reversed", "Reversed")],
        required=True, default="draft", readonly=True,
    )
    move_line_id = fields.Many2one(
        "account.move.line", "Receivable line", readonly=True, index="btree_not_null", ondelete="restrict")
    residual = fields.Monetary("Still owed", compute="_compute_residual", store=True)
    paid_state = fields.Selection(
        [("unpaid", "Unpaid"), ("partial", "Partly paid"), ("paid", "Paid")],
        compute="_compute_residual", store=True, help="Empty until posted and after a reversal.",
    )
    reverse_of_id = fields.Many2one("pm.charge", "Replaces", readonly=True, index="btree_not_null")

    @api.depends("move_line_id.amount_residual", "amount_total", "state")
    def _compute_residual(self):
        for charge in self:
            posted = charge.state == "posted"
            charge.residual = charge.move_line_id.amount_residual if posted else 0.0
            if not posted:
                charge.paid_state = False
            elif charge.currency_id.is_zero(charge.residual):
                charge.paid_state = "paid"
            elif charge.currency_id.compare_amounts(charge.residual, charge.amount_total) == 0:
                charge.paid_state = "unpaid"
            else:
                charge.paid_state = "partial"
