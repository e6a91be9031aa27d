from odoo import fields, models
from odoo.tools import SQL

from .pm_collection_analysis import months_since_sql

# What the arrears of before are added up by, as the charge movements know it.
_GROUPS = {
    "item_id": SQL("charge.item_id"),
    "user_id": SQL("unit.user_id"),
    "category": SQL("item.category"),
}


class PmProperty(models.Model):
    """Figures of fee collection between two days, read from the ledger: for the report, the plan and whoever asks.

    They follow the key figures 22 and 23 to the letter: *current* fees are those of the periods that begin between the
    days, received until the last of them; *old arrears* are what was due before the first day and still owed then,
    received between the days. Source: S0-39, S4-08, S4-09.
    """

    _inherit = "pm.property"

    def _collection_groups(self, date_from, date_to, field):
        """Current fees and old arrears by a field of the charge movements.

        :param str field: "item_id", "user_id" or "category"
        :return: {value: {"receivable", "received", "outstanding", "old_owed", "old_received"}}; record or value or False
        """
        self.ensure_one()
        date_from, date_to = fields.Date.to_date(date_from), fields.Date.to_date(date_to)
        movements = self.env["pm.charge.movement"]
        own = [("property_id", "=", self.id)]
        current = [*own, ("period_start", ">=", date_from), ("period_start", "<=", date_to)]
        old = [*own, ("due_date", "<", date_from)]
        queries = {
            "receivable": ([*current, ("kind", "in", ("charge", "reversal"))], "amount:sum"),
            "received": ([*current, ("kind", "=", "payment"), ("date", "<=", date_to)], "settled:sum"),
            "balance": ([*current, "|", ("date", "<=", date_to), ("kind", "in", ("charge", "reversal"))], "amount:sum"),
            "old_received": (
                [*old, ("kind", "=", "payment"), ("date", ">=", date_from), ("date", "<=", date_to)],
                "settled:sum",
            ),
        }
        found = {name: movements._read_group(domain, [field], [measure]) for name, (domain, measure) in queries.items()}
        found["old_owed"] = self._owed_before(date_from, field)
        groups = {}
        for name, rows in found.items():
            for value, amount in rows:
                row = groups.setdefault(value or False, dict.fromkeys(found, 0.0))
                row[name] = self.currency_id.round(amount or 0.0)
        for row in groups.values():
            row["outstanding"] = row.pop("balance")
        return groups

    def _debts_sql(self, day):
        """What each charge was short of at the end of a day: rows of id, owed.

        It is what is owed now and what was settled since, so that the charges of years that were settled before are not
        read. The sum over the movements until that day says the same, and reads all that was ever charged.
        """
        return SQL(
            """
            SELECT debt.id, sum(debt.owed) AS owed
              FROM (
                SELECT charge.id, charge.residual AS owed
                  FROM pm_charge charge
                 WHERE charge.property_id = %(prop)s AND charge.state = 'posted' AND charge.paid_state IN ('unpaid', 'partial')
                   AND charge.move_line_id IS NOT NULL
                UNION ALL
                SELECT charge.id, partial.amount
                  FROM account_partial_reconcile partial
                  JOIN account_move_line other ON other.id = partial.credit_move_id AND other.date > %(day)s
                  JOIN pm_charge charge ON charge.move_line_id = partial.debit_move_id AND charge.state = 'posted'
                   AND charge.property_id = %(prop)s
                 WHERE partial.max_date > %(day)s
              ) debt
             GROUP BY debt.id
            """,
            prop=self.id,
            day=SQL("%s::date", day),
        )

    def _old_debts_sql(self, day):
        """FROM and WHERE of what was due before a day and still owed when it began: debt.owed, charge, unit, item."""
        return SQL(
            """
            FROM (%(debts)s) debt
            JOIN pm_charge charge ON charge.id = debt.id
            JOIN pm_unit unit ON unit.id = charge.unit_id
            JOIN pm_fee_item item ON item.id = charge.item_id
            WHERE charge.due_date < %(day)s
            """,
            debts=self._debts_sql(fields.Date.subtract(day, days=1)),
            day=SQL("%s::date", day),
        )

    def _owed_before(self, date_from, field):
        """[(record or value, amount)]: what was due before a day and still owed when it began."""
        self.check_access("read")  # the statement asks no rule
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT %(group)s, sum(debt.owed) %(old)s GROUP BY 1
                """,
                group=_GROUPS[field],
                old=self._old_debts_sql(date_from),
            )
        )
        column = self.env["pm.charge.movement"]._fields[field]
        if not column.relational:
            return rows
        records = self.env[column.comodel_name]
        return [(records.browse(value), amount) for value, amount in rows]

    def _rate_arrears(self, day, user=None):
        """What was due before a day and still owed when it began, of the fees in the collection rate (S4-09).

        :param user: res.users, only his units
        """
        self.ensure_one()
        self.env.flush_all()
        [[owed]] = self.env.execute_query(
            SQL(
                "SELECT coalesce(sum(debt.owed), 0) %(old)s AND item.in_collection_rate %(own)s",
                old=self._old_debts_sql(day),
                own=SQL("AND unit.user_id = %s", user.id) if user else SQL(),
            )
        )
        return self.currency_id.round(float(owed))

    def _collection_ages(self, day):
        """What was owed at the end of a day by age: [(band or empty, amount, number of charges)], youngest first."""
        self.ensure_one()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT (SELECT band.id FROM pm_age_band band WHERE band.from_month <= debt.months
                         ORDER BY band.from_month DESC LIMIT 1) AS band_id, sum(debt.owed), count(*)
                  FROM (SELECT %(months)s AS months, debts.owed
                          FROM (%(debts)s) debts JOIN pm_charge charge ON charge.id = debts.id
                         WHERE charge.period_start <= %(day)s AND debts.owed > 0) debt
                 GROUP BY band_id
                """,
                months=months_since_sql(SQL("charge.due_date"), SQL("%s", day)),
                debts=self._debts_sql(day),
                day=SQL("%s::date", day),
            )
        )
        bands = self.env["pm.age.band"]
        found = {
            band_id: (self.currency_id.round(float(owed)), count) for band_id, owed, count in self.env.cr.fetchall()
        }
        ages = [(band, *found[band.id]) for band in bands.search([]) if band.id in found]
        return [*ages, (bands, *found[None])] if None in found else ages
