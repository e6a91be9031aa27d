import base64
from decimal import Decimal, InvalidOperation

from odoo import api, fields, models
from odoo.exceptions import UserError

# More than any receipt; beyond it a number is a typing error or an attack.
_TOO_MUCH = 10**10


class PmRefund(models.Model):
    """Refunds that the payer applies for in the portal; from then on they go the way of every refund."""

    _inherit = "pm.refund"

    from_portal = fields.Boolean("Applied for in the portal", readonly=True, copy=False)

    @api.model
    def _portal_offers(self, payers):
        """What payers can ask back: receipt by receipt and unit by unit what is left, unless a refund is under way.

        :param payers: domain on the payer of the receipt
        :return: list of dicts with key, payment, unit and available
        """
        lines = (
            self.env["pm.payment.line"]
            .search(
                [
                    ("payment_id.direction", "=", "in"),
                    ("payment_id.state", "=", "posted"),
                    *((f"payment_id.{name}", operator, value) for name, operator, value in payers),
                    ("kind", "in", ("credit", "charge")),
                    ("move_line_id.reconciled", "=", False),
                ],
                order="id desc",
            )
            .filtered(lambda line: line.open_credit > 0)
        )
        busy = {
            (refund.payment_id, refund.unit_id)
            for refund in self.search(
                [("payment_id", "in", lines.payment_id.ids), ("state", "in", ("draft", "submitted", "approved"))]
            )
        }
        return [
            {
                "key": f"{payment.id}-{unit.id or 0}",
                "payment": payment,
                "unit": unit,
                "available": sum(group.mapped("open_credit")),
            }
            for (payment, unit), group in lines.grouped(lambda line: (line.payment_id, line.unit_id)).items()
            if (payment, unit) not in busy
        ]

    @api.model
    def _apply_from_portal(self, offer, amount, reason, files):
        """Apply for the payer.

        :param dict offer: one of `_portal_offers`
        :param str amount: as it was typed; empty means all
        :param files: list of (name, content, mimetype)
        :return: the refund, handed in
        :raises UserError: naming what is missing
        """
        payment = offer["payment"]
        if not reason.strip():
            raise UserError(self.env._("Please say why the money should go back."))
        if payment.source != "online" and not files:
            raise UserError(self.env._("Please attach a photo of receipt %s.", payment.receipt_name))
        papers = self.env["ir.attachment"].create(
            [
                {"name": name, "datas": base64.b64encode(content), "mimetype": mimetype, "res_model": self._name}
                for name, content, mimetype in files
            ]
        )
        refund = self.create(
            {
                "payment_id": payment.id,
                "unit_id": offer["unit"].id,
                "amount": self._typed_amount(amount, payment.currency_id) if amount.strip() else offer["available"],
                "reason": reason.strip(),
                "evidence_ids": papers.ids,
                "from_portal": True,
            }
        )
        refund.action_submit()
        return refund

    @api.model
    def _typed_amount(self, text, currency):
        """:raises UserError: no amount above zero, or more decimals than the currency has"""
        try:
            amount = Decimal(text.strip().replace(",", "").replace("，", "").lstrip("¥￥").strip())
        except InvalidOperation:
            amount = Decimal(0)
        usable = amount.is_finite() and 0 < amount < _TOO_MUCH
        if not usable or -amount.normalize().as_tuple().exponent > currency.decimal_places:
            raise UserError(self.env._("“%s” is no amount: enter yuan and fen, e.g. 120.50.", text[:20]))
        return float(amount)
