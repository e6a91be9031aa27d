from odoo import fields, models


class PmServiceConsent(models.Model):
    """The customer agreed to an order as it then stood: who, how, when, to what amount. Evidence: never changed. Source: S1-74, S1-76."""

    _name = "pm.service.consent"
    _description = "Consent to an Order"
    _inherit = ["pm.evidence"]
    _order = "id"

    order_id = fields.Many2one("pm.service.order", required=True, readonly=True, ondelete="restrict", index=True)
    property_id = fields.Many2one(related="order_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="order_id.company_id", store=True)
    currency_id = fields.Many2one(related="order_id.currency_id")
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    method = fields.Selection(
        [
            ("counter", "At the counter"),
            ("phone", "By phone"),
            ("paper", "Signature on paper"),
            ("portal", "In the portal"),
            ("agreement", "By long-term agreement"),
        ],
        string="How",
        required=True,
        readonly=True,
    )
    agreed_by = fields.Char(string="Who Agreed", required=True, readonly=True)
    user_id = fields.Many2one("res.users", string="Recorded By", readonly=True, help="Empty: the customer by himself.")
    note = fields.Char(readonly=True)
    amount = fields.Monetary(readonly=True)
    terms = fields.Text(string="Agreed To", readonly=True)
    terms_hash = fields.Char(readonly=True)
