import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, html2plaintext
from odoo.tools.mail import email_split_tuples

from .pm_ticket import MAX_TEXT
from .pm_unit_visit import NOT_VISITED

MAX_MAIL_FILES = 50
MAX_SENDER_UNITS = 50


class PmTicketMail(models.Model):
    """Tickets by e-mail, and answers that reach the customer."""

    _inherit = "pm.ticket"

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """A mail to a team's address becomes a ticket; the sender's household is found by his address."""
        values = dict(custom_values or {})
        sender = self.env["res.partner"].browse(msg_dict.get("author_id") or [])
        if not sender and (address := email_normalize(msg_dict.get("email_from") or "")):
            # sudo: an e-mail comes in as nobody in particular; its sender is looked for among all
            sender = self.env["res.partner"].sudo().search([("email_normalized", "=", address)], limit=1)
        subject = (msg_dict.get("subject") or "").strip()
        body = html2plaintext(msg_dict.get("body") or "").strip()
        values.setdefault("channel", "email")
        values["name"] = (subject or body[:60] or self.env._("Mail without subject"))[:250]
        # The whole mail stays in the log; the ticket keeps what can be read.
        values["description"] = body[:MAX_TEXT]
        values["contact_email"] = (msg_dict.get("email_from") or "")[:250]
        if sender:
            values["partner_id"] = sender.id
            units = (
                self.env["pm.unit"]
                .sudo()
                .search(
                    [
                        ("party_ids", "any", [("partner_id", "=", sender.id), ("is_current", "=", True)]),
                        *([("property_id", "=", values["property_id"])] if values.get("property_id") else []),
                    ],
                    limit=MAX_SENDER_UNITS,
                )
            )
            values["unit_id"] = self._unit_meant(units, f"{subject}\n{values['description']}").id
        else:
            values["contact_name"] = next(
                (name for name, _address in email_split_tuples(msg_dict.get("email_from") or "") if name), False
            )
        if not values.get("property_id") and not values.get("unit_id"):
            team = self.env["pm.team"].browse(values.get("team_id") or [])
            values["property_id"] = (team.property_id or self.env["pm.property"].sudo().search([], limit=1)).id
        ticket = super(PmTicketMail, self.with_context(mail_create_nolog=True)).message_new(
            dict(msg_dict, subject=values["name"]), values
        )
        if sender:
            ticket.message_subscribe(partner_ids=sender.ids)
        return ticket

    @api.model
    def _unit_meant(self, units, text):
        """Return the unit of the sender that his mail is about, or none where it might be several.

        :param units: the units of the sender
        :param str text: subject and body
        """
        if len(units) > 1:
            named = units.filtered(
                lambda unit: re.search(rf"(?<![0-9A-Za-z]){re.escape(unit.code)}(?![0-9A-Za-z])", text, re.IGNORECASE)
            )
            # Whoever has a flat and a space for his car writes about the flat, unless he names the space.
            units = named or units.filtered(lambda unit: unit.unit_type not in NOT_VISITED)
        return units if len(units) == 1 else units.browse()

    def message_post(self, **kwargs):
        """A public answer by staff goes to the customer as well, who then need not be a follower of every ticket."""
        author_is_staff = self.env.user._is_internal()
        if not author_is_staff and not self.env.su:
            self._check_message_limit()
        comment = self.env.ref("mail.mt_comment")
        is_comment = kwargs.get("subtype_xmlid") == "mail.mt_comment" or kwargs.get("subtype_id") == comment.id
        if author_is_staff and is_comment and self.partner_id and kwargs.get("message_type") == "comment":
            kwargs["partner_ids"] = list({*(kwargs.get("partner_ids") or []), self.partner_id.id})
        return super().message_post(**kwargs)

    def _check_message_limit(self):
        """Against floods: a customer may write so many messages a day.

        :raises UserError: when the limit is reached
        """
        limit = self._get_limit("portal_daily_messages")
        start = self.property_id._local_midnight_utc(self.property_id._today())
        # sudo: counts what the same customer wrote on other tickets as well
        sent = (
            self.env["mail.message"]
            .sudo()
            .search_count(
                [
                    ("author_id", "=", self.env.user.partner_id.id),
                    ("model", "=", self._name),
                    ("message_type", "=", "comment"),
                    ("date", ">=", start),
                ],
                limit=limit,
            )
        )
        if sent >= limit:
            raise UserError(
                self.env._(
                    "You have written %(count)s messages today, which is the limit. In urgent cases please call us.",
                    count=limit,
                )
            )

    def _message_post_after_hook(self, message, msg_values):
        """A public message by a member of staff is an answer: it stops the clock of the first reply."""
        result = super()._message_post_after_hook(message, msg_values)
        author = message.author_id
        if (
            message.message_type in ("comment", "email_outgoing")
            and message.subtype_id == self.env.ref("mail.mt_comment")
            and not message.is_internal
            and any(user._is_internal() for user in author.with_context(active_test=False).user_ids)
        ):
            now = fields.Datetime.now()
            for ticket in self:
                if not ticket.replied_at:
                    ticket._write_protected({"replied_at": now})
            self._deadline_event("replied", now)
        return result

    def _mail_get_partner_fields(self, introspect_fields=False):
        return ["partner_id"]
