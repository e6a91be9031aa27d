from odoo import http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.http import request

RESULTS = 8


class SurveyPortal(CustomerPortal):
    """What the owner is asked, and what the surveys of his properties said (S3-22)."""

    @http.route("/my/surveys", type="http", auth="user", website=True, readonly=True)
    def portal_surveys(self, **kwargs):
        env = request.env
        # The record rules of units decide whose property it is.
        properties = env["pm.unit"].search([]).property_id
        # sudo: customers have no rights on the lists of the desk; each sees his own questionnaires and published results
        invitations = (
            env["pm.survey.invitation"]
            .sudo()
            .search([("partner_id", "=", env.user.partner_id.id), ("round_id.state", "=", "open")])
        )
        results = (
            env["pm.survey.round"]
            .sudo()
            .search([("property_id", "in", properties.ids), ("state", "=", "published")], limit=RESULTS)
        )
        values = self._prepare_portal_layout_values() | {
            "page_name": "pm_survey",
            "invitations": invitations,
            "results": results,
        }
        return request.render("pm_customer_service.portal_surveys", values)
