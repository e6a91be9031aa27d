from odoo import fields, models


class PmDunningCallRound(models.Model):
    """When the butlers' call lists are made: 10:30, and again at 14:10 for those nobody reached (S4-66, S4-75)."""

    _name = "pm.dunning.call.round"
    _description = "Call Round"
    _order = "hour, id"

    _hours = models.Constraint("CHECK (hour >= 0 AND hour < 24)", "A round begins between 0:00 and 24:00.")
    _calls_positive = models.Constraint("CHECK (calls_max > 0)", "A list has at least one call.")

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    hour = fields.Float("At", required=True, help="In the property's time zone.")
    repeat_only = fields.Boolean(
        "Repeats Only", help="Only households that were to be called earlier today and were not reached."
    )
    property_id = fields.Many2one("pm.property", index=True, help="Empty: every property.")
    calls_max = fields.Integer(
        "Calls per Butler at Most", default=30, required=True, help="The oldest and largest debts come first."
    )
    source = fields.Char(help="Where the handbook says so.")
