from odoo import models
from reportlab.lib import colors
from reportlab.platypus import Flowable

from odoo.addons.pm_base.report.kit import INK, LINE, SOFT
from odoo.addons.pm_base.tools.labels import selection_labels

SHADES = {"keep_up": "#E6F4EA", "improve_first": "#FDE7E4", "low_priority": "#F3F4F6", "overkill": "#FFF5DB"}
DOT = colors.HexColor("#714B67")


class QuadrantFlowable(Flowable):
    """The chart of ``pm.survey.score._chart``, scaled to the width of the page.

    :param dict chart: points and axes in picture units, the origin at the top left
    :param dict labels: words of the quadrants and of the two axes
    """

    def __init__(self, chart, labels, font, width):
        super().__init__()
        self.chart, self.labels, self.font = chart, labels, font
        self.scale = width / chart["width"]
        self.width, self.height = width, chart["height"] * self.scale

    def wrap(self, available_width, available_height):
        return self.width, self.height

    def _box(self):
        """Return left, right, bottom, top of the plot and the place where the axes cross, in points from the bottom left."""
        edge, scale = self.chart["margin"], self.scale
        x, y = self.chart["cross"]
        high = self.chart["height"]
        return (
            edge * scale,
            (self.chart["width"] - edge) * scale,
            edge * scale,
            (high - edge) * scale,
            x * scale,
            (high - y) * scale,
        )

    def draw(self):
        canvas = self.canv
        left, right, bottom, top, x, y = self._box()
        canvas.setFont(self.font, 9)
        for name, (x0, y0, x1, y1) in {
            "improve_first": (x, bottom, right, y),
            "keep_up": (x, y, right, top),
            "low_priority": (left, bottom, x, y),
            "overkill": (left, y, x, top),
        }.items():
            canvas.setFillColor(colors.HexColor(SHADES[name]))
            canvas.rect(x0, y0, x1 - x0, y1 - y0, stroke=0, fill=1)
            canvas.setFillColor(SOFT)
            # Words stand in the outer corner of their quadrant, away from the points near the middle.
            height = y0 + 5 if y0 == bottom else y1 - 13
            if x1 == right:
                canvas.drawRightString(x1 - 6, height, self.labels[name])
            else:
                canvas.drawString(x0 + 6, height, self.labels[name])
        canvas.setStrokeColor(LINE)
        canvas.rect(left, bottom, right - left, top - bottom)
        canvas.line(x, bottom, x, top)
        canvas.line(left, y, right, y)
        canvas.setFillColor(INK)
        canvas.drawCentredString((left + right) / 2, bottom - 16, self.labels["importance"])
        canvas.saveState()
        canvas.translate(left - 10, (bottom + top) / 2)
        canvas.rotate(90)
        canvas.drawCentredString(0, 0, self.labels["satisfaction"])
        canvas.restoreState()
        for point in self.chart["points"]:
            at, height = point["x"] * self.scale, (self.chart["height"] - point["y"]) * self.scale
            canvas.setFillColor(DOT)
            canvas.circle(at, height, 7, stroke=0, fill=1)
            canvas.setFillColor(colors.white)
            canvas.drawCentredString(at, height - 3, str(point["number"]))


class ReportSurvey(models.AbstractModel):
    """Report of a satisfaction survey: return, index, quadrants, words of the customers, improvement actions. Source: S3-47."""

    _name = "report.pm_customer_service.survey"
    _inherit = "pm.document"
    _description = "Satisfaction Survey Report"

    def _title(self, record):
        return self.env._("Satisfaction Survey Report")

    def _number(self, record):
        return record.name

    def _partner(self, record):
        # A paper of the house, in the language of who prints it.
        return None

    def _story(self, record, kit):
        _ = record.env._
        story = [
            kit.pairs(
                [
                    (_("Property"), record.property_id.name),
                    (_("Distributed on"), kit.date(record.opened_on)),
                    (_("Evaluated on"), kit.date(record.closed_on)),
                    (_("Distributed"), str(record.distributed_count)),
                    (_("Returned"), str(record.returned_count)),
                    (
                        _("Return Rate (%)"),
                        _(
                            "%(rate)s (target %(target)s)",
                            rate=kit.num(record.return_rate, 1),
                            target=kit.num(record.return_target, 1),
                        ),
                    ),
                    (_("Satisfaction Index"), kit.num(record.satisfaction_index, 1) if record.closed_on else ""),
                ]
            )
        ]
        if record.score_ids:
            story += self._results(record, kit)
        if record.summary:
            story += [kit.h(_("Words to the Owners")), kit.p(record.summary)]
        story += self._actions(record, kit)
        comments = record._comments()
        if comments:
            story.append(kit.h(_("In the Customers' Own Words")))
            story.append(
                kit.table(["", ""], [[str(n), words] for n, words in enumerate(comments, 1)], widths=[10, 166])
            )
        return story

    def _results(self, record, kit):
        _ = record.env._
        quadrants = selection_labels(record.score_ids, "quadrant")
        chart = record.score_ids._chart()
        story = []
        if chart:
            labels = quadrants | {"importance": _("Importance"), "satisfaction": _("Satisfaction")}
            story += [kit.h(_("Importance and Satisfaction")), QuadrantFlowable(chart, labels, kit.font, kit.width)]
        scores = record.score_ids.sorted(lambda score: (score.sequence, score.dimension_id.id))
        rows = [
            [
                str(number),
                score.dimension_id.name,
                kit.num(score.satisfaction),
                kit.num(score.importance) if score.importance else "",
                str(score.answers),
                str(score.dissatisfied),
                quadrants.get(score.quadrant, ""),
            ]
            for number, score in enumerate(scores, 1)
        ]
        header = [
            _("No."),
            _("Dimension"),
            _("Satisfaction"),
            _("Importance"),
            _("Answers Counted"),
            _("Dissatisfied"),
            _("Quadrant"),
        ]
        story.append(kit.table(header, rows, widths=[10, 50, 22, 22, 20, 22, 30], align="llrrrrl"))
        return story

    def _actions(self, record, kit):
        _ = record.env._
        actions = record.improvement_ids.filtered(lambda action: action.state != "cancelled")
        if not actions:
            return []
        states = selection_labels(actions, "state")
        rows = [
            [
                action.name,
                action.user_id.sudo().name,  # names of colleagues stand on the house's papers
                kit.date(action.date_due),
                states[action.state],
                action.result or "",
            ]
            for action in actions
        ]
        header = [_("What to Do"), _("Responsible"), _("Due"), _("State"), _("What Came of It")]
        return [kit.h(_("Improvement Actions")), kit.table(header, rows, widths=[60, 26, 24, 20, 46])]
