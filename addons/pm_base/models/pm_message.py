import hashlib
import logging
from datetime import timedelta
from uuid import uuid4

import phonenumbers
from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, clean_context, email_normalize, is_html_empty, split_every

from .pm_message_purpose import CHANNELS

_logger = logging.getLogger(__name__)

CONTENT = {"subject", "body", "text"}
INSERT_CHUNK = 500
RENDER_CHUNK = 50
DISPATCH_CHUNK = 100
# A hand-over that heard nothing for this long is compared with its e-mail.
SILENCE = timedelta(minutes=15)
# A mail server that cannot be reached took nothing: such messages are repeated by themselves, ever later.
ATTEMPTS = 4
PATIENCE = timedelta(minutes=15)

TRANSITIONS = {
    "queued": {"handed", "skipped", "failed", "cancelled"},
    "handed": {"sent", "failed", "cancelled"},
    "sent": {"failed"},  # the delivery report came later
    "failed": {"queued", "handed", "sent", "cancelled"},
    "skipped": {"queued", "cancelled"},
    "cancelled": {"queued", "handed"},
}


class PmMessage(models.Model):
    """One message to one partner, from the wish to send it to the proof that it was sent. Source: L-13, L-14.

    ======== ================================================= ==========================================
    state    meaning                                           leaves it
    ======== ================================================= ==========================================
    queued   recorded, waits for the dispatcher, the morning   dispatcher; cancel
             or ``not_before``
    handed   its ``mail.mail`` or ``sms.sms`` exists: made in   the mail and SMS queues report
             the same transaction that changed the state
    sent     the mail server or SMS gateway accepted it         a later delivery report may fail it
    failed   not sent, see the reason                          retry
    skipped  a rule forbids it: opt-out, cap, no address       retry, after the rule or address changed
    ======== ================================================= ==========================================

    A crash at any point sends nothing twice: the key is unique in the database, and hand-over is one transaction.
    Between an SMTP server's "accepted" and our own commit lies a window that no client can close. An e-mail is therefore
    claimed, with a commit, before the server is asked: what was lost in the window has failed with the reason "perhaps
    sent" and waits for a person to repeat it or not.
    """

    _name = "pm.message"
    _description = "Message"
    _order = "id desc"
    _rec_name = "subject"

    _key_unique = models.Constraint(
        "UNIQUE (key)", "A message with this key exists already: it must not be sent twice."
    )
    _queue_index = models.Index("(id) WHERE state = 'queued'")
    _handed_index = models.Index("(handed_at) WHERE state = 'handed'")
    _cap_index = models.Index("(partner_id, purpose_id, handed_at) WHERE handed_at IS NOT NULL")
    _record_index = models.Index("(res_model, res_id)")

    key = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: f"manual/{uuid4().hex}",
        help="Says what is sent; unique.",
    )
    purpose_id = fields.Many2one("pm.message.purpose", required=True, index=True, ondelete="restrict")
    wanted_channel = fields.Selection([("auto", "As the purpose says"), *CHANNELS], required=True, default="auto")
    channel = fields.Selection(CHANNELS, readonly=True, help="Channel that was used.")
    partner_id = fields.Many2one("res.partner", string="Recipient", required=True, ondelete="restrict")
    address = fields.Char(readonly=True, help="E-mail address or number at the moment of sending.")
    property_id = fields.Many2one("pm.property", index=True, ondelete="restrict")
    company_id = fields.Many2one(
        "res.company", required=True, index=True, readonly=True, default=lambda self: self.env.company
    )
    res_model = fields.Char(string="About (model)", readonly=True)
    res_id = fields.Many2oneReference(string="About", model_field="res_model", readonly=True)
    mail_template_id = fields.Many2one("mail.template", readonly=True, ondelete="set null")
    sms_template_id = fields.Many2one("sms.template", readonly=True, ondelete="set null")

    subject = fields.Char()
    body = fields.Html(sanitize="email_outgoing")
    text = fields.Text(string="SMS Text")
    to_render = fields.Boolean(
        string="Text Follows",
        readonly=True,
        copy=False,
        help="The text is made from its template when the message is handed over.",
    )
    attachment_ids = fields.Many2many(
        "ir.attachment", "pm_message_attachment_rel", "message_id", "attachment_id", string="Attachments"
    )
    not_before = fields.Datetime(help="Earliest moment; quiet hours move it to their end.")

    state = fields.Selection(
        [
            ("queued", "Waiting"),
            ("handed", "Handed over"),
            ("sent", "Sent"),
            ("failed", "Failed"),
            ("skipped", "Not sent"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="queued",
        copy=False,
    )
    reason = fields.Selection(
        [
            ("opted_out", "The partner opted out"),
            ("no_consent", "The partner did not consent"),
            ("cap", "Enough messages in the period"),
            ("no_address", "No usable address"),
            ("no_content", "No text for the channel"),
            ("template", "The template fails on this record"),
            ("delivery", "Delivery failed"),
            ("unknown", "Perhaps sent: the answer was lost"),
            ("deleted", "The e-mail or SMS was deleted"),
            ("error", "Error"),
            ("cancelled", "Cancelled"),
        ],
        readonly=True,
        copy=False,
    )
    reason_text = fields.Text(string="Details", readonly=True, copy=False)
    handed_at = fields.Datetime(readonly=True, copy=False)
    sent_at = fields.Datetime(readonly=True, copy=False)
    delivered_at = fields.Datetime(readonly=True, copy=False, help="From the SMS gateway's delivery report.")
    attempts = fields.Integer(readonly=True, copy=False)

    # Proof
    mail_mail_id = fields.Many2one(
        "mail.mail", string="E-mail", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )
    reference = fields.Char(
        readonly=True, copy=False, help="Message-Id of the e-mail, or number of the SMS at the gateway."
    )
    content_hash = fields.Char(
        readonly=True, copy=False, help="SHA-256 of what was handed over: subject, text and attachments."
    )

    # Records

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            # Neither the values nor default_… in the context may forge a message that looks sent.
            self = self.with_context(clean_context(self.env.context))  # noqa: PLW0642 pylint: disable=context-overridden
            locked = {name for name, field in self._fields.items() if field.readonly and field.store}
            vals_list = [{name: value for name, value in vals.items() if name not in locked} for vals in vals_list]
        for vals in vals_list:
            if vals.get("property_id"):
                vals["company_id"] = self.env["pm.property"].browse(vals["property_id"]).company_id.id
        messages = super().create(vals_list)
        messages._check_content()
        messages._trigger_dispatch()
        return messages

    def write(self, vals):
        if not self.env.su:
            if any(message.state != "queued" for message in self):
                raise UserError(
                    self.env._("To change a message it must still be waiting. Cancel or repeat it instead.")
                )
            locked = sorted(name for name in vals if self._fields[name].readonly and self._fields[name].store)
            if locked:
                raise AccessError(
                    self.env._("Only the dispatcher writes %(fields)s of a message.", fields=", ".join(locked))
                )
            if CONTENT & vals.keys():
                vals = {**vals, "to_render": False}  # who writes the text himself wants this one
        result = super().write(vals)
        if {"partner_id", "attachment_ids"} & vals.keys():
            self._check_content()
        return result

    def _check_content(self):
        """Whoever writes a message may send only to people and with files that he may see himself."""
        if not self.env.su:
            self.partner_id.check_access("read")
            # sudo: files that the user may not see are left out of what he reads, yet would be sent
            self.sudo().attachment_ids.with_env(self.env).check_access("read")

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Messages are evidence and are never deleted. Cancel those that must not go out."))

    def _transition(self, state, **vals):
        """Move the messages to ``state`` and write ``vals`` along.

        :raises UserError: a message is in a state that does not allow it
        """
        labels = dict(self._fields["state"]._description_selection(self.env))
        for message in self:
            if state != message.state and state not in TRANSITIONS[message.state]:
                raise UserError(
                    self.env._(
                        "Message “%(name)s” is %(current)s; it cannot become %(wanted)s.",
                        name=message.subject or message.key,
                        current=labels[message.state],
                        wanted=labels[state],
                    )
                )
        # Nobody may write these fields directly; the callers checked who may ask for the change.
        return self.sudo().write({"state": state, **vals})

    # Enqueue

    @api.model
    def _enqueue(self, vals_list):
        """Record messages to be sent; those whose key exists already are left alone.

        :param vals_list: dicts with ``key`` (unique, says what is sent), ``purpose`` (code), ``partner_id`` and
            optionally ``channel`` (email, sms or auto), ``property_id``, ``res_model``, ``res_id``, ``subject``,
            ``body`` (HTML), ``text`` (SMS), ``attachment_ids``, ``attachments`` (pairs of name and bytes), ``not_before`` (naive UTC)
        :return: the messages of all keys, in the given order
        :raises ValueError: unknown purpose or channel, or no key
        """
        rows, seen = [], set()
        purposes = {
            code: self.env["pm.message.purpose"]._get(code).id for code in {vals["purpose"] for vals in vals_list}
        }
        for vals in vals_list:
            key = vals.get("key")
            if not key:
                raise ValueError("a message needs a key")
            if key not in seen:
                seen.add(key)
                rows.append(self._prepare_row(vals, purposes[vals["purpose"]]))
        if not rows:
            return self
        # The service records for whoever acts: a cashier's receipt is mailed although he may not write messages.
        service = self.sudo()
        service.flush_model()
        new = {}
        for chunk in split_every(INSERT_CHUNK, rows, list):
            new.update(service._insert([row for row, _extra in chunk]))
        extras = [(new[row["key"]], extra) for row, extra in rows if row["key"] in new]
        for message_id, extra in extras:
            service._attach(service.browse(message_id), extra)
        # To wake the dispatcher costs a connection: those that may wait for their text wait for its next turn.
        urgent = [row["not_before"] for row, _extra in rows if row["key"] in new and not row["to_render"]]
        if urgent:
            service._trigger_dispatch(urgent)
        old = seen - new.keys()
        ids = {message.key: message.id for message in service.search([("key", "in", list(old))])} if old else {}
        ids.update(new)
        return self.browse([ids[row["key"]] for row, _extra in rows])

    def _prepare_row(self, vals, purpose_id):
        channel = vals.get("channel") or "auto"
        if channel not in ("auto", *dict(CHANNELS)):
            raise ValueError(f"unknown channel {channel!r}")
        # sudo: whoever sends about a record need not see the property's settings
        prop = self.env["pm.property"].sudo().browse(vals.get("property_id"))
        row = {
            "key": vals["key"],
            "purpose_id": purpose_id,
            "wanted_channel": channel,
            "partner_id": int(vals["partner_id"]),
            "property_id": prop.id or None,
            "company_id": (prop.company_id or self.env.company).id,
            "res_model": vals.get("res_model"),
            "res_id": vals.get("res_id"),
            "mail_template_id": vals.get("mail_template_id"),
            "sms_template_id": vals.get("sms_template_id"),
            "subject": vals.get("subject"),
            "body": vals.get("body"),
            "text": vals.get("text"),
            "to_render": bool(vals.get("to_render")),
            "not_before": vals.get("not_before") or None,
            "state": vals.get("state", "queued"),
            "reason": vals.get("reason"),
            "reason_text": vals.get("reason_text"),
            "attempts": 0,
        }
        return row, {"attachment_ids": vals.get("attachment_ids"), "attachments": vals.get("attachments")}

    def _insert(self, rows):
        """Insert the rows unless their key exists, and return ``{key: id}`` of those that are new."""
        columns = list(rows[0])
        now, uid = self.env.cr.now(), self.env.uid
        values = [
            SQL(
                "(%s, %s, %s, %s, %s)",
                SQL(", ").join(self._fields[name].convert_to_column_insert(row[name], self) for name in columns),
                uid,
                uid,
                now,
                now,
            )
            for row in rows
        ]
        self.env.cr.execute(
            SQL(
                "INSERT INTO pm_message (%s, create_uid, write_uid, create_date, write_date) VALUES %s ON CONFLICT (key) DO NOTHING RETURNING key, id",
                SQL(", ").join(map(SQL.identifier, columns)),
                SQL(", ").join(values),
            )
        )
        return dict(self.env.cr.fetchall())

    def _attach(self, message, extra):
        attachments = self.env["ir.attachment"].browse(extra["attachment_ids"] or [])
        if extra["attachments"]:
            attachments |= attachments.create(
                [
                    {"name": name, "raw": content, "res_model": "pm.message", "res_id": message.id}
                    for name, content in extra["attachments"]
                ]
            )
        if attachments:
            message.attachment_ids = attachments

    @api.model
    def _enqueue_template(
        self,
        purpose,
        template_xmlid,
        records,
        key_prefix,
        channel="auto",
        partner=None,
        property_of=None,
        not_before=None,
        short_xmlid=None,
        max_parts=0,
        later=False,
    ):
        """Render templates on records and record one message each; a record on which it fails is one failed message.

        :param template_xmlid: XML id of a ``mail.template`` or an ``sms.template``, or a list with one of each
        :param str key_prefix: the key of a message is ``<key_prefix>/<record id>``
        :param partner: function of the record that returns the addressee; default: its ``partner_id``
        :param property_of: function of the record that returns the property; default: its ``property_id``
        :param str short_xmlid: XML id of the ``sms.template`` for texts that would need more than ``max_parts`` parts
        :param bool later: the dispatcher renders at its next turn, a minute later at most, many records at once, and the
            text tells how things stand then. For texts that do not hang on the moment or the context, where somebody
            waits for the record to be saved.
        :return: the messages of all records, in their order
        """
        xmlids = [template_xmlid] if isinstance(template_xmlid, str) else template_xmlid
        templates = [self._template(xmlid) for xmlid in xmlids]
        mail = next(
            (template for template in templates if template._name == "mail.template"), self.env["mail.template"]
        )
        sms = next((template for template in templates if template._name == "sms.template"), self.env["sms.template"])
        short = self._template(short_xmlid) if short_xmlid else None
        partner = partner or (lambda record: record.partner_id)
        property_of = property_of or (
            lambda record: record["property_id"] if "property_id" in record._fields else self.env["pm.property"]
        )
        keys = {record.id: f"{key_prefix}/{record.id}" for record in records}
        done = {}
        if not later:  # what is known need not be rendered once more
            # sudo: a message that exists under its key is not written twice, whoever sees it
            done = {message.key: message.id for message in self.sudo().search([("key", "in", list(keys.values()))])}
        for chunk in split_every(RENDER_CHUNK, records.ids, list):
            todo = records.browse([record_id for record_id in chunk if keys[record_id] not in done])
            if later:
                content = dict.fromkeys(todo.ids, {"to_render": True})
            else:
                content = self._render_batch(mail, sms, todo, short=short, max_parts=max_parts)
            vals_list = []
            for record in todo:
                vals_list.append(
                    {
                        "key": keys[record.id],
                        "purpose": purpose,
                        "channel": channel,
                        "partner_id": partner(record).id,
                        "property_id": property_of(record).id,
                        "res_model": record._name,
                        "res_id": record.id,
                        "mail_template_id": mail.id,
                        "sms_template_id": sms.id,
                        "not_before": not_before,
                        **content[record.id],
                    }
                )
            done.update(zip((vals["key"] for vals in vals_list), self._enqueue(vals_list).ids, strict=True))
        return self.browse([done[keys[record_id]] for record_id in records.ids])

    # Dispatch

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

    # What the mail and SMS queues report

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

    # Buttons

    def action_retry(self):
        """Queue failed or skipped messages again; one whose template failed is rendered anew."""
        self.check_access("write")
        wrong = self.filtered(lambda m: m.state not in ("failed", "skipped"))
        if wrong:
            raise UserError(
                self.env._(
                    "To repeat a message it must have failed or been left unsent: %(names)s.",
                    names=", ".join(m.subject or m.key for m in wrong),
                )
            )
        for message in self:
            vals = {"reason": False, "reason_text": False, "not_before": False}
            if message.reason == "template":
                record = self.env[message.res_model].browse(message.res_id).exists()
                content = self._render_batch(message.mail_template_id, message.sms_template_id, record).get(
                    record.id, {}
                )
                if content.get("state") == "failed" or not record:
                    message.sudo().reason_text = content.get("reason_text") or self._gone()
                    continue
                # sudo: messages are written by the program only; the right to write them was checked above
                self._attach(
                    message.sudo(),
                    {
                        "attachment_ids": content.pop("attachment_ids", None),
                        "attachments": content.pop("attachments", None),
                    },
                )
                vals.update(content)
            message._requeue(**vals)
        self._trigger_dispatch()

    def action_cancel(self):
        self.check_access("write")
        return self._cancel(self.env._("Cancelled by %(user)s", user=self.env.user.name))

    def _cancel(self, reason):
        """Stop messages that have not left yet; for one in the mail or SMS queue its e-mail or SMS is cancelled too.

        :param str reason: kept on the message
        :raises UserError: a message was sent already, or is being sent at this moment
        """
        for message in self:
            if message.state == "handed" and message.reason == "unknown":
                raise UserError(
                    self.env._("Message “%s” is just being sent. Look again in a quarter of an hour.", message.subject)
                )
            if message.state in ("handed", "failed"):
                # sudo: the e-mail and the SMS behind a message are Odoo's own records
                mail = message.sudo().mail_mail_id
                sms = (
                    self.env["sms.sms"].sudo().search([("uuid", "=", message.reference), ("state", "=", "outgoing")])
                    if message.channel == "sms"
                    else None
                )
                if mail.state in ("outgoing", "exception"):
                    mail.cancel()
                elif sms:
                    sms.action_set_canceled()
            message._transition("cancelled", reason="cancelled", reason_text=reason)

    def _is_waiting(self):
        """Whether the message has not left the house: queued, or its e-mail or SMS still waits in Odoo's queue."""
        self.ensure_one()
        if self.state == "queued":
            return True
        if self.channel == "email":
            return self.reason != "unknown" and self.sudo().mail_mail_id.state in ("outgoing", "exception")
        domain = [("uuid", "=", self.reference), ("state", "in", ("outgoing", "error"))]
        # sudo: the e-mail and the SMS behind a message are Odoo's own records
        return bool(self.env["sms.sms"].sudo().search_count(domain, limit=1))

    def _cancel_unsent(self, reason):
        """Cancel those that have not left the house yet, be they in the mail or SMS queue already."""
        self.filtered(lambda m: m.state in ("queued", "handed", "failed") and m._is_waiting())._cancel(reason)

    def action_open_record(self):
        """Open what the message is about."""
        self.ensure_one()
        if not self.res_model or self.res_model not in self.env:
            raise UserError(self.env._("This message is not about a record."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }

    @api.model
    def _action_for(self, records):
        """Return the action that lists the messages about ``records``, for the stat button of any form."""
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_base.pm_message_action")
        return {**action, "domain": [("res_model", "=", records._name), ("res_id", "in", records.ids)], "context": {}}
