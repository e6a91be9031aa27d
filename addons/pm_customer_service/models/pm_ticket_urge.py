from odoo import fields, models
from odoo.tools import plaintext2html


class PmTicketUrge(models.Model):
    """A customer who asks again (催单): counted on the ticket, told to whoever handles it."""

    _inherit = "pm.ticket"

    urge_count = fields.Integer(
        string="Asked Again",
        readonly=True,
        copy=False,
        help="How often the customer asked again before it was handled.",
    )
    urged_at = fields.Datetime(string="Asked Again On", readonly=True, copy=False)

    def _get_protected(self):
        return super()._get_protected() | {"urge_count", "urged_at"}

    def action_urge(self, words=None):
        """Note that the customer asked again and tell the handler; where nobody handles it, the team leader and the supervisor.

        :param str words: what the customer said
        :raises UserError: the ticket is not open any more
        """
        self.check_access("write")
        now = fields.Datetime.now()
        for ticket in self:
            ticket._require(
                ticket.state in ("new", "assigned", "in_progress"),
                self.env._("it is handled already: reopen it if the customer is not satisfied."),
            )
            ticket._write_protected({"urge_count": ticket.urge_count + 1, "urged_at": now})
            text = (words or "").strip()[:2000]
            body = self.env._("The customer asked again (%(count)s).", count=ticket.urge_count)
            ticket.message_post(body=plaintext2html(f"{body}\n{text}" if text else body), subtype_xmlid="mail.mt_note")
            ticket._remind_of_urge(text)
        return True

    def _remind_of_urge(self, text):
        self.ensure_one()
        people = self.user_id or self.team_id.sudo().user_id  # sudo: whoever leads the team
        if not people:
            people = self.env["pm.escalation.rule"]._get_property_users(self.property_id, "supervisor")
        # sudo: whoever takes the call may not give work to the handler, the rule does
        for user in people.sudo().filtered("active"):
            self.sudo().activity_schedule(
                "pm_customer_service.mail_activity_type_urge",
                user_id=user.id,
                summary=self.with_context(lang=user.lang).env._("The customer asked again"),
                note=text and plaintext2html(text),
            )
