from odoo import fields, models


class PmProperty(models.Model):
    _inherit = "pm.property"

    _cash_handover_time = models.Constraint(
        "CHECK (cash_handover_time >= 0 AND cash_handover_time < 24)", "The hand-over time lies between 0:00 and 24:00."
    )

    cash_handover_time = fields.Float(
        "Cash Hand-over At",
        default=17.0,
        help="From this time of the day cashiers who still hold cash are reminded to hand it over before closing (S0-53).",
    )
