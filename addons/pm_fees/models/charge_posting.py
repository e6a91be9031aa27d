"""Charges → ledger, in sets (design §4.4). Only this file and payment_posting write journal items without the ORM.

One entry per property and chunk carries one receivable line per charge and, per fee item, one income line and the tax
lines. The ORM builds and posts that entry with a *single* receivable line over the whole amount: numbering, lock
dates, constraints, tax tags and every stored column are Odoo's own work. Then one statement splits that line: the
prototype becomes the line of the first charge, the others are inserted as clones of its row. The sum is the same
before and after, so nothing else in the entry changes. Some entries are made at a time, because what Odoo does for an
entry costs as much as some hundred clones, and less in a batch.

A row is cloned only while that is known to be right, see `_clone_blocker`; else the ORM makes every line and the run
says why.
"""

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, sql

from odoo.addons.pm_base.tools.labels import selection_labels

from .account_move import LEDGER_STEP

# Columns of account_move_line this file was checked against (test_posting holds clones against ORM rows, column by
# column). A column of another add-on is cloned with the row as long as it is empty in the prototype; when it has a
# value, nobody knows whether that value fits the other charges: the ORM does the work.
_KNOWN = """
    id move_id journal_id company_id company_currency_id sequence account_id currency_id partner_id reconcile_model_id
    payment_id statement_line_id statement_id group_tax_id tax_line_id tax_group_id tax_repartition_line_id
    full_reconcile_id product_id product_uom_id create_uid write_uid move_name parent_state ref name matching_number
    display_type date invoice_date date_maturity discount_date analytic_distribution extra_tax_data debit credit balance
    amount_currency tax_base_amount amount_residual amount_residual_currency quantity price_unit price_subtotal
    price_total discount discount_amount_currency discount_balance is_storno is_imported reconciled
    collapse_composition collapse_prices no_followup create_date write_date deductible_amount
"""
KNOWN_COLUMNS = frozenset(_KNOWN.split())
# Entries that the ORM makes and posts in one go, and one statement splits.
ENTRIES = 15
# Must be empty in the prototype: a value would be that of the first charge only.
EMPTY_COLUMNS = (
    "analytic_distribution",
    "product_id",
    "tax_line_id",
    "tax_repartition_line_id",
    "matching_number",
    "full_reconcile_id",
)


