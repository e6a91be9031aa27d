from odoo import models

from odoo.addons.pm_base.tools.labels import selection_labels


class ReportRegister(models.AbstractModel):
    """Statistics of the service desk (客户服务统计报表): of a week, a month, a half-year or a year. Source: S4-17, S0-54, S0-37."""

    _inherit = "report.pm_customer_service.register"

    def _register_statistics(self, record, kit):
        env = record.env
        _ = env._
        figures = record.property_id._desk_statistics(record.date_from, record.date_to)
        ticket, followup = env["pm.ticket"], env["pm.followup"]
        causes = selection_labels(ticket, "root_cause")
        answers = selection_labels(followup, "satisfied")
        parts = [
            (
                _("Requests by Kind"),
                [_("Kind"), _("Received"), _("Handled"), _("Closed"), _("Void"), _("Reopened"), _("Open at the end")],
                [[kind.name or "", *counts] for kind, *counts in figures["types"]],
            ),
            (
                _("Times Kept"),
                [_("Clock"), _("Fallen Due"), _("Kept"), _("Missed"), _("Kept, %")],
                [
                    [rule.name, due, kept, missed, kit.num(100 * kept / due, 1)]
                    for rule, due, kept, missed in figures["clocks"]
                ],
            ),
            (
                _("Complaints by Category"),
                [_("Category"), _("Complaints"), _("Not justified")],
                [[category.display_name or _("None named"), *counts] for category, *counts in figures["complaints"]],
            ),
            (
                _("Causes of Justified Complaints"),
                [_("Cause"), _("Complaints")],
                [[causes.get(cause, _("None named")), count] for cause, count in figures["causes"]],
            ),
            (
                _("What Customers Said When Asked"),
                [_("Answer"), _("Follow-ups")],
                [[answers[answer], count] for answer, count in figures["answers"]],
            ),
            (_("Key Figures"), [_("Figure"), _("Value"), _("Target"), _("Reached")], self._key_figures(record, kit)),
        ]
        story = []
        for title, header, rows in parts:
            if rows:
                align = "l" + "r" * (len(header) - 1)
                total = None
                if all(isinstance(cell, int) for row in rows for cell in row[1:]) and len(rows) > 1:
                    total = [_("Total"), *(sum(column) for column in list(zip(*rows, strict=True))[1:])]
                story += [kit.h(title), kit.table(header, rows, align=align, total=total)]
        return story, len(figures["types"]) + len(figures["clocks"])

    def _key_figures(self, record, kit):
        """The figures of the service beside their targets; those without data are left out."""
        env = record.env
        _ = env._
        rows = []
        # sudo: a figure of the whole property is the same whoever reads it
        for kpi in env["pm.kpi"].sudo().search([("method", "!=", False), ("group", "=", "service")]):
            value = kpi._evaluate(record.property_id, record.date_from, record.date_to)["value"]
            if value is None:
                continue
            target = env["pm.kpi.target"]._lookup(kpi, record.property_id, record.date_to.year)
            percent = " %" if kpi.unit == "percent" else ""
            rows.append(
                [
                    kpi.name,
                    f"{kit.num(value, 1)}{percent}",
                    f"{target.operator} {target.value:g}{percent}" if target else "–",
                    (_("yes") if target._is_met(value) else _("no")) if target else "–",
                ]
            )
        return rows
