from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.pm_base.tools.labels import selection_labels

LAST_SECOND = timedelta(seconds=1)
MAX_TEXT = 10000
# What a supervisor plans; the responsible records what came of it.
PLANNED = {"name", "kind", "ticket_id", "cause", "description", "user_id", "date_due", "round_id", "dimension_id"}


class PmImprovementAction(models.Model):
    """What shall become better, who sees to it, and until when. Sources: S0-21, S4-26.

    A *corrective* action removes the cause of a problem that was found, a *preventive* one that of a problem that may come:
    both name the cause. What a survey showed is an *improvement*.

    =========  =====================================================
    open       under way; the clock runs to the end of the due day
    done       carried out; what came of it is on record
    cancelled  dropped, with the reason
    =========  =====================================================
    """

    _name = "pm.improvement.action"
    _description = "Improvement Action"
    _inherit = ["pm.steps", "pm.deadline.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date_due, id"

    _program_fields = frozenset({"state", "done_at", "done_by_id"})
    _transitions = {
        ("open", "done"): "_guard_done",
        ("open", "cancelled"): ("pm_base.group_supervisor", "_guard_cancelled"),
        ("done", "open"): ("pm_base.group_supervisor", None),
    }

    _open_index = models.Index("(property_id, date_due) WHERE state = 'open'")

    name = fields.Char(string="What to Do", required=True, tracking=True)
    kind = fields.Selection(
        [("improvement", "Improvement"), ("corrective", "Corrective"), ("preventive", "Preventive")],
        required=True,
        default="improvement",
        tracking=True,
        help="Corrective: the cause of a problem found is removed. Preventive: that of a problem that may come (S4-26).",
    )
    ticket_id = fields.Many2one(
        "pm.ticket",
        string="Problem Found",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('property_id', '=', property_id)]",
        help="The complaint or repair that showed the problem.",
    )
    cause = fields.Text(
        string="Cause of the Problem", help="Why it came, or may come, to the problem: what is removed."
    )
    description = fields.Text(string="Why and How")
    round_id = fields.Many2one(
        "pm.survey.round", string="Satisfaction Survey", index="btree_not_null", ondelete="restrict"
    )
    dimension_id = fields.Many2one("pm.survey.dimension", ondelete="restrict")
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    user_id = fields.Many2one(
        "res.users", string="Responsible", required=True, tracking=True, domain="[('share', '=', False)]"
    )
    date_due = fields.Date(string="Due", required=True, tracking=True)
    state = fields.Selection(
        [("open", "Under way"), ("done", "Done"), ("cancelled", "Cancelled")],
        required=True,
        default="open",
        readonly=True,
        tracking=True,
        copy=False,
    )
    result = fields.Text(string="What Came of It", copy=False)
    done_at = fields.Datetime(readonly=True, copy=False)
    done_by_id = fields.Many2one("res.users", readonly=True, copy=False)

    @api.constrains("kind", "cause")
    def _check_cause(self):
        for action in self:
            action._require(
                action.kind == "improvement" or (action.cause or "").strip(),
                self.env._(
                    "a corrective or preventive action names the cause of the problem, which it removes (S4-26)."
                ),
            )

    @api.constrains("name", "description", "cause", "result")
    def _check_length(self):
        for action in self:
            texts = (action.description, action.cause, action.result)
            if len(action.name) > 250 or max(len(text or "") for text in texts) > MAX_TEXT:
                raise UserError(self.env._("The text is too long. Attach a file instead."))

    @api.constrains("round_id", "ticket_id", "property_id")
    def _check_property(self):
        for action in self:
            if action.round_id and action.round_id.property_id != action.property_id:
                raise UserError(self.env._("%s: the survey is one of another property.", action.name))
            # sudo: only the property of a ticket is compared, which the responsible may not read
            if action.ticket_id and action.ticket_id.sudo().property_id != action.property_id:
                raise UserError(self.env._("%s: the ticket is one of another property.", action.name))

    def _check_due(self):
        for action in self:
            if action.date_due < action.property_id._today():
                raise UserError(
                    self.env._("%s: to agree a due day you must choose one that is still to come.", action.name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        actions = super().create(vals_list)
        actions._check_due()
        actions._start_deadline("improve")
        actions._tell()
        return actions

    def write(self, vals):
        if not self.env.su and PLANNED & vals.keys():
            if not self.env.user.has_group("pm_base.group_supervisor"):
                raise UserError(
                    self.env._("Who does what until when is changed by a supervisor; you record the result.")
                )
            if any(action.state != "open" for action in self):
                raise UserError(self.env._("To change an improvement action it must be under way."))
        moved = self.filtered(
            lambda action: "date_due" in vals and fields.Date.to_date(vals["date_due"]) != action.date_due
        )
        result = super().write(vals)
        if moved:
            moved._check_due()
            moved._start_deadline("improve")
        if "user_id" in vals:
            self._open_deadlines().write({"user_id": vals["user_id"]})
        if moved or "user_id" in vals:
            self.activity_unlink(["mail.mail_activity_data_todo"])
            self._tell()
        return result

    def _tell(self):
        """Put the action on the list of who is responsible."""
        for action in self.filtered(lambda action: action.state == "open"):
            action.activity_schedule(
                "mail.mail_activity_data_todo", action.date_due, user_id=action.user_id.id, summary=action.name
            )

    def _get_agreed_due(self, kind):
        return self.property_id._local_to_utc(self.date_due, 24) - LAST_SECOND

    def _guard_done(self):
        self._require(
            self.env.su or self.env.user == self.user_id or self.env.user.has_group("pm_base.group_supervisor"),
            self.env._("only who is responsible or a supervisor reports it as done."),
        )
        self._require((self.result or "").strip(), self.env._("to report it as done you must write what came of it."))

    def _guard_cancelled(self):
        self._require((self.result or "").strip(), self.env._("to drop it you must write why."))

    def action_done(self):
        for action in self:
            action._transition("done", done_at=fields.Datetime.now(), done_by_id=self.env.uid)
            action._meet_deadline("improve")
            action.activity_feedback(["mail.mail_activity_data_todo"])

    def action_cancel(self):
        for action in self:
            action._transition("cancelled")
            action._cancel_deadlines(reason=action.result)
            action.activity_unlink(["mail.mail_activity_data_todo"])

    def action_reopen(self):
        """What was reported as done is not: a supervisor lets it run again, with a due day still to come."""
        for action in self:
            action._check_due()
            action._transition("open", done_at=False, done_by_id=False)
            action._start_deadline("improve")
            action._tell()


class PmTicket(models.Model):
    _inherit = "pm.ticket"

    improvement_ids = fields.One2many("pm.improvement.action", "ticket_id", string="Improvement Actions")

    def action_improve(self):
        """Plan what keeps the problem of this ticket from coming again (S4-26)."""
        self.ensure_one()
        self.check_access("read")
        causes = selection_labels(self, "root_cause")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Corrective or Preventive Action"),
            "res_model": "pm.improvement.action",
            "view_mode": "form",
            "context": {
                "default_ticket_id": self.id,
                "default_property_id": self.property_id.id,
                "default_kind": "corrective",
                "default_cause": causes.get(self.root_cause, ""),
            },
        }
