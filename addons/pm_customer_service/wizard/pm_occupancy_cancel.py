from odoo import fields, models


class PmOccupancyCancel(models.TransientModel):
    """Why a move is not carried out."""

    _name = "pm.occupancy.cancel"
    _description = "Cancel a Move"

    occupancy_id = fields.Many2one("pm.occupancy", required=True, readonly=True)
    reason = fields.Char(required=True)

    def action_confirm(self):
        self.ensure_one()
        self.occupancy_id._cancel(self.reason)
        return {"type": "ir.actions.act_window_close"}
