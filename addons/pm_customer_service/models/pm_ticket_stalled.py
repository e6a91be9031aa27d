from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .pm_ticket import OPEN_STATES

# Steps that follow one another within it are one: the second needs no write of its own.
MOMENT = timedelta(minutes=1)


class PmTicketStalled(models.Model):
    """An open ticket on which nobody does anything, whether its clocks run or are paused: work is not put off. Source: S1-57.

    Done is what helps the customer on: a step, a time agreed, a visit, anything written by staff. To pass it on from one
    handler to the next, or to pause its clocks, is not. What waits for a moment to come, agreed with the customer or
    planned, does not stand still, nor does a caller's ticket while its incident runs.
    """

    _inherit = "pm.ticket"

    _progress_index = models.Index("(property_id, progressed_at) WHERE state IN ('new', 'assigned', 'in_progress')")

    progressed_at = fields.Datetime(
        string="Last Step",
        readonly=True,
        copy=False,
        default=fields.Datetime.now,
        help="When staff last did something about it: took a step, agreed a time or wrote something.",
    )
    is_stalled = fields.Boolean(
        string="Stalled",
        compute="_compute_is_stalled",
        search="_search_is_stalled",
        help="Open, and nothing was done about it for the days of the settings (S1-57).",
    )

    def _get_protected(self):
        return super()._get_protected() | {"progressed_at"}

    @api.model
    def _stalled_domain(self):
        """Return the condition of the tickets on which nothing is done; it names the present moment."""
        days = self._get_limit("stalled_days")
        if days <= 0:
            return Domain.FALSE
        now = fields.Datetime.now()
        to_come = Domain("start", ">=", now) & Domain("state", "=", "planned")
        planned = Domain("date_due", ">=", now) & Domain("state", "=", "open")
        return (
            Domain("state", "in", OPEN_STATES)
            & Domain("progressed_at", "<=", now - timedelta(days=days))
            & (Domain("promised_date", "=", False) | Domain("promised_date", "<", now))
            & Domain("appointment_ids", "not any", to_come)
            & Domain("milestone_ids", "not any", planned)
            & (Domain("incident_id", "=", False) | Domain("incident_id.state", "!=", "running"))
        )

    @api.depends("state", "progressed_at", "promised_date", "incident_id")
    def _compute_is_stalled(self):
        stalled = self.filtered_domain(self._stalled_domain())
        for ticket in self:
            ticket.is_stalled = ticket in stalled

    def _search_is_stalled(self, operator, value):
        if operator != "in":
            return NotImplemented
        stalled = self._stalled_domain()
        return stalled if True in value else ~stalled

    def _note_progress(self):
        """Somebody did something about the tickets."""
        now = fields.Datetime.now()
        old = self.filtered(
            lambda ticket: ticket.state in OPEN_STATES
            and (not ticket.progressed_at or ticket.progressed_at < now - MOMENT)
        )
        # sudo: who may write a message about a ticket need not be able to change it
        old.sudo()._write_protected({"progressed_at": now})

    def _deadline_event(self, event, at=None):
        started = super()._deadline_event(event, at)
        if event not in ("created", "repeated"):  # a ticket just recorded was given its moment with the rest
            self._note_progress()
        return started

    def _message_post_after_hook(self, message, msg_values):
        result = super()._message_post_after_hook(message, msg_values)
        # Archived users, among them the program itself, are no staff at work. sudo: who an author is
        if any(user._is_internal() for user in message.author_id.sudo().user_ids):
            self._note_progress()
        return result


class PmTicketMilestone(models.Model):
    _inherit = "pm.ticket.milestone"

    def _transition(self, target, **values):
        result = super()._transition(target, **values)
        self.ticket_id._note_progress()
        return result
