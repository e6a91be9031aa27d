"""Printed papers of a renovation: application, agreement, permit, notice, report, certificate, refund slip."""

import base64
from copy import copy

from odoo import models
from odoo.exceptions import UserError
from reportlab.platypus import KeepTogether


def narrow_box(kit, flowables):
    """A frame of a quarter of the page."""
    narrow = copy(kit)
    narrow.width = kit.width * 0.2
    return narrow.box(flowables)


def _label(record, name):
    """Return the translated label of a selection field's value."""
    return dict(record._fields[name]._description_selection(record.env)).get(record[name], "")


class RenovationDocument(models.AbstractModel):
    """What the papers of one renovation share."""

    _name = "pm.renovation.document"
    _inherit = "pm.document"
    _description = "Renovation Paper"

    def _number(self, record):
        return record.name

    def _partner(self, record):
        return record.applicant_id

    def _unit_pairs(self, case, kit):
        _ = case.env._
        # The papers name the people of the case; whoever may print the case may print their names.
        people = case.sudo()
        return kit.pairs(
            [
                (_("Unit"), people.unit_id.display_name),
                (_("Chargeable area"), f"{kit.num(people.unit_id.area_chargeable)} m²"),
                (_("Applicant"), people.applicant_id.display_name),
                (_("Phone"), people.applicant_id.phone),
                (_("Owner"), people.owner_id.name),
                (_("Owner's consent"), _label(case, "owner_consent")),
                (_("Contractor"), people.contractor_id.name or people.contractor_name),
                (_("On site"), " ".join(filter(None, [case.site_manager, case.site_phone]))),
                (_("Start"), kit.date(case.date_start)),
                (_("End"), kit.date(case.date_end)),
            ]
        )

    def _day(self, record, kit, moment):
        """A moment as the calendar day of the property."""
        return kit.date(record.property_id._local_date(moment)) if moment else ""

    def _work_table(self, case, kit):
        _ = case.env._
        return kit.table(
            [_("No."), _("Work"), _("Description")],
            [
                [
                    str(i),
                    work.type_id.name,
                    " · ".join(
                        filter(
                            None,
                            [
                                work.scheme_id and _("Standard scheme: %(name)s", name=work.scheme_id.name),
                                work.description,
                            ],
                        )
                    ),
                ]
                for i, work in enumerate(case.sudo().work_ids, 1)  # sudo: schemes have no portal rights
            ],
            widths=[1, 5, 8],
            align="cll",
        )

    def _clauses(self, case, kit, document):
        texts = case.env["pm.renovation.clause"]._texts(document, case.property_id)
        return [kit.p(f"{i}. {text}") for i, text in enumerate(texts, 1)]

    def _signature(self, case, kit):
        """The signature given on screen, with the name of the signer."""
        signature = case.with_context(bin_size=False).agreement_signature
        if not signature:
            return []
        _ = case.env._
        signed = _(
            "Signed by %(name)s on %(day)s:",
            name=case.agreement_signed_by or "",
            day=self._day(case, kit, case.agreement_signed_at),
        )
        return [KeepTogether([kit.p(signed), kit.image(base64.b64decode(signature), 50, 20)])]

    def _pictures(self, files, kit, width=78, height=58, limit=8):
        """Pictures two a row, with their names; files that are no pictures by name."""
        cells = []
        for file in files[:limit]:
            picture = []
            if (file.mimetype or "") in ("image/png", "image/jpeg"):
                try:
                    picture = [kit.image(file.raw, width, height)]
                except UserError:
                    picture = []
            cells.append([*picture, kit.p(file.name, "small")])
        rows = []
        for start in range(0, len(cells), 2):
            rows.append(kit.columns([cells[start], cells[start + 1] if start + 1 < len(cells) else []]))
        return rows


