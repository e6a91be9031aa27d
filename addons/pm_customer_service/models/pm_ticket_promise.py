from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .pm_escalation_rule import LADDER
from .pm_promise_authority import KINDS
from .pm_ticket import MAX_TEXT, OPEN_STATES

WORDS = {"name", "kind", "amount", "date_due", "reason", "ticket_id"}


class PmTicketPromise(models.Model):
    """Something promised to the customer of a ticket: money, a free service, another undertaking. Source: S3-41, S1-16.

    ===========  ==================================================================================
    draft        written down, not yet said to the customer
    to_approve   above the author's authority; the customer has a date for the answer meanwhile
    approved     may be said; its clock runs to the promised moment
    refused      not granted, with the reason
    kept         fulfilled; what was done is on record
    withdrawn    given up with the reason, or the customer declined it
    ===========  ==================================================================================

    How much a role may promise by itself is ``pm.promise.authority``. Nobody approves what he asked for.
    """

    _name = "pm.ticket.promise"
    _description = "Promise to a Customer"
    _inherit = ["pm.steps", "pm.deadline.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _program_fields = frozenset({"state", "requested_by_id", "requested_at", "decided_by_id", "decided_at", "kept_at"})
    _transitions = {
        ("draft", "to_approve"): "_guard_asked",
        ("draft", "approved"): "_guard_own_authority",
        ("to_approve", "approved"): "_guard_decided",
        ("to_approve", "refused"): "_guard_refused",
        ("approved", "kept"): "_guard_kept",
        ("draft", "withdrawn"): "_guard_withdrawn",
        ("to_approve", "withdrawn"): "_guard_withdrawn",
        ("approved", "withdrawn"): "_guard_withdrawn",
    }

    _ticket_index = models.Index("(ticket_id, state)")
    _waiting_index = models.Index("(property_id) WHERE state = 'to_approve'")
    _amount_positive = models.Constraint("CHECK (amount >= 0)", "What is promised cannot be worth less than nothing.")

    name = fields.Char(string="Promise", required=True, tracking=True)
    ticket_id = fields.Many2one("pm.ticket", required=True, ondelete="cascade")
    property_id = fields.Many2one(related="ticket_id.property_id", store=True, index=True, precompute=True)
    company_id = fields.Many2one(related="property_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(related="ticket_id.partner_id")
    kind = fields.Selection(KINDS, required=True, default="compensation", tracking=True)
    amount = fields.Monetary(string="Worth", tracking=True, help="What it costs us.")
    date_due = fields.Datetime(string="To Be Kept By", required=True, tracking=True)
    reason = fields.Text(required=True, help="Why it is promised: what went wrong.")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("to_approve", "To approve"),
            ("approved", "May be given"),
            ("refused", "Refused"),
            ("kept", "Kept"),
            ("withdrawn", "Withdrawn"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    within_authority = fields.Boolean(compute="_compute_within_authority", string="Within My Authority")
    requested_by_id = fields.Many2one("res.users", string="Requested By", readonly=True, copy=False)
    requested_at = fields.Datetime(readonly=True, copy=False)
    decided_by_id = fields.Many2one("res.users", string="Decided By", readonly=True, copy=False)
    decided_at = fields.Datetime(readonly=True, copy=False)
    decision_reason = fields.Text(string="Why Refused or Withdrawn", copy=False)
    result = fields.Text(string="How It Was Kept", copy=False)
    kept_at = fields.Datetime(readonly=True, copy=False)

    @api.depends_context("uid")
    @api.depends("kind", "amount", "ticket_id")
    def _compute_within_authority(self):
        authority = self.env["pm.promise.authority"]
        for promise in self:
            company = promise.company_id or self.env.company
            promise.within_authority = authority._is_enough(self.env.user, promise.kind, promise.amount, company)

    @api.depends("name", "ticket_id.number")
    def _compute_display_name(self):
        for promise in self:
            promise.display_name = f"{promise.ticket_id.number or ''} {promise.name or ''}".strip()

    @api.constrains("name", "reason", "result", "decision_reason")
    def _check_length(self):
        for promise in self:
            texts = (promise.reason, promise.result, promise.decision_reason)
            if len(promise.name) > 250 or max(len(text or "") for text in texts) > MAX_TEXT:
                raise UserError(self.env._("The text is too long. Attach a file instead."))

    @api.model_create_multi
    def create(self, vals_list):
        promises = super().create(vals_list)
        promises.ticket_id.check_access("write")
        # sudo: who asks is the program's to write
        promises.sudo().requested_by_id = self.env.uid
        return promises

    def write(self, vals):
        if not self.env.su and WORDS & vals.keys():
            if any(promise.state != "draft" for promise in self):
                raise UserError(self.env._("A promise that was approved or refused stays as it is: write another one."))
            # sudo: whoever changes it is who asks for it
            self.sudo().requested_by_id = self.env.uid
        result = super().write(vals)
        if "ticket_id" in vals:
            self.ticket_id.check_access("write")
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if not self.env.su and any(promise.state != "draft" for promise in self):
            raise UserError(self.env._("Only a draft is deleted: withdraw the promise with the reason."))

    def _get_deadline_user(self):
        return self.ticket_id.user_id or self.requested_by_id

    def _get_agreed_due(self, kind):
        return self.date_due

    def _get_escalation_users(self, role):
        return self.ticket_id._get_escalation_users(role)

    # Guards

    def _guard_open(self):
        self._require(self.ticket_id.state not in ("closed", "invalid", "cancelled"), self.env._("the ticket is over."))
        self._require(
            self.date_due > fields.Datetime.now(), self.env._("the moment by which it is to be kept has passed.")
        )
        self._require(
            self.kind == "undertaking" or self.amount > 0, self.env._("to promise it you must say what it is worth.")
        )

    def _guard_asked(self):
        self._guard_open()
        promised = self.ticket_id.promised_date
        self._require(
            self.ticket_id.state not in OPEN_STATES or (promised and promised > fields.Datetime.now()),
            self.env._(
                "it is above your authority. Agree with the customer when he hears from you (“Agreed Time” of the ticket),"
                " then ask for approval (S1-16)."
            ),
        )

    def _guard_own_authority(self):
        self._guard_open()
        self._require(
            self.within_authority or self.env.su, self.env._("it is above your authority: ask for approval (S3-41).")
        )

    def _guard_decided(self):
        self._guard_open()
        self._check_may_decide()

    def _check_may_decide(self):
        if self.env.su:
            return
        if self.env.user == self.requested_by_id:
            raise AccessError(
                self.env._("%s: you asked for this yourself, somebody else must decide.", self.display_name)
            )
        if not self.within_authority:
            raise AccessError(
                self.env._("%s: this is above your authority, somebody with more must decide.", self.display_name)
            )

    def _guard_refused(self):
        self._check_may_decide()
        self._require((self.decision_reason or "").strip(), self.env._("to refuse it you must give the reason."))

    def _guard_kept(self):
        self._require((self.result or "").strip(), self.env._("to report it as kept you must write how."))

    def _guard_withdrawn(self):
        self._require((self.decision_reason or "").strip(), self.env._("to withdraw it you must give the reason."))

    # Steps

    def action_submit(self):
        """Give the promise within one's own authority, or ask somebody who has more."""
        now = fields.Datetime.now()
        for promise in self:
            if promise.within_authority:
                promise._transition("approved", requested_at=now, decided_by_id=self.env.uid, decided_at=now)
                promise._start_deadline("promise", now)
                promise._tell_ticket(self.env._("Promised to the customer: %s", promise.name))
            else:
                promise._transition("to_approve", requested_at=now)
                promise._ask()

    def action_approve(self):
        now = fields.Datetime.now()
        for promise in self:
            promise._transition("approved", decided_by_id=self.env.uid, decided_at=now)
            promise._start_deadline("promise", now)
            promise._answer(self.env._("Approved, the customer may be told: %s", promise.name))

    def action_refuse(self):
        for promise in self:
            promise._transition("refused", decided_by_id=self.env.uid, decided_at=fields.Datetime.now())
            promise._answer(
                self.env._(
                    "Refused: %(promise)s. %(reason)s", promise=promise.name, reason=promise.decision_reason.strip()
                )
            )

    def action_keep(self):
        now = fields.Datetime.now()
        for promise in self:
            promise._transition("kept", kept_at=now)
        self._meet_deadline("promise", now)

    def action_withdraw(self):
        for promise in self:
            promise._transition("withdrawn")
            promise._cancel_deadlines(reason=promise.decision_reason)
            # sudo: what was asked of the superior is his activity
            promise.sudo().activity_unlink(["mail.mail_activity_data_todo"])

    def _approvers(self):
        """Return those of the lowest level of the property whose authority is enough, without who asks."""
        self.ensure_one()
        rules, authority = self.env["pm.escalation.rule"], self.env["pm.promise.authority"]
        for role in LADDER[LADDER.index("supervisor") :]:
            users = rules._get_property_users(self.property_id, role).filtered("active") - self.requested_by_id
            users = users.filtered(lambda user: authority._is_enough(user, self.kind, self.amount, self.company_id))
            if users:
                return users
        return self.env["res.users"]

    def _ask(self):
        approvers = self._approvers()
        self._require(
            approvers,
            self.env._("nobody of the property may approve it: a manager must set the authorities to promise."),
        )
        # sudo: who asks may not plan the work of his superiors
        self.sudo().with_context(mail_activity_quick_update=True)._schedule_for(approvers)
        self._tell_ticket(self.env._("Approval asked for a promise: %s", self.name))

    def _schedule_for(self, users):
        for user in users:
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=user.id,
                summary=self.with_context(lang=user.lang).env._("Decide about a promise: %s", self.name),
            )

    def _answer(self, words):
        # sudo: the activities of the others who were asked are done as well
        self.sudo().activity_feedback(["mail.mail_activity_data_todo"])
        self._tell_ticket(words, self.requested_by_id.partner_id)

    def _tell_ticket(self, words, partners=None):
        # sudo: who decides may not handle the ticket; the note is signed by him
        self.ticket_id.sudo().message_post(
            body=words,
            subtype_xmlid="mail.mt_note",
            author_id=self.env.user.partner_id.id,
            partner_ids=partners.ids if partners else [],
        )


class PmTicket(models.Model):
    _inherit = "pm.ticket"

    promise_ids = fields.One2many("pm.ticket.promise", "ticket_id", string="Promises", copy=False)

    def _guard_closed(self):
        super()._guard_closed()
        # sudo: whether something promised is still owed is asked of whoever closes
        pending = self.sudo().promise_ids.filtered(lambda promise: promise.state in ("draft", "to_approve", "approved"))
        self._require(
            not pending,
            self.env._(
                "to close it, what was promised must be kept or withdrawn: %s", ", ".join(pending.mapped("name"))
            ),
        )
