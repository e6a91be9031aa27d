from odoo import api, models
from odoo.tools import SQL, split_every

from .pm_message_purpose import CHANNELS

INSERT_CHUNK = 500


class PmMessageEnqueue(models.Model):
    """Recording messages: each key once, whoever asks for it and however often."""

    _inherit = "pm.message"

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
