from odoo import api, fields, models
from odoo.exceptions import UserError


class PmFollowupAnswer(models.Model):
    """What the customer answered to one question of the questionnaire. Part of the follow-up: written once, with it."""

    _name = "pm.followup.answer"
    _description = "Follow-up Answer"
    _order = "followup_id desc, sequence, id"
    _rec_name = "question_id"

    _once = models.UniqueIndex("(followup_id, question_id)", "A question is answered once at a follow-up.")
    _question_index = models.Index("(question_id, property_id)")

    followup_id = fields.Many2one("pm.followup", required=True, ondelete="cascade", index=True)
    question_id = fields.Many2one("pm.followup.question", required=True, ondelete="restrict")
    sequence = fields.Integer(related="question_id.sequence", store=True)
    kind = fields.Selection(related="question_id.kind")
    property_id = fields.Many2one(related="followup_id.property_id", store=True)
    company_id = fields.Many2one(related="followup_id.company_id", store=True)
    type_id = fields.Many2one(related="followup_id.type_id", store=True)
    date = fields.Datetime(related="followup_id.date", store=True)
    yes_no = fields.Selection([("yes", "Yes"), ("no", "No")], string="Yes / No")
    score = fields.Selection([(str(n), str(n)) for n in range(1, 6)])
    words = fields.Char(string="In Words")
    value = fields.Float(
        compute="_compute_value",
        store=True,
        aggregator="avg",
        digits=(5, 2),
        help="For averages: the score, or 1 for yes and 0 for no.",
    )
    is_answered = fields.Boolean(compute="_compute_value", store=True)

    @api.depends("yes_no", "score", "words", "question_id.kind")
    def _compute_value(self):
        for answer in self:
            if answer.kind == "score":
                answer.value, answer.is_answered = int(answer.score or 0), bool(answer.score)
            elif answer.kind == "yes_no":
                answer.value, answer.is_answered = answer.yes_no == "yes", bool(answer.yes_no)
            else:
                answer.value, answer.is_answered = 0, bool((answer.words or "").strip())

    @api.model_create_multi
    def create(self, vals_list):
        # The right to create lets the form be filled in; the rows themselves are written by the follow-up only.
        if not self.env.su:
            raise UserError(self.env._("Answers are recorded together with their follow-up."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            raise UserError(
                self.env._("A follow-up is a record of what was said: write another one instead of changing it.")
            )
        return super().write(vals)
