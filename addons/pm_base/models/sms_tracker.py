from odoo import fields, models

from ..tools.labels import selection_labels


class SmsTracker(models.Model):
    """Bring the answers of the SMS gateway and its delivery reports to the message (``pm.message``)."""

    _inherit = "sms.tracker"

    pm_message_id = fields.Many2one("pm.message", string="Message", index="btree_not_null", ondelete="cascade")

    def _action_update_from_sms_state(self, sms_state, failure_type=False, failure_reason=False):
        super()._action_update_from_sms_state(sms_state, failure_type=failure_type, failure_reason=failure_reason)
        self._pm_report(sms_state, failure_type, failure_reason)

    def _action_update_from_provider_error(self, provider_error):
        result = super()._action_update_from_provider_error(provider_error)
        _status, failure_type, failure_reason = result
        self._pm_report("error", failure_type, failure_reason)
        return result

    def _pm_report(self, sms_state, failure_type, failure_reason):
        # Delivery reports come in without a user.
        messages = self.sudo().pm_message_id
        if not messages:
            return
        if sms_state == "error" and failure_type == "sms_server":
            # The gateway could not be reached, or took nothing: repeated by itself like an unreachable mail server.
            messages._on_unreachable(failure_reason or failure_type)
        else:
            labels = selection_labels(self.env["sms.sms"], "failure_type")
            messages._on_sms_state(sms_state, failure_reason or labels.get(failure_type) or failure_type)
