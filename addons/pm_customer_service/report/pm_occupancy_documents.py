import base64

from odoo import models
from odoo.tools.pdf import merge_pdf

from odoo.addons.pm_base.tools.labels import selection_labels


class ReportOccupancyNotice(models.AbstractModel):
    """Notice of the appointment (《入伙/入驻通知书》), with what to bring. Source: S0-100."""

    _name = "report.pm_customer_service.occupancy_notice"
    _inherit = "pm.document"
    _description = "Move-in Notice"

    def _title(self, record):
        _ = self.env._
        return {"move_in": _("Move-in Notice"), "move_out": _("Move-out Notice"), "transfer": _("Transfer Notice")}[
            record.kind
        ]

    def _number(self, record):
        return record.name

    def _story(self, record, kit):
        _ = record.env._
        prop = record.property_id
        users = record.sudo()  # names of colleagues stand on the house's papers
        story = [
            kit.p(_("Dear %s,", record.partner_id.name)),
            kit.p(
                _(
                    "we expect you for the formalities of unit %(unit)s on %(moment)s at the service centre.",
                    unit=record.unit_id.name,
                    moment=kit.datetime(record.appointment_at, tz=prop.tz),
                )
            ),
            kit.p(_("%(name)s accompanies you from start to end.", name=users.user_id.name)),
            kit.h(_("Please bring")),
        ]
        papers = record.item_ids.filtered(lambda item: item.section == "paper")
        story += self._checklist(papers, kit)
        steps = record.item_ids.filtered(lambda item: item.section == "step")
        if steps:
            story += [kit.h(_("What happens then")), *self._checklist(steps, kit)]
        codes = record._pack_codes()
        if codes:
            titles = selection_labels(self.env["pm.occupancy.document"], "code")
            story += [
                kit.h(_("With this notice you receive")),
                *(kit.p(f"{number}. {titles[code]}") for number, (code, _label) in enumerate(codes, 1)),
            ]
        if record.note:
            story += [kit.h(_("Remarks")), kit.p(record.note)]
        return story

    @staticmethod
    def _checklist(items, kit):
        return [
            kit.p(f"{number}. {item.type_id.name}" + (f": {item.description}" if item.description else ""))
            for number, item in enumerate(items, 1)
        ]


class ReportOccupancyPaper(models.AbstractModel):
    """One of the three documents of the pack, as the manager worded it. Source: S0-100."""

    _name = "report.pm_customer_service.occupancy_paper"
    _inherit = "pm.document"
    _description = "Document of the Move-in Pack (PDF)"

    _code = None

    def _text(self, record):
        # sudo: the wording is the house's and goes to the customer
        return self.env["pm.occupancy.document"].sudo()._get(self._code, record.property_id)

    def _title(self, record):
        titles = selection_labels(self.env["pm.occupancy.document"], "code")
        return self._text(record).name or titles[self._code]

    def _story(self, record, kit):
        _ = record.env._
        story = [
            kit.pairs([(_("Unit"), record.unit_id.name), (_("Customer"), record.partner_id.name or "")]),
            kit.space(2),
        ]
        # sudo: whoever may read the record may read the words printed for it
        for line in (self._text(record).with_env(record.env).sudo().body or "").splitlines():
            if line.startswith("# "):
                story.append(kit.h(line[2:]))
            elif line.strip():
                story.append(kit.p(line))
        return story


class ReportOccupancyGuide(models.AbstractModel):
    _name = "report.pm_customer_service.occupancy_guide"
    _inherit = "report.pm_customer_service.occupancy_paper"
    _description = "Move-in Guide"

    _code = "guide"


class ReportOccupancyRenovation(models.AbstractModel):
    _name = "report.pm_customer_service.occupancy_renovation"
    _inherit = "report.pm_customer_service.occupancy_paper"
    _description = "Renovation Notice"

    _code = "renovation"


class ReportOccupancyPayment(models.AbstractModel):
    _name = "report.pm_customer_service.occupancy_payment"
    _inherit = "report.pm_customer_service.occupancy_paper"
    _description = "Payment Notice"

    _code = "payment"


