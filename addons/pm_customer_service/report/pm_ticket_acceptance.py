from odoo import models


class ReportTicketAcceptance(models.AbstractModel):
    """Acceptance report of a repair: what was asked, done and used, who accepted it. Source: S4-41."""

    _name = "report.pm_customer_service.ticket_acceptance"
    _inherit = "pm.document"
    _description = "Repair Acceptance Report"

    def _title(self, record):
        return self.env._("Repair Acceptance Report")

    def _number(self, record):
        return record.number

    def _partner(self, record):
        return None

    def _story(self, record, kit):
        _ = record.env._
        staff = record.sudo()  # names of colleagues are printed for everybody who may read the ticket

        def moment(value):
            return kit.datetime(value, tz=record.property_id.tz) if value else ""

        story = [
            kit.pairs(
                [
                    (_("Place"), " ".join(filter(None, [record.unit_id.display_name, record.location]))),
                    (_("Category"), record.category_id.display_name or ""),
                    (_("Received At"), moment(record.received_at)),
                    (_("Handled At"), moment(record.handled_at)),
                    (_("Handler"), staff.user_id.name or ""),
                    (_("Department"), record.team_id.name or ""),
                ]
            ),
            kit.h(_("Request")),
            kit.p(record.name, "bold"),
            kit.p(record.description or ""),
            kit.h(_("Work Done")),
            kit.p(record.solution or ""),
        ]
        if staff.material_ids:
            story += [
                kit.h(_("Materials")),
                kit.table(
                    [_("Material"), _("Quantity"), _("Unit of Measure")],
                    [[line.name, line.quantity, line.unit or ""] for line in staff.material_ids],
                    widths=[110, 30, 34],
                    align="lrl",
                ),
            ]
        if record.check_ids:
            story += [kit.h(_("Checklist")), *(kit.p(f"√ {check.name}") for check in record.check_ids)]
        story.append(kit.h(_("Acceptance")))
        story.append(kit.p(record.acceptance_note) if record.acceptance_note else kit.box([kit.space(24)]))
        if record.accepted_at:
            story.append(
                kit.p(
                    _(
                        "Accepted by %(name)s on %(moment)s",
                        name=staff.accepted_by_id.name,
                        moment=moment(record.accepted_at),
                    )
                )
            )
        story.append(kit.signatures([_("Handler"), _("Accepted By"), _("Customer")]))
        return story
