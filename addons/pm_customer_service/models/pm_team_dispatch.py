from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .pm_ticket import OPEN_STATES

MODES = [
    ("manual", "Named by the desk"),
    ("pool", "Grabbed from the pool"),
    ("rotation", "In turn"),
]


class PmTeamDispatch(models.Model):
    """How the tickets of a team find their handler. Source: S0-79, S4-79; the figures are house rules."""

    _inherit = "pm.team"

    _cap_positive = models.Constraint(
        "CHECK (pool_cap >= 0 AND travel_minutes >= 0)", "Limits and times cannot be negative."
    )

    dispatch_mode = fields.Selection(MODES, string="Handlers Are", required=True, default="manual")
    pool_cap = fields.Integer(
        string="Jobs at a Time",
        default=5,
        help="Unfinished jobs with which a member may not take another one from the pool, nor gets one in turn. 0 = no limit. House rule.",
    )
    travel_minutes = fields.Integer(
        string="Minutes to Get There", default=15, help="Added to now for a visit at once. House rule; S0-79 'at once'."
    )
    absent_ids = fields.Many2many(
        "res.users",
        "pm_team_absent_rel",
        "team_id",
        "user_id",
        string="Absent",
        domain="[('id', 'in', member_ids)]",
        help="Members who get no job at present: they are left out of turns and proposals.",
    )
    last_turn_id = fields.Many2one("res.users", string="Last in Turn", readonly=True, copy=False)

    @api.constrains("absent_ids", "member_ids")
    def _check_absent(self):
        for team in self:
            if team.absent_ids - team.member_ids:
                raise ValidationError(
                    self.env._("%(team)s: only members can be absent. Take the others out.", team=team.name)
                )

    def _open_jobs(self, users):
        """Return ``{user_id: number of tickets in hand}``; users without any are absent."""
        # sudo: everybody's load is counted, in whatever property
        groups = (
            self.env["pm.ticket"]
            .sudo()
            ._read_group([("user_id", "in", users.ids), ("state", "in", OPEN_STATES)], ["user_id"], ["__count"])
        )
        return {user.id: count for user, count in groups}

    def _present_members(self):
        self.ensure_one()
        return (self.member_ids - self.absent_ids).filtered(lambda user: user.active and not user.share).sorted("id")

    def _assign_in_turn(self, tickets):
        """Give each of ``tickets`` to the next present member whose load allows it; those that nobody can take stay new.

        The pointer is kept on the team's row: of two servers that give out tickets at the same moment the second
        fails to serialise and starts again, so nobody's turn comes twice.
        """
        self.ensure_one()
        members = self._present_members()
        jobs = self._open_jobs(members)
        last = self.last_turn_id
        for ticket in tickets:
            later = members.filtered(lambda user, last=last: user.id > last.id)
            queue = [*later, *(members - later)]
            user = next((user for user in queue if not self.pool_cap or jobs.get(user.id, 0) < self.pool_cap), None)
            if not user:
                break  # the clock of tickets that nobody has taken runs on
            ticket.user_id = user
            jobs[user.id] = jobs.get(user.id, 0) + 1
            last = user
        if last != self.last_turn_id:
            self.sudo().last_turn_id = last  # sudo: _program_fields
