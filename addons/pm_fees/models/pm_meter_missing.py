from odoo import api, fields, models
from odoo.tools import SQL

from .pm_meter_estimate import RULES


class PmMeterMissing(models.Model):
    """Meters without a reading in a month that is to be billed: this month and the months before it (S1-50)."""

    _name = "pm.meter.missing"
    _description = "Missing Reading"
    _auto = False
    _order = "month, property_id, unit_id, meter_id"
    _rec_name = "meter_id"
    _depends = {
        "pm.meter": ["active", "unit_id", "item_id", "property_id", "company_id", "date_installed", "date_removed"],
        "pm.meter.reading": ["meter_id", "date", "value"],
        "pm.fee.assignment": ["unit_id", "item_id", "date_from", "date_to"],
    }

    month = fields.Date(readonly=True)
    meter_id = fields.Many2one("pm.meter", readonly=True)
    unit_id = fields.Many2one("pm.unit", readonly=True)
    item_id = fields.Many2one("pm.fee.item", "Fee item", readonly=True)
    property_id = fields.Many2one("pm.property", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    last_date = fields.Date("Last read on", readonly=True)
    last_value = fields.Float("Last reading", digits=(16, 3), readonly=True, aggregator=None)

    expected_value = fields.Float("Estimated reading", digits=(16, 3), compute="_compute_expected")
    expected_use = fields.Float("Estimated use", digits=(16, 3), compute="_compute_expected")
    expected_rule = fields.Selection(RULES, "Estimated by", compute="_compute_expected")
    expected_note = fields.Char("Cannot be estimated", compute="_compute_expected")

    @api.depends("meter_id", "month")
    def _compute_expected(self):
        """What estimating would write, before somebody does it."""
        Reading = self.env["pm.meter.reading"]
        days = {key: Reading._day_of(*key) for key in {(row.property_id, row.month) for row in self}}
        expected = Reading._expected([(row.meter_id, days[row.property_id, row.month]) for row in self])
        for row in self:
            values, why = expected[row.meter_id, days[row.property_id, row.month]]
            values = values or {}
            row.expected_note = why
            row.expected_rule = values.get("estimate_rule", False)
            row.expected_value = values.get("value", 0.0)
            # As the reading will say: over the top of the register, and times its factor.
            top = row.meter_id.rollover_value if values.get("rolled_over") else 0.0
            used = (row.expected_value - row.last_value + top) * row.meter_id.multiplier
            row.expected_use = used if values else 0.0

    @property
    def _table_query(self):
        # sudo: a setting of the system
        months = int(self.env["ir.config_parameter"].sudo().get_param("pm_fees.missing_reading_months") or 1)
        return SQL(
            """
            SELECT meter.id * 32 + asked.back AS id, asked.month, meter.id AS meter_id, meter.unit_id, meter.item_id, meter.property_id,
                   meter.company_id, last.date AS last_date, last.value AS last_value
              FROM pm_meter meter
             CROSS JOIN (
                SELECT back, (date_trunc('month', %(today)s::date) - make_interval(months => back))::date AS month,
                       (date_trunc('month', %(today)s::date) - make_interval(months => back - 1))::date - 1 AS month_end
                  FROM generate_series(0, %(back)s) AS back
             ) asked
              LEFT JOIN LATERAL (
                SELECT reading.date, reading.value FROM pm_meter_reading reading
                 WHERE reading.meter_id = meter.id AND reading.date <= asked.month_end ORDER BY reading.date DESC LIMIT 1
             ) last ON true
             WHERE meter.active
               AND (meter.date_installed IS NULL OR meter.date_installed <= asked.month_end)
               AND (meter.date_removed IS NULL OR meter.date_removed >= asked.month)
               AND (last.date IS NULL AND asked.back = 0 OR last.date < asked.month)
               AND EXISTS (SELECT FROM pm_fee_assignment line
                            WHERE line.unit_id = meter.unit_id AND line.item_id = meter.item_id AND line.date_from <= asked.month_end
                              AND (line.date_to IS NULL OR line.date_to >= asked.month))
            """,
            today=fields.Date.context_today(self),
            back=min(max(months, 0), 24),
        )

    def action_estimate(self):
        """Ask why they were not read, then estimate them."""
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.meter.estimate",
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Estimate Readings"),
            "context": {"default_missing_ids": self.ids, "dialog_size": "extra-large"},
        }


class PmBillingRun(models.Model):
    """Before a run is computed: which meters were not read, which use is unusual."""

    _inherit = "pm.billing.run"

    missing_reading_count = fields.Integer(compute="_compute_reading_counts")
    unusual_count = fields.Integer(compute="_compute_reading_counts")

    def _missing_domain(self):
        return [("property_id", "=", self.property_id.id), ("month", "=", self.date_from), *self._reading_items()]

    def _unusual_domain(self):
        return [
            ("property_id", "=", self.property_id.id),
            ("date", ">=", self.date_from),
            ("date", "<=", self.date_to),
            ("to_confirm", "=", True),
            ("charge_id", "=", False),
            *self._reading_items(),
        ]

    def _reading_items(self):
        return [("item_id", "in", self.item_ids.ids)] if self.item_ids else []

    @api.depends("property_id", "date_from", "item_ids", "state")
    def _compute_reading_counts(self):
        for run in self:
            asked = run.property_id and run.date_from and run.state in ("draft", "computing", "computed")
            run.missing_reading_count = asked and self.env["pm.meter.missing"].search_count(run._missing_domain())
            run.unusual_count = asked and self.env["pm.meter.reading"].search_count(run._unusual_domain())

    def action_open_missing_readings(self):
        self.ensure_one()
        return {
            **self._action_list("pm.meter.missing", self.env._("Missing Readings"), self._missing_domain()),
            "view_mode": "list",
        }

    def action_open_unusual(self):
        self.ensure_one()
        return self._action_list("pm.meter.reading", self.env._("Unusual Use"), self._unusual_domain())
