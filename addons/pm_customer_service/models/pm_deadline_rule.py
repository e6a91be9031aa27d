from datetime import datetime, time, timedelta
from typing import NamedTuple

import pytz
from odoo import api, fields, models
from odoo.tools import ormcache

from .pm_rule_condition import condition

EVENTS = [
    ("manual", "Started by the program"),
    ("created", "Recorded"),
    ("assigned", "Handler named"),
    ("started", "Work started"),
    ("replied", "Customer answered"),
    ("contacted", "Customer told something new"),
    ("agreed", "Time agreed with the customer"),
    ("scheduled", "Visit agreed"),
    ("arrived", "Technician there"),
    ("handled", "Handled"),
    ("fed_back", "Result reported to the customer"),
    ("followed_up", "Followed up"),
    ("closed", "Closed"),
    ("reopened", "Reopened"),
    ("repeated", "Recognised as a repeat"),
]
UNITS = [
    ("minutes", "Minutes"),
    ("hours", "Hours"),
    ("days", "Days"),
    ("end_of_day", "Same day"),
    ("agreed", "Time agreed with the customer"),
]
BASES = [
    ("property", "As set on the property"),
    ("calendar", "Calendar days"),
    ("working", "Working days"),
]
LAST_SECOND = time(23, 59, 59)
SEARCH_WINDOW = timedelta(days=45)
SEARCH_WINDOWS = 20


class Clock(NamedTuple):
    """What a deadline rule says, as it is kept in memory: rules are asked at every step of every ticket."""

    id: int
    kind: str
    property_id: int | bool
    condition: str
    start_event: str
    stop_event: str
    amount: float
    unit: str
    basis: str

    def get_basis(self, prop):
        """Return 'calendar' or 'working' for the property (CON-14: a rule may leave it to the property, it to the company)."""
        if self.basis != "property":
            return self.basis
        return prop.deadline_basis or prop.company_id.pm_deadline_basis or "calendar"


