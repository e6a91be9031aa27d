from datetime import timedelta

from odoo import fields, models

# A hand-over that heard nothing for this long is compared with its e-mail.
SILENCE = timedelta(minutes=15)
# A mail server that cannot be reached took nothing: such messages are repeated by themselves, ever later.
ATTEMPTS = 4
PATIENCE = timedelta(minutes=15)


class PmMessageReport(models.Model):
    """What Odoo's mail and SMS queues report about the messages that were handed to them."""

    _inherit = "pm.message"

    def _on_sent(self, reference=None):
        """The server or gateway accepted these messages."""
        now = fields.Datetime.now()
        for message in self.filtered(lambda m: m.state in ("handed", "failed")):
            vals = {"reference": reference} if reference else {}
            message._transition("sent", sent_at=message.sent_at or now, reason=False, reason_text=False, **vals)

    def _on_leaving(self):
        """The mail server is about to be asked: until its answer is written down, nobody knows."""
        # sudo: the mail queue reports, whoever set it going
        self.filtered(lambda m: m.state == "handed").sudo().write({"reason": "unknown"})

    def _on_failed(self, text):
        """The server or gateway refused these messages, or reported later that they did not arrive."""
        for message in self.filtered(lambda m: m.state in ("handed", "sent", "failed")):
            message._transition("failed", reason="delivery", reason_text=text)

    def _on_unreachable(self, text):
        """The mail server could not be reached: queue again after a while, give up after some attempts."""
        for message in self:
            message._on_failed(text)
            if message.state == "failed" and message.attempts < ATTEMPTS:
                later = fields.Datetime.now() + PATIENCE * 2 ** (message.attempts - 1)
                message._requeue(not_before=later, reason="delivery", reason_text=text)
                message._trigger_dispatch([later])

    def _requeue(self, **vals):
        """Queue again; the failed e-mail or SMS is withdrawn, so that nobody can send both."""
        # sudo: the e-mail and the SMS behind a message are Odoo's own records
        for message in self.sudo():
            if message.mail_mail_id.state in ("exception", "outgoing"):
                message.mail_mail_id.write({"state": "cancel"})
            if message.channel == "sms" and message.reference:
                sms = self.env["sms.sms"].sudo().search([("uuid", "=", message.reference), ("state", "=", "error")])
                sms.write({"state": "canceled", "to_delete": True})
            message._transition("queued", **vals)

    def _on_sms_state(self, sms_state, text=False):
        if sms_state in ("pending", "sent"):
            self._on_sent()
            if sms_state == "sent":
                # sudo: a report of the gateway, nobody's writing
                self.sudo().write({"delivered_at": fields.Datetime.now()})
        elif sms_state == "error":
            self._on_failed(text)
        elif sms_state == "canceled":
            self.filtered(lambda m: m.state in ("handed", "failed"))._transition(
                "cancelled", reason="cancelled", reason_text=text
            )
        elif sms_state == "outgoing":
            self.filtered(lambda m: m.state in ("failed", "cancelled"))._transition(
                "handed", reason=False, reason_text=False
            )

    def _reconcile_handed(self):
        """Learn the fate of e-mails whose report was lost, as when the mail worker was killed."""
        old = self.search(
            [("state", "=", "handed"), ("channel", "=", "email"), ("handed_at", "<", fields.Datetime.now() - SILENCE)],
            limit=1000,
        )
        for message in old:
            mail = message.mail_mail_id
            if not mail:
                message._transition("failed", reason="deleted", reason_text=False)
            elif mail.state == "sent":
                message._on_sent(mail.message_id)
            elif mail.state == "exception" and message.reason == "unknown":
                message._transition("failed", reason="unknown", reason_text=False)
            elif mail.state == "exception":
                message._on_failed(mail.failure_reason)
