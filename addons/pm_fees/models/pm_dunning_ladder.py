import contextlib
import logging

from odoo import api, fields, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# Why a reminder that the ladder provides is not made; the plan's column `excluded`.
EXCLUSIONS = [
    ("hardship", "Hardship hold"),
    ("held", "Everything is disputed or under an instalment plan"),
    ("dispute", "Open dispute"),
    ("promise", "Payment is promised"),
    ("small", "Below the smallest amount"),
]
# Space of advisory locks, so that no other lock of the database means the same number.
_LOCK = 19_0133


class _TakeBack(Exception):
    """Leaves the savepoint of a dry run."""


class PmDunningCase(models.Model):
    """How the ladder of requirements §7 is climbed: everything of one property in a handful of statements.

    The daily run of a property is ``_run_property``:

    1. ``_settle_agreements``: promises and instalments are kept or broken, holds end;
    2. ``_refresh``: cases open, move and close as the charges say;
    3. ``_create_actions``: what the levels provide for today, by a key of the database.

    ``_plan_sql`` is the one place that knows what the levels provide; the preview shows the same rows.
    """

    _inherit = "pm.dunning.case"

    # -- daily job -----------------------------------------------------------------------------------------------------

    @api.model
    def _cron_dunning(self):
        """Daily: the run of every property, then the hand-over of what waits. Safe to run twice and to be killed."""

        def work(prop):
            self._run_property(prop)
            self.env["pm.dunning.campaign"]._propose(prop, prop._today())

        if not self.env["ir.cron"]._each_property(work, "reminders"):
            self.env.ref("pm_fees.ir_cron_dunning")._trigger()
            return
        self.env["pm.dunning.action"]._cron_dispatch()

    @api.model
    def _run_property(self, prop):
        """The daily run of one property, on its own date.

        :return: pm.dunning.action records created now; their messages are not handed over yet
        """
        # Two schedulers, or a scheduler and a supervisor: the second has nothing to do and must not wait.
        [[mine]] = self.env.execute_query(SQL("SELECT pg_try_advisory_xact_lock(%s, %s)", _LOCK, prop.id))
        if not mine:
            _logger.info("Reminders of property %s are being made by somebody else", prop.code)
            return self.env["pm.dunning.action"]
        today = prop._today()
        self._settle_agreements(prop, today)
        self._refresh(prop, today)
        self.env["pm.dunning.action"]._fall_back(prop, today)
        if self.env["pm.dunning.run"]._paused_until(prop, today):
            return self.env["pm.dunning.action"]
        return self._create_actions(prop, today)

    @api.model
    def _settle_agreements(self, prop, today):
        """Promises, instalment plans and holds of a property as of `today`."""
        self.env["pm.dunning.hold"]._end(prop, today)
        self.env["pm.dunning.promise"]._settle(prop, today)
        self.env["pm.dunning.instalment"]._settle(prop, today)

    # -- cases ---------------------------------------------------------------------------------------------------------

    @api.model
    def _policies(self, prop):
        """The policy of each customer class on a property: its own, else its company's, else the general one."""
        policies = self.env["pm.dunning.policy"].search(
            [("property_id", "in", (False, prop.id)), ("company_id", "in", (False, prop.company_id.id))]
        )
        policies = policies.sorted(lambda p: (not p.property_id, not p.company_id, p.sequence, p.id))
        found = {}
        for policy in policies:
            found.setdefault(policy.customer_class, policy)
        return found

    @api.model
    def _held_sql(self):
        """Ids of charges that may not be demanded now: disputed, or covered by an instalment plan."""
        return SQL(
            """
            SELECT link.charge_id FROM pm_dunning_hold_charge_rel link JOIN pm_dunning_hold hold ON hold.id = link.hold_id
             WHERE hold.state = 'active'
             UNION
            SELECT link.charge_id FROM pm_dunning_instalment_charge_rel link
              JOIN pm_dunning_instalment plan ON plan.id = link.instalment_id WHERE plan.state = 'active'
            """
        )

    @api.model
    def _held_charge_ids(self, charges):
        """Those of `charges` that may not be demanded now, as a set of ids."""
        if not charges:
            return set()
        self.env["pm.dunning.hold"].flush_model()
        self.env["pm.dunning.instalment"].flush_model()
        rows = self.env.execute_query(
            SQL("SELECT charge_id FROM (%s) held WHERE charge_id = ANY(%s)", self._held_sql(), list(charges.ids))
        )
        return {row[0] for row in rows}

    @api.model
    def _overdue_sql(self, prop, day):
        """Overdue charges of a property on `day`, one row per payer and unit.

        Columns: partner_id, unit_id, since (due date of the oldest), oldest (due date of the oldest that may be demanded),
        stage (full months since then), amount (may be demanded), held, count.
        """
        return SQL(
            """
            SELECT debt.*, coalesce(months - (CASE WHEN oldest + make_interval(months => months) > %(day)s THEN 1 ELSE 0 END), 0) AS stage
              FROM (SELECT sums.*, ((date_part('year', %(day)s) - date_part('year', oldest)) * 12
                                    + date_part('month', %(day)s) - date_part('month', oldest))::int AS months
                      FROM (SELECT charge.partner_id, charge.unit_id, min(charge.due_date) AS since,
                                   min(charge.due_date) FILTER (WHERE held.charge_id IS NULL) AS oldest,
                                   coalesce(sum(charge.residual) FILTER (WHERE held.charge_id IS NULL), 0) AS amount,
                                   coalesce(sum(charge.residual) FILTER (WHERE held.charge_id IS NOT NULL), 0) AS held,
                                   count(*) FILTER (WHERE held.charge_id IS NULL) AS count
                              FROM pm_charge charge
                              LEFT JOIN (%(held)s) held ON held.charge_id = charge.id
                             WHERE charge.property_id = %(property)s AND charge.due_date < %(day)s
                               AND charge.paid_state IN ('unpaid', 'partial') AND charge.residual > 0
                             GROUP BY charge.partner_id, charge.unit_id) sums) debt
            """,
            day=SQL("%s::date", day),
            property=prop.id,
            held=self._held_sql(),
        )

    @contextlib.contextmanager
    def _by_hash(self):
        """Inside, large sets are joined by hashing them. Of rows that were written a moment ago the planner knows nothing; taking
        them for a handful it would compare each with each, which for a hundred thousand payers is hours.
        """
        self.env.flush_all()
        self.env.cr.execute(SQL("SET LOCAL enable_nestloop = off"))
        yield
        # Not in `finally`: after an error the transaction or savepoint that is rolled back takes the setting along.
        self.env.cr.execute(SQL("SET LOCAL enable_nestloop TO DEFAULT"))

    @api.model
    def _refresh(self, prop, today):
        """Open, update and close the cases of a property and mark its units to be watched; one statement reads the debts once.

        Cases of which nothing has changed are left out before the insertion: to find a conflict PostgreSQL locks the
        row, which costs as much as writing it.
        """
        policies = self._policies(prop)
        if "general" not in policies:
            return
        large = list(prop._large_customer_partner_ids()) if "large" in policies else []
        refresh = SQL(
            """
            WITH debt AS MATERIALIZED (%(debt)s),
                 changed AS MATERIALIZED (
            SELECT due.*, dunning.id AS case_id
              FROM (SELECT debt.*, unit.user_id, %(policy)s AS policy_id
                      FROM debt JOIN pm_unit unit ON unit.id = debt.unit_id) due
              FULL JOIN (SELECT * FROM pm_dunning_case WHERE state = 'open' AND property_id = %(property)s) dunning
                     ON dunning.partner_id = due.partner_id AND dunning.unit_id = due.unit_id
             WHERE (due.policy_id, due.oldest, due.stage, due.amount, due.held, due.count, due.user_id)
                   IS DISTINCT FROM (dunning.policy_id, dunning.oldest_due_date, dunning.stage, dunning.amount_due, dunning.amount_held,
                                     dunning.charge_count, dunning.user_id)),
                 written AS (
            INSERT INTO pm_dunning_case
                   (partner_id, unit_id, property_id, company_id, user_id, policy_id, opened_on, oldest_due_date, stage, amount_due,
                    amount_held, charge_count, state, create_uid, create_date, write_uid, write_date)
            SELECT partner_id, unit_id, %(property)s, %(company)s, user_id, policy_id, %(today)s, oldest, stage, amount,
                   held, count, 'open', %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM changed WHERE partner_id IS NOT NULL
            ON CONFLICT (partner_id, unit_id) WHERE state = 'open' DO UPDATE
               SET policy_id = EXCLUDED.policy_id, oldest_due_date = EXCLUDED.oldest_due_date, stage = EXCLUDED.stage,
                   amount_due = EXCLUDED.amount_due, amount_held = EXCLUDED.amount_held,
                   charge_count = EXCLUDED.charge_count, user_id = EXCLUDED.user_id),
                 watched AS (%(watch)s)
            SELECT case_id FROM changed WHERE partner_id IS NULL
            """,
            debt=self._overdue_sql(prop, today),
            policy=SQL(
                "CASE WHEN debt.partner_id = ANY(%s) THEN %s ELSE %s END",
                large,
                policies.get("large", policies["general"]).id,
                policies["general"].id,
            ),
            watch=self.env["pm.unit"]._watch_sql(prop, today, SQL("SELECT unit_id, since FROM debt")),
            property=prop.id,
            company=prop.company_id.id,
            today=today,
            uid=self.env.uid,
            now=fields.Datetime.now(),
        )
        with self._by_hash():
            paid = self.env.execute_query(refresh)
        self.invalidate_model()
        self.env["pm.unit"].invalidate_model(["pm_watch_sale"], flush=False)
        self.browse([row[0] for row in paid])._close()

    # -- actions -------------------------------------------------------------------------------------------------------

    @api.model
    def _plan_sql(self, prop, day):
        """What the levels provide for the open cases of a property on `day` and is not made yet.

        One row per case and level, with `excluded` empty or one of EXCLUSIONS. The month of a row is the month in which
        the arrears became that old: after days without a run only the present month is caught up, and a clock set back
        finds its months done.
        """
        month = SQL("date_trunc('month', dunning.oldest_due_date + make_interval(months => dunning.stage))::date")
        return SQL(
            """
            SELECT dunning.id AS case_id, level.id AS level_id, level.kind, %(month)s AS month, dunning.stage,
                   dunning.property_id, dunning.company_id, dunning.partner_id, dunning.unit_id, dunning.amount_due,
                   level.deadline_days,
                   CASE WHEN EXISTS (SELECT FROM pm_dunning_hold hold WHERE hold.case_id = dunning.id AND hold.state = 'active'
                                        AND hold.kind = 'hardship') THEN 'hardship'
                        WHEN dunning.oldest_due_date IS NULL THEN 'held'
                        WHEN NOT level.in_dispute AND EXISTS (
                             SELECT FROM pm_dunning_hold hold WHERE hold.case_id = dunning.id AND hold.state = 'active'
                                AND hold.kind = 'dispute') THEN 'dispute'
                        WHEN level.in_promise IS NOT TRUE AND EXISTS (
                             SELECT FROM pm_dunning_promise promise WHERE promise.case_id = dunning.id AND promise.state = 'open')
                             THEN 'promise'
                        WHEN dunning.amount_due < policy.min_amount THEN 'small'
                   END AS excluded
              FROM pm_dunning_case dunning
              JOIN pm_dunning_policy policy ON policy.id = dunning.policy_id
              JOIN pm_dunning_level level ON level.policy_id = policy.id AND level.active AND level.repeat <> 'campaign'
                   AND dunning.stage BETWEEN level.from_month AND level.to_month
                   AND (level.day_after IS NOT TRUE
                        OR %(day)s > dunning.oldest_due_date + make_interval(months => level.from_month))
             WHERE dunning.state = 'open' AND dunning.property_id = %(property)s
               AND NOT EXISTS (
                   SELECT FROM pm_dunning_action earlier
                    WHERE earlier.case_id = dunning.id AND earlier.level_id = level.id AND earlier.undone IS NOT TRUE
                      AND earlier.property_id = %(property)s
                      AND (level.repeat = 'once' OR earlier.month >= %(month)s))
            """,
            month=month,
            day=SQL("%s::date", day),
            property=prop.id,
        )

    @contextlib.contextmanager
    def _dry_run(self, prop, day):
        """What a run of a property on `day` would make: the run itself up to the point where it would write its actions,
        in a savepoint that is taken back.

        :return: context manager that gives the SQL of :meth:`_plan_sql`, to be read inside
        """
        try:
            with self.env.cr.savepoint():
                self._settle_agreements(prop, day)
                self._refresh(prop, day)
                with self._by_hash():
                    yield self._plan_sql(prop, day)
                raise _TakeBack
        except _TakeBack:
            self.env.invalidate_all(flush=False)

    @api.model
    def _create_actions(self, prop, today):
        """Create the actions of today, one per case, level and month of arrears, by the key in the database."""
        self.env.flush_all()
        return self._insert_actions(self._plan_sql(prop, today), prop, today)

    @api.model
    def _insert_actions(self, plan, prop, today):
        """Insert the rows of a plan that are not excluded, as one run; what exists already stays.

        :param plan: SQL with the columns of :meth:`_plan_sql`
        :return: the new actions
        """
        insert = SQL(
            """
            WITH plan AS MATERIALIZED (SELECT * FROM (%(plan)s) plan WHERE excluded IS NULL),
                 run AS (%(run)s WHERE EXISTS (SELECT FROM plan) RETURNING id),
                 made AS (
            INSERT INTO pm_dunning_action
                   (case_id, level_id, kind, month, stage, property_id, company_id, partner_id, unit_id, date, deadline, amount_due,
                    run_id, state, create_uid, create_date, write_uid, write_date)
            SELECT case_id, level_id, kind, month, stage, property_id, company_id, partner_id, unit_id, %(today)s::date,
                   %(today)s::date + deadline_days, amount_due, (SELECT id FROM run), 'planned', %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM plan ORDER BY case_id, level_id
            ON CONFLICT (case_id, level_id, month) WHERE undone IS NOT TRUE DO NOTHING
            RETURNING id, case_id, amount_due)
            SELECT run.id, made.id, made.case_id, made.amount_due FROM run LEFT JOIN made ON TRUE
            """,
            plan=plan,
            run=self.env["pm.dunning.run"]._start_sql(prop, today),
            today=today,
            uid=self.env.uid,
            now=fields.Datetime.now(),
        )
        with self._by_hash():
            rows = self.env.execute_query(insert)
        made = [row[1:] for row in rows if row[1]]
        if rows:
            self.env["pm.dunning.run"].browse(rows[0][0])._finish(made)
        self.invalidate_model(["action_ids"])
        return self.env["pm.dunning.action"].browse([action_id for action_id, _case_id, _amount in made])
