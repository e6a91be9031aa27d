from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from odoo.addons.pm_base.tools.labels import selection_labels

# (from, to) -> name of the guard method; what is not listed does not exist.
TRANSITIONS = {
    ("new", "assigned"): "_guard_assigned",
    ("assigned", "new"): "_guard_unassigned",
    ("assigned", "in_progress"): "_guard_in_progress",
    ("in_progress", "handled"): "_guard_handled",
    ("handled", "followed_up"): "_guard_followed_up",
    ("handled", "closed"): "_guard_closed",
    ("followed_up", "closed"): "_guard_closed",
    ("handled", "in_progress"): "_guard_reopened",
    ("followed_up", "in_progress"): "_guard_reopened",
    ("closed", "in_progress"): "_guard_reopened",
    ("new", "invalid"): "_guard_invalid",
    ("assigned", "invalid"): "_guard_invalid",
    ("in_progress", "invalid"): "_guard_invalid",
    ("new", "cancelled"): "_guard_cancelled",
    ("assigned", "cancelled"): "_guard_cancelled",
    ("in_progress", "cancelled"): "_guard_cancelled",
}
EVENT_OF = {
    "assigned": "assigned",
    "in_progress": "started",
    "handled": "handled",
    "followed_up": "followed_up",
    "closed": "closed",
}


