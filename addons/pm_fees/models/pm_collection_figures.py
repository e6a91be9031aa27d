from odoo import fields, models
from odoo.tools import SQL

from .pm_collection_analysis import months_since_sql


class PmProperty(models.Model):
    """Figures of fee collection between two days, read from the ledger: for the report, the plan and whoever asks.

    They follow the key figures 22 and 23 to the letter: *current* fees are those of the periods that begin between the
    days, received until the last of them; *old arrears* are what was due before the first day and still owed then,
    received between the days. Source: S0-39, S4-08, S4-09.
    """

    _inherit = "pm.property"

    def _collection_groups(self, date_from, date_to, field):
        """Current fees and old arrears by a field of the charge movements.

        :param str field: "item_id", "user_id", "category" …
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
            "old_owed": ([*old, ("date", "<", date_from)], "amount:sum"),
            "old_received": (
                [*old, ("kind", "=", "payment"), ("date", ">=", date_from), ("date", "<=", date_to)],
                "settled:sum",
            ),
        }
        groups = {}
        for name, (domain, measure) in queries.items():
            for value, amount in movements._read_group(domain, [field], [measure]):
                row = groups.setdefault(value or False, dict.fromkeys(queries, 0.0))
                row[name] = self.currency_id.round(amount or 0.0)
        for row in groups.values():
            row["outstanding"] = row.pop("balance")
        return groups

    def _collection_ages(self, day):
        """What was owed at the end of a day by age: [(band or empty, amount, number of charges)], youngest first."""
        self.ensure_one()
        self.env.flush_all()
        movements = self.env["pm.charge.movement"]
        self.env.cr.execute(
            SQL(
                """
                SELECT (SELECT band.id FROM pm_age_band band WHERE band.from_month <= debt.months
                         ORDER BY band.from_month DESC LIMIT 1) AS band_id, sum(debt.owed), count(*)
                  FROM (SELECT %(months)s AS months, sum(movement.amount) AS owed
                          FROM (%(movements)s) movement
                         WHERE movement.property_id = %(prop)s AND (movement.date <= %(day)s OR movement.kind IN ('charge', 'reversal'))
                           AND movement.period_start <= %(day)s
                         GROUP BY movement.charge_id, movement.due_date
                        HAVING sum(movement.amount) > 0) debt
                 GROUP BY band_id
                """,
                months=months_since_sql(SQL("movement.due_date"), SQL("%s", day)),
                movements=movements._table_query,
                prop=self.id,
                day=SQL("%s::date", day),
            )
        )
        bands = self.env["pm.age.band"]
        found = {
            band_id: (self.currency_id.round(float(owed)), count) for band_id, owed, count in self.env.cr.fetchall()
        }
        ages = [(band, *found[band.id]) for band in bands.search([]) if band.id in found]
        return [*ages, (bands, *found[None])] if None in found else ages
