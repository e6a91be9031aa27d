from odoo import fields, models


class PmVisitPurpose(models.Model):
    """What a visit is for. Source: S4-97, S4-68."""

    _name = "pm.visit.purpose"
    _description = "Visit Purpose"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    advice = fields.Text(translate=True, help="What to talk about; printed on the talk record that is taken along.")
    source = fields.Char(help="Requirement id the purpose comes from.")
