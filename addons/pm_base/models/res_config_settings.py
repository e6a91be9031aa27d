from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    pm_frequent_ticket_count = fields.Integer(related="company_id.pm_frequent_ticket_count", readonly=False)
    pm_class_months = fields.Integer(related="company_id.pm_class_months", readonly=False)
    pm_verify_months = fields.Integer(related="company_id.pm_verify_months", readonly=False)
