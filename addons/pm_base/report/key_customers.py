from odoo import models

from ..tools.labels import selection_labels


class ReportKeyCustomers(models.AbstractModel):
    """Key-customer list of a property (重点顾客清单). Source: S0-20."""

    _name = "report.pm_base.key_customers"
    _inherit = "pm.document"
    _description = "Key-customer List"
    _landscape = True

    def _title(self, record):
        return self.env._("Key-customer List")

    def _number(self, record):
        return f"{record.code} · {record._today()}"

    def _partner(self, record):
        return None

    def _story(self, record, kit):
        _ = record.env._
        parties = record.env["pm.unit.party"].search(
            [("property_id", "=", record.id), ("is_key_customer", "=", True), ("is_current", "=", True)],
            order="partner_id, unit_id",
        )
        roles = selection_labels(parties, "role")
        rows = []
        for partner, rights in parties.grouped("partner_id").items():
            units = rights.unit_id
            # sudo: the name of a colleague is no secret to who may read the list
            rows.append(
                [
                    partner.name,
                    "、".join(units.mapped("display_name"))
                    if (record.env.lang or "").startswith("zh")
                    else ", ".join(units.mapped("display_name")),
                    " / ".join(dict.fromkeys(roles[right.role] for right in rights)),
                    sum(units.mapped("area_chargeable")),
                    "; ".join(dict.fromkeys(filter(None, rights.mapped("key_reason")))),
                    "; ".join(dict.fromkeys(filter(None, rights.mapped("key_traits")))),
                    ", ".join(rights.key_user_id.sudo().mapped("name")),
                ]
            )
        if not rows:
            return [kit.p(_("No key customer is recorded. Tick Key Customer on the parties of a unit."))]
        header = [
            _("Customer"),
            _("Units"),
            _("Role"),
            _("Area (m²)"),
            parties._fields["key_reason"]._description_string(record.env),
            _("Characteristics"),
            _("Held by"),
        ]
        return [
            kit.table(header, rows, widths=[42, 38, 24, 22, 48, 60, 26], align="lllrlll"),
            kit.signatures([_("Compiled by"), _("Project manager")]),
        ]
