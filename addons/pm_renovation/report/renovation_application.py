"""Papers before the works: the application and the agreement."""

from odoo import models

from odoo.addons.pm_base.tools.labels import selection_label


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
                    [p.type_id.name, selection_label(p, "state"), p.defect or ""]
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
                            selection_label(r, "role"),
                            selection_label(r, "state"),
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
