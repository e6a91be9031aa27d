from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .pm_deadline_rule import condition

ROLES = [
    ("technician", "Technician of the visit"),
    ("handler", "Handler"),
    ("first_receiver", "First receiver"),
    ("butler", "Butler"),
    ("team_leader", "Team leader"),
    ("supervisor", "Service supervisor"),
    ("manager", "Project manager"),
    ("leadership", "Leadership"),
    ("customer", "Customer"),
]
# The levels of a report upwards, one after the other (S1-43).
LADDER = ("team_leader", "supervisor", "manager", "leadership")
# Whoever is missing is replaced by the next one up, so that nothing that is late is told to nobody.
NEXT_UP = {
    "technician": "handler",
    "handler": "team_leader",
    "first_receiver": "butler",
    "butler": "supervisor",
    "team_leader": "supervisor",
    "supervisor": "manager",
    "manager": "leadership",
}
MOMENTS = [("start", "When it starts or after"), ("before", "Before it is due"), ("after", "When due or after")]
STEP_UNITS = [("minutes", "Minutes"), ("hours", "Hours"), ("days", "Days")]
GROUPS = {
    "supervisor": "pm_base.group_supervisor",
    "manager": "pm_base.group_manager",
    "leadership": "pm_base.group_leadership",
}


class PmEscalationRule(models.Model):
    """Who is told when, relative to a deadline: one rung of the ladder a record. Source: S0-70, S1-43, S4-94, S0-162."""

    _name = "pm.escalation.rule"
    _description = "Escalation Rule"
    _order = "moment desc, sequence, id"

    _amount_positive = models.Constraint(
        "CHECK (amount >= 0)", "State the distance from the due time as a positive number."
    )

    name = fields.Char(required=True, translate=True, help="Also the subject of the activity the person receives.")
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    model_id = fields.Many2one("ir.model", string="Applies to", required=True, ondelete="cascade")
    model = fields.Char(related="model_id.model", store=True, string="Model Name")
    deadline_rule_ids = fields.Many2many("pm.deadline.rule", string="Clocks", help="Empty: every clock.")
    domain = fields.Char(string="Condition", default="[]", required=True)
    property_id = fields.Many2one(
        "pm.property", index="btree_not_null", ondelete="cascade", help="Empty: every property."
    )
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    moment = fields.Selection(MOMENTS, required=True, default="after")
    amount = fields.Float(string="Distance", digits=(8, 2))
    unit = fields.Selection(STEP_UNITS, string="Time Unit", required=True, default="hours")
    role = fields.Selection(ROLES, string="Tell", required=True, default="handler")
    skips_levels = fields.Boolean(help="Goes past the levels below, who are informed of it afterwards (S1-43).")
    by_email = fields.Boolean(string="Also by E-mail")
    advice = fields.Text(translate=True, help="What the person told should do.")
    source = fields.Char(translate=True, help="Where the rule comes from: requirement id or house rule.")

    @api.constrains("domain", "model_id")
    def _check_domain(self):
        for rule in self:
            try:
                # sudo: tried as the program will use it
                self.env[rule.model_id.model].sudo().search_count(condition(rule.domain), limit=1)
            except Exception as error:
                raise ValidationError(
                    self.env._("Rule %(rule)s: the condition cannot be read (%(error)s).", rule=rule.name, error=error)
                ) from error

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._wake_open_deadlines()
        return rules

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {
            "active",
            "deadline_rule_ids",
            "moment",
            "amount",
            "unit",
            "domain",
            "property_id",
            "model_id",
        }:
            self._wake_open_deadlines()
        return result

    def _wake_open_deadlines(self):
        """A changed ladder concerns clocks that already run: let the job look at them once and plan anew."""
        for model in set(self.mapped("model")):
            # sudo: clocks are written by the program only
            rows = (
                self.env["pm.deadline"]
                .sudo()
                .search(
                    [
                        ("res_model", "=", model),
                        ("state", "in", ("running", "breached")),
                        ("met_at", "=", False),
                        ("paused_since", "=", False),
                    ]
                )
            )
            rows.next_check = fields.Datetime.now()

    def _get_distance(self):
        self.ensure_one()
        return timedelta(**{self.unit: self.amount})

    @api.model
    def _get_steps(self, deadlines, new=False):
        """Return ``{deadline_id: [(rule, moment)]}`` of the steps still to be carried out.

        A reminder *before* the due time is left out once the due time has passed: it would come too late to help.

        :param bool new: the deadlines were just made: nothing has been carried out for them
        """
        now = fields.Datetime.now()
        # sudo: a step that was carried out is not repeated, whoever may see it
        steps = self.env["pm.escalation"].sudo()
        if not new:
            steps = steps.search([("deadline_id", "in", deadlines.ids)])
        done = {(step.deadline_id.id, step.rule_id.id) for step in steps}
        result = {row.id: [] for row in deadlines}
        for model, group in deadlines.grouped("res_model").items():
            # sudo: the ladder counts for every record, whoever's step has woken the clock
            rules = self.sudo().search([("model", "=", model)])
            facts = [(row.id, row.res_id, row.rule_id.id, row.property_id.id, row.start, row.due) for row in group]
            records = self.env[model].sudo().browse(group.mapped("res_id"))
            for rule in rules:
                # Looked up once per rule: the inner loop runs rules × rows times.
                rule_id, clocks, prop_id, before = (
                    rule.id,
                    set(rule.deadline_rule_ids.ids),
                    rule.property_id.id,
                    rule.moment == "before",
                )
                from_start, distance = rule.moment == "start", rule._get_distance()
                domain = condition(rule.domain)
                fitting = None if domain.is_true() else set(records.filtered_domain(domain).ids)
                for row_id, res_id, clock_id, row_prop_id, start, due in facts:
                    if (
                        (row_id, rule_id) in done
                        or (clocks and clock_id not in clocks)
                        or (prop_id and prop_id != row_prop_id)
                    ):
                        continue
                    if fitting is not None and res_id not in fitting:
                        continue
                    if not before:
                        result[row_id].append((rule, (start if from_start else due) + distance))
                    elif due > now:
                        result[row_id].append((rule, due - distance))
        return result

    @api.model
    def _get_property_users(self, prop, role):
        """Return the users of ``prop`` who hold exactly ``role``: a manager, who is a supervisor too, does not count as one."""
        users = self.env["res.users"].sudo()  # who works where is not visible to every role
        if role == "manager" and prop.manager_id:
            return prop.manager_id.sudo()
        if role not in GROUPS:
            return users
        found = users.search(
            [
                ("all_group_ids", "in", self.env.ref(GROUPS[role]).ids),
                ("share", "=", False),
                "|",
                ("pm_property_ids", "in", prop.ids),
                (
                    "all_group_ids",
                    "in",
                    self.env.ref("pm_base.group_all_properties").ids if role == "leadership" else [],
                ),
                ("company_ids", "in", prop.company_id.ids),
            ]
        )
        if role == "supervisor":
            manager = self.env.ref("pm_base.group_manager")
            found = found.filtered(lambda user: manager not in user.all_group_ids)
        return found

    def _get_skipped_users(self, record, cache, told):
        """Return who is informed afterwards that the step went past them: everybody on the levels between, but ``told``."""
        if not self.skips_levels or self.role not in LADDER:
            return self.env["res.users"]
        users = self.env["res.users"]
        for role in LADDER[: LADDER.index(self.role)]:
            users |= self._get_role_users(record, role, cache)
        return users.filtered("active") - told

    def _get_role_users(self, record, role, cache):
        """Return the users who hold exactly ``role`` for ``record``."""
        if role not in GROUPS:
            return record._get_escalation_users(role)
        key = (record.property_id.id, role)
        if key not in cache:
            cache[key] = self._get_property_users(record.property_id, role)
        return cache[key]

    def _get_users(self, record, cache):
        """Return the users to tell for ``record``; where nobody holds the role, those of the next role up.

        :param dict cache: shared by one run: roles held for a whole property are looked up once
        """
        role = self.role
        while role:
            users = self._get_role_users(record, role, cache)
            users = users.filtered("active")
            if users:
                return users
            role = NEXT_UP.get(role)
        return self.env["res.users"]
