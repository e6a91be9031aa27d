import secrets
from datetime import timedelta

from odoo import api, fields, models

from ..tools.client import Client
from ..tools.sms_api import PmSmsApiAliyun


class ResCompany(models.Model):
    """The company's account at Aliyun. The keys are for administrators only."""

    _inherit = "res.company"

    _aliyun_numbers = models.Constraint(
        "CHECK (pm_aliyun_rate >= 0 AND pm_aliyun_timeout > 0)",
        "The calls a second cannot be negative, and the gateway needs some time to answer.",
    )

    pm_sms_gateway = fields.Selection(
        selection_add=[("aliyun", "Aliyun (Alibaba Cloud)")], ondelete={"aliyun": "set default"}
    )
    pm_aliyun_key_id = fields.Char("AccessKey ID", groups="base.group_system", copy=False)
    pm_aliyun_key_secret = fields.Char("AccessKey Secret", groups="base.group_system", copy=False)
    pm_aliyun_sign_name = fields.Char("SMS Signature", help="The approved signature, without brackets.")
    pm_aliyun_endpoint = fields.Char(
        "Gateway Address", default="https://dysmsapi.aliyuncs.com", groups="base.group_system"
    )
    pm_aliyun_rate = fields.Float(
        "Calls a Second", default=10.0, help="At most so many from one process; 0: without limit."
    )
    pm_aliyun_timeout = fields.Float("Seconds to Wait", default=10.0)
    pm_aliyun_token = fields.Char(
        groups="base.group_system", copy=False, help="Secret part of the address for reports."
    )
    pm_aliyun_report_url = fields.Char(
        "Address for Reports", compute="_compute_pm_aliyun_report_url", groups="base.group_system"
    )

    @api.depends("pm_aliyun_token")
    def _compute_pm_aliyun_report_url(self):
        for company in self:
            company.pm_aliyun_report_url = (
                f"{company.get_base_url()}/pm_sms_aliyun/report/{company.id}/{company.pm_aliyun_token}"
                if company.pm_aliyun_token
                else False
            )

    def _get_sms_api_class(self):
        self.ensure_one()
        return PmSmsApiAliyun if self.pm_sms_gateway == "aliyun" else super()._get_sms_api_class()

    def _pm_aliyun_client(self):
        """A client of this company's account, or None while its keys are missing."""
        self.ensure_one()
        if not (self.pm_aliyun_key_id and self.pm_aliyun_key_secret and self.pm_aliyun_endpoint):
            return None
        return Client(self.pm_aliyun_key_id, self.pm_aliyun_key_secret, self.pm_aliyun_endpoint, self.pm_aliyun_timeout)

    def _pm_aliyun_day(self, moment):
        """The gateway's day (Beijing time) of a naive UTC moment, as it writes days."""
        return (moment + timedelta(hours=8)).strftime("%Y%m%d")

    def action_pm_aliyun_token(self):
        """Make a new secret address for reports; the old one is void."""
        self.ensure_one()
        self.check_access("write")
        # sudo: the field is the administrators' own; the right to write was checked above
        self.sudo().pm_aliyun_token = secrets.token_urlsafe(24)
