from odoo import fields, models


class PmDunningCarrier(models.Model):
    """Who carries letters: an express company and the page on which it shows where a letter is (S0-134)."""

    _name = "pm.dunning.carrier"
    _description = "Express Company"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    tracking_url = fields.Char(help="Page that shows a letter; {number} stands for its tracking number.")
