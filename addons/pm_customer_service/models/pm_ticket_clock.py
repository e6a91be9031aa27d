from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .pm_ticket import OPEN_STATES

CONTACTS = ("replied", "fed_back", "agreed")
CLASSIFYING = {"type_id", "category_id", "severity", "priority", "is_common_part"}


class PmTicketClock(models.Model):
    """Agreed times, the people behind the clocks, and the calls that follow."""

    _inherit = "pm.ticket"

    # Planned with the other values of a new ticket, so that recording one writes it once; later its clocks keep it.
    next_due = fields.Datetime(compute="_compute_next_due", store=True, precompute=True)
    is_paused = fields.Boolean(compute="_compute_is_paused", help="At least one of its clocks stands still.")

    def _compute_next_due(self):
        """The earliest deadline of tickets that are just being recorded."""
        now, memo = fields.Datetime.now(), {}
        earliest = {}
        for clock, ticket in self._match_clocks(lambda clock: clock.start_event == "created"):
            due = self.env["pm.deadline.rule"]._plan_clock(clock, ticket, now, memo)
            if due:
                earliest[ticket] = min(due, earliest.get(ticket, due))
        for ticket in self:
            ticket.next_due = earliest.get(ticket, False)

    @api.depends("deadline_ids.paused_since", "deadline_ids.state")
    def _compute_is_paused(self):
        # sudo: whether the clocks stand still is asked by those as well who may not read them
        for ticket in self.sudo():
            ticket.is_paused = any(
                clock.paused_since and not clock.met_at and clock.state in ("running", "breached")
                for clock in ticket.deadline_ids
            )

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

    def _has_agreed_time(self):
        """Tell whether a time was agreed with the customer, whatever for."""
        self.ensure_one()
        return bool(self.promised_date)

    def _agree_default_time(self):
        """A suggestion is recorded with a reply time (S0-121); where nobody named one it is the handbook's own deadline."""
        suggestions = self.filtered(lambda ticket: ticket.type_id.needs_decision)
        for ticket in suggestions:
            reply = ticket._open_deadlines(Domain("kind", "=", "reply"))[:1]
            if reply:
                ticket._write_protected({"promised_date": reply.due})
        suggestions._deadline_event("agreed")

    def _deadline_event(self, event, at=None):
        """An answer, a report back or an agreed time is a contact: whoever took the request stays in touch (S0-116)."""
        started = super()._deadline_event(event, at)
        if event in CONTACTS:
            super()._deadline_event("contacted", at)
        return started

    def write(self, vals):
        result = super().write(vals)
        if CLASSIFYING & vals.keys():
            self.filtered(lambda ticket: ticket.state in OPEN_STATES)._replan()
        return result

    def _replan(self):
        """Classified anew, a ticket gets the clocks of what it is now: a complaint that turns out major its 3 and 5 days.

        What was kept or missed stays so. The new clock counts from the receipt, or from now where that would be missed
        before anybody could know.
        """
        now = fields.Datetime.now()
        deadlines = self.env["pm.deadline"]
        pairs = self._match_clocks(lambda clock: clock.start_event == "created")
        wanted = {(ticket.id, clock.kind): clock.id for clock, ticket in pairs}
        running = self._open_deadlines(Domain("state", "=", "running") & Domain("rule_id.start_event", "=", "created"))
        stale = running.filtered(lambda row: wanted.get((row.res_id, row.kind)) != row.rule_id.id)
        stale._settle(now, cancel_reason=self.env._("Classified anew"))
        stale.flush_recordset()
        # sudo: clocks are readable, never writable, for people
        done = deadlines.sudo().search(
            [("res_model", "=", self._name), ("res_id", "in", self.ids), ("state", "!=", "cancelled")]
        )
        have = {(row.res_id, row.kind) for row in done}
        missing = [(clock, ticket) for clock, ticket in pairs if (ticket.id, clock.kind) not in have]
        for clock, ticket in missing:
            due = self.env["pm.deadline.rule"]._plan_clock(clock, ticket, ticket.received_at)
            deadlines._launch([(clock, ticket)], ticket.received_at if due and due >= now else now)
        if stale or missing:
            self._sync_next_due()

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
