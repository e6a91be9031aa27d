from odoo import models

from odoo.addons.pm_base.tools.labels import selection_label

from .pm_service_slip import services_table


class ReportServiceEstimate(models.AbstractModel):
    """Price confirmation sheet of a temporary service (《特约维修价格确认单》). Source: S1-86, S1-87, S1-88."""

    _name = "report.pm_customer_service.service_estimate"
    _inherit = "pm.document"
    _description = "Price Confirmation Sheet"

    def _title(self, record):
        return self.env._("Price Confirmation Sheet")

    def _number(self, record):
        return record.number

    def _partner(self, record):
        return None

    def _story(self, record, kit):
        _ = record.env._
        tz = record.property_id.tz
        order = record.order_id
        users = record.sudo()  # names of colleagues stand on the house's papers
        story = [
            kit.pairs(
                [
                    (_("Work"), record.name),
                    (_("Service Order"), order.name),
                    (_("Customer"), order.partner_id.name or ""),
                    (_("Place"), " ".join(filter(None, [order.unit_id.display_name, order.place]))),
                ]
            )
        ]
        if record.labour_ids:
            story += [
                kit.h(_("Labour")),
                kit.table(
                    [_("Department"), _("Task"), _("Trade"), _("Staff"), _("Hours"), _("Per Hour"), _("Amount")],
                    [
                        [
                            row.team_id.name,
                            row.name or "",
                            row.rate_id.name,
                            row.staff,
                            row.hours,
                            kit.money(row.rate),
                            kit.money(row.subtotal),
                        ]
                        for row in record.labour_ids
                    ],
                    widths=[30, 38, 40, 12, 14, 20, 20],
                    align="lllrrrr",
                ),
            ]
        if record.material_ids:
            story += [
                kit.h(_("Materials")),
                kit.table(
                    [_("Department"), _("Material"), _("Quantity"), _("Unit of Measure"), _("Unit Price"), _("Amount")],
                    [
                        [
                            row.team_id.name,
                            row.name,
                            row.quantity,
                            row.unit_label or "",
                            kit.money(row.price),
                            kit.money(row.subtotal),
                        ]
                        for row in record.material_ids
                    ],
                    widths=[30, 56, 18, 22, 24, 24],
                    align="llrlrr",
                ),
            ]
        story += [
            kit.h(_("Price")),
            kit.pairs(
                [
                    (_("Labour"), kit.money(record.amount_labour)),
                    (_("Materials"), kit.money(record.amount_material)),
                    (_("Management Fee (%s %%)", f"{record.overhead_percent:g}"), kit.money(record.amount_overhead)),
                    (_("Tax (%s %%)", f"{record.tax_percent:g}"), kit.money(record.amount_tax)),
                    (_("Price"), kit.money(record.amount_total)),
                ]
            ),
        ]
        if record.note:
            story += [kit.h(_("Remarks")), kit.p(record.note)]
        rows = [
            [sign.team_id.name, sign.user_id.name, kit.datetime(sign.date, tz=tz), kit.money(sign.amount)]
            for sign in users.sign_ids
            if sign.content_hash == users._content_hash()
        ]
        if rows:
            story += [
                kit.h(_("Signatures of the Departments")),
                kit.table(
                    [_("Department"), _("Signed By"), _("Date"), _("Price")],
                    rows,
                    widths=[50, 44, 48, 32],
                    align="lllr",
                ),
            ]
        if record.state == "approved":
            story.append(
                kit.p(
                    _(
                        "Approved by %(name)s on %(moment)s",
                        name=users.approved_by_id.name,
                        moment=kit.datetime(record.approved_at, tz=tz),
                    )
                )
            )
        story.append(kit.signatures([*record.missing_team_ids.mapped("name"), _("Project Manager"), _("Customer")]))
        return story


class ReportServiceAgreement(models.AbstractModel):
    """Long-term service agreement, for the customer's signature. Source: S1-73."""

    _name = "report.pm_customer_service.service_agreement"
    _inherit = "pm.document"
    _description = "Service Agreement (PDF)"

    def _title(self, record):
        return self.env._("Long-term Service Agreement")

    def _number(self, record):
        return record.name

    def _partner(self, record):
        return None

    def _story(self, record, kit):
        _ = record.env._
        period = selection_label(record, "period")
        settlement = selection_label(record, "settlement")
        story = [
            kit.pairs(
                [
                    (_("Customer"), record.partner_id.name or ""),
                    (_("Unit"), record.unit_id.display_name),
                    (_("Term"), f"{kit.date(record.date_start)} – {kit.date(record.date_end)}"),
                    (_("Every"), f"{record.every} {period}"),
                    (_("Settlement"), settlement),
                    (_("Department"), record.team_id.name or ""),
                ]
            ),
            kit.h(_("Services")),
            services_table(record, kit, _("Per Period")),
            kit.space(4),
            kit.p(_("The prices contain tax and hold for the whole term. Each order is paid after it was done.")),
            kit.p(
                _("Please pay at the cash desk only: our staff take neither payments nor gratuities."),
            ),
        ]
        if record.note:
            story += [kit.h(_("Remarks")), kit.p(record.note)]
        story.append(kit.signatures([_("Customer"), _("Project Manager")]))
        return story
