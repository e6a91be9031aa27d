from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.pm_base.tools.labels import selection_labels


class PmDepositDeduction(models.Model):
    """Cost of proved damage taken from a deposit: only with evidence and the payer's consent (L-03, L-04).

    =========  ==========================================================================
    draft      being prepared with its evidence
    proposed   told to the payer, who agrees or contests in the portal or at the counter
    agreed     the payer agreed to this amount; booked when the deposit is paid back
    contested  the payer objects; the amount may be revised and proposed again
    booked     taken out of the liability
    cancelled  dropped, or lapsed because the deposit was paid back before an agreement
    =========  ==========================================================================

    Only an agreed deduction lowers the refund; nothing else ever holds it back.
    """

    _name = "pm.deposit.deduction"
    _description = "Deposit Deduction"
    _inherit = ["mail.thread", "pm.renovation.files", "pm.renovation.state"]
    _order = "id"
    _mail_post_access = "read"
    _step_fields = frozenset(
        {"agreed_at", "agreed_by", "agreed_online", "proposed_at", "contest_reason", "contested_at", "move_id"}
    )
    _frozen = dict.fromkeys(
        ("proposed", "agreed", "contested", "booked", "cancelled"),
        frozenset({"amount", "deposit_id", "name", "attachment_ids"}),
    )

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
            ("draft", "Being prepared"),
            ("proposed", "Proposed to the payer"),
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
    proposed_at = fields.Datetime(readonly=True)
    agreed_at = fields.Datetime(readonly=True)
    agreed_by = fields.Char(readonly=True, help="Name of who agreed, as given on the portal or on the paper.")
    agreed_online = fields.Boolean("Agreed in the Portal", readonly=True)
    contested_at = fields.Datetime(readonly=True)
    contest_reason = fields.Text("Why Contested", readonly=True)
    move_id = fields.Many2one("account.move", "Entry", readonly=True, ondelete="restrict")

    @api.constrains("amount", "deposit_id", "state")
    def _check_total(self):
        for deposit in self.deposit_id:
            # Two clerks adding deductions at once are put in a row by the deposit's lock.
            self.env.execute_query(SQL("SELECT id FROM pm_deposit WHERE id = %s FOR UPDATE", deposit.id))
            live = deposit.deduction_ids.filtered(lambda d: d.state in ("draft", "proposed", "agreed", "booked"))
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
        for deduction in self.filtered(lambda d: d.state in ("draft", "proposed", "agreed")):
            if deduction.deposit_id.state not in ("held", "refund_requested"):
                raise ValidationError(
                    self.env._("To deduct from deposit %(name)s it must be held.", name=deduction.deposit_id.name)
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        for deduction in self:
            if deduction.state != "draft":
                raise UserError(self.env._("To remove deduction “%(name)s” you must drop it.", name=deduction.name))

    def _move_to(self, target, sources, **values):
        """Change the state from one of ``sources``; the only place where it changes."""
        labels = selection_labels(self, "state")
        for deduction in self:
            if deduction.state not in sources:
                raise UserError(
                    self.env._(
                        "“%(name)s” is “%(state)s”; it cannot become “%(target)s”.",
                        name=deduction.name,
                        state=labels[deduction.state],
                        target=labels[target],
                    )
                )
        self._set_state(target, **values)
        for deduction in self:
            amount = deduction.currency_id.format(deduction.amount)
            deduction.renovation_id.sudo()._log(  # sudo: the payer answers in the portal, the history is the program's
                "deposit",
                self.env._(
                    "Deduction of %(amount)s, %(name)s: %(state)s",
                    amount=amount,
                    name=deduction.name,
                    state=labels[target],
                ),
                deduction.contest_reason if target == "contested" else None,
            )

    def action_propose(self):
        """Tell the payer amount, reason and evidence; he agrees or contests, and nothing is taken meanwhile."""
        for deduction in self:
            deduction._check_evidence()
            deduction._move_to("proposed", ("draft",), proposed_at=fields.Datetime.now(), contest_reason=False)
            deduction.renovation_id._notify(
                "deduction",
                key=f"{deduction.id}-{deduction.proposed_at}",
                partner=deduction.deposit_id.partner_id,
                amount=deduction.currency_id.format(deduction.amount),
                reason=deduction.name,
            )

    def action_revise(self):
        """Back to preparation: another amount or better evidence, then proposed again."""
        self._move_to("draft", ("proposed", "contested"), agreed_by=False)

    def action_agree(self):
        """Record the payer's consent given on paper; evidence and his written consent must be attached."""
        for deduction in self:
            deduction._check_evidence()
            if not deduction.consent_attachment_ids:
                raise UserError(
                    self.env._("To deduct “%(name)s” you must attach the payer's written consent.", name=deduction.name)
                )
            deduction._move_to(
                "agreed",
                ("draft", "proposed", "contested"),
                agreed_at=fields.Datetime.now(),
                agreed_by=deduction.deposit_id.partner_id.name,
                agreed_online=False,
            )

    def _agree_online(self, name):
        """The payer agrees himself, by his name, in the portal or on the contractor's page.

        :param name: his name as he wrote it
        """
        self.ensure_one()
        name = (name or "").strip()[:100]
        if not name:
            raise UserError(self.env._("Please write your name to agree."))
        self._move_to("agreed", ("proposed",), agreed_at=fields.Datetime.now(), agreed_by=name, agreed_online=True)

    def action_contest(self):
        """Record that the payer does not agree: nothing is deducted. His words go into the log of the deduction."""
        self._move_to("contested", ("draft", "proposed", "agreed"), contested_at=fields.Datetime.now(), agreed_at=False)

    def _contest(self, reason):
        """The payer objects in his own words; somebody of the staff answers him.

        :param reason: his words
        """
        self.ensure_one()
        reason = (reason or "").strip()[:2000]
        if not reason:
            raise UserError(self.env._("Please write why you do not agree."))
        self._move_to("contested", ("proposed",), contested_at=fields.Datetime.now(), contest_reason=reason)
        self.renovation_id._schedule_todo(
            self.env._("The payer contests a deduction: %(name)s", name=self.name), self.property_id._today()
        )

    def action_cancel(self):
        """Drop the proposal."""
        self._move_to("cancelled", ("draft", "proposed", "agreed", "contested"))

    def _lapse(self):
        """The deposit is paid back: what the payer has not agreed to by then is not taken."""
        for deduction in self:
            deduction._move_to("cancelled", ("draft", "proposed"))

    def _check_evidence(self):
        if not self.attachment_ids:
            raise UserError(self.env._("To deduct “%(name)s” you must attach evidence.", name=self.name))

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
