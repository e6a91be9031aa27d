from odoo import Command, http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from odoo.addons.pm_base.tools.labels import selection_labels

MAX_WORDS = 2000
MAX_QUANTITY = 1000
FLASH = "pm_service_flash"


class ServicePortal(CustomerPortal):
    """The published price list of paid services, of the user's own properties (S0-82, S1-71)."""

    @http.route("/my/services", type="http", auth="user", website=True, readonly=True)
    def portal_services(self, **kwargs):
        # The record rules of units decide whose property it is.
        properties = request.env["pm.unit"].search([]).property_id
        # sudo: the list is public to the residents; services themselves have no portal rights
        items = request.env["pm.service.item"].sudo()
        units = request.env["pm.unit"].search([]).sudo()
        lists = [
            (
                prop,
                items._price_list(prop).filtered(
                    lambda item, prop=prop: any(
                        item._is_offered_in(unit.zone_id) for unit in units if unit.property_id == prop
                    )
                ),
            )
            for prop in properties.sudo()
        ]
        orders = request.env["pm.service.order"].search([], limit=self._items_per_page)
        values = self._prepare_portal_layout_values() | {
            "page_name": "pm_service",
            "lists": lists,
            "units": units,
            "orders": orders.sudo(),  # sudo: the rule chose the household's own orders; names of units go with them
            "flash": request.session.pop(FLASH, None),
        }
        return request.render("pm_customer_service.portal_services", values)

    @http.route("/my/services/order", type="http", auth="user", website=True, methods=["POST"])
    def portal_service_order(self, item_id=None, quantity=None, unit_id=None, words=None, **kwargs):
        """The customer asks for a service; nothing is ordered before he has agreed to the price."""
        try:
            order = self._request_order(item_id, quantity, unit_id, words)
        except UserError as error:
            request.session[FLASH] = error.args[0]
            return request.redirect("/my/services")
        return request.redirect(f"/my/services/orders/{order.id}")

    def _request_order(self, item_id, quantity, unit_id, words):
        env = request.env
        units = env["pm.unit"].search([])
        unit = units.filtered(lambda u: str(u.id) == unit_id)
        if not unit:
            raise UserError(env._("Please choose one of your units."))
        # sudo: the list is public to the residents
        items = env["pm.service.item"].sudo()._price_list(unit.sudo().property_id)
        item = items.filtered(lambda i: str(i.id) == item_id and i._is_offered_in(unit.sudo().zone_id))
        if not item:
            raise UserError(env._("Please choose a service of the list."))
        try:
            amount = float(quantity or 1)
        except ValueError:
            amount = 0
        if not 0 < amount <= MAX_QUANTITY:
            raise UserError(env._("Please enter how much you need, as a number up to %s.", MAX_QUANTITY))
        # sudo: the customer has no rights on orders; what he sent was checked above
        return (
            env["pm.service.order"]
            .sudo()
            .with_context(pm_service_channel="portal")
            .create(
                {
                    "unit_id": unit.id,
                    "partner_id": env.user.partner_id.id,
                    "description": (words or "").strip()[:MAX_WORDS],
                    "line_ids": [Command.create({"item_id": item.id, "quantity": amount})],
                }
            )
        )

    def _get_order(self, order_id):
        """Return the order in sudo when it is the household's own, else None: guessing numbers tells nothing."""
        order = request.env["pm.service.order"].browse(order_id)
        try:
            order.check_access("read")
            order.read(["name"])
        except (AccessError, MissingError):
            return None
        return order.sudo()  # sudo: access was checked; lines and consents have no portal rights

    @http.route("/my/services/orders/<int:order_id>", type="http", auth="user", website=True)
    def portal_service_order_page(self, order_id, **kwargs):
        order = self._get_order(order_id)
        if not order:
            return request.redirect("/my/services")
        labels = selection_labels(order, "state")
        values = self._prepare_portal_layout_values() | {
            "page_name": "pm_service",
            "order": order,
            "state_label": labels[order.state],
            "flash": request.session.pop(FLASH, None),
        }
        return request.render("pm_customer_service.portal_service_order", values)

    @http.route("/my/services/orders/<int:order_id>/agree", type="http", auth="user", website=True, methods=["POST"])
    def portal_service_agree(self, order_id, terms=None, **kwargs):
        """The customer agrees to the price he was shown, and to no other."""
        order = self._get_order(order_id)
        if not order:
            return request.redirect("/my/services")
        if terms != order._terms_hash():
            request.session[FLASH] = request.env._("The order was changed meanwhile: please look at it again.")
        else:
            try:
                order._agree("portal", request.env.user.partner_id.name)
            except UserError as error:
                request.session[FLASH] = error.args[0]
        return request.redirect(f"/my/services/orders/{order.id}")
