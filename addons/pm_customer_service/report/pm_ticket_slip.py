from odoo import models

from odoo.addons.pm_base.tools.labels import selection_label, selection_labels


class ReportTicketSlip(models.AbstractModel):
    """Complaint slip or repair slip (投诉单, 维修单): what was asked, what was done, and room for signatures. Source: S4, App. (4)."""

    _name = "report.pm_customer_service.ticket_slip"
    _inherit = "pm.document"
    _description = "Ticket Slip"

    def _title(self, record):
        titles = {
            "complaint": self.env._("Complaint Slip"),
            "repair": self.env._("Repair Slip"),
            "suggestion": self.env._("Suggestion Slip"),
        }
        return titles.get(record.type_code) or self.env._("Service Slip")

    def _number(self, record):
        return record.number

    def _partner(self, record):
        # A paper of the house: filed and signed by staff, so in the language of who prints it.
        return None

    def _story(self, record, kit):
        _ = record.env._

        def moment(value):
            return kit.datetime(value, tz=record.property_id.tz) if value else ""

        # Names of colleagues are printed for everybody who may read the ticket.
        staff = record.sudo()
        place = " ".join(filter(None, [record.unit_id.display_name, record.location]))
        if record.is_common_part:
            place = " · ".join(filter(None, [place, _("Common Parts")]))
        story = [
            kit.pairs(
                [
                    (_("Received At"), moment(record.received_at)),
                    (_("Channel"), selection_label(record, "channel")),
                    (_("Customer"), record.contact_name or ""),
                    (_("Phone"), record.contact_phone or ""),
                    (_("Place"), place),
                    (_("Category"), record.category_id.display_name or ""),
                    (_("Severity"), selection_label(record, "severity")),
                    (_("Agreed Time"), moment(record.promised_date)),
                    (_("First Receiver"), staff.first_receiver_id.name or ""),
                    (_("Handler"), staff.user_id.name or ""),
                ]
            ),
            kit.h(_("Request")),
            kit.p(record.name, "bold"),
            kit.p(record.description or ""),
            *([kit.h(_("What Was Agreed")), kit.p(record.agreed_action)] if record.agreed_action else []),
            kit.h(_("Result")),
        ]
        if record.handled_at:
            story.append(
                kit.pairs(
                    [
                        (_("Outcome"), selection_label(record, "outcome")),
                        (_("Handled At"), moment(record.handled_at)),
                        (_("Result Reported On"), moment(record.fed_back_at)),
                        (_("Closed At"), moment(record.closed_at)),
                    ]
                )
            )
            # What was explained is often what was done: the same words stand there once.
            texts = (selection_label(record, "decision"), record.decision_reason, record.explanation, record.solution)
            story += [kit.p(text) for text in dict.fromkeys(filter(None, texts))]
        else:
            # To be filled in by hand on site.
            story.append(kit.box([kit.space(30)]))
        clocks = staff.deadline_ids.sorted("start")
        if clocks:
            states = selection_labels(clocks, "state")
            story += [
                kit.h(_("Deadlines")),
                kit.table(
                    [_("Clock"), _("Due"), _("Done On"), _("State")],
                    [
                        [clock.rule_id.name, moment(clock.due), moment(clock.met_at), states[clock.state]]
                        for clock in clocks
                    ],
                    widths=[70, 38, 38, 28],
                    align="llll",
                ),
            ]
        if staff.followup_ids:
            followups = staff.followup_ids
            answers = selection_labels(followups, "satisfied")
            methods = selection_labels(followups, "method")
            story += [
                kit.h(_("Follow-ups")),
                kit.table(
                    [_("Date"), _("Method"), _("Answer"), _("Customer's Words")],
                    [
                        [moment(row.date), methods[row.method], answers[row.satisfied], row.words or ""]
                        for row in followups
                    ],
                    widths=[38, 24, 26, 86],
                    align="llll",
                ),
            ]
        story.append(kit.signatures([_("Handler"), _("Customer"), _("Supervisor")]))
        return story