class PmTicketState(models.Model):
    """The one place where a ticket changes its state, and what must hold before each step (requirements §6)."""

    _inherit = "pm.ticket"

    def _transition(self, target):
        """Move the tickets to ``target`` if every guard agrees; fills who and when, moves the clocks.

        :raises UserError: naming what must be done first
        """
        labels = selection_labels(self, "state")
        for ticket in self:
            guard = TRANSITIONS.get((ticket.state, target))
            if not guard:
                raise UserError(
                    self.env._(
                        "Ticket %(ticket)s is “%(state)s” and cannot become “%(target)s” from there.",
                        ticket=ticket.number,
                        state=labels[ticket.state],
                        target=labels[target],
                    )
                )
            getattr(ticket, guard)()
        reopened = []
        now = fields.Datetime.now()
        for origin, tickets in self.grouped("state").items():
            vals = {"state": target}
            if target == "new":
                vals |= {"user_id": False, "assigned_at": False}
            elif target == "assigned":
                vals["assigned_at"] = now
            elif target == "in_progress":
                vals["started_at"] = now
                if origin in ("handled", "followed_up", "closed"):
                    tickets._reopen_values(vals)
            elif target == "handled":
                vals |= {"handled_at": now, "handled_by_id": self.env.uid}
            elif target == "followed_up":
                vals["followed_up_at"] = now
            elif target == "closed":
                vals |= {"closed_at": now, "closed_by_id": self.env.uid}
            tickets._write_protected(vals)
            if origin in ("handled", "followed_up", "closed") and target == "in_progress":
                reopened += tickets.ids
                for ticket in tickets:
                    ticket._write_protected({"reopen_count": ticket.reopen_count + 1})
        if target in ("assigned", "in_progress") and self.env.user._is_internal() and not self.env.su:
            # From the portal or by mail nobody has received it yet: whoever takes it up is the first receiver.
            self.filtered(lambda ticket: not ticket.first_receiver_id)._write_protected(
                {"first_receiver_id": self.env.uid}
            )
        if target == "handled":
            for ticket in self:
                ticket._write_protected(
                    {"needs_followup": ticket.needs_followup or ticket.type_id._is_sampled(ticket.number)}
                )
        if target in ("invalid", "cancelled"):
            self._cancel_deadlines(reason=labels[target])
            self.activity_unlink(
                ["pm_customer_service.mail_activity_type_deadline", "pm_customer_service.mail_activity_type_followup"]
            )
        elif target in EVENT_OF:
            self._deadline_event(EVENT_OF[target], now)
        if reopened:
            again = self.browse(reopened)
            # What waited for the result waits no longer: it starts anew when the ticket is handled again.
            waiting = again._open_deadlines(Domain("rule_id.start_event", "=", "handled"))
            waiting._settle(now, cancel_reason=self.env._("Reopened"))
            again.activity_unlink(["pm_customer_service.mail_activity_type_followup"])
            again._deadline_event("reopened", now)
        if target == "handled":
            # Solved: no time needs to be agreed any more, and the result is what the customer hears next.
            self._meet_deadline("agree", now)
            self._meet_deadline("contact", now)
            self._plan_followups()
            self._notify_handled()
        elif target == "followed_up":
            self.activity_feedback(["pm_customer_service.mail_activity_type_followup"])
        elif target == "closed":
            self.activity_unlink(["pm_customer_service.mail_activity_type_deadline"])
            self._cancel_deadlines(reason=labels[target])
            self._notify_closed()

    def _reopen_values(self, vals):
        """What a reopened ticket forgets: the result is no longer true, the history stays in the log."""
        vals |= {
            "handled_at": False,
            "handled_by_id": False,
            "fed_back_at": False,
            "fed_back_by_id": False,
            "followed_up_at": False,
            "closed_at": False,
            "closed_by_id": False,
            "outcome": False,
            "satisfied": False,
        }

    def _require(self, condition, message):
        if not condition:
            raise UserError(self.env._("%(ticket)s: %(message)s", ticket=self.number, message=message))

    def _guard_assigned(self):
        self._require(self.user_id, self.env._("to assign the ticket you must name one handler (S0-94)."))
        self._check_handler()

    def _guard_unassigned(self):
        return

    def _guard_in_progress(self):
        self._require(self.user_id, self.env._("to start work you must name one handler (S0-94)."))

    def _guard_handled(self):
        self._require(self.user_id, self.env._("to finish the ticket you must name one handler (S0-94)."))
        self._require(
            self.outcome,
            self.env._(
                "to finish the ticket you must choose the outcome: explained, solved at once, by appointment, or outside our services."
            ),
        )
        if self.outcome == "explained":
            self._require(
                (self.explanation or "").strip(),
                self.env._(
                    "to finish as “explained” you must write what was explained and that the customer understood (S0-117)."
                ),
            )
        elif self.outcome != "out_of_scope" and not self.type_id.needs_decision:
            self._require((self.solution or "").strip(), self.env._("to finish the ticket you must write the result."))
        if self.outcome == "appointment":
            self._require(
                self._has_agreed_time(),
                self.env._("to finish “by appointment” you must enter the agreed time (S0-92)."),
            )
        if self.type_id.needs_decision:
            self._require(
                self.decision, self.env._("to finish a suggestion you must say whether it is adopted (S0-122).")
            )
            if self.decision == "rejected":
                self._require(
                    (self.decision_reason or "").strip(),
                    self.env._("to reject a suggestion you must give the reason (S0-122)."),
                )

    def _guard_followed_up(self):
        self._require(
            self.followup_ids.filtered(
                lambda followup: followup.satisfied == "satisfied"
                and followup.date >= (self.handled_at or followup.date)
            ),
            self.env._(
                "to set it to “followed up” you must record a follow-up with which the customer is satisfied (S0-118)."
            ),
        )

    def _guard_closed(self):
        kind = self.type_id.closed_by
        user = self.env.user
        needed = "pm_base.group_officer" if kind == "officer" else "pm_base.group_supervisor"
        if not self.env.su and not user.has_group(needed):
            raise AccessError(
                self.env._("Ticket %(ticket)s: only a supervisor verifies and closes (S0-29).", ticket=self.number)
                if kind != "officer"
                else self.env._(
                    "Ticket %(ticket)s: only a butler, officer or supervisor closes it.", ticket=self.number
                )
            )
        if kind == "supervisor":
            self._require(
                user not in (self.user_id | self.handled_by_id),
                self.env._("the handler may not close it: ask another supervisor (S0-29)."),
            )
            self._require(
                user != self.fed_back_by_id,
                self.env._(
                    "whoever confirmed the result with the customer may not close it as well: ask another supervisor (CON-09)."
                ),
            )
        if self.type_id.needs_feedback:
            self._require(
                self.fed_back_at,
                self.env._("to close it you must report the result to the customer and ask for an opinion (S0-71)."),
            )
        if self.needs_followup:
            self._require(
                self.followed_up_at,
                self.env._("to close it you must follow it up: it is a complaint or was drawn in the sample (S0-118)."),
            )

    def _guard_reopened(self):
        self._require((self.reopen_reason or "").strip(), self.env._("to reopen it you must give the reason."))

    def _guard_invalid(self):
        self._require((self.stop_reason or "").strip(), self.env._("to mark it invalid you must give the reason."))
        if (
            not self.env.su
            and self.type_code == "complaint"
            and not self.env.user.has_group("pm_base.group_supervisor")
        ):
            raise AccessError(
                self.env._("Ticket %(ticket)s: only a supervisor declares a complaint invalid.", ticket=self.number)
            )

    def _guard_cancelled(self):
        self._require((self.stop_reason or "").strip(), self.env._("to cancel it you must give the reason."))
