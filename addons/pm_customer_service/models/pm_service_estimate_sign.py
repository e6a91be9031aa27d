from odoo import fields, models


class PmServiceEstimateSign(models.Model):
    """A department's signature under a cost sheet as it then stood. Evidence: never changed. Source: S1-87."""

    _name = "pm.service.estimate.sign"
    _description = "Signature of a Department"
    _inherit = ["pm.evidence"]
    _order = "id"

    estimate_id = fields.Many2one("pm.service.estimate", required=True, readonly=True, ondelete="restrict", index=True)
    property_id = fields.Many2one(related="estimate_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="estimate_id.company_id", store=True)
    currency_id = fields.Many2one(related="estimate_id.currency_id")
    team_id = fields.Many2one("pm.team", string="Department", required=True, readonly=True, ondelete="restrict")
    user_id = fields.Many2one("res.users", string="Signed By", required=True, readonly=True)
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    amount = fields.Monetary(readonly=True)
    content_hash = fields.Char(readonly=True)
