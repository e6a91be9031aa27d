"""Papers on the site: the permit at the door and the passes of the workers."""

import base64
from copy import copy

from odoo import models
from odoo.exceptions import UserError

from .renovation_document import narrow_box


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
