import json

from odoo import http
from odoo.addons.web.controllers.report import ReportController
from odoo.http import content_disposition, request, serialize_exception
from odoo.tools.misc import html_escape
from odoo.tools.safe_eval import safe_eval, time
from werkzeug.exceptions import InternalServerError

from ..tools.typed import typed_ids


class PmReportController(ReportController):
    """Print routes of report type ``pm_pdf``: ``/report/pm_pdf/<name>/<ids>`` and the web client's download."""

    @http.route()
    def report_routes(self, reportname, docids=None, converter=None, **data):
        if converter != "pm_pdf":
            return super().report_routes(reportname, docids=docids, converter=converter, **data)
        ids = typed_ids((docids or "").split(","))
        reports = request.env["ir.actions.report"].with_context(**json.loads(data.get("context") or "{}"))
        content = reports._render_pm_pdf(reportname, ids)[0]
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/pdf"),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(self._pm_filename(reportname, ids), "inline")),
            ],
        )

    @http.route()
    def report_download(self, data, context=None, token=None, readonly=True):
        url, report_type = json.loads(data)[:2]
        if report_type != "pm_pdf":
            return super().report_download(data, context=context, token=token, readonly=readonly)
        try:
            name, _, ids = url.split("/report/pm_pdf/", 1)[1].split("?")[0].partition("/")
            response = self.report_routes(name, docids=ids, converter="pm_pdf", context=context)
            filename = self._pm_filename(name, typed_ids(ids.split(",")))
            response.headers["Content-Disposition"] = content_disposition(filename)
            return response
        except Exception as error:  # the web client shows this body as its error dialog
            message = {"code": 0, "message": "Odoo Server Error", "data": serialize_exception(error)}
            raise InternalServerError(response=request.make_response(html_escape(json.dumps(message)))) from error

    def _pm_filename(self, reportname, ids):
        report = request.env["ir.actions.report"]._get_report_from_name(reportname)
        name = report.name
        if report.print_report_name and len(ids) == 1:
            record = request.env[report.model].browse(ids)
            name = safe_eval(report.print_report_name, {"object": record, "time": time}) or name
        return f"{name}.pdf"
