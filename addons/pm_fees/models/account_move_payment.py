from odoo import models
from odoo.exceptions import UserError

from .account_move import LEDGER_STEP


class AccountMove(models.Model):
    """The entry of a payment belongs to its receipt: reset or reversed by itself, receipt and ledger would part."""

    _inherit = "account.move"

    def button_draft(self):
        self._check_no_receipts()
        return super().button_draft()

    def _reverse_moves(self, default_values_list=None, cancel=False):
        if self.env.context.get("pm_payment_void") is not LEDGER_STEP:
            self._check_no_receipts()
        return super()._reverse_moves(default_values_list=default_values_list, cancel=cancel)

    def _check_no_receipts(self):
        # sudo: the receipts of any property guard the entry, whoever tries
        payment = self.env["pm.payment"].sudo().search([("move_id", "in", self.ids), ("state", "=", "posted")], limit=1)
        if payment:
            raise UserError(
                self.env._(
                    "This entry belongs to receipt %s: to take it back you must void the receipt.", payment.receipt_name
                )
            )
