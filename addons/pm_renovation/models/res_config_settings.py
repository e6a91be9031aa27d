from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    pm_renovation_deposit_amount = fields.Float(
        "Renovation deposit of new properties", config_parameter="pm_renovation.deposit_amount"
    )
    pm_renovation_permit_warning_days = fields.Integer(
        "Days to warn before a permit ends", config_parameter="pm_renovation.permit_warning_days"
    )
    pm_renovation_upload_mb = fields.Integer(
        "Largest upload in the portal (MB)", config_parameter="pm_renovation.upload_mb"
    )
