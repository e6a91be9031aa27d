from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    pm_posting_chunk = fields.Integer("Charges per entry", config_parameter="pm_fees.posting_chunk")
    pm_compute_chunk = fields.Integer("Units per step", config_parameter="pm_fees.compute_chunk")
    pm_background_from = fields.Integer("Background from", config_parameter="pm_fees.background_from")
    pm_reference_scope = fields.Selection(
        [("unit", "One per unit"), ("charge", "One per charge")],
        "Payment reference",
        config_parameter="pm_fees.reference_scope",
    )
    pm_abnormal_percent = fields.Float("Unusual use (%)", config_parameter="pm_fees.abnormal_percent")
    pm_missing_reading_months = fields.Integer(
        "Missing readings: months back", config_parameter="pm_fees.missing_reading_months"
    )
    pm_online_unanswered_minutes = fields.Integer(
        "Unanswered after (minutes)", config_parameter="pm_fees.online_unanswered_minutes"
    )
    pm_collection_report_day = fields.Integer(
        "Collection report from day", config_parameter="pm_fees.collection_report_day"
    )
