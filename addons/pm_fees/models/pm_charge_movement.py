from odoo import fields, models
from odoo.tools import SQL


class PmChargeMovement(models.Model):
    """What made and what settled each debt, by day: the arrears of any day are a sum over these rows.

    Read from the ledger (receivable lines and their reconciliations): no second truth, only another view.
    """

    _name = "pm.charge.movement"
    _description = "Charge movement"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "charge_id"
    _depends = {
        "pm.charge": ["state", "move_line_id", "reverse_line_id", "amount_total", "due_date"],
        "pm.write.off.line": ["move_line_id"],
        "pm.unit": ["user_id"],
        "account.partial.reconcile": ["debit_move_id", "credit_move_id", "amount"],
        "account.move.line": ["date"],
    }

    charge_id = fields.Many2one("pm.charge", readonly=True)
    property_id = fields.Many2one("pm.property", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    unit_id = fields.Many2one("pm.unit", readonly=True)
    user_id = fields.Many2one("res.users", "Butler", readonly=True)
    partner_id = fields.Many2one("res.partner", "Payer", readonly=True)
    item_id = fields.Many2one("pm.fee.item", "Fee item", readonly=True)
    category = fields.Selection(related="item_id.category")
    kind = fields.Selection(
        [("charge", "Charged"), ("payment", "Paid"), ("reversal", "Reversed"), ("write_off", "Written off")],
        readonly=True,
    )
    period_start = fields.Date("Period", readonly=True)
    due_date = fields.Date("Due", readonly=True)
    date = fields.Date(
        readonly=True,
        help="Charges and reversals: the day they fell due; payments and write-offs: their accounting date.",
    )
    booked_at = fields.Datetime(
        readonly=True, help="The moment, whatever the date: a figure computed before does not hold it."
    )
    amount = fields.Monetary(readonly=True, help="Charges above, what settled them below zero.")
    settled = fields.Monetary(readonly=True, help="Paid amounts, above zero.")

    @property
    def _table_query(self):
        charge = SQL("""charge.property_id, charge.company_id, charge.currency_id, charge.unit_id, unit.user_id, charge.partner_id,
                        charge.item_id, charge.period_start, charge.due_date""")
        # Columns of the same type on both sides: only then does PostgreSQL leave out those that nobody asks for, as booked_at.
        return SQL(
            """
            SELECT charge.id::bigint * 2 AS id, charge.id AS charge_id, %(charge)s, 'charge' AS kind, charge.due_date AS date,
                   (SELECT debt.create_date FROM account_move_line debt WHERE debt.id = charge.move_line_id) AS booked_at,
                   charge.amount_total AS amount, 0::numeric AS settled
              FROM pm_charge charge JOIN pm_unit unit ON unit.id = charge.unit_id
             WHERE charge.state IN ('posted', 'reversed') AND charge.move_line_id IS NOT NULL
            UNION ALL
            SELECT partial.id::bigint * 2 + 1, charge.id, %(charge)s,
                   settling.kind, CASE WHEN settling.kind = 'reversal' THEN charge.due_date ELSE other.date END, partial.create_date,
                   -partial.amount, CASE WHEN settling.kind = 'payment' THEN partial.amount ELSE 0 END
              FROM account_partial_reconcile partial
              JOIN pm_charge charge ON charge.move_line_id = partial.debit_move_id
              JOIN pm_unit unit ON unit.id = charge.unit_id
              JOIN account_move_line other ON other.id = partial.credit_move_id
              LEFT JOIN pm_write_off_line loss ON loss.move_line_id = partial.credit_move_id
             CROSS JOIN LATERAL (
                SELECT CASE WHEN partial.credit_move_id = charge.reverse_line_id THEN 'reversal'
                            WHEN loss.id IS NOT NULL THEN 'write_off' ELSE 'payment' END AS kind
             ) settling
            """,
            charge=charge,
        )
