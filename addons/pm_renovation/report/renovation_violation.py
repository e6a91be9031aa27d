"""Notice of a violation to the household, report of it to the authority."""

from odoo import models
from odoo.exceptions import UserError


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
