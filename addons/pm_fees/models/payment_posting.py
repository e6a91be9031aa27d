"""Payments → ledger, in sets, as charges are (see charge_posting).

A payment needs one entry, and one reconciliation for each charge it pays. By the ORM they cost several times what all the
rest of a payment does, most of it for computing what is known beforehand: an entry without taxes, in the company's
currency, of which every item but the money is settled the moment it is made. So three statements write them: the
entry, its items, what they settle. The number is Odoo's own work, under Odoo's own lock.

Rows are written so only where they are known to be those of the ORM: test_payment_posting compares every column of
every row. Where they may differ, see payment_posting_fallback, the ORM makes the entry, or reconciles the items in question.
"""

import re
from collections import defaultdict

from odoo import Command, api, fields, models, tools
from odoo.tools import SQL, float_repr

from .payment_posting_fallback import SETTLED

_READ = (
    "account.account",
    "account.analytic.distribution.model",
    "account.fiscal.position",
    "account.journal",
    "account.move",
    "account.move.line",
    "account.partial.reconcile",
    "res.partner",
    "res.partner.bank",
)


class PmPayment(models.Model):
    _inherit = "pm.payment"

    def _make_entry(self, money, counterparts):
        """Make and post the entry and number the receipt; nobody can see them half done, it is one transaction.

        The number of the entry is taken before that of the receipt, as where bank lines are loaded and matched in one
        go: two transactions that need both never wait for each other.

        :param dict money: values of the item of the money, the others are `counterparts`
        :return: the journal items of `counterparts` in their order
        """
        items = [money, *counterparts]
        self._flush_ledger()
        if self._entry_blocker(items):
            self.move_id = self._make_entry_by_orm(items)
            self._take_receipts()
            self._name_entries()
            return self.move_id.line_ids.sorted("id")[1:]
        move = self.move_id = self._insert_entry(sum(max(item["balance"], 0.0) for item in items))
        name = move._pm_take_number()
        self._take_receipts()
        move._pm_write_number(name, self.receipt_name)
        made = self.env["account.move.line"]._pm_insert(
            [{**item, "move_id": move.id} for item in items], currency=self.currency_id
        )
        self._forget_views()
        # Who owes becomes a customer, as by the ORM. How often he paid (the rank counts entries) is of no use here.
        partners = self.partner_id | self.partner_id.browse(item["partner_id"] for item in items)
        if not all(partner.customer_rank for partner in partners | partners.commercial_partner_id):
            debtors = made.filtered(lambda item: item.account_id.account_type == "asset_receivable").partner_id
            (debtors | debtors.commercial_partner_id).filtered(lambda p: not p.customer_rank).customer_rank = 1
        return made[1:]

    def _flush_ledger(self):
        """Write what the statements of this file read. The payment itself waits: it is written once, with its entry."""
        for model in _READ:
            self.env[model].flush_model()

    def _make_entry_by_orm(self, items):
        move = (
            self.env["account.move"]
            .with_company(self.company_id)
            .with_context(tracking_disable=True, skip_invoice_sync=True)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": self.method_id.journal_id.id,
                    "date": self.date,
                    "partner_id": self.partner_id.id,
                    "company_id": self.company_id.id,
                    "line_ids": [Command.create(vals) for vals in items],
                }
            )
        )
        move._post(soft=False)
        return move

    @api.model
    @tools.ormcache()
    def _line_views(self):
        """What is shown of journal items without being stored: {model: names of fields}."""
        views = defaultdict(list)
        for field in self._line_dependents():
            if not field.store:
                views[field.model_name].append(field.name)
        return dict(views)

    def _forget_views(self):
        """Have computed anew what is shown of journal items."""
        for model, names in self._line_views().items():
            self.env[model].invalidate_model(names, flush=False)

    def _insert_entry(self, total):
        """The posted entry without its items, number and reference.

        :param float total: sum of the debits
        :return: account.move
        """
        moves, partner = self.env["account.move"].with_company(self.company_id), self.partner_id
        journal = self.method_id.journal_id
        total = float_repr(total, self.currency_id.decimal_places)
        values = {
            "journal_id": journal.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "partner_id": partner.id,
            "commercial_partner_id": partner.commercial_partner_id.id,
            "invoice_partner_display_name": partner.display_name,
            "date": self.date,
            "invoice_date_due": fields.Date.context_today(self),
            "name": "/",
            "move_type": "entry",
            "state": "posted",
            "posted_before": True,
            "checked": journal.type == "general" or moves._is_user_able_to_review(),
            "auto_post": "no",
            "payment_state": "not_paid",
            "always_tax_exigible": True,
            "made_sequence_gap": False,
            "is_manually_modified": False,
            **dict.fromkeys(("amount_total", "amount_total_signed", "amount_total_in_currency_signed"), total),
            **dict.fromkeys(("amount_untaxed", "amount_untaxed_signed", "amount_untaxed_in_currency_signed"), 0),
            **dict.fromkeys(("amount_tax", "amount_tax_signed", "amount_residual", "amount_residual_signed"), 0),
            "invoice_currency_rate": 0,
            "create_uid": self.env.uid,
            "write_uid": self.env.uid,
        }
        [[move_id]] = self.env.execute_query(
            SQL(
                """INSERT INTO account_move (create_date, write_date, %s)
                   VALUES (now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', %s) RETURNING id""",
                SQL(", ").join(SQL.identifier(name) for name in values),
                SQL(", ").join(SQL("%s", value) for value in values.values()),
            )
        )
        move = moves.browse(move_id)
        # What the numbering asks for need not be read again.
        asked = ("journal_id", "company_id", "partner_id", "date", "name", "move_type", "state")
        move._update_cache({**{name: values[name] for name in asked}, "origin_payment_id": False}, validate=False)
        return move

    def _reconcile_lines(self, booked):
        """Settle what the lines of payments pay.

        :param list booked: (payment, its lines as `_prepare_register` shaped them, their journal items)
        """
        debts, plan = [], []
        for payment, lines, items in booked:
            for line, request, item in zip(payment.line_ids.sorted("id"), lines, items, strict=True):
                line.move_line_id = item
                if request["kind"] == "charge":
                    debts.append((request["charge"], item))
                elif request.get("credit"):
                    plan.append(request["credit"] | item)
        settled = self._settle(debts)
        # sudo: the cashier has no right on journal items
        plan += [charge.sudo().move_line_id | item for charge, item in debts if charge not in settled]
        if plan:
            # No line comes or goes, so there is nothing to bring in line with the others of the entries, which may be long.
            self.env["account.move.line"].with_context(skip_invoice_sync=True)._reconcile_plan(plan)

    def _settle(self, debts):
        """Reconcile items of payments with the charges they pay, in one statement, where nothing else follows from it.

        What follows is the ORM's work: of an invoice that is paid by it, of taxes due on payment, of differences of
        exchange, of a debt that was paid in part before and has a matching to be joined.

        :param list debts: pairs (charge, journal item of a payment)
        :return: the charges of which the items are settled
        """
        charges, lines = self.env["pm.charge"], self.env["account.move.line"]
        # sudo: the cashier has no right on journal items
        owed = [charge.sudo().move_line_id.id for charge, _item in debts]
        if (
            len(set(owed)) < len(owed)
            or not owed
            or self._ledger_stranger()
            or any(self.company_id.mapped("tax_exigibility"))
        ):
            return charges
        self._flush_ledger()
        settled = self.env.execute_query(
            SQL(
                """
                WITH pair AS MATERIALIZED (
                    SELECT chosen.position, debt.id AS debit_id, item.id AS credit_id, -item.amount_residual AS amount,
                           debt.amount_residual + item.amount_residual AS residual,
                           debt.amount_residual = -item.amount_residual AS whole, item.company_id, item.currency_id,
                           GREATEST(debt.date, item.date) AS date,
                           nextval('account_partial_reconcile_id_seq') AS partial_id,
                           CASE WHEN debt.amount_residual = -item.amount_residual
                                THEN nextval('account_full_reconcile_id_seq') END AS full_id
                      FROM unnest(%(debts)s::int[], %(items)s::int[]) WITH ORDINALITY AS chosen(debt_id, item_id, position)
                      JOIN account_move_line debt ON debt.id = chosen.debt_id
                      JOIN account_move_line item ON item.id = chosen.item_id
                     WHERE debt.account_id = item.account_id AND debt.company_id = item.company_id
                       AND debt.currency_id = item.currency_id AND item.currency_id = item.company_currency_id
                       AND debt.parent_state = 'posted' AND item.parent_state = 'posted'
                       AND debt.matching_number IS NULL AND item.matching_number IS NULL
                       AND debt.payment_id IS NULL AND item.payment_id IS NULL
                       AND item.amount_residual < 0 AND debt.amount_residual >= -item.amount_residual
                       -- Not joined: half of the time would go into finding an order for the joins.
                       AND (SELECT reconcile FROM account_account WHERE id = item.account_id)
                       AND (SELECT count(*) FROM account_move
                             WHERE id IN (debt.move_id, item.move_id) AND move_type <> 'entry') = 0
                       AND (SELECT count(*) FROM account_move__account_payment
                             WHERE invoice_id IN (debt.move_id, item.move_id)) = 0
                     ORDER BY chosen.position
                ), fulls AS (
                    INSERT INTO account_full_reconcile (id, create_uid, write_uid, create_date, write_date)
                    SELECT full_id, %(uid)s, %(uid)s, %(now)s, %(now)s FROM pair WHERE whole
                ), partials AS (
                    INSERT INTO account_partial_reconcile
                           (id, debit_move_id, credit_move_id, full_reconcile_id, company_id, max_date,
                            debit_currency_id, credit_currency_id, amount, debit_amount_currency, credit_amount_currency,
                            create_uid, write_uid, create_date, write_date)
                    SELECT partial_id, debit_id, credit_id, full_id, company_id, date,
                           currency_id, currency_id, amount, amount, amount, %(uid)s, %(uid)s, %(now)s, %(now)s
                      FROM pair
                ), settled AS (
                    UPDATE account_move_line line
                       SET amount_residual = line.amount_residual + change.amount,
                           amount_residual_currency = line.amount_residual + change.amount,
                           reconciled = change.whole,
                           full_reconcile_id = change.full_id,
                           matching_number = COALESCE(change.full_id::text, 'P' || change.partial_id),
                           write_uid = %(uid)s, write_date = %(now)s
                      FROM (SELECT debit_id AS id, -amount AS amount, whole, full_id, partial_id FROM pair
                             UNION ALL
                            SELECT credit_id, amount, true, full_id, partial_id FROM pair) change
                     WHERE line.id = change.id
                )
                SELECT position, debit_id, residual FROM pair
                """,
                debts=owed,
                items=[item.id for _charge, item in debts],
                uid=self.env.uid,
                now=SQL("(now() AT TIME ZONE 'UTC')"),
            )
        )
        lines.invalidate_model(SETTLED, flush=False)
        self._forget_views()
        for _position, debit_id, residual in settled:
            lines.browse(debit_id)._update_cache({"amount_residual": float(residual)}, validate=False)
        charges = charges.union(*(debts[position - 1][0] for position, *_rest in settled))
        charges.modified(["move_line_id"])  # what is owed, and all that hangs on it
        return charges


