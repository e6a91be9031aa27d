import logging

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.pm_base.tools.labels import selection_labels

from .charge_posting import ENTRIES
from .pm_charge import REVERSE_REASONS

_logger = logging.getLogger(__name__)

STATES = [
    ("draft", "Draft"),
    ("computing", "Computing"),
    ("computed", "To review"),
    ("approved", "Approved"),
    ("posting", "Posting"),
    ("posted", "Posted"),
    ("reversing", "Reversing"),
    ("reversed", "Reversed"),
    ("cancelled", "Cancelled"),
]
# What the job does with a run of a state, and in whose name.
_STEPS = {
    "computing": ("_compute_chunk", "computed_by"),
    "posting": ("_post_next", "posted_by"),
    "reversing": ("_reverse_next", "reversed_by"),
}


class PmBillingRun(models.Model):
    """One month of one property billed: compute → review → approve → post, each by the right person.

    | state     | what may happen                                     | what a crash leaves                                |
    |-----------|-----------------------------------------------------|----------------------------------------------------|
    | draft     | compute, cancel                                     | nothing                                            |
    | computing | (the job works on)                                  | charges of whole chunks; the job goes on after the last |
    | computed  | recompute, approve (not by who computed), cancel    | nothing                                            |
    | approved  | post                                                | nothing                                            |
    | posting   | (the job works on)                                  | whole entries with their charges; the job does the rest |
    | posted    | notices, reverse                                    | nothing                                            |
    | reversing | (the job works on)                                  | whole entries taken back; the job does the rest    |

    A chunk is one transaction and the keys of pm.charge make it harmless to repeat: killed anywhere, nothing is lost and
    nothing doubled. The row lock on the run keeps a second worker away.
    """

    _name = "pm.billing.run"
    _description = "Billing run"
    _inherit = ["pm.program.fields", "mail.thread", "mail.activity.mixin"]
    _order = "date_from desc, property_id, id desc"
    _program_fields = frozenset(
        {
            "state",
            "automatic",
            "computed_by",
            "computed_on",
            "approved_by",
            "approved_on",
            "posted_by",
            "posted_on",
            "cursor",
            "total_units",
            "done_units",
            "posting_note",
            "reverse_reason",
            "reverse_note",
            "reverse_date",
            "reversed_by",
        }
    )

    _automatic_once = models.UniqueIndex(
        "(property_id, date_from) WHERE automatic AND state NOT IN ('reversed', 'cancelled')",
        "The monthly run of this property exists already.",
    )

    name = fields.Char(compute="_compute_name", store=True)
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_from = fields.Date(
        "Month",
        required=True,
        default=lambda self: fields.Date.context_today(self).replace(day=1),
        help="Any day of the month; it becomes the first.",
    )
    date_to = fields.Date(compute="_compute_name", store=True)
    accounting_date = fields.Date(help="Day in the books; empty = the first day of the month.")
    item_ids = fields.Many2many(
        "pm.fee.item", string="Only these fee items", domain="[('company_id', '=', company_id)]"
    )
    automatic = fields.Boolean("Made by the monthly job", readonly=True, copy=False)
    state = fields.Selection(STATES, required=True, default="draft", readonly=True, copy=False, tracking=True)
    computed_by = fields.Many2one("res.users", readonly=True, copy=False)
    computed_on = fields.Datetime(readonly=True, copy=False)
    approved_by = fields.Many2one("res.users", readonly=True, copy=False)
    approved_on = fields.Datetime("Approved at", readonly=True, copy=False)
    posted_by = fields.Many2one("res.users", readonly=True, copy=False)
    posted_on = fields.Datetime(readonly=True, copy=False)
    cursor = fields.Integer(readonly=True, copy=False, help="Last unit computed: where the job goes on.")
    total_units = fields.Integer("Units in scope", readonly=True, copy=False)
    done_units = fields.Integer("Units computed", readonly=True, copy=False)
    progress = fields.Float(compute="_compute_progress")
    posting_note = fields.Text(
        readonly=True, copy=False, help="When the ledger lines could not be written in sets, and why."
    )
    reverse_reason = fields.Selection(REVERSE_REASONS, readonly=True, copy=False)
    reverse_note = fields.Char(readonly=True, copy=False)
    reverse_date = fields.Date("Reversal in the Books", readonly=True, copy=False)
    reversed_by = fields.Many2one("res.users", readonly=True, copy=False)
    charge_ids = fields.One2many("pm.charge", "run_id", "Charges")
    issue_ids = fields.One2many("pm.billing.issue", "run_id", "Issues")
    notice_ids = fields.One2many("pm.fee.notice", "run_id", "Payment notices")
    charge_count = fields.Integer(compute="_compute_totals")
    amount_untaxed = fields.Monetary("Untaxed", compute="_compute_totals")
    amount_tax = fields.Monetary("Tax", compute="_compute_totals")
    amount_total = fields.Monetary("Total", compute="_compute_totals")
    amount_residual = fields.Monetary("Still owed", compute="_compute_totals")
    refused_count = fields.Integer(compute="_compute_totals")
    warning_count = fields.Integer(compute="_compute_totals")
    notice_count = fields.Integer(compute="_compute_totals")
    unpublished_names = fields.Char("Fee standards not published", compute="_compute_unpublished_names")

    @api.depends("property_id.code", "date_from", "item_ids.code")
    def _compute_name(self):
        for run in self:
            start = run.date_from
            run.date_to = start and fields.Date.subtract(fields.Date.add(start.replace(day=1), months=1), days=1)
            parts = [run.property_id.code or "", start.strftime("%Y-%m") if start else "", *run.item_ids.mapped("code")]
            run.name = " ".join(filter(None, parts))

    @api.depends("state", "done_units", "total_units")
    def _compute_progress(self):
        for run in self:
            if run.state == "computing":
                run.progress = 100.0 * run.done_units / run.total_units if run.total_units else 0.0
            elif run.state == "posting":
                left = self.env["pm.charge"].search_count([("run_id", "=", run.id), ("state", "=", "draft")])
                run.progress = 100.0 * (1 - left / run.charge_count) if run.charge_count else 0.0
            elif run.state == "reversing":
                # Counted are the charges that are still there: those not yet reversed.
                every = self.env["pm.charge"].search_count([("run_id", "=", run.id)])
                run.progress = 100.0 * (1 - run.charge_count / every) if every else 0.0
            else:
                run.progress = 100.0 if run.state in ("computed", "approved", "posted", "reversed") else 0.0

    def _compute_totals(self):
        sums = {
            run: values
            for run, *values in self.env["pm.charge"]._read_group(
                [("run_id", "in", self.ids), ("state", "!=", "reversed")],
                ["run_id"],
                ["__count", "amount_untaxed:sum", "amount_tax:sum", "amount_total:sum", "residual:sum"],
            )
        }
        issues = {
            (run, severity): count
            for run, severity, count in self.env["pm.billing.issue"]._read_group(
                [("run_id", "in", self.ids)], ["run_id", "severity"], ["__count"]
            )
        }
        notices = dict(self.env["pm.fee.notice"]._read_group([("run_id", "in", self.ids)], ["run_id"], ["__count"]))
        for run in self:
            (run.charge_count, run.amount_untaxed, run.amount_tax, run.amount_total, run.amount_residual) = sums.get(
                run, (0, 0.0, 0.0, 0.0, 0.0)
            )
            run.refused_count = issues.get((run, "refused"), 0)
            run.warning_count = issues.get((run, "warning"), 0)
            run.notice_count = notices.get(run, 0)

    @api.depends("property_id", "date_from", "item_ids", "state")
    def _compute_unpublished_names(self):
        """Whoever reviews a run learns which of its prices nobody can read yet (S0-127)."""
        for run in self:
            run.unpublished_names = False
            if run.state in ("computed", "approved") and run.date_from:
                tariffs = self.env["pm.fee.tariff"].search(
                    [
                        ("property_id", "=", run.property_id.id),
                        ("item_id", "in", run._due_items().ids),
                        ("state", "=", "approved"),
                        ("published_on", "=", False),
                        ("date_from", "<=", run.date_to),
                        "|",
                        ("date_to", "=", False),
                        ("date_to", ">=", run.date_from),
                    ]
                )
                run.unpublished_names = ", ".join(tariffs.mapped("display_name"))

    @api.constrains("date_from")
    def _check_month(self):
        for run in self:
            if run.date_from.day != 1:
                raise ValidationError(self.env._("A billing run starts on the first of a month."))

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._first_of_month(vals) for vals in vals_list])

    def write(self, vals):
        if {"property_id", "date_from", "item_ids"} & set(vals) and any(run.state != "draft" for run in self):
            raise UserError(
                self.env._("Property, month and scope of a computed run do not change: cancel it and make another.")
            )
        if "accounting_date" in vals and any(
            run.state in ("posting", "posted", "reversing", "reversed") for run in self
        ):
            raise UserError(self.env._("The day in the books of a posted run stays: reverse the run and make another."))
        return super().write(self._first_of_month(vals))

    def _first_of_month(self, vals):
        day = fields.Date.to_date(vals.get("date_from"))
        return {**vals, "date_from": day.replace(day=1)} if day else vals

    @api.ondelete(at_uninstall=False)
    def _unlink_only_unposted(self):
        for run in self:
            if run.state not in ("draft", "cancelled"):
                raise UserError(
                    self.env._(
                        "To delete run %s you must cancel it; a posted run is reversed, never deleted.", run.name
                    )
                )

    # States

    def _transition(self, target, **values):
        """The one place where a run changes state."""
        guards = {
            ("draft", "computing"): "_check_compute",
            ("computed", "computing"): "_check_compute",
            ("computing", "computed"): None,
            ("computed", "approved"): "_check_approve",
            ("approved", "posting"): "_check_post",
            ("posting", "posted"): None,
            ("posted", "reversing"): "_check_post",
            ("reversing", "reversed"): None,
            ("draft", "cancelled"): "_check_compute",
            ("computed", "cancelled"): "_check_compute",
            ("computing", "cancelled"): "_check_compute",
            ("approved", "cancelled"): "_check_compute",
        }
        names = selection_labels(self, "state")
        for run in self:
            if (run.state, target) not in guards:
                sources = ", ".join(names[old] for old, new in guards if new == target)
                raise UserError(
                    self.env._(
                        "Run %(run)s is “%(state)s”. To set it to “%(target)s” it must be: %(sources)s.",
                        run=run.name,
                        state=names[run.state],
                        target=names[target],
                        sources=sources,
                    )
                )
            guard = guards[run.state, target]
            if guard:
                getattr(run, guard)()
            run.sudo().write({"state": target, **values})  # sudo: _program_fields; the guard has checked who may

    def _check_compute(self):
        if not (self.env.su or self.env.user.has_group("pm_base.group_accountant")):
            raise AccessError(self.env._("To compute a billing run you must be a project accountant."))

    def _check_approve(self):
        user = self.env.user
        if not (user.has_group("pm_base.group_supervisor") or user.has_group("pm_base.group_accountant")):
            raise AccessError(self.env._("To approve a billing run you must be a supervisor or project accountant."))
        if self.computed_by == user:
            raise UserError(
                self.env._("You computed run %s: to approve it, somebody else must have looked at it.", self.name)
            )
        if not self.charge_count:
            raise UserError(self.env._("Run %s has no charges: see its issues, then compute again.", self.name))

    def _check_post(self):
        if not (self.env.su or self.env.user.has_group("pm_base.group_accountant")):
            raise AccessError(self.env._("To post or reverse a billing run you must be a project accountant."))

    # Buttons

    def action_compute(self):
        """Compute (again): small runs at once, large ones in the background with progress."""
        for run in self:
            run._check_scope()
            run._lock_run()
            run._transition(
                "computing",
                cursor=0,
                done_units=0,
                total_units=run._count_units(),
                computed_by=self.env.uid,
                computed_on=fields.Datetime.now(),
            )
            run._discard_drafts()
            if run.total_units <= run._background_from():
                while not run._compute_chunk():
                    pass
            else:
                run._wake_job()

    def action_approve(self):
        for run in self:
            run._lock_run()
            run._transition("approved", approved_by=self.env.uid, approved_on=fields.Datetime.now())

    def action_post(self):
        for run in self:
            run._lock_run()
            prop = run.property_id
            prop._ensure_accounts()
            self.env["pm.charge"]._check_lock_dates(prop, prop.billing_journal_id, run._accounting_date())
            run._transition("posting", posted_by=self.env.uid, posting_note=False)
            if run.charge_count <= run._background_from():
                while not run._post_next():
                    pass
            else:
                run._wake_job()

    def action_cancel(self):
        for run in self:
            run._lock_run()
            run._transition("cancelled")
            run._discard_drafts()

    def action_reverse(self):
        """Open the reversal of all charges of the run: it asks for the reason."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.charge.reverse",
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Reverse"),
            "context": {"default_run_id": self.id},
        }

    def _reverse(self, reason, date=None, note=None):
        """Reverse all charges of the runs (冲红), large runs in the background as they were posted.

        :param str reason: one of REVERSE_REASONS
        """
        for run in self:
            run._lock_run()
            day = fields.Date.to_date(date) or run.property_id._today()
            self.env["pm.charge"]._check_lock_dates(run.property_id, run.property_id.billing_journal_id, day)
            run._transition(
                "reversing", reverse_reason=reason, reverse_note=note, reverse_date=day, reversed_by=self.env.uid
            )
            if run.charge_count <= run._background_from():
                while not run._reverse_next():
                    pass
            else:
                run._wake_job()

    # Work in chunks

    def _compute_chunk(self):
        """Compute the next units. Returns True when the run is through."""
        self.ensure_one()
        units = [
            unit_id
            for (unit_id,) in self.env.execute_query(
                SQL(
                    """SELECT DISTINCT unit_id FROM pm_fee_assignment
                WHERE property_id = %s AND unit_id > %s ORDER BY unit_id LIMIT %s""",
                    self.property_id.id,
                    self.cursor,
                    self._setting("compute_chunk", 2000),
                )
            )
        ]
        if units:
            self._compute_units(units)
            # sudo: _program_fields
            self.sudo().write({"cursor": units[-1], "done_units": self.done_units + len(units)})
            return False
        self._on_units_computed()
        self._link_replaced()
        self._transition("computed")
        # What the monthly job asked an accountant to do is done, whoever did it.
        self.activity_feedback(["mail.mail_activity_data_todo"])
        self.message_post(
            body=self.env._(
                "%(charges)s charges, %(refused)s rows refused, %(warnings)s warnings.",
                charges=self.charge_count,
                refused=self.refused_count,
                warnings=self.warning_count,
            )
        )
        return True

    def _post_next(self):
        """Post the charges of the next few entries. Returns True when the run is through."""
        self.ensure_one()
        model = self.env["pm.charge"]
        charges = model.search(
            [("run_id", "=", self.id), ("state", "=", "draft")], order="id", limit=ENTRIES * model._posting_chunk()
        )
        if charges:
            notes = charges._post(self._accounting_date())
            if notes and not self.posting_note:
                # sudo: the note is the program's
                self.sudo().posting_note = self.env._("Posted line by line, because %s.", notes[0])
            self._on_chunk_posted(charges)
            return False
        self._transition("posted", posted_on=fields.Datetime.now())
        self._on_posted()
        return True

    def _reverse_next(self):
        """Reverse the charges of the next few entries. Returns True when the run is through."""
        self.ensure_one()
        model = self.env["pm.charge"]
        charges = model.search(
            [("run_id", "=", self.id), ("state", "=", "posted")], order="id", limit=ENTRIES * model._posting_chunk()
        )
        if charges:
            charges._reverse(self.reverse_reason, date=self.reverse_date, note=self.reverse_note)
            return False
        self._transition("reversed")
        return True

    def _on_units_computed(self):
        """Hook: all units are computed; what is charged beside the fees comes in here, in the same transaction."""

    def _on_chunk_posted(self, charges):
        """Hook: these charges are in the ledger, in the same transaction (credit)."""

    def _on_posted(self):
        """Hook: the whole run is in the ledger (notices, messages)."""

    def _discard_drafts(self):
        """Drop the charges not yet approved, and the issues."""
        self.env.flush_all()
        self.env.cr.execute(SQL("DELETE FROM pm_charge WHERE run_id = ANY(%s) AND state = 'draft'", list(self.ids)))
        self.env.cr.execute(SQL("DELETE FROM pm_billing_issue WHERE run_id = ANY(%s)", list(self.ids)))
        self.env.invalidate_all()

    def _link_replaced(self):
        """Name on each charge the reversed one it bills anew."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE pm_charge charge SET reverse_of_id = old.id
                 FROM (SELECT DISTINCT ON (unit_id, item_id, period_start) id, unit_id, item_id, period_start
                         FROM pm_charge
                        WHERE property_id = %(prop)s AND period_start >= %(start)s AND period_start <= %(stop)s AND state = 'reversed'
                        ORDER BY unit_id, item_id, period_start, id DESC) old
                WHERE charge.run_id = %(run)s AND charge.state = 'draft' AND charge.unit_id = old.unit_id
                  AND charge.item_id = old.item_id AND charge.period_start = old.period_start""",
                prop=self.property_id.id,
                start=self.date_from,
                stop=self.date_to,
                run=self.id,
            )
        )
        self.env["pm.charge"].invalidate_model(["reverse_of_id"])

    def _check_scope(self):
        self.ensure_one()
        self.property_id._ensure_accounts()
        items = self._due_items()
        items._check_tax()
        used = self.env["pm.fee.assignment"]._read_group(
            [("property_id", "=", self.property_id.id), ("item_id", "in", items.ids)], ["item_id"]
        )
        for (item,) in used:
            item._get_account(self.property_id)

    def _count_units(self):
        return self.env.execute_query(
            SQL("SELECT count(DISTINCT unit_id) FROM pm_fee_assignment WHERE property_id = %s", self.property_id.id)
        )[0][0]

    def _accounting_date(self):
        return self.accounting_date or self.date_from

    def _lock_run(self):
        """Wait for whoever works on this run, then read its state anew."""
        self.env.cr.execute(
            SQL("SELECT id FROM pm_billing_run WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", list(self.ids))
        )
        self.invalidate_recordset(["state", "cursor", "done_units"])

    @api.model
    def _setting(self, name, default):
        # sudo: a setting of the system
        return int(self.env["ir.config_parameter"].sudo().get_param(f"pm_fees.{name}") or 0) or default

    @api.model
    def _background_from(self):
        return self._setting("background_from", 5000)

    @api.model
    def _wake_job(self):
        # sudo: the accountant may not read scheduled actions, only wake this one
        self.env.ref("pm_fees.ir_cron_billing_work").sudo()._trigger()

    # Jobs

    @api.model
    def _cron_work(self):
        """Go on with runs that compute, post or reverse; one chunk, one transaction."""
        cron = self.env["ir.cron"]
        while True:
            self.env.cr.execute(
                SQL(
                    """SELECT id FROM pm_billing_run WHERE state IN ('computing', 'posting', 'reversing')
                    ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED"""
                )
            )
            row = self.env.cr.fetchone()
            if not row:
                cron._commit_progress(remaining=0)
                return
            run = self.browse(row[0]).exists()
            step, person = _STEPS[run.state]
            run = run.with_user(run[person]).with_company(run.company_id)
            try:
                with self.env.cr.savepoint():
                    getattr(run, step)()
            except psycopg2.OperationalError:
                # Another server was at the same rows: this chunk is done again, from what the other has left.
                self.env.cr.rollback()
                self._wake_job()
                return
            except Exception as error:
                _logger.exception("Billing run %s failed", run.id)
                run._fail(error)
            if not cron._commit_progress(1, remaining=1):
                self._wake_job()
                return

    def _fail(self, error):
        """Put a run back to where a person can act, and say why."""
        self.env.invalidate_all()
        run = self.sudo()  # sudo: recorded by the job whatever the rights of the person it works for
        back = {"computing": "draft", "posting": "approved", "reversing": "posted"}[run.state]
        run.write({"state": back})
        run.message_post(
            body=self.env._("Stopped: %s Correct it and start again; nothing is lost or doubled.", str(error))
        )

    @api.model
    def _cron_create_monthly(self):
        """Draft run of the current month for every property with fee assignments; once, however often it runs."""
        for prop in self.env["pm.property"].search([]):
            month = prop._today().replace(day=1)
            if not self.env["pm.fee.assignment"].search_count([("property_id", "=", prop.id)], limit=1):
                continue
            if self.search_count(
                [
                    ("property_id", "=", prop.id),
                    ("date_from", "=", month),
                    ("state", "!=", "cancelled"),
                    ("correction_id", "=", False),
                ],
                limit=1,
            ):
                continue
            run = self.create({"property_id": prop.id, "date_from": month, "automatic": True})
            for user in prop._staff(self.env.ref("pm_base.group_accountant"))[:1]:
                run.activity_schedule(
                    "mail.mail_activity_data_todo", user_id=user.id, summary=self.env._("Compute the monthly charges")
                )
            self.env["ir.cron"]._commit_progress(1)

    # Views

    def _action_list(self, model, name, domain, **context):
        return {
            "type": "ir.actions.act_window",
            "res_model": model,
            "view_mode": "list,form",
            "name": name,
            "domain": domain,
            "context": context,
        }

    def action_open_charges(self):
        return self._action_list("pm.charge", self.env._("Charges"), [("run_id", "in", self.ids)])

    def action_open_issues(self):
        return self._action_list("pm.billing.issue", self.env._("Issues"), [("run_id", "in", self.ids)])

    def action_open_differences(self):
        return {
            **self._action_list(
                "pm.billing.difference", self.env._("Compared with last month"), [("run_id", "in", self.ids)]
            ),
            "view_mode": "list,pivot",
            "context": {"search_default_differs": 1},
        }

    def action_open_entries(self):
        """The entries in the ledger that hold the charges of the run."""
        domain = [("id", "in", self.charge_ids.move_line_id.move_id.ids)]
        return self._action_list("account.move", self.env._("Journal Entries"), domain)

    def action_open_notices(self):
        return self._action_list("pm.fee.notice", self.env._("Payment notices"), [("run_id", "in", self.ids)])

    def action_create_notices(self):
        self.env["pm.fee.notice"].check_access("create")  # they are inserted in one statement, which asks nobody
        self.env["pm.fee.notice"]._create_for_runs(self)
        return self.action_open_notices()

    def action_print_notices(self):
        """All payment notices of the run as one PDF; who may make notices makes those that are missing."""
        self.ensure_one()
        notices = self.env["pm.fee.notice"]
        if notices.has_access("create"):
            notices._create_for_runs(self)
        notices = notices.search([("run_id", "=", self.id)])
        if not notices:
            raise UserError(self.env._("To print payment notices you must post the run."))
        return self.env.ref("pm_fees.report_fee_notice").report_action(notices)
