from odoo import api, fields, models
from odoo.tools import SQL, Query

from odoo.addons.pm_base.models.pm_unit import UNIT_TYPES

from .pm_charge import KINDS
from .pm_fee_item import CATEGORIES

# A quotient of sums, whatever the rows are grouped by: an average of averages would be wrong.
_RATES = {"rate": ("received", "receivable")}


def months_since_sql(due_date, day):
    """Full months from a due date to a day, counted as the reminders count them (requirements §7); -1 = not due yet."""
    return SQL(
        """CASE WHEN %(due)s >= %(day)s THEN -1 ELSE
              ((extract(year FROM %(day)s) - extract(year FROM %(due)s)) * 12 + extract(month FROM %(day)s) - extract(month FROM %(due)s))::int
              - CASE WHEN %(due)s + make_interval(months => ((extract(year FROM %(day)s) - extract(year FROM %(due)s)) * 12
                    + extract(month FROM %(day)s) - extract(month FROM %(due)s))::int) > %(day)s THEN 1 ELSE 0 END
           END""",
        due=due_date,
        day=SQL("%s::date", day),
    )


class PmCollectionAnalysis(models.Model):
    """Every posted charge with what was collected of it and how old the rest is: by property, butler, fee, age.

    One row per charge, so that each figure opens the charges behind it. Source: S0-39, S0-61, S4-08.
    """

    _name = "pm.collection.analysis"
    _description = "Collection Analysis"
    _auto = False
    _order = "due_date, id"
    _rec_name = "charge_id"
    _depends = {
        "pm.charge": [
            "state",
            "amount_total",
            "amount_paid",
            "amount_written_off",
            "residual",
            "due_date",
            "period_start",
        ],
        "pm.unit": ["user_id", "building_id", "zone_id", "unit_type"],
        "pm.fee.item": ["category"],
        "pm.age.band": ["from_month"],
    }

    charge_id = fields.Many2one("pm.charge", readonly=True)
    property_id = fields.Many2one("pm.property", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    building_id = fields.Many2one("pm.building", readonly=True)
    zone_id = fields.Many2one("pm.zone", readonly=True)
    unit_id = fields.Many2one("pm.unit", readonly=True)
    unit_type = fields.Selection(UNIT_TYPES, readonly=True)
    user_id = fields.Many2one("res.users", "Butler", readonly=True)
    partner_id = fields.Many2one("res.partner", "Payer", readonly=True)
    item_id = fields.Many2one("pm.fee.item", "Fee item", readonly=True)
    category = fields.Selection(CATEGORIES, readonly=True)
    kind = fields.Selection(KINDS, readonly=True)
    period_start = fields.Date("Period", readonly=True)
    due_date = fields.Date("Due", readonly=True)
    band_id = fields.Many2one("pm.age.band", "Age", readonly=True, help="Of what is still owed; empty when settled.")
    months_overdue = fields.Integer("Months overdue", readonly=True, aggregator="max")
    receivable = fields.Monetary(readonly=True)
    received = fields.Monetary("Collected", readonly=True)
    written_off = fields.Monetary("Written off", readonly=True)
    outstanding = fields.Monetary("Still owed", readonly=True)
    overdue = fields.Monetary(readonly=True, help="Of what is still owed, what was due before today.")
    rate = fields.Float("Collected (%)", digits=(16, 1), readonly=True, aggregator="avg")

    @property
    def _table_query(self):
        today = fields.Date.context_today(self)
        return SQL(
            """
            SELECT aged.*, CASE WHEN aged.outstanding <> 0 THEN (
                        SELECT band.id FROM pm_age_band band WHERE band.from_month <= aged.months_overdue
                         ORDER BY band.from_month DESC LIMIT 1) END AS band_id
              FROM (
                SELECT charge.id, charge.id AS charge_id, charge.property_id, charge.company_id, charge.currency_id, unit.building_id,
                       unit.zone_id, charge.unit_id, unit.unit_type, unit.user_id, charge.partner_id, charge.item_id, item.category, charge.kind,
                       charge.period_start, charge.due_date, charge.amount_total AS receivable, charge.amount_paid AS received,
                       COALESCE(charge.amount_written_off, 0) AS written_off, charge.residual AS outstanding,
                       CASE WHEN charge.due_date < %(today)s THEN charge.residual ELSE 0 END AS overdue,
                       CASE WHEN charge.residual <> 0 THEN %(months)s END AS months_overdue,
                       charge.amount_paid * 100 / NULLIF(charge.amount_total, 0) AS rate
                  FROM pm_charge charge
                  JOIN pm_unit unit ON unit.id = charge.unit_id
                  JOIN pm_fee_item item ON item.id = charge.item_id
                 WHERE charge.state = 'posted'
              ) aged
            """,
            today=SQL("%s::date", today),
            months=months_since_sql(SQL("charge.due_date"), today),
        )

    @api.model
    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        name = aggregate_spec.split(":")[0]
        if name not in _RATES:
            return super()._read_group_select(aggregate_spec, query)
        part, whole = (self._field_to_sql(self._table, field, query) for field in _RATES[name])
        return SQL("SUM(%s) * 100 / NULLIF(SUM(%s), 0)", part, whole)

    def action_open_charge(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.charge",
            "res_id": self.charge_id.id,
            "view_mode": "form",
        }
