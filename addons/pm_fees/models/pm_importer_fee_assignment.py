from odoo import models

from odoo.addons.pm_base.tools.columns import Column

from .importer_lookup import find_fee_items, find_units


class ImporterFeeAssignment(models.AbstractModel):
    """Which unit pays which fee item, by unit, item and first day."""

    _name = "pm.importer.fee_assignment"
    _inherit = "pm.importer"
    _description = "Fee assignments"

    _sequence = 62
    _sheet = ("Fee assignments", "收费绑定", "收费分配", "assignments")
    _model = "pm.fee.assignment"
    _group = "pm_base.group_accountant"

    def _columns(self):
        return [
            self._property_column(),
            Column("unit", "Unit code", "房号", "code", required=True, key=True),
            Column("item", "Fee item code", "收费项目编码", "code", required=True, key=True, aliases=("费项编码",)),
            Column("date_from", "From", "开始日期", "date", required=True, key=True),
            Column("date_to", "To", "结束日期", "date"),
            Column("quantity", "Quantity", "数量", "float", minimum=0.0001, digits=4),
            Column("discount", "Discount %", "折扣", "float", minimum=0, maximum=100, digits=2),
            Column("discount_reason", "Discount reason", "折扣原因"),
        ]

    def _load(self, rows, report):
        properties = self._properties(rows, report)
        items = find_fee_items(self, rows, report)
        units = find_units(self, rows, properties, report)
        rows = report.good(rows)
        found = {
            (a.unit_id.id, a.item_id.id, a.date_from): a
            for a in self.env["pm.fee.assignment"].search([("unit_id", "in", [unit.id for unit in units.values()])])
        }
        todo = []
        for row in rows:
            unit, item = units[properties[row["property"]].id, row["unit"]], items[row["item"]]
            todo.append(
                (
                    row,
                    (unit.id, item.id, row["date_from"]),
                    {
                        "unit_id": unit.id,
                        "item_id": item.id,
                        "date_from": row["date_from"],
                        "date_to": row["date_to"],
                        "quantity": row["quantity"],
                        "discount": row["discount"],
                        "discount_reason": row["discount_reason"],
                    },
                )
            )
        self._upsert("pm.fee.assignment", todo, report, found)
