from odoo import models

from odoo.addons.pm_base.tools.labels import selection_label


class ReportVisitRecord(models.AbstractModel):
    """Talk record of a visit (拜访业主会谈内容记录表): taken along blank, filed filled in. Source: S4-99, S4-100."""

    _name = "report.pm_customer_service.visit_record"
    _inherit = "pm.document"
    _description = "Visit Talk Record"

    def _title(self, record):
        return self.env._("Visit Talk Record")

    def _number(self, record):
        return record.name

    def _partner(self, record):
        # A paper of the house, in the language of who prints it.
        return None

    def _story(self, record, kit):
        _ = record.env._
        tz = record.property_id.tz
        labels = {name: selection_label(record, name) for name in ("method", "state")}
        appointment = kit.datetime(record.start, tz=tz) if record.start else kit.date(record.planned_on)
        story = [
            kit.pairs(
                [
                    (_("Unit"), record.unit_id.display_name or ""),
                    (_("Customer"), record.partner_id.name or ""),
                    (_("Phone"), record.partner_id.phone or ""),
                    (_("Visited By"), record.user_id.sudo().name),  # names of colleagues stand on the house's papers
                    (_("Purpose"), record.purpose_id.name or ""),
                    (_("Method"), labels["method"]),
                    (_("Appointment"), appointment),
                    (_("Held At"), kit.datetime(record.visited_at, tz=tz) if record.visited_at else ""),
                    (_("Present"), record.present or ""),
                    (_("State"), labels["state"]),
                ]
            )
        ]
        if record.advice and not record.visited_at:
            story += [kit.h(_("To Talk About")), kit.p(record.advice)]
        story.append(kit.h(_("Talk Record")))
        story.append(kit.p(record.talk) if record.talk else kit.box([kit.space(45)]))
        story.append(kit.h(_("Opinions and Questions")))
        # Blank rows are filled in by hand on site.
        rows = [
            [str(number), topic.type_id.name, topic.words, topic.answer or "", topic.ticket_id.number or ""]
            for number, topic in enumerate(record.topic_ids, 1)
        ] or [[str(number), "", "\n\n", "", ""] for number in (1, 2, 3, 4)]
        story.append(
            kit.table(
                [_("No."), _("Kind"), _("Customer's Words"), _("Answered on the Spot"), _("Ticket")],
                rows,
                widths=[10, 20, 68, 50, 28],
            )
        )
        story.append(kit.signatures([_("Customer"), _("Visited By"), _("Supervisor")]))
        return story
