from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    pm_aliyun_key_id = fields.Char(related="company_id.pm_aliyun_key_id", readonly=False)
    pm_aliyun_key_secret = fields.Char(related="company_id.pm_aliyun_key_secret", readonly=False)
    pm_aliyun_sign_name = fields.Char(related="company_id.pm_aliyun_sign_name", readonly=False)
    pm_aliyun_endpoint = fields.Char(related="company_id.pm_aliyun_endpoint", readonly=False)
    pm_aliyun_rate = fields.Float(related="company_id.pm_aliyun_rate", readonly=False)
    pm_aliyun_timeout = fields.Float(related="company_id.pm_aliyun_timeout", readonly=False)
    pm_aliyun_report_url = fields.Char(related="company_id.pm_aliyun_report_url")

    def action_pm_aliyun_token(self):
        """A new secret address for reports, to be entered at Aliyun."""
        self.ensure_one()
        self.company_id.action_pm_aliyun_token()
        return {"type": "ir.actions.client", "tag": "reload"}
