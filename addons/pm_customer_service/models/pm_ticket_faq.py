from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .pm_ticket import OPEN_STATES


class PmTicket(models.Model):
    """A ticket finds its answer in the Q&A base, and gives new ones to it."""

    _inherit = "pm.ticket"

    faq_id = fields.Many2one(
        "pm.faq", string="Answered With", copy=False, index="btree_not_null", readonly=True, ondelete="set null"
    )
    suggested_faq_ids = fields.Many2many("pm.faq", compute="_compute_suggested_faq_ids", string="Answers and Cases")
    written_faq_ids = fields.One2many("pm.faq", "ticket_id", string="Written From It")

    @api.model
    def _get_protected(self):
        return super()._get_protected() | {"faq_id"}

    @api.depends("name", "category_id", "property_id", "type_id")
    def _compute_suggested_faq_ids(self):
        faqs = self.env["pm.faq"]
        for ticket in self:
            if ticket.state not in OPEN_STATES or not faqs.has_access("read"):
                ticket.suggested_faq_ids = faqs
                continue
            domain = Domain("state", "=", "approved") & Domain("property_id", "in", [False, ticket.property_id.id])
            # The instruction for the category comes first, whatever the words are (S0-95).
            instruction = ticket.category_id.instruction_id or ticket.type_id.instruction_id
            ticket.suggested_faq_ids = instruction.filtered(lambda faq: faq.state == "approved") | faqs._suggest(
                ticket.name, domain, ticket.category_id
            )

    def _use_answer(self, faq):
        """Take the answer's text as the explanation given to the customer."""
        self.ensure_one()
        self._require(self.state in OPEN_STATES, self.env._("to answer it the ticket must be open."))
        if faq.state != "approved":
            raise UserError(self.env._("“%s” is not approved: it cannot be given to customers.", faq.name))
        vals = {}
        if not (self.explanation or "").strip():
            vals["explanation"] = faq._plain_answer()
        if not self.outcome:
            vals["outcome"] = "explained"
        self.write(vals)
        self._write_protected({"faq_id": faq.id})

    def action_new_faq(self):
        """Write an answer for the Q&A base from this ticket (S1-42)."""
        return self._action_new_answer("qa")

    def action_new_case(self):
        """Record this ticket as a typical case (S0-19)."""
        return self._action_new_answer("case")

    def _action_new_answer(self, kind):
        self.ensure_one()
        self.check_access("read")
        texts = filter(None, [self.solution, self.explanation, self.decision_reason])
        # What was done is often what was explained, word for word: once is enough.
        lines = dict.fromkeys(line for text in texts for line in text.splitlines() if line)
        faq = self.env["pm.faq"].create(
            {
                "kind": kind,
                "name": self.name,
                "answer": Markup().join(Markup("<p>%s</p>") % line for line in lines),
                "category_id": self.category_id.id,
                "property_id": self.property_id.id,
            }
        )
        faq.sudo().ticket_id = self  # sudo: which ticket it came from is the program's
        return faq._action_form()


class PmTicketCategory(models.Model):
    _inherit = "pm.ticket.category"

    instruction_id = fields.Many2one(
        "pm.faq",
        string="Work Instruction",
        domain="[('kind', '=', 'instruction'), ('state', '=', 'approved')]",
        help="How requests of this kind are handled; shown on the ticket (S0-95).",
    )


class PmTicketType(models.Model):
    _inherit = "pm.ticket.type"

    instruction_id = fields.Many2one(
        "pm.faq",
        string="Work Instruction",
        domain="[('kind', '=', 'instruction'), ('state', '=', 'approved')]",
        help="How requests of this type are handled, unless their category has its own (S0-95).",
    )
