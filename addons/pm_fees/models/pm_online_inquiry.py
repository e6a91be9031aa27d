from odoo import api, fields, models
from odoo.exceptions import UserError

_WAITING = ("draft", "pending", "authorized")
_TODO = "mail.mail_activity_data_todo"


class PmOnlineInquiry(models.Model):
    """An online payment that its provider never answered (掉单), and what became of it.

    | state    | what may happen                                                                          |
    |----------|------------------------------------------------------------------------------------------|
    | open     | ask again; mark as paid, with the provider's number; mark as not paid, with what was seen |
    | answered | the provider has answered after all, and the program has booked or dropped the payment    |
    | paid     | the accountant found the money at the provider; receipt and ledger as if it had answered  |
    | unpaid   | no money there. An answer that comes still is booked: no money is lost                    |

    A confirmed payment that could not be booked, e.g. in a closed period, stands here, too.
    """

    _name = "pm.online.inquiry"
    _description = "Unanswered Online Payment"
    _inherit = ["pm.steps", "mail.thread", "mail.activity.mixin"]
    _order = "begun_on desc, id desc"
    _rec_name = "reference"
    _program_fields = frozenset({"state", "transaction_id", "decided_by", "decided_on"})
    _transitions = {
        ("open", "answered"): None,
        ("open", "paid"): ("pm_base.group_accountant", "_guard_paid"),
        ("open", "unpaid"): ("pm_base.group_accountant", "_guard_unpaid"),
        ("unpaid", "answered"): None,
    }

    _once = models.UniqueIndex("(transaction_id)", "This payment is looked into already.")

    transaction_id = fields.Many2one(
        "payment.transaction", "Online payment", required=True, readonly=True, ondelete="cascade"
    )
    reference = fields.Char(related="transaction_id.reference", store=True)
    property_id = fields.Many2one(related="transaction_id.pm_property_id", store=True, index=True)
    company_id = fields.Many2one(related="transaction_id.company_id", store=True)
    partner_id = fields.Many2one(related="transaction_id.partner_id", string="Payer", store=True)
    amount = fields.Monetary(related="transaction_id.amount", store=True)
    currency_id = fields.Many2one(related="transaction_id.currency_id", store=True)
    provider_id = fields.Many2one(related="transaction_id.provider_id", string="Provider", store=True)
    begun_on = fields.Datetime("Begun at", related="transaction_id.create_date", store=True)
    transaction_state = fields.Selection(related="transaction_id.state", string="What the provider said")
    payment_id = fields.Many2one(related="transaction_id.pm_payment_id", string="Receipt")
    bank_line_id = fields.Many2one(
        "account.bank.statement.line",
        "Found on the merchant bill",
        compute="_compute_bank_line_id",
        help="A line of an imported bill or statement that names this payment and its amount.",
    )
    proof = fields.Char(
        "Number at the provider", copy=False, tracking=True, help="The provider's own number of the payment."
    )
    note = fields.Char("What was found", copy=False, tracking=True)
    state = fields.Selection(
        [
            ("open", "Unanswered"),
            ("answered", "Answered later"),
            ("paid", "Marked as paid"),
            ("unpaid", "Marked as not paid"),
        ],
        required=True,
        default="open",
        readonly=True,
        copy=False,
        tracking=True,
    )
    decided_by = fields.Many2one("res.users", readonly=True, copy=False)
    decided_on = fields.Datetime("Decided at", readonly=True, copy=False)

    def _compute_bank_line_id(self):
        for inquiry in self:
            # sudo: whoever looks into online payments of his property sees the line that names one
            lines = self.env["account.bank.statement.line"].sudo()
            inquiry.bank_line_id = lines.search(
                [
                    ("company_id", "=", inquiry.company_id.id),
                    ("payment_ref", "like", inquiry.reference),
                    ("amount", "=", inquiry.amount),
                ],
                limit=1,
            )

    def write(self, vals):
        if not self.env.su and {"proof", "note"} & vals.keys() and any(inquiry.state != "open" for inquiry in self):
            raise UserError(self.env._("What was decided on an online payment does not change any more."))
        return super().write(vals)

    def _guard_paid(self):
        self._require((self.proof or "").strip(), self.env._("enter the provider's number of the payment."))

    def _guard_unpaid(self):
        self._require((self.note or "").strip(), self.env._("say what you found at the provider."))

    # Steps

    def action_ask(self):
        """Ask the provider again, and book what it has confirmed.

        :raises UserError: nothing new, and this provider cannot be asked by the program
        """
        for inquiry in self:
            inquiry._lock()
            # sudo: the accountant has no right on transactions; what he starts is the provider's answer, not his
            transaction = inquiry.sudo().transaction_id
            asked = transaction.state in _WAITING and transaction._pm_ask_provider()
            if transaction.state == "done" and not transaction.pm_payment_id:
                transaction._post_process()
            inquiry._close_answered()
            if inquiry.state == "open" and not asked:
                raise UserError(
                    self.env._(
                        "%(provider)s cannot be asked from here. Look payment %(reference)s up in its merchant console, then mark it as paid or not paid.",
                        provider=inquiry.provider_id.sudo().name,  # sudo: its name is no secret
                        reference=inquiry.reference,
                    )
                )

    def action_mark_paid(self):
        """The money is at the provider: book the payment as if it had answered."""
        for inquiry in self:
            inquiry._lock()
            inquiry._transition("paid", **self._decision())
            # sudo: see action_ask; role and number were checked
            transaction = inquiry.sudo().transaction_id
            transaction.provider_reference = transaction.provider_reference or inquiry.proof.strip()
            transaction._set_done(state_message=self.env._("Marked as paid by %s", self.env.user.name))
            transaction._post_process()
            inquiry.activity_feedback([_TODO])

    def action_mark_unpaid(self):
        """No money came. As an error and not a cancellation: should the provider confirm it after all, it is booked."""
        for inquiry in self:
            inquiry._lock()
            inquiry._transition("unpaid", **self._decision())
            # sudo: see action_ask
            inquiry.sudo().transaction_id._set_error(inquiry.note)
            inquiry.activity_feedback([_TODO])

    def _decision(self):
        return {"decided_by": self.env.uid, "decided_on": fields.Datetime.now()}

    def _lock(self):
        """Wait for the provider's message or a colleague who decides at this moment, then read anew."""
        self.ensure_one()
        self.check_access("write")
        self.sudo().transaction_id.lock_for_update()  # sudo: see action_ask
        self.lock_for_update()
        self.sudo().transaction_id.invalidate_recordset()
        self.invalidate_recordset(["state"])

    def _close_answered(self):
        answered = self.filtered(
            lambda inquiry: inquiry.state in ("open", "unpaid")
            # sudo: see action_ask
            and inquiry.sudo().transaction_id._pm_is_answered(unpaid=inquiry.state == "unpaid")
        ).sudo()
        answered._transition("answered")
        answered.activity_feedback([_TODO])

    # The job

    @api.model
    def _cron_find(self):
        """Open an inquiry for every payment that waits too long, close those that were answered meanwhile."""
        self.env["ir.cron"]._each_property(self._find, "unanswered online payments")

    def _find(self, prop):
        self.search([("property_id", "=", prop.id), ("state", "in", ("open", "unpaid"))])._close_answered()
        # sudo: a setting of the system
        minutes = int(self.env["ir.config_parameter"].sudo().get_param("pm_fees.online_unanswered_minutes") or 60)
        before = fields.Datetime.subtract(fields.Datetime.now(), minutes=minutes)
        waiting = self.env["payment.transaction"].search(
            [
                ("pm_property_id", "=", prop.id),
                ("pm_charge_ids", "!=", False),
                ("last_state_change", "<", before),
                ("pm_inquiry_ids", "=", False),
                "|",
                ("state", "in", _WAITING),
                "&",
                ("state", "=", "done"),
                ("pm_payment_id", "=", False),
            ]
        )
        inquiries = self.create([{"transaction_id": transaction.id} for transaction in waiting])
        for user in prop._staff(self.env.ref("pm_base.group_accountant"))[:1]:
            for inquiry in inquiries:
                inquiry.activity_schedule(
                    _TODO, user_id=user.id, summary=self.env._("The provider has not answered this online payment")
                )


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    pm_inquiry_ids = fields.One2many("pm.online.inquiry", "transaction_id", "Looked Into", readonly=True)

    def _pm_is_answered(self, unpaid=False):
        """Whether provider and program are done with it.

        :param bool unpaid: an accountant has given it up already: only money that came after all is an answer
        """
        self.ensure_one()
        return bool(self.pm_payment_id) if unpaid or self.state == "done" else self.state not in _WAITING

    def _pm_ask_provider(self):
        """Hook: have the provider tell the state of this payment now, and process what it says.

        A module of a provider that can be asked overrides it.

        :return: whether it was asked
        """
        self.ensure_one()
        return False
