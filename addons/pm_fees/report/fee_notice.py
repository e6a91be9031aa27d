from odoo import models

from ..models.pm_charge import format_period


class ReportFeeNotice(models.AbstractModel):
    """Payment notice (缴费通知单): every charge with how it came about, earlier arrears, how to pay."""

    _name = "report.pm_fees.fee_notice"
    _inherit = "pm.document"
    _description = "Payment notice document"

    def _title(self, record):
        return self.env._("Payment Notice")

    def _number(self, record):
        return record.name

    def _story(self, record, kit):
        _ = record.env._
        prop = (
            record.property_id.sudo()
        )  # sudo: the letterhead is public, the payer who prints it need not read the property
        charges = record.charge_ids
        units = charges.grouped(lambda charge: charge.unit_id.sudo())  # sudo: as of the property
        to_pay = record.currency_id.round(record.amount_due + record.arrears)
        story = [
            kit.pairs(
                [
                    (_("Payer"), record.partner_id.sudo().name),  # sudo: a notice names its addressee
                    (_("Unit"), "、".join(unit.name for unit in units)),
                    (
                        _("Month"),
                        format_period(record.env, record.run_id.sudo().date_from, record.run_id.sudo().date_to),
                    ),
                    *([(_("Please pay by"), kit.date(record.due_date))] if to_pay > 0 else []),
                ]
            ),
            kit.h(_("Charges")),
        ]
        for unit, own in units.items():
            if len(units) > 1:
                story.append(
                    kit.p(_("%(unit)s, payment reference %(ref)s", unit=unit.name, ref=own[:1].reference or ""))
                )
            story.append(
                kit.table(
                    [_("Fee"), _("Period"), _("How it is calculated"), _("Amount")],
                    [
                        [
                            charge.item_id.sudo().name,
                            format_period(record.env, charge.period_start, charge.period_end),
                            charge.explanation,
                            kit.money(charge.amount_total),
                        ]
                        for charge in own
                    ],
                    widths=[36, 26, 84, 28],
                    align="lllr",
                    total=[_("Total"), "", "", kit.money(sum(own.mapped("amount_total")))],
                )
            )
        paid = record.amount_total - record.amount_due
        totals = [(_("Charges of this notice"), kit.money(record.amount_total))]
        if not record.currency_id.is_zero(paid):
            totals.append((_("Paid already"), kit.money(-paid)))
        if not record.currency_id.is_zero(record.arrears):
            totals.append((_("Unpaid from earlier notices"), kit.money(record.arrears)))
        if to_pay > 0:
            totals += [(_("To be paid"), kit.money(to_pay)), (_("In words"), kit.money_words(to_pay))]
        elif to_pay:
            totals += [(_("In your favour"), kit.money(-to_pay)), (_("In words"), kit.money_words(-to_pay))]
        if not record.currency_id.is_zero(record.credit):
            totals.append((_("Credit kept for later bills"), kit.money(record.credit)))
        story += [kit.space(3), kit.pairs(totals, columns=1), kit.space(3)]
        if to_pay > 0:
            story += self._how_to_pay(record, units, prop, kit)
        else:
            story.append(kit.p(_("Nothing is to be paid. What is in your favour is set against later charges.")))
        story += [
            kit.space(2),
            kit.p(
                _(
                    "Prices, their basis and the contract clause of each fee are published on the notice board and in the portal. "
                    "If you think that a charge is wrong, tell us: it will be checked and, if wrong, corrected."
                ),
                "small",
            ),
        ]
        return story

    def _how_to_pay(self, record, units, prop, kit):
        _ = record.env._
        ways = []
        bank = prop.collection_bank_id
        if bank:
            ways += [
                (_("Account holder"), bank.acc_holder_name or bank.partner_id.name),
                (_("Bank branch"), bank.bank_id.name),
                (_("Account number"), bank.acc_number),
            ]
        ways += [
            (
                _("Remark of the transfer"),
                _(
                    "%s (please copy all twelve digits, so that your payment finds your unit)",
                    record.reference or "",
                )
                if len(units) < 2
                else _(
                    "%s (all twelve digits; with the whole amount it pays all units above, a part names the unit it is for)",
                    record.reference or "",
                ),
            ),
            (_("At the counter"), prop.address or ""),
            # sudo: whom to call follows from the unit, which a former payer may no longer read
            (_("Questions"), prop._hotline_text(record.unit_id.sudo())),
        ]
        return [
            kit.h(_("How to pay")),
            kit.pairs([way for way in ways if way[1]], columns=1),
            kit.space(3),
            kit.qr(record._payment_url(), size_mm=28, caption=_("Pay online")),
        ]
