from odoo import api, fields, models
from odoo.exceptions import UserError

from ..translations import lend_translations


class PmReportMonth(models.AbstractModel):
    """The month under way is proposed to whoever asks for a report of a period.

    To be named before the wizard in ``_inherit``, so that what is here comes before the wizard's own methods.
    """

    _name = "pm.report.month"
    _description = "Report of the Month"

    date_range_id = fields.Many2one("date.range")
    date_from = fields.Date(default=lambda self: fields.Date.context_today(self).replace(day=1))
    date_to = fields.Date(default=fields.Date.context_today)

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for report in self:
            if report.date_from and report.date_to and report.date_from > report.date_to:
                raise UserError(self.env._("The first day of a report is not after its last day."))

    def _register_hook(self):
        super()._register_hook()
        lend_translations()

    @api.private
    @api.onchange("date_range_id")
    def onchange_date_range_id(self):
        """A range fills in its dates; without one, as when the dialogue opens, the dates stay as they are."""
        if self.date_range_id:
            return super().onchange_date_range_id()
