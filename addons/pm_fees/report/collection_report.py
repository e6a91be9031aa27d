from odoo import models

from odoo.addons.pm_base.models.pm_kpi_target import SIGNS
from odoo.addons.pm_base.tools.labels import selection_labels


class ReportCollection(models.AbstractModel):
    """Collection report (收费统计表): by fee, butler and age, beside targets and plan. Source: S0-39, S0-64."""

    _name = "report.pm_fees.collection"
    _inherit = "pm.document"
    _description = "Collection Report Document"

    def _title(self, record):
        return record._heading()

    def _number(self, record):
        return record._period()

    def _story(self, record, kit):
        _ = record.env._
        story = [kit.h(_("Targets")), self._targets(record, kit)]
        tables = record._tables()
        if any(table["rows"] for table in tables):
            for table in tables:
                story += [kit.h(table["title"]), self._drawn(table, kit)]
        else:
            story.append(kit.p(_("In this period no fee was charged, and none was owed from before.")))
        plan = self._plan(record)
        if plan:
            story += [kit.h(_("Plan and Result")), self._plan_table(plan, kit)]
            if plan.note:
                story.append(kit.p(_("Measures: %s", plan.note)))
        story += [
            kit.space(2),
            kit.p(
                _(
                    "Receivable: fees of the periods that begin between the days; received: until the last day. Old arrears: "
                    "due before the first day and owed then. The targets speak of the fee items that count in the collection rate, "
                    "the tables of all. For internal use; lists of debtors are not published."
                ),
                "small",
            ),
            kit.signatures([_("Compiled by"), _("Project accountant"), _("Project manager")]),
        ]
        return story

    def _drawn(self, table, kit):
        def cell(value):
            return kit.num(value) if isinstance(value, float) else value

        width = len(table["header"]) - 1
        return kit.table(
            table["header"],
            [[cell(value) for value in row] for row in table["rows"]],
            widths=[34, *([140 / width] * width)],
            align="l" + "r" * width,
            total=[cell(value) for value in table["total"]],
        )

    def _targets(self, record, kit):
        _ = record.env._
        rows = []
        for xmlid in ("kpi_collection_rate", "kpi_arrears_recovery"):
            kpi = record.env.ref(f"pm_fees.{xmlid}").sudo()  # sudo: a figure of the property, shown to who may see it
            target = record.env["pm.kpi.target"]._lookup(kpi, record.property_id, record.date_to.year)
            value = kpi._evaluate(record.property_id, record.date_from, record.date_to)["value"]
            value = "–" if value is None else f"{kit.num(value)} %"
            aim = f"{SIGNS[target.operator]} {target.value:g} %" if target else "–"
            rows.append((kpi.name, _("%(value)s (target %(aim)s)", value=value, aim=aim)))
        return kit.pairs(rows)

    def _plan(self, record):
        return record.env["pm.collection.plan"].search(
            [("property_id", "=", record.property_id.id), ("month", "=", record.date_from)], limit=1
        )

    def _plan_table(self, plan, kit):
        _ = plan.env._
        kinds = selection_labels(plan.line_ids, "kind")
        return kit.table(
            [_("Butler"), _("What"), _("To Be Collected"), _("Planned"), _("Collected"), _("Missing")],
            [
                [
                    line.user_id.name or _("None"),
                    kinds[line.kind],
                    kit.num(line.base_amount),
                    f"{kit.num(line.target_amount)} ({line.target_rate:g} %)",
                    kit.num(line.received),
                    kit.num(line.gap),
                ]
                for line in plan.line_ids
            ],
            widths=[30, 26, 28, 38, 28, 24],
            align="llrrrr",
            total=[
                _("Total"),
                "",
                kit.num(plan.base_total),
                kit.num(plan.target_total),
                kit.num(plan.received_total),
                kit.num(sum(plan.line_ids.mapped("gap"))),
            ],
        )