class PmCharge(models.Model):
    _inherit = "pm.charge"

    def _post(self, date=None):
        """Post approved charges to the ledger.

        :param date: accounting date; default today in the property
        :return: notes (list of str) when the ORM had to do the work of the clones, and why
        :raises UserError: for a charge that is not approved, a locked period, a missing account; nothing is posted then
        """
        self._check_posting_role()
        date = fields.Date.to_date(date)
        rows = self._lock()
        for row in rows:
            approved = (
                row["state"] == "approved" or row["state"] == "draft" and row["run_state"] in ("approved", "posting")
            )
            if not approved:
                charge = self.browse(row["id"])
                raise UserError(
                    self.env._(
                        "To post %(charge)s it must be approved; it is %(state)s.",
                        charge=charge.display_name,
                        state=selection_labels(self, "state")[row["state"]],
                    )
                )
        notes = []
        for prop, part in self._by_property(rows):
            for chunks in self._batches(part):
                notes += filter(None, self._post_chunks(prop, chunks, date or prop._today()))
        return notes

    def _by_property(self, rows):
        parts = {}
        for row in rows:
            parts.setdefault(row["property_id"], []).append(row)
        return [(self.env["pm.property"].browse(prop_id), part) for prop_id, part in parts.items()]

    def _reverse(self, reason, date=None, note=None):
        """Take posted charges back (冲红): a reversal entry, reconciled line by line; the period can be billed again.

        Money already paid on them stays with the payer as open credit.

        :param str reason: one of REVERSE_REASONS; "our_error" counts against fee accuracy (S0-129)
        :param date: day in the books; see `_reversal_day` for the one taken without it
        """
        self._check_posting_role()
        date = fields.Date.to_date(date)
        rows = self._lock()
        for row in rows:
            if row["state"] != "posted":
                raise UserError(self.env._("To reverse %s it must be posted.", self.browse(row["id"]).display_name))
        if not reason:
            raise UserError(self.env._("To reverse charges you must give the reason."))
        for prop, part in self._by_property(rows):
            day = date or self.browse(row["id"] for row in part)._reversal_day()
            for chunks in self._batches(part):
                self._reverse_chunks(prop, chunks, day)
            # sudo: see _post_chunks
            self.sudo().browse(row["id"] for row in part).write(
                {
                    "state": "reversed",
                    "reverse_reason": reason,
                    "reverse_note": note,
                    "reverse_date": day,
                    "reverse_user_id": self.env.uid,
                }
            )
        # The keys of the database must know at once that these days are free to be billed again.
        self.flush_recordset(["state"])
        # sudo: readings are the technicians'; the accountant who reverses only sets them free to be billed again
        self.env["pm.meter.reading"].sudo().search([("charge_id", "in", self.ids)]).write({"charge_id": False})

    def _reversal_day(self):
        """Today, or the day on which the last of these charges of one property was booked: nothing is taken back before it
        was there, as a bill for next month would be.
        """
        # sudo: a day in the books, for who may reverse; readers of charges need not read journal items
        lines = self.env["account.move.line"].sudo()
        [(booked,)] = lines._read_group([("id", "in", self.sudo().move_line_id.ids)], [], ["date:max"])
        today = self.property_id._today()
        return max(today, booked) if booked else today

    def _check_posting_role(self):
        if not (self.env.su or self.env.user.has_group("pm_base.group_accountant")):
            raise AccessError(self.env._("To post or reverse charges you must be a project accountant."))

    @api.model
    def _posting_chunk(self):
        """Charges in one entry."""
        # sudo: a setting of the system
        return int(self.env["ir.config_parameter"].sudo().get_param("pm_fees.posting_chunk") or 0) or 1000

    def _batches(self, rows):
        """The rows by entry, a few entries at a time: lists of lists."""
        size = self._posting_chunk()
        chunks = [rows[start : start + size] for start in range(0, len(rows), size)]
        for start in range(0, len(chunks), ENTRIES):
            yield chunks[start : start + ENTRIES]

    def _post_chunks(self, prop, chunks, date):
        """Post some entries: lists of rows of `_lock`, all of one property.

        :return: notes of the entries of which the clones were left to the ORM
        """
        # Nothing to put in the books: a charge of 0 is paid as it stands.
        zero = self.browse(row["id"] for rows in chunks for row in rows if not row["amount"])
        # sudo: nobody writes charges directly, only the methods of billing do
        zero.sudo().write({"state": "posted"})
        notes = []
        for charges, move, note in self._make_entries(prop, date, 1, chunks):
            charges._log_post(move)
            notes.append(note)
        return notes

    def _reverse_chunks(self, prop, chunks, date):
        charges = self.browse(row["id"] for rows in chunks for row in rows if row["amount"])
        if not charges:
            return
        lines = charges.move_line_id
        # Payments stay in the books and become open credit of the payer.
        lines.filtered(lambda line: line.matched_debit_ids or line.matched_credit_ids).remove_move_reconcile()
        self._make_entries(prop, date, -1, chunks)
        self.env["account.move.line"]._reconcile_plan(
            [charge.move_line_id | charge.reverse_line_id for charge in charges]
        )

    def _log_post(self, move):
        """Hook: called after each posted entry."""

    # The entry

    def _make_entries(self, prop, date, sign, chunks):
        """Build, post and split entries for charges of one property, one entry a chunk; charges of zero are left out.

        :param int sign: 1 posts, -1 reverses
        :param chunks: lists of charges as `_lock` read them, so that the ORM need not load them
        :return: list of (charges, account.move, note or None)
        """
        chunks = [rows for rows in ([row for row in rows if row["amount"]] for rows in chunks) if rows]
        if not chunks:
            return []
        prop._ensure_accounts()
        journal, receivable = prop.billing_journal_id, prop.receivable_account_id
        if not journal or not receivable:
            raise UserError(
                self.env._(
                    "To bill property “%s” you must set its billing journal and receivable account (Fees tab), or install a chart of accounts.",
                    prop.display_name,
                )
            )
        self._check_lock_dates(prop, journal, date)
        parts = [self.browse(row["id"] for row in rows) for rows in chunks]
        counterparts = [
            [self._storno(prop, sign, vals) for vals in charges._prepare_counterparts(prop, sign)] for charges in parts
        ]
        values = [
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "date": date,
                "company_id": prop.company_id.id,
                "ref": self._entry_reference(prop, sign, {row["run_id"] for row in rows}),
            }
            for rows in chunks
        ]
        moves = (
            self.env["account.move"]
            .with_company(prop.company_id)
            .with_context(
                skip_invoice_sync=True, check_move_validity=False, mail_create_nolog=True, tracking_disable=True
            )
        )
        entries = list(zip(parts, values, counterparts, strict=True))
        blocker = self._clone_blocker(prop, journal, {row["currency_id"] for rows in chunks for row in rows})
        if blocker:
            return [
                (charges, charges._make_entry_by_orm(moves, vals, lines, prop, date, sign), blocker)
                for charges, vals, lines in entries
            ]
        totals = [float(sum(row["amount"] for row in rows)) * sign for rows in chunks]
        made = moves.create(
            [
                {
                    **vals,
                    "line_ids": [
                        Command.create(line)
                        for line in (charges[0]._prepare_receivable_line(prop, sign, total), *lines)
                    ],
                }
                for (charges, vals, lines), total in zip(entries, totals, strict=True)
            ]
        )
        self._check_entries(made)
        made._post(soft=False)
        self.env.flush_all()
        prototypes = made.line_ids.filtered(lambda line: line.account_id == receivable)
        blocker = self._column_blocker(prototypes)
        if blocker:
            # Found out too late to avoid the prototypes: they go back to draft and away, the ORM starts afresh.
            made.with_context(pm_billing=LEDGER_STEP).button_draft()
            made.with_context(force_delete=True, pm_billing=LEDGER_STEP).unlink()
            return [
                (charges, charges._make_entry_by_orm(moves, vals, lines, prop, date, sign), blocker)
                for charges, vals, lines in entries
            ]
        of_move = prototypes.grouped("move_id")
        self._split_lines([(charges, of_move[move]) for charges, move in zip(parts, made, strict=True)], sign)
        self._check_entries(made)
        return [(charges, move, None) for charges, move in zip(parts, made, strict=True)]

    def _make_entry_by_orm(self, moves, values, counterparts, prop, date, sign):
        lines = [charge._prepare_receivable_line(prop, sign, charge.amount_total * sign) for charge in self]
        move = moves.create({**values, "line_ids": [Command.create(vals) for vals in (*lines, *counterparts)]})
        self._check_entries(move)
        move._post(soft=False)
        receivables = move.line_ids.filtered(lambda line: line.account_id == prop.receivable_account_id).sorted("id")
        for charge, line in zip(self, receivables, strict=True):
            account = charge.sudo().counter_account_id or charge.item_id._counter_account(
                prop, charge.kind == "opening"
            )
            # sudo: see _post_chunks
            charge.sudo().write(
                {"state": "posted", "move_line_id": line.id, "counter_account_id": account.id}
                if sign > 0
                else {"reverse_line_id": line.id}
            )
        return move

    def _prepare_receivable_line(self, prop, sign, balance):
        """Values of the receivable line of one charge, as the ORM gets them; `_split_lines` says the same in SQL."""
        self.ensure_one()
        return self._storno(
            prop,
            sign,
            {
                "account_id": prop.receivable_account_id.id,
                "partner_id": self.partner_id.id,
                "balance": balance,
                "name": self._line_label(),
                "date_maturity": self.due_date,
            },
        )

    def _storno(self, prop, sign, vals):
        """Mark a line of a reversal as red ink (红字冲销) where the company books so, the rule in China: the same side with
        a minus, so that the turnover of the accounts is not blown up."""
        return {**vals, "is_storno": True} if sign < 0 and prop.company_id.account_storno else vals

    def _line_label(self):
        lang = self.company_id.partner_id.lang or self.env.lang or "en_US"
        return f"{self.unit_id.name} {self.item_id.with_context(lang=lang).name} {self.period_start:%Y-%m}"

    def _prepare_counterparts(self, prop, sign):
        """Income and tax lines, aggregated per fee item, and per tax and account where charges of one were booked differently."""
        self.env.cr.execute(
            SQL(
                """SELECT item_id, kind = 'opening', tax_id, counter_account_id, sum(amount_untaxed), sum(amount_tax)
                 FROM pm_charge WHERE id = ANY(%s) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4""",
                list(self.ids),
            )
        )
        currency = prop.company_id.currency_id
        lines = []
        for item_id, opening, tax_id, account_id, untaxed, tax_amount in self.env.cr.fetchall():
            item = self.env["pm.fee.item"].browse(item_id)
            untaxed, tax_amount = currency.round(float(untaxed) * sign), currency.round(float(tax_amount) * sign)
            account = self.env["account.account"].browse(account_id) or item._counter_account(prop, opening)
            tax = item._charged_tax(tax_id, tax_amount)
            repartition = tax.invoice_repartition_line_ids if sign > 0 else tax.refund_repartition_line_ids
            base = repartition.filtered(lambda line: line.repartition_type == "base")
            lines.append(
                {
                    "account_id": account.id,
                    "balance": -untaxed,
                    "name": item.name,
                    "tax_ids": [Command.set(tax.ids)],
                    "tax_tag_ids": [Command.set(base.tag_ids.ids)],
                }
            )
            lines += self._prepare_tax_lines(item, account, repartition - base, untaxed, tax_amount, currency)
        return lines

    def _prepare_tax_lines(self, item, account, repartition, untaxed, amount, currency):
        if currency.is_zero(amount):
            return []
        lines, left = [], amount
        parts = repartition.filtered("factor_percent")
        for index, part in enumerate(parts, 1):
            share = left if index == len(parts) else currency.round(amount * part.factor_percent / 100)
            left -= share
            lines.append(
                {
                    "account_id": (part.account_id or account).id,
                    "balance": -share,
                    "name": part.tax_id.name,
                    "tax_repartition_line_id": part.id,
                    "tax_base_amount": abs(untaxed),
                    "tax_tag_ids": [Command.set(part.tag_ids.ids)],
                }
            )
        return lines

    def _charged_items(self):
        """[(fee item, whether it is for opening arrears)] of these charges."""
        rows = self.env.execute_query(
            SQL("SELECT DISTINCT item_id, kind = 'opening' FROM pm_charge WHERE id = ANY(%s)", list(self.ids))
        )
        return [(self.env["pm.fee.item"].browse(item_id), opening) for item_id, opening in rows]

    def _entry_reference(self, prop, sign, run_ids):
        run = self.env["pm.billing.run"].browse(run_ids if len(run_ids) == 1 else [])
        name = run.name if run.id else self.env._("Charges %s", prop.code)
        return name if sign > 0 else self.env._("Reversal of %s", name)

    # The split

    def _split_lines(self, parts, sign):
        """Turn the posted receivable line over each whole chunk into one line per charge, in one statement.

        :param parts: list of (charges, journal item over their sum); all of one property
        """
        first, prototypes = parts[0][0][0], [line.id for _charges, line in parts]
        charges = self.browse(charge_id for part, _line in parts for charge_id in part.ids)
        columns, varying = parts[0][1]._pm_split_columns()
        varying["date_maturity"] = SQL("src.due_date")
        lang = first.company_id.partner_id.lang or self.env.lang or "en_US"
        items = SQL(", ").join(
            SQL(
                "(%s, %s, %s, %s::int)",
                item.id,
                opening,
                item.with_context(lang=lang).name,
                item._counter_account(first.property_id, opening).id if sign > 0 else None,
            )
            for item, opening in charges._charged_items()
        )
        target = (
            SQL(
                """state = 'posted', move_line_id = src.line_id, residual = src.amount, amount_paid = 0, paid_state = 'unpaid',
                   counter_account_id = COALESCE(charge.counter_account_id, src.account_id)"""
            )
            if sign > 0
            else SQL("reverse_line_id = src.line_id")
        )
        self.env.cr.execute(
            SQL(
                """
            WITH src AS MATERIALIZED (
                SELECT charge.id AS charge_id, charge.partner_id, charge.due_date, charge.amount_total * %(sign)s AS amount,
                       unit.name || ' ' || item.label || ' ' || to_char(charge.period_start, 'YYYY-MM') AS label,
                       item.account_id, chosen.prototype, CASE WHEN chosen.first THEN chosen.prototype ELSE nextval('account_move_line_id_seq') END AS line_id
                  FROM unnest(%(ids)s::int[], %(lines)s::int[], %(firsts)s::boolean[])
                       WITH ORDINALITY AS chosen(id, prototype, first, position)
                  JOIN pm_charge charge USING (id)
                  JOIN pm_unit unit ON unit.id = charge.unit_id
                  JOIN (VALUES %(items)s) AS item(id, opening, label, account_id)
                    ON item.id = charge.item_id AND item.opening = (charge.kind = 'opening')
                 ORDER BY chosen.position
            ), prototype AS (
                UPDATE account_move_line line SET %(assignments)s
                  FROM src WHERE src.line_id = line.id AND line.id = ANY(%(prototypes)s)
            ), clones AS (
                INSERT INTO account_move_line (id, %(columns)s)
                SELECT src.line_id, %(values)s
                  FROM src JOIN account_move_line proto ON proto.id = src.prototype
                 WHERE src.line_id <> proto.id
            )
            UPDATE pm_charge charge
               SET %(target)s, write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
              FROM src WHERE charge.id = src.charge_id
            """,
                sign=sign,
                prototypes=prototypes,
                ids=list(charges.ids),
                lines=[line_id for part, line in parts for line_id in [line.id] * len(part)],
                firsts=[first for part, _line in parts for first in (True, *[False] * (len(part) - 1))],
                items=items,
                target=target,
                uid=self.env.uid,
                **self.env["account.move.line"]._pm_split_terms(columns, varying),
            )
        )
        if self.env.cr.rowcount != len(charges):
            raise UserError(self.env._("The charges changed while they were posted; nothing was posted. Try again."))
        self.env["account.move.line"].invalidate_model()
        self.env["account.move"].invalidate_model()
        # The whole model: to forget some thousand records one by one takes longer than to read a few anew.
        self.invalidate_model()
        # The entry made the partner of the prototype a customer; the others become customers here. How often somebody was
        # billed (the rank counts entries) is of no use for debts that recur every month, so it is not counted up.
        self.env.cr.execute(
            SQL(
                """UPDATE res_partner SET customer_rank = 1
                WHERE COALESCE(customer_rank, 0) = 0
                  AND id IN (SELECT unnest(ARRAY[partner.id, partner.commercial_partner_id])
                               FROM pm_charge charge JOIN res_partner partner ON partner.id = charge.partner_id
                              WHERE charge.id = ANY(%s))""",
                list(charges.ids),
            )
        )
        self.env["res.partner"].invalidate_model(["customer_rank"])

    def _clone_blocker(self, prop, journal, currency_ids):
        """Why rows cannot be cloned, or None. The reasons are known before an entry is made."""
        if journal.restrict_mode_hash_table:
            return self.env._("the journal is secured with hashes")
        currency = prop.company_id.currency_id
        if (
            currency_ids != {currency.id}
            or journal.currency_id
            and journal.currency_id != currency
            or prop.receivable_account_id.currency_id
            and prop.receivable_account_id.currency_id != currency
        ):
            return self.env._("the currency differs from the company's")
        # sudo: distribution models may be hidden from the one who posts, they apply all the same
        if (
            self.env["account.analytic.distribution.model"]
            .sudo()
            .search_count(
                [
                    "|",
                    ("partner_id", "!=", False),
                    ("partner_category_id", "!=", False),
                    ("company_id", "in", [False, *prop.company_id.parent_ids.ids]),
                ],
                limit=1,
            )
        ):
            return self.env._("analytic distribution rules by partner exist")
        return None

    def _column_blocker(self, lines):
        """Why these posted prototypes cannot be cloned: a stored value that may belong to its charge only."""
        columns = sql.table_columns(self.env.cr, "account_move_line")
        suspects = [name for name in columns if name not in KNOWN_COLUMNS] + list(EMPTY_COLUMNS)
        rows = self.env.execute_query(
            SQL(
                "SELECT %s FROM account_move_line WHERE id = ANY(%s)",
                SQL(", ").join(SQL.identifier(name) for name in suspects),
                list(lines.ids),
            )
        )
        for name, values in zip(suspects, zip(*rows, strict=True), strict=True):
            if any(values):
                return self.env._("the column “%s” of journal items has a value that may not fit every charge", name)
        return None

    def _check_lock_dates(self, prop, journal, date):
        """Refuse a locked period: Odoo would move the entry to another date in silence."""
        locks = prop.company_id._get_violated_lock_dates(date, True, journal)
        if locks:
            raise UserError(
                self.env._(
                    "To post on %(date)s the period must be open: %(locks)s. Choose a later accounting date, or let the accounting manager open the period.",
                    date=date,
                    locks=self.env["res.company"]._format_lock_dates(locks),
                )
            )

    def _check_entries(self, moves):
        for move_id, *_sums in moves._get_unbalanced_moves({"records": moves}) or ():
            entry = moves.browse(move_id)
            raise UserError(self.env._("The entry for %s is not balanced; nothing was posted.", entry.ref))


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _pm_split_columns(self):
        """(all columns of a journal item but its id, {column: SQL of what differs between the parts of this line})"""
        columns = [name for name in sql.table_columns(self.env.cr, "account_move_line") if name != "id"]
        amount = SQL("src.amount")
        varying = {
            "partner_id": SQL("src.partner_id"),
            "name": SQL("src.label"),
            "balance": amount,
            "amount_currency": amount,
            "amount_residual": amount,
            "amount_residual_currency": amount,
            "price_subtotal": amount,
            "price_total": amount,
            "debit": SQL("GREATEST(src.amount, 0)"),
            "credit": SQL("GREATEST(-src.amount, 0)"),
        }
        if self.is_storno:
            varying["debit"], varying["credit"] = SQL("LEAST(src.amount, 0)"), SQL("LEAST(-src.amount, 0)")
        return columns, varying

    @staticmethod
    def _pm_split_terms(columns, varying):
        """The parts of a statement that splits a line: what to set in the prototype, and the clones' columns and values."""
        return {
            "assignments": SQL(", ").join(
                SQL("%s = %s", SQL.identifier(name), value) for name, value in varying.items()
            ),
            "columns": SQL(", ").join(SQL.identifier(name) for name in columns),
            "values": SQL(", ").join(varying.get(name, SQL.identifier("proto", name)) for name in columns),
        }
