"""What an accountant of the fees mostly wants is proposed, so that a report is two clicks; the OCA asks each time."""

from odoo import api, fields, models


def _month_start(record):
    return fields.Date.context_today(record).replace(day=1)


class TrialBalanceReportWizard(models.TransientModel):
    _inherit = "trial.balance.report.wizard"

    date_from = fields.Date(default=_month_start)
    date_to = fields.Date(default=fields.Date.context_today)

    @api.onchange("date_range_id")
    def onchange_date_range_id(self):
        """A range fills in its dates; without one, as when the dialogue opens, the dates stay as they are."""
        if self.date_range_id:
            return super().onchange_date_range_id()


class VatReportWizard(models.TransientModel):
    _inherit = "vat.report.wizard"

    date_from = fields.Date(default=_month_start)
    date_to = fields.Date(default=fields.Date.context_today)

    @api.onchange("date_range_id")
    def onchange_date_range_id(self):
        """A range fills in its dates; without one, as when the dialogue opens, the dates stay as they are."""
        if self.date_range_id:
            return super().onchange_date_range_id()


class AgedPartnerBalanceReportWizard(models.TransientModel):
    _inherit = "aged.partner.balance.report.wizard"

    # What households owe; the accounts, which have to be named, follow from it.
    receivable_accounts_only = fields.Boolean(default=True)


class OpenItemsReportWizard(models.TransientModel):
    _inherit = "open.items.report.wizard"

    receivable_accounts_only = fields.Boolean(default=True)
