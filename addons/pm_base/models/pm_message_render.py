import base64
import logging

from odoo import SUPERUSER_ID, api, models
from odoo.tools import html2plaintext, split_every

from ..tools.sms_length import sms_parts

_logger = logging.getLogger(__name__)

RENDER_CHUNK = 50


class PmMessageRender(models.Model):
    """What a message says, made from its templates: when it is recorded, or by the dispatcher (``to_render``)."""

    _inherit = "pm.message"

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

    @api.model
    def _template(self, xmlid):
        """Return the template; its number is kept by the server, unlike with ``env.ref``, which looks it up each time."""
        model, template_id = self.env["ir.model.data"]._xmlid_to_res_model_res_id(xmlid, raise_if_not_found=True)
        return self.env[model].browse(template_id).sudo(False)

    def _render_waiting(self):
        """Give the messages that wait for it their text, before the rules are asked; one that cannot be rendered fails.

        In the transaction of the hand-over: a crash leaves them waiting, and what was said stays with the message.
        """
        # Whom nobody gave a language is addressed in that of the company, not in that of the scheduler.
        groups = self.filtered("to_render").grouped(
            lambda message: (
                message.res_model,
                message.mail_template_id,
                message.sms_template_id,
                message.company_id.partner_id.lang or self.env.lang,
            )
        )
        for (model, mail, sms, lang), messages in groups.items():
            env = self.with_user(SUPERUSER_ID).with_context(lang=lang).env
            # The messages of a module that was uninstalled are about nothing any more.
            records = env[model].browse(messages.mapped("res_id")).exists() if model in env else env["pm.message"]
            contents = {}
            for chunk in split_every(RENDER_CHUNK, records.ids, records.browse):
                contents.update(env["pm.message"]._render_batch(mail.with_env(env), sms.with_env(env), chunk))
            for message in messages:
                message._receive_content(contents.get(message.res_id))

    def _receive_content(self, content):
        """Write the rendered ``content`` (see `_render_batch`; None: the record is gone) on the message."""
        self.ensure_one()
        if content is None:
            content = {"state": "failed", "reason": "template", "reason_text": self._gone()}
        content = dict(content)
        files = {name: content.pop(name, None) for name in ("attachment_ids", "attachments")}
        self._transition(content.pop("state", self.state), to_render=False, **content)
        # sudo: messages are written by the dispatcher only
        self._attach(self.sudo(), files)

    def _gone(self):
        return self.env._("The record does not exist any more.")

    def _render_batch(self, mail, sms, records, **limits):
        """Return ``{record id: content values}``; try all at once, then one by one to find the broken record."""
        if not records:
            return {}
        try:
            with self.env.cr.savepoint():
                return self._render_content(mail, sms, records, **limits)
        except Exception:
            _logger.info("Templates %s %s fail on a batch, rendering one by one", mail.ids, sms.ids, exc_info=True)
        result = {}
        for record in records:
            try:
                with self.env.cr.savepoint():
                    result.update(self._render_content(mail, sms, record, **limits))
            except Exception as error:
                result[record.id] = {
                    "state": "failed",
                    "reason": "template",
                    "reason_text": str(error) or type(error).__name__,
                }
        return result

    def _render_content(self, mail, sms, records, short=None, max_parts=0):
        result = {record.id: {} for record in records}
        if mail:
            mail = mail.with_context(pm_keep_compiled=True)
            rendered = mail._generate_template(
                records.ids, ("subject", "body_html", "attachment_ids", "report_template_ids")
            )
            langs = mail._render_lang(records.ids) if mail.lang else {}
            for record in records:
                values = rendered[record.id]
                body = values.get("body_html")
                if mail.email_layout_xmlid:
                    localized = mail.with_context(lang=langs.get(record.id) or self.env.lang)
                    body = localized._render_encapsulate(mail.email_layout_xmlid, body, context_record=record)
                result[record.id].update(
                    subject=values.get("subject"),
                    body=body,
                    attachment_ids=values.get("attachment_ids"),
                    attachments=[
                        (name, base64.b64decode(content)) for name, content in values.get("attachments") or []
                    ],
                )
        if sms:
            texts = self._render_texts(sms, records.ids)
            if short:
                texts.update(
                    self._render_texts(short, [key for key, text in texts.items() if sms_parts(text) > max_parts])
                )
            for record_id, text in texts.items():
                result[record_id]["text"] = text
        return result

    def _render_texts(self, sms, record_ids):
        if not record_ids:
            return {}
        texts = sms._render_field("body", record_ids, compute_lang=bool(sms.lang))
        return {record_id: html2plaintext(text).strip() if text else text for record_id, text in texts.items()}
