"""What the OCA shows in English, or day/month/year, whatever the language: dates, choices, names of sheets."""

from datetime import date, datetime

from odoo import models
from odoo.tools import format_date

from odoo.addons.pm_base.tools.labels import selection_labels
from odoo.addons.pm_base.tools.write import sheet_name

_OCA_DATE = "%d/%m/%Y"


class OpenItemsReport(models.AbstractModel):
    _inherit = "report.account_financial_report.open_items"

    def _get_report_values(self, docids, data):
        """Give the template and the XLSX dates in place of texts."""
        values = super()._get_report_values(docids, data)
        values["date_at"] = data["date_at"]
        for groups in values["Open_Items"].values():
            for items in groups.values() if isinstance(groups, dict) else [groups]:
                for item in items:
                    due = item["date_maturity"]
                    item["date_maturity"] = due and datetime.strptime(due, _OCA_DATE).date()
        return values


class JournalLedgerReport(models.AbstractModel):
    _inherit = "report.account_financial_report.journal_ledger"

    def _get_report_values(self, docids, data):
        """Leave out the journals without an entry in the period; say which entries in the reader's language."""
        values = super()._get_report_values(docids, data)
        values["Journal_Ledgers"] = [ledger for ledger in values["Journal_Ledgers"] if ledger["report_moves"]]
        values["move_target"] = selection_labels(values["docs"], "move_target")[data["move_target"]]
        return values

    def _get_partner_id_data(self, partner):
        # sudo: who reads an entry reads whom it names, also where the household is of a property that is not his
        return super()._get_partner_id_data(partner.sudo())


class VatReport(models.AbstractModel):
    _inherit = "report.account_financial_report.vat_report"

    def _get_report_values(self, docids, data):
        values = super()._get_report_values(docids, data)
        values["based_on"] = selection_labels(self.env["vat.report.wizard"], "based_on")[data["based_on"]]
        return values


class AbstractReportXlsx(models.AbstractModel):
    _inherit = "report.account_financial_report.abstract_report_xlsx"

    def generate_xlsx_report(self, workbook, data, objects):
        """A sheet is named after a company or a journal: what Excel does not take in a name is left out."""
        add, used = workbook.add_worksheet, set()
        workbook.add_worksheet = lambda name: add(sheet_name(name, used))
        return super().generate_xlsx_report(workbook, data, objects)

    def _define_formats(self, workbook, report_data, data=None):
        super()._define_formats(workbook, report_data, data=data)
        report_data["formats"]["format_date"] = workbook.add_format({"num_format": "yyyy-mm-dd", "align": "left"})

    def write_line_from_dict(self, line_dict, report_data):
        """A date is a date, so that it can be sorted and filtered by."""
        row = report_data["row_pos"]
        super().write_line_from_dict(line_dict, report_data)
        for position, column in report_data["columns"].items():
            value = line_dict.get(column["field"])
            if isinstance(value, date):
                report_data["sheet"].write_datetime(row, position, value, report_data["formats"]["format_date"])


class PmReportFilters(models.AbstractModel):
    """The period or the day above an XLSX report. To be named before the report in ``_inherit``."""

    _name = "pm.report.filters"
    _description = "Filters of a Report"

    def _get_report_filters(self, report):
        days = [report[name] for name in ("date_at", "date_from", "date_to") if name in report._fields]
        filters = super()._get_report_filters(report)
        for day in filter(None, days):
            shown = format_date(self.env, day)
            for written in (day.strftime(_OCA_DATE), str(day)):
                filters = [[title, value.replace(written, shown)] for title, value in filters]
        return filters


class GeneralLedgerXlsx(models.AbstractModel):
    _name = "report.a_f_r.report_general_ledger_xlsx"
    _inherit = ["pm.report.filters", "report.a_f_r.report_general_ledger_xlsx"]


class JournalLedgerXlsx(models.AbstractModel):
    _name = "report.a_f_r.report_journal_ledger_xlsx"
    _inherit = ["pm.report.filters", "report.a_f_r.report_journal_ledger_xlsx"]

    def _generate_no_group_content(self, workbook, report, res_data, report_data):
        self._generate_moves_content(workbook, self.env._("Entries"), report, res_data, res_data["Moves"], report_data)
        self._generate_taxes_summary(workbook, self.env._("Taxes"), res_data["tax_line_data"], report_data)

    def _generate_taxes_summary(self, workbook, sheet_name, tax_lines_dict, report_data):
        name = sheet_name.removeprefix("Tax - ")
        if name != sheet_name:
            name = self.env._("Tax %s", name)
        return super()._generate_taxes_summary(workbook, name, tax_lines_dict, report_data)


class TrialBalanceXlsx(models.AbstractModel):
    _name = "report.a_f_r.report_trial_balance_xlsx"
    _inherit = ["pm.report.filters", "report.a_f_r.report_trial_balance_xlsx"]


class OpenItemsXlsx(models.AbstractModel):
    _name = "report.a_f_r.report_open_items_xlsx"
    _inherit = ["pm.report.filters", "report.a_f_r.report_open_items_xlsx"]


class AgedPartnerBalanceXlsx(models.AbstractModel):
    _name = "report.a_f_r.report_aged_partner_balance_xlsx"
    _inherit = ["pm.report.filters", "report.a_f_r.report_aged_partner_balance_xlsx"]


class VatReportXlsx(models.AbstractModel):
    _name = "report.a_f_r.report_vat_report_xlsx"
    _inherit = ["pm.report.filters", "report.a_f_r.report_vat_report_xlsx"]
