from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    pm_frequent_ticket_count = fields.Integer(
        string="Frequent Customer from (contacts)",
        default=6,
        help="A customer with at least this many contacts in the period is “frequent”. Source: S1-21, which names no number.",
    )
    pm_class_months = fields.Integer(
        string="Customer Class Period (months)",
        default=12,
        help="Months looked back for the classes “frequent” and “silent”. Source: S1-21.",
    )