class ReportApplication(models.AbstractModel):
    """Application form (装修申报表). Source: S0-108."""

    _name = "report.pm_renovation.application"
    _inherit = "pm.renovation.document"
    _description = "Renovation Application"

    def _title(self, record):
        return self.env._("Renovation Application")

    def _story(self, record, kit):
        _ = record.env._
        reviews = record.sudo()._current_reviews()  # sudo: the applicant prints the form, reviewers' names stand on it
        story = [
            kit.h(_("Unit and applicant")),
            self._unit_pairs(record, kit),
            kit.h(_("Works")),
            self._work_table(record, kit),
        ]
        if record.description:
            story.append(kit.p(record.description))
        story += [
            kit.h(_("Papers")),
            kit.table(
                [_("Paper"), _("State"), _("Defect")],
                [
                    [p.type_id.name, _label(p, "state"), p.defect or ""]
                    for p in record.sudo().paper_ids.filtered("required")
                ],
                widths=[6, 2, 6],
            ),
        ]
        if reviews:
            story += [
                kit.h(_("Review")),
                kit.table(
                    [_("Step"), _("Result"), _("Reviewer"), _("Date"), _("Opinion")],
                    [
                        [
                            _label(r, "role"),
                            _label(r, "state"),
                            r.user_id.name if r.done_at else "",
                            self._day(record, kit, r.done_at),
                            r.opinion or "",
                        ]
                        for r in reviews
                    ],
                    widths=[2, 2, 3, 3, 5],
                ),
            ]
        if record.decided_at:
            story.append(
                kit.pairs(
                    [
                        (
                            _("Decision"),
                            _("Refused") if record.refusal_reason and record.state == "refused" else _("Approved"),
                        ),
                        (_("Date"), self._day(record, kit, record.decided_at)),
                        (_("Decided by"), record.sudo().decided_by_id.name),
                        (_("Reason"), record.refusal_reason if record.state == "refused" else ""),
                    ]
                )
            )
        return [*story, kit.space(4), kit.signatures([_("Applicant"), _("Butler"), _("Project manager")])]


class ReportAgreement(models.AbstractModel):
    """Renovation agreement (装修协议). Source: S0-77."""

    _name = "report.pm_renovation.agreement"
    _inherit = "pm.renovation.document"
    _description = "Renovation Agreement"

    def _title(self, record):
        return self.env._("Renovation Agreement")

    def _story(self, record, kit):
        _ = record.env._
        prop = record.property_id.sudo()
        # sudo: the amount asked for is part of what the applicant signs
        case = record.sudo()
        deposit = case.deposit_id.amount or prop._renovation_deposit(case.unit_id)
        return [
            kit.pairs(
                [(_("Management"), prop.company_id.name), (_("Applicant"), case.applicant_id.display_name)],
                columns=1,
            ),
            self._unit_pairs(record, kit),
            kit.h(_("Works")),
            self._work_table(record, kit),
            kit.h(_("The parties agree")),
            *self._clauses(record, kit, "agreement"),
            kit.space(2),
            kit.pairs(
                [
                    (_("Working hours"), prop._hours_text("work")),
                    (_("Noisy hours"), prop._hours_text("noise")),
                    (_("Deposit"), kit.money(deposit) if deposit else _("No deposit")),
                    (_("Payer, to whom it is refunded"), case.deposit_payer_id.name if deposit else ""),
                ]
            ),
            kit.h(_("Renovation notice (received)")),
            *self._clauses(record, kit, "notice"),
            kit.space(3),
            *self._signature(record, kit),
            kit.signatures([_("Applicant"), _("Contractor"), _("Management (seal)")]),
        ]


class ReportPermit(models.AbstractModel):
    """Permit with QR code (施工许可证). Source: S0-77, S4-114."""

    _name = "report.pm_renovation.permit"
    _inherit = "pm.renovation.document"
    _description = "Renovation Permit"

    def _title(self, record):
        return self.env._("Renovation Permit")

    def _number(self, record):
        return record.permit_number

    def _story(self, record, kit):
        _ = record.env._
        if not record.permit_number:
            raise UserError(_("To print the permit of %(case)s you must issue it first.", case=record.name))
        # sudo: the paper shows what its rules say, also where its printer may not read the unit or the people
        prop = record.property_id.sudo()
        case = record.sudo()
        # No name and no phone of a household: the permit hangs on a door (L-02).
        narrow = copy(kit)
        narrow.width = kit.width * 0.7
        left = [
            narrow.pairs(
                [
                    (_("Unit"), case.unit_id.display_name),
                    (_("Contractor"), case._contractor_for_the_door()),
                    (_("Valid from"), kit.date(record.permit_valid_from)),
                    (_("Valid until"), kit.date(record.permit_valid_until)),
                    (_("Working hours"), prop._hours_text("work")),
                    (_("Noisy hours"), prop._hours_text("noise")),
                    (_("Issued"), kit.date(record.permit_issued_on)),
                ],
                columns=1,
            )
        ]
        right = [kit.qr(record._permit_url(), 40, caption=_("Scan to check validity"))]
        prohibitions = [w.prohibition for w in case.work_ids.type_id if w.prohibition]
        return [
            kit.columns([left, right], widths=[73, 27]),
            kit.h(_("Permitted works")),
            self._work_table(record, kit),
            kit.h(_("Not allowed")),
            *[kit.p(f"• {text}") for text in prohibitions],
            kit.h(_("Notes")),
            *self._clauses(record, kit, "permit"),
            kit.space(6),
            kit.signatures([_("Management (seal)")]),
        ]


