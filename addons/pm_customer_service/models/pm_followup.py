from odoo import api, fields, models
from odoo.exceptions import UserError

METHODS = [
    ("phone", "Phone"),
    ("visit", "Visit"),
    ("message", "Message"),
    ("portal", "Portal"),
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

    @api.model_create_multi
    def create(self, vals_list):
        """Record follow-ups and carry out what follows: satisfied → followed up, dissatisfied → reopened, not reached → still due.

        :raises UserError: where the ticket is not finished, or a dissatisfied customer's words are missing
        """
        followups = super().create(vals_list)
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
                    ticket.customer_opinion = followup.words[:20000]
                if ticket.state == "handled":
                    # Whoever gives an opinion on the result knows it.
                    if not ticket.fed_back_at:
                        ticket._record_feedback(followup.user_id)
                    ticket._transition("followed_up")
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
        return followups

    def write(self, vals):
        if not self.env.su and vals.keys() - {"words"}:
            raise UserError(
                self.env._("A follow-up is a record of what was said: write another one instead of changing it.")
            )
        return super().write(vals)
