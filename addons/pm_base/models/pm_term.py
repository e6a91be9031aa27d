from odoo import api, fields, models
from odoo.fields import Domain


class PmTerm(models.AbstractModel):
    """What holds from one day to another at a property: a role of a unit, a seat. A day is the property's own day.

    The model that inherits this names its property in ``property_id``.
    """

    _name = "pm.term"
    _description = "Held from One Day to Another"

    date_from = fields.Date(string="From", required=True, default=fields.Date.context_today)
    date_to = fields.Date(string="To", help="Last day; empty = until further notice.")
    is_current = fields.Boolean(compute="_compute_is_current", search="_search_is_current")

    @api.depends("date_from", "date_to", "property_id.tz")
    def _compute_is_current(self):
        for prop, terms in self.grouped("property_id").items():
            today = prop._today() if prop else fields.Date.context_today(self)
            for term in terms:
                term.is_current = bool(
                    term.date_from and term.date_from <= today and (not term.date_to or term.date_to >= today)
                )

    def _search_is_current(self, operator, value):
        if operator != "in":
            return NotImplemented
        current = self.env["pm.property"]._domain_of_today(
            lambda day: Domain("date_from", "<=", day) & (Domain("date_to", "=", False) | Domain("date_to", ">=", day))
        )
        return Domain.OR(current if wanted else ~current for wanted in value)