class ReportAcceptance(models.AbstractModel):
    """Acceptance certificate (装修验收单). Source: S0-112."""

    _name = "report.pm_renovation.acceptance"
    _inherit = "pm.renovation.document"
    _description = "Acceptance Certificate"

    def _title(self, record):
        return self.env._("Renovation Acceptance Certificate")

    def _story(self, record, kit):
        _ = record.env._
        inspections = (
            record.sudo()
            .inspection_ids.filtered(  # sudo: the applicant prints his own certificate
                lambda i: i.kind == "acceptance" and i.state == "done"
            )
            .sorted("id")
        )
        if not inspections:
            raise UserError(
                _("To print the certificate of %(case)s you must have held its acceptance.", case=record.name)
            )
        story = [self._unit_pairs(record, kit), kit.h(_("Works")), self._work_table(record, kit)]
        for inspection in inspections:
            story += [
                kit.h(_("Acceptance of %(day)s", day=self._day(record, kit, inspection.done_at))),
                kit.table(
                    [_("Point"), _("Result"), _("Remark")],
                    [[c.name, _label(c, "result"), c.remark or ""] for c in inspection.check_ids],
                    widths=[8, 2, 5],
                ),
                kit.pairs(
                    [
                        (_("Result"), _label(inspection, "result")),
                        (_("Inspector"), inspection.done_by_id.name),
                        (_("Remark"), inspection.remark),
                    ]
                ),
            ]
        concealed = record.sudo().inspection_ids.filtered(  # sudo: as above
            lambda i: i.kind == "concealed" and i.state == "done" and i.result == "ok"
        )
        if concealed or record.concealed_waiver:
            story.append(kit.h(_("Concealed works")))
            story += [
                kit.p(
                    _(
                        "%(works)s: inspected before cover-up on %(day)s by %(name)s.",
                        works="、".join(visit.work_ids.type_id.mapped("name")),
                        day=self._day(record, kit, visit.done_at),
                        name=visit.done_by_id.name,
                    )
                )
                for visit in concealed.sorted("id")
            ]
            if record.concealed_waiver:
                story.append(kit.p(_("Documented otherwise: %(how)s", how=record.concealed_waiver)))
        plans, photos = record.sudo().plan_attachment_ids, inspections[-1:].attachment_ids
        if plans:
            story += [kit.h(_("Approved plans")), *self._pictures(plans, kit)]
        if photos:
            story += [kit.h(_("Photos of the acceptance")), *self._pictures(photos, kit)]
        if record.accepted_at:
            story.append(kit.stamp(_("ACCEPTED %(day)s", day=self._day(record, kit, record.accepted_at))))
        return [*story, kit.space(4), kit.signatures([_("Applicant"), _("Engineering"), _("Management (seal)")])]


