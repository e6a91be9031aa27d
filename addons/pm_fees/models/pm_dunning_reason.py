from odoo import fields, models


class PmDunningReason(models.Model):
    """Why somebody does not pay, as heard in calls and visits: arrears are counted by it (S1-23)."""

    _name = "pm.dunning.reason"
    _description = "Reason for Not Paying"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    is_dispute = fields.Boolean(
        "Our Service Is in Question", help="The debtor is not satisfied with us: look at our own work first (S3-26)."
    )
