from odoo import fields, models
from odoo.tools import SQL


class PmDepositReport(models.Model):
    """Deposits by age, and how long refunds took: one row a deposit, computed when read."""

    _name = "pm.deposit.report"
    _description = "Deposits by Age"
    _auto = False
    _order = "age_days desc, id"
    _rec_name = "deposit_id"

    deposit_id = fields.Many2one("pm.deposit", readonly=True)
    property_id = fields.Many2one("pm.property", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    unit_id = fields.Many2one("pm.unit", readonly=True)
    renovation_id = fields.Many2one("pm.renovation", readonly=True)
    case_state = fields.Selection(related="renovation_id.state", string="Renovation State")
    partner_id = fields.Many2one("res.partner", "Payer", readonly=True)
    state = fields.Selection(
        [("held", "Held"), ("refund_requested", "To refund"), ("refunded", "Refunded")], readonly=True
    )
    received_on = fields.Date(readonly=True)
    refunded_on = fields.Date(readonly=True)
    amount_held = fields.Monetary("Held", readonly=True)
    age_days = fields.Integer(
        "Age (days)", readonly=True, aggregator="avg", help="From receipt to today; of refunded ones to the refund."
    )
    age = fields.Selection(
        [
            ("1", "Up to 90 days"),
            ("2", "91 to 180 days"),
            ("3", "181 to 365 days"),
            ("4", "More than a year"),
        ],
        readonly=True,
    )
    refund_days = fields.Integer("Days to Refund", readonly=True, aggregator="avg")

    @property
    def _table_query(self):
        # Today is that of each property, wherever the database is.
        today = SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE p.tz)::date", fields.Datetime.now())
        return SQL(
            """
            SELECT d.id, d.id AS deposit_id, d.property_id, d.company_id, d.currency_id, d.unit_id, d.renovation_id,
                   d.partner_id, d.state, d.received_on, d.refunded_on, d.amount_held, age.days AS age_days,
                   CASE WHEN age.days <= 90 THEN '1' WHEN age.days <= 180 THEN '2'
                        WHEN age.days <= 365 THEN '3' ELSE '4' END AS age,
                   CASE WHEN d.state = 'refunded' THEN d.refund_days END AS refund_days
              FROM pm_deposit d
              JOIN pm_property p ON p.id = d.property_id
             CROSS JOIN LATERAL (SELECT COALESCE(d.refunded_on, %(today)s) - d.received_on AS days) age
             WHERE d.received_on IS NOT NULL AND d.state IN ('held', 'refund_requested', 'refunded')
            """,
            today=today,
        )

    def action_open_deposit(self):
        """Open the deposit behind the row."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.deposit",
            "res_id": self.deposit_id.id,
            "view_mode": "form",
        }
