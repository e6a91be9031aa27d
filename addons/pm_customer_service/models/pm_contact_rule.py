from dateutil.relativedelta import relativedelta
from odoo import fields, models

AUDIENCES = [
    ("committee", "Owners' committee, as a body"),
    ("key_customer", "Every key customer"),
]
CADENCES = [("month", "Every month"), ("quarter", "Every quarter"), ("year", "Every year")]
MONTHS = {"month": 1, "quarter": 3, "year": 12}


class PmContactRule(models.Model):
    """With whom we talk at least once a period, whether or not they call us. Source: S0-155, S0-156."""

    _name = "pm.contact.rule"
    _description = "Contact Rule"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    audience = fields.Selection(AUDIENCES, required=True, default="key_customer")
    cadence = fields.Selection(CADENCES, required=True, default="quarter")
    property_id = fields.Many2one(
        "pm.property",
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: for every property without its own rule for the same people.",
    )
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    purpose_id = fields.Many2one("pm.visit.purpose", string="Purpose Proposed")
    source = fields.Char(help="Requirement id the rule comes from.")

    def _period(self, day):
        """Return the first and last day of the period of this rule that holds ``day``."""
        self.ensure_one()
        first = fields.Date.start_of(day, self.cadence)
        return first, first + relativedelta(months=MONTHS[self.cadence], days=-1)

    def _for_property(self, prop):
        """Return the rules that hold in ``prop``: its own, else the general ones, one an audience."""
        rules = self.filtered(lambda rule: rule.property_id in (self.env["pm.property"], prop))
        chosen = self.browse()
        for rule in rules.sorted(lambda rule: (not rule.property_id, rule.sequence, rule.id)):
            if rule.audience not in chosen.mapped("audience"):
                chosen |= rule
        return chosen
