from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    pm_sms_gateway = fields.Selection(related="company_id.pm_sms_gateway", readonly=False, required=True)
    pm_pdf_font = fields.Char(
        string="Document Font",
        config_parameter="pm_base.pm_pdf_font",
        help="File name or path of a TrueType font with Chinese characters, embedded into every PDF. Empty: the first known one found.",
    )
