import math

from odoo import api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.fields import Command
from odoo.tools import SQL
from psycopg2.errors import UniqueViolation

from .account_move import LEDGER_STEP

_MAIL_BATCH = 50
_EXACT = 2**53  # so many of the smallest coin a float holds without losing one
_REQUEST_INDEX = "pm_payment_request_key_unique"
_SEPARATOR = " · "


class PmPayment(models.Model):
    """Money that came in or went out (收款 / 退款): the one way in which money enters or leaves.

    A payment is born posted by `_register_payment` and is never changed or deleted; a mistake is voided (冲红) with a reason and
    keeps its receipt number. One journal entry per payment: money account against one line per charge, reconciled with
    the receivable lines of the charges, so what is still owed is always the ledger's own figure.
    Source: S0-128, S1-49, S1-54, S1-90, CON-07.
    """

    _name = "pm.payment"
    _description = "Payment"
    _inherit = ["mail.thread"]
    _order = "date desc, id desc"
    _rec_name = "receipt_name"
    _check_company_auto = True

    _request_key_unique = models.UniqueIndex("(request_key)", "This payment request has already been booked.")
    _receipt_unique = models.UniqueIndex("(book_id, receipt_number)", "This receipt number is already used.")
    _amount_positive = models.Constraint("CHECK (amount > 0)", "The amount of a payment must be positive.")
    _statement_line_unique = models.UniqueIndex(
        "(statement_line_id) WHERE state = 'posted' AND statement_line_id IS NOT NULL",
        "This bank line has already been booked.",
    )
    _property_date_index = models.Index("(property_id, date DESC, id DESC)")

    request_key = fields.Char(
        required=True, readonly=True, copy=False, help="A repeated request with the same key is booked once."
    )
    direction = fields.Selection([("in", "Received"), ("out", "Refunded")], required=True, default="in", readonly=True)
    source = fields.Selection(
        [("counter", "Counter"), ("bank", "Bank statement"), ("online", "Portal")],
        required=True,
        default="counter",
        readonly=True,
    )
    property_id = fields.Many2one("pm.property", required=True, index=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    unit_id = fields.Many2one("pm.unit", index="btree_not_null", readonly=True, ondelete="restrict")
    partner_id = fields.Many2one("res.partner", "Payer", required=True, index=True, readonly=True, ondelete="restrict")
    method_id = fields.Many2one(
        "pm.payment.method", required=True, readonly=True, check_company=True, ondelete="restrict"
    )
    amount = fields.Monetary(required=True, readonly=True)
    cash_given = fields.Monetary(readonly=True)
    cash_change = fields.Monetary("Change", compute="_compute_cash_change")
    credit_amount = fields.Monetary("Kept as Credit", readonly=True)
    date = fields.Date(required=True, readonly=True)
    registered_at = fields.Datetime(default=fields.Datetime.now, required=True, readonly=True)
    user_id = fields.Many2one("res.users", "Cashier", required=True, readonly=True, default=lambda self: self.env.user)
    session_id = fields.Many2one("pm.cash.session", readonly=True, index="btree_not_null", ondelete="restrict")
    note = fields.Char(readonly=True)
    line_ids = fields.One2many("pm.payment.line", "payment_id", readonly=True)
    move_id = fields.Many2one(
        "account.move", "Journal Entry", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    statement_line_id = fields.Many2one(
        "account.bank.statement.line", "Bank Line", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    origin_payment_id = fields.Many2one(
        "pm.payment", "Refund of", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    book_id = fields.Many2one("pm.receipt.book", readonly=True, ondelete="restrict")
    receipt_number = fields.Integer("Number", readonly=True, copy=False)
    receipt_name = fields.Char("Receipt", readonly=True, copy=False, index="trigram")
    print_count = fields.Integer("Printed", readonly=True, copy=False)
    mail_state = fields.Selection(
        [("none", "Not mailed"), ("todo", "To mail"), ("done", "Mailed")],
        "Receipt by E-mail",
        default="none",
        readonly=True,
    )
    state = fields.Selection(
        [("draft", "Being booked"), ("posted", "Booked"), ("reversed", "Voided")],
        required=True,
        default="draft",
        readonly=True,
    )
    reversal_reason = fields.Text(readonly=True, tracking=True)
    reversed_by_id = fields.Many2one("res.users", "Voided By", readonly=True)
    reversed_at = fields.Datetime("Voided On", readonly=True)
    reversal_move_id = fields.Many2one("account.move", "Reversal Entry", readonly=True, ondelete="restrict")
    reversal_session_id = fields.Many2one("pm.cash.session", "Voided in Session", readonly=True, index="btree_not_null")

    @api.depends("cash_given", "amount")
    def _compute_cash_change(self):
        for payment in self:
            payment.cash_change = payment.cash_given - payment.amount if payment.cash_given else 0.0

    # -- crud: money is never typed in, changed or deleted -------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.context.get("pm_payment_register") is not LEDGER_STEP:
            raise UserError(
                self.env._("A payment is registered at the counter, from the bank or in the portal, never typed in.")
            )
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(
            self.env._("A payment is never deleted: void it (冲红) with a reason; its receipt number stays.")
        )

    # -- registering ------------------------------------------------------------------------------------------------

    @api.model
    def _register_payment(self, vals):
        """Book a payment: the one way in which money enters or leaves. Idempotent by `request_key`.

        :param dict vals: request_key, direction ('in'|'out'), property_id, partner_id, unit_id, method_id, amount, date,
            session_id, lines, and optionally cash_given, note, allow_credit (keep what is over as credit of the payer),
            origin_payment_id (refund), source, statement_line_id (book a bank line instead of the counter).
            lines: {'charge_id', 'amount'}, {'account_id', 'label', 'amount', 'res_model', 'res_id'}, or for a refund
            {'credit_line_id', 'amount', 'res_model', 'res_id'}, the line of the original receipt that has money left.
        :return: pm.payment, posted, with receipt number; the earlier payment when the key was booked before
        :raise AccessError: the user is no cashier (S1-54)
        :raise UserError: amounts do not add up, nothing is owed, too much, closed period ...
        :raise ConcurrencyError: the same request is being booked right now; the server repeats the request and returns it
        """
        key = (vals.get("request_key") or "").strip()
        if not key:
            raise UserError(self.env._("To register a payment, the request must carry a key."))
        self._check_may_register(vals)
        # sudo: the key is unique over all properties, whatever the user may see
        booked = self.sudo().search([("request_key", "=", key)], limit=1)
        if booked:
            return booked._same_request(vals).with_env(self.env)
        values, lines = self._prepare_register(vals)
        charges = self.env["pm.charge"].union(*(line["charge"] for line in lines if line["kind"] == "charge"))
        self._lock_receivables(charges)
        self._check_residuals(lines)
        payment = self._create_once([({**values, "request_key": key}, lines)])
        payment._book(lines)
        payment._finish()
        return payment.with_env(self.env)

    def _check_may_register(self, vals):
        """Only cashiers take money; the bank matching also by the accountant; superuser: online payment and crons."""
        user = self.env.user
        if self.env.su or user.has_group("pm_base.group_cashier"):
            return
        if vals.get("statement_line_id") and user.has_group("pm_base.group_accountant"):
            return
        raise AccessError(self.env._("To register a payment you must be a cashier (S1-54)."))

    def _same_request(self, vals):
        """A repeated request must ask for the same thing: else the cashier would take for booked what is not."""
        self.ensure_one()
        charges = {line["charge_id"] for line in vals.get("lines") or [] if line.get("charge_id")}
        if (
            self.currency_id.compare_amounts(self.amount, vals.get("amount") or 0.0)
            or self.partner_id.id != vals.get("partner_id")
            or self.method_id.id != vals.get("method_id")
            or self.direction != vals.get("direction", "in")
            # A confirmation that comes again from a provider or the bank finds nothing owed any more, and means the same.
            or (self.source == "counter" and set(self.line_ids.charge_id.ids) != charges)
        ):
            raise UserError(
                self.env._(
                    "This request was booked as receipt %s already, over another amount, payer, method or other charges: "
                    "open the household again.",
                    self.receipt_name,
                )
            )
        return self

    def _prepare_register(self, vals):
        """Check a request and shape it.

        :return: (values of the payment, list of line dicts with kind, charge, account, label, amount, res_model, res_id)
        """
        prop, partner, unit, method = self._existing(
            {
                "pm.property": vals["property_id"],
                "res.partner": vals["partner_id"],
                "pm.unit": vals.get("unit_id"),
                "pm.payment.method": vals["method_id"],
            }
        )
        if not prop or not partner or not method:
            raise UserError(self.env._("To register a payment, choose the property, the payer and the method."))
        for record in (prop, unit):
            record.check_access("read")
        company, direction = prop.company_id, vals.get("direction", "in")
        currency = company.currency_id
        amount = self._checked_amount(vals.get("amount"), currency)
        if method.company_id != company:
            raise UserError(self.env._("The payment method belongs to another company than %s.", prop.display_name))
        # sudo: the cashier has no right on journals and accounts
        foreign = (method.sudo().journal_id.currency_id | method.sudo().account_id.currency_id) - currency
        if foreign:
            raise UserError(
                self.env._(
                    "%(method)s is kept in the currency %(foreign)s: fees are taken in %(own)s only, choose another method.",
                    method=method.display_name,
                    foreign=foreign[0].name,
                    own=currency.name,
                )
            )
        if unit and unit.property_id != prop:
            raise UserError(
                self.env._("Unit %(unit)s is not in %(property)s.", unit=unit.display_name, property=prop.display_name)
            )
        date = fields.Date.to_date(vals.get("date")) or prop._today()
        self._check_date(date, prop, method)
        lines = self._prepare_lines(vals.get("lines") or [], prop, direction, currency)
        rest = currency.round(amount - sum(line["amount"] for line in lines))
        if rest < 0:
            raise UserError(
                self.env._(
                    "The lines add up to %(lines)s, more than the payment of %(amount)s.",
                    lines=currency.format(amount - rest),
                    amount=currency.format(amount),
                )
            )
        if rest > 0:
            if not vals.get("allow_credit") or direction != "in":
                raise UserError(
                    self.env._(
                        "%(rest)s of the payment is for nothing: take only what is owed, or keep the rest as credit of the payer.",
                        rest=currency.format(rest),
                    )
                )
            prop._ensure_accounts()
            lines.append(
                {
                    "kind": "credit",
                    "charge": None,
                    "account": prop.sudo().receivable_account_id,
                    "partner": partner,
                    "label": self.env._("Prepayment of %s", unit.display_name or partner.display_name),
                    "amount": rest,
                    "res_model": False,
                    "res_id": False,
                }
            )
        origin = self.browse(vals.get("origin_payment_id") or ()).exists()
        if origin:
            self._check_refund(origin, partner, amount)
        session = self._session_for(vals, prop, method)
        if direction == "out" and method.code == "cash":
            session._check_holds(amount)
        given = self._checked_amount(vals["cash_given"], currency) if vals.get("cash_given") else 0.0
        if given and currency.compare_amounts(given, amount) < 0:
            raise UserError(
                self.env._(
                    "The cash given (%(given)s) does not cover %(amount)s.",
                    given=currency.format(given),
                    amount=currency.format(amount),
                )
            )
        values = {
            "direction": direction,
            "source": vals.get("source") or ("bank" if vals.get("statement_line_id") else "counter"),
            "property_id": prop.id,
            "company_id": company.id,
            "currency_id": currency.id,
            "unit_id": unit.id,
            "partner_id": partner.id,
            "method_id": method.id,
            "amount": amount,
            "date": date,
            "session_id": session.id,
            "cash_given": given if method.code == "cash" else 0.0,
            "credit_amount": max(rest, 0.0),
            "note": vals.get("note"),
            "origin_payment_id": origin.id,
            "statement_line_id": vals.get("statement_line_id"),
            "user_id": self.env.uid,
        }
        return values, lines

    def _existing(self, ids):
        """The record of each model that a request names, empty where there is none; one question for all.

        :param dict ids: id or nothing by name of the model
        """
        exist = [
            SQL("EXISTS (SELECT FROM %s WHERE id = %s)", SQL.identifier(self.env[name]._table), record_id or None)
            for name, record_id in ids.items()
        ]
        [found] = self.env.execute_query(SQL("SELECT %s", SQL(", ").join(exist)))
        return [
            self.env[name].browse(record_id if there else ())
            for (name, record_id), there in zip(ids.items(), found, strict=True)
        ]

    def _checked_amount(self, amount, currency):
        if not isinstance(amount, (int, float)) or isinstance(amount, bool) or not math.isfinite(amount):
            raise UserError(self.env._("The amount of a payment must be a number."))
        if abs(amount) / currency.rounding > _EXACT:
            raise UserError(self.env._("%s is too large an amount to be kept exactly.", amount))
        if currency.compare_amounts(amount, 0.0) <= 0:
            raise UserError(self.env._("The amount of a payment must be positive."))
        if abs(currency.round(amount) - amount) > currency.rounding / 100:
            raise UserError(
                self.env._(
                    "%(amount)s has more decimals than %(currency)s allows.", amount=amount, currency=currency.name
                )
            )
        return currency.round(amount)

    def _check_date(self, date, prop, method):
        if date > prop._today():
            raise UserError(self.env._("A payment cannot be dated in the future (%s).", date))
        # sudo: lock dates and journals are read for the check only
        violated = prop.company_id.sudo()._get_violated_lock_dates(date, False, method.sudo().journal_id)
        if violated:
            raise UserError(
                self.env._(
                    "The books are closed up to %(lock)s: to register the payment, date it later than that.",
                    lock=violated[-1][0],
                )
            )

    def _prepare_lines(self, requests, prop, direction, currency):
        lines, seen = [], {}
        charges = self.env["pm.charge"].browse(
            {request["charge_id"] for request in requests if request.get("charge_id")}
        )
        charges = charges.exists()
        charges.check_access("read")
        # sudo: the cashier has no right on journal items. Of what they hold, no more is read than is needed.
        charges.sudo().move_line_id.fetch(["account_id"])
        charges = {charge.id: charge for charge in charges}
        for request in requests:
            amount = self._checked_amount(request.get("amount"), currency)
            if request.get("charge_id"):
                charge = charges.get(request["charge_id"])
                if direction != "in" or not charge or charge.property_id != prop:
                    raise UserError(self.env._("Only charges of %s can be paid here.", prop.display_name))
                if charge.state != "posted":
                    raise UserError(self.env._("To pay “%s” it must be posted.", charge.display_name))
                if charge.id in seen:
                    seen[charge.id]["amount"] = currency.round(seen[charge.id]["amount"] + amount)
                    continue
                # sudo: the cashier has no right on journal items
                line = {
                    "kind": "charge",
                    "charge": charge,
                    "account": charge.sudo().move_line_id.account_id,
                    "partner": charge.partner_id,
                    "label": charge.display_name,
                    "res_model": False,
                    "res_id": False,
                }
                seen[charge.id] = line
            elif request.get("credit_line_id"):
                line = self._prepare_credit_line(request, prop, direction)
            else:
                account = self.env["account.account"].sudo().browse(request.get("account_id") or ()).exists()
                if (
                    not account
                    or prop.company_id not in account.company_ids
                    or account.account_type == "asset_receivable"
                ):
                    raise UserError(
                        self.env._("A payment line needs a charge, or an account of %s.", prop.company_id.display_name)
                    )
                line = {
                    "kind": "account",
                    "charge": None,
                    "account": account,
                    "partner": None,
                    "label": request.get("label"),
                    "res_model": request.get("res_model"),
                    "res_id": request.get("res_id"),
                }
            lines.append({**line, "amount": amount})
            if line["kind"] == "charge":
                seen[line["charge"].id] = lines[-1]
        return lines

    def _prepare_credit_line(self, request, prop, direction):
        """Money that goes back leaves the receivable account where its receipt left it as credit."""
        # sudo: the cashier has no right on journal items; which receipt it is, the refund names
        origin = self.env["pm.payment.line"].sudo().browse(request["credit_line_id"]).exists()
        if direction != "out" or not origin or origin.property_id != prop or origin.payment_id.state != "posted":
            raise UserError(self.env._("Only credit of a valid receipt of %s can be paid back.", prop.display_name))
        return {
            "kind": "credit",
            "charge": None,
            "credit": origin.move_line_id,
            "account": origin.move_line_id.account_id,
            "partner": origin.move_line_id.partner_id,
            "label": self.env._("Refund of %s", origin.label or origin.payment_id.receipt_name),
            "res_model": request.get("res_model"),
            "res_id": request.get("res_id"),
        }

    def _check_refund(self, origin, partner, amount):
        """A refund goes back to the original payer, and never more than was paid."""
        if origin.partner_id != partner:
            raise UserError(self.env._("A refund goes back to the original payer, %s.", origin.partner_id.display_name))
        # sudo: refunds by everybody count
        refunded = sum(
            self.sudo().search([("origin_payment_id", "=", origin.id), ("state", "=", "posted")]).mapped("amount")
        )
        if origin.currency_id.compare_amounts(refunded + amount, origin.amount) > 0:
            raise UserError(
                self.env._(
                    "Receipt %(receipt)s was over %(amount)s, of which %(refunded)s is refunded already.",
                    receipt=origin.receipt_name,
                    amount=origin.currency_id.format(origin.amount),
                    refunded=origin.currency_id.format(refunded),
                )
            )

    def _session_for(self, vals, prop, method):
        """The cash session the payment belongs to; cash needs one and opens it when there is none."""
        Session = self.env["pm.cash.session"]
        if vals.get("session_id"):
            session = Session.browse(vals["session_id"]).exists()
            if not session or session.state != "open" or session.property_id != prop:
                raise UserError(self.env._("To take cash, the cash session must be open and of the same property."))
            if session.user_id != self.env.user and not self.env.su:
                raise UserError(self.env._("This cash session is of another cashier."))
            return session
        if vals.get("statement_line_id") or vals.get("source") == "online":
            return Session
        return Session._current(prop, create=method.code == "cash")

    # -- booking ----------------------------------------------------------------------------------------------------

    def _lock_receivables(self, charges):
        """Lock the receivable lines in the order of their ids, so that two cashiers never pay one charge twice.

        The second one waits here; when the first commits, PostgreSQL (repeatable read) refuses the stale snapshot, the
        server repeats the request and finds nothing left to pay.
        """
        # sudo: the cashier has no right on journal items
        self._lock_items(charges.sudo().move_line_id)
        charges.invalidate_recordset(["residual", "amount_paid", "paid_state"])

    def _lock_items(self, items):
        """Lock journal items in the order of their ids and read their residuals anew."""
        if not items:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "SELECT id, amount_residual, reconciled FROM account_move_line WHERE id IN %s ORDER BY id FOR UPDATE",
                items._ids,
            ),
            log_exceptions=False,
        )
        items.invalidate_recordset(["amount_residual", "reconciled"])
        for item_id, residual, reconciled in self.env.cr.fetchall():
            values = {"amount_residual": float(residual), "reconciled": reconciled}
            items.browse(item_id)._update_cache(values, validate=False)

    def _check_residuals(self, lines):
        for line in lines:
            if (
                line.get("credit")
                and line["credit"].company_currency_id.compare_amounts(-line["credit"].amount_residual, line["amount"])
                < 0
            ):
                raise UserError(self.env._("“%s” has been used in the meantime.", line["label"]))
            if line["kind"] != "charge":
                continue
            charge, currency = line["charge"], line["charge"].currency_id
            # sudo: the cashier has no right on journal items
            owed = charge.sudo().move_line_id.amount_residual
            if currency.compare_amounts(owed, 0.0) <= 0:
                raise UserError(
                    self.env._("“%s” has been paid in the meantime: load the household again.", charge.display_name)
                )
            if currency.compare_amounts(line["amount"], owed) > 0:
                raise UserError(
                    self.env._(
                        "“%(charge)s”: %(amount)s is more than the %(owed)s still owed.",
                        charge=charge.display_name,
                        amount=currency.format(line["amount"]),
                        owed=currency.format(owed),
                    )
                )

    def _create_once(self, requests):
        """Insert payments under their unique keys.

        :param list requests: (values, lines) of each
        """
        vals_list = [
            {
                **values,
                "line_ids": [
                    Command.create(
                        {
                            "kind": line["kind"],
                            "charge_id": line["charge"].id if line["charge"] else False,
                            "account_id": line["account"].id,
                            "label": line["label"],
                            "amount": line["amount"],
                            "res_model": line["res_model"],
                            "res_id": line["res_id"],
                        }
                    )
                    for line in lines
                ],
            }
            for values, lines in requests
        ]
        # sudo: nobody may write payments except through this method, whose caller was checked
        payments = self.sudo().with_context(
            pm_payment_register=LEDGER_STEP, tracking_disable=True, mail_create_nosubscribe=True
        )
        try:
            with self.env.cr.savepoint():
                return payments.create(vals_list).with_context(pm_payment_register=False)
        except UniqueViolation as error:
            if error.diag.constraint_name == _REQUEST_INDEX:
                # The same request was booked by another transaction that this one cannot see yet: repeat it.
                raise ConcurrencyError(self.env._("This payment is being booked at this moment.")) from error
            raise

    def _book(self, lines):
        """Make the journal entry, number the receipt, and reconcile the entry with the receivable lines of the charges."""
        if self.statement_line_id:
            items = self.statement_line_id._pm_rewrite(self._prepare_counterparts(lines))
            self.move_id = self.statement_line_id.move_id
            self._take_receipts()
            self._name_entries()
        else:
            sign = 1 if self.direction == "in" else -1
            money = {
                "account_id": self.method_id.account_id.id,
                "balance": sign * self.amount,
                "partner_id": self.partner_id.id,
                "name": self.note or self.method_id.display_name,
            }
            items = self._make_entry(money, self._prepare_counterparts(lines))
        self._reconcile_lines([(self, lines, items)])

    def _prepare_counterparts(self, lines):
        sign = -1 if self.direction == "in" else 1
        return [
            {
                "account_id": line["account"].id,
                "balance": sign * line["amount"],
                "name": line["label"] or self.partner_id.display_name,
                "partner_id": (line["partner"] or self.partner_id).id,
            }
            for line in lines
        ]

    def _take_receipts(self):
        """Number the receipts, under the lock of their book until the end of the transaction."""
        for (prop, direction), payments in self.grouped(
            lambda payment: (payment.property_id, payment.direction)
        ).items():
            book = self.env["pm.receipt.book"]._ensure_book(prop, direction)
            for payment, (number, name) in zip(payments, book._take_numbers(len(payments)), strict=True):
                payment.write(
                    {
                        "book_id": book.id,
                        "receipt_number": number,
                        "receipt_name": name,
                        "state": "posted",
                        "mail_state": "todo" if payment.partner_id.email and direction == "in" else "none",
                    }
                )

    def _name_entries(self):
        """Write the receipts' numbers on entries that were made before, behind the reference that a bank gave."""
        for payment in self:
            payment._write_entry_ref(_SEPARATOR.join(filter(None, [payment.move_id.ref, payment.receipt_name])))

    def _unname_entry(self):
        """The entry of a bank line outlives its receipt, and bears the bank's reference only."""
        self._write_entry_ref((self.move_id.ref or "").removesuffix(self.receipt_name).removesuffix(_SEPARATOR))

    def _write_entry_ref(self, ref):
        """A reference changes neither lines nor amounts of the entry."""
        self.move_id.with_context(
            skip_readonly_check=True,
            tracking_disable=True,
            skip_invoice_sync=True,
            check_move_validity=False,
            skip_account_move_synchronization=True,
            skip_is_manually_modified=True,
        ).ref = ref

    def _finish(self):
        """Tell who waits for the money."""
        for line in self.line_ids:
            record = line._source_record()
            if record is not None:
                record._pm_payment_done(line)
        self._after_change()
        if "todo" in self.mapped("mail_state"):
            self.env.ref("pm_fees.ir_cron_receipt_mail")._trigger()

    def _after_change(self):
        """Hook after a payment was booked or voided: reminders of what is paid stop here."""
        debtors = {
            (line.charge_id.partner_id.id, line.charge_id.unit_id.id) for line in self.line_ids if line.charge_id
        }
        if debtors:
            self.env["pm.charge"]._money_changed(debtors)

    # -- receipts -------------------------------------------------------------------------------------------------------

    def _count_print(self):
        for payment in self:
            payment.print_count += 1

    def action_print(self):
        return self.env.ref("pm_fees.pm_receipt_report").report_action(self)

    @api.model
    def _cron_mail_receipts(self):
        """E-mail the receipts of payers with an address (S0-128), once each."""
        domain = [("mail_state", "=", "todo"), ("state", "=", "posted")]
        self.env["ir.cron"]._commit_progress(remaining=self.search_count(domain))
        while todo := self.search(domain, order="id", limit=_MAIL_BATCH):
            # The key of the message is the payment's id: a batch that is repeated after a crash mails nothing twice.
            self.env["pm.message"].with_context(pm_electronic=True)._enqueue_template(
                "service", "pm_fees.mail_template_receipt", todo, "receipt", channel="email"
            )
            todo.mail_state = "done"
            if not self.env["ir.cron"]._commit_progress(len(todo)):
                break

    # -- voiding (冲红) ---------------------------------------------------------------------------------------------

    def action_reverse(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.payment.reverse",
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Void Payment"),
            "context": {"default_payment_id": self.id},
        }

    def _reverse(self, reason):
        """Void a booked payment: the entry is reversed, the charges are open again, the receipt keeps its number.

        :param str reason: required; printed on the voided receipt and kept
        :raise AccessError: the user is neither accountant nor supervisor
        """
        self.ensure_one()
        user = self.env.user
        if not self.env.su and not (
            user.has_group("pm_base.group_accountant") or user.has_group("pm_base.group_supervisor")
        ):
            raise AccessError(self.env._("To void a payment you must be an accountant or a supervisor."))
        if not (reason or "").strip():
            raise UserError(self.env._("To void a payment you must give the reason."))
        self.check_access("read")
        # sudo: the right to void was checked above; nobody may write payments or entries by hand
        payment = self.sudo()
        self.env.execute_query(SQL("SELECT id FROM pm_payment WHERE id = %s FOR UPDATE", payment.id))
        payment.invalidate_recordset(["state"])
        if payment.state != "posted":
            raise UserError(self.env._("Receipt %s is not booked or already voided.", payment.receipt_name))
        payment._check_reversible()
        session = payment._reversal_session()
        if session and payment.direction == "in":
            session._check_holds(payment.amount)
        if payment.statement_line_id:
            payment.line_ids.move_line_id = False
            payment.statement_line_id._pm_unbook()
            payment._unname_entry()
            payment.env["pm.payer.account"]._forget(payment)
            reversal = self.env["account.move"]
        else:
            today = payment.property_id._today()
            payment._check_date(today, payment.property_id, payment.method_id)
            reversal = (
                payment.move_id.with_company(payment.company_id)
                .with_context(pm_payment_void=LEDGER_STEP)
                ._reverse_moves(
                    [
                        {
                            "date": today,
                            "ref": self.env._(
                                "Void of %(receipt)s: %(reason)s", receipt=payment.receipt_name, reason=reason
                            ),
                        }
                    ],
                    cancel=True,
                )
            )
        payment.write(
            {
                "state": "reversed",
                "reversal_reason": reason.strip(),
                "reversed_by_id": self.env.uid,
                "reversed_at": fields.Datetime.now(),
                "reversal_move_id": reversal.id,
                "reversal_session_id": session.id,
                "mail_state": "done" if payment.mail_state == "done" else "none",
            }
        )
        payment.message_post(body=self.env._("Voided by %(user)s: %(reason)s", user=user.name, reason=reason))
        for line in payment.line_ids:
            record = line._source_record()
            if record is not None:
                record._pm_payment_reversed(line)
        payment._after_change()

    def _check_reversible(self):
        refunds = self.search([("origin_payment_id", "=", self.id), ("state", "=", "posted")])
        if refunds:
            raise UserError(self.env._("Part of receipt %s is refunded: void the refund first.", self.receipt_name))
        if self.direction == "out":
            return
        for line in self.line_ids.filtered(lambda line: line.kind == "credit"):
            if self.currency_id.compare_amounts(line.open_credit, line.amount):
                raise UserError(
                    self.env._("The credit of receipt %s is already used: take that back first.", self.receipt_name)
                )
        # Debts that the money paid are open again; credit that went to another payer would be his still.
        given = self.line_ids.move_line_id.matched_debit_ids.debit_move_id.move_id
        passed = self.env["pm.balance.transfer"].search([("credit_move_id", "in", given.ids)], limit=1)
        if passed:
            raise UserError(
                self.env._(
                    "Credit of receipt %(receipt)s passed to %(payer)s: it can no longer be voided.",
                    receipt=self.receipt_name,
                    payer=passed.to_partner_id.name,
                )
            )

    def _reversal_session(self):
        """Cash goes back out of an open drawer: the original one, or any open one of the property."""
        Session = self.env["pm.cash.session"]
        if self.method_id.code != "cash":
            return Session
        if self.session_id.state == "open":
            return self.session_id
        session = Session.search(
            [("property_id", "=", self.property_id.id), ("state", "=", "open")], order="id desc", limit=1
        )
        if not session:
            raise UserError(
                self.env._(
                    "To give cash back, a cashier must have an open cash session on %s.", self.property_id.display_name
                )
            )
        return session
