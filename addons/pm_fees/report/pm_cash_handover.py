from odoo import models


class ReportCashHandover(models.AbstractModel):
    """Cash hand-over sheet (现金移交单). Source: S0-53."""

    _name = "report.pm_fees.cash_handover"
    _inherit = "pm.document"
    _description = "Cash Hand-over Sheet"

    def _title(self, record):
        return self.env._("Cash Hand-over Sheet")

    def _number(self, record):
        return record.name

    def _partner(self, record):
        return None

    def _story(self, record, kit):
        _ = record.env._
        tz = record.property_id.tz
        # sudo: the sheet lists the receipts of the drawer to whoever may see the drawer
        session = record.sudo()
        story = [
            kit.pairs(
                [
                    (_("Cashier"), session.user_id.name),
                    (_("Opened"), kit.datetime(session.opened_at, tz=tz)),
                    (_("Counted on"), kit.datetime(session.closed_at, tz=tz)),
                    (_("Received by"), session.receiver_id.name or ""),
                    (_("Received on"), kit.datetime(session.handed_over_at, tz=tz) if session.handed_over_at else ""),
                ]
            )
        ]
        methods = {}
        rows = []
        for payment in session.payment_ids.sorted("id"):
            sign = 1 if payment.direction == "in" else -1
            if payment.state == "posted":
                count, total = methods.get(payment.method_id, (0, 0.0))
                methods[payment.method_id] = (count + 1, total + sign * payment.amount)
            rows.append(
                [
                    payment.receipt_name,
                    payment.unit_id.display_name or "",
                    payment.partner_id.name,
                    payment.method_id.display_name,
                    kit.money(sign * payment.amount),
                    _("void") if payment.state == "reversed" else "",
                ]
            )
        # Cash that left this drawer for receipts of another one.
        for payment in (session.reversal_ids - session.payment_ids).sorted("id"):
            sign = -1 if payment.direction == "in" else 1
            rows.append(
                [
                    payment.receipt_name,
                    payment.unit_id.display_name or "",
                    payment.partner_id.name,
                    payment.method_id.display_name,
                    kit.money(sign * payment.amount),
                    _("voided here"),
                ]
            )
        story += [
            kit.h(_("By Method")),
            kit.table(
                [_("Method"), _("Receipts"), _("Amount")],
                [[method.display_name, count, kit.money(total)] for method, (count, total) in methods.items()],
                widths=[60, 30, 40],
                align="lrr",
            ),
        ]
        story += [
            kit.h(_("Cash")),
            kit.pairs(
                [
                    (_("Opening float"), kit.money(session.opening_amount)),
                    (_("Cash received"), kit.money(session.cash_in)),
                    (_("Cash paid out"), kit.money(session.cash_out)),
                    (_("Expected in drawer"), kit.money(session.expected_amount)),
                    (_("Counted"), kit.money(session.counted_amount)),
                    (_("Difference"), kit.money(session.difference)),
                    (_("To hand over"), kit.money(session.counted_amount - session.opening_amount)),
                    (_("In words"), kit.money_words(max(session.counted_amount - session.opening_amount, 0.0))),
                ]
            ),
        ]
        if session.difference_reason:
            story.append(kit.p(_("Why it differs: %s", session.difference_reason)))
        story += [
            kit.h(_("Receipts")),
            kit.table(
                [_("Receipt"), _("Unit"), _("Payer"), _("Method"), _("Amount"), ""],
                rows,
                widths=[40, 25, 41, 22, 28, 18],
                align="llllrl",
            ),
        ]
        drawn = session.with_context(bin_size=False)
        story.append(
            kit.signatures(
                [_("Handed over by (cashier)"), _("Received by (accountant)"), _("Witness")],
                [
                    (drawn.cashier_signature, kit.datetime(session.closed_at, tz=tz)),
                    (drawn.receiver_signature, kit.datetime(session.handed_over_at or session.closed_at, tz=tz)),
                ],
            )
        )
        return story
