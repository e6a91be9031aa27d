from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.pm_base.models.pm_program_fields import without_defaults

from .pm_ticket import MAX_TEXT

METHODS = [
    ("phone", "Phone"),
    ("visit", "Visit"),
    ("message", "Message"),
    ("portal", "Portal"),
    ("rating", "Rating link"),
]
ANSWERS = [
    ("satisfied", "Satisfied"),
    ("dissatisfied", "Dissatisfied"),
    ("unreachable", "Not reached"),
]


class PmFollowup(models.Model):
    """A follow-up (回访) of a handled ticket: who asked, when, how, and what the customer said. Source: S0-118, S0-83, S4-06."""

    _name = "pm.followup"
    _description = "Follow-up"
    _order = "date desc, id desc"
    _rec_name = "ticket_id"

    _ticket_index = models.Index("(ticket_id, date)")

    ticket_id = fields.Many2one(
        "pm.ticket", required=True, ondelete="cascade", domain="[('state', 'in', ('handled', 'followed_up', 'closed'))]"
    )
    property_id = fields.Many2one(related="ticket_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="ticket_id.company_id", store=True)
    type_id = fields.Many2one(related="ticket_id.type_id", store=True)
    unit_id = fields.Many2one(related="ticket_id.unit_id", store=True)
    partner_id = fields.Many2one(related="ticket_id.partner_id", store=True)
    contact_phone = fields.Char(related="ticket_id.contact_phone")
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    user_id = fields.Many2one(
        "res.users",
        string="Asked By",
        default=lambda self: self.env.user,
        readonly=True,
        help="Empty: the customer by himself.",
    )
    method = fields.Selection(METHODS, required=True, default="phone")
    satisfied = fields.Selection(ANSWERS, string="Answer", required=True)
    words = fields.Text(string="Customer's Words")
    answer_ids = fields.One2many("pm.followup.answer", "followup_id", string="Questionnaire")

    @api.constrains("words")
    def _check_length(self):
        for followup in self:
            if len(followup.words or "") > MAX_TEXT:
                raise ValidationError(self.env._("The text is too long. Attach a file instead."))

    @api.onchange("ticket_id")
    def _onchange_ticket_id(self):
        """Lay out the questionnaire of the ticket's type."""
        questions = self.env["pm.followup.question"]._for_type(self.ticket_id.type_id) if self.ticket_id else []
        self.answer_ids = [Command.clear(), *(Command.create({"question_id": question.id}) for question in questions)]

    @api.model_create_multi
    def create(self, vals_list):
        """Record follow-ups and carry out what follows: satisfied → followed up, dissatisfied → reopened, not reached → still due.

        :raises UserError: where the ticket is not finished, a dissatisfied customer's words or a required answer are missing
        """
        if not self.env.su:
            # Who asked is who records it; that the customer answered by himself is the program's to say.
            self = without_defaults(self, {"user_id"})  # noqa: PLW0642
            vals_list = [{**vals, "user_id": self.env.uid} for vals in vals_list]
        answers = [vals.get("answer_ids") or [] for vals in vals_list]
        followups = super().create([{k: v for k, v in vals.items() if k != "answer_ids"} for vals in vals_list])
        followups._record_answers(answers)
        for followup in followups:
            ticket = followup.ticket_id
            if ticket.state not in ("handled", "followed_up", "closed"):
                raise UserError(
                    self.env._("%(ticket)s: to follow up you must finish the ticket first.", ticket=ticket.number)
                )
            if followup.date > fields.Datetime.now():
                raise UserError(self.env._("%(ticket)s: a follow-up cannot lie in the future.", ticket=ticket.number))
            if followup.satisfied == "satisfied":
                ticket._write_protected({"satisfied": True})
                if followup.words:
                    ticket.customer_opinion = followup.words[:MAX_TEXT]
                if ticket.state == "handled":
                    # Whoever gives an opinion on the result knows it.
                    if not ticket.fed_back_at:
                        ticket._record_feedback(followup.user_id)
                    ticket._transition("followed_up")
                else:
                    followup._settle_closed()
            elif followup.satisfied == "dissatisfied":
                if not (followup.words or "").strip():
                    raise UserError(
                        self.env._(
                            "%(ticket)s: to record a dissatisfied customer you must write what he said.",
                            ticket=ticket.number,
                        )
                    )
                ticket._write_protected({"satisfied": False})
                ticket._meet_deadline("followup", followup.date)
                ticket.action_reopen(followup.words)
            else:
                followup._give_up()
        return followups

    def _record_answers(self, commands_list):
        """Write the questionnaires; ``commands_list`` holds the commands of ``answer_ids``, one list a follow-up."""
        vals_list = []
        for followup, commands in zip(self, commands_list, strict=True):
            rows = [command[2] for command in commands if command[0] == Command.CREATE]
            if any(command[0] not in (Command.CREATE, Command.CLEAR) for command in commands):
                raise UserError(self.env._("Answers are recorded together with their follow-up."))
            vals_list += [
                {
                    "followup_id": followup.id,
                    **{name: row.get(name) for name in ("question_id", "yes_no", "score", "words")},
                }
                for row in rows
            ]
        # sudo: nobody may write answers by themselves, the follow-up they belong to was allowed just now
        created = self.env["pm.followup.answer"].sudo().create(vals_list)
        # What was left blank was not asked.
        created.filtered(lambda answer: not answer.is_answered).unlink()
        for followup in self.filtered(lambda followup: followup.user_id and followup.satisfied != "unreachable"):
            questions = self.env["pm.followup.question"]._for_type(followup.type_id).filtered("required")
            missing = questions - followup.answer_ids.question_id
            if missing:
                raise UserError(
                    self.env._(
                        "%(ticket)s: to record the follow-up you must ask: %(question)s",
                        ticket=followup.ticket_id.number,
                        question=missing[0].name,
                    )
                )

    def _settle_closed(self):
        """A ticket drawn for the sample after it was closed is followed up as well, and stays closed."""
        ticket = self.ticket_id
        if ticket.state == "closed" and ticket.needs_followup and not ticket.followed_up_at:
            ticket._write_protected({"followed_up_at": self.date})
            ticket._deadline_event("followed_up", self.date)
            ticket.activity_feedback(["pm_customer_service.mail_activity_type_followup"])

    def _give_up(self):
        """Tried on enough days without reaching the customer: the call is no longer due, and never counts as made."""
        ticket = self.ticket_id
        limit = ticket.type_id.followup_attempts
        tries = ticket.followup_ids.filtered(
            lambda followup: followup.satisfied == "unreachable"
            and followup.date >= (ticket.handled_at or followup.date)
        )
        if limit and ticket.needs_followup and not ticket.followed_up_at:
            days = {ticket.property_id._local_date(followup.date) for followup in tries}
            if len(days) >= limit:
                ticket._write_protected({"followed_up_at": self.date})
                ticket._cancel_deadlines("followup", self.env._("The customer could not be reached."))
                ticket.activity_unlink(["pm_customer_service.mail_activity_type_followup"])
                ticket.message_post(
                    body=self.env._("The customer could not be reached on %s days: no further call is due.", len(days)),
                    subtype_xmlid="mail.mt_note",
                )

    def write(self, vals):
        if not self.env.su and vals.keys() - {"words"}:
            raise UserError(
                self.env._("A follow-up is a record of what was said: write another one instead of changing it.")
            )
        return super().write(vals)
