from odoo import http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.http import request


class ServicePortal(CustomerPortal):
    """The published price list of paid services, of the user's own properties (S0-82, S1-71)."""

    @http.route("/my/services", type="http", auth="user", website=True, readonly=True)
    def portal_services(self, **kwargs):
        # The record rules of units decide whose property it is.
        properties = request.env["pm.unit"].search([]).property_id
        # sudo: the list is public to the residents; services themselves have no portal rights
        items = request.env["pm.service.item"].sudo()
        lists = [(prop, items._price_list(prop)) for prop in properties.sudo()]
        values = self._prepare_portal_layout_values() | {"page_name": "pm_service", "lists": lists}
        return request.render("pm_customer_service.portal_services", values)
