from datetime import date

from odoo import http
from odoo.exceptions import ValidationError
from odoo.http import request
from werkzeug.exceptions import NotFound

from odoo.addons.pm_base.tools.labels import selection_labels
from odoo.addons.pm_base.tools.typed import typed_int

from .portal_bills import PmBillsPortal

_INVOICE_CHARGES = 200


class PmMoneyPortal(PmBillsPortal):
    """Account statement, and invoices that companies ask for."""

    @http.route("/my/statement/<int:unit_id>", type="http", auth="user", website=True)
    def portal_statement(self, unit_id, year=None, **_kw):
        """The account of the user's own charges and payments on a unit in a year, as PDF."""
        # sudo: portal users reach the ledger only through the rows of their own partner
        env = request.env(su=True)
        own = env["res.partner"].search([("id", "child_of", request.env.user.partner_id.commercial_partner_id.id)])
        rows = env["pm.unit.ledger"].search_count([("unit_id", "=", unit_id), ("partner_id", "in", own.ids)], limit=1)
        if not rows:
            raise NotFound()
        unit = env["pm.unit"].browse(unit_id)
        today = unit.property_id._today()
        year = typed_int(year)
        year = year if 2000 <= year <= today.year else today.year
        statement = env["pm.unit.ledger.print"].create(
            {
                "unit_ids": unit.ids,
                "partner_ids": own.ids,
                "date_from": date(year, 1, 1),
                "date_to": min(today, date(year, 12, 31)),
            }
        )
        return self._pm_pdf(
            "pm_fees.unit_ledger",
            statement.with_env(env(context={**env.context, "lang": request.env.lang})),
            request.env._("Account statement %s", year),
        )

    @http.route("/my/bills/invoices", type="http", auth="user", website=True, methods=["GET"])
    def portal_invoice_requests(self, **_kw):
        """Charges of a company over which an invoice can be asked for, and what was asked for."""
        return self._invoice_page()

    def _invoice_page(self, error=None):
        """:param str error: why what was just asked for is refused; never taken from the address"""
        partner = request.env.user.partner_id.commercial_partner_id
        if not partner.is_company:
            raise NotFound()
        # sudo: portal users reach charges and requests only through the domain of their own partner
        charges = (
            request.env["pm.charge"]
            .sudo()
            .search(
                [*self._own_domain(), ("state", "=", "posted"), ("invoice_request_id", "=", False)],
                order="period_start desc, id desc",
                limit=_INVOICE_CHARGES,
            )
        )
        return request.render(
            "pm_fees.portal_invoice_requests",
            {
                "page_name": "pm_invoices",
                "charges_by_property": charges._invoiceable().grouped("property_id"),
                "requests": request.env["pm.invoice.request"].sudo().search([("partner_id", "child_of", partner.id)]),
                "states": selection_labels(request.env["pm.invoice.request"], "state"),
                "partner": partner,
                "error": error,
            },
        )

    @http.route("/my/bills/invoices/<int:request_id>", type="http", auth="user", website=True, methods=["GET"])
    def portal_invoice_pdf(self, request_id, **_kw):
        """The issued invoice of the user's own company as PDF."""
        partner = request.env.user.partner_id.commercial_partner_id
        # sudo: portal users reach requests only through the domain of their own company
        asked = (
            request.env["pm.invoice.request"]
            .sudo()
            .search([("id", "=", request_id), ("partner_id", "child_of", partner.id), ("state", "=", "issued")])
        )
        if not asked:
            raise NotFound()
        return self._pm_pdf("pm_fees.invoice", asked, asked.invoice_id.name.replace("/", "-"))

    @http.route("/my/bills/invoices/ask", type="http", auth="user", website=True, methods=["POST"])
    def portal_ask_invoice(self, title="", tax_number="", email="", **_kw):
        if not request.env.user.partner_id.commercial_partner_id.is_company:
            raise NotFound()
        wanted = [typed_int(part) for part in request.httprequest.form.getlist("charge_id")]
        # sudo: as above
        charges = (
            request.env["pm.charge"]
            .sudo()
            .search([*self._own_domain(), ("state", "=", "posted"), ("id", "in", wanted)])
        )
        if len(charges) != len(set(wanted)):
            raise NotFound()
        try:
            with request.env.cr.savepoint():
                request.env["pm.invoice.request"].sudo()._ask(charges, title, tax_number, email)
        except ValidationError as error:
            return self._invoice_page(error=str(error))
        return request.redirect("/my/bills/invoices")
