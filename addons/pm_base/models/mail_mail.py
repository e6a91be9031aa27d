from odoo import models


class MailMail(models.Model):
    """Report what became of an e-mail to the message that it carries (``pm.message``)."""

    _inherit = "mail.mail"

    def _pm_messages(self):
        # The mail queue runs as whoever triggered it.
        return self.env["pm.message"].sudo().search([("mail_mail_id", "in", self.ids)])

    def _send(self, auto_commit=False, **kwargs):
        # The queue commits after each e-mail; who sends within a transaction of his own must not see it committed.
        return super(MailMail, self.with_context(pm_claim_mail=auto_commit is True))._send(
            auto_commit=auto_commit, **kwargs
        )

    def _prepare_outgoing_list(self, *args, **kwargs):
        """Ask once more, in the last moment, whether the message is still wanted: a bill may have been paid meanwhile.

        Then claim the e-mail: ``_send`` has marked it as failed and marks it as sent after the mail server's answer. With
        that mark and the message's doubt committed, a process that dies in between leaves an e-mail that perhaps arrived,
        for a person to judge, and the queue does not send it once more.
        """
        messages = self._pm_messages()
        if messages:
            messages._ask_records()
            if all(message.state == "cancelled" for message in messages):
                self.state = "cancel"
                return []
        emails = super()._prepare_outgoing_list(*args, **kwargs)
        if messages and emails and self.env.context.get("pm_claim_mail"):
            messages._on_leaving()
            self.env.cr.commit()  # pylint: disable=invalid-commit
        return emails

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        for mail in self:
            messages = mail._pm_messages()
            if not messages:
                continue
            if success_pids or success_emails:
                messages._on_sent(mail.message_id)
            elif failure_type == "mail_smtp":
                messages._on_unreachable(failure_reason or mail.failure_reason)
            else:
                messages._on_failed(failure_reason or mail.failure_reason)
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )

    def cancel(self):
        result = super().cancel()
        messages = self._pm_messages().filtered(lambda m: m.state in ("handed", "failed"))
        messages._transition("cancelled", reason="cancelled", reason_text=False)
        return result

    def mark_outgoing(self):
        result = super().mark_outgoing()
        messages = self._pm_messages().filtered(lambda m: m.state in ("failed", "cancelled"))
        messages._transition("handed", reason=False, reason_text=False)
        return result

    def unlink(self):
        messages = self._pm_messages().filtered(lambda m: m.state == "handed")
        if messages:
            messages._transition("failed", reason="deleted", reason_text=False)
        return super().unlink()
