from odoo import models

from odoo.addons.pm_base.tools.columns import Column


class ImporterMeterReading(models.AbstractModel):
    """Readings, by meter and day. A reading that is there with another value is refused, not overwritten."""

    _name = "pm.importer.meter_reading"
    _inherit = "pm.importer"
    _description = "Meter readings"

    _sequence = 64
    _sheet = ("Meter readings", "抄表记录", "读数", "抄表", "readings")
    _model = "pm.meter.reading"
    _group = "pm_base.group_accountant"

    def _columns(self):
        return [
            self._property_column(),
            Column("meter", "Meter number", "表号", "code", required=True, key=True),
            Column("date", "Read on", "抄表日期", "date", required=True, key=True),
            Column("value", "Reading", "读数", "float", minimum=0, digits=3, required=True, aliases=("本期读数",)),
            Column("rolled_over", "Rolled over", "翻转", "boolean"),
        ]

    def _load(self, rows, report):
        properties = self._properties(rows, report)
        meters = self._by_property(
            "pm.meter",
            report.good(rows),
            "meter",
            properties,
            report,
            lambda value: self.env._("Meter “%s” is unknown.", value),
            self.env._("Check the number, or load the meters first."),
            by_name=False,
        )
        rows = sorted(report.good(rows), key=lambda row: row["date"])
        found = {
            (r.meter_id.id, r.date): r
            for r in self.env["pm.meter.reading"].search(
                [
                    ("meter_id", "in", [meter.id for meter in meters.values()]),
                    ("date", "in", [row["date"] for row in rows]),
                ]
            )
        }
        new = []
        for row in rows:
            meter = meters[properties[row["property"]].id, row["meter"]]
            old = found.get((meter.id, row["date"]))
            if not old:
                new.append(
                    {
                        "meter_id": meter.id,
                        "date": row["date"],
                        "value": row["value"],
                        "rolled_over": row["rolled_over"] or False,
                    }
                )
            elif round(old.value - row["value"], 3):
                report.error(
                    row,
                    "value",
                    self.env._("On that day the meter was read as %s already.", old.value),
                    self.env._("Correct the reading on the screen if the old value is wrong."),
                )
            else:
                report.counts["unchanged"] += 1
        self.env["pm.meter.reading"].create(new)
        report.counts["created"] += len(new)
