from odoo import fields, models


class SurveyUserInput(models.Model):
    """A completed answer is a returned questionnaire."""

    _inherit = "survey.user_input"

    pm_invitation_ids = fields.One2many(
        "pm.survey.invitation", "user_input_id", string="Questionnaire of a Household", readonly=True
    )

    def _mark_done(self):
        result = super()._mark_done()
        # sudo: the customer who answers has no rights on our list
        self.sudo().pm_invitation_ids._mark_returned()
        return result
