from odoo import http
from odoo.exceptions import UserError, ValidationError
from odoo.http import request
from psycopg2.errors import UniqueViolation
from werkzeug.exceptions import NotFound

from odoo.addons.pm_base.tools.labels import selection_labels
from odoo.addons.pm_customer_service.controllers.portal import TicketPortal

from .portal_bills import PmBillsPortal

_MAX_REASON = 500
_SHOWN = 50


class PmRefundPortal(PmBillsPortal):
    """Refunds that payers apply for: over money on their own receipts, approved and paid as every refund is."""

    def _own_refund_domain(self):
        # The original payer gets it back: whose bill somebody else has paid does not ask for that money.
        return [("partner_id", "child_of", request.env.user.partner_id.commercial_partner_id.id)]

    @http.route("/my/bills/refunds", type="http", auth="user", website=True, methods=["GET"])
    def portal_refunds(self, **_kw):
        return self._refund_page({})

    def _refund_page(self, entered, error=None):
        """:param str error: why what was just applied for is refused; never taken from the address"""
        # sudo: portal users reach refunds only through the domain of their own partner
        Refund = request.env["pm.refund"].sudo()
        return request.render(
            "pm_fees.portal_refunds",
            {
                "page_name": "pm_refunds",
                "offers": Refund._portal_offers(self._own_refund_domain()),
                "refunds": Refund.search([*self._own_refund_domain(), ("state", "!=", "draft")], limit=_SHOWN),
                "states": selection_labels(Refund, "state"),
                "entered": entered,
                "error": error,
            },
        )

    @http.route("/my/bills/refunds/apply", type="http", auth="user", website=True, methods=["POST"])
    def portal_apply_refund(self, offer="", amount="", reason="", **_kw):
        Refund = request.env["pm.refund"].sudo()  # sudo: as above
        offers = {entry["key"]: entry for entry in Refund._portal_offers(self._own_refund_domain())}
        if offer not in offers:
            raise NotFound()
        try:
            files = TicketPortal()._read_files()
            with request.env.cr.savepoint():
                Refund._apply_from_portal(offers[offer], amount, (reason or "")[:_MAX_REASON], files)
        except (UserError, ValidationError) as error:
            return self._refund_page({"offer": offer, "amount": amount, "reason": reason}, error=str(error.args[0]))
        except UniqueViolation:
            return self._refund_page({}, error=request.env._("A refund of this receipt is under way already."))
        return request.redirect("/my/bills/refunds")

    @http.route("/my/bills/refunds/<int:refund_id>/cancel", type="http", auth="user", website=True, methods=["POST"])
    def portal_cancel_refund(self, refund_id, **_kw):
        refund = (
            request.env["pm.refund"]
            .sudo()  # sudo: as above; only what he applied for himself and nobody has decided on
            .search([*self._own_refund_domain(), ("id", "=", refund_id), ("author_id", "=", request.env.uid)], limit=1)
        )
        if not refund:
            raise NotFound()
        refund._lock()
        if refund.state == "submitted":
            refund.action_cancel()
        return request.redirect("/my/bills/refunds")