class AccountMove(models.Model):
    _inherit = "account.move"

    def _pm_take_number(self):
        """The number of this posted entry, taken as `_set_next_sequence` does: nobody else gets it from now on."""
        entry = self.with_context(prefetch_fields=False)
        name = entry._locked_increment(*entry._get_next_sequence_format())
        entry._update_cache({"name": name}, validate=False)
        entry._constrains_date_sequence()
        return name

    def _pm_write_number(self, name, ref):
        """Write number and reference, without computing what no entry of a payment has."""
        # As `_compute_split_sequence` takes a number apart.
        split = re.match(self._make_regex_non_capturing(self._sequence_fixed_regex.replace(r"?P<seq>", "")), name)
        self.env.cr.execute(
            SQL(
                """UPDATE account_move move
                      SET name = %(name)s, ref = %(ref)s, sequence_prefix = %(prefix)s, sequence_number = %(number)s,
                          made_sequence_gap = %(number)s > 1 AND NOT EXISTS (
                              SELECT FROM account_move WHERE journal_id = move.journal_id AND sequence_prefix = %(prefix)s
                                                         AND sequence_number = %(number)s - 1)
                    WHERE id = %(id)s""",
                id=self.id,
                name=name,
                ref=ref,
                prefix=name[: split.start(1)],
                number=int(split[1] or 0),
            )
        )


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    @api.model
    def _pm_insert(self, items, currency):
        """Insert items of posted entries, which have no taxes and are in the currency of their company.

        :param list items: values of each: move_id, account_id, partner_id, name, balance
        :param currency: that of the company
        :return: account.move.line, in their order
        """
        columns = ("move_id", "account_id", "partner_id", "name")
        rows = self.env.execute_query(
            SQL(
                """
                WITH item AS MATERIALIZED (
                    SELECT item.*, account.reconcile OR account.account_type IN ('asset_cash', 'liability_credit_card') AS open
                      FROM unnest(%(moves)s::int[], %(accounts)s::int[], %(partners)s::int[], %(names)s::varchar[],
                                  %(balances)s::numeric[])
                           WITH ORDINALITY AS item(move_id, account_id, partner_id, name, balance, position)
                      JOIN account_account account ON account.id = item.account_id
                )
                INSERT INTO account_move_line
                       (move_id, move_name, parent_state, ref, date, statement_line_id, statement_id, journal_id, company_id, company_currency_id, currency_id,
                        account_id, partner_id, name, balance, amount_currency, price_subtotal, price_total, debit, credit,
                        amount_residual, amount_residual_currency, reconciled, display_type, sequence, quantity, price_unit,
                        discount, deductible_amount, is_storno, no_followup, create_uid, write_uid, create_date, write_date)
                SELECT move.id, move.name, move.state, move.ref, move.date, move.statement_line_id,
                       (SELECT statement_id FROM account_bank_statement_line WHERE id = move.statement_line_id),
                       move.journal_id, move.company_id, %(currency)s, %(currency)s,
                       item.account_id, item.partner_id, item.name, item.balance, item.balance, item.balance, item.balance,
                       GREATEST(item.balance, 0), GREATEST(-item.balance, 0),
                       CASE WHEN item.open THEN item.balance ELSE 0 END, CASE WHEN item.open THEN item.balance ELSE 0 END,
                       false, 'product', 100, 1, 0, 0, 100, false,
                       (SELECT type = 'general' FROM account_journal WHERE id = move.journal_id),
                       %(uid)s, %(uid)s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
                  FROM item JOIN account_move move ON move.id = item.move_id
                 ORDER BY item.position
                RETURNING id
                """,
                **{f"{name.removesuffix('_id')}s": [item[name] for item in items] for name in columns},
                balances=[float_repr(item["balance"], currency.decimal_places) for item in items],
                currency=currency.id,
                uid=self.env.uid,
            )
        )
        return self.browse(sorted(line_id for (line_id,) in rows))
