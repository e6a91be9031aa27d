from odoo import api, fields, models


class PmCommitteeMember(models.Model):
    """A seat in the owners' committee (业主委员会), from one day to another. Source: S0-155, S0-157."""

    _name = "pm.committee.member"
    _inherit = "pm.term"
    _description = "Owners' Committee Member"
    _order = "property_id, position, date_from desc, id"
    _rec_name = "partner_id"

    _dates_ordered = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)", "A seat cannot end before it begins."
    )
    _once = models.Constraint(
        "EXCLUDE USING gist (property_id WITH =, partner_id WITH =, daterange(date_from, date_to, '[]') WITH &&)",
        "This person already has a seat in the committee at that time.",
    )

    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    partner_id = fields.Many2one("res.partner", string="Member", required=True, ondelete="restrict", index=True)
    phone = fields.Char(related="partner_id.phone")
    position = fields.Selection(
        [("chair", "Chair"), ("deputy", "Deputy chair"), ("member", "Member"), ("secretary", "Secretary")],
        required=True,
        default="member",
    )
    date_to = fields.Date(help="Last day of the seat; empty = until further notice.")
    note = fields.Char()

    @api.model_create_multi
    def create(self, vals_list):
        members = super().create(vals_list)
        members._check_partner()
        return members

    def write(self, vals):
        result = super().write(vals)
        if "partner_id" in vals:
            self._check_partner()
        return result

    def _check_partner(self):
        # The list shows phones: nobody puts on it whom he may not see.
        if not self.env.su:
            self.partner_id.check_access("read")
