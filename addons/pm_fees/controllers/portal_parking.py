from odoo import http
from odoo.exceptions import UserError, ValidationError
from odoo.http import request
from psycopg2.errors import UniqueViolation

from odoo.addons.pm_base.tools.labels import selection_labels

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
    def portal_parking(self, error=None, **_kw):
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
                "leases": leases,
                "states": states,
                "error": error,
            },
        )

    @http.route("/my/parking/ask", type="http", auth="user", website=True, methods=["POST"])
    def portal_parking_ask(self, unit_id="", plate="", **_kw):
        """Ask for a space for a vehicle; the desk answers."""
        unit = request.env["pm.unit"].search(
            [
                ("id", "=", int(unit_id) if unit_id.isdecimal() and len(unit_id) < 10 else 0),
                ("unit_type", "!=", "parking"),
            ]
        )
        plate = "".join(char for char in plate if char.isalnum()).upper()[:_LONGEST_PLATE]
        if not unit or not plate:
            return self.portal_parking(error=request.env._("Choose your unit and give the number plate."))
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
            return self.portal_parking(error=request.env._("You have already asked for a space for this vehicle."))
        except (UserError, ValidationError) as error:
            return self.portal_parking(error=str(error))
        return request.redirect("/my/parking")
