from odoo import fields, models
from odoo.addons.sms.tools.sms_api import SmsApi

from ..tools.sms_api import PmSmsApi, PmSmsApiSink


class ResCompany(models.Model):
    _inherit = "res.company"

    pm_sms_gateway = fields.Selection(
        [("none", "None: SMS stay unsent"), ("sink", "Folder (demonstration, tests)")],
        string="SMS Gateway",
        required=True,
        default="none",
    )

    def _get_sms_api_class(self):
        self.ensure_one()
        api = super()._get_sms_api_class()
        # Whatever another add-on plugged in stays; only Odoo's own paid service is replaced.
        if api is not SmsApi:
            return api
        return PmSmsApiSink if self.pm_sms_gateway == "sink" else PmSmsApi
