from odoo import fields, models


class PmSurveyDimension(models.Model):
    """What customers are asked about: reception, repairs, cleaning… Source: S3-34 (product, service, convenience, environment)."""

    _name = "pm.survey.dimension"
    _description = "Survey Dimension"
    _order = "sequence, id"

    _weight_positive = models.Constraint("CHECK (weight > 0)", "A weight is greater than zero.")

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    aspect = fields.Selection(
        [
            ("product", "Product"),
            ("service", "Service"),
            ("convenience", "Convenience"),
            ("environment", "Environment"),
        ],
        required=True,
        default="service",
    )
    weight = fields.Float(
        default=1.0, digits=(6, 2), required=True, help="Counts in the index where importance was not asked for."
    )
    source = fields.Char(translate=True, help="Requirement id the dimension comes from.")
