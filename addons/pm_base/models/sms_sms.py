from odoo import fields, models

from ..tools.sms_api import PmSmsApi


class SmsSms(models.Model):
    """Send through the gateway of each SMS's company, and never through Odoo's paid service by default."""

    _inherit = "sms.sms"

    pm_company_id = fields.Many2one("res.company", string="Company of the Message", ondelete="set null")
    failure_type = fields.Selection(selection_add=[("pm_no_gateway", "No SMS gateway is configured")])

    def _get_sms_company(self):
        return self.mail_message_id.record_company_id or self.pm_company_id or super()._get_sms_company()

    def _split_by_api(self):
        rest = self.browse()
        for company, batch in self.grouped(lambda sms: sms._get_sms_company()).items():
            api_class = company._get_sms_api_class()
            if issubclass(api_class, PmSmsApi):
                api = api_class(self.env)
                api._set_company(company)
                yield api, batch
            else:
                rest |= batch
        if rest:
            yield from super(SmsSms, rest)._split_by_api()

    def _send(self, unlink_failed=False, unlink_sent=True, raise_exception=False):
        # Core's queue passes the SMS of all companies at once and then insists on a single company: one SMS of a
        # second company would block the queue for ever. Split here, where both ways of sending meet.
        if self.env.context.get("sms_api"):
            # Once more, in the last moment: is the message still wanted? A bill may have been paid meanwhile.
            self.sms_tracker_id.sudo().pm_message_id._ask_records()
            wanted = self.filtered(lambda sms: sms.state == "outgoing")
            if not wanted:
                return None
            return super(SmsSms, wanted)._send(
                unlink_failed=unlink_failed, unlink_sent=unlink_sent, raise_exception=raise_exception
            )
        for api, batch in self._split_by_api():
            batch.with_context(sms_api=api)._send(
                unlink_failed=unlink_failed, unlink_sent=unlink_sent, raise_exception=raise_exception
            )
        return None

    def _handle_call_result_hook(self, results):
        super()._handle_call_result_hook(results)
        # The message was queued again and gets a new SMS: this one must not be repeated by hand as well.
        failed = self.filtered(lambda sms: sms.state == "error")
        again = failed.filtered(lambda sms: sms.sms_tracker_id.sudo().pm_message_id.state == "queued")
        again.write({"state": "canceled", "to_delete": True})
