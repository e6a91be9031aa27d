from odoo import Command, models

from odoo.addons.pm_base.models.pm_importer_place import UNIT_WORDS, choices
from odoo.addons.pm_base.models.pm_unit import UNIT_TYPES
from odoo.addons.pm_base.tools.columns import Column

from .fee_formula import VARIABLES, Formula, FormulaError

CATEGORY_WORDS = {
    "property": ("Property service", "物业服务", "物业费", "物业服务费"),
    "lift": ("Lift use", "电梯", "电梯使用费"),
    "parking": ("Parking space management", "停车", "车位", "车位管理"),
    "heating": ("Heating", "供暖", "采暖", "暖气"),
    "energy": ("Energy", "电费", "能源", "燃气", "电"),
    "water": ("Water", "水费", "水"),
    "service": ("Paid service", "有偿服务", "特约服务"),
    "late_fee": ("Late fee", "违约金", "滞纳金"),
    "other": ("Other", "其他", "其它"),
}
USUAL_UOM = {"water": "m³", "energy": "kWh"}
PERIOD_WORDS = {
    "1": ("Monthly", "每月", "月", "按月"),
    "3": ("Quarterly", "每季", "季", "季度", "按季"),
    "6": ("Half-yearly", "半年", "每半年"),
    "12": ("Yearly", "每年", "年", "年度", "按年"),
    "0": ("One-off", "一次性", "一次"),
}
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


