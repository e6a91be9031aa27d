from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

LAST_SECOND = timedelta(seconds=1)
MAX_TEXT = 10000


class PmImprovementAction(models.Model):
    """What shall become better, who sees to it, and until when. Source: S0-21.

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

    @api.constrains("name", "description", "result")
    def _check_length(self):
        for action in self:
            if len(action.name) > 250 or max(len(action.description or ""), len(action.result or "")) > MAX_TEXT:
                raise UserError(self.env._("The text is too long. Attach a file instead."))

    @api.constrains("round_id", "property_id")
    def _check_property(self):
        for action in self:
            if action.round_id and action.round_id.property_id != action.property_id:
                raise UserError(self.env._("%s: the survey is one of another property.", action.name))

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
        if not self.env.su and {"name", "description", "user_id", "date_due", "round_id", "dimension_id"} & vals.keys():
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
