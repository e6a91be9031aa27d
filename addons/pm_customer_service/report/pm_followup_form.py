from odoo import models

from odoo.addons.pm_base.tools.labels import selection_label, selection_labels


class ReportFollowupForm(models.AbstractModel):
    """Follow-up form of one ticket (业主回访表). Source: S4-76, App. (4)."""

    _name = "report.pm_customer_service.followup_form"
    _inherit = "pm.document"
    _description = "Follow-up Form"

    def _title(self, record):
        return self.env._("Follow-up Form")

    def _number(self, record):
        return record.ticket_id.number

    def _partner(self, record):
        # A paper of the house, in the language of who prints it.
        return None

    def _story(self, record, kit):
        _ = record.env._
        tz = record.property_id.tz
        ticket = record.ticket_id
        labels = {name: selection_label(record, name) for name in ("method", "satisfied")}
        # sudo: the name of a colleague is no secret to who may read the form
        story = [
            kit.pairs(
                [
                    (_("Customer"), record.partner_id.name or ticket.contact_name or ""),
                    (_("Unit"), record.unit_id.display_name or ""),
                    (_("Kind"), record.type_id.name),
                    (_("Handled At"), kit.datetime(ticket.handled_at, tz=tz)),
                    (_("Followed Up On"), kit.datetime(record.date, tz=tz)),
                    (_("Method"), labels["method"]),
                    (_("Asked By"), record.user_id.sudo().name or _("The customer by himself")),
                    (_("Answer"), labels["satisfied"]),
                ]
            ),
            kit.h(_("Request")),
            kit.p(ticket.name, "bold"),
            kit.p(ticket.solution or ticket.explanation or ""),
        ]
        if record.answer_ids:
            yes_no = selection_labels(record.answer_ids, "yes_no")
            story += [
                kit.h(_("Questionnaire")),
                kit.table(
                    [_("Question"), _("Answer"), _("In Words")],
                    [
                        [answer.question_id.name, yes_no.get(answer.yes_no) or answer.score or "", answer.words or ""]
                        for answer in record.answer_ids
                    ],
                    widths=[90, 26, 58],
                ),
            ]
        story += [
            kit.h(_("Customer's Words")),
            kit.p(record.words or ""),
            kit.signatures([_("Asked By"), _("Supervisor")]),
        ]
        return story
