from odoo import http
from odoo.http import request


class PermitController(http.Controller):
    """The page behind the QR code of a permit: is it valid, for which unit, works and hours. No personal data."""

    @http.route("/pm/permit/<string:token>", type="http", auth="public", sitemap=False, readonly=True)
    def permit(self, token, **kwargs):
        # sudo: the token on the paper is the key to these few facts, for anybody who stands at the door
        case = request.env["pm.renovation"].sudo().search([("permit_token", "=", token)], limit=1)
        if not case:
            return request.render("pm_renovation.permit_unknown", {}, status=404)
        return self._page(
            case, "permit", case.permit_number, case._permit_status(), case.permit_valid_from, case.permit_valid_until
        )

    @http.route("/pm/pass/<string:token>", type="http", auth="public", sitemap=False, readonly=True)
    def worker_pass(self, token, **kwargs):
        """The page behind the QR code of a worker pass: number, validity, unit; the name stands on the pass only."""
        # sudo: as for the permit
        worker = request.env["pm.renovation.worker"].sudo().search([("pass_token", "=", token)], limit=1)
        if not worker:
            return request.render("pm_renovation.permit_unknown", {}, status=404)
        return self._page(
            worker.renovation_id,
            "pass",
            worker.pass_number,
            worker._pass_status(),
            worker.valid_from,
            worker.valid_until,
        )

    @staticmethod
    def _page(case, kind, number, status, valid_from, valid_until):
        prop = case.property_id
        # Plain facts only: the template never sees the record with its people.
        values = {
            "kind": kind,
            "status": status,
            "number": number,
            "unit": case.unit_id.name,
            "property": prop.name,
            "valid_from": valid_from,
            "valid_until": valid_until,
            "works": case.work_ids.type_id.mapped("name"),
            "work_hours": prop._hours_text("work"),
            "noise_hours": prop._hours_text("noise"),
            "hotline": prop.hotline,
        }
        response = request.render("pm_renovation.permit_page", values)
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers["Cache-Control"] = "no-store"
        return response
