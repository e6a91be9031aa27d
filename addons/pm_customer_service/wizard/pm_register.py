from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.pm_base.tools.labels import selection_label

MAX_DAYS = 366


class PmRegister(models.TransientModel):
    """A register of a property over some days, for printing and filing. Source: S4-100, S4-45, S1-79, Appendix (4).

    A register is a kind in ``kind`` and a method ``_register_<kind>(kit)`` of the report that returns its table.
    """

    _name = "pm.register"
    _description = "Register"

    property_id = fields.Many2one(
        "pm.property", required=True, default=lambda self: self.env.user.pm_property_ids[:1], ondelete="cascade"
    )
    company_id = fields.Many2one(related="property_id.company_id")
    kind = fields.Selection(
        [
            ("complaint", "Complaint register"),
            ("contact", "Register of letters and calls"),
            ("visit", "Visit register"),
            ("followup", "Follow-up register"),
            ("service", "Service / repair register"),
            ("statistics", "Service statistics"),
        ],
        string="Register",
        required=True,
        default="visit",
    )
    date_from = fields.Date(
        string="From", required=True, default=lambda self: fields.Date.context_today(self).replace(day=1)
    )
    date_to = fields.Date(
        string="To",
        required=True,
        default=lambda self: fields.Date.context_today(self).replace(day=1) + relativedelta(months=1, days=-1),
    )

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for register in self:
            if register.date_to < register.date_from:
                raise ValidationError(self.env._("A register cannot end before it begins."))
            if (register.date_to - register.date_from).days > MAX_DAYS:
                raise ValidationError(self.env._("A register holds at most a year: choose a shorter period."))

    @api.depends("kind", "date_from", "date_to")
    def _compute_display_name(self):
        for register in self:
            kind = selection_label(register, "kind")
            register.display_name = f"{kind} {register.date_from} – {register.date_to}"

    def _bounds(self):
        """Return the moments (naive UTC) at which the first day begins and the last one ends."""
        prop = self.property_id
        return prop._local_midnight_utc(self.date_from), prop._local_midnight_utc(self.date_to + relativedelta(days=1))

    def action_print(self):
        return self.env.ref("pm_customer_service.pm_register_report").report_action(self)
