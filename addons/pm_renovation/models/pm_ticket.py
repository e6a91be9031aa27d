from odoo import api, fields, models
from odoo.exceptions import UserError

from .pm_renovation import OPEN_STATES


class PmTicket(models.Model):
    """A complaint or request for help about a renovation belongs to its case (S0-110, S0-111)."""

    _inherit = "pm.ticket"

    renovation_id = fields.Many2one(
        "pm.renovation",
        index="btree_not_null",
        tracking=True,
        ondelete="set null",
        domain="[('property_id', '=', property_id)]",
    )
    nearby_renovation_ids = fields.Many2many(
        "pm.renovation",
        compute="_compute_nearby_renovation_ids",
        string="Renovations Nearby",
        compute_sudo=True,
        help="Sites in this unit or beside it that may be meant.",
    )

    @api.depends("unit_id", "renovation_id")
    def _compute_nearby_renovation_ids(self):
        units = self.unit_id
        cases = self.env["pm.renovation"].search(
            [("state", "in", OPEN_STATES), "|", ("unit_id", "in", units.ids), ("neighbour_unit_ids", "in", units.ids)]
        )
        for ticket in self:
            ticket.nearby_renovation_ids = (
                False
                if ticket.renovation_id
                else cases.filtered(lambda c, u=ticket.unit_id: c.unit_id == u or u in c.neighbour_unit_ids)
            )

    def action_link_renovation(self):
        """Link the ticket to the renovation nearby; where there are several, the desk says which."""
        for ticket in self:
            if len(ticket.nearby_renovation_ids) != 1:
                raise UserError(
                    self.env._(
                        "To link the ticket choose the renovation: %(cases)s.",
                        cases=", ".join(ticket.nearby_renovation_ids.mapped("display_name")) or "–",
                    )
                )
            ticket.renovation_id = ticket.nearby_renovation_ids
