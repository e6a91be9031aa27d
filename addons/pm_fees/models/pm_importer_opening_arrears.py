from odoo import models

from odoo.addons.pm_base.tools.columns import Column

from .importer_lookup import find_fee_items, find_units


class ImporterOpeningArrears(models.AbstractModel):
    """What is owed from before this program: posted against the result brought forward, ageing from its own due date."""

    _name = "pm.importer.opening_arrears"
    _inherit = "pm.importer"
    _description = "Opening arrears"

    _sequence = 70
    _sheet = ("Opening arrears", "期初欠费", "历史欠费", "opening_arrears")
    _group = "pm_base.group_accountant"

    def _columns(self):
        return [
            self._property_column(),
            Column("unit", "Unit code", "房号", "code", required=True, key=True),
            Column(
                "payer",
                "Payer",
                "缴费人",
                hint_en="Empty: the payer of the unit at the due date.",
                hint_zh="空白：应缴日期当日的缴费人。",
            ),
            Column("item", "Fee item code", "收费项目编码", "code", required=True, key=True, aliases=("费项编码",)),
            Column("period_start", "Period from", "账期开始", "date", required=True, key=True),
            Column("period_end", "Period to", "账期结束", "date", required=True),
            Column("due", "Due date", "应缴日期", "date", required=True),
            Column("amount", "Amount", "金额", "float", minimum=0.01, digits=2, required=True, aliases=("欠费金额",)),
            Column("date", "Posted on", "入账日期", "date", hint_en="Empty: the due date.", hint_zh="空白：应缴日期。"),
        ]

    def _load(self, rows, report):
        properties = self._properties(rows, report)
        items = find_fee_items(self, rows, report)
        units = find_units(self, rows, properties, report)
        for row in report.good(rows):
            if row["period_end"] < row["period_start"]:
                report.error(
                    row, "period_end", self.env._("The period ends before it starts."), self.env._("Correct the dates.")
                )
        rows = report.good(rows)
        self._resolve_payers(rows, properties, units, report)
        rows = report.good(rows)
        if not rows:
            return
        Charge = self.env["pm.charge"]
        found = {}
        # Only of these days: a unit may have been billed for years.
        for charge in Charge.search(
            [
                ("unit_id", "in", [unit.id for unit in units.values()]),
                ("item_id", "in", [item.id for item in items.values()]),
                ("state", "!=", "reversed"),
                ("kind", "in", ("regular", "opening")),
                ("period_start", "<=", max(row["period_end"] for row in rows)),
                ("period_end", ">=", min(row["period_start"] for row in rows)),
            ]
        ):
            found.setdefault((charge.unit_id.id, charge.item_id.id), []).append(charge)
        new, dates = [], []
        for row in rows:
            prop = properties[row["property"]]
            unit, item = units[prop.id, row["unit"]], items[row["item"]]
            same = [
                c
                for c in found.get((unit.id, item.id), [])
                if c.period_start <= row["period_end"] and c.period_end >= row["period_start"]
            ]
            if same:
                if (
                    same[0].kind == "opening"
                    and same[0].period_start == row["period_start"]
                    and not round(same[0].amount_total - row["amount"], 2)
                ):
                    report.counts["unchanged"] += 1
                else:
                    report.error(
                        row,
                        "period_start",
                        self.env._(
                            "This unit is charged this fee item for these days already (%s).", same[0].display_name
                        ),
                        self.env._("Leave the row out, or reverse that charge first."),
                    )
                continue
            new.append(
                {
                    "property_id": prop.id,
                    "unit_id": unit.id,
                    "partner_id": row["_partner"],
                    "item_id": item.id,
                    "kind": "opening",
                    "period_start": row["period_start"],
                    "period_end": row["period_end"],
                    "due_date": row["due"],
                    "quantity": 1,
                    "price_unit": row["amount"],
                    "amount": row["amount"],
                }
            )
            dates.append(row["date"] or row["due"])
        charges = Charge._create_charges(new)
        charges._approve()
        by_date = {}
        for charge, date in zip(charges, dates, strict=True):
            # One entry a month is enough for what is old; the due date of each debt stands on its line.
            by_date.setdefault((date.year, date.month), []).append((date, charge.id))
        for pairs in by_date.values():
            Charge.browse(charge_id for _date, charge_id in pairs)._post(max(date for date, _id in pairs))
        report.counts["created"] += len(charges)

    def _resolve_payers(self, rows, properties, units, report):
        parties = {}
        for party in self.env["pm.unit.party"].search([("unit_id", "in", [unit.id for unit in units.values()])]):
            parties.setdefault(party.unit_id.id, []).append(party)
        for row in rows:
            unit = units[properties[row["property"]].id, row["unit"]]
            candidates = parties.get(unit.id, [])
            if row["payer"]:
                match = [p for p in candidates if p.partner_id.name == row["payer"]]
            else:
                match = [
                    p
                    for p in candidates
                    if p.is_payer and p.date_from <= row["due"] and (not p.date_to or p.date_to >= row["due"])
                ]
            if match:
                row["_partner"] = match[0].partner_id.id
            else:
                report.error(
                    row,
                    "payer",
                    self.env._("No such party of the unit."),
                    self.env._("Write the name as it stands among the parties of the unit, or load the parties first."),
                )
