from odoo import fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    pm_staff_no = fields.Char(
        string="Staff Number",
        help="Told to the customer with the visit, and on the staff card shown at the door (S1-59).",
    )
