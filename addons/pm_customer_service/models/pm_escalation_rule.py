from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import ormcache

from .pm_rule_condition import condition

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


class Step(NamedTuple):
    """One rung of the ladder, as it is kept in memory."""

    id: int
    clocks: frozenset
    property_id: int | bool
    moment: str
    distance: timedelta
    condition: str


class PmEscalationRule(models.Model):
    """Who is told when, relative to a deadline: one rung of the ladder a record. Source: S0-70, S1-43, S4-94, S0-162."""

    _name = "pm.escalation.rule"
    _inherit = ["pm.rule.condition"]
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
    @ormcache("model")
    def _get_ladder(self, model):
        """Return the active rules of ``model`` as ``Step``."""
        # sudo: the ladder counts for every record, whoever's step has woken the clock
        rules = self.sudo().search([("model", "=", model)])
        return tuple(
            Step(
                rule.id,
                frozenset(rule.with_context(active_test=False).deadline_rule_ids.ids),
                rule.property_id.id,
                rule.moment,
                rule._get_distance(),
                rule.domain,
            )
            for rule in rules
        )

    @api.model
    def _get_steps(self, deadlines):
        """Return ``{deadline_id: [(rule_id, moment)]}`` of the steps still to be carried out."""
        # sudo: a step that was carried out is not repeated, whoever may see it
        steps = self.env["pm.escalation"].sudo().search([("deadline_id", "in", deadlines.ids)])
        done = {(step.deadline_id.id, step.rule_id.id) for step in steps}
        result = {}
        for model, group in deadlines.grouped("res_model").items():
            facts = [(row.id, row.res_id, row.rule_id.id, row.property_id.id, row.start, row.due) for row in group]
            result |= self._plan_steps(model, facts, done)
        return result

    @api.model
    def _plan_steps(self, model, facts, done=frozenset()):
        """Return ``{key: [(rule_id, moment)]}`` of the steps that clocks of ``model`` ask for.

        A reminder *before* the due time is left out once the due time has passed: it would come too late to help.

        :param list facts: of each clock ``(key, record id, deadline rule id, property id, start, due)``
        :param done: pairs ``(key, rule_id)`` that were carried out
        """
        now = fields.Datetime.now()
        result = {key: [] for key, *__ in facts}
        # sudo: the ladder counts for every record, whoever's step has woken the clock
        records = self.env[model].sudo().browse(dict.fromkeys(res_id for __, res_id, *__ in facts))
        for step in self._get_ladder(model):
            test = condition(step.condition)
            fitting = None if test.domain.is_true() else set(test.filter(records).ids)
            for key, res_id, clock_id, prop_id, start, due in facts:
                if (
                    (step.clocks and clock_id not in step.clocks)
                    or (step.property_id and step.property_id != prop_id)
                    or (key, step.id) in done
                ):
                    continue
                if fitting is not None and res_id not in fitting:
                    continue
                if step.moment != "before":
                    result[key].append((step.id, (start if step.moment == "start" else due) + step.distance))
                elif due > now:
                    result[key].append((step.id, due - step.distance))
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
