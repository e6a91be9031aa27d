from odoo import api, fields, models
from odoo.tools import float_compare

QUADRANTS = [
    ("keep_up", "Keep up"),
    ("improve_first", "Improve first"),
    ("low_priority", "Low priority"),
    ("overkill", "Possible overkill"),
]
PRECISION = 6
LOWEST, HIGHEST = 1, 5
# The picture in its own units; the page scales it.
WIDTH, HEIGHT, MARGIN = 640, 420, 48


class PmSurveyScore(models.Model):
    """What one survey says about one dimension: satisfaction, importance, and the quadrant they lead to. Source: S3-47."""

    _name = "pm.survey.score"
    _description = "Score of a Dimension"
    _order = "round_id desc, sequence, id"
    _rec_name = "dimension_id"

    _once = models.UniqueIndex("(round_id, dimension_id)", "This dimension is evaluated already.")

    round_id = fields.Many2one("pm.survey.round", required=True, ondelete="cascade", string="Satisfaction Survey")
    property_id = fields.Many2one(related="round_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="round_id.company_id", store=True)
    period_start = fields.Date(related="round_id.period_start", store=True)
    dimension_id = fields.Many2one("pm.survey.dimension", required=True, ondelete="restrict")
    aspect = fields.Selection(related="dimension_id.aspect", store=True)
    sequence = fields.Integer(related="dimension_id.sequence", store=True)
    satisfaction = fields.Float(digits=(4, 2), aggregator="avg")
    importance = fields.Float(digits=(4, 2), aggregator="avg", help="0: was not asked.")
    weight = fields.Float(digits=(6, 2), aggregator=None)
    answers = fields.Integer(string="Answers Counted")
    dissatisfied = fields.Integer(help="Answers of one or two points (S3-22: attend to dissatisfaction).")
    quadrant = fields.Selection(QUADRANTS, help="By the averages of satisfaction and importance of the survey.")
    action_count = fields.Integer(string="Actions", compute="_compute_action_count")

    def _compute_action_count(self):
        counts = {
            (survey.id, dimension.id): count
            for survey, dimension, count in self.env["pm.improvement.action"]._read_group(
                [("round_id", "in", self.round_id.ids), ("state", "!=", "cancelled")],
                ["round_id", "dimension_id"],
                ["__count"],
            )
        }
        for score in self:
            score.action_count = counts.get((score.round_id.id, score.dimension_id.id), 0)

    def _means(self):
        """Return the mean importance and the mean satisfaction of the scores: where the axes cross."""
        return sum(self.mapped("importance")) / len(self), sum(self.mapped("satisfaction")) / len(self)

    def _place(self):
        """Put each score into its quadrant; without importance there are none."""
        scores = self.filtered("importance")
        if not scores:
            return
        importance, satisfaction = scores._means()
        for score in scores:
            matters = float_compare(score.importance, importance, precision_digits=PRECISION) >= 0
            pleases = float_compare(score.satisfaction, satisfaction, precision_digits=PRECISION) >= 0
            score.quadrant = {
                (True, True): "keep_up",
                (True, False): "improve_first",
                (False, False): "low_priority",
                (False, True): "overkill",
            }[matters, pleases]

    def _index(self):
        """Return the satisfaction from 0 (all one point) to 100 (all five), weighted."""
        weight = sum(self.mapped("weight"))
        if not weight:
            return 0.0
        mean = sum(score.weight * score.satisfaction for score in self) / weight
        return 100 * (mean - LOWEST) / (HIGHEST - LOWEST)

    @api.model
    def _scale(self, values):
        """Return a function that maps ``values`` into 0…1 with some room at both ends."""
        low, high = min(values), max(values)
        room = max((high - low) * 0.15, 0.1)
        low, high = low - room, high + room
        return lambda value: (value - low) / (high - low)

    def _chart(self):
        """Return points, numbered in their order, and axes of the quadrant chart in picture units; None without importance."""
        scores = self.filtered("importance").sorted(lambda score: (score.sequence, score.dimension_id.id))
        if not scores:
            return None
        across, up = self._scale(scores.mapped("importance")), self._scale(scores.mapped("satisfaction"))
        place = lambda importance, satisfaction: (  # noqa: E731
            round(MARGIN + across(importance) * (WIDTH - 2 * MARGIN), 1),
            round(HEIGHT - MARGIN - up(satisfaction) * (HEIGHT - 2 * MARGIN), 1),
        )
        points = []
        for number, score in enumerate(scores, 1):
            x, y = place(score.importance, score.satisfaction)
            points.append({"number": number, "x": x, "y": y, "score": score})
        cross = place(*scores._means())
        return {"points": points, "cross": cross, "width": WIDTH, "height": HEIGHT, "margin": MARGIN}

    def action_improve(self):
        """Write down what shall be done about this dimension, by whom and until when (S0-21)."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Improvement Action"),
            "res_model": "pm.improvement.action",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_round_id": self.round_id.id,
                "default_property_id": self.property_id.id,
                "default_dimension_id": self.dimension_id.id,
                "default_name": self.env._("Improve: %s", self.dimension_id.name),
            },
        }
