from odoo import models
from odoo.fields import Domain

from .pm_kpi import ONE_DAY
from .pm_visit import DONE_STATES

# Units in a butler's charge that are visited regularly (S4-46).
TO_VISIT = Domain("active", "=", True) & Domain("to_visit", "=", True) & Domain("user_id", "!=", False)


def visited_domain(start, end):
    """Return the condition of a unit that was visited from ``start`` to before ``end`` (naive UTC)."""
    held = Domain("state", "in", DONE_STATES) & Domain("visited_at", ">=", start) & Domain("visited_at", "<", end)
    return Domain("visit_ids", "any", held)


class PmKpi(models.Model):
    """Figures of visits and contacts: KPI 19–21."""

    _inherit = "pm.kpi"

    def _kpi_visit_rate(self, prop, date_from, date_to, user=None):
        """Units visited at least once, of those in a butler's charge that are visited regularly. Source: S4-46."""
        total = Domain("property_id", "=", prop.id) & TO_VISIT
        if user:
            total &= Domain("user_id", "=", user.id)
        visited = visited_domain(prop._local_midnight_utc(date_from), prop._local_midnight_utc(date_to + ONE_DAY))
        return {
            "numerator": ("pm.unit", list(total & visited), None),
            "denominator": ("pm.unit", list(total), None),
        }

    def _contact_ratio(self, total):
        total &= Domain("state", "in", ("open", "met", "missed"))
        return {
            "numerator": ("pm.contact.duty", list(total & Domain("state", "=", "met")), None),
            "denominator": ("pm.contact.duty", list(total), None),
        }

    def _kpi_committee_contact(self, prop, date_from, date_to, user=None):
        """Months with a talk with the owners' committee; a month still running counts from its first day. Source: S0-155."""
        return self._contact_ratio(
            Domain("property_id", "=", prop.id)
            & Domain("audience", "=", "committee")
            & Domain("period_start", ">=", date_from)
            & Domain("period_start", "<=", date_to)
        )

    def _kpi_key_customer_contact(self, prop, date_from, date_to, user=None):
        """Key customers talked to in the quarter that holds the end of the period. Source: S0-156."""
        return self._contact_ratio(
            Domain("property_id", "=", prop.id)
            & Domain("audience", "=", "key_customer")
            & Domain("period_start", "<=", date_to)
            & Domain("period_end", ">=", date_to)
        )
