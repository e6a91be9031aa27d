from odoo import api, fields, models
from odoo.exceptions import UserError


class PmOccupancyDefect(models.Model):
    """A defect found when a unit is handed over: it becomes a repair ticket and is followed there. Source: S4-48."""

    _name = "pm.occupancy.defect"
    _description = "Defect Found at a Move"
    _inherit = ["pm.program.fields", "pm.files"]
    _order = "occupancy_id, id"
    _program_fields = frozenset({"ticket_id"})

    occupancy_id = fields.Many2one("pm.occupancy", required=True, ondelete="cascade", index=True)
    property_id = fields.Many2one(related="occupancy_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="occupancy_id.company_id", store=True)
    place = fields.Char(required=True, help="Room, wall, window …")
    name = fields.Char(string="Defect", required=True)
    category_id = fields.Many2one("pm.ticket.category")
    attachment_ids = fields.Many2many("ir.attachment", "pm_occupancy_defect_attachment_rel", string="Photos")
    ticket_id = fields.Many2one("pm.ticket", readonly=True, copy=False, ondelete="restrict", index="btree_not_null")

    def write(self, vals):
        if not self.env.su and any(defect.ticket_id for defect in self):
            raise UserError(self.env._("The defect has its ticket: go on there."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_without_ticket(self):
        if any(defect.ticket_id for defect in self):
            raise UserError(self.env._("The defect has its ticket: go on there."))

    def _make_tickets(self):
        """Enter the defects without a ticket in the one register, photos included."""
        todo = self.filtered(lambda defect: not defect.ticket_id)
        for defect in todo:
            move = defect.occupancy_id
            ticket = self.env["pm.ticket"].create(
                {
                    "name": self.env._("%(place)s: %(defect)s", place=defect.place, defect=defect.name)[:100],
                    "description": self.env._("Found at %s.", move.name),
                    "type_id": self.env.ref("pm_customer_service.ticket_type_repair").id,
                    "category_id": defect.category_id.id,
                    "unit_id": move.unit_id.id,
                    "property_id": move.property_id.id,
                    "partner_id": move.partner_id.id,
                    "location": defect.place,
                    "channel": "counter",
                }
            )
            # sudo: the pictures of the defect, which the user can see, go along
            for file in defect.sudo().attachment_ids:
                file.copy({"res_model": "pm.ticket", "res_id": ticket.id})
            defect.sudo().ticket_id = ticket  # sudo: the program's field
        return todo.ticket_id
