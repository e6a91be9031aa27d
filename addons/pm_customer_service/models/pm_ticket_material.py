from odoo import api, fields, models


class PmTicketMaterial(models.Model):
    """Material used for a ticket: none is booked without one (S1-56), and what was used stands on the work order (S1-58)."""

    _name = "pm.ticket.material"
    _description = "Material Used"
    _inherit = ["pm.program.fields"]
    _order = "id"
    _program_fields = frozenset({"user_id"})

    _quantity_positive = models.Constraint("CHECK (quantity > 0)", "The quantity of a material must be above zero.")
    _short = models.Constraint(
        "CHECK (char_length(name) <= 200 AND char_length(unit) <= 30)",
        "The name of a material has at most 200 characters, its unit 30.",
    )

    ticket_id = fields.Many2one("pm.ticket", required=True, index=True, ondelete="cascade")
    property_id = fields.Many2one(related="ticket_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="ticket_id.company_id", store=True)
    appointment_id = fields.Many2one("pm.appointment", ondelete="set null", index="btree_not_null")
    name = fields.Char(string="Material", required=True)
    quantity = fields.Float(required=True, default=1.0, digits=(12, 2))
    unit = fields.Char(string="Unit of Measure")
    user_id = fields.Many2one("res.users", string="Used By", default=lambda self: self.env.user, readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.ticket_id._check_in_hand()
        return lines

    def write(self, vals):
        (self.ticket_id | self.env["pm.ticket"].browse(vals.get("ticket_id"))).exists()._check_in_hand()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_in_hand(self):
        self.ticket_id._check_in_hand()


class PmTicket(models.Model):
    _inherit = "pm.ticket"

    material_ids = fields.One2many("pm.ticket.material", "ticket_id", string="Materials")
    photo_ids = fields.One2many("pm.ticket.photo", "ticket_id", string="Photos")

    def _check_in_hand(self):
        """What a job took is on record once it is finished.

        :raises UserError: a ticket is not in anybody's hands, or not any more
        """
        self.check_access("write")
        for ticket in self:
            ticket._require(
                ticket.state in ("assigned", "in_progress"),
                self.env._("materials and photos are noted while somebody works on it; reopen it to change them."),
            )
