from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools.pdf import merge_pdf
from odoo.tools.safe_eval import safe_eval, time


class IrActionsReport(models.Model):
    """Report type ``pm_pdf``: PDF drawn by ReportLab (see ``pm.document``), no browser or wkhtmltopdf involved."""

    _inherit = "ir.actions.report"

    report_type = fields.Selection(selection_add=[("pm_pdf", "PDF (ReportLab)")], ondelete={"pm_pdf": "cascade"})

    @api.model
    def _render_pm_pdf(self, report_ref, res_ids, data=None):
        """Return ``(bytes, "pdf")`` of the records; called by ``_render`` and by the print routes.

        :raises AccessError: the user is not in one of the report's groups, or may not read a record; or he is a resident:
            the house's papers on his case hold more than his own pages show, and those print what is his in sudo
        """
        report = self._get_report(report_ref)
        groups = report.group_ids or self.env.ref("base.group_user")
        if not self.env.su and not (groups & self.env.user.all_group_ids):
            raise AccessError(self.env._("You may not print %(report)s.", report=report.name))
        res_ids = [res_ids] if isinstance(res_ids, int) else res_ids or []
        records = self.env[report.model].browse(res_ids).exists()
        document = self.env[f"report.{report.report_name}"]
        if not report.attachment or not records:
            return document._render_pdf(records), "pdf"
        records.check_access("read")
        contents = [self._stored_pdf(report, document, record) for record in records]
        # A single original stays byte for byte what it was.
        return contents[0] if len(contents) == 1 else merge_pdf(contents), "pdf"

    def _stored_pdf(self, report, document, record):
        """Return the record's PDF as it was first printed (``attachment_use``), else print and attach it."""
        # sudo: the archived original belongs to the record, which the reader may see; he needs no right on attachments
        report_sudo = report.sudo()
        attachment = report_sudo.retrieve_attachment(record.sudo())
        if attachment and report.attachment_use:
            return attachment.raw
        content = document._render_pdf(record)
        name = safe_eval(report.attachment, {"object": record, "time": time})
        if name and not attachment:
            self.env["ir.attachment"].sudo().create(
                {
                    "name": name,
                    "raw": content,
                    "res_model": record._name,
                    "res_id": record.id,
                    "mimetype": "application/pdf",
                }
            )
        return content

    @api.model
    def _render_qweb_pdf(self, report_ref, res_ids=None, data=None):
        """Core, portal pages and mail composers ask for any report this way."""
        if self._get_report(report_ref).report_type == "pm_pdf":
            return self._render_pm_pdf(report_ref, res_ids, data=data)
        return super()._render_qweb_pdf(report_ref, res_ids=res_ids, data=data)

    def report_action(self, docids, data=None, config=True):
        # These documents have their own letterhead: do not ask administrators to choose one of QWeb's layouts.
        return super().report_action(docids, data=data, config=config and self.report_type != "pm_pdf")
