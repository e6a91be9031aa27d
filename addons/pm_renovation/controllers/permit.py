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
        prop = case.property_id
        # Plain facts only: the template never sees the record with its people.
        values = {
            "status": case._permit_status(),
            "number": case.permit_number,
            "unit": case.unit_id.name,
            "property": prop.name,
            "valid_from": case.permit_valid_from,
            "valid_until": case.permit_valid_until,
            "works": case.work_ids.type_id.mapped("name"),
            "work_hours": prop._hours_text("work"),
            "noise_hours": prop._hours_text("noise"),
            "hotline": prop.hotline,
        }
        response = request.render("pm_renovation.permit_page", values)
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers["Cache-Control"] = "no-store"
        return response
