import binascii
import datetime

from odoo import fields, http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.http import request
from odoo.tools.mimetypes import guess_mimetype
from psycopg2.errors import ExclusionViolation

# What an applicant may upload, judged by content: the name of a file proves nothing.
UPLOAD_TYPES = {"application/pdf": "PDF", "image/png": "PNG", "image/jpeg": "JPEG"}
FLASH = "pm_renovation_flash"
DOCUMENTS = {
    "application": "pm_renovation.application_report",
    "agreement": "pm_renovation.agreement_report",
    "permit": "pm_renovation.permit_report",
    "acceptance": "pm_renovation.acceptance_report",
}


class RenovationPortal(CustomerPortal):
    """Renovations of the own household: apply, follow, sign, download, ask for acceptance."""

    # ------------------------------------------------------------ home and list
    @http.route(["/my/renovations", "/my/renovations/page/<int:page>"], type="http", auth="user", website=True)
    def portal_my_renovations(self, page=1, **kwargs):
        Renovation = request.env["pm.renovation"]
        pager = portal_pager(
            url="/my/renovations", total=Renovation.search_count([]), page=page, step=self._items_per_page
        )
        cases = Renovation.search([], limit=self._items_per_page, offset=pager["offset"])
        return request.render(
            "pm_renovation.portal_my_renovations",
            {
                # sudo: the rule chose the household's own cases; names of unit and papers go with them
                "cases": cases.sudo(),
                "page_name": "renovation",
                "pager": pager,
                "default_url": "/my/renovations",
                "can_apply": bool(self._own_units()),
            },
        )

    # ------------------------------------------------------------ application
    @http.route("/my/renovations/new", type="http", auth="user", website=True, methods=["GET", "POST"])
    def portal_renovation_new(self, **post):
        units = self._own_units()
        # sudo: the catalogue and the notice are public to residents (S0-106)
        work_types = request.env["pm.renovation.work.type"].sudo().search([])
        chosen = [int(i) for i in request.httprequest.form.getlist("work") if i.isdigit()]
        values = {
            "units": units.sudo(),
            "work_types": work_types,
            "notice": request.env["pm.renovation.clause"].sudo()._texts("notice", units[:1].property_id),
            "papers": request.env["pm.renovation.paper.type"].sudo().search([("requirement", "!=", "work")]),
            "page_name": "renovation",
            "post": post,
            "chosen": chosen,
            "error": "",
        }
        if request.httprequest.method == "POST":
            case, values["error"] = self._attempt(
                self._create_case, units, work_types.browse(chosen) & work_types, post
            )
            if case:
                return request.redirect(case.access_url)
        return request.render("pm_renovation.portal_renovation_new", values)

    def _own_units(self):
        """Units of which the user is a party today; the record rule of units decides."""
        return request.env["pm.unit"].search([])

    def _create_case(self, units, work_types, post):
        _ = request.env._
        unit = units.filtered(lambda u: str(u.id) == post.get("unit_id"))
        if not unit:
            raise UserError(_("Please choose one of your units."))
        if not work_types:
            raise UserError(_("Please choose at least one work."))
        start, end = self._date(post.get("date_start")), self._date(post.get("date_end"))
        if not start or not end or end < start:
            raise UserError(_("Please give a start and an end that is not before it."))
        if not post.get("read_notice"):
            raise UserError(_("Please read the renovation notice and tick that you did."))
        # sudo: residents have no create right on cases; unit and works were checked above, the rest is plain text
        return (
            request.env["pm.renovation"]
            .sudo()
            .create(
                {
                    "unit_id": unit.id,
                    "applicant_id": request.env.user.partner_id.id,
                    "date_start": start,
                    "date_end": end,
                    "contractor_name": self._text(post, "contractor_name"),
                    "site_manager": self._text(post, "site_manager"),
                    "site_phone": self._text(post, "site_phone"),
                    "description": self._text(post, "description", 5000),
                    "work_ids": [fields.Command.create({"type_id": work.id}) for work in work_types],
                }
            )
        )

    @staticmethod
    def _text(post, key, limit=200):
        return (post.get(key) or "").strip()[:limit] or False

    @staticmethod
    def _date(value):
        try:
            return datetime.date.fromisoformat(value or "")
        except ValueError:
            return None

    # ------------------------------------------------------------ one case
    def _get_case(self, case_id):
        """The case when the household may see it, else a plain redirect: guessing numbers tells nothing.

        :return: ``pm.renovation`` in sudo with the user's uid, or None
        """
        case = request.env["pm.renovation"].browse(case_id)
        try:
            case.check_access("read")
            case.read(["name"])
        except (AccessError, MissingError):
            return None
        return case.sudo()  # sudo: access was checked; papers, reviews and deposit of the case have no portal rights

    @http.route("/my/renovations/<int:case_id>", type="http", auth="user", website=True)
    def portal_renovation(self, case_id, **kwargs):
        case = self._get_case(case_id)
        if not case:
            return request.redirect("/my/renovations")
        partner = request.env.user.partner_id.commercial_partner_id
        values = {
            "case": case,
            "page_name": "renovation",
            "is_owner": case._is_owner(partner),
            "is_applicant": case.applicant_id.commercial_partner_id == partner,
            "notice": request.env["pm.renovation.clause"].sudo()._texts("notice", case.property_id),
            "flash": request.session.pop(FLASH, None),
            "upload_mb": self._upload_mb(),
            "documents": self._documents(case),
        }
        return request.render(
            "pm_renovation.portal_renovation",
            self._get_page_view_values(case, None, values, "my_renovations_history", False),
        )

    def _documents(self, case):
        """Papers that can be downloaded now, as (name, label)."""
        _ = request.env._
        found = [("application", _("Application"))]
        if case.decided_at and case.state != "refused":
            found.append(("agreement", _("Agreement")))
        if case.permit_number:
            found.append(("permit", _("Permit")))
        if case.inspection_ids.filtered(lambda i: i.kind == "acceptance" and i.state == "done"):
            found.append(("acceptance", _("Acceptance certificate")))
        return found

    @http.route("/my/renovations/<int:case_id>/pdf/<string:document>", type="http", auth="user", website=True)
    def portal_renovation_pdf(self, case_id, document, **kwargs):
        case = self._get_case(case_id)
        if not case or document not in dict(self._documents(case) if case else []):
            return request.redirect("/my/renovations")
        content = request.env["pm.document"].sudo()._pdf(DOCUMENTS[document], case)
        return self._pdf_response(content, f"{case.name}-{document}.pdf")

    @http.route("/my/renovations/<int:case_id>/notice/<int:violation_id>", type="http", auth="user", website=True)
    def portal_renovation_violation_pdf(self, case_id, violation_id, **kwargs):
        case = self._get_case(case_id)
        violation = case and case.violation_ids.filtered(lambda v: v.id == violation_id and v.notified_at)
        if not violation:
            return request.redirect("/my/renovations")
        content = request.env["pm.document"].sudo()._pdf("pm_renovation.violation_report", violation)
        return self._pdf_response(content, f"{violation.name}.pdf")

    @staticmethod
    def _pdf_response(content, name):
        return request.make_response(
            content,
            headers=[
                ("Content-Type", "application/pdf"),
                ("Content-Length", len(content)),
                ("Content-Disposition", http.content_disposition(name)),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    # ------------------------------------------------------------ steps of the applicant
    @http.route(
        "/my/renovations/<int:case_id>/do/<string:step>", type="http", auth="user", website=True, methods=["POST"]
    )
    def portal_renovation_step(self, case_id, step, **post):
        case = self._get_case(case_id)
        if not case:
            return request.redirect("/my/renovations")
        partner = request.env.user.partner_id.commercial_partner_id
        is_applicant = case.applicant_id.commercial_partner_id == partner
        steps = {
            "submit": (is_applicant, case.action_submit),
            "consent": (case._is_owner(partner) and case.state in ("draft", "defects"), case.action_owner_consents),
            "completion": (is_applicant or case._is_owner(partner), case.action_notify_completion),
        }
        allowed, action = steps.get(step, (False, None))
        if not allowed:
            return request.redirect("/my/renovations")
        __, error = self._attempt(action)
        request.session[FLASH] = error or request.env._("Thank you, this is recorded.")
        return request.redirect(case.access_url)

    @http.route("/my/renovations/<int:case_id>/upload", type="http", auth="user", website=True, methods=["POST"])
    def portal_renovation_upload(self, case_id, paper_id=None, **post):
        case = self._get_case(case_id)
        partner = request.env.user.partner_id.commercial_partner_id
        if not case or case.applicant_id.commercial_partner_id != partner:
            return request.redirect("/my/renovations")
        paper = case.paper_ids.filtered(lambda p: str(p.id) == paper_id)
        __, error = self._attempt(self._store_files, case, paper, request.httprequest.files.getlist("file"))
        request.session[FLASH] = error or request.env._("Thank you, the paper was received.")
        return request.redirect(case.access_url)

    def _store_files(self, case, paper, files):
        _ = request.env._
        if not paper or case.state not in ("draft", "defects"):
            raise UserError(_("Papers are uploaded before the application is submitted, or after defects were told."))
        limit = self._upload_mb() * 1024 * 1024
        vals_list = []
        for file in [f for f in files if f.filename][:10]:
            content = file.stream.read(limit + 1)
            if len(content) > limit:
                raise UserError(_("%(name)s is larger than %(limit)s MB.", name=file.filename, limit=self._upload_mb()))
            mimetype = guess_mimetype(content)
            if mimetype not in UPLOAD_TYPES:
                raise UserError(
                    _("%(name)s is not one of: %(types)s.", name=file.filename, types=", ".join(UPLOAD_TYPES.values()))
                )
            vals_list.append(
                {
                    "name": file.filename[-120:],
                    "raw": content,
                    "mimetype": mimetype,
                    "res_model": paper._name,
                    "res_id": paper.id,
                }
            )
        if not vals_list:
            raise UserError(_("Please choose a file."))
        attachments = (
            request.env["ir.attachment"].sudo().create(vals_list)
        )  # sudo: checked above; filed on the own paper
        paper.write({"attachment_ids": [fields.Command.link(a.id) for a in attachments]})
        paper.action_take_back()

    def _upload_mb(self):
        return int(request.env["ir.config_parameter"].sudo().get_param("pm_renovation.upload_mb", 10))

    @http.route("/my/renovations/<int:case_id>/sign", type="jsonrpc", auth="user", website=True)
    def portal_renovation_sign(self, case_id, name=None, signature=None, **kwargs):
        """Sign the agreement on screen (called by the portal's signature form)."""
        _ = request.env._
        case = self._get_case(case_id)
        partner = request.env.user.partner_id.commercial_partner_id
        if not case or case.applicant_id.commercial_partner_id != partner:
            return {"error": _("Invalid request.")}
        if not signature or not (name or "").strip():
            return {"error": _("Signature or name is missing.")}
        if case.state != "approved":
            return {"error": _("The agreement is signed after the approval, once.")}

        def sign():
            case.write({"agreement_signature": signature, "agreement_signed_by": name.strip()[:100]})
            case.action_sign_agreement()

        try:
            __, error = self._attempt(sign)
        except (TypeError, binascii.Error):
            return {"error": _("Invalid signature data.")}
        if error:
            return {"error": error}
        return {"force_refresh": True, "redirect_url": case.access_url}

    # ------------------------------------------------------------ helpers
    def _attempt(self, action, *args):
        """Run a step in a savepoint.

        :return: (result, "") or (None, message for the resident)
        """
        try:
            with request.env.cr.savepoint():
                result = action(*args)
                request.env.flush_all()
            return result, ""
        except (UserError, ValidationError) as error:
            return None, str(error.args[0] if error.args else error)
        except ExclusionViolation:
            return None, request.env._("This unit already has a renovation in these dates.")
