from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

from odoo.addons.pm_base.tools.labels import selection_labels

REASONS = [
    ("barred", "Limitation period is over"),
    ("court", "Court ruled against the claim"),
    ("unenforceable", "Enforcement ended without result"),
    ("gone", "Debtor died, dissolved or cannot be found"),
    ("settlement", "Settlement with the customer"),
    ("minor", "Amount not worth the effort"),
    ("other", "Other"),
]


class PmWriteOff(models.Model):
    """Bad debts taken out of the books (坏账核销): asked for with evidence, approved by amount, booked, reversible.

    | state     | what may happen                                                         |
    |-----------|-------------------------------------------------------------------------|
    | draft     | change, submit, cancel                                                  |
    | submitted | approve (books it), refuse; not by who asked                            |
    | booked    | take back line by line: owed again, e.g. when the debtor pays at last    |

    Written off is not forgiven: the charge keeps what was written off, and the debt can be taken up again. Money never
    comes in this way, and no KPI counts a write-off as collected.
    """

    _name = "pm.write.off"
    _description = "Write-off"
    _inherit = ["pm.four.eyes.amount", "pm.files"]
    _order = "id desc"
    _approval_purpose = "write_off"
    _approval_amount = "amount_total"
    _program_fields = frozenset({"name", "submitted_on", "move_id", "refuse_reason"})

    name = fields.Char("Number", readonly=True, copy=False, default="/")
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    reason = fields.Selection(REASONS, required=True, tracking=True)
    note = fields.Text("Grounds", help="What was done to collect the debt, and why nothing more can be expected.")
    evidence_ids = fields.Many2many("ir.attachment", string="Evidence", help="Ruling, death certificate, settlement …")
    line_ids = fields.One2many("pm.write.off.line", "write_off_id", "Charges", copy=True)
    amount_total = fields.Monetary("Total", compute="_compute_amount_total", store=True, tracking=True)
    date = fields.Date("Accounting date", help="Day in the books; empty = the day of the approval.")
    account_id = fields.Many2one(
        "account.account",
        "Booked to",
        check_company=True,
        domain="[('account_type', 'not in', ('asset_receivable', 'liability_payable'))]",
        help="Empty: the bad-debt account of the property.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "To approve"),
            ("booked", "Booked"),
            ("refused", "Refused"),
            ("reversed", "Taken back"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    author_id = fields.Many2one(string="Asked for by")
    submitted_on = fields.Datetime(readonly=True, copy=False)
    refuse_reason = fields.Char("Why Refused", readonly=True, copy=False, tracking=True)
    move_id = fields.Many2one(
        "account.move", "Journal entry", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )

    @api.depends("line_ids.amount")
    def _compute_amount_total(self):
        for record in self:
            record.amount_total = sum(record.line_ids.mapped("amount"))

    @api.constrains("line_ids", "property_id")
    def _check_property(self):
        for record in self:
            if record.line_ids.charge_id.property_id - record.property_id:
                raise ValidationError(self.env._("All charges of a write-off are of one property."))

    def write(self, vals):
        if set(vals) & {"property_id", "reason", "note", "line_ids", "account_id", "date", "evidence_ids"}:
            self._check_undecided("draft")
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(record.state not in ("draft", "cancelled") for record in self):
            raise UserError(self.env._("A write-off is history and stays: only drafts can be deleted."))

    # States

    def _transition(self, target, **values):
        """The one place where a write-off changes state."""
        allowed = {
            ("draft", "submitted"),
            ("draft", "cancelled"),
            ("submitted", "booked"),
            ("submitted", "refused"),
            ("booked", "reversed"),
        }
        names = selection_labels(self, "state")
        for record in self:
            if (record.state, target) not in allowed:
                raise UserError(
                    self.env._(
                        "Write-off %(name)s is “%(state)s” and cannot become “%(target)s”.",
                        name=record.name,
                        state=names[record.state],
                        target=names[target],
                    )
                )
            # sudo: _program_fields are written by the steps only
            record.sudo().write({"state": target, **values})

    def action_submit(self):
        """Hand in for approval: with grounds, and charges that are still owed."""
        for record in self:
            record.check_access("write")
            record._lock()
            if not record.line_ids:
                raise UserError(self.env._("To submit a write-off you must choose the charges."))
            if not (record.note or "").strip():
                raise UserError(self.env._("To submit a write-off you must give the grounds."))
            record._check_date()
            record._check_residuals()
            record._transition(
                "submitted",
                author_id=self.env.uid,
                submitted_on=fields.Datetime.now(),
                name=record._next_number("pm.write.off") if record.name == "/" else record.name,
            )
            record._ask_to_decide(self.env._("Decide on the write-off"))

    def action_approve(self):
        """Approve and book in one step: nobody approves what is not booked then."""
        for record in self:
            record._lock()
            record._check_may_decide()
            record._transition("booked", **record._approval())
            # sudo: who approves need not be an accountant; the right was checked above
            record.sudo()._book()
            record.activity_feedback(["mail.mail_activity_data_todo"])

    def action_refuse(self):
        """Ask for the reason; `_refuse` refuses."""
        self.ensure_one()
        self.check_access("read")
        return self.env["pm.refusal"]._ask(write_off_id=self.id)

    def _refuse(self, reason):
        """Refuse with a reason that stays on record.

        :raises AccessError: the amount is decided by somebody else; :raises UserError: no reason
        """
        self.ensure_one()
        self._lock()
        self._check_may_decide()
        if not (reason or "").strip():
            raise UserError(self.env._("To refuse a write-off you must give the reason."))
        self._transition("refused", **self._approval(), refuse_reason=reason.strip())
        self.activity_feedback(["mail.mail_activity_data_todo"])

    def action_cancel(self):
        self.check_access("write")
        self._transition("cancelled")

    def action_take_back(self):
        """Reverse what is left: the charges are owed again, as when the debtors pay after all."""
        self.line_ids.action_take_back()

    # Books

    def _check_date(self):
        """:raises UserError: the debts would leave the books of today by an entry of another day to come"""
        if self.date and self.date > self.property_id._today():
            raise UserError(
                self.env._("A write-off cannot be dated in the future (%s).", format_date(self.env, self.date))
            )

    def _check_residuals(self):
        currency = self.currency_id
        for line in self.line_ids:
            charge = line.charge_id
            if charge.state != "posted" or currency.compare_amounts(line.amount, charge.residual) > 0:
                raise UserError(
                    self.env._(
                        "“%(charge)s”: %(amount)s cannot be written off, %(owed)s is owed.",
                        charge=charge.display_name,
                        amount=currency.format(line.amount),
                        owed=currency.format(charge.residual),
                    )
                )

    @staticmethod
    def _losses(lines):
        """Return ``{account that bears the loss: amount}`` of some lines."""
        return {
            account: part.currency_id.round(sum(part.mapped("amount")))
            for account, part in lines.grouped("loss_account_id").items()
        }

    def _book(self):
        """Receivables against what bears the loss, one line per charge, reconciled with it."""
        self.ensure_one()
        prop, charges = self.property_id, self.line_ids.charge_id
        self.env["pm.payment"]._lock_receivables(charges)
        self._check_date()
        self._check_residuals()
        date = self.date or prop._today()
        charges._check_lock_dates(prop, prop.billing_journal_id, date)
        lines = self.line_ids.sorted("id")
        for line in lines:
            line.loss_account_id = line._get_loss_account()
        losses = self._losses(lines)
        move = (
            self.env["account.move"]
            .with_company(self.company_id)
            .with_context(tracking_disable=True, skip_invoice_sync=True)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": prop.billing_journal_id.id,
                    "date": date,
                    "company_id": self.company_id.id,
                    "ref": self.name,
                    "line_ids": [
                        *(
                            Command.create({"account_id": account.id, "balance": amount, "name": self.name})
                            for account, amount in losses.items()
                        ),
                        *(
                            Command.create(
                                {
                                    "account_id": line.charge_id.move_line_id.account_id.id,
                                    "partner_id": line.charge_id.partner_id.id,
                                    "balance": -line.amount,
                                    "name": line.charge_id.display_name,
                                }
                            )
                            for line in lines
                        ),
                    ],
                }
            )
        )
        move._post(soft=False)
        for line, item in zip(lines, move.line_ids.sorted("id")[len(losses) :], strict=True):
            line.move_line_id = item
            line.charge_id.amount_written_off += line.amount
        self.env["account.move.line"]._reconcile_plan(
            [line.charge_id.move_line_id | line.move_line_id for line in lines]
        )
        self.move_id = move
        # Reminders of what is written off stop.
        self.env["pm.charge"]._money_changed({(charge.partner_id.id, charge.unit_id.id) for charge in charges})

    @api.model
    def _open_for_charges(self, charges):
        """A draft over what is still owed on the chosen charges.

        :return: window action on it
        """
        self.check_access("create")
        charges = charges.filtered(lambda charge: charge.state == "posted" and charge.residual > 0)
        if not charges:
            raise UserError(self.env._("Nothing is owed on the chosen charges."))
        if len(charges.property_id) > 1:
            raise UserError(self.env._("All charges of a write-off are of one property."))
        record = self.create(
            {
                "property_id": charges.property_id.id,
                "reason": "other",
                "line_ids": [Command.create({"charge_id": charge.id, "amount": charge.residual}) for charge in charges],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": record.id,
            "view_mode": "form",
            "name": self.env._("Write-off"),
        }


class PmWriteOffLine(models.Model):
    """A charge, or a part of it, that is written off."""

    _name = "pm.write.off.line"
    _description = "Write-off Line"
    _inherit = ["pm.four.eyes.line", "pm.program.fields"]
    _document = "write_off_id"
    _program_fields = frozenset({"move_line_id", "loss_account_id", "reversal_line_id"})
    _order = "write_off_id, id"

    _once = models.Constraint("UNIQUE (write_off_id, charge_id)", "This charge is already in the write-off.")
    _positive = models.Constraint("CHECK (amount > 0)", "The amount to write off must be positive.")

    write_off_id = fields.Many2one("pm.write.off", required=True, index=True, ondelete="cascade")
    property_id = fields.Many2one(related="write_off_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="write_off_id.company_id", store=True)
    currency_id = fields.Many2one(related="write_off_id.currency_id")
    charge_id = fields.Many2one(
        "pm.charge",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('property_id', '=', property_id), ('state', '=', 'posted'), ('residual', '>', 0)]",
    )
    unit_id = fields.Many2one(related="charge_id.unit_id")
    partner_id = fields.Many2one(related="charge_id.partner_id")
    due_date = fields.Date(related="charge_id.due_date")
    residual = fields.Monetary(related="charge_id.residual")
    amount = fields.Monetary(required=True)
    move_line_id = fields.Many2one(
        "account.move.line", "Journal item", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    loss_account_id = fields.Many2one(
        "account.account",
        "Borne By",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="Bad debts of the company, or the owners' account when it was common income of theirs that never came (L-11).",
    )
    reversal_line_id = fields.Many2one(
        "account.move.line", "Taken back by", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    taken_back = fields.Boolean(compute="_compute_taken_back")

    @api.depends("reversal_line_id")
    def _compute_taken_back(self):
        for line in self:
            line.taken_back = bool(line.sudo().reversal_line_id)  # sudo: who reads write-offs need not read the ledger

    @api.onchange("charge_id")
    def _onchange_charge_id(self):
        if self.charge_id and not self.amount:
            self.amount = self.charge_id.residual

    def _get_loss_account(self):
        record = self.write_off_id
        if record.account_id:
            return record.account_id
        if self.charge_id.item_id.owners_income:
            return record.property_id._owners_income_account()
        return record.property_id._bad_debt_account()

    # Taking back

    def action_take_back(self):
        """Owed again: the entry is reversed for these lines, and the charges can be paid."""
        if not (self.env.user.has_group("pm_base.group_accountant") or self.env.su):
            raise AccessError(self.env._("To take a write-off back you must be a project accountant."))
        for record, lines in self.grouped("write_off_id").items():
            record._lock()
            if record.state != "booked":
                raise UserError(self.env._("To take write-off %s back it must be booked.", record.name))
            # sudo: the right was checked above
            lines.sudo().filtered(lambda line: not line.reversal_line_id)._unbook()
            if all(line.taken_back for line in record.line_ids):
                record._transition("reversed")

    def _unbook(self):
        if not self:
            return
        record = self.write_off_id
        prop, today, original = record.property_id, record.property_id._today(), record.move_id
        self.charge_id._check_lock_dates(prop, prop.billing_journal_id, today)
        losses = self.env["pm.write.off"]._losses(self)
        move = (
            self.env["account.move"]
            .with_company(record.company_id)
            .with_context(tracking_disable=True, skip_invoice_sync=True)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": original.journal_id.id,
                    "date": today,
                    "company_id": record.company_id.id,
                    "ref": self.env._("Taken back: %s", record.name),
                    "line_ids": [
                        *(
                            Command.create({"account_id": account.id, "balance": -amount, "name": record.name})
                            for account, amount in losses.items()
                        ),
                        *(
                            Command.create(
                                {
                                    "account_id": line.move_line_id.account_id.id,
                                    "partner_id": line.move_line_id.partner_id.id,
                                    "balance": line.amount,
                                    "name": line.move_line_id.name,
                                }
                            )
                            for line in self
                        ),
                    ],
                }
            )
        )
        move._post(soft=False)
        self.move_line_id.remove_move_reconcile()
        for line, item in zip(self, move.line_ids.sorted("id")[len(losses) :], strict=True):
            line.reversal_line_id = item
            line.charge_id.amount_written_off -= line.amount
        self.env["account.move.line"]._reconcile_plan([line.move_line_id | line.reversal_line_id for line in self])
        record.message_post(
            body=self.env._("Taken back: %s", ", ".join(self.charge_id.mapped("display_name"))),
        )
