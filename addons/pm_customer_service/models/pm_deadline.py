import logging
from datetime import timedelta

import pytz
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .pm_deadline_rule import BASES, UNITS

_logger = logging.getLogger(__name__)

STATES = [
    ("running", "Running"),
    ("met", "Kept"),
    ("breached", "Missed"),
    ("cancelled", "Cancelled"),
]
CHUNK = 200
RETRY_AFTER = timedelta(minutes=15)


class PmDeadline(models.Model):
    """One running clock of one record. Nothing else in the program computes a deadline.

    ==========  =====================================================================================
    running     started, neither kept nor missed; a pause leaves it running with ``paused_since``
    met         kept: ``met_at`` <= ``due``
    breached    missed: ``due`` passed; stays so for ever, ``met_at`` tells when it was done late
    cancelled   no longer wanted (record cancelled, new time agreed before the old one lapsed)
    ==========  =====================================================================================

    ``next_check`` is the moment at which the job next has something to do for the row (a reminder, the breach, an
    escalation step) or empty. The job reads the partial index on it, so its cost follows what is due, not what is open.
    """

    _name = "pm.deadline"
    _description = "Deadline"
    _order = "due, id"
    _rec_name = "rule_id"

    _one_running = models.UniqueIndex(
        "(res_model, res_id, kind) WHERE state = 'running'", "This clock is already running."
    )
    _record_index = models.Index("(res_model, res_id)")
    _check_index = models.Index("(next_check, id) WHERE next_check IS NOT NULL")
    # What every screen asks: the clocks not yet kept, by property and due time.
    _pending_index = models.Index("(property_id, due) WHERE state IN ('running', 'breached') AND met_at IS NULL")
    _kind_index = models.Index("(property_id, kind, start)")

    rule_id = fields.Many2one("pm.deadline.rule", string="Clock", required=True, ondelete="restrict", index=True)
    kind = fields.Char(required=True, readonly=True)
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(string="Record", model_field="res_model", required=True, readonly=True)
    res_name = fields.Char(string="Subject", compute="_compute_res_name")
    property_id = fields.Many2one("pm.property", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="property_id.company_id", store=True, precompute=True)
    user_id = fields.Many2one("res.users", string="Responsible", readonly=True, index="btree_not_null")

    start = fields.Datetime(required=True, readonly=True)
    due = fields.Datetime(required=True, readonly=True)
    met_at = fields.Datetime(string="Done On", readonly=True)
    breached_at = fields.Datetime(string="Missed On", readonly=True)
    state = fields.Selection(STATES, required=True, default="running", readonly=True)
    paused_since = fields.Datetime(readonly=True)
    pause_ids = fields.One2many("pm.deadline.pause", "deadline_id", string="Pauses", readonly=True)
    cancel_reason = fields.Char(readonly=True)
    escalation_ids = fields.One2many("pm.escalation", "deadline_id", string="Escalations", readonly=True)

    rule_amount = fields.Float(string="Time Allowed", readonly=True, digits=(8, 2))
    rule_unit = fields.Selection(UNITS, string="Time Unit", readonly=True)
    rule_basis = fields.Selection(BASES, string="Counted In", readonly=True)

    next_check = fields.Datetime(readonly=True)
    job_error = fields.Char(readonly=True, help="Why the job could not handle this row; it tries again later.")

    @api.depends("res_model", "res_id")
    def _compute_res_name(self):
        for model, rows in self.grouped("res_model").items():
            records = self.env[model].browse(rows.mapped("res_id")).exists() if model in self.env else self.browse()
            names = {record.id: record.display_name for record in records}
            for row in rows:
                row.res_name = names.get(row.res_id, "")

    def action_open_record(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "view_mode": "form",
        }

    # ------------------------------------------------------------------
    # Life of a clock (called by pm.deadline.mixin)
    # ------------------------------------------------------------------

    def _get_records(self):
        """Return the records the rows belong to; all rows are of one model."""
        return self.env[self[:1].res_model].browse(self.mapped("res_id"))

    @api.model
    def _launch(self, pairs, start=None, due=None, new=False):
        """Start the clocks of ``pairs`` and return them. A clock of the kind that already runs is left alone.

        :param list pairs: ``(clock, record)`` as from ``pm.deadline.rule._match``; all records of one model
        :param datetime start: naive UTC, default now
        :param datetime due: agreed moment; only for rules with unit 'agreed', else taken from the record
        :param bool new: the records were just made, so that none of their clocks can be running
        """
        if not pairs:
            return self.browse()
        start = start or fields.Datetime.now()
        model = pairs[0][1]._name
        rows = self.sudo()  # clocks belong to the program: no role may create or shift them by hand
        running = {} if new else rows._get_running(model, [record.id for __, record in pairs])
        rules, memo = self.env["pm.deadline.rule"], {}
        vals_list = []
        superseded = self.browse()
        for clock, record in pairs:
            agreed = clock.unit == "agreed"
            end = (agreed and due) or rules._plan_clock(clock, record, start, memo)
            present = running.get((record.id, clock.kind))
            if not end or (present and (not agreed or present.due == end)):
                continue
            if present:
                superseded |= present
            prop = record.property_id
            vals_list.append(
                {
                    "rule_id": clock.id,
                    "kind": clock.kind,
                    "res_model": model,
                    "res_id": record.id,
                    "property_id": prop.id,
                    "user_id": record._get_deadline_user().id,
                    "start": start,
                    "due": end,
                    "rule_amount": clock.amount,
                    "rule_unit": clock.unit,
                    "rule_basis": clock.get_basis(prop),
                }
            )
        if superseded:
            superseded._settle(start, cancel_reason=self.env._("A new time was agreed."))
            superseded.flush_recordset()  # the old row must be out of the unique index before the new one enters
        rows._plan_first_checks(model, vals_list)
        return rows.create(vals_list)

    def _get_running(self, model, ids):
        """Return ``{(record id, kind): row}`` of the clocks that run for records of ``model``."""
        rows = self.search([("res_model", "=", model), ("res_id", "in", ids), ("state", "=", "running")])
        return {(row.res_id, row.kind): row for row in rows}

    def _plan_first_checks(self, model, vals_list):
        """Put ``next_check`` into the values of clocks that are about to be made: no step was carried out for them."""
        facts = [
            (number, vals["res_id"], vals["rule_id"], vals["property_id"], vals["start"], vals["due"])
            for number, vals in enumerate(vals_list)
        ]
        steps = self.env["pm.escalation.rule"]._plan_steps(model, facts)
        for number, vals in enumerate(vals_list):
            vals["next_check"] = min([vals["due"], *(moment for __, moment in steps[number])])
        self._wake_job(vals["next_check"] for vals in vals_list)

    def _wake_job(self, moments):
        """An emergency is told at once, not at the job's next turn."""
        now = fields.Datetime.now()
        if any(moment and moment <= now for moment in moments):
            # sudo: waking the job is nobody's right in particular
            self.env.ref("pm_customer_service.ir_cron_pm_deadline").sudo()._trigger()

    def _settle(self, at, cancel_reason=None):
        """Stop the clocks: kept or, if the due time has passed, missed; with ``cancel_reason`` those not yet missed are cancelled."""
        # sudo: clocks are written by the program only, with the step of whoever may take it
        rows = self.sudo()
        rows.filtered("paused_since")._resume(at)
        kept, late, cancelled, already = rows.browse(), rows.browse(), rows.browse(), rows.browse()
        for row in rows:
            if row.state == "breached":
                already |= row
            elif row.state == "running" and row.due < at:
                late |= row
            elif row.state == "running" and cancel_reason:
                cancelled |= row
            elif row.state == "running":
                kept |= row
        kept.write({"state": "met", "met_at": at, "next_check": False})
        cancelled.write({"state": "cancelled", "cancel_reason": cancel_reason, "next_check": False})
        for row in late:
            row.write({"state": "breached", "breached_at": row.due})
        (late | already).filtered(lambda row: not row.met_at).write({"met_at": at, "next_check": False})
        if rows:
            # sudo: the warnings of colleagues are theirs
            self.env["mail.activity"].sudo().search([("pm_deadline_id", "in", rows.ids)]).unlink()

    def _pause(self, reason, at=None):
        """Pause running clocks. ``reason`` is required: a pause without one could hide a missed promise."""
        if not (reason or "").strip():
            raise UserError(self.env._("To pause a deadline you must give the reason."))
        at = at or fields.Datetime.now()
        # sudo: clocks are written by the program only, with the step of whoever may take it
        rows = self.sudo().filtered(lambda row: row.state == "running" and not row.paused_since and row.due >= at)
        rows.write({"paused_since": at, "next_check": False})
        self.env["pm.deadline.pause"].sudo().create(
            [{"deadline_id": row.id, "start": at, "reason": reason, "user_id": self.env.uid} for row in rows]
        )
        return rows

    def _resume(self, at=None):
        """Let paused clocks run on; the due time moves by what was paused, in the rule's own way of counting."""
        at = at or fields.Datetime.now()
        # sudo: clocks are written by the program only, with the step of whoever may take it
        rows = self.sudo().filtered("paused_since")
        for row in rows:
            row.write({"due": row._shifted_due(row.paused_since, at), "paused_since": False})
        rows.pause_ids.filtered(lambda pause: not pause.stop).write({"stop": at})
        rows._schedule_checks()
        return rows

    def _shifted_due(self, since, until):
        """Return the due time after a pause from ``since`` to ``until`` (naive UTC)."""
        self.ensure_one()
        rule_model = self.env["pm.deadline.rule"]
        prop = self.property_id
        if self.rule_unit == "agreed":
            return self.due  # the customer was promised this moment, a pause of ours does not move it
        tz = pytz.timezone(prop.tz or "Asia/Shanghai")
        day = lambda moment: pytz.utc.localize(moment).astimezone(tz).date()  # noqa: E731
        working = self.rule_basis == "working" and prop.calendar_id
        if self.rule_unit in ("days", "end_of_day"):
            left = (day(self.due) - day(since)).days
            if working:
                begin = pytz.utc.localize(since).astimezone(tz)
                end = pytz.utc.localize(self.due).astimezone(tz)
                intervals = prop.calendar_id._work_intervals_batch(begin, end, tz=tz)[False]
                left = len({start.astimezone(tz).date() for start, __, __ in intervals} - {day(since)})
            return rule_model._plan(until, left, "days", self.rule_basis, prop)
        if working:
            begin = pytz.utc.localize(since).astimezone(tz)
            hours = prop.calendar_id.get_work_hours_count(begin, pytz.utc.localize(self.due).astimezone(tz))
            return rule_model._plan(until, hours, "hours", "working", prop)
        return self.due + (until - since)

    # ------------------------------------------------------------------
    # The job: breaches, reminders, escalation
    # ------------------------------------------------------------------

    def _schedule_checks(self):
        """Set ``next_check`` of open rows from their due time and the escalation rules not yet carried out."""
        # sudo: clocks are written by the program only
        rows = self.sudo().filtered(
            lambda row: row.state in ("running", "breached") and not row.met_at and not row.paused_since
        )
        if not rows:
            return
        steps = self.env["pm.escalation.rule"]._get_steps(rows)
        by_moment = {}
        for row in rows:
            moments = [moment for __, moment in steps[row.id]]
            if row.state == "running":
                moments.append(row.due)
            by_moment.setdefault(min(moments, default=False), []).append(row.id)
        for moment, ids in by_moment.items():
            rows.browse(ids).next_check = moment
        self._wake_job(by_moment)

    @api.model
    def _cron_process(self):
        """Mark missed deadlines and carry out reminders and escalation steps that are due. Safe to run twice, on two
        servers at once, and to be killed: rows are locked (those of another worker skipped), each chunk commits with its
        own effects, and a unique key keeps a step from happening twice."""
        done = 0
        while True:
            count = self._process_due(CHUNK)
            done += count
            if not count:
                break
            if not self.env["ir.cron"]._commit_progress(count, remaining=self._count_due()):
                self.env.ref("pm_customer_service.ir_cron_pm_deadline")._trigger()  # do not wait for the next poll
                break
        return done

    @api.model
    def _count_due(self):
        # sudo: the job works for all properties
        return self.sudo().search_count([("next_check", "<=", fields.Datetime.now())], limit=CHUNK)

    @api.model
    def _process_due(self, limit):
        """Handle up to ``limit`` rows whose ``next_check`` has come and return how many were taken."""
        self.env.flush_all()
        now = fields.Datetime.now()
        ids = [
            row[0]
            for row in self.env.execute_query(
                SQL(
                    """SELECT id FROM pm_deadline WHERE next_check <= %s
                        ORDER BY next_check, id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED""",
                    now,
                    limit,
                )
            )
        ]
        rows = self.sudo().browse(ids)  # the job acts for nobody in particular
        rows.invalidate_recordset()
        try:
            with self.env.cr.savepoint():
                rows._carry_out(now)
        except Exception:
            # One bad row must not hold up the others: find it by handling each alone.
            _logger.warning("deadline chunk failed, handling its %s rows one by one", len(rows), exc_info=True)
            self.env.invalidate_all(flush=False)
            for row in rows:
                try:
                    with self.env.cr.savepoint():
                        row._carry_out(now)
                except Exception as error:
                    _logger.exception("deadline %s could not be handled", row.id)
                    self.env.invalidate_all(flush=False)
                    row.write({"next_check": now + RETRY_AFTER, "job_error": str(error)[:500]})
        return len(ids)

    def _carry_out(self, now):
        """Breach what is past due, then carry out the escalation steps whose moment has come."""
        rows = self.filtered(
            lambda row: row.state in ("running", "breached") and not row.met_at and not row.paused_since
        )
        (self - rows).write({"next_check": False})
        for model, group in rows.grouped("res_model").items():
            if model not in self.env:
                group.write({"next_check": False})
                continue
            alive = set(self.env[model].browse(group.mapped("res_id")).exists().ids)
            orphans = group.filtered(lambda row, alive=alive: row.res_id not in alive)
            orphans.write(
                {"state": "cancelled", "cancel_reason": self.env._("The record was deleted."), "next_check": False}
            )
            group -= orphans
            lapsed = group.filtered(lambda row: row.state == "running" and row.due < now)
            for row in lapsed:
                row.write({"state": "breached", "breached_at": row.due})
            if lapsed:
                lapsed._get_records()._deadline_breached(lapsed)
            rules = self.env["pm.escalation.rule"]
            steps = rules._get_steps(group)
            due_steps = [
                (row, rules.browse(rule_id)) for row in group for rule_id, moment in steps[row.id] if moment <= now
            ]
            if due_steps:
                self.env["pm.escalation"]._carry_out(due_steps, now)
            group.write({"job_error": False})
            group._schedule_checks()
        self.flush_recordset()


class PmDeadlinePause(models.Model):
    """A span during which a clock stood still, and why."""

    _name = "pm.deadline.pause"
    _description = "Deadline Pause"
    _order = "start, id"

    deadline_id = fields.Many2one("pm.deadline", required=True, ondelete="cascade", index=True, readonly=True)
    property_id = fields.Many2one(related="deadline_id.property_id", store=True)
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    start = fields.Datetime(required=True, readonly=True)
    stop = fields.Datetime(readonly=True)
    reason = fields.Char(required=True, readonly=True)
    user_id = fields.Many2one("res.users", readonly=True)
