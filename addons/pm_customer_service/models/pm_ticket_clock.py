from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .pm_ticket import OPEN_STATES


class PmTicketClock(models.Model):
    """Agreed times, the people behind the clocks, and the calls that follow."""

    _inherit = "pm.ticket"

    def _check_promise(self, moment):
        """A promise lies in the future; one given is postponed only by telling the customer (S0-162)."""
        if moment and moment < fields.Datetime.now() and not self.env.su:
            raise UserError(
                self.env._(
                    "The agreed time lies in the past: to agree a time you must choose one that is still to come."
                )
            )
        given = self.filtered(lambda ticket: ticket.promised_date and ticket.state in OPEN_STATES)
        if not self.env.su and any(not moment or moment > ticket.promised_date for ticket in given):
            raise UserError(
                self.env._("To postpone an agreed time you must tell the customer: use the button Delay (S0-162).")
            )

    def _agree_default_time(self):
        """A suggestion is recorded with a reply time (S0-121); where nobody named one it is the handbook's own deadline."""
        suggestions = self.filtered(lambda ticket: ticket.type_id.needs_decision)
        for ticket in suggestions:
            reply = ticket._open_deadlines(Domain("kind", "=", "reply"))[:1]
            if reply:
                ticket._write_protected({"promised_date": reply.due})
        suggestions._deadline_event("agreed")

    def _get_deadline_user(self):
        return self.user_id or self.first_receiver_id or self.butler_id

    def _get_agreed_due(self, kind):
        return self.promised_date if kind == "promise" and self.state in OPEN_STATES else False

    def _get_escalation_users(self, role):
        users = {
            "handler": self.user_id,
            "first_receiver": self.first_receiver_id,
            "butler": self.butler_id,
            "team_leader": self.team_id.user_id,
        }
        return users[role] if role in users else super()._get_escalation_users(role)

    def _plan_followups(self):
        """Put the calls to make on somebody's list: first receiver (answerable), else butler, else handler."""
        due_by_ticket = {
            row.res_id: row.due
            for row in self.env["pm.deadline"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("kind", "=", "followup"),
                    ("state", "=", "running"),
                ]
            )
        }
        kind = self.env.ref("pm_customer_service.mail_activity_type_followup")
        vals_list = []
        for ticket in self.filtered("needs_followup"):
            user = (ticket.first_receiver_id or ticket.butler_id or ticket.user_id).filtered("active") or self.env.user
            due = due_by_ticket.get(ticket.id, fields.Datetime.now())
            vals_list.append(
                {
                    "activity_type_id": kind.id,
                    "res_model_id": self.env["ir.model"]._get_id(self._name),
                    "res_id": ticket.id,
                    "user_id": user.id,
                    "automated": True,
                    "date_deadline": fields.Datetime.context_timestamp(
                        ticket.with_context(tz=ticket.property_id.tz), due
                    ).date(),
                }
            )
        # sudo: the handler may not assign work to the first receiver, the rule does
        self.env["mail.activity"].sudo().with_context(mail_activity_quick_update=True).create(vals_list)
