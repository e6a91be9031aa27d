from odoo import models

from odoo.addons.pm_base.tools.labels import selection_label


class ReportRefund(models.AbstractModel):
    """Refund application (退费申请表), signed by the payer and by those who decided. Source: S4 ch.3 §5."""

    _name = "report.pm_fees.refund"
    _inherit = "pm.document"
    _description = "Refund Application"

    def _title(self, record):
        return self.env._("Refund Application")

    def _number(self, record):
        return self.env._("No. %s", record.name) if record.name != "/" else ""

    def _story(self, record, kit):
        _ = record.env._
        # sudo: whoever may see the refund may print what stands on it (unit, receipt)
        refund = record.sudo()
        payment = refund.payment_id
        state = selection_label(refund, "state")
        pairs = [
            (_("Payer"), refund.partner_id.name),
            (_("Unit"), refund.unit_id.display_name or ""),
            (_("Original receipt"), payment.receipt_name),
            (_("Date of the receipt"), kit.date(payment.date)),
            (_("Paid by"), payment.method_id.display_name),
            (_("Amount of the receipt"), kit.money(payment.amount)),
            (_("Original handed in"), _("Yes") if refund.receipt_returned else _("No, see papers")),
            (_("State"), state),
        ]
        money = [
            (_("To refund"), kit.money(refund.amount)),
            (_("Amount in words"), kit.money_words(refund.amount)),
            (_("Reason"), refund.reason),
            (_("Refunded by"), refund.method_id.display_name),
        ]
        if refund.method_reason:
            money.append((_("Why not the way it came"), refund.method_reason))
        if refund.refund_payment_id:
            money.append((_("Refund voucher"), refund.refund_payment_id.receipt_name))
        steps = [
            [label, user.name, kit.datetime(moment, tz=refund.property_id.tz)]
            for label, user, moment in (
                (_("Applied for"), refund.author_id, refund.submitted_on),
                (_("Refused") if refund.state == "refused" else _("Approved"), refund.approved_by, refund.approved_on),
                (_("Paid out"), refund.refund_payment_id.user_id, refund.refund_payment_id.registered_at),
            )
            if moment
        ]
        story = [kit.pairs(pairs), kit.pairs(money, columns=1)]
        if steps:
            story.append(kit.table([_("Step"), _("By"), _("When")], steps, widths=[40, 70, 60], align="lll"))
        story.append(kit.signatures([_("Payer"), _("Approved by"), _("Cashier")]))
        return story
