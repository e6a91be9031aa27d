from odoo import http
from odoo.exceptions import ValidationError
from odoo.http import request

from .common import DepositPayment, attempt, file_response
from .portal import RenovationPortal


class RenovationDepositPortal(RenovationPortal, DepositPayment):
    """The payer's own deposit in the portal: pay it, agree to a deduction or contest it."""

    def _get_deposit(self, case_id):
        """(case, deposit) in sudo when the user is the payer, else (None, None)."""
        case = self._get_case(case_id)
        if not case or not self._roles(case)["payer"] or not case.deposit_id:
            return None, None
        return case, case.deposit_id

    @http.route("/my/renovations/<int:case_id>/deposit", type="http", auth="user", website=True, methods=["GET"])
    def portal_deposit(self, case_id, **kwargs):
        """The payment form."""
        case, deposit = self._get_deposit(case_id)
        if not case:
            return request.redirect("/my/renovations")
        page, error = self._deposit_page(
            deposit,
            case.access_url,
            f"{case.access_url}/deposit/transaction",
            "pm_renovation.portal_deposit_pay",
            case=case,
            page_name="renovation",
        )
        return page or self._back(case, error)

    @http.route("/my/renovations/<int:case_id>/deposit/transaction", type="jsonrpc", auth="user")
    def portal_deposit_transaction(self, case_id, **kwargs):
        case, deposit = self._get_deposit(case_id)
        if not case:
            raise ValidationError(request.env._("Invalid request."))
        return self._deposit_transaction(deposit, case.access_url, kwargs)

    @http.route(
        "/my/renovations/<int:case_id>/deduction/<int:deduction_id>/<string:answer>",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def portal_deduction(self, case_id, deduction_id, answer, name=None, reason=None, **post):
        """The payer agrees by his name, or contests in his words."""
        case, deposit = self._get_deposit(case_id)
        deduction = deposit and deposit.deduction_ids.filtered(lambda d: d.id == deduction_id and d.proposed_at)
        actions = {"agree": lambda: deduction._agree_online(name), "contest": lambda: deduction._contest(reason)}
        if not deduction or answer not in actions:
            return request.redirect("/my/renovations")
        __, error = attempt(actions[answer])
        return self._back(case, error)

    @http.route(
        "/my/renovations/<int:case_id>/deduction/<int:deduction_id>/file/<int:file_id>",
        type="http",
        auth="user",
        website=True,
    )
    def portal_deduction_file(self, case_id, deduction_id, file_id, **kwargs):
        """The evidence of a proposed deduction."""
        case, deposit = self._get_deposit(case_id)
        deduction = deposit and deposit.deduction_ids.filtered(lambda d: d.id == deduction_id and d.proposed_at)
        file = deduction and deduction.attachment_ids.filtered(lambda a: a.id == file_id)
        return file_response(file) if file else request.redirect("/my/renovations")
