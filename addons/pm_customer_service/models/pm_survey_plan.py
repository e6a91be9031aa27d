from datetime import date

from odoo import api, fields, models
from odoo.exceptions import ValidationError

KINDS = [("quarter", "Quarterly"), ("year", "Annual")]


class PmSurveyPlan(models.Model):
    """When which survey is held: the quarterly ones and the annual index in November. Source: S0-44, S3-22, CON-03."""

    _name = "pm.survey.plan"
    _description = "Survey Plan"
    _order = "sequence, id"

    _day_range = models.Constraint('CHECK ("day" BETWEEN 1 AND 28)', "The day lies between 1 and 28.")
    _sample_range = models.Constraint(
        "CHECK (sample_percent > 0 AND sample_percent <= 100)", "The sample lies between 0 and 100 %."
    )
    _days_positive = models.Constraint(
        "CHECK (open_days > 0 AND reminder_days >= 0)", "A survey is open for at least a day."
    )

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(KINDS, required=True, default="quarter")
    months = fields.Char(
        required=True, default="2,5,8", help="Numbers of the months in which the survey is held, with commas."
    )
    day = fields.Integer(string="From Day", required=True, default=1, help="The survey is prepared on this day.")
    open_days = fields.Integer(string="Days to Answer", required=True, default=14)
    sample_percent = fields.Float(
        string="Sample (%)", required=True, default=100.0, help="Share of the households asked, drawn by lot."
    )
    reminder_days = fields.Integer(
        string="Remind after (days)", default=5, help="Who has not answered is reminded this often; 0: never."
    )
    survey_id = fields.Many2one("survey.survey", string="Form", required=True, ondelete="restrict")
    property_id = fields.Many2one(
        "pm.property",
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: for every property without its own plan of the kind.",
    )
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    source = fields.Char(translate=True, help="Requirement id or house rule the plan comes from.")

    @api.constrains("months")
    def _check_months(self):
        for plan in self:
            try:
                valid = all(1 <= month <= 12 for month in plan._get_months())
            except ValueError:
                valid = False
            if not valid:
                raise ValidationError(
                    self.env._(
                        "%s: months are numbers from 1 to 12 with commas between them, such as 2,5,8,11.", plan.name
                    )
                )

    def _get_months(self):
        return sorted({int(part) for part in (self.months or "").split(",")})

    def _for_property(self, prop):
        """Return the plans that hold in ``prop``: its own, else the general ones, kind by kind."""
        fitting = self.filtered(lambda plan: plan.property_id in (self.env["pm.property"], prop))
        own = set(fitting.filtered("property_id").mapped("kind"))
        return fitting.filtered(lambda plan: plan.property_id or plan.kind not in own)

    def _period(self, day):
        """Return the first and last day of the quarter or year that holds ``day``."""
        self.ensure_one()
        return fields.Date.start_of(day, self.kind), fields.Date.end_of(day, self.kind)

    def _is_due(self, day):
        """Tell whether the survey of the period that holds ``day`` should have been prepared by then."""
        self.ensure_one()
        first, last = self._period(day)
        days = [date(first.year, month, self.day) for month in self._get_months()]
        return any(first <= planned <= min(day, last) for planned in days)
