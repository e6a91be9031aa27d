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
    pm_verify_months = fields.Integer(
        string="Verify Households every (months)",
        default=12,
        help="A household whose data was not checked with the customer for so long is due. Source: S1-25, which names no number.",
    )

    _pm_thresholds_positive = models.Constraint(
        "CHECK (pm_frequent_ticket_count > 0 AND pm_class_months > 0 AND pm_verify_months > 0)",
        "The numbers of contacts and months of the customer settings must be above zero.",
    )
