from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL


class PmRefund(models.Model):
    """Money given back (退费): applied for with the original receipt, approved by amount, paid to the original payer.

    | state     | what may happen                                                                     |
    |-----------|-------------------------------------------------------------------------------------|
    | draft     | change, submit, cancel                                                              |
    | submitted | approve or refuse, by whom the amount asks for, never by the applicant              |
    | approved  | a cashier pays, never the one who approved; cancel                                  |
    | paid      | the voucher can be voided (冲红); the refund is then taken back                     |

    What can be given back is what the receipt has left as credit: an overpayment, or money of a charge that was reversed
    or corrected first. So no refund makes anybody owe. From the application on, that credit pays no other charge.
    Source: S4 ch.3 §5.
    """

    _name = "pm.refund"
    _description = "Refund"
    _inherit = ["pm.four.eyes.amount", "pm.steps", "pm.files"]
    _order = "id desc"
    _check_company_auto = True
    _approval_purpose = "refund"
    _program_fields = frozenset(
        {"name", "submitted_on", "refund_payment_id", "transaction_id", "from_portal", "refuse_reason"}
    )
    _transitions = {
        ("draft", "submitted"): "_guard_submitted",
        ("draft", "cancelled"): None,
        ("submitted", "approved"): None,
        ("submitted", "refused"): None,
        ("submitted", "cancelled"): None,
        ("approved", "cancelled"): "_guard_cancelled",
        ("approved", "paid"): None,
        ("paid", "reversed"): None,
    }

    _one_under_way = models.UniqueIndex(
        "(payment_id, COALESCE(unit_id, 0)) WHERE state IN ('draft', 'submitted', 'approved')",
        "A refund of this receipt is under way already.",
    )
    _paid_once = models.UniqueIndex("(refund_payment_id) WHERE refund_payment_id IS NOT NULL", "Already paid out.")
    _positive = models.Constraint("CHECK (amount > 0)", "The amount to refund must be positive.")

    name = fields.Char("Number", readonly=True, copy=False, default="/")
    payment_id = fields.Many2one(
        "pm.payment",
        "Original receipt",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('direction', '=', 'in'), ('state', '=', 'posted')]",
    )
    property_id = fields.Many2one(related="payment_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="payment_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="payment_id.currency_id")
    partner_id = fields.Many2one(related="payment_id.partner_id", string="Paid back to", store=True)
    unit_id = fields.Many2one(
        "pm.unit",
        compute="_compute_unit_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    available = fields.Monetary(
        "Can be refunded", compute="_compute_available", help="What the receipt has left as credit on this unit."
    )
    amount = fields.Monetary("To refund", required=True, tracking=True)
    reason = fields.Text(required=True, tracking=True)
    receipt_returned = fields.Boolean("Original handed in", tracking=True)
    evidence_ids = fields.Many2many(
        "ir.attachment",
        string="Papers",
        help="Declaration of loss when the receipt is gone, proof of the overpayment …",
    )
    method_id = fields.Many2one(
        "pm.payment.method",
        "Paid by",
        compute="_compute_method_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        check_company=True,
        ondelete="restrict",
        tracking=True,
        help="The way the money came. Only where that is closed, a transfer to the payer's own account.",
    )
    method_reason = fields.Char("Why not the way it came", tracking=True)
    author_id = fields.Many2one(string="Applied for by")
    submitted_on = fields.Datetime(readonly=True, copy=False)
    refuse_reason = fields.Char("Why Refused", readonly=True, copy=False, tracking=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "To approve"),
            ("approved", "To pay out"),
            ("paid", "Paid out"),
            ("refused", "Refused"),
            ("cancelled", "Cancelled"),
            ("reversed", "Taken back"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    refund_payment_id = fields.Many2one(
        "pm.payment", "Refund voucher", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    transaction_id = fields.Many2one(
        "payment.transaction", "Online refund", readonly=True, copy=False, ondelete="set null"
    )

    # -- computes ---------------------------------------------------------------------------------------------------

    @api.depends("payment_id")
    def _compute_unit_id(self):
        for record in self:
            payment = record.payment_id
            record.unit_id = payment.unit_id or payment.line_ids.filtered("open_credit").unit_id[:1]

    @api.depends("payment_id")
    def _compute_method_id(self):
        for record in self:
            record.method_id = record.payment_id.method_id

    @api.depends("payment_id", "unit_id", "state")
    def _compute_available(self):
        for record in self:
            record.available = sum(record._credit_lines().mapped("open_credit"))

    @api.onchange("payment_id", "unit_id")
    def _onchange_payment_id(self):
        self.amount = self.available

    def _credit_lines(self):
        """Lines of the original receipt that have money left on the unit, oldest first."""
        self.ensure_one()
        lines = self.payment_id._refundable_lines()
        return lines.filtered(lambda line: line.unit_id == self.unit_id).sorted("id")

    # -- checks -----------------------------------------------------------------------------------------------------

    @api.constrains("payment_id")
    def _check_payment(self):
        for record in self:
            if record.payment_id.direction != "in" or record.payment_id.state != "posted":
                raise ValidationError(self.env._("Only money that was received, on a valid receipt, can be refunded."))

    @api.constrains("method_id", "method_reason", "payment_id")
    def _check_method(self):
        """The way the money came, or a transfer with its reason: never cash for what was paid by card or phone."""
        for record in self:
            original = record.payment_id.method_id
            if record.method_id == original:
                continue
            if record.method_id.code != "transfer" or not (record.method_reason or "").strip():
                raise ValidationError(
                    self.env._(
                        "Receipt %(receipt)s was paid by %(method)s: refund it the same way, or by bank transfer to the "
                        "payer's own account with the reason.",
                        receipt=record.payment_id.receipt_name,
                        method=original.display_name,
                    )
                )

    def _check_available(self):
        """:raises UserError: more is asked for than the receipt has left"""
        self.ensure_one()
        available = sum(self._credit_lines().mapped("open_credit"))
        if self.currency_id.compare_amounts(self.amount, available) > 0:
            raise UserError(
                self.env._(
                    "Receipt %(receipt)s has %(available)s left that can be refunded, not %(amount)s. Money that paid a charge "
                    "is free only when the charge is reversed or corrected.",
                    receipt=self.payment_id.receipt_name,
                    available=self.currency_id.format(available),
                    amount=self.currency_id.format(self.amount),
                )
            )

    # -- crud -------------------------------------------------------------------------------------------------------

    def write(self, vals):
        if not self.env.su and set(vals) & {
            "payment_id",
            "unit_id",
            "amount",
            "reason",
            "receipt_returned",
            "evidence_ids",
            "method_id",
            "method_reason",
        }:
            self._check_undecided("draft")
            self._sign()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(record.state not in ("draft", "cancelled") for record in self):
            raise UserError(self.env._("A refund is history and stays: only drafts can be deleted."))

    # -- steps ------------------------------------------------------------------------------------------------------

    def _guard_submitted(self):
        self._require((self.reason or "").strip(), self.env._("give the reason of the refund."))
        self._require(
            self.receipt_returned or self.evidence_ids or self.payment_id.source == "online",
            self.env._("take in the original receipt, or attach the declaration that it is lost."),
        )
        self._check_available()

    def _guard_cancelled(self):
        self._require(
            # sudo: the state of the provider's refund is no secret
            self.sudo().transaction_id.state not in ("pending", "authorized", "done"),
            self.env._("the payment provider is already paying it back."),
        )

    def action_submit(self):
        """Hand in for approval."""
        for record in self:
            record._lock()
            record._transition(
                "submitted",
                author_id=self.env.uid,
                submitted_on=fields.Datetime.now(),
                name=record._next_number("pm.refund") if record.name == "/" else record.name,
            )
            record._ask_to_decide(self.env._("Decide on the refund"))

    def action_approve(self):
        self._decide("approved")

    def action_refuse(self):
        """Ask for the reason; `_refuse` refuses."""
        self.ensure_one()
        self.check_access("read")
        return self.env["pm.refusal"]._ask(refund_id=self.id)

    def _refuse(self, reason):
        """Refuse with a reason, and tell it to the payer.

        :raises AccessError: the amount is decided by somebody else; :raises UserError: no reason
        """
        self.ensure_one()
        self._require((reason or "").strip(), self.env._("to refuse it you must give the reason."))
        self._decide("refused", refuse_reason=reason.strip())
        # sudo: the message is the program's
        self.env["pm.message"].sudo()._enqueue_template(
            "service",
            ["pm_fees.mail_template_refund_refused", "pm_fees.sms_template_refund_refused"],
            self.sudo(),
            "refund-refused",
        )

    def _decide(self, target, **values):
        for record in self:
            record.check_access("read")
            record._lock()
            record._check_may_decide()
            if target == "approved":
                record._check_available()
            # sudo: the approval level decides who may, not the right to write
            record.sudo()._transition(target, **record._approval(), **values)
            record.sudo().activity_feedback(["mail.mail_activity_data_todo"])

    def action_cancel(self):
        for record in self:
            record._lock()
            record._transition("cancelled")
            record.sudo().activity_unlink(["mail.mail_activity_data_todo"])  # sudo: the activity is the approver's

    def action_pay(self):
        """Pay the approved refund out; an online payment goes back through its provider.

        :return: action that prints the voucher, None while the provider has not confirmed
        :raises AccessError: the user is no cashier, or approved it himself
        """
        self.ensure_one()
        self.env["pm.payment"]._check_may_register({})
        self._lock()
        if self.approved_by == self.env.user:
            raise AccessError(self.env._("You approved this refund: another cashier must pay it."))
        self._require(self.state == "approved", self.env._("to pay it out it must be approved."))
        if self.method_id.code == "online":
            return self._pay_online()
        return self._pay_out().action_print()

    def _pay_out(self):
        """Register the payment and close the refund, in one transaction.

        :return: pm.payment, the refund voucher
        """
        self.ensure_one()
        lines = self._credit_lines()
        # sudo: the cashier has no right on journal items; whether he may pay was checked
        self.env["pm.payment"]._lock_items(lines.sudo().move_line_id)
        lines.invalidate_recordset(["open_credit"])
        self._check_available()
        self._check_drawer()
        left, requests = self.amount, []
        for line in lines:
            part = self.currency_id.round(min(left, line.open_credit))
            if self.currency_id.compare_amounts(part, 0.0) > 0:
                requests.append({"credit_line_id": line.id, "amount": part, "res_model": self._name, "res_id": self.id})
                left = self.currency_id.round(left - part)
        online = self.method_id.code == "online"
        payment = self.env["pm.payment"]._register_payment(
            {
                # Paid once, whoever presses the button how often: the key lives in the database.
                "request_key": f"refund/{self.id}",
                "direction": "out",
                "source": "online" if online else "counter",
                "property_id": self.property_id.id,
                "partner_id": self.partner_id.id,
                "unit_id": self.unit_id.id,
                "method_id": self.method_id.id,
                "amount": self.amount,
                "origin_payment_id": self.payment_id.id,
                "note": self.env._(
                    "Refund %(refund)s of %(receipt)s", refund=self.name, receipt=self.payment_id.receipt_name
                ),
                "lines": requests,
            }
        )
        # sudo: written by this step only
        self.sudo()._transition("paid", refund_payment_id=payment.id)
        return payment

    def _check_drawer(self):
        """Cash is paid from one's own drawer, and only what lies in it."""
        if self.method_id.code != "cash":
            return
        session = self.env["pm.cash.session"]._current(self.property_id, create=True)
        self._require(
            self.currency_id.compare_amounts(session.expected_amount, self.amount) >= 0,
            self.env._("your drawer holds %s only.", self.currency_id.format(session.expected_amount)),
        )

    def _pay_online(self):
        """Ask the provider of the original transaction to pay back; `payment.transaction` closes the refund when it did."""
        # sudo: transactions are the program's; the right to pay out was checked
        record = self.sudo()
        source = record.env["payment.transaction"].search(
            [("pm_payment_id", "=", record.payment_id.id), ("state", "=", "done"), ("operation", "!=", "refund")],
            limit=1,
        )
        self._require(
            source and source.provider_id.support_refund not in (False, "none"),
            self.env._("the payment provider cannot pay back: apply for a bank transfer instead."),
        )
        self._require(
            record.transaction_id.state not in ("pending", "authorized"),
            self.env._("the payment provider is already paying it back."),
        )
        source.with_context(pm_refund_id=record.id)._refund(amount_to_refund=record.amount)
        if record.transaction_id.state == "done" and record.state == "approved":
            record.transaction_id._post_process()
        if record.state == "paid":
            return record.refund_payment_id.with_env(self.env).action_print()
        if record.transaction_id.state in ("error", "cancel"):
            raise UserError(
                self.env._("The payment provider refused: %s", record.transaction_id.state_message or record.name)
            )
        return None

    # -- hooks of the payment ---------------------------------------------------------------------------------------

    def _pm_payment_done(self, line):
        """The voucher is booked: see `_pay_out`."""

    def _pm_payment_reversed(self, line):
        """The voucher was voided: the credit is open again, the refund is taken back."""
        for record in self.filtered(lambda record: record.state == "paid"):
            record.sudo()._transition("reversed")  # sudo: follows from the void, whose right was checked

    def action_open_voucher(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.payment",
            "res_id": self.refund_payment_id.id,
            "view_mode": "form",
        }


class PmPayment(models.Model):
    _inherit = "pm.payment"

    refund_ids = fields.One2many("pm.refund", "payment_id", "Refunds")
    refundable = fields.Monetary("Can be refunded", compute="_compute_refundable")

    @api.depends("line_ids.open_credit", "direction", "state")
    def _compute_refundable(self):
        for payment in self:
            payment.refundable = (
                sum(payment.line_ids.filtered(lambda line: line.kind in ("credit", "charge")).mapped("open_credit"))
                if payment.direction == "in" and payment.state == "posted"
                else 0.0
            )

    def _refundable_lines(self):
        """Lines that have money left to be given back."""
        return self.line_ids.filtered(lambda line: line.kind in ("credit", "charge") and line.open_credit > 0)

    def action_refund(self):
        """Apply for a refund of what this receipt has left, or show the one that is under way."""
        self.ensure_one()
        action = {
            "type": "ir.actions.act_window",
            "res_model": "pm.refund",
            "view_mode": "form",
            "name": self.env._("Refund"),
        }
        under_way = self.refund_ids.filtered(lambda refund: refund.state in ("draft", "submitted", "approved"))
        free = self._refundable_lines().filtered(lambda line: line.unit_id not in under_way.unit_id)
        if under_way and not free:
            return {**action, "res_id": under_way[:1].id}
        unit = free.unit_id[:1]
        amount = sum(free.filtered(lambda line: line.unit_id == unit).mapped("open_credit"))
        return {
            **action,
            "context": {"default_payment_id": self.id, "default_unit_id": unit.id, "default_amount": amount},
        }


class PmCharge(models.Model):
    _inherit = "pm.charge"

    @api.model
    def _usable_credit(self, items):
        """Credit that nobody has asked back: what is applied for pays no other charge meanwhile.

        :param items: journal items of open credit, in sudo
        """
        if not items:
            return items
        held = self.env.execute_query(
            SQL(
                """SELECT line.move_line_id FROM pm_refund refund
                     JOIN pm_payment_line line ON line.payment_id = refund.payment_id
                      AND line.unit_id IS NOT DISTINCT FROM refund.unit_id
                    WHERE refund.state IN ('submitted', 'approved') AND line.move_line_id = ANY(%s)""",
                list(items.ids),
            )
        )
        return items.browse([item.id for item in items if (item.id,) not in set(held)])
