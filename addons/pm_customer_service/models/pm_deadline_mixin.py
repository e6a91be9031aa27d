import pytz
from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

DEADLINE_STATES = [
    ("on_time", "On time"),
    ("today", "Due today"),
    ("overdue", "Overdue"),
]


class PmDeadlineMixin(models.AbstractModel):
    """Gives a model clocks. The model needs ``property_id`` and may override the four hooks at the end.

    * ``_deadline_event(event)`` stops and starts clocks as the rules say: the normal way;
    * ``_start_deadline(kind)``, ``_meet_deadline(kind)``: by name, for rules started by the program;
    * ``_pause_deadlines(reason)``, ``_resume_deadlines()``, ``_cancel_deadlines(reason)``.

    All work on many records at once.
    """

    _name = "pm.deadline.mixin"
    _description = "Has Deadlines"
    _inherit = ["pm.program.fields"]
    _program_fields = frozenset({"next_due"})

    deadline_ids = fields.One2many(
        "pm.deadline",
        "res_id",
        string="Deadlines",
        domain=lambda self: [("res_model", "=", self._name)],
        bypass_search_access=True,
        readonly=True,
        copy=False,
        groups="base.group_user",
    )
    next_due = fields.Datetime(
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The earliest deadline not yet kept, missed ones included; kept up to date by the clocks themselves.",
    )
    deadline_state = fields.Selection(
        DEADLINE_STATES, compute="_compute_deadline_state", search="_search_deadline_state"
    )

    @api.depends("next_due")
    def _compute_deadline_state(self):
        now = fields.Datetime.now()
        for record in self:
            due = record.next_due
            if not due:
                record.deadline_state = False
            elif due < now:
                record.deadline_state = "overdue"
            else:
                local = lambda moment, rec=record: fields.Datetime.context_timestamp(  # noqa: E731
                    rec.with_context(tz=rec.property_id.tz), moment
                ).date()
                record.deadline_state = "today" if local(due) == local(now) else "on_time"

    def _search_deadline_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        # A list mixes properties: "today" is the day of the user who looks at it.
        midnight = fields.Datetime.context_timestamp(self, now).replace(hour=23, minute=59, second=59, microsecond=0)
        day_end = midnight.astimezone(pytz.utc).replace(tzinfo=None)
        by_state = {
            "overdue": Domain("next_due", "<", now),
            "today": Domain("next_due", ">=", now) & Domain("next_due", "<=", day_end),
            "on_time": Domain("next_due", ">", day_end),
            False: Domain("next_due", "=", False),
        }
        return Domain.OR(by_state[state] for state in value if state in by_state)

    # ------------------------------------------------------------------
    # Public to the modules above
    # ------------------------------------------------------------------

    def _deadline_event(self, event, at=None):
        """Something happened to the records: stop the clocks it stops, then start those it starts.

        :param str event: one of ``pm.deadline.rule.start_event``
        :param datetime at: naive UTC, default now
        :returns: the clocks started
        """
        if not self:
            return self.env["pm.deadline"]
        at = at or fields.Datetime.now()
        if event == "created":  # what was just recorded has no clock yet
            return self._start_first_deadlines(at)
        self._stop(Domain("rule_id.stop_event", "=", event), at)
        pairs = self._match_clocks(lambda clock: clock.start_event == event)
        started = self.env["pm.deadline"]._launch(pairs, at)
        self._sync_next_due()
        return started

    def _start_first_deadlines(self, at):
        """Start the clocks of records just made, and return them."""
        pairs = self._match_clocks(lambda clock: clock.start_event == "created")
        started = self.env["pm.deadline"]._launch(pairs, at, new=True)
        earliest = {}
        for clock in started:
            earliest[clock.res_id] = min(clock.due, earliest.get(clock.res_id, clock.due))
        # A model that plans its first deadline in the same INSERT has it already.
        wrong = self.filtered(lambda record: record.next_due != earliest.get(record.id, False))
        wrong._sync_next_due()
        (self - wrong).invalidate_recordset(["deadline_ids"], flush=False)
        return started

    def _match_clocks(self, wanted):
        """Return ``[(clock, record)]``: by kind the first rule that fits each record, of the rules that are ``wanted``."""
        rules = self.env["pm.deadline.rule"]
        return rules._match([clock for clock in rules._get_clocks(self._name) if wanted(clock)], self)

    def _start_deadline(self, kind, start=None, due=None):
        """Start the clock ``kind`` by the rule that fits each record, and return the clocks.

        A clock of the kind that already runs is left alone, except where the rule's time is agreed: then a new ``due``
        replaces it. Records that no rule fits get none.
        """
        pairs = self._match_clocks(lambda clock: clock.kind == kind)
        started = self.env["pm.deadline"]._launch(pairs, start, due)
        self._sync_next_due()
        return started

    def _meet_deadline(self, kind, at=None):
        """What the clock ``kind`` waited for has happened at ``at`` (naive UTC, default now): kept, or missed if too late."""
        self._stop(Domain("kind", "=", kind), at)
        self._sync_next_due()

    def _pause_deadlines(self, reason, kind=None):
        """Pause the running clocks (of one kind) of the records; ``reason`` is required and kept."""
        self._open_deadlines(Domain("kind", "=", kind) if kind else Domain.TRUE)._pause(reason)
        self._sync_next_due()

    def _resume_deadlines(self, kind=None):
        """Let paused clocks run on; their due time moves by the pause."""
        self._open_deadlines(Domain("kind", "=", kind) if kind else Domain.TRUE)._resume()
        self._sync_next_due()

    def _cancel_deadlines(self, kind=None, reason=None):
        """Cancel what still runs; what was missed stays missed and is only stopped."""
        rows = self._open_deadlines(Domain("kind", "=", kind) if kind else Domain.TRUE)
        rows._settle(fields.Datetime.now(), cancel_reason=reason or self.env._("No longer needed."))
        self._sync_next_due()

    # ------------------------------------------------------------------
    # Inside
    # ------------------------------------------------------------------

    def _open_deadlines(self, domain=Domain.TRUE):
        return (
            self.env["pm.deadline"]
            .sudo()
            .search(  # clocks are readable, never writable, for people
                Domain("res_model", "=", self._name)
                & Domain("res_id", "in", self.ids)
                & Domain("state", "in", ("running", "breached"))
                & Domain("met_at", "=", False)
                & Domain(domain)
            )
        )

    def _stop(self, domain, at=None):
        rows = self._open_deadlines(domain)
        if rows:
            rows._settle(at or fields.Datetime.now())

    def _sync_next_due(self):
        """Refresh ``next_due`` in one statement; a paused clock is not due."""
        if not self.ids:
            return
        self.env["pm.deadline"].flush_model(["res_model", "res_id", "state", "due", "met_at", "paused_since"])
        self.flush_model(["next_due"])
        self.env.cr.execute(
            SQL(
                """UPDATE %(table)s AS rec SET next_due = open.due
                     FROM (SELECT r.id, min(d.due) AS due
                             FROM %(table)s r
                             LEFT JOIN pm_deadline d ON d.res_model = %(model)s AND d.res_id = r.id
                                  AND d.state IN ('running', 'breached') AND d.met_at IS NULL AND d.paused_since IS NULL
                            WHERE r.id = ANY(%(ids)s)
                            GROUP BY r.id) AS open
                    WHERE rec.id = open.id AND rec.next_due IS DISTINCT FROM open.due""",
                table=SQL.identifier(self._table),
                model=self._name,
                ids=list(self.ids),
            )
        )
        self.invalidate_recordset(["next_due", "deadline_ids"])

    def unlink(self):
        # sudo: whoever may delete the record has no right on its clocks
        clocks = self.env["pm.deadline"].sudo().search([("res_model", "=", self._name), ("res_id", "in", self.ids)])
        result = super().unlink()
        clocks.unlink()  # a clock without its record tells nobody anything
        return result

    # ------------------------------------------------------------------
    # Hooks of the model
    # ------------------------------------------------------------------

    def _get_deadline_user(self):
        """Return the user answerable for the record's clocks (may be empty)."""
        self.ensure_one()
        return self.user_id if "user_id" in self else self.env["res.users"]

    def _get_agreed_due(self, kind):
        """Return the moment agreed with the customer for clocks with unit 'agreed', or False."""
        return False

    def _deadline_breached(self, deadlines):
        """Called by the job once for the rows of ``self``'s model that have just been missed."""

    def _escalate_to_customer(self, deadline):
        """Called by the job when a rule tells the customer himself: ``deadline`` is about to lapse, or has."""

    def _get_escalation_users(self, role):
        """Return the users who hold ``role`` for this record (see ``pm.escalation.rule``); empty = nobody, try the next higher."""
        self.ensure_one()
        if role == "handler":
            return self._get_deadline_user()
        return self.env["pm.escalation.rule"]._get_property_users(self.property_id, role)
