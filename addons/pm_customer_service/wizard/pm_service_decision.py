from odoo import fields, models
from odoo.exceptions import UserError


class PmServiceDecision(models.TransientModel):
    """The project manager's word: on a wish beyond our scope (S1-91), or why a cost sheet is refused (S1-88)."""

    _name = "pm.service.decision"
    _description = "Manager's Decision"

    order_id = fields.Many2one("pm.service.order", string="Service Order", readonly=True)
    estimate_id = fields.Many2one("pm.service.estimate", readonly=True)
    accept = fields.Boolean(string="We Do It", default=True)
    words = fields.Char(string="What Was Settled, or Why Not", required=True)

    def action_confirm(self):
        self.ensure_one()
        if self.estimate_id:
            self.estimate_id._refuse(self.words)
        elif self.order_id:
            self.order_id._decide_scope(self.accept, self.words)
        else:
            raise UserError(self.env._("Choose the order or the cost sheet first."))
        return {"type": "ir.actions.act_window_close"}
