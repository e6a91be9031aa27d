from odoo import fields, models
from odoo.addons.rating.models.rating_data import RATING_LIMIT_SATISFIED
from odoo.fields import Domain

from .pm_kpi import ONE_DAY
from .pm_ticket import OPEN_STATES


class PmKpi(models.Model):
    """Figures of the reception, of staying in touch and of the work on site: KPI 1, 7, 14, 17, 18, 33."""

    _inherit = "pm.kpi"

    def _kpi_reception_satisfaction(self, prop, date_from, date_to, user=None):
        """Receptions whose customer was satisfied, of those who gave a verdict. Source: S4-02.

        The verdict is the last answer at a follow-up; where nobody asked, the rating by the link. A rating in the middle
        is a verdict and not a satisfied one.
        """
        asked = Domain("followup_ids.satisfied", "in", ("satisfied", "dissatisfied"))
        total = self._ticket_domain(prop, date_from, date_to, user, "received_at")
        total &= asked | Domain("rating_last_value", ">", 0)
        pleased = (asked & Domain("satisfied", "=", True)) | (
            ~asked & Domain("rating_last_value", ">=", RATING_LIMIT_SATISFIED)
        )
        return self._ratio(total, pleased)

    def _kpi_complaint_tracking(self, prop, date_from, date_to, user=None):
        """Complaints whose customer never waited too long for word, and heard the result. Source: S0-116."""
        total = self._ticket_domain(prop, date_from, date_to, user, "received_at", type_code="complaint")
        total &= Domain("state", "!=", "cancelled")
        told = Domain("fed_back_at", "!=", False) | Domain("state", "in", OPEN_STATES)
        return self._ratio(total, ~self._clock("contact", "breached") & told)

    def _kpi_need_review(self, prop, date_from, date_to, user=None):
        """Requests that somebody looked at and classified, of those received. Source: S3-18."""
        total = self._ticket_domain(prop, date_from, date_to, user, "received_at")
        return self._ratio(total, Domain("category_id", "!=", False) & Domain("state", "!=", "new"))

    def _complaint_rate(self, complaints, work):
        return {"numerator": ("pm.ticket", list(complaints), None), "denominator": ("pm.ticket", list(work), None)}

    def _kpi_repair_complaints(self, prop, date_from, date_to, user=None):
        """Complaints about repairs, by category or by the repair they are linked with / repairs done. Source: S4-42."""
        complaints = self._ticket_domain(prop, date_from, date_to, user, "received_at", type_code="complaint")
        complaints &= Domain("category_id.is_repair_work", "=", True) | Domain("link_ids.type_code", "=", "repair")
        repairs = self._ticket_domain(prop, date_from, date_to, user, "handled_at", type_code="repair")
        return self._complaint_rate(complaints, repairs)

    def _kpi_facility_complaints(self, prop, date_from, date_to, user=None):
        """Complaints about facilities / work done on them; what counts as work is a house rule. Source: S4-43."""
        facility = Domain("category_id.is_facility", "=", True)
        complaints = self._ticket_domain(prop, date_from, date_to, user, "received_at", type_code="complaint")
        work = self._ticket_domain(prop, date_from, date_to, user, "handled_at", type_code="repair")
        return self._complaint_rate(complaints & facility, work & facility)

    def _kpi_arrival(self, prop, date_from, date_to, user=None):
        """Technicians there at the agreed time or before, of the visits whose time has come. Source: S1-60.

        A visit whose hour passed with nobody there is a late one; one that was called off is none.
        """
        total = (
            Domain("property_id", "=", prop.id)
            & Domain("start", ">=", prop._local_midnight_utc(date_from))
            & Domain("start", "<", prop._local_midnight_utc(date_to + ONE_DAY))
            & (
                Domain("arrived_at", "!=", False)
                | (Domain("state", "=", "planned") & Domain("start", "<", fields.Datetime.now()))
            )
        )
        return {
            "numerator": ("pm.appointment", list(total & Domain("is_on_time", "=", True)), None),
            "denominator": ("pm.appointment", list(total), None),
        }