class PmDeadlineRule(models.Model):
    """How long something may take: the handbook's numbers as records.

    A rule says for which records (model + condition) which clock (kind) starts at which event, how long it runs, on
    which calendar, and which event stops it. A running clock (``pm.deadline``) keeps a copy of amount, unit and basis:
    changing a rule never rewrites the past. Of several rules of one kind that fit a record, the property's own wins,
    then the lower sequence.
    """

    _name = "pm.deadline.rule"
    _inherit = ["pm.rule.condition"]
    _description = "Deadline Rule"
    _order = "sequence, id"

    _amount_positive = models.Constraint("CHECK (amount >= 0)", "A deadline cannot lie before its start.")
    _event_index = models.Index("(model, start_event) WHERE active")

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    model_id = fields.Many2one(
        "ir.model", string="Applies to", required=True, ondelete="cascade", domain="[('is_mail_thread', '=', True)]"
    )
    model = fields.Char(related="model_id.model", store=True, string="Model Name")
    kind = fields.Char(
        string="Clock",
        required=True,
        index=True,
        help="Technical name of the clock, such as reply or followup. One clock of a kind runs at a time.",
    )
    property_id = fields.Many2one(
        "pm.property",
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: for every property without its own rule.",
    )
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    domain = fields.Char(string="Condition", default="[]", required=True, help="Records the rule is for.")
    start_event = fields.Selection(EVENTS, string="Starts When", required=True, default="created")
    stop_event = fields.Selection(EVENTS, string="Kept When", required=True, default="handled")
    amount = fields.Float(string="Time Allowed", default=1.0, digits=(8, 2))
    unit = fields.Selection(UNITS, string="Time Unit", required=True, default="days")
    basis = fields.Selection(BASES, string="Counted In", required=True, default="property")
    source = fields.Char(translate=True, help="Where the number comes from: requirement id or house rule.")

    @api.model
    @ormcache("model")
    def _get_clocks(self, model):
        """Return the active rules of ``model`` as ``Clock``, in order of precedence."""
        rules = self.sudo().search([("model", "=", model)])  # sudo: the desk need not see the set-up
        return tuple(
            Clock(
                rule.id,
                rule.kind,
                rule.property_id.id,
                rule.domain,
                rule.start_event,
                rule.stop_event,
                rule.amount,
                rule.unit,
                rule.basis,
            )
            for rule in rules.sorted(lambda rule: (not rule.property_id, rule.sequence, rule.id))
        )

    @api.model
    def _match(self, clocks, records):
        """Return ``[(clock, record)]``: for every record the first fitting rule of each kind.

        :param clocks: as from ``_get_clocks``
        :param records: records of one ``pm.deadline.mixin`` model, which may still be unsaved
        """
        pairs = []
        left = {}  # by kind the records that no rule has fitted so far
        for clock in clocks:
            waiting = left.get(clock.kind, records)
            if prop := clock.property_id:
                mine = waiting.filtered(lambda record, prop=prop: record.property_id.id == prop)
            else:
                mine = waiting
            if mine and (found := condition(clock.condition).filter(mine)):
                left[clock.kind] = waiting - found
                pairs += ((clock, record) for record in found)
        return pairs

    @api.model
    def _plan_clock(self, clock, record, start, memo=None):
        """Return when ``clock`` ends for ``record`` if it starts at ``start`` (naive UTC); False for a time not agreed yet."""
        if clock.unit == "agreed":
            return record._get_agreed_due(clock.kind)
        prop = record.property_id
        return self._plan(start, clock.amount, clock.unit, clock.get_basis(prop), prop, memo)

    @api.model
    def _plan(self, start, amount, unit, basis, prop, memo=None):
        """Return when a time allowance ends, as naive UTC.

        Days are the property's local days: *3 days* from any moment of day D end with the last second of D+3, so what
        happens on D+3 is in time and on D+4 late. Working days and hours follow the property's calendar.

        :param datetime start: naive UTC
        :param float amount: how many units
        :param str unit: minutes, hours, days or end_of_day
        :param str basis: 'calendar' or 'working'
        :param prop: the ``pm.property`` whose time zone and calendar count
        :param dict memo: shared by the calls of one batch, so that equal starts are planned once
        """
        tz = pytz.timezone(prop.tz or "Asia/Shanghai")
        local = pytz.utc.localize(start).astimezone(tz)
        calendar = prop.calendar_id
        if unit in ("minutes", "hours"):
            hours = amount / 60.0 if unit == "minutes" else amount
            if basis != "working" or not calendar:
                return start + timedelta(hours=hours)
            end = calendar.plan_hours(hours, local, compute_leaves=True)
            return end.astimezone(pytz.utc).replace(tzinfo=None) if end else start + timedelta(hours=hours)
        days = 0 if unit == "end_of_day" else int(amount)
        key = (prop.id, local.date(), days, basis)
        if memo is not None and key in memo:
            return memo[key]
        if basis == "working" and calendar:
            last = self._working_day(calendar, tz, local.date(), days)
        else:
            last = local.date() + timedelta(days=days)
        due = tz.localize(datetime.combine(last, LAST_SECOND)).astimezone(pytz.utc).replace(tzinfo=None)
        if memo is not None:
            memo[key] = due
        return due

    @api.model
    def _working_day(self, calendar, tz, first, count):
        """Return the ``count``-th working day after the date ``first`` (0: the first day itself or the next that is worked)."""
        day = first if count == 0 else first + timedelta(days=1)
        needed = max(count, 1)
        for __ in range(SEARCH_WINDOWS):
            start = tz.localize(datetime.combine(day, time.min))
            stop = tz.localize(datetime.combine(day + SEARCH_WINDOW, time.min))
            intervals = calendar._work_intervals_batch(start, stop, tz=tz)[False]
            worked = sorted({begin.astimezone(tz).date() for begin, __, __ in intervals})
            if len(worked) >= needed:
                return worked[needed - 1]
            needed -= len(worked)
            day += SEARCH_WINDOW
        # A calendar without working hours cannot count: fall back to calendar days rather than never be due.
        return first + timedelta(days=count)
