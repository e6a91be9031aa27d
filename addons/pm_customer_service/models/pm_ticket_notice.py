from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import UserError


class PmTicketNotice(models.Model):
    """What the customer is told, and when. Every message goes through ``pm.message``: recorded before it is sent."""

    _inherit = "pm.ticket"

    def _enqueue_notice(self, template, key, later=False):
        """Queue mail and SMS template ``template`` to the tickets' customers, once per ``key`` and ticket.

        :param bool later: the text is made when it is sent, see ``pm.message._enqueue_template``
        """
        receivers = self.filtered("partner_id")
        if receivers:
            # The program writes to the customer, whoever made the step: a customer in the portal may not read templates.
            receivers = receivers.with_user(SUPERUSER_ID)
            templates = [f"pm_customer_service.{kind}_template_{template}" for kind in ("mail", "sms")]
            receivers.env["pm.message"]._enqueue_template("service", templates, receivers, key, later=later)

    def _notify_received(self):
        # Whoever records a ticket has a customer before him: he does not wait for the text of the receipt.
        self.filtered("type_id.acknowledge")._enqueue_notice("ticket_received", "ticket-received", later=True)

    def _notify_handled(self):
        """Result and question for the customer's opinion. This message alone is no report back: somebody must confirm it (S0-71)."""
        for count, tickets in self.grouped("reopen_count").items():
            tickets.filtered("type_id.needs_feedback")._enqueue_notice("ticket_handled", f"ticket-handled/{count}")

    def _notify_closed(self):
        for count, tickets in self.grouped("reopen_count").items():
            tickets.filtered("type_id.ask_rating")._enqueue_notice("ticket_rating", f"ticket-rating/{count}")

    def _escalate_to_customer(self, deadline):
        """An agreed time is about to lapse and nobody has told the customer: the program asks for understanding (S0-162)."""
        on_site = self.appointment_ids.filtered(lambda visit: visit.state == "arrived")
        (self - on_site.ticket_id)._enqueue_notice("ticket_progress", f"ticket-progress/{deadline.id}")

    def _notify_delay(self, moment, words):
        """Tell the customer about a delay and agree a new time, before the old one lapses (S0-162).

        The clock of the old promise is replaced if it has not lapsed yet; otherwise it stays missed.
        """
        self.ensure_one()
        self.check_access("write")
        if moment < fields.Datetime.now():
            raise UserError(self.env._("The new time lies in the past: choose one that is still to come."))
        self._write_protected({"promised_date": moment, "delay_notified_at": fields.Datetime.now()})
        self._deadline_event("agreed")
        self.with_context(delay_words=words)._enqueue_notice(
            "ticket_delay", f"ticket-delay/{fields.Datetime.to_string(moment)}"
        )
        self.message_post(
            body=self.env._(
                "Delay told to the customer: new time %(moment)s. %(words)s",
                moment=fields.Datetime.context_timestamp(self.with_context(tz=self.property_id.tz), moment).strftime(
                    "%Y-%m-%d %H:%M"
                ),
                words=words or "",
            ),
            subtype_xmlid="mail.mt_note",
        )
