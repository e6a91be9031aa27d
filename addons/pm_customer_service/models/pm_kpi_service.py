from odoo import models
from odoo.fields import Domain

from .pm_kpi import ONE_DAY


class PmKpi(models.Model):
    """Figures of the paid services: KPI 34."""

    _inherit = "pm.kpi"

    def _kpi_service_reconciled(self, prop, date_from, date_to, user=None):
        """Orders reconciled by noon of the next working day, of those done whose time has come. Source: S1-78."""
        total = (
            Domain("property_id", "=", prop.id)
            & Domain("done_at", ">=", prop._local_midnight_utc(date_from))
            & Domain("done_at", "<", prop._local_midnight_utc(date_to + ONE_DAY))
            & self._clock("reconcile", "met", "breached")
        )
        if user:
            total &= Domain("unit_id.user_id", "=", user.id)
        return {
            "numerator": ("pm.service.order", list(total & self._clock("reconcile", "met")), None),
            "denominator": ("pm.service.order", list(total), None),
        }
