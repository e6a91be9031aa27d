from odoo import models
from odoo.fields import Domain


class PmKpi(models.Model):
    """Collection figures: rows 22, 23 and 24 of the KPI list (S4-08, S4-09, S0-129)."""

    _inherit = "pm.kpi"

    def _kpi_collection_rate(self, prop, date_from, date_to, user=None):
        """Property fees of the periods between the dates: received by the last of them / receivable (S4-08)."""
        billed = [
            *self._kpi_rate_domain(prop, user),
            ("period_start", ">=", date_from),
            ("period_start", "<=", date_to),
            *self._kpi_booked("booked_at"),
        ]
        return {
            "as_of": True,
            "numerator": (
                "pm.charge.movement",
                billed + [("kind", "=", "payment"), ("date", "<=", date_to)],
                "settled",
            ),
            "denominator": ("pm.charge.movement", billed + [("kind", "in", ("charge", "reversal"))], "amount"),
        }

    def _kpi_arrears_recovery(self, prop, date_from, date_to, user=None):
        """Arrears of the day before: received between the dates / owed at their start (S4-09)."""
        old = [*self._kpi_rate_domain(prop, user), ("due_date", "<", date_from), *self._kpi_booked("booked_at")]
        owed = ("pm.charge.movement", old + [("date", "<", date_from)], "amount")
        if prop and not self._as_of():
            owed += (lambda: prop._rate_arrears(date_from, user),)
        return {
            "as_of": True,
            "numerator": (
                "pm.charge.movement",
                old + [("kind", "=", "payment"), ("date", ">=", date_from), ("date", "<=", date_to)],
                "settled",
            ),
            "denominator": owed,
        }

    def _kpi_fee_accuracy(self, prop, date_from, date_to, user=None):
        """Charges not reversed because of our error / charges issued (S0-129)."""
        issued = [
            ("state", "in", ("posted", "reversed")),
            ("kind", "=", "regular"),
            ("period_start", ">=", date_from),
            ("period_start", "<=", date_to),
            *self._kpi_fee_domain(prop, user),
        ]
        if self._as_of():
            # A charge of nothing has no journal item; it changes no figure when it was booked.
            issued += ["|", ("move_line_id", "=", False), ("move_line_id.create_date", "<=", self._as_of())]
        right = Domain("reverse_reason", "=", False) | Domain("reverse_reason", "!=", "our_error")
        if self._as_of():
            right |= Domain("reverse_line_id.create_date", ">", self._as_of())
        return {
            "as_of": True,
            "numerator": ("pm.charge", Domain(issued) & right, None),
            "denominator": ("pm.charge", issued, None),
        }

    def _kpi_rate_domain(self, prop, user):
        """The fees that the collection rates speak of: property fees, unless the fee items say otherwise."""
        return [*self._kpi_fee_domain(prop, user), ("item_id.in_collection_rate", "=", True)]

    def _kpi_booked(self, field):
        """Leave out what was booked after the snapshot whose records are asked for."""
        return [(field, "<=", self._as_of())] if self._as_of() else []

    def _kpi_fee_domain(self, prop, user):
        domain = [("property_id", "=", prop.id)] if prop else []
        if user:
            domain.append(("unit_id.user_id", "=", user.id))
        return domain
