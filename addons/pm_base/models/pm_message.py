from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import clean_context

from ..tools.labels import selection_labels
from .pm_message_purpose import CHANNELS

CONTENT = {"subject", "body", "text"}

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
        labels = selection_labels(self, "state")
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