class ReportViolation(models.AbstractModel):
    """Violation notice (装修违规通知). Source: S0-111; no fine (L-03)."""

    _name = "report.pm_renovation.violation"
    _inherit = "pm.document"
    _description = "Violation Notice"

    def _title(self, record):
        return self.env._("Renovation Violation Notice")

    def _number(self, record):
        return record.name

    def _partner(self, record):
        return record.renovation_id.applicant_id

    def _party_label(self):
        """What the household of the case is to this paper."""
        return self.env._("To")

    def _facts(self, record, kit):
        _ = record.env._
        case = record.renovation_id.sudo()  # sudo: the notice names the people of the case
        # On the copy that the contractor takes from his page the household is not named (L-08).
        to = "" if self.env.context.get("pm_for_contractor") else case.applicant_id.name
        return [
            kit.pairs(
                [
                    (self._party_label(), to),
                    (_("Contractor"), case.contractor_id.name or case.contractor_name),
                    (_("Unit"), case.unit_id.display_name),
                    (_("Permit"), case.permit_number),
                    (_("Found on"), kit.datetime(record.found_at, tz=record.property_id.tz)),
                    (_("Place"), record.place),
                    (_("Kind"), record.type_id.name),
                    (_("Times before"), str(record.repeat_count)),
                ]
            ),
            kit.h(_("What was found")),
            kit.p(record.description),
            *self._evidence(record, kit),
        ]

    def _evidence(self, record, kit):
        """Pictures of the evidence, as far as they are pictures."""
        story = []
        # sudo: the files belong to the record, which the printer may read
        for attachment in record.sudo().attachment_ids.filtered(
            lambda a: (a.mimetype or "").startswith(("image/png", "image/jpeg"))
        )[:4]:
            try:
                story.append(kit.image(attachment.raw, 70, 55))
            except UserError:
                story.append(kit.p(attachment.name, "small"))
        return story

    def _story(self, record, kit):
        _ = record.env._
        kind = record.type_id
        request = [kit.p(kind.request)] if kind.request else []
        if record.stop_work:
            request.append(kit.p(_("Please stop the work in question until this is settled."), "bold"))
        request.append(
            kit.p(_("Please have it put right by %(day)s; we will check again then.", day=kit.date(record.rectify_by)))
        )
        if kind.report_authority:
            request.append(kit.p(_("We are bound to report this to the competent authority.")))
        return [
            *self._facts(record, kit),
            kit.h(_("What we ask you to do")),
            kit.box(request),
            *([kit.p(_("Basis: %(basis)s", basis=kind.legal_basis), "small")] if kind.legal_basis else []),
            kit.p(
                _("You may tell us your view at any time; please call the service hotline or answer in the portal."),
                "small",
            ),
            kit.space(4),
            kit.signatures([_("Delivered by"), _("Received by"), _("Management (seal)")]),
        ]


class ReportAuthority(models.AbstractModel):
    """Report letter to the authority (报告函). Source: S4-70, L-05."""

    _name = "report.pm_renovation.authority"
    _inherit = "report.pm_renovation.violation"
    _description = "Report to the Authority"

    def _title(self, record):
        return self.env._("Report of a Renovation Violation")

    def _party_label(self):
        return self.env._("Applicant")

    def _story(self, record, kit):
        _ = record.env._
        return [
            kit.p(_("To: %(authority)s", authority=record.authority or _("the competent authority")), "bold"),
            kit.p(
                _(
                    "In the property we manage we found the following. We told the owner and the people on site,"
                    " asked them to stop and to put it right, and report it to you as the law asks of us."
                )
            ),
            *self._facts(record, kit),
            kit.pairs(
                [
                    (_("Notice given"), kit.datetime(record.notified_at, tz=record.property_id.tz)),
                    (_("Received by"), record.notice_received_by),
                ]
            ),
            *(
                [kit.p(_("Basis: %(basis)s", basis=record.type_id.legal_basis), "small")]
                if record.type_id.legal_basis
                else []
            ),
            kit.space(6),
            kit.signatures([_("Management (seal)")]),
        ]


class ReportWorker(models.AbstractModel):
    """Worker pass with photo and QR code (出入证). Source: S4-33, S4-114."""

    _name = "report.pm_renovation.worker"
    _inherit = "pm.document"
    _description = "Worker Pass"

    def _title(self, record):
        return self.env._("Worker Pass")

    def _number(self, record):
        return record.pass_number

    def _story(self, record, kit):
        _ = record.env._
        if not record.pass_number:
            raise UserError(_("To print the pass of %(worker)s you must issue it first.", worker=record.name))
        case = record.renovation_id.sudo()  # sudo: permit and contractor stand on the pass
        narrow = copy(kit)
        narrow.width = kit.width * 0.7
        photo = record.with_context(bin_size=False).photo
        left = [
            narrow.pairs(
                [
                    (_("Worker"), record.name),
                    (_("Trade"), record.trade),
                    (_("Unit"), case.unit_id.display_name),
                    (_("Permit"), case.permit_number),
                    (_("Contractor"), case.contractor_id.name or case.contractor_name),
                    (_("Valid from"), kit.date(record.valid_from)),
                    (_("Valid until"), kit.date(record.valid_until)),
                ],
                columns=1,
            )
        ]
        # Without a picture in the system one is glued into the frame.
        frame = [kit.p(_("Photo"), "center"), kit.space(30)]
        right = [kit.image(base64.b64decode(photo), 30, 40), kit.space(2)] if photo else [narrow_box(kit, frame)]
        right.append(kit.qr(record._pass_url(), 34, caption=_("Scan to check validity")))
        return [
            kit.columns([left, right], widths=[73, 27]),
            kit.p(_("To be carried on site and returned when the works end."), "small"),
            kit.signatures([_("Management (seal)")]),
        ]


