import json
import logging
from hmac import compare_digest

from odoo.http import Controller, request, route

_logger = logging.getLogger(__name__)

MAX_BYTES = 1_000_000
MAX_ROWS = 1_000


class AliyunReport(Controller):
    """Where Aliyun pushes its delivery reports. They are not signed: the address holds the company's secret."""

    @route(
        "/pm_sms_aliyun/report/<int:company_id>/<string:token>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def report(self, company_id, token, **_ignored):
        # sudo: the gateway is nobody's user; the secret of the address was compared
        company = request.env["res.company"].sudo().browse(company_id).exists()
        if not company.pm_aliyun_token or not compare_digest(company.pm_aliyun_token.encode(), token.encode()):
            raise request.not_found()
        rows = self._rows()
        if rows is None:
            return self._answer(1, "not understood")
        sends = request.env["pm.sms.aliyun.send"].sudo()
        by_uuid = {str(row.get("out_id") or ""): row for row in rows}
        for send in sends.search([("uuid", "in", list(by_uuid)), ("company_id", "=", company.id)]):
            row = by_uuid[send.uuid]
            if send.biz_id and row.get("biz_id") and str(row["biz_id"]) != send.biz_id:
                _logger.warning("Aliyun reports SMS %s under another number: ignored", send.uuid)
                continue
            send._report(row.get("success") is True, str(row.get("err_code") or "")[:100], biz_id=row.get("biz_id"))
        return self._answer(0, "OK")

    def _rows(self):
        """The rows of the request's body, or None when it is no report."""
        length = request.httprequest.content_length
        if length is None or length > MAX_BYTES:
            return None
        try:
            rows = json.loads(request.httprequest.get_data())
        except ValueError:
            return None
        if not isinstance(rows, list) or len(rows) > MAX_ROWS or not all(isinstance(row, dict) for row in rows):
            return None
        return rows

    def _answer(self, code, text):
        return request.make_json_response({"code": code, "msg": text})
