from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL


class PmDepositDeduction(models.Model):
    """Cost of proved damage taken from a deposit: only with evidence and the payer's consent (L-03, L-04).

    draft → agreed → booked; contested or cancelled deductions never hold back a refund.
    """

    _name = "pm.deposit.deduction"
    _description = "Deposit Deduction"
    _inherit = ["mail.thread", "pm.renovation.files", "pm.renovation.state"]
    _order = "id"
    _mail_post_access = "read"
    _step_fields = frozenset({"agreed_at", "move_id"})

    _amount_positive = models.Constraint("CHECK (amount > 0)", "A deduction is a positive amount.")

    name = fields.Char("Reason", required=True, tracking=True, help="What was damaged and what its repair cost.")
    deposit_id = fields.Many2one("pm.deposit", required=True, ondelete="restrict", index=True)
    renovation_id = fields.Many2one(related="deposit_id.renovation_id", store=True)
    property_id = fields.Many2one(related="deposit_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="deposit_id.company_id", store=True)
    currency_id = fields.Many2one(related="deposit_id.currency_id")
    violation_id = fields.Many2one("pm.renovation.violation", ondelete="set null")
    amount = fields.Monetary(required=True, tracking=True)
    attachment_ids = fields.Many2many(
        "ir.attachment", "pm_deposit_deduction_evidence_rel", "deduction_id", "attachment_id", string="Evidence"
    )
    consent_attachment_ids = fields.Many2many(
        "ir.attachment",
        "pm_deposit_deduction_consent_rel",
        "deduction_id",
        "attachment_id",
        string="Payer's Consent",
        help="The paper or message in which the payer agrees to this amount.",
    )
    state = fields.Selection(
        selection=[
            ("draft", "Proposed"),
            ("agreed", "Agreed by the payer"),
            ("contested", "Contested"),
            ("booked", "Booked"),
            ("cancelled", "Dropped"),
        ],
        default="draft",
        required=True,
        readonly=True,
        tracking=True,
    )
    agreed_at = fields.Datetime(readonly=True)
    move_id = fields.Many2one("account.move", "Entry", readonly=True, ondelete="restrict")

    @api.constrains("amount", "deposit_id", "state")
    def _check_total(self):
        for deposit in self.deposit_id:
            # Two clerks adding deductions at once are put in a row by the deposit's lock.
            self.env.execute_query(SQL("SELECT id FROM pm_deposit WHERE id = %s FOR UPDATE", deposit.id))
            live = deposit.deduction_ids.filtered(lambda d: d.state in ("draft", "agreed", "booked"))
            total = sum(live.mapped("amount"))
            if deposit.currency_id.compare_amounts(total, deposit.amount) > 0:
                raise ValidationError(
                    self.env._(
                        "The deductions of %(total)s are more than the deposit %(name)s of %(amount)s.",
                        total=deposit.currency_id.format(total),
                        name=deposit.name,
                        amount=deposit.currency_id.format(deposit.amount),
                    )
                )

    @api.constrains("deposit_id", "state")
    def _check_deposit_held(self):
        for deduction in self.filtered(lambda d: d.state in ("draft", "agreed")):
            if deduction.deposit_id.state not in ("held", "refund_requested"):
                raise ValidationError(
                    self.env._("To deduct from deposit %(name)s it must be held.", name=deduction.deposit_id.name)
                )

    def write(self, vals):
        if {"amount", "deposit_id", "name"} & vals.keys():
            for deduction in self.filtered(lambda d: d.state != "draft"):
                raise UserError(
                    self.env._("To change deduction “%(name)s” it must still be proposed.", name=deduction.name)
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        for deduction in self:
            if deduction.state != "draft":
                raise UserError(self.env._("To remove deduction “%(name)s” you must drop it.", name=deduction.name))

    def action_agree(self):
        """Record the payer's consent; evidence and his written consent must be attached."""
        for deduction in self:
            if deduction.state not in ("draft", "contested"):
                raise UserError(
                    self.env._("To agree on “%(name)s” it must be proposed or contested.", name=deduction.name)
                )
            if not deduction.attachment_ids:
                raise UserError(self.env._("To deduct “%(name)s” you must attach evidence.", name=deduction.name))
            if not deduction.consent_attachment_ids:
                raise UserError(
                    self.env._("To deduct “%(name)s” you must attach the payer's written consent.", name=deduction.name)
                )
        self._set_state("agreed", agreed_at=fields.Datetime.now())

    def action_contest(self):
        """The payer does not agree: nothing is deducted."""
        for deduction in self:
            if deduction.state not in ("draft", "agreed"):
                raise UserError(self.env._("To contest “%(name)s” it must not be booked.", name=deduction.name))
        self._set_state("contested")

    def action_cancel(self):
        """Drop the proposal."""
        for deduction in self:
            if deduction.state == "booked":
                raise UserError(self.env._("“%(name)s” is booked and stays.", name=deduction.name))
        self._set_state("cancelled")

    def _book(self):
        """Take the agreed amounts out of the liability, in the books of the property."""
        for deduction in self:
            deposit = deduction.deposit_id
            prop = deposit.property_id.with_company(deposit.company_id)
            label = self.env._("Deduction from deposit %(name)s: %(reason)s", name=deposit.name, reason=deduction.name)
            if not prop.deposit_deduction_account_id:
                raise UserError(
                    self.env._(
                        "To book deductions you must give property %(property)s an account for them.",
                        property=prop.display_name,
                    )
                )
            move = (
                self.env["account.move"]
                .with_company(deposit.company_id)
                .create(
                    {
                        "move_type": "entry",
                        "journal_id": prop.billing_journal_id.id,
                        "date": prop._today(),
                        "ref": label,
                        "line_ids": [
                            fields.Command.create(
                                {
                                    "account_id": deposit.account_id.id,
                                    "partner_id": deposit.partner_id.id,
                                    "name": label,
                                    "balance": deduction.amount,
                                }
                            ),
                            fields.Command.create(
                                {
                                    "account_id": prop.deposit_deduction_account_id.id,
                                    "partner_id": deposit.partner_id.id,
                                    "name": label,
                                    "balance": -deduction.amount,
                                }
                            ),
                        ],
                    }
                )
            )
            move.action_post()
            deduction._set_state("booked", move_id=move.id)
