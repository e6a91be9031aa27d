from odoo import api, fields, models
from odoo.tools import format_datetime


class PmTicketDispatchWizard(models.TransientModel):
    """Names the technician and the time of a visit: at once where somebody is free, else by appointment (S0-79, S0-80)."""

    _name = "pm.ticket.dispatch"
    _description = "Send a Technician"

    ticket_id = fields.Many2one("pm.ticket", required=True, readonly=True)
    team_id = fields.Many2one(related="ticket_id.team_id", readonly=False)
    property_id = fields.Many2one(related="ticket_id.property_id")
    user_id = fields.Many2one(
        "res.users",
        string="Technician",
        required=True,
        domain="[('share', '=', False)]",
        compute="_compute_user_id",
        store=True,
        readonly=False,
    )
    minutes = fields.Integer(compute="_compute_minutes", store=True, readonly=False)
    start = fields.Datetime(string="There By", required=True, compute="_compute_start", store=True, readonly=False)
    is_disruptive = fields.Boolean(string="Disturbs Others")
    candidates_html = fields.Html(compute="_compute_candidates_html", sanitize=False)

    def _candidates(self):
        """Return ``[(user, jobs in hand, free from)]`` of the team, the one free first at the top."""
        self.ensure_one()
        team = self.team_id.sudo()  # whoever dispatches sees who is there (S2-07)
        members = team._present_members() if team else self.env["res.users"]
        jobs = self.env["pm.team"]._open_jobs(members)
        free = self.env["pm.appointment"]._next_free(
            members, self.ticket_id._get_earliest_visit(), self.minutes or self.ticket_id._get_visit_minutes()
        )
        rows = [(user, jobs.get(user.id, 0), free[user.id]) for user in members]
        return sorted(rows, key=lambda row: (row[2], row[1], row[0].id))

    @api.depends("ticket_id", "team_id")
    def _compute_user_id(self):
        for wizard in self:
            candidates = wizard._candidates() if wizard.ticket_id else []
            wizard.user_id = wizard.ticket_id.user_id or (candidates[0][0] if candidates else self.env["res.users"])

    @api.depends("ticket_id")
    def _compute_minutes(self):
        for wizard in self:
            wizard.minutes = wizard.ticket_id and wizard.ticket_id._get_visit_minutes()

    @api.depends("user_id")
    def _compute_start(self):
        for wizard in self:
            if wizard.user_id and wizard.ticket_id:
                wizard.start = self.env["pm.appointment"]._next_free(
                    wizard.user_id._origin, wizard.ticket_id._get_earliest_visit(), wizard.minutes
                )[wizard.user_id._origin.id]

    @api.depends("ticket_id", "team_id", "minutes")
    def _compute_candidates_html(self):
        for wizard in self:
            tz = wizard.property_id.tz
            earliest = wizard.ticket_id._get_earliest_visit() if wizard.ticket_id else None
            wizard.candidates_html = self.env["ir.qweb"]._render(
                "pm_customer_service.dispatch_candidates",
                {
                    "candidates": [
                        {
                            "name": user.name,
                            "jobs": jobs,
                            "now": moment <= earliest,
                            "free": format_datetime(self.env, moment, tz=tz, dt_format="MM-dd HH:mm"),
                        }
                        for user, jobs, moment in wizard._candidates()
                    ],
                },
            )

    def action_confirm(self):
        """Agree the visit.

        :raises UserError: technician busy, time in the past, ticket finished
        """
        self.ensure_one()
        self.ticket_id._agree_visit(self.user_id, self.start, self.minutes, self.is_disruptive)
        return {"type": "ir.actions.act_window_close"}
