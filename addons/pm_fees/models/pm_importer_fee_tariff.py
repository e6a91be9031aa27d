from odoo import Command, models

from odoo.addons.pm_base.models.pm_importer_place import UNIT_WORDS, choices
from odoo.addons.pm_base.models.pm_unit import UNIT_TYPES
from odoo.addons.pm_base.tools.columns import Column

from .fee_formula import VARIABLES, Formula, FormulaError
from .importer_lookup import find_fee_items

METHOD_WORDS = {
    "fixed": ("Fixed amount", "固定金额", "定额", "固定"),
    "area": ("Per m²", "按面积", "面积", "按平方米"),
    "metered": ("By meter", "按表计量", "计量", "按表", "抄表"),
    "formula": ("Formula", "公式", "按公式"),
    "pooled": ("Pooled share", "公摊", "分摊"),
}
AREA_WORDS = {
    "chargeable": ("Chargeable area", "计费面积", "收费面积"),
    "built": ("Built area", "建筑面积"),
    "inner": ("Inner area", "套内面积"),
}
POOL_WORDS = {
    "area": ("By area", "按面积", "面积"),
    "usage": ("By use", "按用量", "用量"),
    "equal": ("Equally", "均摊", "平均", "按户", "按户均摊"),
}


class ImporterFeeTariff(models.AbstractModel):
    """Tariffs, by property, fee item, unit type and first day. They come as drafts: somebody else approves them."""

    _name = "pm.importer.fee_tariff"
    _inherit = "pm.importer"
    _description = "Tariffs"

    _sequence = 61
    _sheet = ("Tariffs", "收费标准", "费率", "tariffs")
    _model = "pm.fee.tariff"
    _group = "pm_base.group_accountant"

    def _columns(self):
        return [
            self._property_column(),
            Column("item", "Fee item code", "收费项目编码", "code", required=True, key=True, aliases=("费项编码",)),
            Column("name", "Version", "版本", required=True),
            Column(
                "unit_type",
                "Unit type",
                "房产类型",
                "selection",
                choices=choices(UNIT_TYPES, UNIT_WORDS),
                key=True,
                aliases=("业态",),
            ),
            Column("method", "Method", "计费方式", "selection", choices=METHOD_WORDS, required=True),
            Column("area_basis", "Area", "面积口径", "selection", choices=AREA_WORDS),
            Column(
                "price",
                "Price",
                "单价",
                "float",
                minimum=0,
                digits=6,
                hint_en="Empty for pooled shares and where there are tiers.",
                hint_zh="公摊及填了阶梯的留空。",
            ),
            Column(
                "tiers",
                "Tiers",
                "阶梯",
                hint_en="From quantity:price, e.g. 0:0.60;200:0.70",
                hint_zh="起始用量:单价，如 0:0.60;200:0.70",
            ),
            Column(
                "formula",
                "Formula",
                "公式",
                hint_en="e.g. max(area, 60) * price",
                hint_zh="如 max(计费面积, 60) * 单价",
            ),
            Column(
                "pool_basis",
                "Shared",
                "分摊方式",
                "selection",
                choices=POOL_WORDS,
                hint_en="For pooled shares only; empty = by area.",
                hint_zh="仅用于公摊；空白为按面积。",
            ),
            Column(
                "usage_item",
                "Use of",
                "用量来源",
                "code",
                hint_en="Code of the metered fee whose readings count, when shared by use.",
                hint_zh="按用量分摊时，以哪个按表计量的收费项目（编码）的读数为准。",
            ),
            Column("date_from", "In force from", "生效日期", "date", required=True, key=True),
            Column("date_to", "Until", "失效日期", "date"),
            Column("resolution", "Decision", "批准文件"),
        ]

    def _load(self, rows, report):
        properties = self._properties(rows, report)
        items = find_fee_items(self, rows, report)
        rows = report.good(rows)
        found = {
            (t.property_id.id, t.item_id.id, t.unit_type or None, t.date_from): t
            for t in self.env["pm.fee.tariff"].search(
                [
                    ("property_id", "in", [p.id for p in properties.values()]),
                    ("item_id", "in", [i.id for i in items.values()]),
                    ("state", "!=", "withdrawn"),
                ]
            )
        }
        todo = []
        for row in rows:
            prop, item = properties[row["property"]], items[row["item"]]
            tiers = self._parse_tiers(row, report)
            self._check_formula(row, report)
            self._check_price(row, tiers, report)
            usage_item = self._find_usage_item(row, report)
            if report.is_bad(row):
                continue
            key = (prop.id, item.id, row["unit_type"], row["date_from"])
            vals = {
                "property_id": prop.id,
                "item_id": item.id,
                "name": row["name"],
                "unit_type": row["unit_type"],
                "method": row["method"],
                "area_basis": row["area_basis"],
                "price": row["price"],
                "formula": row["formula"],
                "pool_basis": row["pool_basis"],
                "usage_item_id": usage_item.id if usage_item else None,
                "date_from": row["date_from"],
                "date_to": row["date_to"],
                "resolution": row["resolution"],
            }
            old = found.get(key)
            if (
                old
                and old.state == "approved"
                and any(
                    value is not None and self._differs(old, name, value)
                    for name, value in vals.items()
                    if name not in ("date_to", "resolution")
                )
            ):
                report.error(
                    row,
                    "price",
                    self.env._("This tariff is approved and differs from the sheet."),
                    self.env._("Enter a new version with a later start."),
                )
                continue
            if tiers and not old:
                vals["tier_ids"] = [Command.create({"quantity_from": start, "price": price}) for start, price in tiers]
            todo.append((row, key, vals))
        self._upsert("pm.fee.tariff", todo, report, found)

    def _check_price(self, row, tiers, report):
        """A pooled share has no price: its amount is what the month cost. A metered fee may have tiers in its place."""
        if row["price"] is None and row["method"] != "pooled" and not tiers:
            report.error(
                row,
                "price",
                self.env._("There is no price."),
                self.env._("Fill in the price; only pooled shares and tariffs with tiers have none."),
            )

    def _find_usage_item(self, row, report):
        if row["method"] != "pooled" or row["pool_basis"] != "usage":
            return None
        item = self.env["pm.fee.item"].search(
            [("company_id", "=", self.env.company.id), ("code", "=", row["usage_item"])], limit=1
        )
        if not item:
            report.error(
                row,
                "usage_item",
                self.env._("To share by use, name the metered fee whose readings count."),
                self.env._("Fill in the code of a fee item that is charged by meter."),
            )
        return item

    def _check_formula(self, row, report):
        if row["method"] != "formula":
            return
        try:
            Formula(row["formula"])
        except FormulaError as error:
            report.error(
                row,
                "formula",
                self.env._("The formula cannot be used, see “%s”.", error.args[0]),
                self.env._("Use numbers, + - * /, brackets, min(), max(), round() and: %s.", ", ".join(VARIABLES)),
            )

    def _parse_tiers(self, row, report):
        try:
            return [
                tuple(float(part) for part in tier.replace("：", ":").split(":"))
                for tier in (row["tiers"] or "").replace("；", ";").split(";")
                if tier.strip()
            ]
        except ValueError:
            report.error(
                row,
                "tiers",
                self.env._("The tiers cannot be read."),
                self.env._("Write them as quantity:price, separated by ;"),
            )
            return []
