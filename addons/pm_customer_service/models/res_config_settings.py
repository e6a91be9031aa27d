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
    pm_portal_daily_messages = fields.Integer(
        string="Portal Messages a Day",
        default=30,
        config_parameter="pm_customer_service.portal_daily_messages",
        help="Per customer, on all tickets together; further ones are refused.",
    )
    pm_max_photos = fields.Integer(
        string="Photos per Job", default=20, config_parameter="pm_customer_service.max_photos"
    )
    pm_repeat_days = fields.Integer(
        string="Days of a Repeated Complaint",
        default=30,
        config_parameter="pm_customer_service.repeat_days",
        help="A complaint of the same unit about the same category within these days is a repeat and goes to the supervisor. 0 = never. House rule.",
    )
    pm_stalled_days = fields.Integer(
        string="Days Without a Step",
        default=3,
        config_parameter="pm_customer_service.stalled_days",
        help="An open ticket about which nothing was done for so many days is stalled: it is on the supervisor's day and in the"
        " list of stalled tickets (S1-57). 0 = never. House rule.",
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
    pm_board_promise_hours = fields.Integer(
        string="Promises That Lapse Soon (hours)",
        default=24,
        config_parameter="pm_customer_service.board_promise_hours",
        help="The supervisor's day shows promises to customers that lapse within so many hours. House rule to S0-119: the customer"
        " hears of a delay before the promise lapses.",
    )