class ImporterFeeItem(models.AbstractModel):
    """Fee items of the company, by code. Products and taxes are found or made."""

    _name = "pm.importer.fee_item"
    _inherit = "pm.importer"
    _description = "Fee items"

    _sequence = 60
    _sheet = ("Fee items", "收费项目", "费项", "fee_items")
    _model = "pm.fee.item"
    _group = "pm_base.group_accountant"

    def _columns(self):
        return [
            Column(
                "code",
                "Fee item code",
                "收费项目编码",
                "code",
                required=True,
                key=True,
                aliases=("费项编码", "项目代码"),
            ),
            Column("name", "Fee item", "收费项目名称", required=True, aliases=("收费项目", "费项")),
            Column("category", "Category", "类别", "selection", choices=CATEGORY_WORDS),
            Column("pass_through", "Collected on behalf", "代收代付", "boolean", aliases=("代收",)),
            Column("tax", "Tax rate", "税率", "float", minimum=0, maximum=100, digits=2, aliases=("税率%",)),
            Column(
                "tax_included",
                "Tax included",
                "价内税",
                "boolean",
                aliases=("含税",),
                hint_en="Whether prices include the tax; empty = yes.",
                hint_zh="单价是否含税；空白表示含税。",
            ),
            Column("period", "Period", "收费周期", "selection", choices=PERIOD_WORDS),
            Column("uom", "Unit of measure", "计量单位"),
            Column(
                "account",
                "Income account",
                "收入科目",
                "code",
                hint_en="Code of the account; empty = default.",
                hint_zh="科目编码；空白为默认科目。",
            ),
            Column("legal_basis", "Legal basis", "收费依据", "text", required=True),
            Column("contract_reference", "Contract reference", "合同依据", required=True),
            Column("note", "Service standard", "服务标准", "text"),
        ]

    def _load(self, rows, report):
        company = self.env.company
        found = {
            item.code: item
            for item in self.env["pm.fee.item"]
            .with_context(active_test=False)
            .search([("company_id", "=", company.id), ("code", "in", [row["code"] for row in rows])])
        }
        items = []
        for row in rows:
            account = self._find_account(row, company, report)
            tax = self._find_tax(row, company, report)
            if report.is_bad(row):
                continue
            row.update(_account=account, _tax=tax)
            vals = {
                "company_id": company.id,
                "code": row["code"],
                "name": row["name"],
                "category": row["category"],
                "pass_through": row["pass_through"],
                "period": row["period"],
                "uom_name": row["uom"] or (USUAL_UOM.get(row["category"]) if row["code"] not in found else None),
                "legal_basis": row["legal_basis"],
                "contract_reference": row["contract_reference"],
                "note": row["note"],
            }
            items.append((row, row["code"], vals))
        records = self._upsert("pm.fee.item", items, report, found)
        for row, key, _vals in items:
            # sudo: products belong to the product manager, these to the fee item
            product = records[key].sudo().product_id.with_company(company)
            if row["_tax"] is not None and product.taxes_id != row["_tax"]:
                product.taxes_id = [Command.set(row["_tax"].ids)]
            if row["_account"] and product.property_account_income_id != row["_account"]:
                product.property_account_income_id = row["_account"]

    def _find_account(self, row, company, report):
        if not row["account"]:
            return None
        account = (
            self.env["account.account"]
            .with_company(company)
            .search([("code", "=", row["account"]), ("company_ids", "in", company.ids)], limit=1)
        )
        if not account:
            report.error(
                row,
                "account",
                self.env._("No account has the code %s.", row["account"]),
                self.env._("Use a code of the company's chart of accounts, or leave the cell empty."),
            )
        return account

    def _find_tax(self, row, company, report):
        """The sales tax of this rate, with the price including it or not; made from the one of the chart where missing."""
        rate, included = row["tax"], row["tax_included"] is not False
        if rate is None:
            return None
        taxes = self.env["account.tax"].with_company(company)
        if not rate:
            return taxes
        found = taxes.search(
            [
                ("company_id", "=", company.id),
                ("type_tax_use", "=", "sale"),
                ("amount_type", "=", "percent"),
                ("amount", "=", rate),
            ]
        )
        fitting = found.filtered(lambda tax: tax.price_include == included)[:1]
        if fitting or not found:
            if not found:
                report.error(
                    row,
                    "tax",
                    self.env._("There is no sales tax of %s %%.", rate),
                    self.env._("Enter the tax in Accounting first, or correct the rate."),
                )
            return fitting
        # sudo: the chart has the rate; the twin with the other price mode only differs in how prices are read
        name = (
            self.env._("%s (tax included)", found[0].name) if included else self.env._("%s (plus tax)", found[0].name)
        )
        return (
            found[0]
            .sudo()
            .copy(
                {
                    "name": name,
                    "price_include_override": "tax_included" if included else "tax_excluded",
                }
            )
            .sudo(False)
        )


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
            Column("price", "Price", "单价", "float", minimum=0, digits=6, required=True),
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
            Column("date_from", "In force from", "生效日期", "date", required=True, key=True),
            Column("date_to", "Until", "失效日期", "date"),
            Column("resolution", "Decision", "批准文件"),
        ]

    def _load(self, rows, report):
        properties = self._properties(rows, report)
        items = _items(self, rows, report)
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
        items = _items(self, rows, report)
        units = _units(self, rows, properties, report)
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
        items = _items(self, rows, report)
        units = _units(self, rows, properties, report)
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
        items = _items(self, rows, report)
        units = _units(self, rows, properties, report)
        for row in report.good(rows):
            if row["period_end"] < row["period_start"]:
                report.error(
                    row, "period_end", self.env._("The period ends before it starts."), self.env._("Correct the dates.")
                )
        rows = report.good(rows)
        self._resolve_payers(rows, properties, units, report)
        rows = report.good(rows)
        Charge = self.env["pm.charge"]
        found = {}
        for charge in Charge.search(
            [
                ("unit_id", "in", [unit.id for unit in units.values()]),
                ("state", "!=", "reversed"),
                ("kind", "in", ("regular", "opening")),
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


def _items(importer, rows, report):
    """Fee items of the company named by the rows; rows with an unknown one are refused."""
    found = {
        item.code: item
        for item in importer.env["pm.fee.item"].search(
            [("company_id", "=", importer.env.company.id), ("code", "in", list({row["item"] for row in rows}))]
        )
    }
    for row in rows:
        if row["item"] not in found:
            report.error(
                row,
                "item",
                importer.env._("Fee item “%s” is unknown.", row["item"]),
                importer.env._("Load the fee items first, or correct the code."),
            )
    return found


def _units(importer, rows, properties, report):
    return importer._by_property(
        "pm.unit",
        report.good(rows),
        "unit",
        properties,
        report,
        lambda value: importer.env._("Unit “%s” is unknown.", value),
        importer.env._("Check the unit code, or load the units first."),
        by_name=False,
    )
