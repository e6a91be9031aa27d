from dateutil.relativedelta import relativedelta
from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

# S0-39: the fourth week of the month begins on this day.
_REPORT_DAY = "pm_fees.collection_report_day"
KINDS = [("current", "Fees of the month"), ("old", "Old arrears")]
_KPI = {"current": "pm_fees.kpi_collection_rate", "old": "pm_fees.kpi_arrears_recovery"}


class PmCollectionPlan(models.Model):
    """What a property means to collect in a month, butler by butler, beside what came in (收费计划).

    Targets come from the key figures (collection rate, recovery of old arrears) and can be changed until a manager
    approves the plan; what came in is read from the ledger at any time. In the fourth week the supervisor is asked for
    the collection report. Source: S4-22, S4-66, S0-39.
    """

    _name = "pm.collection.plan"
    _description = "Collection Plan"
    _inherit = ["pm.program.fields", "mail.thread", "mail.activity.mixin"]
    _order = "month desc, property_id"
    _program_fields = frozenset({"state", "approved_by", "approved_on", "report_asked"})

    _once = models.Constraint("UNIQUE (property_id, month)", "This property has a collection plan for the month.")
    _first_day = models.Constraint("CHECK (EXTRACT(day FROM month) = 1)", "A month is named by its first day.")

    name = fields.Char(compute="_compute_name", store=True)
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    month = fields.Date(
        required=True, default=lambda self: fields.Date.context_today(self).replace(day=1), help="Any day of it."
    )
    date_to = fields.Date(compute="_compute_name", store=True)
    line_ids = fields.One2many("pm.collection.plan.line", "plan_id", "Plan")
    base_total = fields.Monetary("To be collected", compute="_compute_totals")
    target_total = fields.Monetary("Planned", compute="_compute_totals")
    received_total = fields.Monetary("Collected", compute="_compute_totals")
    rate = fields.Float("Of the plan (%)", compute="_compute_totals", digits=(16, 1))
    state = fields.Selection(
        [("draft", "Draft"), ("approved", "Approved")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    approved_by = fields.Many2one("res.users", readonly=True, copy=False)
    approved_on = fields.Datetime(readonly=True, copy=False)
    report_asked = fields.Boolean("Report was asked for", readonly=True, copy=False)
    note = fields.Text("Measures", help="Who calls or visits whom, campaigns, agreements.")

    @api.depends("property_id.code", "month")
    def _compute_name(self):
        for plan in self:
            plan.date_to = plan.month and plan.month.replace(day=1) + relativedelta(months=1, days=-1)
            month = plan.month.strftime("%Y-%m") if plan.month else ""
            plan.name = f"{plan.property_id.code or ''} {month}".strip()

    @api.depends("line_ids.base_amount", "line_ids.target_amount", "line_ids.received")
    def _compute_totals(self):
        for plan in self:
            plan.base_total = sum(plan.line_ids.mapped("base_amount"))
            plan.target_total = sum(plan.line_ids.mapped("target_amount"))
            plan.received_total = sum(plan.line_ids.mapped("received"))
            plan.rate = 100 * plan.received_total / plan.target_total if plan.target_total else 0.0

    @api.model_create_multi
    def create(self, vals_list):
        plans = super().create([self._first_of_month(vals) for vals in vals_list])
        plans.filtered(lambda plan: not plan.line_ids)._refresh()
        return plans

    def write(self, vals):
        if not self.env.su and {"property_id", "month", "line_ids"} & set(vals):
            self._check_draft()
        return super().write(self._first_of_month(vals))

    def _first_of_month(self, vals):
        day = fields.Date.to_date(vals.get("month"))
        return {**vals, "month": day.replace(day=1)} if day else vals

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        self._check_draft()

    def _check_draft(self):
        if any(plan.state != "draft" for plan in self):
            raise UserError(self.env._("An approved collection plan does not change."))

    # Steps

    def action_refresh(self):
        """Read anew what is to be collected; targets that somebody set stay."""
        self.check_access("write")
        self._check_draft()
        self._refresh()

    def action_approve(self):
        for plan in self:
            if not (
                self.env.user.has_group("pm_base.group_manager") or self.env.user.has_group("pm_base.group_leadership")
            ):
                raise AccessError(self.env._("To approve a collection plan you must be the project manager."))
            plan._check_draft()
            if not plan.line_ids:
                raise UserError(self.env._("To approve a collection plan it must say what is to be collected."))
            # sudo: _program_fields
            plan.sudo().write({"state": "approved", "approved_by": self.env.uid, "approved_on": fields.Datetime.now()})

    def action_reopen(self):
        self.check_access("write")
        if not self.env.user.has_group("pm_base.group_manager"):
            raise AccessError(self.env._("To reopen a collection plan you must be the project manager."))
        # sudo: _program_fields
        self.sudo().write({"state": "draft", "approved_by": False, "approved_on": False})

    def action_print_report(self):
        """The collection report of the month, as of today."""
        self.ensure_one()
        report = self.env["pm.collection.report"].create(
            {
                "property_id": self.property_id.id,
                "date_from": self.month,
                "date_to": min(self.date_to, self.property_id._today()),
            }
        )
        return report.action_print()

    def action_open_movements(self):
        self.ensure_one()
        return self.line_ids._action_movements(self.env._("Charges and payments of %s", self.name))

    def _refresh(self):
        for plan in self.sudo():  # sudo: what is to be collected is read from the books, nobody enters it
            figures = plan.property_id._collection_groups(plan.month, plan.date_to, "user_id")
            known = {(line.user_id, line.kind): line for line in plan.line_ids}
            for user, row in figures.items():
                user = user or self.env["res.users"]
                for kind, base in (("current", row["receivable"]), ("old", row["old_owed"])):
                    line = known.pop((user, kind), None)
                    if line:
                        line.base_amount = base
                    elif not plan.currency_id.is_zero(base):
                        plan.line_ids = [
                            Command.create(
                                {
                                    "user_id": user.id,
                                    "kind": kind,
                                    "base_amount": base,
                                    "target_rate": plan._target_rate(kind, user),
                                }
                            )
                        ]
            for line in known.values():
                line.base_amount = 0.0

    def _target_rate(self, kind, user):
        kpi = self.env.ref(_KPI[kind])
        target = self.env["pm.kpi.target"]._lookup(kpi, self.property_id, self.month.year, user=user or None)
        return target.value

    # Jobs

    @api.model
    def _cron_month(self):
        """A plan for each property that bills, refreshed while a draft; the report asked for in the fourth week. Safe to repeat."""
        report_day = int(self.env["ir.config_parameter"].sudo().get_param(_REPORT_DAY) or 22)  # sudo: a setting
        for prop in self.env["pm.property"].search([]):
            today = prop._today()
            plan = self.search([("property_id", "=", prop.id), ("month", "=", today.replace(day=1))])
            if not plan and self.env["pm.charge"].search_count(
                [("property_id", "=", prop.id), ("state", "=", "posted")], limit=1
            ):
                plan = self.create({"property_id": prop.id, "month": today})
            elif plan.state == "draft":
                plan._refresh()
            if plan and today.day >= report_day and not plan.report_asked:
                plan._ask_for_report()
            self.env["ir.cron"]._commit_progress(1)

    def _ask_for_report(self):
        """S0-39: in the fourth week the supervisor compiles the collection status with finance."""
        self.ensure_one()
        people = self.property_id._staff(self.env.ref("pm_base.group_supervisor"))
        managers = self.env.ref("pm_base.group_manager")
        for user in people.sorted(lambda user: managers in user.all_group_ids)[:1]:
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=user.id,
                summary=self.env._("Compile the collection report with the accountant"),
            )
        self.sudo().report_asked = True  # sudo: _program_fields


class PmCollectionPlanLine(models.Model):
    """What one butler means to collect: fees of the month, or arrears from before it."""

    _name = "pm.collection.plan.line"
    _description = "Collection Plan Line"
    _inherit = ["pm.program.fields"]
    _order = "plan_id, kind, user_id"
    _program_fields = frozenset({"base_amount"})

    _once = models.UniqueIndex("(plan_id, kind, COALESCE(user_id, 0))", "The plan has this row already.")
    _rate_range = models.Constraint(
        "CHECK (target_rate >= 0 AND target_rate <= 100)", "A planned rate lies between 0 and 100 %."
    )

    plan_id = fields.Many2one("pm.collection.plan", required=True, index=True, ondelete="cascade")
    property_id = fields.Many2one(related="plan_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="plan_id.company_id", store=True)
    currency_id = fields.Many2one(related="plan_id.currency_id")
    user_id = fields.Many2one("res.users", "Butler", help="Empty: units without a butler.")
    kind = fields.Selection(KINDS, required=True, default="current")
    base_amount = fields.Monetary("To be collected", readonly=True, help="Fees of the month; arrears at its beginning.")
    target_rate = fields.Float("Planned (%)", digits=(5, 2))
    target_amount = fields.Monetary("Planned", compute="_compute_target_amount")
    received = fields.Monetary("Collected", compute="_compute_received")
    gap = fields.Monetary("Missing", compute="_compute_received", help="Of the planned amount.")
    rate = fields.Float("Collected (%)", compute="_compute_received", digits=(16, 1))
    met = fields.Boolean("Plan met", compute="_compute_received")

    @api.depends("base_amount", "target_rate")
    def _compute_target_amount(self):
        for line in self:
            line.target_amount = line.currency_id.round(line.base_amount * line.target_rate / 100)

    @api.depends("base_amount", "target_rate")
    def _compute_received(self):
        figures = {
            plan: plan.property_id._collection_groups(plan.month, plan.date_to, "user_id") for plan in self.plan_id
        }
        for line in self:
            row = figures[line.plan_id].get(line.user_id or False, {})
            line.received = row.get("received" if line.kind == "current" else "old_received", 0.0)
            line.gap = max(line.target_amount - line.received, 0.0)
            line.rate = 100 * line.received / line.base_amount if line.base_amount else 0.0
            line.met = line.currency_id.compare_amounts(line.received, line.target_amount) >= 0

    def write(self, vals):
        if not self.env.su:
            self.plan_id._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        self.plan_id._check_draft()

    def action_open_movements(self):
        self.ensure_one()
        return self._action_movements(self.user_id.name or self.env._("Units without a butler"))

    def _action_movements(self, name):
        """Open exactly the rows behind these: what is to be collected, and what was received of it.

        Of old arrears the rows before the month add up to what was owed at its beginning: they are grouped by month.
        """
        domains = []
        for line in self:
            plan = line.plan_id
            received = fields.Domain([("kind", "=", "payment"), ("date", "<=", plan.date_to)])
            if line.kind == "current":
                rows = fields.Domain([("period_start", ">=", plan.month), ("period_start", "<=", plan.date_to)])
                base = fields.Domain("kind", "in", ("charge", "reversal"))
            else:
                rows, base = fields.Domain("due_date", "<", plan.month), fields.Domain("date", "<", plan.month)
            own = fields.Domain([("property_id", "=", plan.property_id.id), ("user_id", "=", line.user_id.id)])
            domains.append(own & rows & (base | received))
        group = "group_month" if set(self.mapped("kind")) == {"old"} else "group_kind"
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.charge.movement",
            "view_mode": "list,pivot",
            "name": name,
            "domain": list(fields.Domain.OR(domains)),
            "context": {f"search_default_{group}": 1},
        }
