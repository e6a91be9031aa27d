from odoo import api, fields, models
from odoo.exceptions import ValidationError


class PmServiceRate(models.Model):
    """A number of the cost sheets: what an hour of a trade costs, the management fee, the tax. Source: S1-86.

    A sheet keeps a copy of what it used: a new rate never rewrites an old sheet.
    """

    _name = "pm.service.rate"
    _description = "Rate of Cost Sheets"
    _inherit = ["mail.thread"]
    _order = "kind, sequence, name, id"

    _amounts_positive = models.Constraint(
        "CHECK (hourly >= 0 AND percent >= 0)", "Rates and percentages cannot be negative."
    )

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        [("labour", "Cost of an hour"), ("overhead", "Management fee"), ("tax", "Tax")],
        required=True,
        default="labour",
    )
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one(related="company_id.currency_id")
    property_id = fields.Many2one(
        "pm.property", index="btree_not_null", ondelete="cascade", help="Empty: for every property of the company."
    )
    hourly = fields.Monetary(string="Per Hour", tracking=True, help="What an hour of one person costs.")
    percent = fields.Float(digits=(6, 2), tracking=True)
    source = fields.Char(translate=True, help="Requirement id or house rule the number comes from.")

    @api.constrains("kind", "percent", "hourly")
    def _check_percent(self):
        for rate in self:
            if rate.percent > 100:
                raise ValidationError(self.env._("%s: a percentage is at most 100.", rate.name))

    @api.model
    def _default_for(self, kind, prop):
        """Return the rate of ``kind`` that new sheets of ``prop`` begin with: its own one before the company's."""
        rates = self.search([("kind", "=", kind), ("company_id", "=", prop.company_id.id)])
        return (
            rates.filtered(lambda rate: rate.property_id == prop)[:1]
            or rates.filtered(lambda rate: not rate.property_id)[:1]
        )
