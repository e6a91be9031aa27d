from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .pm_appointment import OPEN

DEFAULT_MINUTES = 60


class PmTicketDispatch(models.Model):
    """Who goes there and when: sending a technician, taking from the pool, taking turns. Source: S0-79, S0-80, S2-07, S4-79."""

    _inherit = "pm.ticket"

    appointment_ids = fields.One2many("pm.appointment", "ticket_id", string="Visits")
    next_visit = fields.Datetime(compute="_compute_next_visit", compute_sudo=True, help="Start of the next open visit.")
    next_technician_id = fields.Many2one(
        "res.users", string="Technician", compute="_compute_next_visit", compute_sudo=True
    )
    needs_visit = fields.Boolean(related="type_id.needs_visit")

    @api.depends("appointment_ids.state", "appointment_ids.start", "appointment_ids.user_id")
    def _compute_next_visit(self):
        for ticket in self:
            visit = ticket.appointment_ids.filtered(lambda visit: visit.state in OPEN).sorted("start")[:1]
            ticket.next_visit, ticket.next_technician_id = visit.start, visit.user_id

    # ------------------------------------------------------------------
    # Clocks and steps
    # ------------------------------------------------------------------

    def _get_agreed_due(self, kind):
        if kind == "arrival":
            # sudo: whoever moves the ticket on, its visits count
            planned = self.sudo().appointment_ids.filtered(lambda visit: visit.state == "planned")
            return min(planned.mapped("start"), default=False)
        return super()._get_agreed_due(kind)

    def _restart_arrival(self):
        """Let the arrival clock follow the earliest visit still to come, or stop where there is none."""
        waiting = self.filtered(lambda ticket: ticket._get_agreed_due("arrival"))
        (self - waiting)._cancel_deadlines("arrival", self.env._("No visit is agreed any more."))
        waiting._deadline_event("scheduled")

    def _technician_arrived(self, at):
        """Somebody is there: work has begun, the arrival clock has done its duty."""
        self.filtered(lambda ticket: ticket.state == "assigned")._transition("in_progress")
        self._deadline_event("arrived", at)
        self._meet_deadline("agree", at)
        self._restart_arrival()

    def _get_escalation_users(self, role):
        if role == "technician":
            return self.appointment_ids.filtered(lambda visit: visit.state in OPEN).sorted("start")[:1].user_id
        return super()._get_escalation_users(role)

    def _job_signs(self):
        """Tell whether a visit to this ticket ends with the customer's signature; nobody signs for common parts."""
        self.ensure_one()
        return bool(self.type_id.needs_signature and not self.is_common_part)

    def _has_agreed_time(self):
        return super()._has_agreed_time() or bool(self.sudo().appointment_ids)  # sudo: see _get_agreed_due

    def _guard_handled(self):
        super()._guard_handled()
        # sudo: visits of everybody count
        on_site = self.sudo().appointment_ids.filtered(lambda visit: visit.state == "arrived")
        if self._job_signs():
            for visit in on_site:
                self._require(
                    visit.signed_at or visit.no_signature_reason,
                    self.env._(
                        "to finish a visit the customer must sign; without a signature write why (requirements §6: done = signature)."
                    ),
                )

    def _transition(self, target):
        result = super()._transition(target)
        if target in ("handled", "cancelled", "invalid"):
            # sudo: the visits follow their ticket, whoever moves it
            visits = self.sudo().appointment_ids.filtered(lambda visit: visit.state in OPEN)
            if visits:
                self._end_visits(visits, target)
        elif target == "new":
            self.sudo().appointment_ids.filtered(lambda visit: visit.state == "planned")._call_off(
                self.env._("The ticket was given back.")
            )
        return result

    def _end_visits(self, visits, target):
        """The ticket is over: visits under way are done, those to come are called off and the people told."""
        on_site = visits.filtered(lambda visit: visit.state == "arrived")
        if target == "handled":
            on_site._transition("done", left_at=fields.Datetime.now())
        else:
            on_site._call_off(self.stop_reason)
        planned = visits - on_site
        if planned:
            planned._call_off(
                self.env._("The ticket was handled before.") if target == "handled" else self[:1].stop_reason
            )
            planned._tell("off", lambda visit: visit.partner_id)
            planned._tell("technician_off", lambda visit: visit.user_id.partner_id)

    # ------------------------------------------------------------------
    # Sending somebody
    # ------------------------------------------------------------------

    def action_dispatch(self):
        """Open the window that names technician and time."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send a Technician"),
            "res_model": "pm.ticket.dispatch",
            "view_mode": "form",
            "target": "new",
            "context": {"default_ticket_id": self.id},
        }

    def _get_visit_minutes(self):
        self.ensure_one()
        return self.category_id.visit_minutes or DEFAULT_MINUTES

    def _get_earliest_visit(self):
        """Return from when on somebody may be there: now and the way, rounded up to five minutes."""
        # sudo: the settings of the team, whoever may read teams
        moment = fields.Datetime.now() + timedelta(minutes=self.team_id.sudo().travel_minutes or 0)
        rest = timedelta(minutes=moment.minute % 5, seconds=moment.second)
        return (moment - rest + timedelta(minutes=5 if rest else 0)).replace(microsecond=0)

    def _agree_visit(self, user, start=None, minutes=None, disruptive=False):
        """Agree a visit of ``user`` and return it; without ``start`` as soon as he is free.

        :raises UserError: time in the past, technician busy, ticket finished
        """
        self.ensure_one()
        minutes = minutes or self._get_visit_minutes()
        if not start:
            start = self.env["pm.appointment"]._next_free(user, self._get_earliest_visit(), minutes)[user.id]
        return self.env["pm.appointment"].create(
            {
                "ticket_id": self.id,
                "user_id": user.id,
                "start": start,
                "stop": start + timedelta(minutes=minutes),
                "is_disruptive": disruptive,
            }
        )

    # ------------------------------------------------------------------
    # The pool
    # ------------------------------------------------------------------

    def action_take(self):
        """I handle it; out of a pool only as long as the cap allows."""
        for ticket in self:
            if ticket._is_in_pool() and not self.env.user.has_group("pm_base.group_front_desk"):
                ticket._reserve()
        return super().action_take()

    def _is_in_pool(self):
        # sudo: the settings of the team, whoever may read teams
        return self.state == "new" and not self.user_id and self.team_id.sudo().dispatch_mode == "pool"

    def _grab(self, start=None, minutes=None):
        """Take the ticket out of the pool for the present user, with a visit; first come, first served.

        :param datetime start: naive UTC; default: as soon as he is free
        :returns: the visit, or none where the ticket's kind needs no visit
        :raises UserError: somebody was quicker, it is not in a pool of his, or his cap is reached
        """
        self.ensure_one()
        user = self.env.user
        self._reserve()
        # sudo: membership of a team, not the team itself
        team = self.team_id.sudo()
        if not team or user not in team.member_ids:
            raise AccessError(self.env._("%(ticket)s is not in a pool of yours.", ticket=self.number))
        if self.needs_visit or start:
            return self._agree_visit(user, start, minutes)
        self.user_id = user
        return self.env["pm.appointment"]

    def _reserve(self):
        """Lock the ticket and the taker for this transaction, and check that both are free.

        Of two who take one ticket at the same moment the second waits, fails to serialise and is run again by the server:
        then it reads who was quicker. Touching the taker's row does the same for two takings by one person.
        """
        self.ensure_one()
        user = self.env.user
        # sudo: out of the pool the ticket is out of his sight, yet a member of its team is told why, not that he has no access
        if user in self.sudo().team_id.member_ids:
            self._refuse_taken()
        self.check_access("write")
        self.flush_recordset()
        self.env.cr.execute(SQL("UPDATE pm_ticket SET write_date = write_date WHERE id = %s", self.id))
        self.env.cr.execute(SQL("UPDATE res_users SET write_date = write_date WHERE id = %s", user.id))
        self.invalidate_recordset(["state", "user_id"])
        self._refuse_taken()
        team = self.team_id.sudo()
        cap = team.pool_cap
        if team.dispatch_mode == "pool" and cap and team._open_jobs(user).get(user.id, 0) >= cap:
            raise UserError(
                self.env._(
                    "You have %(cap)s unfinished jobs, which is the limit of %(team)s: to take another one you must finish one first.",
                    cap=cap,
                    team=team.name,
                )
            )

    def _refuse_taken(self):
        ticket = self.sudo()  # sudo: who was quicker
        if ticket.state != "new" or ticket.user_id:
            raise UserError(
                self.env._(
                    "%(ticket)s was taken by %(user)s a moment ago: choose another one.",
                    ticket=ticket.number,
                    user=ticket.user_id.name or self.env._("somebody else"),
                )
            )

    # ------------------------------------------------------------------
    # Taking turns
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        tickets = super().create(vals_list)
        tickets._distribute()
        return tickets

    def _distribute(self):
        """New tickets of teams that take turns get their handler; members of pools see a new one at once."""
        free = self.filtered(lambda ticket: ticket.state == "new" and not ticket.user_id and ticket.team_id)
        for team, tickets in free.grouped("team_id").items():
            team = team.sudo()  # the desk need not be able to change teams
            if team.dispatch_mode == "rotation":
                team._assign_in_turn(tickets)
            elif team.dispatch_mode == "pool":
                (team.member_ids - team.absent_ids)._bus_send("pm_customer_service.jobs", {"tickets": tickets.ids})
