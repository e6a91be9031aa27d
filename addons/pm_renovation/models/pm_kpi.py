from odoo import models
from odoo.fields import Domain


class PmKpi(models.Model):
    _inherit = "pm.kpi"

    def _kpi_renovation_review(self, prop, date_from, date_to, user=None):
        """KPI 27a: applications decided within their deadline / decisions due (S0-108)."""
        return self._renovation_clock("review", prop, date_from, date_to, user)

    def _kpi_renovation_defects(self, prop, date_from, date_to, user=None):
        """KPI 27b: defects told on the day they were found / defects found (S0-107)."""
        return self._renovation_clock("defects", prop, date_from, date_to, user)

    def _kpi_renovation_acceptance(self, prop, date_from, date_to, user=None):
        """KPI 28: acceptances held within their deadline / acceptances requested (S0-112)."""
        return self._renovation_clock("acceptance", prop, date_from, date_to, user)

    def _kpi_renovation_refund(self, prop, date_from, date_to, user=None):
        """KPI 29: refund formalities done within their deadline / refunds due (S0-113)."""
        return self._renovation_clock("refund", prop, date_from, date_to, user)

    def _renovation_clock(self, kind, prop, date_from, date_to, user):
        """Clocks of a kind that fell due in the period and were kept, over all that fell due or were kept."""
        domain = (
            Domain("res_model", "=", "pm.renovation")
            & Domain("kind", "=", kind)
            & Domain("property_id", "=", prop.id)
            & Domain("due", ">=", prop._local_midnight_utc(date_from))
            & Domain("due", "<", prop._local_to_utc(date_to, 24.0))
            & Domain("state", "in", ("met", "breached"))
        )
        if user:
            domain &= Domain("user_id", "=", user.id)
        return {
            "numerator": ("pm.deadline", list(domain & Domain("state", "=", "met")), None),
            "denominator": ("pm.deadline", list(domain), None),
        }
