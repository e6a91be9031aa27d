from odoo import models


class ReportReceipt(models.AbstractModel):
    """Receipt (收款收据) or refund voucher. Source: S0-128, S1-49."""

    _name = "report.pm_fees.receipt"
    _inherit = "pm.document"
    _description = "Receipt"

    def _render_pdf(self, records):
        # Every paper copy counts, whoever makes it: the second and later ones are marked as reprints.
        records.check_access("read")
        if not self.env.context.get("pm_electronic"):
            records.sudo()._count_print()
        return super()._render_pdf(records)

    def _title(self, record):
        return self.env._("Receipt for Payment") if record.direction == "in" else self.env._("Refund Voucher")

    def _number(self, record):
        number = self.env._("No. %s", record.receipt_name)
        if self.env.context.get("pm_electronic"):
            return self.env._("%s · electronic copy", number)
        # The first print is the original; every further one says so.
        if record.print_count > 1:
            return self.env._("%(number)s · reprint %(count)s", number=number, count=record.print_count - 1)
        return number

    def _story(self, record, kit):
        _ = record.env._
        # sudo: whoever may see the receipt may print what stands on it (unit, account names)
        payment = record.sudo()
        out = payment.direction == "out"
        story = [
            kit.pairs(
                [
                    (_("Paid back to") if out else _("Payer"), payment.partner_id.name),
                    (
                        _("Unit"),
                        payment.unit_id.display_name
                        or "、".join(payment.line_ids.charge_id.unit_id.mapped("display_name")),
                    ),
                    (_("Date"), kit.date(payment.date)),
                    (_("Refunded by") if out else _("Method"), payment.method_id.display_name),
                ]
            )
        ]
        # Of several units: which one each row is for.
        several = len(payment.line_ids.charge_id.unit_id) > 1
        rows = [
            [
                index,
                self._item_text(line, several),
                self._explain_line(line, kit),
                kit.money(line.amount),
            ]
            for index, line in enumerate(payment.line_ids.sorted("id"), 1)
        ]
        story.append(
            kit.table(
                [_("No."), _("Item"), _("Explanation"), _("Amount")],
                rows,
                widths=[10, 38, 92, 30],
                align="cllr",
                total=["", _("Total"), "", kit.money(payment.amount)],
            )
        )
        words = [(_("Amount in words"), kit.money_words(payment.amount))]
        if payment.cash_given and payment.currency_id.compare_amounts(payment.cash_change, 0.0) > 0:
            words.append(
                (_("Cash given / change"), f"{kit.money(payment.cash_given)} / {kit.money(payment.cash_change)}")
            )
        if payment.note:
            words.append((_("Note"), payment.note))
        story.append(kit.pairs(words, columns=1))
        story.append(
            kit.columns(
                [[kit.stamp(self._stamp_text(payment))], [kit.p(self._closing(payment, kit), "small")]],
                widths=[50, 120],
            )
        )
        if self.env.context.get("pm_electronic"):
            return story  # nobody signs a file
        # Only at the counter has somebody's hand taken the money.
        clerk = payment.user_id.name if payment.source == "counter" else payment.property_id.name
        story.append(
            kit.signatures(
                [_("Paid out by: %s", clerk), _("Received by the payee")]
                if out
                else [_("Received by: %s", clerk), _("Payer")]
            )
        )
        return story

    def _stamp_text(self, payment):
        _ = self.env._
        if payment.state == "reversed":
            return _("VOID")
        if payment.direction == "out":
            return _("REFUNDED")
        return _("CASH RECEIVED") if payment.method_id.code == "cash" else _("PAID")

    def _closing(self, payment, kit):
        if payment.state == "reversed":
            return self.env._(
                "Voided on %(date)s: %(reason)s",
                date=kit.datetime(payment.reversed_at, tz=payment.property_id.tz),
                reason=payment.reversal_reason,
            )
        if payment.direction == "out":
            return self.env._("Please check the amount and sign. Valid with the seal of the management office.")
        if self.env.context.get("pm_electronic"):
            return self.env._(
                "Electronic copy of the receipt. Bring its number to the management office if you need it with the seal."
            )
        return self.env._(
            "Please check the amount and keep this receipt. It is valid with the seal of the management office."
        )

    def _item_text(self, line, with_unit):
        if not line.charge_id:
            return line.label
        unit = line.unit_id.display_name if with_unit else False
        return " ".join(filter(None, [unit, line.charge_id.item_id.name]))

    def _explain_line(self, line, kit):
        charge = line.charge_id
        if line.kind == "credit" and line.payment_id.direction == "in":
            return self.env._("Prepaid: pays later bills of the unit; what is left over can be paid back.")
        if not charge:
            return ""
        text = f"{charge._period_text()}　{charge.explanation or ''}".strip()
        if charge.currency_id.compare_amounts(line.amount, charge.amount_total) < 0:
            text += "　" + self.env._("(part of %s)", kit.money(charge.amount_total))
        return text
