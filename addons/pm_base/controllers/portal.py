from odoo import http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.http import request


class PmPortal(CustomerPortal):
    """The page “My units”. Record rules decide which units are seen."""

    @http.route("/my/units", type="http", auth="user", website=True, readonly=True)
    def portal_my_units(self, **_kw):
        """Show the units of which the user is a party today, with the numbers to call."""
        units = request.env["pm.unit"].search([])
        # The directory is meant to be known to every resident; the portal has no model access of its own.
        emergency = (
            request.env["pm.emergency.contact"]
            .sudo()
            .search(["|", ("property_id", "=", False), ("property_id", "in", units.property_id.ids)])
        )
        values = {"page_name": "pm_units", "units": units, "properties": units.property_id, "emergency": emergency}
        return request.render("pm_base.portal_my_units", values)
