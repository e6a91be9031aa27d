from odoo import models
from odoo.fields import Domain

from .pm_kpi import ONE_DAY


class PmKpi(models.Model):
    """KPI 25: waiting and handling at a move-in."""

    _inherit = "pm.kpi"

    def _move_in_ratio(self, kind, prop, date_from, date_to, user):
        total = (
            Domain("property_id", "=", prop.id)
            & Domain("kind", "=", "move_in")
            & Domain("finished_at", ">=", prop._local_midnight_utc(date_from))
            & Domain("finished_at", "<", prop._local_midnight_utc(date_to + ONE_DAY))
        )
        if user:
            total &= Domain("user_id", "=", user.id)
        return {
            "numerator": ("pm.occupancy", list(total & self._clock(kind, "met")), None),
            "denominator": ("pm.occupancy", list(total & self._clock(kind, "met", "breached")), None),
        }

    def _kpi_move_in_waiting(self, prop, date_from, date_to, user=None):
        """Move-ins whose customer waited no longer than the rule allows, of those finished. Source: S0-104."""
        return self._move_in_ratio("wait", prop, date_from, date_to, user)

    def _kpi_move_in_handling(self, prop, date_from, date_to, user=None):
        """Move-ins handled within the time of the rule, of those finished. Source: S0-105."""
        return self._move_in_ratio("handle", prop, date_from, date_to, user)
