from odoo import fields, models


class PmHoliday(models.Model):
    """A festival on its date: solar and lunar ones alike stand in this table, nothing is computed. Source: S0-157, S0-147."""

    _name = "pm.holiday"
    _description = "Festival"
    _order = "date, id"

    _once = models.UniqueIndex("(date, name)", "This festival stands in the table already.")

    name = fields.Char(required=True, translate=True)
    date = fields.Date(required=True, index=True)
    active = fields.Boolean(default=True)
    greet = fields.Boolean(string="Greetings Sent", default=True)
    greeting = fields.Char(
        string="Words of the Greeting",
        translate=True,
        help="What the greeting wishes; proposed for the message, for example “a happy Spring Festival”.",
    )
    source = fields.Char(help="Requirement id that names the festival.")
