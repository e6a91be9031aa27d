from odoo import fields, models


class PmServiceAgreementEnd(models.TransientModel):
    """Why a long-term agreement ends before its last day."""

    _name = "pm.service.agreement.end"
    _description = "End the Agreement"

    agreement_id = fields.Many2one("pm.service.agreement", required=True, readonly=True)
    reason = fields.Char(required=True)

    def action_confirm(self):
        self.ensure_one()
        self.agreement_id._end(self.reason)
        return {"type": "ir.actions.act_window_close"}
