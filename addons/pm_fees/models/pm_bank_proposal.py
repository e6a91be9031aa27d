from odoo import api, fields, models
from odoo.exceptions import UserError

# Bank lines in one booking: what Odoo does for an entry costs as much for one as for a dozen.
BOOKED_AT_ONCE = 100
REASONS = [
    ("reference", "Payment reference"),
    ("account", "Known payer account"),
    ("name", "Payer name"),
    ("remark", "Unit in the remark"),
    ("amount", "Amount"),
]


class PmBankProposal(models.Model):
    """What a bank line may pay, and why the matching thinks so; an accountant accepts or rejects it.

    States: proposed → accepted | rejected | superseded (another proposal of the line was accepted).
    The matching writes all of it: a payer or an amount changed by hand would be booked with a reason that is not true.
    """

    _name = "pm.bank.proposal"
    _description = "Bank Match Proposal"
    _inherit = ["pm.program.fields"]
    _order = "statement_line_id desc, rank, id"
    _rec_name = "partner_id"
    _program_fields = frozenset(
        {
            "statement_line_id",
            "key",
            "rank",
            "reason",
            "reason_text",
            "property_id",
            "company_id",
            "partner_id",
            "line_ids",
            "amount",
            "credit_amount",
            "state",
        }
    )

    # The key names reason, payer and property, so matching twice proposes once and what was rejected stays rejected.
    _key_unique = models.UniqueIndex("(statement_line_id, key)", "The bank line already has this proposal.")

    statement_line_id = fields.Many2one(
        "account.bank.statement.line", "Bank Line", required=True, readonly=True, ondelete="cascade"
    )
    date = fields.Date(related="statement_line_id.date")
    payment_ref = fields.Char(related="statement_line_id.payment_ref")
    partner_name = fields.Char(related="statement_line_id.partner_name", string="Paid By")
    bank_amount = fields.Monetary(related="statement_line_id.amount", string="Bank Amount")
    key = fields.Char(required=True, readonly=True)
    rank = fields.Integer(readonly=True)
    reason = fields.Selection(REASONS, required=True, readonly=True)
    reason_text = fields.Char("Why", readonly=True, translate=False)
    property_id = fields.Many2one("pm.property", required=True, index=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one("res.partner", "Payer", required=True, readonly=True)
    line_ids = fields.One2many("pm.bank.proposal.line", "proposal_id", readonly=True)
    unit_names = fields.Char("Units", compute="_compute_unit_names")
    amount = fields.Monetary("Pays", readonly=True)
    credit_amount = fields.Monetary("Kept as Credit", readonly=True)
    state = fields.Selection(
        [
            ("proposed", "Proposed"),
            ("accepted", "Accepted"),
            ("rejected", "Rejected"),
            ("superseded", "Another was accepted"),
        ],
        required=True,
        default="proposed",
        readonly=True,
    )

    @api.depends("line_ids.charge_id.unit_id")
    def _compute_unit_names(self):
        for proposal in self:
            proposal.unit_names = "、".join(proposal.line_ids.charge_id.unit_id.mapped("name"))

    def action_accept(self):
        """Book the bank lines as proposed, many together; when one cannot be booked, none is.

        What no longer fits what is owed, because somebody has paid meanwhile (the same payer by another of these lines,
        for one), is not booked but matched anew.

        :return: the notice about those that are to be looked at again, or None
        :raises UserError: the first that cannot be booked, and why
        """
        self.check_access("write")
        outdated = self.browse()
        for batch in self._batches():
            if any(proposal.state != "proposed" for proposal in batch):
                raise UserError(self.env._("To accept a proposal it must still be open."))
            fitting = batch.filtered(lambda proposal: proposal._fits())
            outdated += batch - fitting
            if fitting:
                fitting.statement_line_id._pm_accept(fitting)
        return outdated._match_anew(len(self) - len(outdated)) if outdated else None

    def _fits(self):
        """Whether each charge still owes at least what this proposal pays of it."""
        self.ensure_one()
        return all(
            line.charge_id.state == "posted"
            and self.currency_id.compare_amounts(line.amount, line.charge_id.residual) <= 0
            for line in self.line_ids
        )

    def _says(self, candidate):
        """Whether this proposal tells the same as a candidate of the matching (see `_pm_candidate`)."""
        self.ensure_one()
        allocation = candidate["allocation"]
        return (
            self.reason_text == candidate["text"]
            and [line.charge_id for line in self.line_ids] == [charge for charge, _amount in allocation]
            and not any(
                self.currency_id.compare_amounts(line.amount, amount)
                for line, (_charge, amount) in zip(self.line_ids, allocation, strict=True)
            )
        )

    def _match_anew(self, accepted):
        """Match the lines of outdated proposals again, and say so.

        :param int accepted: number of proposals that were booked beside them
        """
        count = len(self)
        self.statement_line_id._pm_match()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "message": self.env._(
                    "%(accepted)s accepted. Of %(count)s less is owed by now than was proposed: their bank lines were matched anew, look at them again.",
                    accepted=accepted,
                    count=count,
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _batches(self):
        """The proposals so many at a time as are booked at once, no payer and no bank line twice in a batch."""
        batch = self.browse()
        for proposal in self:
            if (
                len(batch) >= BOOKED_AT_ONCE
                or proposal.partner_id in batch.partner_id
                or proposal.statement_line_id in batch.statement_line_id
            ):
                yield batch
                batch = self.browse()
            batch += proposal
        if batch:
            yield batch

    def action_reject(self):
        self.check_access("write")
        for proposal in self:
            if proposal.state != "proposed":
                raise UserError(self.env._("To reject a proposal it must still be open."))
            proposal._decide("rejected")

    def _decide(self, state):
        self.sudo().state = state  # sudo: _program_fields


class PmBankProposalLine(models.Model):
    """One charge of a proposal and the part of the money that it gets."""

    _name = "pm.bank.proposal.line"
    _description = "Bank Match Proposal Line"

    proposal_id = fields.Many2one("pm.bank.proposal", required=True, index=True, ondelete="cascade")
    property_id = fields.Many2one(related="proposal_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="proposal_id.company_id", store=True)
    currency_id = fields.Many2one(related="proposal_id.currency_id")
    charge_id = fields.Many2one("pm.charge", required=True, ondelete="cascade")
    due_date = fields.Date(related="charge_id.due_date")
    residual = fields.Monetary(related="charge_id.residual")
    amount = fields.Monetary(required=True)
