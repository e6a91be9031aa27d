import hashlib
import math
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .pm_survey_plan import KINDS
from .pm_unit_visit import NOT_VISITED

STATES = [
    ("draft", "To distribute"),
    ("open", "Being answered"),
    ("closed", "Evaluated"),
    ("published", "Published"),
    ("cancelled", "Cancelled"),
]
MAX_COMMENTS = 200


class PmSurveyRound(models.Model):
    """One satisfaction survey of one property: plan, list, distribution, return, evaluation, improvement, publication.

    ==========  ========================================================================================
    draft       prepared by the plan; the distribution list is checked
    open        distributed: each household has its own link, which needs no login, or a paper
    closed      the last day has passed, or the supervisor ended it: index and quadrants are computed
    published   the owners see the result in the portal; what is to improve first has an action
    cancelled   called off
    ==========  ========================================================================================

    Questions and answers are those of Odoo's own survey. Source: S0-21, S0-44, S3-22, S3-47, S4-05.
    """

    _name = "pm.survey.round"
    _description = "Satisfaction Survey"
    _inherit = ["pm.steps", "mail.thread", "mail.activity.mixin"]
    _order = "period_start desc, id desc"

    _program_fields = frozenset(
        {
            "plan_id",
            "state",
            "opened_on",
            "closed_on",
            "satisfaction_index",
            "index_points",
            "answer_total",
            "published_on",
        }
    )
    _transitions = {
        ("draft", "open"): ("pm_base.group_supervisor", "_guard_open"),
        ("draft", "cancelled"): ("pm_base.group_supervisor", None),
        ("open", "closed"): ("pm_base.group_supervisor", "_guard_close"),
        ("open", "cancelled"): ("pm_base.group_supervisor", None),
        ("closed", "published"): ("pm_base.group_supervisor", "_guard_publish"),
    }

    _once = models.UniqueIndex(
        "(plan_id, property_id, period_start) WHERE plan_id IS NOT NULL", "This survey is prepared already."
    )
    _open_index = models.Index("(property_id, date_close) WHERE state = 'open'")

    name = fields.Char(required=True, tracking=True)
    plan_id = fields.Many2one("pm.survey.plan", ondelete="restrict", readonly=True)
    kind = fields.Selection(KINDS, required=True, default="quarter")
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    survey_id = fields.Many2one(
        "survey.survey",
        string="Form",
        required=True,
        ondelete="restrict",
        default=lambda self: self.env.ref("pm_customer_service.survey_satisfaction", raise_if_not_found=False),
    )
    period_start = fields.Date(required=True, default=lambda self: fields.Date.start_of(fields.Date.today(), "quarter"))
    date_close = fields.Date(
        string="Answers until", required=True, tracking=True, default=lambda self: fields.Date.today() + timedelta(14)
    )
    sample_percent = fields.Float(string="Sample (%)", default=100.0, required=True)
    reminder_days = fields.Integer(string="Remind after (days)", default=5)
    state = fields.Selection(STATES, required=True, default="draft", readonly=True, tracking=True, copy=False)
    opened_on = fields.Date(string="Distributed on", readonly=True, copy=False)
    closed_on = fields.Date(string="Evaluated on", readonly=True, copy=False)
    published_on = fields.Date(readonly=True, copy=False)

    invitation_ids = fields.One2many("pm.survey.invitation", "round_id", string="Distribution List", copy=False)
    distributed_count = fields.Integer(string="Distributed", compute="_compute_returns")
    returned_count = fields.Integer(string="Returned", compute="_compute_returns")
    return_rate = fields.Float(string="Return Rate (%)", compute="_compute_returns", digits=(5, 1))
    return_target = fields.Float(string="Return Target (%)", compute="_compute_returns", digits=(5, 1))
    lacking_count = fields.Integer(
        string="Lacking", compute="_compute_returns", help="Answers still needed to reach the return target (S4-05)."
    )

    score_ids = fields.One2many("pm.survey.score", "round_id", string="Scores", readonly=True, copy=False)
    satisfaction_index = fields.Float(
        digits=(5, 1),
        readonly=True,
        copy=False,
        aggregator="avg",
        help="From 0 to 100: satisfaction of the dimensions, weighted by their importance (S3-22).",
    )
    answer_total = fields.Integer(string="Answers Counted", readonly=True, copy=False)
    index_points = fields.Float(readonly=True, copy=False, help="Index times answers: what the key figure adds up.")
    chart_html = fields.Html(string="Chart", compute="_compute_chart_html", sanitize=False)
    improvement_ids = fields.One2many("pm.improvement.action", "round_id", string="Improvement Actions", copy=False)
    summary = fields.Text(string="Words to the Owners", help="Shown in the portal with the published result.")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends("invitation_ids.state")
    def _compute_returns(self):
        counts = {}
        for survey, state, count in self.env["pm.survey.invitation"]._read_group(
            [("round_id", "in", self.ids)], ["round_id", "state"], ["__count"]
        ):
            counts[survey.id, state] = count
        kpi = self.env.ref("pm_customer_service.kpi_survey_return", raise_if_not_found=False)
        # sudo: the rate is held against its target, whoever may read the targets
        targets = self.env["pm.kpi.target"].sudo().search([("kpi_id", "=", kpi.id)]) if kpi else False
        for survey in self:
            returned = counts.get((survey._origin.id, "returned"), 0)
            sent = returned + counts.get((survey._origin.id, "sent"), 0)
            year = (survey.period_start or fields.Date.today()).year
            target = targets._choose(kpi.sudo(), survey.property_id, year).value if targets else 0
            survey.distributed_count, survey.returned_count = sent, returned
            survey.return_rate = 100 * returned / sent if sent else 0
            survey.return_target = target
            survey.lacking_count = max(math.ceil(round(sent * target / 100, 6)) - returned, 0)

    @api.depends("score_ids.satisfaction", "score_ids.importance")
    def _compute_chart_html(self):
        for survey in self:
            chart = survey.score_ids._chart()
            survey.chart_html = chart and self.env["ir.qweb"]._render(
                "pm_customer_service.survey_quadrants", {"chart": chart, "survey": survey}
            )

    @api.constrains("sample_percent", "reminder_days", "summary")
    def _check_numbers(self):
        for survey in self:
            if not 0 < survey.sample_percent <= 100:
                raise UserError(self.env._("%s: the sample lies between 0 and 100 %%.", survey.name))
            if survey.reminder_days < 0:
                raise UserError(self.env._("%s: days before a reminder cannot be negative.", survey.name))
            if len(survey.summary or "") > 2000:
                raise UserError(self.env._("%s: the words to the owners are at most 2,000 characters.", survey.name))

    def write(self, vals):
        if (
            not self.env.su
            and {"survey_id", "property_id", "sample_percent", "period_start"} & vals.keys()
            and any(survey.state != "draft" for survey in self)
        ):
            raise UserError(self.env._("A survey that was distributed stays as it is: prepare another one."))
        result = super().write(vals)
        if "date_close" in vals:
            for survey in self.filtered(lambda survey: survey.state == "open"):
                # sudo: the answers are Odoo's; nobody of the desk has rights on them
                survey.invitation_ids.sudo().user_input_id.write({"deadline": survey._deadline()})
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_draft(self):
        if any(survey.state not in ("draft", "cancelled") for survey in self):
            raise UserError(self.env._("A survey that was distributed is kept: cancel it instead."))

    # ------------------------------------------------------------------
    # Planning
    # ------------------------------------------------------------------

    @api.model
    def _cron_run(self):
        """Prepare the planned surveys, remind, and evaluate those whose last day has passed; property by property."""
        for step, what in (
            (self._prepare_for, "surveys to prepare"),
            (self._remind_for, "reminders of surveys"),
            (self._close_for, "surveys to evaluate"),
        ):
            if not self.env["ir.cron"]._each_property(step, what):
                break

    @api.model
    def _prepare_for(self, prop):
        """Prepare the surveys that the plans want in ``prop`` by today; return the new ones."""
        today = prop._today()
        plans = self.env["pm.survey.plan"].search([])._for_property(prop).filtered(lambda plan: plan._is_due(today))
        known = {
            (survey.plan_id.id, survey.period_start)
            for survey in self.search([("property_id", "=", prop.id), ("plan_id", "in", plans.ids)])
        }
        created = self.browse()
        for plan in plans:
            first, last = plan._period(today)
            if (plan.id, first) in known:
                continue
            named = plan.with_context(lang=prop.manager_id.lang or self.env.lang)
            created |= self.create(
                {
                    "name": f"{named.name} {today:%Y-%m}",
                    "plan_id": plan.id,
                    "kind": plan.kind,
                    "property_id": prop.id,
                    "survey_id": plan.survey_id.id,
                    "period_start": first,
                    "date_close": min(today + timedelta(days=plan.open_days), last),
                    "sample_percent": plan.sample_percent,
                    "reminder_days": plan.reminder_days,
                }
            )
        for survey in created:
            survey._fill_list()
            survey._ask_supervisors(lambda env: env._("Check the distribution list and distribute the survey"))
        return created

    def _ask_supervisors(self, summary):
        """Put a task on the list of each supervisor; ``summary`` is a function of the environment in his language."""
        users = (
            self.env["pm.escalation.rule"]._get_property_users(self.property_id, "supervisor")
            or self.property_id.manager_id
        )
        for user in users.filtered("active"):
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                self.property_id._today() + timedelta(days=1),
                user_id=user.id,
                summary=summary(self.with_context(lang=user.lang).env),
            )

    # ------------------------------------------------------------------
    # Distribution
    # ------------------------------------------------------------------

    def action_fill(self):
        """Draw the distribution list anew; only before anything was distributed."""
        self.check_access("write")
        for survey in self:
            survey._require(survey.state == "draft", self.env._("its list stands since it was distributed."))
            survey._fill_list()

    def _fill_list(self):
        """One household, one questionnaire: who lives or works there, else the owner; a sample is drawn by lot.

        The lot depends on survey and unit only: whoever repeats it gets the same list.
        """
        self.ensure_one()
        # sudo: the list is that of the whole property, whoever prepares it
        units = (
            self.env["pm.unit"]
            .sudo()
            .search([("property_id", "=", self.property_id.id), ("unit_type", "not in", NOT_VISITED)])
        )
        people = {unit: (unit.occupant_ids or unit.owner_ids)[:1] for unit in units}
        asked = [unit for unit in units if people[unit]]
        asked.sort(key=lambda unit: hashlib.sha256(f"{self.id}/{unit.id}".encode()).digest())
        chosen = asked[: math.ceil(round(len(asked) * self.sample_percent / 100, 6))]
        invitations = self.env["pm.survey.invitation"].sudo()
        self.sudo().invitation_ids.unlink()
        invitations.create(
            [{"round_id": self.id, "unit_id": unit.id, "partner_id": people[unit].id} for unit in chosen]
        )

    def _guard_open(self):
        self._require(self.invitation_ids, self.env._("to distribute it there must be somebody on the list."))
        self._require(
            self.date_close >= self.property_id._today(),
            self.env._("to distribute it you must set a last day that is still to come."),
        )
        # sudo: the form is the manager's, everybody who distributes may check it
        matrices = self.sudo().survey_id.question_ids.filtered(lambda q: q.pm_measure == "satisfaction")
        self._require(
            any(
                matrix.matrix_row_ids.pm_dimension_id and matrix.suggested_answer_ids.filtered("pm_points")
                for matrix in matrices
            ),
            self.env._("its form asks for the satisfaction with no dimension of the service."),
        )

    def _deadline(self):
        return self.property_id._local_to_utc(self.date_close, 24)

    def action_distribute(self):
        """Give each household its link, by message or on paper, and let the answers come."""
        for survey in self:
            survey._transition("open", opened_on=survey.property_id._today())
            survey.invitation_ids._send()
            survey.activity_feedback(["mail.mail_activity_data_todo"])

    @api.model
    def _remind_for(self, prop):
        """Remind the households of ``prop`` that have not answered, each after the days the survey names."""
        today = prop._today()
        for survey in self.search([("property_id", "=", prop.id), ("state", "=", "open"), ("reminder_days", ">", 0)]):
            if survey.date_close >= today:
                survey.invitation_ids._remind(today)

    # ------------------------------------------------------------------
    # Evaluation
    # ------------------------------------------------------------------

    @api.model
    def _close_for(self, prop):
        over = self.search([("property_id", "=", prop.id), ("state", "=", "open"), ("date_close", "<", prop._today())])
        for survey in over:
            if survey.returned_count:
                survey.action_close()
            else:
                survey._transition("cancelled")
                survey.message_post(body=self.env._("Nobody answered: there is nothing to evaluate."))

    def _guard_close(self):
        self._require(self.returned_count, self.env._("to evaluate it there must be an answer."))

    def action_close(self):
        """End the survey and compute index, scores and quadrants; what was computed is kept (later answers are refused)."""
        for survey in self:
            survey._transition("closed", closed_on=survey.property_id._today())
            # sudo: what single households answered is seen by nobody of the desk, its sum is
            survey.sudo().invitation_ids.user_input_id.filtered(lambda answer: answer.state != "done").write(
                {"deadline": fields.Datetime.now()}
            )
            survey.sudo()._evaluate()
            survey._ask_supervisors(lambda env: env._("Set improvement actions for what the survey says"))

    def _evaluate(self):
        """Write the scores and the index from the answers returned."""
        self.ensure_one()
        inputs = self.invitation_ids.filtered(lambda row: row.state == "returned").user_input_id
        sums = {}  # (measure, dimension) -> [points, answers, dissatisfied]
        groups = self.env["survey.user_input.line"]._read_group(
            Domain("user_input_id", "in", inputs.ids)
            & Domain("matrix_row_id.pm_dimension_id", "!=", False)
            & Domain("suggested_answer_id.pm_points", ">", 0)
            & Domain("question_id.pm_measure", "!=", False),
            ["question_id", "matrix_row_id", "suggested_answer_id"],
            ["__count"],
        )
        for question, row, column, count in groups:
            entry = sums.setdefault((question.pm_measure, row.pm_dimension_id), [0, 0, 0])
            entry[0] += column.pm_points * count
            entry[1] += count
            entry[2] += count if column.pm_points <= 2 else 0
        self.score_ids.unlink()
        vals_list = []
        for (measure, dimension), (points, answers, unhappy) in sums.items():
            if measure != "satisfaction":
                continue
            cared, carers, __ = sums.get(("importance", dimension), (0, 0, 0))
            vals_list.append(
                {
                    "round_id": self.id,
                    "dimension_id": dimension.id,
                    "satisfaction": points / answers,
                    "importance": cared / carers if carers else 0,
                    "answers": answers,
                    "dissatisfied": unhappy,
                    "weight": cared / carers if carers else dimension.weight,
                }
            )
        scores = self.score_ids.create(vals_list)
        scores._place()
        index = scores._index()
        self.write({"satisfaction_index": index, "answer_total": len(inputs), "index_points": index * len(inputs)})

    def _comments(self):
        """Return what customers wrote in their own words, without their names."""
        self.ensure_one()
        # sudo: the words are shown without who wrote them
        lines = (
            self.env["survey.user_input.line"]
            .sudo()
            .search(
                [
                    ("user_input_id", "in", self.sudo().invitation_ids.user_input_id.ids),
                    ("user_input_id.state", "=", "done"),
                    ("answer_type", "=", "text_box"),
                    ("skipped", "=", False),
                ],
                limit=MAX_COMMENTS,
            )
        )
        return [line.value_text_box for line in lines if line.value_text_box]

    def _guard_publish(self):
        first = self.score_ids.filtered(lambda score: score.quadrant == "improve_first")
        missing = first.dimension_id - self.improvement_ids.filtered(lambda a: a.state != "cancelled").dimension_id
        self._require(
            not missing,
            self.env._(
                "to publish it each dimension to improve first must have an action (S0-21): %s",
                ", ".join(missing.mapped("name")),
            ),
        )

    def action_publish(self):
        for survey in self:
            survey._transition("published", published_on=survey.property_id._today())
            survey.activity_feedback(["mail.mail_activity_data_todo"])

    def action_cancel(self):
        for survey in self:
            survey._transition("cancelled")
            # sudo: links that were sent lead nowhere any more
            survey.sudo().invitation_ids.user_input_id.filtered(lambda answer: answer.state != "done").write(
                {"deadline": fields.Datetime.now()}
            )
            survey.activity_unlink(["mail.mail_activity_data_todo"])

    # ------------------------------------------------------------------
    # Opening
    # ------------------------------------------------------------------

    def action_open_invitations(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_customer_service.pm_survey_invitation_action")
        return action | {"domain": [("round_id", "=", self.id)], "context": {"default_round_id": self.id}}

    def action_open_improvements(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_customer_service.pm_improvement_action_action")
        return action | {
            "domain": [("round_id", "=", self.id)],
            "context": {"default_round_id": self.id, "default_property_id": self.property_id.id},
        }

    def action_preview(self):
        """Show the form as the customer sees it, without recording an answer."""
        self.ensure_one()
        # sudo: reading the printed form is no secret to who prepares the survey
        survey = self.sudo().survey_id
        return {"type": "ir.actions.act_url", "url": survey.get_print_url(), "target": "new"}