class ReportOccupancyPack(models.AbstractModel):
    """The notice with its documents in one file, for printing."""

    _name = "report.pm_customer_service.occupancy_pack"
    _inherit = "pm.document"
    _description = "Move-in Pack"

    def _title(self, record):
        return self.env._("Move-in Pack")

    def _render_pdf(self, records):
        records.check_access("read")
        parts = []
        for record in records:
            codes = ["notice", *(code for code, _label in record._pack_codes())]
            parts += [record._pack_document(code)[1] for code in codes]
        return merge_pdf(parts)


class ReportOccupancyRecord(models.AbstractModel):
    """Record of the formalities: times, checklist, defects, signatures. Source: S0-74, S4-48."""

    _name = "report.pm_customer_service.occupancy_record"
    _inherit = "pm.document"
    _description = "Record of a Move"

    def _title(self, record):
        _ = self.env._
        return {"move_in": _("Move-in Record"), "move_out": _("Move-out Record"), "transfer": _("Transfer Record")}[
            record.kind
        ]

    def _number(self, record):
        return record.name

    def _partner(self, record):
        return None

    def _story(self, record, kit):
        _ = record.env._
        tz = record.property_id.tz
        users = record.sudo()  # names of colleagues stand on the house's papers
        minutes = lambda value, done: _("%s minutes", value) if done else ""  # noqa: E731
        story = [
            kit.pairs(
                [
                    (_("Unit"), record.unit_id.display_name),
                    (_("Customer"), record.partner_id.name or ""),
                    (_("Phone"), record.phone or ""),
                    (_("Accompanied By"), users.user_id.name or ""),
                    (_("Arrived At"), kit.datetime(record.arrived_at, tz=tz) if record.arrived_at else ""),
                    (_("Waiting"), minutes(record.waiting_minutes, record.started_at)),
                    (_("Finished At"), kit.datetime(record.finished_at, tz=tz) if record.finished_at else ""),
                    (_("Handling"), minutes(record.handling_minutes, record.finished_at)),
                ]
            ),
            kit.h(_("Checklist")),
            kit.table(
                [_("Paper or Step"), _("Done"), _("Remark"), _("Checked By")],
                [
                    [
                        item.type_id.name,
                        "√" if item.done else "",
                        " ".join(filter(None, [item.not_needed, item.note])),
                        item.done_by_id.name or "",
                    ]
                    for item in users.item_ids
                ],
                widths=[80, 14, 50, 30],
                align="lcll",
            ),
        ]
        if record.defect_ids:
            story += [
                kit.h(_("Defects")),
                kit.table(
                    [_("Place"), _("Defect"), _("Ticket")],
                    [[row.place, row.name, row.ticket_id.number or ""] for row in record.defect_ids],
                    widths=[50, 84, 40],
                ),
            ]
        if record.note:
            story += [kit.h(_("Remarks")), kit.p(record.note)]
        story.append(kit.signatures([_("Customer"), _("Accompanied By"), _("Service Centre")]))
        return story


class ReportAcknowledgment(models.AbstractModel):
    """Acknowledgment of the service handbook (《客户服务手册确认书》). Source: S2-12."""

    _name = "report.pm_customer_service.acknowledgment"
    _inherit = "pm.document"
    _description = "Handbook Acknowledgment (PDF)"

    def _title(self, record):
        return self.env._("Acknowledgment of the Customer Service Handbook")

    def _number(self, record):
        return record.handbook_id.version

    def _story(self, record, kit):
        _ = record.env._
        story = [
            kit.pairs(
                [
                    (_("Unit"), record.unit_id.name),
                    (_("Customer"), record.partner_id.name or ""),
                    (_("Version"), record.handbook_id.version),
                    (_("Date"), kit.datetime(record.date, tz=record.property_id.tz)),
                ]
            ),
            kit.space(4),
            kit.p(
                _(
                    "We confirm that we have received version %(version)s of the Customer Service Handbook of %(property)s, that we"
                    " have read and understood it, and that we agree to keep to it. The service centre keeps a copy.",
                    version=record.handbook_id.version,
                    property=record.property_id.name,
                )
            ),
            kit.space(4),
            kit.p(_("Authorised signatory: %s", record.signed_by)),
        ]
        if record.signature:
            signature = record.with_context(bin_size=False).signature
            story.append(kit.image(base64.b64decode(signature), 60, 22))
        story.append(kit.signatures([_("Customer (company seal)"), _("Service Centre")]))
        return story
