from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL


class PmBalanceTransfer(models.Model):
    """Another payer takes over debts or credit of a unit by agreement (债务承担、余额过户).

    Who owes what when a unit changes hands: *by period*, charges of days after the change are billed anew to the new
    payer (`pm.charge.correction`); *by agreement*, this document moves what the parties agreed upon. A debt passes only
    with the creditor's consent (Civil Code art. 551): the approval by somebody else than who prepared it. Due dates stay,
    so that age and limitation go on.
    """

    _name = "pm.balance.transfer"
    _description = "Balance Transfer"
    _inherit = ["pm.four.eyes", "pm.files", "mail.thread"]
    _order = "id desc"
    _program_fields = frozenset({"credit_move_id", "credit_item_id"})

    name = fields.Char(compute="_compute_name", store=True)
    unit_id = fields.Many2one("pm.unit", required=True, index=True, ondelete="restrict")
    property_id = fields.Many2one(related="unit_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="unit_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    transfer_id = fields.Many2one("pm.unit.transfer", "Ownership transfer", index="btree_not_null", ondelete="set null")
    from_partner_id = fields.Many2one("res.partner", "Former payer", required=True, ondelete="restrict", tracking=True)
    to_partner_id = fields.Many2one("res.partner", "New payer", required=True, ondelete="restrict", tracking=True)
    agreement = fields.Char(
        required=True, tracking=True, help="Number and date of the agreement that all sides signed."
    )
    evidence_ids = fields.Many2many("ir.attachment", string="Signed agreement")
    line_ids = fields.One2many("pm.balance.transfer.line", "transfer_id", "Debts taken over")
    amount_total = fields.Monetary("Debts", compute="_compute_amount_total")
    credit_available = fields.Monetary("Credit available", compute="_compute_credit_available")
    credit_amount = fields.Monetary("Credit taken over", tracking=True)
    state = fields.Selection(
        [("draft", "Draft"), ("done", "Done"), ("cancelled", "Cancelled")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    credit_move_id = fields.Many2one(
        "account.move", "Entry of the credit", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    credit_item_id = fields.Many2one(
        "account.move.line", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )

    _credit = models.Constraint("CHECK (credit_amount >= 0)", "The credit to take over cannot be negative.")

    @api.depends("unit_id.name", "from_partner_id.name", "to_partner_id.name")
    def _compute_name(self):
        for record in self:
            payers = f"{record.from_partner_id.name or ''} → {record.to_partner_id.name or ''}"
            record.name = f"{record.unit_id.name}: {payers}" if record.unit_id else self.env._("New")

    @api.depends("line_ids.amount")
    def _compute_amount_total(self):
        for record in self:
            record.amount_total = sum(record.line_ids.mapped("amount"))

    @api.depends("unit_id", "from_partner_id", "state")
    def _compute_credit_available(self):
        for record in self:
            items = (
                self.env["pm.charge"]._household_credit(record.unit_id, record.from_partner_id.id)
                if record.unit_id and record.from_partner_id
                else self.env["account.move.line"]
            )
            record.credit_available = -sum(items.mapped("amount_residual"))

    @api.constrains("from_partner_id", "to_partner_id", "line_ids")
    def _check_parties(self):
        for record in self:
            if record.from_partner_id == record.to_partner_id:
                raise ValidationError(self.env._("The two payers of a balance transfer are the same."))
            for line in record.line_ids:
                if line.charge_id.unit_id != record.unit_id or line.charge_id.partner_id != record.from_partner_id:
                    raise ValidationError(
                        self.env._(
                            "“%(charge)s” is not a debt of %(payer)s on %(unit)s.",
                            charge=line.charge_id.display_name,
                            payer=record.from_partner_id.name,
                            unit=record.unit_id.name,
                        )
                    )

    @api.onchange("unit_id", "from_partner_id")
    def _onchange_household(self):
        """Propose everything that the payer owes on the unit."""
        self.line_ids = [Command.clear()]
        if self.unit_id and self.from_partner_id:
            self.line_ids = [Command.create(vals) for vals in self._proposed_lines()]

    def _proposed_lines(self):
        charges = self.env["pm.charge"].search(
            [
                ("unit_id", "=", self.unit_id.id),
                ("partner_id", "=", self.from_partner_id.id),
                ("paid_state", "in", ("unpaid", "partial")),
            ],
            order="due_date, id",
        )
        return [{"charge_id": charge.id, "amount": charge.residual} for charge in charges]

    def write(self, vals):
        if not self.env.su:
            self._check_undecided("draft")
            self._sign()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(record.state == "done" for record in self):
            raise UserError(self.env._("A balance transfer is history and stays."))

    # Steps

    def action_approve(self):
        """Consent of the creditor: the debts and the credit pass to the new payer."""
        for record in self:
            record._check_may_approve("pm_base.group_supervisor", "pm_base.group_accountant")
            record._lock()
            if record.state != "draft":
                raise UserError(self.env._("To approve balance transfer “%s” it must be a draft.", record.name))
            if not record.line_ids and record.currency_id.is_zero(record.credit_amount):
                raise UserError(self.env._("Nothing passes to the new payer: choose debts or enter the credit."))
            if record.line_ids and not record.evidence_ids:
                raise UserError(
                    self.env._(
                        "A debt passes only by an agreement of all sides: attach the signed agreement to “%s”.",
                        record.name,
                    )
                )
            # sudo: a supervisor is no accountant; the right was checked above
            record.sudo()._carry_out()
            record.sudo().write({"state": "done", **record._approval()})

    def action_cancel(self):
        self.check_access("write")
        for record in self:
            if record.state != "draft":
                raise UserError(self.env._("To cancel balance transfer “%s” it must be a draft.", record.name))
            record.sudo().state = "cancelled"  # sudo: _program_fields

    def _carry_out(self):
        self.ensure_one()
        self.env["pm.payment"]._lock_receivables(self.line_ids.charge_id)
        self._move_credit()
        self._move_debts()

    def _move_debts(self):
        lines = self.line_ids
        if not lines:
            return
        charges = lines.charge_id
        for line in lines:
            if (
                line.charge_id.state != "posted"
                or self.currency_id.compare_amounts(line.amount, line.charge_id.residual) > 0
            ):
                raise UserError(
                    self.env._(
                        "“%(charge)s”: %(amount)s cannot pass on, %(owed)s is owed.",
                        charge=line.charge_id.display_name,
                        amount=self.currency_id.format(line.amount),
                        owed=self.currency_id.format(line.charge_id.residual),
                    )
                )
        money = charges._money_on()
        # sudo: readings stay billed, by the charge that takes the place of theirs
        readings = self.env["pm.meter.reading"].sudo().search([("charge_id", "in", charges.ids)]).grouped("charge_id")
        prepared = [vals for line in lines for vals in line._prepare_charges()]
        day = charges._reversal_day()
        charges._reverse("payer", date=day, note=self.agreement)
        new = self.env["pm.charge"]._create_charges(prepared)
        new._approve()
        new._post(day)
        successors = new.grouped("reverse_of_id")
        for charge, rows in readings.items():
            rows.charge_id = successors[charge][:1]
        charges._hand_over_money(money, successors)
        # Credit that came with the debts pays them, as it would pay any other.
        if self.property_id.use_credit:
            new._apply_credit()

    def _move_credit(self):
        """Credit passes from one payer to the other by an entry between them."""
        amount = self.currency_id.round(self.credit_amount)
        if self.currency_id.is_zero(amount):
            return
        prop, today = self.property_id, self.property_id._today()
        items = self.env["pm.charge"]._household_credit(self.unit_id, self.from_partner_id.id)
        self.env["pm.payment"]._lock_items(items)
        available = -sum(items.mapped("amount_residual"))
        if self.currency_id.compare_amounts(amount, available) > 0:
            raise UserError(
                self.env._(
                    "%(payer)s has %(available)s credit on %(unit)s: %(amount)s cannot pass on.",
                    payer=self.from_partner_id.name,
                    available=self.currency_id.format(available),
                    unit=self.unit_id.name,
                    amount=self.currency_id.format(amount),
                )
            )
        self.env["pm.charge"]._check_lock_dates(prop, prop.billing_journal_id, today)
        label = self.env._("Credit of %(unit)s by agreement %(ref)s", unit=self.unit_id.name, ref=self.agreement)
        account = prop.receivable_account_id
        move = (
            self.env["account.move"]
            .with_company(self.company_id)
            .with_context(tracking_disable=True, skip_invoice_sync=True)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": prop.billing_journal_id.id,
                    "date": today,
                    "company_id": self.company_id.id,
                    "ref": label,
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": account.id,
                                "partner_id": partner.id,
                                "balance": balance,
                                "name": label,
                            }
                        )
                        for partner, balance in ((self.from_partner_id, amount), (self.to_partner_id, -amount))
                    ],
                }
            )
        )
        move._post(soft=False)
        given, taken = move.line_ids.sorted("id")
        self.env["account.move.line"]._reconcile_plan([items | given])
        self.write({"credit_move_id": move.id, "credit_item_id": taken.id})


