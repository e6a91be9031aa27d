from datetime import timedelta

from odoo import models
from odoo.fields import Domain

ONE_DAY = timedelta(days=1)


class PmKpi(models.Model):
    """Figures of the service desk: Appendix (2) of the requirements. All of them read tickets and their clocks, nothing else."""

    _inherit = "pm.kpi"

    def _ticket_domain(self, prop, date_from, date_to, user, field, **conditions):
        """Return the domain of tickets of ``prop`` whose ``field`` lies in the period (dates of the property, both included)."""
        start = prop._local_midnight_utc(date_from)
        stop = prop._local_midnight_utc(date_to + ONE_DAY)
        domain = (
            Domain("property_id", "=", prop.id)
            & Domain(field, ">=", start)
            & Domain(field, "<", stop)
            & Domain("state", "!=", "invalid")
        )
        for name, value in conditions.items():
            domain &= Domain(name, "=", value)
        if user:
            domain &= Domain("butler_id", "=", user.id)
        return domain

    @staticmethod
    def _clock(kind, *states):
        return Domain("deadline_ids", "any", Domain("kind", "=", kind) & Domain("state", "in", states))

    def _ratio(self, total, part):
        return {"numerator": ("pm.ticket", list(total & part), None), "denominator": ("pm.ticket", list(total), None)}

    def _kpi_complaint_satisfaction(self, prop, date_from, date_to, user=None):
        """Of the valid complaints followed up in the period, those whose customer is satisfied by the last answer. Source: S4-04.

        A complaint counts once, however often the customer was asked; one that was opened again is not satisfied yet.
        """
        asked = (
            Domain("satisfied", "in", ("satisfied", "dissatisfied"))
            & Domain("date", ">=", prop._local_midnight_utc(date_from))
            & Domain("date", "<", prop._local_midnight_utc(date_to + ONE_DAY))
        )
        total = (
            Domain("property_id", "=", prop.id)
            & Domain("type_code", "=", "complaint")
            & Domain("state", "!=", "invalid")
            & Domain("followup_ids", "any", asked)
        )
        if user:
            total &= Domain("butler_id", "=", user.id)
        return self._ratio(total, Domain("satisfied", "=", True))

    def _kpi_repair_timeliness(self, prop, date_from, date_to, user=None):
        """Repairs done by their deadline and agreed time, of those done or due."""
        total = self._ticket_domain(prop, date_from, date_to, user, "received_at", type_code="repair")
        total &= self._clock("resolve", "met", "breached") | self._clock("promise", "met", "breached")
        return self._ratio(total, ~self._clock("resolve", "breached") & ~self._clock("promise", "breached"))

    def _kpi_repair_followup(self, prop, date_from, date_to, user=None):
        total = self._ticket_domain(prop, date_from, date_to, user, "handled_at", type_code="repair")
        return self._ratio(total, Domain("followup_ids.satisfied", "in", ("satisfied", "dissatisfied")))

    def _kpi_complaint_followup(self, prop, date_from, date_to, user=None):
        total = self._ticket_domain(prop, date_from, date_to, user, "handled_at", type_code="complaint")
        return self._ratio(total, self._clock("followup", "met"))

    def _kpi_complaint_timeliness(self, prop, date_from, date_to, user=None):
        """Handled by the deadline or the agreed time: no clock of handling was missed."""
        total = self._ticket_domain(prop, date_from, date_to, user, "received_at", type_code="complaint")
        total &= (
            self._clock("resolve", "met", "breached")
            | self._clock("promise", "met", "breached")
            | Domain("handled_at", "!=", False)
        )
        return self._ratio(total, ~self._clock("resolve", "breached") & ~self._clock("promise", "breached"))

    def _kpi_major_reply(self, prop, date_from, date_to, user=None):
        total = self._ticket_domain(
            prop, date_from, date_to, user, "received_at", type_code="complaint", severity="major"
        )
        return self._ratio(
            total & self._clock("reply", "met", "breached"),
            self._clock("reply", "met") & ~self._clock("reply", "breached"),
        )

    def _kpi_major_handling(self, prop, date_from, date_to, user=None):
        total = self._ticket_domain(
            prop, date_from, date_to, user, "received_at", type_code="complaint", severity="major"
        )
        return self._ratio(
            total & self._clock("resolve", "met", "breached"),
            self._clock("resolve", "met") & ~self._clock("resolve", "breached"),
        )

    def _kpi_inquiry_reply(self, prop, date_from, date_to, user=None):
        total = self._ticket_domain(prop, date_from, date_to, user, "received_at", type_code="inquiry")
        return self._ratio(total, Domain("replied_at", "!=", False) | Domain("handled_at", "!=", False))

    def _kpi_suggestion_reply(self, prop, date_from, date_to, user=None):
        """Answered with a decision within three days."""
        total = self._ticket_domain(prop, date_from, date_to, user, "received_at", type_code="suggestion")
        return self._ratio(total, self._clock("reply", "met") & Domain("decision", "!=", False))

    def _kpi_common_report_back(self, prop, date_from, date_to, user=None):
        total = self._ticket_domain(
            prop, date_from, date_to, user, "handled_at", type_code="repair", is_common_part=True
        )
        return self._ratio(total, self._clock("report_back", "met"))

    def _kpi_promise(self, prop, date_from, date_to, user=None):
        """Agreed times and promises that fell due in the period, and were kept. Source: S3-20, S3-41."""
        start, stop = prop._local_midnight_utc(date_from), prop._local_midnight_utc(date_to + ONE_DAY)
        total = (
            Domain("property_id", "=", prop.id)
            & Domain("res_model", "in", ("pm.ticket", "pm.ticket.promise"))
            & Domain("kind", "=", "promise")
            & Domain("state", "in", ("met", "breached"))
            & Domain("due", ">=", start)
            & Domain("due", "<", stop)
        )
        if user:
            total &= Domain("user_id", "=", user.id)
        return {
            "numerator": ("pm.deadline", list(total & Domain("state", "=", "met")), None),
            "denominator": ("pm.deadline", list(total), None),
        }

    def _kpi_feedback(self, prop, date_from, date_to, user=None):
        total = self._ticket_domain(prop, date_from, date_to, user, "received_at")
        return self._ratio(total, Domain("replied_at", "!=", False) | Domain("fed_back_at", "!=", False))
