import hashlib
import logging
from datetime import timedelta

import phonenumbers
from markupsafe import Markup
from odoo import api, fields, models
from odoo.tools import SQL, email_normalize, is_html_empty

_logger = logging.getLogger(__name__)

DISPATCH_CHUNK = 100


class PmMessageDispatch(models.Model):
    """Handing over what is due: the rules of the purpose, the channel, and the e-mail or SMS that carries the message."""

    _inherit = "pm.message"

    def _trigger_dispatch(self, moments=()):
        """Wake the dispatcher now and at the later moments asked for."""
        # Users may not read scheduled actions.
        cron = self.env.ref("pm_base.pm_message_cron", raise_if_not_found=False)
        if cron:
            later = sorted({moment for moment in moments if moment})
            if later:
                # sudo: waking the dispatcher is nobody's right in particular
                cron.sudo()._trigger(later[0])
            if not moments or any(not moment for moment in moments):
                cron.sudo()._trigger()

    @api.model
    def _cron_dispatch(self):
        """Hand over what is due, in chunks with a commit each; run by the scheduler."""
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=self.search_count(self._due_domain()))
        while messages := self._lock_due(DISPATCH_CHUNK):
            messages._hand_over()
            if not cron._commit_progress(len(messages)):
                self.env.ref("pm_base.pm_message_cron")._trigger()
                return
        self._reconcile_handed()

    @api.model
    def _dispatch(self):
        """Hand over everything due within the present transaction; for tests and small manual runs.

        :return: the messages worked on
        """
        # sudo: the dispatcher sends for everybody
        service = self.sudo()
        done = service.browse()
        while messages := service._lock_due(DISPATCH_CHUNK):
            messages._hand_over()
            done |= messages
        return done

    def _due_domain(self):
        return [("state", "=", "queued"), "|", ("not_before", "=", False), ("not_before", "<=", fields.Datetime.now())]

    def _lock_due(self, limit):
        """Return due messages that no other worker has in hand, locked until the end of the transaction."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM pm_message
                 WHERE state = 'queued' AND (not_before IS NULL OR not_before <= %s)
                 ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
                """,
                fields.Datetime.now(),
                limit,
            )
        )
        return self.browse([row[0] for row in self.env.cr.fetchall()])

    def _hand_over(self):
        """Apply the rules to each message, make its e-mail or SMS, or say why not."""
        self._ask_records()
        self.filtered(lambda message: message.state == "queued")._render_waiting()
        self = self.filtered(lambda message: message.state == "queued")  # noqa: PLW0642
        consents = self.env["pm.consent"]._current(self.partner_id, self.purpose_id)
        counts = self._recent_counts()
        channels = set()
        for message in self:
            try:
                with self.env.cr.savepoint():
                    used = message._hand_over_one(consents, counts)
            except Exception as error:  # one broken message must not stop the others
                _logger.exception("Message %s cannot be handed over", message.key)
                message._transition("failed", reason="error", reason_text=str(error) or type(error).__name__)
                continue
            if used:
                pair = (message.partner_id.id, message.purpose_id.id)
                counts[pair] = counts.get(pair, 0) + 1
                channels.add(used)
        if "email" in channels:
            # sudo: waking Odoo's mail queue is nobody's right in particular
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def _ask_records(self):
        """Let the records that these messages are about look whether they still want them, and cancel those they do not.

        Called when a message is handed over and once more right before its e-mail or SMS leaves: much can happen while
        it waits. A model that cares has a method ``_pm_before_sending`` on the records concerned.
        """
        for model, messages in self.filtered("res_id").grouped("res_model").items():
            if model in self.env and hasattr(self.env[model], "_pm_before_sending"):
                # The queues run without a user who could see the records.
                self.env[model].sudo().browse(set(messages.mapped("res_id"))).exists()._pm_before_sending()

    def _recent_counts(self):
        """Return ``{(partner_id, purpose_id): messages within the purpose's period}``."""
        counts = {}
        for purpose in self.purpose_id:
            if not purpose.cap_count:
                continue
            since = fields.Datetime.now() - timedelta(days=purpose.cap_days)
            groups = self._read_group(
                [
                    ("partner_id", "in", self.partner_id.ids),
                    ("purpose_id", "=", purpose.id),
                    ("handed_at", ">", since),
                    ("state", "in", ("handed", "sent")),
                ],
                ["partner_id"],
                ["__count"],
            )
            counts.update({(partner.id, purpose.id): count for partner, count in groups})
        return counts

    def _hand_over_one(self, consents, counts):
        """Hand over one message and return its channel, or None if a rule postponed or stopped it."""
        self.ensure_one()
        purpose, partner = self.purpose_id, self.partner_id
        decision = consents.get((partner.id, purpose.id))
        if purpose.honours_opt_out and decision == "opt_out":
            return self._skip("opted_out")
        if purpose.requires_opt_in and decision != "opt_in":
            return self._skip("no_consent")
        if purpose.cap_count and counts.get((partner.id, purpose.id), 0) >= purpose.cap_count:
            return self._skip("cap")
        morning = purpose._quiet_until(self._tz(), fields.Datetime.now())
        if morning:
            # sudo: messages are written by the dispatcher only
            self.sudo().not_before = morning
            self._trigger_dispatch([morning])
            return None
        channel, address, reason = self._choose_channel()
        if not channel:
            return self._skip(reason)
        vals = {
            "channel": channel,
            "address": address,
            "handed_at": fields.Datetime.now(),
            "attempts": self.attempts + 1,
            "reason": False,
            "reason_text": False,
        }
        vals.update(self._make_mail(address) if channel == "email" else self._make_sms(address))
        self._transition("handed", **vals)
        return channel

    def _skip(self, reason):
        self._transition("skipped", reason=reason, reason_text=False)

    def _tz(self):
        return self.property_id.tz or self.company_id.partner_id.tz or "Asia/Shanghai"

    def _choose_channel(self):
        """Return ``(channel, address, None)`` or ``(None, None, reason)``."""
        channels = self.purpose_id._channels() if self.wanted_channel == "auto" else [self.wanted_channel]
        reason = "no_address"
        for channel in channels:
            content = (self.subject or not is_html_empty(self.body)) if channel == "email" else self._sms_text()
            address = self._address(channel)
            if content and address:
                return channel, address, None
            if address:
                reason = "no_content"
        return None, None, reason

    def _address(self, channel):
        """Return the partner's usable address for the channel, or False."""
        partner = self.partner_id
        if channel == "email":
            return email_normalize(partner.email) and partner.email_formatted
        number = (
            partner._phone_format(number=partner.phone, country=partner.country_id or self.company_id.country_id)
            if partner.phone
            else False
        )
        # A short message to a landline is accepted by gateways, paid for and lost.
        if number and phonenumbers.number_type(phonenumbers.parse(number)) == phonenumbers.PhoneNumberType.FIXED_LINE:
            return False
        return number

    def _sms_text(self):
        return (self.text or "").strip()

    def _localized_purpose(self):
        return self.purpose_id.with_context(lang=self.partner_id.lang or self.env.lang)

    def _make_mail(self, address):
        purpose = self._localized_purpose()
        subject = self.subject or purpose.name
        body = self.body or Markup()
        headers = {"X-Pm-Message": self.key.encode("ascii", "replace").decode()}
        if purpose.honours_opt_out or purpose.requires_opt_in:
            link = self.env["pm.consent"]._opt_out_url(self.partner_id, purpose)
            headers["List-Unsubscribe"] = f"<{link}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
            if purpose.opt_out_text:
                before, _placeholder, after = purpose.opt_out_text.partition("{link}")
                body += Markup('<p style="color:#616E7C;font-size:12px">%s<a href="%s">%s</a>%s</p>') % (
                    before,
                    link,
                    link,
                    after,
                )
        company = self.company_id
        vals = {
            "subject": subject,
            "body_html": body,
            "body": body,
            "email_to": address,
            "auto_delete": False,  # the e-mail is the proof
            "headers": repr(headers),
            "model": self.res_model or self._name,
            "res_id": self.res_id or self.id,
            "record_company_id": company.id,
            "author_id": company.partner_id.id,
            "attachment_ids": [(6, 0, self.attachment_ids.ids)],
            "state": "outgoing",
        }
        if company.email_formatted:
            vals["email_from"] = company.email_formatted
        # E-mails are technical records, open to administrators only.
        mail = self.env["mail.mail"].sudo().create(vals)
        return {"mail_mail_id": mail.id, "reference": mail.message_id, "content_hash": self._hash(subject, body)}

    def _make_sms(self, number):
        purpose = self._localized_purpose()
        text = self._sms_text()
        if (purpose.honours_opt_out or purpose.requires_opt_in) and purpose.opt_out_text:
            text += "\n" + purpose.opt_out_text.replace(
                "{link}", self.env["pm.consent"]._opt_out_url(self.partner_id, purpose)
            )
        # sudo: the SMS is Odoo's own record; people have no right on the queue
        sms = (
            self.env["sms.sms"]
            .sudo()
            .create(
                {
                    "number": number,
                    "body": text,
                    "partner_id": self.partner_id.id,
                    "pm_company_id": self.company_id.id,
                    "state": "outgoing",
                }
            )
        )
        # The SMS is deleted once sent; its tracker brings the gateway's answers here.
        self.env["sms.tracker"].sudo().create({"sms_uuid": sms.uuid, "pm_message_id": self.id})
        return {"reference": sms.uuid, "content_hash": self._hash(text)}

    def _hash(self, *texts):
        digest = hashlib.sha256("\0".join(map(str, texts)).encode())
        # sudo: the files belong to the message
        for attachment in self.attachment_ids.sudo():
            digest.update((attachment.checksum or "").encode())
        return digest.hexdigest()
