import base64

from odoo import models


class ReportParkingPlan(models.AbstractModel):
    """Parking use plan as it is published: plan, papers, procedure, prices. Source: S0-86, S0-140, S0-141."""

    _name = "report.pm_fees.parking_plan"
    _inherit = "pm.document"
    _description = "Parking Use Plan"

    def _title(self, record):
        return self.env._("Parking Use Plan")

    def _number(self, record):
        return record.name

    def _story(self, record, kit):
        _ = record.env._
        resolution = record.resolution_id.sudo()  # sudo: what the assembly decided is read by every owner
        prices = [
            [tariff.name, tariff.sudo()._price_text(), kit.date(tariff.date_from)]
            for tariff in record._tariff(record.property_id._today())
        ]
        story = [
            kit.pairs(
                [
                    (_("Resolution"), " ".join(filter(None, (resolution.number, resolution.name)))),
                    (_("Resolved on"), kit.date(resolution.date) if resolution.date else ""),
                    (_("Operating licence"), record.licence_number or ""),
                    (_("Valid until"), kit.date(record.licence_until) if record.licence_until else ""),
                    (_("In force since"), kit.date(record.active_from) if record.active_from else ""),
                ]
            )
        ]
        for title, text in (
            (_("Use plan"), record.rules),
            (_("Papers to bring"), record.papers),
            (_("Procedure"), record.procedure),
        ):
            story += [kit.h(title), kit.p(text or "")]
        if prices:
            story += [
                kit.h(_("Prices")),
                kit.table([_("Tariff"), _("Price"), _("In force from")], prices, widths=[60, 70, 40], align="lll"),
            ]
        return story


class ReportParkingLease(models.AbstractModel):
    """Contract of a parking lease (车位租赁合同). Source: S0-143, S0 ch. 5 §6."""

    _name = "report.pm_fees.parking_lease"
    _inherit = "pm.document"
    _description = "Parking Lease"

    def _title(self, record):
        return self.env._("Parking Lease")

    def _number(self, record):
        return self.env._("No. %s", record.name) if record.name != "/" else self.env._("Draft")

    def _story(self, record, kit):
        _ = record.env._
        lease = record.sudo()  # sudo: whoever may see the lease may print what stands on it (space, unit, prices)
        plan = lease.plan_id
        prices = "; ".join(
            tariff._price_text() for tariff in plan._tariff(lease.date_from or lease.property_id._today())
        )
        story = [
            kit.pairs(
                [
                    (_("Lessor"), lease.company_id.name),
                    (_("Lessee"), lease.partner_id.name),
                    (_("Home or office"), lease.unit_id.display_name or ""),
                    (_("Number plate"), lease.plate),
                    (_("Space"), lease.space_id.display_name or ""),
                    (_("First day of the lease"), kit.date(lease.date_from) if lease.date_from else ""),
                    (_("Last day of the lease"), kit.date(lease.date_to) if lease.date_to else ""),
                    (_("Price"), prices),
                ]
            ),
            kit.h(_("Agreed")),
            kit.p(_("1. The space serves for parking the vehicle named above, and for nothing else.")),
            kit.p(
                _(
                    "2. The rent is billed with the property's monthly bills, from the first to the last day of the lease."
                )
            ),
            kit.p(_("3. The parking use plan of the owners' assembly applies (%s).", plan.name)),
            kit.p(_("4. Who wants to go on comes before the last day; the lease can be renewed for the same space.")),
        ]
        signature = lease.with_context(bin_size=False).signature
        if signature:
            story += [kit.p(_("Signed by %s:", lease.signed_by or "")), kit.image(base64.b64decode(signature), 50, 18)]
        story.append(kit.signatures([_("Lessee"), _("Management (seal)")]))
        return story
