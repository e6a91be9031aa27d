from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .pm_ticket import OPEN_STATES

MAX_TEXT = 10000
PLAN_FIELDS = {"name", "user_id", "date_due", "ticket_id"}


class PmTicketMilestone(models.Model):
    """One step of how a ticket is handled, with whose it is and by when it must be done. Source: S3-42.

    =========  =====================================================================================
    open       agreed; its clock runs to the agreed moment
    done       carried out; what was done is on record
    confirmed  the customer was asked and says that it was done thoroughly
    dropped    not needed any more, with the reason
    =========  =====================================================================================

    A ticket is handled when no step is open, and closed when every step that was done is confirmed with the customer.
    """

    _name = "pm.ticket.milestone"
    _description = "Step of a Ticket"
    _inherit = ["pm.steps", "pm.deadline.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "ticket_id, date_due, id"
    _program_fields = frozenset({"state", "done_at", "done_by_id", "confirmed_at", "confirmed_by_id"})
    _transitions = {
        ("open", "done"): "_guard_done",
        ("done", "confirmed"): "_guard_confirmed",
        ("done", "open"): "_guard_again",
        ("open", "dropped"): "_guard_dropped",
    }

    _ticket_index = models.Index("(ticket_id, state)")
    _open_index = models.Index("(property_id, date_due) WHERE state = 'open'")

    name = fields.Char(string="Step", required=True)
    ticket_id = fields.Many2one("pm.ticket", required=True, ondelete="cascade")
    property_id = fields.Many2one(related="ticket_id.property_id", store=True, index=True, precompute=True)
    company_id = fields.Many2one(related="property_id.company_id", store=True, precompute=True)
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        required=True,
        compute="_compute_user_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        domain="[('share', '=', False)]",
    )
    date_due = fields.Datetime(string="To Be Done By", required=True)
    state = fields.Selection(
        [("open", "To do"), ("done", "Done"), ("confirmed", "Confirmed"), ("dropped", "Dropped")],
        required=True,
        default="open",
        readonly=True,
        copy=False,
    )
    result = fields.Text(string="What Was Done", copy=False)
    customer_words = fields.Text(copy=False, help="What the customer says about it: was it done thoroughly?")
    drop_reason = fields.Char(copy=False)
    done_at = fields.Datetime(readonly=True, copy=False)
    done_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    confirmed_at = fields.Datetime(readonly=True, copy=False)
    confirmed_by_id = fields.Many2one("res.users", string="Confirmed By", readonly=True, copy=False)

    @api.depends("ticket_id")
    def _compute_user_id(self):
        for step in self:
            step.user_id = step.user_id or step.ticket_id.user_id or self.env.user

    @api.depends("name", "ticket_id.number")
    def _compute_display_name(self):
        for step in self:
            step.display_name = f"{step.ticket_id.number or ''} {step.name or ''}".strip()

    @api.constrains("name", "result", "customer_words", "drop_reason")
    def _check_length(self):
        for step in self:
            if max(len(step.name), len(step.drop_reason or "")) > 250 or (
                max(len(step.result or ""), len(step.customer_words or "")) > MAX_TEXT
            ):
                raise UserError(self.env._("The text is too long. Attach a file instead."))

    def _check_plan(self):
        """A step is planned for an open ticket, by who may write it, for a moment to come."""
        self.ticket_id.check_access("write")
        for step in self:
            step._require(
                step.ticket_id.state in OPEN_STATES, self.env._("to plan a step the ticket must still be open.")
            )
            step._require(
                step.date_due > fields.Datetime.now(), self.env._("the moment by which it must be done has passed.")
            )

    @api.model_create_multi
    def create(self, vals_list):
        steps = super().create(vals_list)
        steps._check_plan()
        steps._start_deadline("step")
        return steps

    def write(self, vals):
        if not self.env.su and PLAN_FIELDS & vals.keys():
            # What the customer finds not thoroughly done gets a new moment before it is done again.
            kept = self.filtered(
                lambda step: step.state != "open" and (step.state != "done" or set(vals) != {"date_due"})
            )
            if kept:
                raise UserError(self.env._("A step that was done stays as it was agreed: plan another one."))
        moved = self.filtered(
            lambda step: "date_due" in vals and fields.Datetime.to_datetime(vals["date_due"]) != step.date_due
        )
        result = super().write(vals)
        if PLAN_FIELDS & vals.keys():
            self.ticket_id.check_access("write")
        if moved:
            moved._check_plan()
            moved.filtered(lambda step: step.state == "open")._start_deadline("step")
        if "user_id" in vals:
            self._open_deadlines().write({"user_id": vals["user_id"]})
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        if not self.env.su:
            raise UserError(self.env._("A step is not deleted: drop it with the reason."))

    def _get_agreed_due(self, kind):
        return self.date_due

    def _get_escalation_users(self, role):
        if role == "handler":
            return self.user_id
        return self.ticket_id._get_escalation_users(role)

    # Steps

    def _may_work(self):
        user = self.env.user
        return (
            self.env.su or user in (self.user_id | self.ticket_id.user_id) or user.has_group("pm_base.group_supervisor")
        )

    def _guard_done(self):
        self._require(
            self._may_work(), self.env._("only who is responsible, the handler or a supervisor reports it as done.")
        )
        self._require((self.result or "").strip(), self.env._("to report it as done you must write what was done."))

    def _guard_confirmed(self):
        if not self.env.su and not self.env.user.has_group("pm_base.group_front_desk"):
            raise AccessError(self.env._("%s: the service desk asks the customer.", self.display_name))
        self._require(
            (self.customer_words or "").strip(),
            self.env._("to confirm it you must write what the customer says about it (S3-42)."),
        )

    def _guard_again(self):
        self._require(
            (self.customer_words or "").strip(), self.env._("to do it again you must write what the customer misses.")
        )
        self._check_plan()

    def _guard_dropped(self):
        self._require(self._may_work(), self.env._("only who is responsible, the handler or a supervisor drops it."))
        self._require((self.drop_reason or "").strip(), self.env._("to drop it you must give the reason."))

    def action_done(self):
        now = fields.Datetime.now()
        for step in self:
            step._transition("done", done_at=now, done_by_id=self.env.uid)
        self._meet_deadline("step", now)

    def action_confirm(self):
        """The customer was asked whether it was done thoroughly, and says so."""
        for step in self:
            step._transition("confirmed", confirmed_at=fields.Datetime.now(), confirmed_by_id=self.env.uid)

    def action_again(self):
        """Not thoroughly done: a new moment was agreed, the clock starts anew."""
        for step in self:
            step._transition("open", done_at=False, done_by_id=False)
        self._start_deadline("step")

    def action_drop(self):
        for step in self:
            step._transition("dropped")
            step._cancel_deadlines(reason=step.drop_reason)


class PmTicket(models.Model):
    _inherit = "pm.ticket"

    milestone_ids = fields.One2many("pm.ticket.milestone", "ticket_id", string="Steps With Times", copy=False)

    def _pending_steps(self, *states):
        # sudo: whether a step is open is asked of whoever finishes the ticket
        return self.sudo().milestone_ids.filtered(lambda step: step.state in states)

    def _guard_handled(self):
        super()._guard_handled()
        pending = self._pending_steps("open")
        self._require(
            not pending,
            self.env._("to finish the ticket you must do or drop its steps: %s", ", ".join(pending.mapped("name"))),
        )

    def _guard_closed(self):
        super()._guard_closed()
        pending = self._pending_steps("done")
        self._require(
            not pending,
            self.env._(
                "to close it you must ask the customer whether the steps were done thoroughly: %s",
                ", ".join(pending.mapped("name")),
            ),
        )

    def _transition(self, target):
        result = super()._transition(target)
        if target in ("invalid", "cancelled"):
            # sudo: what is dropped with the ticket is the program's to write
            steps = self.sudo().milestone_ids.filtered(lambda step: step.state == "open")
            for step in steps:
                step.drop_reason = step.ticket_id.stop_reason
            steps.action_drop()
        return result
