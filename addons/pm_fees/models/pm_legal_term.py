from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.exceptions import ValidationError

KINDS = [
    ("hearing", "Hearing"),
    ("appeal", "End of the time to appeal"),
    ("performance", "End of voluntary performance"),
    ("preservation", "Apply for preservation"),
    ("enforcement", "Apply for enforcement"),
    ("limitation", "Limitation of the claim"),
    ("other", "Other"),
]
EVENTS = [
    ("judgment_date", "Judgment served"),
    ("effective_date", "Judgment effective"),
    ("performance_deadline", "Performance deadline"),
    ("demand", "Last proven demand"),
]


class PmLegalTerm(models.Model):
    """A time that the law gives, and how long before its end people are warned (L-14). Numbers a lawyer can change."""

    _name = "pm.legal.term"
    _description = "Legal Term"
    _order = "sequence, id"

    _kind_once = models.UniqueIndex("(kind) WHERE active", "There is a term of this kind already.")
    _number_positive = models.Constraint("CHECK (number >= 0)", "A term cannot be negative.")

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(KINDS, required=True)
    event = fields.Selection(EVENTS, "Counts From", help="Empty: the date is entered by hand.")
    number = fields.Integer("Length", required=True, default=0)
    unit = fields.Selection(
        [("days", "Days"), ("months", "Months"), ("years", "Years")], "Counted In", required=True, default="days"
    )
    alarms = fields.Char(
        "Warn Before (days)", default="7,1", help="Days before the end on which people are warned, such as 90,30,7."
    )
    source = fields.Char(translate=True, help="Where the law says so. To be checked by counsel.")

    def _alarm_days(self):
        """The days before the end on which people are warned, the earliest first."""
        self.ensure_one()
        return sorted({int(part) for part in (self.alarms or "").split(",") if part.strip()}, reverse=True)

    def _end(self, start):
        """The last day of the term that begins with `start`."""
        self.ensure_one()
        return start + relativedelta(**{self.unit: self.number})

    @api.constrains("alarms")
    def _check_alarms(self):
        for term in self:
            try:
                days = term._alarm_days()
            except ValueError:
                days = [-1]
            if any(day < 0 for day in days):
                raise ValidationError(
                    self.env._("%s: enter the days before the end as numbers, such as 90,30,7.", term.name)
                )
