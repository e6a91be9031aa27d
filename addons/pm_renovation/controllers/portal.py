import binascii
import datetime

from odoo import fields, http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from odoo.addons.pm_base.tools.typed import typed_ids, typed_int

from ..models.pm_renovation import EDITABLE_STATES, OPEN_STATES
from ..models.pm_renovation_permit import PERMIT_STATES
from .common import attempt, file_response, pdf_response, photo_of, read_uploads

FLASH = "pm_renovation_flash"
DOCUMENTS = {
    "application": "pm_renovation.application_report",
    "agreement": "pm_renovation.agreement_report",
    "permit": "pm_renovation.permit_report",
    "acceptance": "pm_renovation.acceptance_report",
}
DAILY_REQUESTS = 10


class RenovationPortal(CustomerPortal):
    """Renovations of the own household: apply, follow, sign, download, ask for acceptance."""

    # ------------------------------------------------------------ home and list
    @http.route(["/my/renovations", "/my/renovations/page/<int:page>"], type="http", auth="user", website=True)
    def portal_my_renovations(self, page=1, **kwargs):
        Renovation = request.env["pm.renovation"]
        page = typed_int(page, 1)  # Odoo's pager takes a superscript for a number
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
                "properties": self._own_units().sudo().property_id,
            },
        )

    @http.route("/my/renovations/notice/<int:property_id>", type="http", auth="user", website=True)
    def portal_renovation_notice(self, property_id, **kwargs):
        """The renovation notice of the own property as a paper (《客户装修须知》, S0-106)."""
        prop = self._own_units().sudo().property_id.filtered(lambda p: p.id == property_id)
        if not prop:
            return request.redirect("/my/renovations")
        # sudo: of a property of the resident's own units; printing needs its settings
        content = request.env["pm.document"].sudo()._pdf("pm_renovation.notice_report", prop)
        return pdf_response(content, f"{request.env._('Renovation Notice')} {prop.code}.pdf")

    # ------------------------------------------------------------ application
    @http.route("/my/renovations/new", type="http", auth="user", website=True, methods=["GET", "POST"])
    def portal_renovation_new(self, **post):
        units = self._own_units()
        # sudo: the catalogue and the notice are public to residents (S0-106)
        work_types = request.env["pm.renovation.work.type"].sudo().search([])
        chosen = typed_ids(request.httprequest.form.getlist("work"))
        schemes = self._schemes(units)
        values = {
            "units": units.sudo(),
            "work_types": work_types,
            "schemes": schemes.grouped("work_type_id"),
            "notice": request.env["pm.renovation.clause"].sudo()._texts("notice", units[:1].sudo().property_id),
            "papers": request.env["pm.renovation.paper.type"].sudo().search([("requirement", "!=", "work")]),
            "page_name": "renovation",
            "post": post,
            "chosen": chosen,
            "error": "",
        }
        if request.httprequest.method == "POST":
            case, values["error"] = attempt(
                self._create_case, units, work_types.browse(chosen) & work_types, schemes, post
            )
            if case:
                return request.redirect(case.access_url)
        return request.render("pm_renovation.portal_renovation_new", values)

    def _own_units(self):
        """Units of which the user is a party today; the record rule of units decides."""
        return request.env["pm.unit"].search([])

    def _schemes(self, units):
        """Standard schemes in force in the properties of the units (S0-76)."""
        # sudo: schemes are published to the residents of their property
        return (
            request.env["pm.renovation.scheme"]
            .sudo()
            .search([("property_id", "in", units.sudo().property_id.ids), ("state", "=", "approved")])
        )

    @http.route("/my/renovations/scheme/<int:scheme_id>/<int:file_id>", type="http", auth="user", website=True)
    def portal_renovation_scheme_file(self, scheme_id, file_id, **kwargs):
        scheme = self._schemes(self._own_units()).filtered(lambda s: s.id == scheme_id)
        file = scheme.attachment_ids.filtered(lambda a: a.id == file_id)
        return file_response(file) if file else request.redirect("/my/renovations")

    def _create_case(self, units, work_types, schemes, post):
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
        works = []
        for work in work_types:
            scheme = schemes.filtered(
                lambda s, w=work: str(s.id) == post.get(f"scheme_{w.id}")
                and s.work_type_id == w
                and s.property_id == unit.sudo().property_id
            )
            works.append(fields.Command.create({"type_id": work.id, "scheme_id": scheme.id}))
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
                    "work_ids": works,
                    "rules_read": True,
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

    @staticmethod
    def _roles(case):
        """What the user is to the case: {applicant, owner, payer}."""
        partner = request.env.user.partner_id.commercial_partner_id
        return {
            "applicant": case.applicant_id.commercial_partner_id == partner,
            "owner": case._is_owner(partner),
            "payer": case.deposit_payer_id.commercial_partner_id == partner,
        }

    @http.route("/my/renovations/<int:case_id>", type="http", auth="user", website=True)
    def portal_renovation(self, case_id, **kwargs):
        case = self._get_case(case_id)
        if not case:
            return request.redirect("/my/renovations")
        roles = self._roles(case)
        # sudo: the words of the notice are for everybody
        values = {
            "case": case,
            "page_name": "renovation",
            "is_owner": roles["owner"],
            "is_applicant": roles["applicant"],
            "is_payer": roles["payer"],
            "is_open": case.state in OPEN_STATES,
            "editable": case.state in EDITABLE_STATES,
            "can_extend": (roles["applicant"] or roles["owner"])
            and case.state in PERMIT_STATES
            and not case.extension_until,
            "missing": self._missing(case),
            "notice": request.env["pm.renovation.clause"].sudo()._texts("notice", case.property_id),
            "flash": request.session.pop(FLASH, None),
            "upload_mb": case._upload_mb(),
            "documents": self._documents(case),
            "deposits": case.deposit_ids if roles["payer"] else case.deposit_ids.browse(),
            "deductions": case.deposit_ids.deduction_ids.filtered(lambda d: d.state not in ("draft", "cancelled"))
            if roles["payer"]
            else case.deposit_ids.deduction_ids.browse(),
        }
        return request.render(
            "pm_renovation.portal_renovation",
            self._get_page_view_values(case, None, values, "my_renovations_history", False),
        )

    def _missing(self, case):
        """What the case waits for from the household or its contractor, in words."""
        _ = request.env._
        found = []
        if case.state in ("draft", "defects"):
            found += [_("Paper: %(name)s", name=paper.type_id.name) for paper in case._missing_papers()]
            found += case._defect_texts() if case.state == "defects" else []
        if case.owner_consent in ("pending", "refused") and case.state in EDITABLE_STATES:
            found.append(_("Consent of the owner"))
        if case.state == "approved":
            found.append(_("Signature of the agreement"))
        if case.deposit_id.state == "due":
            found.append(_("Deposit of %(amount)s", amount=case.currency_id.format(case.deposit_id.amount)))
        if case.state in ("in_progress", "rectify") and case.concealed_state == "open":
            found.append(_("Inspection of concealed works before they are covered"))
        found += [
            _("Notice %(name)s: put right by %(day)s", name=v.name, day=fields.Date.to_string(v.rectify_by))
            for v in case.violation_ids.filtered(lambda v: v.state in ("notified", "rectifying"))
        ]
        return found

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
        if document == "agreement" and case.agreement_copy_id:
            return file_response(case.agreement_copy_id)  # the words that were signed, not those of today
        content = request.env["pm.document"].sudo()._pdf(DOCUMENTS[document], case)
        return pdf_response(content, f"{case.name}-{document}.pdf")

    @http.route("/my/renovations/<int:case_id>/notice/<int:violation_id>", type="http", auth="user", website=True)
    def portal_renovation_violation_pdf(self, case_id, violation_id, **kwargs):
        case = self._get_case(case_id)
        violation = case and case.violation_ids.filtered(lambda v: v.id == violation_id and v.notified_at)
        if not violation:
            return request.redirect("/my/renovations")
        # sudo: the case is the resident's own; printing needs the property's settings
        content = request.env["pm.document"].sudo()._pdf("pm_renovation.violation_report", violation)
        return pdf_response(content, f"{violation.name}.pdf")

    # ------------------------------------------------------------ steps of the household
    @http.route(
        "/my/renovations/<int:case_id>/do/<string:step>", type="http", auth="user", website=True, methods=["POST"]
    )
    def portal_renovation_step(self, case_id, step, **post):
        case = self._get_case(case_id)
        if not case:
            return request.redirect("/my/renovations")
        roles = self._roles(case)
        resident = roles["applicant"] or roles["owner"]
        consent = roles["owner"] and case.owner_consent in ("pending", "refused") and case.state in EDITABLE_STATES
        steps = {
            "submit": (roles["applicant"], case.action_submit),
            "consent": (consent, case.action_owner_consents),
            "refuse": (consent, lambda: case._owner_refuses(self._reason(post))),
            "completion": (resident, case.action_notify_completion),
            "extension": (
                resident,
                lambda: case._ask_extension(self._date(post.get("date_end")), self._text(post, "reason", 2000)),
            ),
            "concealed": (resident, case.action_request_concealed),
            "worker": (
                roles["applicant"],
                lambda: case._add_worker(
                    post.get("name"), post.get("trade"), post.get("phone"), photo_of(read_uploads("photo"))
                ),
            ),
            "agreement": (roles["applicant"], lambda: self._sign_by_upload(case, post)),
            "asbuilt": (resident, lambda: case._add_asbuilt(read_uploads())),
            "help": (resident, lambda: self._ask_for_help(case, post)),
        }
        allowed, action = steps.get(step, (False, None))
        if not allowed:
            return request.redirect("/my/renovations")
        __, error = attempt(action)
        return self._back(case, error)

    @staticmethod
    def _back(case, error, thanks=None):
        request.session[FLASH] = error or thanks or request.env._("Thank you, this is recorded.")
        return request.redirect(case.access_url)

    def _reason(self, post):
        reason = self._text(post, "reason", 2000)
        if not reason:
            raise UserError(request.env._("Please write why."))
        return reason

    def _sign_by_upload(self, case, post):
        """The agreement signed on paper, as a scan; the same step as at the counter."""
        _ = request.env._
        if case.state != "approved":
            raise UserError(_("The agreement is signed after the approval, once."))
        if not post.get("rules"):
            raise UserError(_("Please read the renovation notice and tick that you did."))
        files = read_uploads()
        if not files:
            raise UserError(_("Please choose a file."))
        created = case._create_files(files, case)
        case.write(
            {
                "rules_read": True,
                "agreement_signed_by": request.env.user.partner_id.name,
                "agreement_attachment_ids": [fields.Command.link(file.id) for file in created],
            }
        )
        case.action_sign_agreement()

    def _ask_for_help(self, case, post):
        """Help during the works becomes a ticket: explained, solved at once, or by appointment (S0-110)."""
        _ = request.env._
        words = self._text(post, "words", 5000)
        if not words:
            raise UserError(_("Please say what you need."))
        partner = request.env.user.partner_id
        # sudo: residents may not write tickets themselves; the case was checked, the rest is plain text
        Ticket = request.env["pm.ticket"].sudo()
        midnight = case.property_id._local_midnight_utc(case.property_id._today())
        sent = Ticket.search_count(
            [("renovation_id", "=", case.id), ("channel", "=", "portal"), ("create_date", ">=", midnight)]
        )
        if sent >= DAILY_REQUESTS:
            raise UserError(_("You have sent many requests today. In urgent cases please call us."))
        Ticket.create(
            {
                "name": words[:80],
                "description": words,
                "type_id": request.env.ref("pm_customer_service.ticket_type_help").id,
                "category_id": request.env.ref("pm_customer_service.ticket_category_renovation").id,
                "unit_id": case.unit_id.id,
                "partner_id": partner.id,
                "channel": "portal",
                "renovation_id": case.id,
            }
        )

    @http.route(
        "/my/renovations/<int:case_id>/rectified/<int:violation_id>",
        type="http",
        auth="user",
        website=True,
        methods=["POST"],
    )
    def portal_renovation_rectified(self, case_id, violation_id, note=None, **post):
        """The household says that a violation is put right; somebody comes to check."""
        case = self._get_case(case_id)
        violation = case and case.violation_ids.filtered(lambda v: v.id == violation_id and v.notified_at)
        if not violation:
            return request.redirect("/my/renovations")
        __, error = attempt(lambda: violation._tell_rectified(note, read_uploads()))
        return self._back(case, error, request.env._("Thank you. We come to check."))

    @http.route("/my/renovations/<int:case_id>/upload", type="http", auth="user", website=True, methods=["POST"])
    def portal_renovation_upload(self, case_id, paper_id=None, **post):
        case = self._get_case(case_id)
        if not case or not self._roles(case)["applicant"]:
            return request.redirect("/my/renovations")
        paper = case.paper_ids.filtered(lambda p: str(p.id) == paper_id)
        __, error = attempt(self._store_papers, case, paper)
        return self._back(case, error, request.env._("Thank you, the paper was received."))

    def _store_papers(self, case, paper):
        _ = request.env._
        if not paper or case.state not in ("draft", "defects"):
            raise UserError(_("Papers are uploaded before the application is submitted, or after defects were told."))
        files = read_uploads()
        if not files:
            raise UserError(_("Please choose a file."))
        created = case._create_files(files, paper)
        paper.write({"attachment_ids": [fields.Command.link(file.id) for file in created]})
        paper.action_take_back()

    @http.route("/my/renovations/<int:case_id>/sign", type="jsonrpc", auth="user", website=True)
    def portal_renovation_sign(self, case_id, name=None, signature=None, **kwargs):
        """Sign the agreement on screen (called by the portal's signature form)."""
        _ = request.env._
        case = self._get_case(case_id)
        if not case or not self._roles(case)["applicant"]:
            return {"error": _("Invalid request.")}
        if not signature or not (name or "").strip():
            return {"error": _("Signature or name is missing.")}
        if case.state != "approved":
            return {"error": _("The agreement is signed after the approval, once.")}

        def sign():
            # Above the form stands that signing also acknowledges the notice.
            case.write(
                {"agreement_signature": signature, "agreement_signed_by": name.strip()[:100], "rules_read": True}
            )
            case.action_sign_agreement()

        try:
            __, error = attempt(sign)
        except (TypeError, binascii.Error):
            return {"error": _("Invalid signature data.")}
        if error:
            return {"error": error}
        return {"force_refresh": True, "redirect_url": case.access_url}
