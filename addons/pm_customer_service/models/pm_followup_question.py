from odoo import fields, models
from odoo.fields import Domain

KINDS = [
    ("yes_no", "Yes or no"),
    ("score", "Score from 1 to 5"),
    ("text", "In words"),
]


class PmFollowupQuestion(models.Model):
    """A question put at a follow-up, beside the main one whether the customer is satisfied. Source: S4-41, S1-84."""

    _name = "pm.followup.question"
    _description = "Follow-up Question"
    _order = "sequence, id"

    name = fields.Char(string="Question", required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(KINDS, string="Answered With", required=True, default="yes_no")
    type_ids = fields.Many2many("pm.ticket.type", string="Asked For", help="Empty: asked for tickets of every type.")
    required = fields.Boolean(help="A customer who was reached must be asked this.")
    source = fields.Char(help="Requirement id the question comes from.")

    def _for_type(self, kind):
        """Return the questions put for tickets of the type ``kind`` (``pm.ticket.type``), in order."""
        return self.search(Domain("type_ids", "=", False) | Domain("type_ids", "in", kind.ids))
