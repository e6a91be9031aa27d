from odoo import http
from odoo.exceptions import UserError, ValidationError
from odoo.http import request
from psycopg2.errors import UniqueViolation

from odoo.addons.pm_base.tools.labels import selection_labels
from odoo.addons.pm_base.tools.typed import typed_int

from .portal_bills import PmBillsPortal

_LONGEST_PLATE = 12


class PmParkingPortal(PmBillsPortal):
    """Parking in the portal: the published plan, one's own leases, asking for a space. Source: S0-141."""

    def _parking_plans(self):
        """The plans in force of the properties where the user has a unit."""
        properties = request.env["pm.unit"].search([]).property_id
        # sudo: a plan in force is published to everybody who lives or works there
        return (
            request.env["pm.parking.plan"]
            .sudo()
            .search([("property_id", "in", properties.ids), ("state", "=", "active")])
        )

    @http.route("/my/parking", type="http", auth="user", website=True, methods=["GET"])
    def portal_parking(self, **_kw):
        """The plan in force with its prices, how many spaces are free and how many wait, and the user's own leases."""
        return self._parking_page()

    def _parking_page(self, error=None):
        """:param str error: why what was just asked for is refused; never taken from the address"""
        plans = self._parking_plans()
        # sudo: portal users reach leases only through the domain of their own partner
        leases = request.env["pm.parking.lease"].sudo().search(self._own_domain())
        states = selection_labels(leases, "state")
        return request.render(
            "pm_fees.portal_parking",
            {
                "page_name": "pm_parking",
                "plans": [(plan, plan._tariff(plan.property_id._today())) for plan in plans],
                "units": request.env["pm.unit"].search([("unit_type", "!=", "parking")]),
                "free": {plan: len(plan.property_id._parking_free_spaces()) for plan in plans},
                "queue": self._queue(plans.property_id),
                "leases": leases,
                "states": states,
                "error": error,
            },
        )

    def _queue(self, properties):
        """{property: ids of the leases that wait, in their order}; ids of others tell the place only."""
        # sudo: how many wait before one is no secret, who they are is not shown
        waiting = (
            request.env["pm.parking.lease"]
            .sudo()
            .search([("property_id", "in", properties.ids), ("state", "=", "waiting")], order="waiting_since, id")
        )
        return {prop: waiting.filtered(lambda lease, prop=prop: lease.property_id == prop).ids for prop in properties}

    @http.route("/my/parking/ask", type="http", auth="user", website=True, methods=["POST"])
    def portal_parking_ask(self, unit_id="", plate="", **_kw):
        """Ask for a space for a vehicle; the desk answers."""
        unit = request.env["pm.unit"].search(
            [
                ("id", "=", typed_int(unit_id)),
                ("unit_type", "!=", "parking"),
            ]
        )
        plate = "".join(char for char in plate if char.isalnum()).upper()[:_LONGEST_PLATE]
        if not unit or not plate:
            return self._parking_page(error=request.env._("Choose your unit and give the number plate."))
        try:
            with request.env.cr.savepoint():
                # sudo: portal users ask for themselves only, by this form only
                request.env["pm.parking.lease"].sudo().with_context(pm_parking_from_portal=True).create(
                    {
                        "property_id": unit.property_id.id,
                        "partner_id": request.env.user.partner_id.id,
                        "unit_id": unit.id,
                        "plate": plate,
                        "user_id": unit.sudo().user_id.id,
                    }
                )
        except UniqueViolation:
            return self._parking_page(error=request.env._("You have already asked for a space for this vehicle."))
        except (UserError, ValidationError) as error:
            return self._parking_page(error=str(error))
        return request.redirect("/my/parking")
