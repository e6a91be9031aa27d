from odoo import models
from odoo.fields import Domain

from .pm_kpi import ONE_DAY


class PmKpi(models.Model):
    """Figures of the satisfaction surveys: KPI 4 and 31."""

    _inherit = "pm.kpi"

    def _kpi_survey_return(self, prop, date_from, date_to, user=None):
        """Questionnaires returned, of those distributed in the period. Source: S4-05."""
        total = (
            Domain("property_id", "=", prop.id)
            & Domain("round_id.state", "!=", "cancelled")
            & Domain("sent_at", ">=", prop._local_midnight_utc(date_from))
            & Domain("sent_at", "<", prop._local_midnight_utc(date_to + ONE_DAY))
        )
        return {
            "numerator": ("pm.survey.invitation", list(total & Domain("state", "=", "returned")), None),
            "denominator": ("pm.survey.invitation", list(total), None),
        }

    def _kpi_survey_index(self, prop, date_from, date_to, user=None):
        """Index of the surveys evaluated in the period, each weighted by its answers. Source: S0-44, S3-22."""
        total = (
            Domain("property_id", "=", prop.id)
            & Domain("state", "in", ("closed", "published"))
            & Domain("closed_on", ">=", date_from)
            & Domain("closed_on", "<=", date_to)
        )
        return {
            "numerator": ("pm.survey.round", list(total), "index_points"),
            "denominator": ("pm.survey.round", list(total), "answer_total"),
        }
