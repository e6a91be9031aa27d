from odoo import fields, http
from odoo.addons.account_payment.controllers.portal import PortalAccount
from odoo.addons.payment import utils as payment_utils
from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.http import request
from odoo.tools import format_amount
from werkzeug.exceptions import NotFound

from odoo.addons.pm_base.tools.typed import typed_ids, typed_int

_PAGE = 20


class PmBillsPortal(PortalAccount):
    """My bills: what the household owes and has paid, receipts, paying online. Nobody sees another household (L-02)."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "pm_bill_due" in counters:
            # sudo: portal users reach charges only through the domain of their own partner
            charges = request.env["pm.charge"].sudo()
            [(due,)] = charges._read_group(self._open_domain(), [], ["residual:sum"])
            # The card shows what the counter is, so it is the sum in words and not a number of bills; 0 hides it.
            values["pm_bill_due"] = due and format_amount(request.env, due, request.env.company.currency_id)
        return values

    # What is one's own: the payer is the user's own partner or belongs to his company.

    def _own_domain(self):
        return [("partner_id", "child_of", request.env.user.partner_id.commercial_partner_id.id)]

    def _open_domain(self):
        return [*self._own_domain(), ("state", "=", "posted"), ("residual", ">", 0)]

    def _receipt_domain(self):
        """Receipts of what the user has paid, and of what somebody paid for him.

        The second are asked for apart: with both in one question the database reads every receipt there is.
        """
        # sudo: portal users reach receipts only through the domain of their own partner
        lines = request.env["pm.payment.line"].sudo()
        payer = request.env.user.partner_id.commercial_partner_id.id
        paid_for = lines._read_group([("charge_id.partner_id", "child_of", payer)], ["payment_id"])
        return [
            ("state", "in", ("posted", "reversed")),
            "|",
            *self._own_domain(),
            ("id", "in", [payment.id for [payment] in paid_for]),
        ]

    def _own_charges(self, ids):
        """The user's own charges among `ids`, as long as all of them are still to be paid.

        :param str ids: comma-separated ids as given in an address
        :return: pm.charge; none when one of them was paid or corrected after the page with the choice was shown
        :raise NotFound: one of them is not his, or of another property than the rest
        """
        wanted = set(typed_ids(ids.split(","))) if ids else set()
        # sudo: portal users reach charges only through the domain of their own partner
        charges = request.env["pm.charge"].sudo().search([*self._own_domain(), ("id", "in", list(wanted))])
        if not wanted or len(charges) != len(wanted) or len(charges.property_id) != 1:
            raise NotFound()
        return charges if len(charges.filtered_domain(self._open_domain())) == len(wanted) else charges.browse()

    @http.route(["/my/bills", "/my/bills/page/<int:page>"], type="http", auth="user", website=True)
    def portal_my_bills(self, page=1, transaction=None, changed=None, **_kw):
        """Open charges with their explanation, then what was paid, with receipts."""
        page = typed_int(page, 1)  # Odoo's pager takes a superscript for a number
        # sudo: portal users reach charges and receipts only through the domain of their own partner
        Charge, Payment = request.env["pm.charge"].sudo(), request.env["pm.payment"].sudo()
        paid_domain = [*self._own_domain(), ("state", "=", "posted"), ("paid_state", "=", "paid")]
        pager = portal_pager(url="/my/bills", total=Charge.search_count(paid_domain), page=page, step=_PAGE)
        charges = Charge.search(self._open_domain())
        return request.render(
            "pm_fees.portal_my_bills",
            {
                "page_name": "pm_bills",
                "charges_by_property": charges.grouped("property_id"),
                "charges_all": charges,
                "owed": sum(charges.mapped("residual")),
                "paid": Charge.search(
                    paid_domain, order="period_start desc, id desc", limit=_PAGE, offset=pager["offset"]
                ),
                "payments": Payment.search(self._receipt_domain(), limit=_PAGE),
                "transaction": self._own_transaction(transaction),
                "changed": bool(changed),
                "notices": self._notices(charges),
                "pager": pager,
                "waiting": self._waiting(charges),
                "credits": self._own_credit(charges),
                "statement_units": self._statement_units(),
                "is_company": request.env.user.partner_id.commercial_partner_id.is_company,
                "today": fields.Date.context_today(request.env.user),
                "default_url": "/my/bills",
            },
        )

    def _own_credit(self, charges):
        """[(property, unit or none, credit, what of it could pay open charges)] of the user: prepaid, paid too much, left over."""
        # sudo: within the domain of the user's own partner
        env = request.env(su=True)
        partners = env["res.partner"].search([("id", "child_of", request.env.user.partner_id.commercial_partner_id.id)])
        rows = []
        for (prop, unit), amount in env["pm.charge"]._payer_credit(self._own_properties(), partners.ids).items():
            owed = sum(
                charges.filtered(
                    lambda charge, prop=prop, unit=unit: (
                        charge.property_id == prop and (not unit or charge.unit_id == unit)
                    )
                ).mapped("residual")
            )
            rows.append((prop, unit, amount, min(amount, owed)))
        return rows

    @http.route("/my/bills/use-credit", type="http", auth="user", website=True, methods=["POST"])
    def portal_use_credit(self, **_kw):
        """Pay the user's open charges from what is kept for him, oldest first. No money moves: it was receipted before."""
        # sudo: portal users reach charges and credit only through the domain of their own partner
        charges = request.env["pm.charge"].sudo().search(self._open_domain(), order="due_date, period_start, id")
        # What an online payment is on its way for is not paid twice.
        charges -= self._waiting(charges)
        for (unit, partner), group in charges.grouped(lambda charge: (charge.unit_id, charge.partner_id)).items():
            try:
                with request.env.cr.savepoint():
                    request.env["pm.payment"].sudo()._use_credit(unit, partner.id, group)
            except UserError:
                continue  # no credit for this household
        return request.redirect("/my/bills")

    def _statement_units(self):
        # sudo: portal users reach charges and receipts only through the domain of their own partner. Not from the ledger:
        # its running balance is computed unit by unit, so it is asked for one unit only.
        env = request.env(su=True)
        units = env["pm.unit"]
        for model, states in (("pm.charge", ("posted", "reversed")), ("pm.payment", ("posted", "reversed"))):
            rows = env[model]._read_group([*self._own_domain(), ("state", "in", states)], ["unit_id"])
            units = units.union(*(unit for [unit] in rows))
        return units.sorted("name")

    def _waiting(self, charges):
        """Open charges for which an online payment has begun that the provider has neither confirmed nor given up."""
        # sudo: only whether the user's own charges wait is shown
        transactions = request.env["payment.transaction"].sudo()
        return transactions.search(
            [("pm_charge_ids", "in", charges.ids), ("state", "in", ("pending", "authorized"))]
        ).pm_charge_ids

    def _own_transaction(self, reference):
        # sudo: only the state of the user's own transaction is shown
        transactions = request.env["payment.transaction"].sudo()
        return (
            transactions.search(
                [
                    ("reference", "=", reference),
                    ("partner_id", "=", request.env.user.partner_id.id),
                    ("pm_charge_ids", "!=", False),
                ],
                limit=1,
            )
            if reference
            else transactions
        )

    def _notices(self, charges):
        """The payment notices of open charges."""
        # sudo: portal users reach notices only through their own charges
        return (
            request.env["pm.fee.notice"]
            .sudo()
            .search(
                [
                    *self._own_domain(),
                    ("run_id", "in", charges.run_id.ids),
                    ("unit_id", "in", [*charges.unit_id.ids, False]),
                ]
            )
        )

    @http.route("/my/bills/notice/<int:property_id>", type="http", auth="user", website=True)
    def portal_bills_notice(self, property_id, **_kw):
        """The payment notices of what is open on a property, as one PDF."""
        # sudo: within the domain of the resident's own open charges
        charges = request.env["pm.charge"].sudo().search([*self._open_domain(), ("property_id", "=", property_id)])
        notices = self._notices(charges)
        if not notices:
            raise NotFound()
        return self._pm_pdf("pm_fees.fee_notice", notices, request.env._("Payment notice"))

    @http.route("/my/bills/pay", type="http", auth="user", website=True, methods=["GET"])
    def portal_pay_bills(self, charge_id=None, **_kw):
        """The payment form for the chosen charges."""
        ids = ",".join(request.httprequest.args.getlist("charge_id"))
        if not ids:
            return request.redirect("/my/bills")
        charges = self._own_charges(ids)
        if not charges:
            return request.redirect("/my/bills?changed=1")
        amount = charges.currency_id.round(sum(charges.mapped("residual")))
        values = self._get_common_page_view_values(
            {
                "partner": request.env.user.partner_id,
                "company": charges.company_id,
                "total_amount": amount,
                "currency": charges.currency_id,
                "amount_residual": amount,
                "landing_route": "/my/bills",
                "payment_reference": False,
                "transaction_route": f"/my/bills/transaction/{','.join(map(str, charges.ids))}",
            }
        )
        return request.render(
            "pm_fees.portal_pay_bills",
            {
                **values,
                "page_name": "pm_bills_pay",
                "charges": charges,
                "amount": amount,
                "waiting": self._waiting(charges),
                "reference_prefix": False,
            },
        )

    @http.route("/my/bills/transaction/<string:ids>", type="jsonrpc", auth="user")
    def portal_bills_transaction(self, ids, **kwargs):
        """Make the transaction; what it costs is computed here, whatever the browser says."""
        charges = self._own_charges(ids)
        if not charges:
            raise ValidationError(
                request.env._(
                    "Some of these charges were paid or changed after you opened this page, perhaps in another window. Nothing was paid now: open My Bills anew."
                )
            )
        charges_amount = charges.currency_id.round(sum(charges.mapped("residual")))
        self._validate_transaction_kwargs(kwargs)
        kwargs.update(
            amount=charges_amount,
            currency_id=charges.currency_id.id,
            partner_id=request.env.user.partner_id.id,
            reference_prefix=payment_utils.singularize_reference_prefix("PM"),  # with its moment: to be found again
            landing_route="/my/bills",
        )
        # sudo: the provider's company is compared, nothing is shown
        provider = request.env["payment.provider"].sudo().browse(kwargs.get("provider_id") or ()).exists()
        if not provider or provider.company_id != charges.company_id:
            raise ValidationError(request.env._("This payment provider cannot be used here."))
        transaction = self._create_transaction(
            custom_create_values={
                "pm_charge_ids": [Command.set(charges.ids)],
                "pm_property_id": charges.property_id.id,
            },
            **kwargs,
        )
        # The page that follows tells what became of it, instead of thanking for money that never came.
        transaction.landing_route = f"/my/bills?transaction={transaction.reference}"
        return transaction._get_processing_values()

    def _own_properties(self):
        """The properties of the user's units, and those that have billed him."""
        # sudo: prices of one's own property are published; everything else of it stays hidden
        charges = (
            request.env["pm.charge"]
            .sudo()
            ._read_group([*self._own_domain(), ("state", "=", "posted")], ["property_id"])
        )
        properties = request.env["pm.unit"].search([]).sudo().property_id
        return properties.union(*(prop for [prop] in charges))

    @http.route("/my/fees", type="http", auth="user", website=True)
    def portal_fee_standards(self, **_kw):
        """What is charged, at what price and on what basis (S0-127). The code on payment notices leads here, too."""
        # sudo: within the domain of the resident's own open charges
        return request.render(
            "pm_fees.portal_fee_standards",
            {
                "page_name": "pm_fee_standards",
                "properties": self._own_properties(),
                "open_count": request.env["pm.charge"].sudo().search_count(self._open_domain()),
            },
        )

    @http.route("/my/fees/<int:property_id>/pdf", type="http", auth="user", website=True)
    def portal_fee_standards_pdf(self, property_id, **_kw):
        prop = self._own_properties().filtered(lambda p: p.id == property_id)
        if not prop:
            raise NotFound()
        return self._pm_pdf("pm_fees.price_notice", prop, request.env._("Fee standards"))

    @http.route("/my/receipts/<int:payment_id>", type="http", auth="user", website=True)
    def portal_receipt(self, payment_id, **_kw):
        """The receipt as PDF."""
        # sudo: portal users reach receipts only through the domain of their own partner
        payment = request.env["pm.payment"].sudo().search([("id", "=", payment_id), *self._receipt_domain()], limit=1)
        if not payment:
            raise NotFound()
        return self._pm_pdf("pm_fees.receipt", payment, payment.receipt_name)

    def _pm_pdf(self, report, records, name):
        # sudo: the callers hand in what belongs to the resident; printing it needs the property's settings
        content = request.env["pm.document"].sudo().with_context(pm_electronic=True)._pdf(report, records)
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/pdf"),
                ("Content-Length", len(content)),
                ("Content-Disposition", http.content_disposition(f"{name}.pdf", "inline")),
                ("Cache-Control", "no-store"),
            ],
        )
