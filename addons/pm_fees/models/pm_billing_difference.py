from odoo import fields, models
from odoo.tools import SQL


class PmBillingDifference(models.Model):
    """Review of a run: each charge beside the one of the period before, and what was billed then but not now."""

    _name = "pm.billing.difference"
    _description = "Difference to last month"
    _auto = False
    _order = "size desc, unit_id"
    _rec_name = "unit_id"
    _depends = {
        "pm.charge": ["state", "run_id", "amount_total", "period_start", "period_end"],
        "pm.billing.run": ["state", "item_ids", "date_from"],
    }

    run_id = fields.Many2one("pm.billing.run", "Billing run", readonly=True)
    property_id = fields.Many2one("pm.property", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    unit_id = fields.Many2one("pm.unit", readonly=True)
    building_id = fields.Many2one(related="unit_id.building_id")
    item_id = fields.Many2one("pm.fee.item", "Fee item", readonly=True)
    amount = fields.Monetary("This period", readonly=True)
    previous = fields.Monetary("Period before", readonly=True)
    difference = fields.Monetary(readonly=True)
    size = fields.Monetary("Size of the change", readonly=True, aggregator=None)
    percent = fields.Float("Change (%)", readonly=True, aggregator=None, help="Empty when nothing was billed before.")
    kind = fields.Selection([("same", "Same"), ("changed", "Changed"), ("new", "New"), ("gone", "Gone")], readonly=True)

    @property
    def _table_query(self):
        return SQL("""
            SELECT compared.*, amount - previous AS difference, abs(amount - previous) AS size,
                   CASE WHEN previous <> 0 THEN round((amount - previous) * 100 / previous, 1) END AS percent,
                   CASE WHEN amount = previous THEN 'same' WHEN previous = 0 THEN 'new' WHEN amount = 0 THEN 'gone' ELSE 'changed' END AS kind
              FROM (
                SELECT min(charge.id) AS id, charge.run_id, charge.property_id, charge.company_id, charge.currency_id,
                       charge.unit_id, charge.item_id, sum(charge.amount_total) AS amount,
                       COALESCE((SELECT sum(old.amount_total) FROM pm_charge old
                                  WHERE old.unit_id = charge.unit_id AND old.item_id = charge.item_id AND old.kind IN ('regular', 'opening')
                                    AND old.state <> 'reversed' AND old.period_start < run.date_from
                                    AND old.period_start >= run.date_from - make_interval(
                                        months => GREATEST(1, round((max(charge.period_end) - run.date_from + 1) / 30.4)::int))
                                    AND old.period_end < run.date_from), 0) AS previous
                  FROM pm_charge charge JOIN pm_billing_run run ON run.id = charge.run_id
                 WHERE charge.state <> 'reversed'
                 GROUP BY charge.run_id, run.date_from, charge.property_id, charge.company_id, charge.currency_id, charge.unit_id, charge.item_id
                UNION ALL
                SELECT -old.id, run.id, old.property_id, old.company_id, old.currency_id, old.unit_id, old.item_id, 0, old.amount_total
                  FROM pm_billing_run run
                  -- Charged once is not gone the month after.
                  JOIN pm_fee_item item ON item.company_id = run.company_id AND item.period <> '0'
                  JOIN pm_charge old ON old.property_id = run.property_id AND old.item_id = item.id
                   AND old.period_start >= run.date_from - make_interval(months => item.period::int) AND old.period_start < run.date_from
                   AND old.period_end = run.date_from - 1 AND old.kind = 'regular' AND old.state <> 'reversed'
                 WHERE run.state NOT IN ('draft', 'cancelled')
                   AND (NOT EXISTS (SELECT FROM pm_billing_run_pm_fee_item_rel rel WHERE rel.pm_billing_run_id = run.id)
                        OR EXISTS (SELECT FROM pm_billing_run_pm_fee_item_rel rel
                                    WHERE rel.pm_billing_run_id = run.id AND rel.pm_fee_item_id = old.item_id))
                   AND NOT EXISTS (SELECT FROM pm_charge now WHERE now.unit_id = old.unit_id AND now.item_id = old.item_id
                                      AND now.period_start >= run.date_from AND now.period_start <= run.date_to AND now.state <> 'reversed')
              ) compared
        """)

    def action_open_charges(self):
        """The charges on both sides of the comparison, with how each came about."""
        self.ensure_one()
        months = int(self.item_id.period) or 1
        start = self.run_id.date_from
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.charge",
            "view_mode": "list,form",
            "name": self.env._("Charges"),
            "domain": [
                ("unit_id", "=", self.unit_id.id),
                ("item_id", "=", self.item_id.id),
                ("state", "!=", "reversed"),
                ("period_start", ">=", fields.Date.subtract(start, months=months)),
                ("period_start", "<", fields.Date.add(start, months=months)),
            ],
        }

    def action_open_unit(self):
        self.ensure_one()
        return {"type": "ir.actions.act_window", "res_model": "pm.unit", "res_id": self.unit_id.id, "view_mode": "form"}
