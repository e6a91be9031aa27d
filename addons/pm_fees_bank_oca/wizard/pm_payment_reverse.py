from odoo import models

from ..models.account_bank_statement_line import SHOW_ANEW


class PmPaymentReverse(models.TransientModel):
    _inherit = "pm.payment.reverse"

    def action_confirm(self):
        result = super().action_confirm()
        return SHOW_ANEW if self.env.context.get("pm_panes") else result
