from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from .pm_ticket import OPEN_STATES

MOMENTS = [("before", "Before the work"), ("after", "After the work"), ("step", "Step")]


class PmTicketCheck(models.Model):
    """A line of the checklists of tickets: protection before and clearing after a repair, the steps of a complaint.

    Source: S3-08 (signs and clearing up), S3-36 (eight steps), S3-40 (emergencies), S0-164 (at the door).
    """

    _name = "pm.ticket.check"
    _description = "Checklist Line of Tickets"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    moment = fields.Selection(MOMENTS, required=True, default="step")
    type_ids = fields.Many2many("pm.ticket.type", string="Types", help="Empty: tickets of every type.")
    only_disruptive = fields.Boolean(
        string="Disturbing Works Only", help="Only where a visit of the ticket disturbs others."
    )
    mandatory = fields.Boolean(help="The work is not finished without it.")
    source = fields.Char(translate=True, help="Requirement id or house rule.")


class PmTicket(models.Model):
    """The checklist of a ticket costs nothing until a line is ticked: only what was done is stored."""

    _inherit = "pm.ticket"

    check_ids = fields.Many2many(
        "pm.ticket.check",
        "pm_ticket_check_done_rel",
        string="Checklist",
        copy=False,
        domain="[('id', 'in', check_offered_ids)]",
    )
    check_offered_ids = fields.Many2many("pm.ticket.check", compute="_compute_check_offered_ids")

    @api.depends("type_id", "appointment_ids.is_disruptive")
    def _compute_check_offered_ids(self):
        # sudo: the checklist is the house's, and whether a visit disturbs is asked for everybody
        checks = self.env["pm.ticket.check"].sudo().search([])
        for ticket in self:
            disruptive = any(ticket.sudo().appointment_ids.mapped("is_disruptive"))
            kind = ticket.type_id._origin
            ticket.check_offered_ids = checks.filtered(
                lambda check, kind=kind, disruptive=disruptive: (not check.type_ids or kind in check.type_ids)
                and (disruptive or not check.only_disruptive)
            ).sudo(self.env.su)

    def _missing_checks(self, moment=None):
        """Return the mandatory lines that nobody has ticked."""
        self.ensure_one()
        return (self.check_offered_ids - self.check_ids).filtered(
            lambda check: check.mandatory and (not moment or check.moment == moment)
        )

    def write(self, vals):
        if "check_ids" in vals and not self.env.su and any(ticket.state not in OPEN_STATES for ticket in self):
            raise UserError(self.env._("The checklist of handled tickets stays as it was."))
        return super().write(vals)

    def _guard_handled(self):
        super()._guard_handled()
        missing = self._missing_checks()
        self._require(
            not missing,
            self.env._("tick these lines of the checklist first: %s (S3-08).", ", ".join(missing.mapped("name"))),
        )

    def job_check(self, check_id, done):
        """The technician ticks a line, or takes the tick back; returns the job.

        :raises UserError: the line is not on the checklist of this job
        """
        self._check_own_job()
        check = self.check_offered_ids.filtered(lambda check: check.id == check_id)
        if not check:
            raise UserError(self.env._("This line is not on the checklist of the job."))
        self.write({"check_ids": [Command.link(check.id) if done else Command.unlink(check.id)]})
        return self.job_detail()

    def job_detail(self):
        detail = super().job_detail()
        detail["checks"] = [
            {
                "id": check.id,
                "name": check.name,
                "moment": check.moment,
                "mandatory": check.mandatory,
                "done": check in self.check_ids,
            }
            for check in self.check_offered_ids
        ]
        return detail
