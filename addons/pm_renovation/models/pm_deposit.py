from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class PmDeposit(models.Model):
    """Sub-ledger of renovation deposits: money of the payer, held in trust (L-04).

    ================  ==================================================================
    due               asked for, not paid; nothing in the ledger
    held              paid at the cashier: a credit on the liability account
    refund_requested  formalities done; the cashier pays it back; still a liability
    refunded          paid back to the payer, less agreed deductions
    cancelled         never paid and no longer asked for
    ================  ==================================================================

    Invariant: the balance of a property's deposit account is the sum of ``amount_held``.
    No one writes this model by hand; every change comes from a step of the case or from
    the cashier. A deposit is never set off against fee arrears.
    """

    _name = "pm.deposit"
    _description = "Renovation Deposit"
    _inherit = ["mail.thread", "pm.renovation.state"]
    _order = "id desc"
    _mail_post_access = "read"

    _one_per_case = models.UniqueIndex(
        "(renovation_id) WHERE state <> 'cancelled' AND NOT is_surplus", "This renovation already has a deposit."
    )
    _amount_positive = models.Constraint("CHECK (amount > 0)", "A deposit is a positive amount.")
    _held = models.Index("(account_id) WHERE state IN ('held', 'refund_requested')")

    name = fields.Char("Number", readonly=True, copy=False, default="/", index="trigram")
    renovation_id = fields.Many2one("pm.renovation", required=True, readonly=True, ondelete="restrict", index=True)
    property_id = fields.Many2one(related="renovation_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="renovation_id.company_id", store=True)
    unit_id = fields.Many2one(related="renovation_id.unit_id", store=True, index=True)
    currency_id = fields.Many2one(related="property_id.currency_id", store=True)
    partner_id = fields.Many2one("res.partner", "Payer", required=True, index=True, ondelete="restrict")
    amount = fields.Monetary(required=True, readonly=True)
    is_surplus = fields.Boolean(
        "Came Twice",
        readonly=True,
        default=False,
        help="Money that came in although no deposit was due: paid twice online, or after the case was cancelled. It goes back.",
    )
    state = fields.Selection(
        selection=[
            ("due", "To pay"),
            ("held", "Held"),
            ("refund_requested", "To refund"),
            ("refunded", "Refunded"),
            ("cancelled", "Cancelled"),
        ],
        default="due",
        required=True,
        readonly=True,
        tracking=True,
        index=True,
    )
    account_id = fields.Many2one("account.account", "Liability Account", readonly=True, ondelete="restrict")
    payment_id = fields.Many2one("pm.payment", "Receipt", readonly=True, ondelete="restrict", index="btree_not_null")
    refund_payment_id = fields.Many2one(
        "pm.payment", "Refund", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    received_on = fields.Date(readonly=True)
    refund_requested_at = fields.Datetime(readonly=True)
    refunded_on = fields.Date(readonly=True)
    cancel_reason = fields.Char(readonly=True)
    deduction_ids = fields.One2many("pm.deposit.deduction", "deposit_id", string="Deductions")
    amount_deducted = fields.Monetary("Deducted", compute="_compute_amounts", store=True)
    amount_agreed = fields.Monetary("To Deduct", compute="_compute_amounts", store=True)
    amount_held = fields.Monetary(compute="_compute_amounts", store=True)
    amount_refund = fields.Monetary("To Refund", compute="_compute_amounts", store=True)
    held_days = fields.Integer(compute="_compute_held_days")
    refund_days = fields.Integer(
        compute="_compute_refund_days",
        store=True,
        aggregator="avg",
        help="Days from the final acceptance (or the cancellation) to the money paid back.",
    )
    transaction_ids = fields.One2many("payment.transaction", "pm_deposit_id", string="Online Payments", readonly=True)
    # Raised by a voided payment, so that the next one carries a fresh request key.
    receipt_round = fields.Integer(readonly=True)
    refund_round = fields.Integer(readonly=True)

    @api.depends("amount", "state", "deduction_ids.state", "deduction_ids.amount")
    def _compute_amounts(self):
        for deposit in self:
            booked = sum(deposit.deduction_ids.filtered(lambda d: d.state == "booked").mapped("amount"))
            agreed = sum(deposit.deduction_ids.filtered(lambda d: d.state == "agreed").mapped("amount"))
            held = deposit.amount - booked if deposit.state in ("held", "refund_requested") else 0.0
            deposit.amount_deducted = deposit.currency_id.round(booked)
            deposit.amount_agreed = deposit.currency_id.round(agreed)
            deposit.amount_held = deposit.currency_id.round(held)
            deposit.amount_refund = deposit.currency_id.round(max(held - agreed, 0.0))

    def _compute_held_days(self):
        for deposit in self:
            last = deposit.refunded_on or deposit.property_id._today()
            deposit.held_days = (last - deposit.received_on).days if deposit.received_on else 0

    @api.depends("refunded_on", "renovation_id.final_accepted_at", "renovation_id.closed_at", "refund_requested_at")
    def _compute_refund_days(self):
        for deposit in self:
            case = deposit.renovation_id
            since = case.final_accepted_at or deposit.refund_requested_at
            deposit.refund_days = (
                (deposit.refunded_on - deposit.property_id._local_date(since)).days
                if deposit.refunded_on and since
                else 0
            )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals["name"] = self.env["ir.sequence"].next_by_code("pm.deposit") or "/"
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A deposit is never deleted; cancel it while it is unpaid."))

    # ------------------------------------------------------------ steps
    def action_pay(self):
        """Open the cashier's window: receive when due, refund when asked for."""
        self.ensure_one()
        if self.state not in ("due", "refund_requested"):
            raise UserError(self.env._("To pay deposit %(name)s it must be due or to refund.", name=self.name))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Receive Deposit") if self.state == "due" else self.env._("Refund Deposit"),
            "res_model": "pm.deposit.pay",
            "view_mode": "form",
            "target": "new",
            "context": {"default_deposit_id": self.id},
        }

    def _request_refund(self):
        """Ask the cashier to pay back; allowed at any time while held."""
        for deposit in self:
            if deposit.state != "held":
                raise UserError(
                    self.env._("To request the refund of deposit %(name)s it must be held.", name=deposit.name)
                )
            # sudo: the formalities are the officer's, the ledger of deposits is closed to plain writes
            deposit.sudo()._set_state("refund_requested", refund_requested_at=fields.Datetime.now())

    def _cancel(self, reason):
        for deposit in self:
            if deposit.state != "due":
                raise UserError(self.env._("To cancel deposit %(name)s it must be unpaid.", name=deposit.name))
            # sudo: as in `_request_refund`
            deposit.sudo()._set_state("cancelled", cancel_reason=reason)

    def _receive(self, method, date=None):
        """Take the deposit in at the cashier.

        :param method: ``pm.payment.method``
        :return: the posted ``pm.payment``
        """
        self.ensure_one()
        self._check_cashier()
        self._lock()
        if self.state != "due":
            raise UserError(self.env._("Deposit %(name)s is not due; it was paid or cancelled.", name=self.name))
        self.property_id._ensure_accounts()
        account = self.property_id.sudo().deposit_account_id  # sudo: cashiers do not read the chart of accounts
        if not account:
            raise UserError(
                self.env._(
                    "To take deposits you must give property %(property)s a deposit account.",
                    property=self.property_id.display_name,
                )
            )
        return self.env["pm.payment"]._register_payment(
            self._prepare_payment(
                "in", method, date, account, self.amount, f"pm.deposit/{self.id}/in/{self.receipt_round}"
            )
        )

    def _refund(self, method, date=None):
        """Pay the deposit back to its payer, less the agreed deductions, once.

        Two clerks in the same second: the second waits for the row, then finds it refunded.

        :return: the posted ``pm.payment``; empty when deductions used up the whole deposit
        """
        self.ensure_one()
        self._check_cashier()
        self._lock()
        if self.state != "refund_requested":
            raise UserError(
                self.env._("To refund deposit %(name)s its refund must be requested and not yet paid.", name=self.name)
            )
        # sudo: the cashier's step books what payer and supervisor agreed on before; what was not agreed on falls
        deductions = self.sudo().deduction_ids
        deductions.filtered(lambda d: d.state == "agreed")._book()
        deductions.filtered(lambda d: d.state in ("draft", "proposed"))._lapse()
        Payment = self.env["pm.payment"]
        if self.currency_id.is_zero(self.amount_held):
            self.sudo()._set_state("refunded", refunded_on=date or self.property_id._today())
            self.renovation_id.sudo()._deposit_refunded()
            self._tell_refunded(0.0)
            return Payment
        vals = self._prepare_payment(
            "out",
            method,
            date,
            self.sudo().account_id,
            self.amount_held,
            f"pm.deposit/{self.id}/out/{self.refund_round}",
        )
        vals["origin_payment_id"] = self.payment_id.id
        return Payment._register_payment(vals)

    def _prepare_payment(self, direction, method, date, account, amount, key):
        return {
            "request_key": key,
            "direction": direction,
            "property_id": self.property_id.id,
            "partner_id": self.partner_id.id,
            "unit_id": self.unit_id.id,
            "method_id": method.id,
            "amount": amount,
            "date": date or self.property_id._today(),
            "lines": [
                {
                    "account_id": account.id,
                    "label": self.env._(
                        "Renovation deposit %(name)s, %(unit)s", name=self.name, unit=self.unit_id.display_name
                    ),
                    "amount": amount,
                    "res_model": self._name,
                    "res_id": self.id,
                }
            ],
        }

    def _check_cashier(self):
        if not (self.env.su or self.env.user.has_group("pm_base.group_cashier")):
            raise AccessError(self.env._("Only the cashier takes or pays back deposits."))

    def _lock(self):
        """Hold the row until the transaction ends, and read it afresh."""
        self.flush_recordset()
        self.env.execute_query(SQL("SELECT id FROM pm_deposit WHERE id IN %s ORDER BY id FOR UPDATE", tuple(self.ids)))
        self.invalidate_recordset()

    # ------------------------------------------------------------ called by pm.payment
    def _pm_payment_done(self, line):
        """The payment of a deposit or of its refund was posted."""
        self.ensure_one()
        deposit = self.sudo()  # sudo: the cashier's payment moves the sub-ledger, nobody else may
        payment = line.payment_id
        if payment.direction == "in":
            if deposit.state != "due" or deposit.currency_id.compare_amounts(line.amount, deposit.amount):
                raise UserError(
                    self.env._("Deposit %(name)s is not due, or the amount is not the deposit.", name=deposit.name)
                )
            deposit._set_state("held", payment_id=payment.id, account_id=line.account_id.id, received_on=payment.date)
            deposit._log_money(self.env._("Received"), payment)
            if deposit.is_surplus:
                deposit._request_refund()
            else:
                deposit.renovation_id._deposit_received()
        else:
            if deposit.state != "refund_requested" or payment.partner_id != deposit.partner_id:
                raise UserError(
                    self.env._(
                        "Deposit %(name)s goes back once, to its payer %(payer)s.",
                        name=deposit.name,
                        payer=deposit.partner_id.display_name,
                    )
                )
            deposit._set_state("refunded", refund_payment_id=payment.id, refunded_on=payment.date)
            deposit._log_money(self.env._("Paid back"), payment)
            deposit._tell_refunded(payment.amount)
            if not deposit.is_surplus:
                deposit.renovation_id._deposit_refunded()

    def _pm_payment_reversed(self, line):
        """A payment of this deposit was voided (冲红)."""
        self.ensure_one()
        deposit = self.sudo()  # sudo: as in `_pm_payment_done`
        if line.payment_id.direction == "in":
            if deposit.state not in ("held", "refund_requested") or deposit.amount_deducted:
                raise UserError(
                    self.env._(
                        "To void the receipt of deposit %(name)s you must first void its refund.", name=deposit.name
                    )
                )
            deposit._set_state(
                "due",
                payment_id=False,
                received_on=False,
                refund_requested_at=False,
                receipt_round=deposit.receipt_round + 1,
            )
            if not deposit.is_surplus:
                deposit.renovation_id._deposit_receipt_reversed()
        else:
            deposit._set_state(
                "refund_requested", refund_payment_id=False, refunded_on=False, refund_round=deposit.refund_round + 1
            )
            if not deposit.is_surplus:
                deposit.renovation_id._deposit_refund_reversed()

    def _log_money(self, what, payment):
        self.renovation_id._log(
            "deposit",
            self.env._(
                "%(what)s: %(amount)s, receipt %(receipt)s",
                what=what,
                amount=self.currency_id.format(payment.amount),
                receipt=payment.receipt_name,
            ),
        )

    def _tell_refunded(self, amount):
        """Tell the payer, who may be the contractor, that his money is on its way."""
        self.ensure_one()
        self.renovation_id._notify(
            "refunded",
            key=f"{self.id}-{self.refund_round}",
            partner=self.partner_id,
            amount=self.currency_id.format(amount),
        )
