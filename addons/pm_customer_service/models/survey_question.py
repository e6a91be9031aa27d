from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SurveyQuestion(models.Model):
    """A matrix question that measures what customers think of our services, or how much they care (S3-47)."""

    _inherit = "survey.question"

    pm_measure = fields.Selection(
        [("satisfaction", "Satisfaction"), ("importance", "Importance")],
        string="Measures",
        help="Rows are dimensions of the service, columns are points from 1 to 5; the evaluation reads them (S3-47).",
    )

    @api.constrains("pm_measure", "question_type")
    def _check_measure(self):
        for question in self:
            if question.pm_measure and question.question_type != "matrix":
                raise ValidationError(
                    self.env._("%s: to measure the dimensions of the service it must be a matrix.", question.title)
                )


class SurveyQuestionAnswer(models.Model):
    _inherit = "survey.question.answer"

    pm_dimension_id = fields.Many2one(
        "pm.survey.dimension", string="Dimension", ondelete="restrict", help="What the row of a matrix asks about."
    )
    pm_points = fields.Integer(
        string="Points", help="What the column of a matrix is worth, from 1 to 5; 0: no opinion."
    )

    _pm_points_range = models.Constraint(
        "CHECK (pm_points IS NULL OR pm_points BETWEEN 0 AND 5)", "Points go from 1 to 5; 0 stands for no opinion."
    )
