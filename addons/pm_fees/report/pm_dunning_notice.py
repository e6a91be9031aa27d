from odoo import models


class PmDunningPaper(models.AbstractModel):
    """What the papers of collection share: the table of debts, their ages, the ways to pay, the partner's address."""

    _name = "pm.dunning.paper"
    _inherit = "pm.document"
    _description = "Paper about Arrears"

    def _debts(self, kit, demands, penalty=False):
        """Table of what is owed, by item; `demands` are rows of pm.dunning.demand, stored or not."""
        _ = self.env._
        header = [_("Item"), _("Period"), _("Due"), _("Days overdue"), _("Owed")]
        total = [_("Total"), "", "", "", kit.money(sum(row.amount for row in demands))]
        rows = [
            [
                row.charge_id.item_id.name,
                f"{kit.date(row.charge_id.period_start)} – {kit.date(row.charge_id.period_end)}",
                kit.date(row.charge_id.due_date),
                row.days,
                kit.money(row.amount),
            ]
            for row in demands
        ]
        widths, align = [40, 55, 28, 22, 30], "lllrr"
        if penalty:
            header.append(_("Penalty"))
            total.append(kit.money(sum(row.penalty for row in demands)))
            for row, line in zip(demands, rows):
                line.append(kit.money(row.penalty))
            widths, align = [36, 52, 26, 20, 28, 26], "lllrrr"
        return kit.table(header, rows, widths=widths, align=align, total=total)

    def _ages(self, kit, demands):
        """Owed amounts in four age bands."""
        _ = self.env._
        bands = [(30, _("up to 30 days")), (90, _("31–90 days")), (180, _("91–180 days")), (None, _("over 180 days"))]
        totals = [0.0] * len(bands)
        for row in demands:
            index = next(i for i, (limit, _name) in enumerate(bands) if limit is None or row.days <= limit)
            totals[index] += row.amount
        return kit.table([name for _limit, name in bands], [[kit.money(total) for total in totals]], align="rrrr")

    def _ways_to_pay(self, record, kit, demands, url):
        """Bank account, payment reference, counter, QR code of the portal's payment page, hotline."""
        _ = self.env._
        prop = record.property_id
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
        references = [reference for reference in dict.fromkeys(row.charge_id.reference for row in demands) if reference]
        if len(references) == 1:
            ways.append(kit.p(_("Payment reference (please write it in the remark): %s", references[0])))
        elif references:
            ways.append(kit.p(_("Please write the unit and your name in the remark of the transfer.")))
        ways.append(kit.p(_("At the counter of the management office, or online by scanning the code.")))
        hotline = prop._hotline_text(record.unit_id) or prop.partner_id.phone or prop.company_id.phone or ""
        ways.append(kit.p(_("Questions or objections? Please call us: %s", hotline)))
        return kit.columns([ways, [kit.qr(url, 30, _("Pay online"))]], widths=[130, 40])

    def _debtor(self, record):
        """Pairs that name the debtor for a lawyer or a court."""
        _ = self.env._
        partner = record.partner_id
        return [
            (_("Debtor"), partner.name),
            (_("Unit"), record.unit_id.display_name),
            (
                _("Address"),
                partner._display_address(without_company=True).replace("\n", " ").strip() or record.property_id.address,
            ),
            (_("Phone"), partner.phone or ""),
        ]


class ReportDunningNotice(models.AbstractModel):
    """Written notice to pay (费用催缴通知单): amounts by item and age, possible penalty, deadline, ways to pay. Source: S0-131, S0-132."""

    _name = "report.pm_fees.dunning_notice"
    _inherit = "pm.dunning.paper"
    _description = "Notice to Pay"

    def _title(self, record):
        return self.env._("Notice to Pay Overdue Fees")

    def _number(self, record):
        return self.env._("No. %s", f"CJ-{record.property_id.code}-{record.id:06d}")

    def _story(self, record, kit):
        _ = record.env._
        # sudo: the notice prints the debtor's own charges for whoever may see the case
        action = record.sudo()
        demands = action._demands()[action.id]
        total = sum(row.amount for row in demands)
        return [
            kit.p(_("Dear %s,", action.partner_id.name), "bold"),
            kit.p(
                _(
                    "According to our records the following fees for unit %(unit)s are not paid as of %(date)s. If you have paid in the"
                    " meantime, please disregard this notice and accept our thanks.",
                    unit=action.unit_id.display_name,
                    date=kit.date(action.frozen_on or action.property_id._today()),
                )
            ),
            kit.space(2),
            self._debts(kit, demands),
            kit.h(_("Overdue by age")),
            self._ages(kit, demands),
            # The signature never stands alone: the page that is signed says how much is owed, and until when to pay.
            kit.together(
                [
                    kit.pairs(
                        [
                            (_("Overdue in all"), kit.money(total)),
                            (_("In words"), kit.money_words(total)),
                            (
                                _("Penalty that may be charged under the contract"),
                                kit.money(action.penalty)
                                if action.case_id.policy_id.penalty_rate
                                else _("none agreed"),
                            ),
                            (_("Please pay until"), kit.date(action.deadline)),
                        ],
                        columns=1,
                    ),
                    self._ways_to_pay(action, kit, demands, action.payment_url),
                    kit.signatures([_("Management office"), _("Delivered by"), _("Received by (customer)")]),
                ]
            ),
        ]
