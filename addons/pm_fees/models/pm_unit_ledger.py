from odoo import fields, models
from odoo.tools import SQL

KINDS = [
    ("charge", "Charged"),
    ("reversal", "Reversed"),
    ("payment", "Received"),
    ("refund", "Refunded"),
    ("void", "Payment voided"),
    ("write_off", "Written off"),
    ("taken_back", "Write-off taken back"),
    ("transfer", "Credit passed on"),
    ("credit", "Credit of another unit used"),
    ("other", "Settled in the books"),
]


class PmUnitLedger(models.Model):
    """Fee ledger of each unit (物业费台账): what was charged, received, reversed, written off, with the running balance.

    Read from charges, receipts and the ledger: the balance of a unit is what is still owed on it less the credit kept
    for it, on every day. Source: S4-76, S4-51.
    """

    _name = "pm.unit.ledger"
    _description = "Fee Ledger"
    _auto = False
    _order = "date, id"
    _rec_name = "document"
    _depends = {
        "pm.charge": ["state", "amount_total", "move_line_id", "reverse_line_id"],
        "pm.payment": ["state", "amount", "date", "reversed_at", "receipt_name"],
        "pm.payment.line": ["amount", "kind", "move_line_id", "charge_id"],
        "pm.write.off": ["name"],
        "pm.write.off.line": ["amount", "move_line_id", "reversal_line_id"],
        "pm.balance.transfer": ["credit_amount", "credit_item_id"],
        "account.partial.reconcile": ["amount", "debit_move_id", "credit_move_id"],
        "account.move.line": ["date"],
    }

    property_id = fields.Many2one("pm.property", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    unit_id = fields.Many2one("pm.unit", readonly=True)
    partner_id = fields.Many2one("res.partner", "Payer", readonly=True)
    date = fields.Date(readonly=True)
    kind = fields.Selection(KINDS, readonly=True)
    document = fields.Char(readonly=True, help="Receipt, write-off or agreement.")
    item_id = fields.Many2one("pm.fee.item", "Fee item", readonly=True)
    charge_id = fields.Many2one("pm.charge", readonly=True)
    payment_id = fields.Many2one("pm.payment", readonly=True)
    period_start = fields.Date("Period from", readonly=True)
    period_end = fields.Date("Period to", readonly=True)
    debit = fields.Monetary("Charged", readonly=True)
    credit = fields.Monetary("Settled", readonly=True)
    balance = fields.Monetary(readonly=True, aggregator=None, help="Owed after this row; below zero: credit.")

    @property
    def _table_query(self):
        parts = [
            self._charges_sql(),
            self._reversals_sql(),
            self._payments_sql(),
            self._voids_sql(),
            self._write_offs_sql(),
            self._taken_back_sql(),
            self._credit_transfers_sql(),
            self._other_settlements_sql(),
            self._borrowed_credit_sql(),
        ]
        return SQL(
            # The partition is what the reader asks for: PostgreSQL then looks at this unit only.
            """
            SELECT entry.*, unit.company_id, company.currency_id,
                   sum(entry.debit - entry.credit) OVER (PARTITION BY entry.unit_id ORDER BY entry.date, entry.id) AS balance
              FROM (%s) entry
              JOIN pm_unit unit ON unit.id = entry.unit_id
              JOIN res_company company ON company.id = unit.company_id
            """,
            SQL(" UNION ALL ").join(parts),
        )

    def _row(self, number, source, **columns):
        """A SELECT list in the order of all others; `number` tells the kinds of rows apart in the id."""
        names = (
            "property_id",
            "unit_id",
            "partner_id",
            "date",
            "kind",
            "document",
            "item_id",
            "charge_id",
            "payment_id",
            "period_start",
            "period_end",
            "debit",
            "credit",
        )
        types = {
            "document": "varchar",
            "kind": "varchar",
            "item_id": "int",
            "charge_id": "int",
            "payment_id": "int",
            "period_start": "date",
            "period_end": "date",
            "debit": "numeric",
            "credit": "numeric",
        }
        values = [SQL("(%s::bigint * 16 + %s) AS id", source, number)]
        for name in names:
            value = columns.get(name, SQL("0") if name in ("debit", "credit") else SQL("NULL"))
            cast = SQL("::%s", SQL(types[name])) if name in types else SQL("")
            values.append(SQL("%s%s AS %s", value, cast, SQL.identifier(name)))
        return SQL(", ").join(values)

    def _charge_columns(self):
        return {
            "property_id": SQL("charge.property_id"),
            "unit_id": SQL("charge.unit_id"),
            "partner_id": SQL("charge.partner_id"),
            "item_id": SQL("charge.item_id"),
            "charge_id": SQL("charge.id"),
            "period_start": SQL("charge.period_start"),
            "period_end": SQL("charge.period_end"),
        }

    def _charges_sql(self):
        row = self._row(
            1,
            SQL("charge.id"),
            **self._charge_columns(),
            date=SQL("item.date"),
            kind=SQL("'charge'"),
            debit=SQL("charge.amount_total"),
        )
        source = SQL("pm_charge charge JOIN account_move_line item ON item.id = charge.move_line_id")
        # Each state has its index by unit.
        return SQL(
            "SELECT %s FROM %s WHERE charge.state = 'posted' UNION ALL SELECT %s FROM %s WHERE charge.state = 'reversed'",
            row,
            source,
            row,
            source,
        )

    def _reversals_sql(self):
        return SQL(
            """SELECT %s FROM pm_charge charge JOIN account_move_line item ON item.id = charge.reverse_line_id
                WHERE charge.state = 'reversed'""",
            self._row(
                2,
                SQL("charge.id"),
                **self._charge_columns(),
                date=SQL("item.date"),
                kind=SQL("'reversal'"),
                credit=SQL("charge.amount_total"),
            ),
        )

    # A receipt is one row per household: what it paid there and what it left there as credit.
    _HOUSEHOLD = """
        SELECT payment.id, payment.property_id, payment.receipt_name, payment.date, payment.direction, payment.state, payment.reversed_at,
               line.unit_id, COALESCE(charge.partner_id, payment.partner_id) AS partner_id,
               min(line.id) AS line_id, sum(line.amount) AS amount
          FROM pm_payment_line line
          JOIN pm_payment payment ON payment.id = line.payment_id AND payment.state IN ('posted', 'reversed')
          LEFT JOIN pm_charge charge ON charge.id = line.charge_id
         WHERE line.kind IN ('charge', 'credit')
         GROUP BY payment.id, line.unit_id, COALESCE(charge.partner_id, payment.partner_id)
    """

    def _receipt_columns(self):
        return {
            "property_id": SQL("receipt.property_id"),
            "unit_id": SQL("receipt.unit_id"),
            "partner_id": SQL("receipt.partner_id"),
            "document": SQL("receipt.receipt_name"),
            "payment_id": SQL("receipt.id"),
        }

    def _payments_sql(self):
        return SQL(
            "SELECT %s FROM (%s) receipt",
            self._row(
                3,
                SQL("receipt.line_id"),
                **self._receipt_columns(),
                date=SQL("receipt.date"),
                kind=SQL("CASE WHEN receipt.direction = 'in' THEN 'payment' ELSE 'refund' END"),
                debit=SQL("CASE WHEN receipt.direction = 'in' THEN 0 ELSE receipt.amount END"),
                credit=SQL("CASE WHEN receipt.direction = 'in' THEN receipt.amount ELSE 0 END"),
            ),
            SQL(self._HOUSEHOLD),
        )

    def _voids_sql(self):
        return SQL(
            "SELECT %s FROM (%s) receipt WHERE receipt.state = 'reversed'",
            self._row(
                4,
                SQL("receipt.line_id"),
                **self._receipt_columns(),
                date=SQL("GREATEST(receipt.date, receipt.reversed_at::date)"),
                kind=SQL("'void'"),
                debit=SQL("CASE WHEN receipt.direction = 'in' THEN receipt.amount ELSE 0 END"),
                credit=SQL("CASE WHEN receipt.direction = 'in' THEN 0 ELSE receipt.amount END"),
            ),
            SQL(self._HOUSEHOLD),
        )

    def _write_offs_sql(self):
        return SQL(
            """SELECT %s FROM pm_write_off_line loss JOIN pm_write_off doc ON doc.id = loss.write_off_id
                 JOIN account_move_line item ON item.id = loss.move_line_id JOIN pm_charge charge ON charge.id = loss.charge_id""",
            self._row(
                5,
                SQL("loss.id"),
                **self._charge_columns(),
                date=SQL("item.date"),
                kind=SQL("'write_off'"),
                document=SQL("doc.name"),
                credit=SQL("loss.amount"),
            ),
        )

    def _taken_back_sql(self):
        return SQL(
            """SELECT %s FROM pm_write_off_line loss JOIN pm_write_off doc ON doc.id = loss.write_off_id
                 JOIN account_move_line item ON item.id = loss.reversal_line_id JOIN pm_charge charge ON charge.id = loss.charge_id""",
            self._row(
                6,
                SQL("loss.id"),
                **self._charge_columns(),
                date=SQL("item.date"),
                kind=SQL("'taken_back'"),
                document=SQL("doc.name"),
                debit=SQL("loss.amount"),
            ),
        )

    def _credit_transfers_sql(self):
        columns = {
            "property_id": SQL("doc.property_id"),
            "unit_id": SQL("doc.unit_id"),
            "date": SQL("item.date"),
            "kind": SQL("'transfer'"),
            "document": SQL("doc.agreement"),
        }
        source = SQL("pm_balance_transfer doc JOIN account_move_line item ON item.id = doc.credit_item_id")
        given = self._row(
            7, SQL("doc.id"), **columns, partner_id=SQL("doc.from_partner_id"), debit=SQL("doc.credit_amount")
        )
        taken = self._row(
            8, SQL("doc.id"), **columns, partner_id=SQL("doc.to_partner_id"), credit=SQL("doc.credit_amount")
        )
        return SQL("SELECT %s FROM %s UNION ALL SELECT %s FROM %s", given, source, taken, source)

    # What settled a charge and stands in no row above: money without a unit or of another one, and entries made by hand.
    _ELSEWHERE = """
        account_partial_reconcile partial
        JOIN pm_charge charge ON charge.move_line_id = partial.debit_move_id AND charge.state = 'posted'
        JOIN account_move_line other ON other.id = partial.credit_move_id
        LEFT JOIN (
            SELECT line.move_line_id, payment.id AS payment_id, payment.receipt_name, payment.property_id, line.kind,
                   line.unit_id, COALESCE(own.partner_id, payment.partner_id) AS partner_id
              FROM pm_payment_line line
              JOIN pm_payment payment ON payment.id = line.payment_id
              LEFT JOIN pm_charge own ON own.id = line.charge_id
             WHERE line.kind IN ('charge', 'credit')
        ) money ON money.move_line_id = other.id
        LEFT JOIN pm_balance_transfer taken ON taken.credit_item_id = other.id
        LEFT JOIN pm_write_off_line loss ON loss.move_line_id = other.id
    """

    def _other_settlements_sql(self):
        return SQL(
            """SELECT %s FROM %s
                WHERE loss.id IS NULL AND COALESCE(money.unit_id, taken.unit_id, 0) <> charge.unit_id""",
            self._row(
                9,
                SQL("partial.id"),
                **self._charge_columns(),
                date=SQL(
                    "GREATEST(other.date, (SELECT own.date FROM account_move_line own WHERE own.id = charge.move_line_id))"
                ),
                kind=SQL("CASE WHEN money.move_line_id IS NULL THEN 'other' ELSE 'credit' END"),
                document=SQL("COALESCE(money.receipt_name, other.move_name)"),
                payment_id=SQL("money.payment_id"),
                credit=SQL("partial.amount"),
            ),
            SQL(self._ELSEWHERE),
        )

    def _borrowed_credit_sql(self):
        """The other side of credit that was kept for one unit and used on another."""
        return SQL(
            "SELECT %s FROM %s WHERE money.unit_id <> charge.unit_id",
            self._row(
                10,
                SQL("partial.id"),
                property_id=SQL("money.property_id"),
                unit_id=SQL("money.unit_id"),
                partner_id=SQL("money.partner_id"),
                date=SQL(
                    "GREATEST(other.date, (SELECT own.date FROM account_move_line own WHERE own.id = charge.move_line_id))"
                ),
                kind=SQL("'credit'"),
                document=SQL("money.receipt_name"),
                payment_id=SQL("money.payment_id"),
                debit=SQL("partial.amount"),
            ),
            SQL(self._ELSEWHERE),
        )

    def action_open_source(self):
        """The receipt or charge behind a row."""
        self.ensure_one()
        record = self.payment_id or self.charge_id
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "view_mode": "form",
        }


class PmUnit(models.Model):
    _inherit = "pm.unit"

    def action_open_fee_ledger(self):
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("pm_fees.pm_unit_ledger_action"),
            "domain": [("unit_id", "in", self.ids)],
            "context": {},
        }
