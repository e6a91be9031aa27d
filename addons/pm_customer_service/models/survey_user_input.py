from odoo import models


class SurveyUserInput(models.Model):
    """A completed answer is a returned questionnaire."""

    _inherit = "survey.user_input"

    def _mark_done(self):
        result = super()._mark_done()
        # sudo: the customer who answers has no rights on our list
        self.env["pm.survey.invitation"].sudo().search([("user_input_id", "in", self.ids)])._mark_returned()
        return result
