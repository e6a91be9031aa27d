from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    pm_deadline_basis = fields.Selection(related="company_id.pm_deadline_basis", readonly=False)
    pm_portal_daily_limit = fields.Integer(
        string="Portal Tickets a Day",
        default=10,
        config_parameter="pm_customer_service.portal_daily_limit",
        help="Per customer; further ones are refused.",
    )
    pm_portal_max_files = fields.Integer(
        string="Files per Ticket", default=6, config_parameter="pm_customer_service.portal_max_files"
    )
    pm_portal_max_mb = fields.Integer(
        string="Largest Portal File (MB)", default=10, config_parameter="pm_customer_service.portal_max_mb"
    )
    pm_sample_seed = fields.Char(
        string="Seed of the Follow-up Sample",
        config_parameter="pm_customer_service.sample_seed",
        help="Changing it changes which repairs handled from now on are drawn.",
    )
