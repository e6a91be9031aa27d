from odoo import http
from odoo.exceptions import ValidationError
from odoo.http import request

from .common import DepositPayment, attempt, file_response, pdf_response, photo_of, read_uploads

FLASH = "pm_site_flash"


class SiteController(DepositPayment):
    """The contractor's page behind his link: one case, no account, nothing about the household."""

    @http.route("/pm/site/<string:token>", type="http", auth="public", website=True, sitemap=False)
    def site(self, token, **kwargs):
        case = request.env["pm.renovation"]._find_site(token)
        if not case:
            return self._unknown()
        response = request.render("pm_renovation.site_page", self._values(case, token))
        return self._private(response)

    def _values(self, case, token):
        """Plain facts and the records the contractor acts on; applicant, owner and their phones stay out of reach."""
        prop = case.property_id
        pays = bool(case.contractor_id) and case.deposit_payer_id.commercial_partner_id == (
            case.contractor_id.commercial_partner_id
        )
        # sudo: the words of the notice are for everybody
        return {
            "token": token,
            "url": f"/pm/site/{token}",
            "number": case.name,
            "unit": case.unit_id.name,
            "property": prop.name,
            "hotline": prop.hotline,
            "state": case.state,
            "next_step": case.next_step,
            "permit_number": case.permit_number,
            "permit_status": case.permit_status,
            "valid_from": case.permit_valid_from,
            "valid_until": case.permit_valid_until,
            "suspension_reason": case.suspension_reason,
            "works": [
                (work.type_id.name, work.description, work.scheme_id.name, work.type_id.prohibition)
                for work in case.work_ids
            ],
            "work_hours": prop._hours_text("work"),
            "noise_hours": prop._hours_text("noise"),
            "notice": request.env["pm.renovation.clause"].sudo()._texts("notice", prop),
            "workers": case.worker_ids,
            "violations": case.violation_ids.filtered("notified_at"),
            "asbuilt": case.asbuilt_attachment_ids.mapped("name"),
            "can_name_workers": not case.accepted_at,
            "can_request_concealed": case.state in ("in_progress", "rectify") and case.concealed_state == "open",
            "concealed_state": case.concealed_state,
            "concealed_planned": case.inspection_ids.filtered(lambda i: i.kind == "concealed" and i.state == "planned")[
                :1
            ].date,
            "deposit": case.deposit_id if pays else case.deposit_id.browse(),
            "deductions": case.deposit_id.deduction_ids.filtered(lambda d: d.state not in ("draft", "cancelled"))
            if pays
            else case.deposit_id.deduction_ids.browse(),
            "upload_mb": case._upload_mb(),
            "flash": request.session.pop(FLASH, None),
        }

    @staticmethod
    def _unknown():
        return request.render("pm_renovation.permit_unknown", {}, status=404)

    @staticmethod
    def _private(response):
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    @http.route(
        "/pm/site/<string:token>/do/<string:step>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def site_step(self, token, step, **post):
        """What the contractor may do: name workers, announce concealed works, hand in papers, answer a notice."""
        case = request.env["pm.renovation"]._find_site(token)
        if not case:
            return self._unknown()
        actor = case.contractor_id.name or case.contractor_name or request.env._("Contractor")
        values = self._values(case, token)
        steps = {
            "worker": lambda: case._add_worker(
                post.get("name"), post.get("trade"), post.get("phone"), photo_of(read_uploads("photo")), actor
            ),
            "concealed": case.action_request_concealed,
            "asbuilt": lambda: case._add_asbuilt(read_uploads(), actor),
            "rectified": lambda: self._violation(case, post)._tell_rectified(post.get("note"), read_uploads(), actor),
            "agree": lambda: self._deduction(values, post)._agree_online(post.get("name")),
            "contest": lambda: self._deduction(values, post)._contest(post.get("reason")),
        }
        if step not in steps:
            return self._unknown()
        __, error = attempt(steps[step])
        request.session[FLASH] = error or request.env._("Thank you, this is recorded.")
        return request.redirect(values["url"])

    @staticmethod
    def _violation(case, post):
        violation = case.violation_ids.filtered(lambda v: str(v.id) == post.get("violation_id") and v.notified_at)
        if not violation:
            raise ValidationError(request.env._("Invalid request."))
        return violation

    @staticmethod
    def _deduction(values, post):
        deduction = values["deductions"].filtered(lambda d: str(d.id) == post.get("deduction_id"))
        if not deduction:
            raise ValidationError(request.env._("Invalid request."))
        return deduction

    @http.route("/pm/site/<string:token>/permit", type="http", auth="public", sitemap=False)
    def site_permit(self, token, **kwargs):
        case = request.env["pm.renovation"]._find_site(token)
        if not case or not case.permit_number:
            return self._unknown()
        # sudo: whoever has the link has no login; the case was found by its token
        content = request.env["pm.document"].sudo()._pdf("pm_renovation.permit_report", case)
        return pdf_response(content, f"{case.permit_number}.pdf")

    @http.route("/pm/site/<string:token>/notice/<int:violation_id>", type="http", auth="public", sitemap=False)
    def site_notice(self, token, violation_id, **kwargs):
        case = request.env["pm.renovation"]._find_site(token)
        violation = case.violation_ids.filtered(lambda v: v.id == violation_id and v.notified_at)
        if not violation:
            return self._unknown()
        # The contractor's copy does not name the household.
        content = (
            request.env["pm.document"]
            .sudo()
            .with_context(pm_for_contractor=True)
            ._pdf("pm_renovation.violation_report", violation)
        )
        return pdf_response(content, f"{violation.name}.pdf")

    @http.route(
        "/pm/site/<string:token>/evidence/<int:deduction_id>/<int:file_id>", type="http", auth="public", sitemap=False
    )
    def site_evidence(self, token, deduction_id, file_id, **kwargs):
        case = request.env["pm.renovation"]._find_site(token)
        if not case:
            return self._unknown()
        deductions = self._values(case, token)["deductions"].filtered(lambda d: d.id == deduction_id)
        file = deductions.attachment_ids.filtered(lambda a: a.id == file_id)
        return file_response(file) if file else self._unknown()

    # ------------------------------------------------------------ deposit of a paying contractor
    @http.route("/pm/site/<string:token>/deposit", type="http", auth="public", website=True, sitemap=False)
    def site_deposit(self, token, **kwargs):
        case = request.env["pm.renovation"]._find_site(token)
        deposit = case and self._values(case, token)["deposit"]
        if not deposit:
            return self._unknown()
        page, error = self._deposit_page(
            deposit,
            f"/pm/site/{token}",
            f"/pm/site/{token}/deposit/transaction",
            "pm_renovation.site_deposit_pay",
            url=f"/pm/site/{token}",
        )
        if error:
            request.session[FLASH] = error
            return request.redirect(f"/pm/site/{token}")
        return self._private(page)

    @http.route("/pm/site/<string:token>/deposit/transaction", type="jsonrpc", auth="public")
    def site_deposit_transaction(self, token, **kwargs):
        case = request.env["pm.renovation"]._find_site(token)
        deposit = case and self._values(case, token)["deposit"]
        if not deposit:
            raise ValidationError(request.env._("Invalid request."))
        return self._deposit_transaction(deposit, f"/pm/site/{token}", kwargs)
