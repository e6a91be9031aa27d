"""Record of an inspection, certificate of acceptance, slip of the refund."""

from odoo import models
from odoo.exceptions import UserError

from odoo.addons.pm_base.tools.labels import selection_label


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
                    [[c.name, selection_label(c, "result"), c.remark or ""] for c in inspection.check_ids],
                    widths=[8, 2, 5],
                ),
                kit.pairs(
                    [
                        (_("Result"), selection_label(inspection, "result")),
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
                    (_("Kind"), selection_label(record, "kind")),
                    (_("Date"), kit.date(record.date)),
                    (_("State"), selection_label(record, "state")),
                    (_("Inspector"), record.sudo().done_by_id.name or record.sudo().user_id.name),
                    (_("Spoke with"), record.person_on_site),
                    (_("Result"), selection_label(record, "result") if record.result else ""),
                    (_("Done"), kit.datetime(record.done_at, tz=record.property_id.tz)),
                ]
            ),
            kit.table(
                [_("Kind"), _("Point"), _("Result"), _("Remark")],
                [
                    [
                        selection_label(c, "kind"),
                        c.name,
                        selection_label(c, "result") if c.result else "",
                        c.remark or "",
                    ]
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
