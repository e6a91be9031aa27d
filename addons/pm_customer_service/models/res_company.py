from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    pm_deadline_basis = fields.Selection(
        [("calendar", "Calendar days"), ("working", "Working days")],
        string="Deadlines Counted In",
        default="calendar",
        help="What the handbook's 'three days' means where neither rule nor property says otherwise (CON-14).",
    )
