from odoo import models


class ReportDunningNotice(models.AbstractModel):
    """Written notice to pay (费用催缴通知单): amounts by item and age, possible penalty, deadline, ways to pay. Source: S0-131, S0-132."""

    _name = "report.pm_fees.dunning_notice"
    _inherit = "pm.document"
    _description = "Notice to Pay"

    def _title(self, record):
        return self.env._("Notice to Pay Overdue Fees")

    def _number(self, record):
        return self.env._("No. %s", f"CJ-{record.property_id.code}-{record.id:06d}")

    def _story(self, record, kit):
        _ = record.env._
        # sudo: the notice prints the debtor's own charges for whoever may see the case
        action = record.sudo()
        today = action.property_id._today()
        charges = action.charge_ids
        total = sum(charges.mapped("residual"))
        story = [
            kit.p(_("Dear %s,", action.partner_id.name), "bold"),
            kit.p(
                _(
                    "According to our records the following fees for unit %(unit)s are not paid as of %(date)s. If you have paid in the"
                    " meantime, please disregard this notice and accept our thanks.",
                    unit=action.unit_id.display_name,
                    date=kit.date(today),
                )
            ),
            kit.space(2),
            kit.table(
                [_("Item"), _("Period"), _("Due"), _("Days overdue"), _("Owed")],
                [
                    [
                        charge.item_id.name,
                        f"{kit.date(charge.period_start)} – {kit.date(charge.period_end)}",
                        kit.date(charge.due_date),
                        (today - charge.due_date).days,
                        kit.money(charge.residual),
                    ]
                    for charge in charges
                ],
                widths=[40, 55, 28, 22, 30],
                align="lllrr",
                total=[_("Total"), "", "", "", kit.money(total)],
            ),
            kit.h(_("Overdue by age")),
            self._ages(record, charges, today, kit),
            kit.pairs(
                [
                    (_("Overdue in all"), kit.money(total)),
                    (_("In words"), kit.money_words(total)),
                    (
                        _("Penalty that may be charged under the contract"),
                        kit.money(action.penalty) if action.case_id.policy_id.penalty_rate else _("none agreed"),
                    ),
                    (_("Please pay until"), kit.date(action.deadline)),
                ],
                columns=1,
            ),
        ]
        prop = action.property_id
        ways = [kit.p(_("How to pay"), "bold")]
        bank = prop.collection_bank_id
        if bank:
            ways.append(
                kit.p(
                    _(
                        "Bank transfer: %(holder)s, %(bank)s, account %(number)s",
                        holder=bank.acc_holder_name or bank.partner_id.name,
                        bank=bank.bank_id.name or "",
                        number=bank.acc_number,
                    )
                )
            )
        references = [reference for reference in dict.fromkeys(charges.mapped("reference")) if reference]
        if len(references) == 1:
            ways.append(kit.p(_("Payment reference (please write it in the remark): %s", references[0])))
        elif references:
            ways.append(kit.p(_("Please write the unit and your name in the remark of the transfer.")))
        ways.append(kit.p(_("At the counter of the management office, or online by scanning the code.")))
        ways.append(
            kit.p(
                _(
                    "Questions or objections? Please call us: %s",
                    prop.hotline or prop.partner_id.phone or prop.company_id.phone or "",
                )
            )
        )
        story.append(kit.columns([ways, [kit.qr(action.payment_url, 30, _("Pay online"))]], widths=[130, 40]))
        story.append(kit.signatures([_("Management office"), _("Delivered by"), _("Received by (customer)")]))
        return story

    def _ages(self, record, charges, today, kit):
        """Owed amounts in four age bands."""
        _ = record.env._
        bands = [(30, _("up to 30 days")), (90, _("31–90 days")), (180, _("91–180 days")), (None, _("over 180 days"))]
        totals = [0.0] * len(bands)
        for charge in charges:
            days = (today - charge.due_date).days
            index = next(i for i, (limit, _name) in enumerate(bands) if limit is None or days <= limit)
            totals[index] += charge.residual
        return kit.table([name for _limit, name in bands], [[kit.money(total) for total in totals]], align="rrrr")
