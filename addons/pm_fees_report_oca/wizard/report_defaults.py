"""What an accountant of the fees mostly wants is proposed, so that a report is two clicks; the OCA asks each time."""

from odoo import fields, models


class TrialBalanceReportWizard(models.TransientModel):
    _name = "trial.balance.report.wizard"
    _inherit = ["pm.report.month", "trial.balance.report.wizard"]


class VatReportWizard(models.TransientModel):
    _name = "vat.report.wizard"
    _inherit = ["pm.report.month", "vat.report.wizard"]

    # The taxes of China's chart of accounts bear no tags: by tags the report is empty.
    based_on = fields.Selection(default="taxgroups")


class GeneralLedgerReportWizard(models.TransientModel):
    _name = "general.ledger.report.wizard"
    _inherit = ["pm.report.month", "general.ledger.report.wizard"]

    # Fees are in the company's currency: columns for others only repeat it.
    foreign_currency = fields.Boolean(default=False)


class JournalLedgerReportWizard(models.TransientModel):
    _name = "journal.ledger.report.wizard"
    _inherit = ["pm.report.month", "journal.ledger.report.wizard"]


class AgedPartnerBalanceReportWizard(models.TransientModel):
    _inherit = "aged.partner.balance.report.wizard"

    # What households owe; the accounts, which have to be named, follow from it.
    receivable_accounts_only = fields.Boolean(default=True)


class OpenItemsReportWizard(models.TransientModel):
    _inherit = "open.items.report.wizard"

    receivable_accounts_only = fields.Boolean(default=True)
    foreign_currency = fields.Boolean(default=False)
