from odoo import models

from odoo.addons.pm_base.tools.columns import Column

from .importer_lookup import find_fee_items, find_units


class ImporterMeter(models.AbstractModel):
    """Meters, by number, with their first reading."""

    _name = "pm.importer.meter"
    _inherit = "pm.importer"
    _description = "Meters"

    _sequence = 63
    _sheet = ("Meters", "仪表", "表具", "表计", "meters")
    _model = "pm.meter"
    _group = "pm_base.group_accountant"

    def _columns(self):
        return [
            self._property_column(),
            Column("code", "Meter number", "表号", "code", required=True, key=True),
            Column("unit", "Unit code", "房号", "code", required=True),
            Column("item", "Fee item code", "收费项目编码", "code", required=True, aliases=("费项编码",)),
            Column("multiplier", "Multiplier", "倍率", "float", minimum=0.0001, digits=4),
            Column("rollover", "Counts up to", "最大读数", "float", minimum=0, digits=3, aliases=("量程",)),
            Column("installed", "Installed on", "启用日期", "date", aliases=("安装日期",)),
            Column("first", "First reading", "起始读数", "float", minimum=0, digits=3),
            Column("location", "Location", "安装位置"),
        ]

    def _load(self, rows, report):
        properties = self._properties(rows, report)
        items = find_fee_items(self, rows, report)
        units = find_units(self, rows, properties, report)
        for row in report.good(rows):
            if row["first"] is not None and not row["installed"]:
                report.error(
                    row,
                    "installed",
                    self.env._("A first reading needs its day."),
                    self.env._("Fill in the day of installation."),
                )
        rows = report.good(rows)
        found = self._present("pm.meter", rows, properties)
        todo = []
        for row in rows:
            prop = properties[row["property"]]
            todo.append(
                (
                    row,
                    (prop.id, row["code"]),
                    {
                        "code": row["code"],
                        "unit_id": units[prop.id, row["unit"]].id,
                        "item_id": items[row["item"]].id,
                        "multiplier": row["multiplier"],
                        "rollover_value": row["rollover"],
                        "date_installed": row["installed"],
                        "location": row["location"],
                    },
                )
            )
        meters = self._upsert("pm.meter", todo, report, found)
        with_first = [(meters[key], row) for row, key, _vals in todo if row["first"] is not None]
        existing = {
            (r.meter_id.id, r.date)
            for r in self.env["pm.meter.reading"].search([("meter_id", "in", [m.id for m, _row in with_first])])
        }
        self.env["pm.meter.reading"].create(
            [
                {"meter_id": meter.id, "date": row["installed"], "value": row["first"], "is_initial": True}
                for meter, row in with_first
                if (meter.id, row["installed"]) not in existing
            ]
        )
