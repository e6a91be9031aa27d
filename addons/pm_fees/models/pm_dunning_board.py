from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from odoo.addons.pm_base.tools.labels import selection_labels

from .pm_collection_analysis import months_since_sql

# The recovery curve: what had come in so many days after the due date, in steps of a month, for a year.
_STEP, _STEPS = 30, 12


class PmDunningBoard(models.AbstractModel):
    """The arrears at a glance: by age, stage, reason and butler, how they come in, and what today's run does.

    For the staff who answer for collection, in the properties they see; sums and a few names of butlers, never of debtors
    (requirements §3: no list of debtors is published). Every figure names the records behind it. All figures are sums of the
    database, so that the page is as quick for a hundred thousand payers as for a hundred.
    """

    _name = "pm.dunning.board"
    _description = "Arrears at a Glance"
    _inherit = ["pm.board"]

    _viewers = ("pm_base.group_supervisor", "pm_base.group_accountant", "pm_base.group_leadership")
    _actions = {
        "pm.dunning.case": "pm_fees.pm_dunning_case_action",
        "pm.dunning.action": "pm_fees.pm_dunning_action_action",
        "pm.dunning.promise": "pm_fees.pm_dunning_promise_action",
        "pm.legal.case": "pm_fees.pm_legal_case_action",
        "pm.collection.analysis": "pm_fees.pm_collection_ageing_action",
    }

    @api.model
    def _refusal(self):
        return self.env._("To see the arrears at a glance you must be a supervisor, an accountant or in leadership.")

    @api.model
    def _property_domain(self):
        # Only what is in the currency of the user's company can be added up.
        return Domain("company_id.currency_id", "=", self.env.company.currency_id.id)

    # -- the page ------------------------------------------------------------------------------------------------------

    @api.model
    def load(self, property_id=False):
        """What the page shows at once.

        :param property_id: one property, or all that the user sees
        :return: {"properties", "currency_id", "may_run", "head", "blocks"}; a block has rows of
            {"label", "count", "amount", "drill"}, and a drill is an action that opens the records behind the row
        """
        properties = self._properties(property_id)
        cases = [("state", "=", "open"), ("property_id", "in", properties.ids)]
        return {
            "properties": [{"id": prop.id, "name": prop.name} for prop in self._properties()],
            "currency_id": self.env.company.currency_id.id,
            "may_run": self.env["pm.dunning.case"]._may_run(),
            "head": self._head(properties, cases),
            "blocks": [
                {"key": "age", "title": self.env._("By age"), "rows": self._ages(properties)},
                {"key": "stage", "title": self.env._("By stage"), "rows": self._stages(cases)},
                {
                    "key": "reason",
                    "title": self.env._("By reason"),
                    "rows": self._by("reason_id", cases, self.env._("Not asked yet")),
                },
                {
                    "key": "butler",
                    "title": self.env._("By butler"),
                    "rows": self._by("user_id", cases, self.env._("No butler")),
                },
            ],
        }

    def _row(self, label, count, amount, drill):
        return {
            "label": label,
            "count": count,
            "amount": self.env.company.currency_id.round(float(amount or 0.0)),
            "drill": drill,
        }

    def _head(self, properties, cases):
        """The sums above: overdue, held, promised, in court."""
        [[count, amount, held]] = self.env["pm.dunning.case"]._read_group(
            cases, [], ["__count", "amount_due:sum", "amount_held:sum"]
        )
        own = [("property_id", "in", properties.ids)]
        promises = [*own, ("state", "=", "open")]
        [[promised, promised_amount]] = self.env["pm.dunning.promise"]._read_group(
            promises, [], ["__count", "amount:sum"]
        )
        suits = [*own, ("state", "!=", "closed")]
        [[sued, claimed]] = self.env["pm.legal.case"]._read_group(suits, [], ["__count", "amount_claimed:sum"])
        held_cases = [*cases, ("amount_held", ">", 0)]
        _ = self.env._
        return [
            self._row(_("Overdue"), count, amount, self._drill("pm.dunning.case", cases, _("Overdue"))),
            self._row(
                _("Disputed or in instalments"),
                self.env["pm.dunning.case"].search_count(held_cases),
                held,
                self._drill("pm.dunning.case", held_cases, _("Disputed or in instalments")),
            ),
            self._row(
                _("Promised"), promised, promised_amount, self._drill("pm.dunning.promise", promises, _("Promised"))
            ),
            self._row(_("In court"), sued, claimed, self._drill("pm.legal.case", suits, _("In court"))),
        ]

    def _ages(self, properties):
        """Overdue charges by how old each is, not by the oldest of the household."""
        today = fields.Date.context_today(self)
        charges = self.env["pm.charge"]
        charges.flush_model()
        query = charges._search(
            [
                ("property_id", "in", properties.ids),
                ("due_date", "<", today),
                ("paid_state", "in", ("unpaid", "partial")),
            ]
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT (SELECT band.id FROM pm_age_band band WHERE band.from_month <= debt.months
                         ORDER BY band.from_month DESC LIMIT 1) AS band_id, sum(debt.count), sum(debt.owed)
                  FROM (%s) debt GROUP BY band_id
                """,
                SQL(
                    "SELECT %(months)s AS months, count(*) AS count, sum(pm_charge.residual) AS owed FROM %(tables)s"
                    " WHERE %(where)s GROUP BY pm_charge.due_date",
                    months=months_since_sql(SQL("pm_charge.due_date"), today),
                    tables=query.from_clause,
                    where=query.where_clause,
                ),
            )
        )
        found = {band_id: (int(count), owed) for band_id, count, owed in rows}
        domain = [("property_id", "in", properties.ids), ("overdue", ">", 0)]
        return [
            self._row(
                band.name,
                *found[band.id],
                self._drill("pm.collection.analysis", [*domain, ("band_id", "=", band.id)], band.name),
            )
            for band in self.env["pm.age.band"].search([])
            if band.id in found
        ]

    def _stages(self, cases):
        """Households by the rung of their ladder: the months at which its levels begin."""
        groups = self.env["pm.dunning.case"]._read_group(
            cases, ["policy_id", "stage"], ["__count", "amount_due:sum"], order="policy_id, stage"
        )
        by_policy = {}
        for policy, stage, count, amount in groups:
            by_policy.setdefault(policy, []).append((stage, count, amount or 0.0))
        rows = []
        for policy, stages in by_policy.items():
            levels = policy.level_ids.filtered(lambda level: level.repeat != "campaign")
            starts = sorted({0, *levels.mapped("from_month")})
            for start, end in zip(starts, [*starts[1:], None]):
                own = [row for row in stages if start <= row[0] and (end is None or row[0] < end)]
                if not own:
                    continue
                names = ", ".join(levels.filtered(lambda level, start=start: level.from_month == start).mapped("name"))
                label = self.env._(
                    "%(policy)s, from month %(month)s: %(levels)s", policy=policy.name, month=start, levels=names
                )
                domain = [*cases, ("policy_id", "=", policy.id), ("stage", ">=", start)]
                if end is not None:
                    domain.append(("stage", "<", end))
                rows.append(
                    self._row(
                        label,
                        sum(row[1] for row in own),
                        sum(row[2] for row in own),
                        self._drill("pm.dunning.case", domain, label),
                    )
                )
        return rows

    def _by(self, field, cases, nothing):
        groups = self.env["pm.dunning.case"]._read_group(cases, [field], ["__count", "amount_due:sum"])
        rows = [
            self._row(
                # sudo: the name of a reason or a colleague
                value.sudo().display_name if value else nothing,
                count,
                amount,
                self._drill(
                    "pm.dunning.case",
                    [*cases, (field, "=", value.id)],
                    value.sudo().display_name if value else nothing,
                ),
            )
            for value, count, amount in groups
        ]
        return sorted(rows, key=lambda row: -row["amount"])

    # -- how it comes in -----------------------------------------------------------------------------------------------

    @api.model
    def load_curve(self, property_id=False):
        """How much had come in 0, 30, 60 … days after the due date, in per cent, for what fell due in the last year and in
        the year before. A point counts only charges that are at least so old, so that young ones do not press it down.

        :return: {"days": [0, 30, …], "curves": [{"label", "points"}]}; a point without any charge is None
        """
        properties = self._properties(property_id)
        today = fields.Date.context_today(self)
        year = fields.Date.subtract(today, years=1)
        movements = self.env["pm.charge.movement"]
        self.env.flush_all()
        query = movements._search(
            [
                ("property_id", "in", properties.ids),
                ("due_date", ">=", fields.Date.subtract(year, years=1)),
                ("due_date", "<", today),
            ]
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT due_date >= %(year)s AS recent, least((%(today)s - due_date) / %(step)s, %(steps)s) AS age,
                       CASE WHEN kind = 'payment' THEN greatest(0, ceil((date - due_date) / %(step)s::numeric))::int END AS paid,
                       sum(CASE WHEN kind = 'payment' THEN settled ELSE amount END)
                  FROM %(tables)s WHERE %(where)s
                 GROUP BY 1, 2, 3
                """,
                year=SQL("%s::date", year),
                today=SQL("%s::date", today),
                step=_STEP,
                steps=_STEPS,
                tables=query.from_clause,
                where=query.where_clause,
            )
        )
        labels = {True: self.env._("Due in the last 12 months"), False: self.env._("Due in the 12 months before")}
        return {
            "days": [_STEP * number for number in range(_STEPS + 1)],
            "curves": [
                {"label": label, "points": self._points([row[1:] for row in rows if row[0] is recent])}
                for recent, label in labels.items()
            ],
        }

    @staticmethod
    def _points(rows):
        """:param rows: (age in steps, step of the payment or None for what was charged, amount)"""
        points = []
        for number in range(_STEPS + 1):
            billed = sum(float(amount) for age, paid, amount in rows if paid is None and age >= number)
            received = sum(
                float(amount) for age, paid, amount in rows if paid is not None and age >= number and paid <= number
            )
            points.append(round(100.0 * received / billed, 1) if billed > 0 else None)
        return points

    # -- today ---------------------------------------------------------------------------------------------------------

    @api.model
    def load_today(self, property_id=False):
        """What today's run made, and what it would still make or leaves out; the latter by the dry run of the preview.

        :return: {"made": rows, "left": rows, "excluded": rows, "paused": texts about undone runs that hold it back}
        """
        properties = self._properties(property_id)
        made, plan, paused = [], {}, []
        for prop in properties:
            today = prop._today()
            done = self.env["pm.dunning.action"]._read_group(
                [("property_id", "=", prop.id), ("date", "=", today), ("undone", "=", False)],
                ["level_id"],
                ["__count", "amount_due:sum"],
            )
            made += [(level, today, count, amount) for level, count, amount in done]
            if resume_on := self.env["pm.dunning.run"]._paused_until(prop, today):
                paused.append(
                    self.env._(
                        "%(property)s: a run was undone, the next one is on %(day)s.",
                        property=prop.name,
                        day=format_date(self.env, resume_on),
                    )
                )
                continue
            # sudo: a run writes what only the program may; who may look was checked, and nothing stays
            with self.env["pm.dunning.case"].sudo()._dry_run(prop.sudo(), today) as rows:
                totals = self.env.execute_query(
                    SQL("SELECT level_id, excluded, count(*), sum(amount_due) FROM (%s) plan GROUP BY 1, 2", rows)
                )
            for level_id, excluded, count, amount in totals:
                key = (excluded, level_id)
                before = plan.get(key, (0, 0.0))
                plan[key] = (before[0] + count, before[1] + float(amount or 0.0))
        return {
            "made": self._made_rows(properties, made),
            "left": self._plan_rows({level: row for (why, level), row in plan.items() if not why}),
            "excluded": self._excluded_rows(plan),
            "paused": paused,
        }

    def _level_label(self, level):
        return f"{level.name} · {level.policy_id.name}"

    def _made_rows(self, properties, made):
        levels = {}
        for level, day, count, amount in made:
            row = levels.setdefault(level, [0, 0.0, set()])
            row[0] += count
            row[1] += amount or 0.0
            row[2].add(day)
        return [
            self._row(
                self._level_label(level),
                count,
                amount,
                self._drill(
                    "pm.dunning.action",
                    [
                        ("property_id", "in", properties.ids),
                        ("level_id", "=", level.id),
                        ("date", "in", sorted(map(str, days))),
                        ("undone", "=", False),
                    ],
                    self._level_label(level),
                ),
            )
            for level, (count, amount, days) in sorted(levels.items(), key=lambda item: item[0].sequence)
        ]

    def _plan_rows(self, by_level):
        levels = self.env["pm.dunning.level"].browse(by_level).sorted("sequence")
        return [self._row(self._level_label(level), *by_level[level.id], None) for level in levels]

    def _excluded_rows(self, plan):
        labels = selection_labels(self.env["pm.dunning.preview.line"], "excluded")
        totals = {}
        for (why, _level_id), (count, amount) in plan.items():
            if why:
                before = totals.get(why, (0, 0.0))
                totals[why] = (before[0] + count, before[1] + amount)
        return [self._row(labels[why], *totals[why], None) for why in labels if why in totals]
