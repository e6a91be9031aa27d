from odoo import api, fields, models


class PmTicketCategory(models.Model):
    """What the request is about: lift, water, noise, cleaning, fees…"""

    _name = "pm.ticket.category"
    _description = "Ticket Category"
    _order = "sequence, name, id"
    _parent_store = True
    _rec_names_search = ["name", "parent_id.name"]

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    parent_id = fields.Many2one("pm.ticket.category", index=True, ondelete="restrict")
    parent_path = fields.Char(index=True)
    type_ids = fields.Many2many("pm.ticket.type", string="Types", help="Empty: offered for every type.")
    is_common_part = fields.Boolean(string="Common Parts", help="Normally concerns common parts or shared facilities.")
    is_facility = fields.Boolean(
        string="Facilities", help="A complaint of this category is one about the facilities (S4-43)."
    )
    is_repair_work = fields.Boolean(
        string="Repair Work", help="A complaint of this category is one about how something was repaired (S4-42)."
    )
    visit_minutes = fields.Integer(
        string="Minutes of a Visit", default=60, help="How long a technician is usually there. House rule."
    )
    priority = fields.Selection(
        [("0", "Low"), ("1", "Normal"), ("2", "High"), ("3", "Urgent")], help="Empty: that of the type."
    )

    @api.depends("name", "parent_id.name")
    def _compute_display_name(self):
        for category in self:
            category.display_name = (
                f"{category.parent_id.name} / {category.name}" if category.parent_id else category.name
            )
