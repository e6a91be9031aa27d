import math
from datetime import datetime, time

import pytz
from dateutil.relativedelta import relativedelta
from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.pm_visit import DONE_STATES, OPEN_STATES

FULL = 100.0


class PmVisitPlan(models.TransientModel):
    """Plan the visits of a month: for each butler so many units as the target of KPI-19 asks for, the longest unvisited first.

    The days are the working days left in the month; each butler's visits are spread over them evenly. Source: S4-46, S4-98.
    """

    _name = "pm.visit.plan"
    _description = "Plan Visits"

    property_id = fields.Many2one(
        "pm.property", required=True, default=lambda self: self.env.user.pm_property_ids[:1], ondelete="cascade"
    )
    month = fields.Date(required=True, default=fields.Date.context_today)
    purpose_id = fields.Many2one(
        "pm.visit.purpose", default=lambda self: self.env["pm.visit.purpose"].search([], limit=1), ondelete="cascade"
    )
    line_ids = fields.One2many(
        "pm.visit.plan.line", "plan_id", compute="_compute_line_ids", store=True, readonly=False, string="Butlers"
    )
    first_day = fields.Date(compute="_compute_days")
    last_day = fields.Date(compute="_compute_days")

    @api.depends("month", "property_id")
    def _compute_days(self):
        for plan in self:
            if not (plan.month and plan.property_id):
                plan.first_day = plan.last_day = False
                continue
            first = plan.month.replace(day=1)
            plan.last_day = first + relativedelta(months=1, days=-1)
            plan.first_day = max(first, plan.property_id._today())

    @api.depends("property_id", "month")
    def _compute_line_ids(self):
        for plan in self:
            plan.line_ids = [Command.clear(), *(Command.create(vals) for vals in plan._prepare_lines())]

    def _prepare_lines(self):
        """Return the values of one line a butler; a butler sees himself only, a supervisor all of them."""
        self.ensure_one()
        prop = self.property_id
        if not (prop and self.month):
            return []
        # sudo: who works where is not visible to every role
        kpi = self.env.ref("pm_customer_service.kpi_visit_rate").sudo()
        butlers = kpi._butlers(prop)
        if not self.env.user.has_group("pm_base.group_supervisor"):
            butlers &= self.env.user
        units = self._units(butlers)
        done, planned = self._covered()
        lines = []
        for user in butlers.sorted("name"):
            mine = units.get(user.id, self.env["pm.unit"])
            target = self.env["pm.kpi.target"]._lookup(kpi, prop, self.month.year, user=user)
            percent = target.value if target else FULL
            wanted = math.ceil(round(len(mine) * percent / 100, 6))
            visited = len(set(mine.ids) & done)
            on_plan = len((set(mine.ids) & planned) - done)
            lines.append(
                {
                    "user_id": user.id,
                    "unit_count": len(mine),
                    "target": percent,
                    "visited_count": visited,
                    "planned_count": on_plan,
                    "count": max(wanted - visited - on_plan, 0),
                }
            )
        return lines

    def _units(self, users):
        """Return ``{user_id: units}`` in the butlers' charge that are visited."""
        units = self.env["pm.unit"].search(
            [("property_id", "=", self.property_id.id), ("user_id", "in", users.ids), ("to_visit", "=", True)]
        )
        return {user.id: group for user, group in units.grouped("user_id").items()}

    def _covered(self):
        """Return the ids of units visited in the month, and of those on its plan."""
        prop, first = self.property_id, self.month.replace(day=1)
        start = prop._local_midnight_utc(first)
        stop = prop._local_midnight_utc(first + relativedelta(months=1))
        visit = self.env["pm.visit"]
        common = [("property_id", "=", prop.id), ("unit_id", "!=", False)]
        done = visit._read_group(
            [*common, ("state", "in", DONE_STATES), ("visited_at", ">=", start), ("visited_at", "<", stop)], ["unit_id"]
        )
        planned = visit._read_group(
            [
                *common,
                ("state", "in", OPEN_STATES),
                ("planned_on", ">=", first),
                ("planned_on", "<", first + relativedelta(months=1)),
            ],
            ["unit_id"],
        )
        return {unit.id for (unit,) in done}, {unit.id for (unit,) in planned}

    def action_plan(self):
        """Create the planned visits and show them.

        :raises UserError: where the month has passed or nothing is left to plan
        """
        self.ensure_one()
        if not self.env.user.has_group("pm_base.group_officer"):
            raise AccessError(self.env._("Only butlers and supervisors plan visits."))
        days = self._working_days()
        if not days:
            raise UserError(self.env._("No working day is left in this month: choose a month that is still to come."))
        units = self._units(self.line_ids.user_id)
        done, planned = self._covered()
        vals_list = []
        for line in self.line_ids:
            mine = units.get(line.user_id.id, self.env["pm.unit"])
            free = mine.filtered(lambda unit: unit.id not in done and unit.id not in planned)
            last = free._last_visits()
            ordered = free.sorted(lambda unit, last=last: (last.get(unit.id) or datetime.min, unit.code))[: line.count]
            for index, unit in enumerate(ordered):
                vals_list.append(
                    {
                        "unit_id": unit.id,
                        "property_id": self.property_id.id,
                        "user_id": line.user_id.id,
                        "purpose_id": self.purpose_id.id,
                        "planned_on": days[index * len(days) // len(ordered)],
                    }
                )
        if not vals_list:
            raise UserError(self.env._("Nothing is left to plan: the target of this month is reached or on the plan."))
        visits = self.env["pm.visit"].create(vals_list)
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_customer_service.pm_visit_action")
        return action | {"domain": [("id", "in", visits.ids)], "context": {"search_default_group_user": 1}}

    def _working_days(self):
        """Return the working days from today to the end of the month, by the property's calendar."""
        if not self.first_day or self.first_day > self.last_day:
            return []
        prop = self.property_id
        if not prop.calendar_id:
            return [self.first_day + relativedelta(days=n) for n in range((self.last_day - self.first_day).days + 1)]
        tz = pytz.timezone(prop.tz)
        start = tz.localize(datetime.combine(self.first_day, time.min))
        stop = tz.localize(datetime.combine(self.last_day, time.max))
        intervals = prop.calendar_id._work_intervals_batch(start, stop, tz=tz)[False]
        return sorted({begin.astimezone(tz).date() for begin, __, __ in intervals})


class PmVisitPlanLine(models.TransientModel):
    """What one butler has done, has planned and still needs."""

    _name = "pm.visit.plan.line"
    _description = "Plan of a Butler"

    plan_id = fields.Many2one("pm.visit.plan", required=True, ondelete="cascade")
    user_id = fields.Many2one("res.users", string="Butler", required=True, ondelete="cascade")
    unit_count = fields.Integer(string="Units in Charge", readonly=True)
    target = fields.Float(string="Target (%)", digits=(5, 1), readonly=True)
    visited_count = fields.Integer(string="Visited", readonly=True)
    planned_count = fields.Integer(string="On the Plan", readonly=True)
    count = fields.Integer(string="To Plan", help="So many more visits are put on the plan.")

    _count_positive = models.Constraint("CHECK (count >= 0)", "The number of visits to plan cannot be negative.")