class PmBalanceTransferLine(models.Model):
    """A debt, or a part of it, that passes to the new payer."""

    _name = "pm.balance.transfer.line"
    _description = "Balance Transfer Line"
    _inherit = ["pm.four.eyes.line"]
    _document = "transfer_id"
    _order = "transfer_id, id"

    _once = models.Constraint("UNIQUE (transfer_id, charge_id)", "This charge is already in the balance transfer.")
    _positive = models.Constraint("CHECK (amount > 0)", "The amount that passes on must be positive.")

    transfer_id = fields.Many2one("pm.balance.transfer", required=True, index=True, ondelete="cascade")
    property_id = fields.Many2one(related="transfer_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="transfer_id.company_id", store=True)
    currency_id = fields.Many2one(related="transfer_id.currency_id")
    charge_id = fields.Many2one("pm.charge", required=True, index=True, ondelete="restrict")
    due_date = fields.Date(related="charge_id.due_date")
    residual = fields.Monetary(related="charge_id.residual")
    amount = fields.Monetary("Passes on", required=True)

    @api.onchange("charge_id")
    def _onchange_charge_id(self):
        if self.charge_id and not self.amount:
            self.amount = self.charge_id.residual

    def _prepare_charges(self):
        """Values of the charges that take the place of this one: the new payer's part, and what the old one keeps."""
        self.ensure_one()
        charge, currency = self.charge_id, self.currency_id
        share = self.amount / charge.amount_total
        untaxed = currency.round(charge.amount_untaxed * share)
        part = {"untaxed": untaxed, "tax": currency.round(self.amount - untaxed)}
        rest = {
            "untaxed": currency.round(charge.amount_untaxed - part["untaxed"]),
            "tax": currency.round(charge.amount_tax - part["tax"]),
        }
        whole = currency.is_zero(rest["untaxed"] + rest["tax"])
        values = []
        for partner, amounts, origin in (
            # The one that keeps the key of the period guards it against being billed once more.
            (self.transfer_id.to_partner_id, part, charge.origin if whole else f"transfer:{self.transfer_id.id}"),
            (self.transfer_id.from_partner_id, rest, charge.origin),
        ):
            if partner == self.transfer_id.from_partner_id and whole:
                continue
            amount = currency.round(amounts["untaxed"] + amounts["tax"])
            details = dict(charge.details or {})
            details["part"] = {"amount": amount, "of": charge.amount_total, "agreement": self.transfer_id.agreement}
            values.append(
                {
                    "property_id": charge.property_id.id,
                    "unit_id": charge.unit_id.id,
                    "partner_id": partner.id,
                    "item_id": charge.item_id.id,
                    "kind": charge.kind,
                    "origin": origin,
                    "run_id": charge.run_id.id,
                    "tariff_id": charge.tariff_id.id,
                    "assignment_id": charge.assignment_id.id,
                    "reverse_of_id": charge.id,
                    "period_start": charge.period_start,
                    "period_end": charge.period_end,
                    "due_date": charge.due_date,
                    "quantity": charge.quantity,
                    "price_unit": charge.price_unit,
                    "tax_id": charge.tax_id.id,
                    "counter_account_id": charge.counter_account_id.id,
                    "amount_untaxed": amounts["untaxed"],
                    "amount_tax": amounts["tax"],
                    "details": details,
                }
            )
        return values


class PmCharge(models.Model):
    _inherit = "pm.charge"

    @api.model
    def _credit_origins_sql(self, properties):
        return SQL(
            """%s
            UNION ALL
            SELECT taken.unit_id FROM pm_balance_transfer taken
             WHERE taken.credit_item_id = item.id AND taken.property_id = ANY(%s)""",
            super()._credit_origins_sql(properties),
            list(properties.ids),
        )
