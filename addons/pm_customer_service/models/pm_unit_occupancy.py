from odoo import api, fields, models

from .pm_occupancy import OPEN_STATES


class PmUnit(models.Model):
    """Where each unit stands: who moved in, what is announced. Source: S4-21."""

    _inherit = "pm.unit"

    move_id = fields.Many2one("pm.occupancy", string="Last Move", compute="_compute_move_id", groups="base.group_user")
    open_move_count = fields.Integer(compute="_compute_move_id", groups="base.group_user")

    @api.depends_context("uid")
    def _compute_move_id(self):
        # One query for all units; who may not read moves sees none.
        moves = self.env["pm.occupancy"]
        if moves.has_access("read"):
            moves = moves.search([("unit_id", "in", self.ids), ("state", "!=", "cancelled")], order="id desc")
        by_unit = moves.grouped("unit_id")
        for unit in self:
            found = by_unit.get(unit, moves.browse())
            unit.move_id = found[:1]
            unit.open_move_count = len(found.filtered(lambda move: move.state in OPEN_STATES))

    def action_open_moves(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_customer_service.pm_occupancy_action")
        return action | {"domain": [("unit_id", "=", self.id)], "context": {"default_unit_id": self.id}}
