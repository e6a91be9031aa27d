"""What the papers of a renovation share: letterhead, blocks, labels."""

import base64
from copy import copy

from odoo import models
from odoo.exceptions import UserError
from reportlab.platypus import KeepTogether

from odoo.addons.pm_base.tools.labels import selection_label


def narrow_box(kit, flowables):
    """A frame of a quarter of the page."""
    narrow = copy(kit)
    narrow.width = kit.width * 0.2
    return narrow.box(flowables)


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
                (_("Owner's consent"), selection_label(case, "owner_consent")),
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