class ReportInspection(models.AbstractModel):
    """Record of a patrol or inspection (装修巡查记录). Source: S4-68, S4-69, S4-76."""

    _name = "report.pm_renovation.inspection"
    _inherit = "pm.document"
    _description = "Renovation Inspection Record"

    def _title(self, record):
        return self.env._("Renovation Inspection Record")

    def _number(self, record):
        return record.renovation_id.name

    def _partner(self, record):
        return None

    def _story(self, record, kit):
        _ = record.env._
        # sudo: the paper shows what its rules say, also where its printer may not read the unit or the people
        return [
            kit.pairs(
                [
                    (_("Unit"), record.sudo().unit_id.display_name),
                    (_("Kind"), _label(record, "kind")),
                    (_("Date"), kit.date(record.date)),
                    (_("State"), _label(record, "state")),
                    (_("Inspector"), record.sudo().done_by_id.name or record.sudo().user_id.name),
                    (_("Spoke with"), record.person_on_site),
                    (_("Result"), _label(record, "result") if record.result else ""),
                    (_("Done"), kit.datetime(record.done_at, tz=record.property_id.tz)),
                ]
            ),
            kit.table(
                [_("Kind"), _("Point"), _("Result"), _("Remark")],
                [
                    [_label(c, "kind"), c.name, _label(c, "result") if c.result else "", c.remark or ""]
                    for c in record.check_ids
                ],
                widths=[2, 7, 2, 4],
            ),
            *([kit.h(_("Remark")), kit.p(record.remark)] if record.remark else []),
            kit.signatures([_("Inspector"), _("Person on site")]),
        ]


class ReportDepositRefund(models.AbstractModel):
    """Refund slip (押金退还单). Source: S0-113."""

    _name = "report.pm_renovation.deposit_refund"
    _inherit = "pm.renovation.document"
    _description = "Deposit Refund Slip"

    def _partner(self, record):
        return record.partner_id

    def _title(self, record):
        return self.env._("Renovation Deposit Refund")

    def _number(self, record):
        return record.name

    def _story(self, record, kit):
        _ = record.env._
        if record.state not in ("refund_requested", "refunded"):
            raise UserError(_("To print the refund slip of %(name)s its refund must be requested.", name=record.name))
        deposit = record.sudo()  # sudo: names of payer and payments stand on his own slip
        deductions = deposit.deduction_ids.filtered(lambda d: d.state in ("agreed", "booked"))
        refund = deposit.amount - sum(deductions.mapped("amount"))
        story = [
            kit.pairs(
                [
                    (_("Renovation"), deposit.renovation_id.name),
                    (_("Unit"), deposit.unit_id.display_name),
                    (_("Payer, to whom it is refunded"), deposit.partner_id.name),
                    (_("Accepted"), self._day(deposit, kit, deposit.renovation_id.accepted_at)),
                    (_("Received"), kit.date(deposit.received_on)),
                    (_("Receipt"), deposit.payment_id.receipt_name),
                    (_("Refund requested"), self._day(deposit, kit, deposit.refund_requested_at)),
                    (_("Refunded"), kit.date(deposit.refunded_on)),
                ]
            ),
            kit.table(
                [_("Item"), _("Amount")],
                [[_("Deposit"), kit.money(deposit.amount)]]
                + [[_("Agreed deduction: %(reason)s", reason=d.name), kit.money(-d.amount)] for d in deductions],
                widths=[5, 2],
                align="lr",
                total=[_("Refund"), kit.money(refund)],
            ),
            kit.p(kit.money_words(refund), "right"),
            kit.space(4),
        ]
        if deposit.state == "refunded":
            story.append(kit.stamp(_("REFUNDED")))
        return [*story, kit.signatures([_("Payer"), _("Cashier"), _("Project accountant")])]
