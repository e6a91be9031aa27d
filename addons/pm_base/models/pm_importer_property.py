from odoo import models

from ..tools.columns import Column

AREAS = (
    ("garden_area", "Garden", "园林面积", ("花园面积",)),
    ("water_area", "Water features", "水景面积", ()),
    ("clubhouse_area", "Clubhouse", "会所面积", ()),
)
COUNTS = (
    ("entrance_count", "Entrances", "出入口数", ("出入口",)),
    ("lift_count", "Lifts", "电梯数", ("电梯",)),
    ("parking_underground", "Underground parking", "地下车位", ("地下车位数",)),
    ("parking_ground", "Ground parking", "地面车位", ("地上车位", "地面车位数")),
    ("water_tank_count", "Water tanks", "水箱数", ("水箱",)),
    ("refuse_station_count", "Refuse stations", "垃圾站数", ("垃圾站",)),
    ("septic_tank_count", "Septic tanks", "化粪池数", ("化粪池",)),
)
GAS = {
    "municipal": ("Municipal", "市政", "市政燃气", "管道燃气"),
    "private": ("Private", "自备", "自有"),
    "other": ("Other", "其他", "其它"),
    "none": ("None", "无", "没有"),
}
HEATING = {
    "municipal": ("Municipal", "市政", "市政供暖", "市政供热"),
    "central": ("Central", "集中", "集中供暖"),
    "own": ("Individual", "自采暖", "分户"),
    "none": ("None", "无", "没有"),
}


class ImporterProperty(models.AbstractModel):
    """Properties, by code within the company."""

    _name = "pm.importer.property"
    _inherit = "pm.importer"
    _description = "Properties"

    _sequence = 10
    _sheet = ("Properties", "项目", "物业项目", "小区")
    _group = "pm_base.group_manager"
    _model = "pm.property"

    def _columns(self):
        return [
            Column(
                "code",
                "Property code",
                "项目编码",
                "code",
                required=True,
                key=True,
                aliases=("项目代码", "项目编号", "Code", "编码"),
            ),
            Column("name", "Property name", "项目名称", required=True, aliases=("Name", "名称", "小区名称")),
            Column("address", "Address", "地址"),
            Column("hotline", "Service hotline", "服务热线", aliases=("Hotline", "客服电话", "服务电话")),
            Column(
                "chargeable_area",
                "Total managed area",
                "总管理面积",
                "float",
                minimum=0,
                digits=2,
                aliases=("管理面积", "总计费面积"),
                hint_en="m²; leave empty to use the sum of the units.",
                hint_zh="平方米；留空则取各房产之和。",
            ),
            Column(
                "gross_floor_area",
                "Gross floor area",
                "总建筑面积",
                "float",
                minimum=0,
                digits=2,
                hint_en="m²",
                hint_zh="平方米",
            ),
            Column("site_area", "Site area", "占地面积", "float", minimum=0, digits=2, hint_en="m²", hint_zh="平方米"),
            Column("plot_ratio", "Plot ratio", "容积率", "float", minimum=0, digits=2),
            Column(
                "green_ratio", "Green ratio", "绿化率", "percent", minimum=0, maximum=100, digits=2, aliases=("绿地率",)
            ),
            *(
                Column(
                    name,
                    english,
                    chinese,
                    "float",
                    minimum=0,
                    digits=2,
                    hint_en="m²",
                    hint_zh="平方米",
                    aliases=aliases,
                )
                for name, english, chinese, aliases in AREAS
            ),
            Column("completion_date", "Completion date", "竣工日期", "date"),
            Column("move_in_date", "Move-in date", "入伙日期", "date", aliases=("入住日期",)),
            Column("designer", "Designer", "设计单位"),
            Column(
                "developer",
                "Developer",
                "开发商",
                aliases=("建设单位", "开发单位"),
                hint_en="Name of the company; a contact is made when there is none.",
                hint_zh="公司名称；没有该联系人时自动新建。",
            ),
            Column("sales_agent", "Sales agent", "销售代理", aliases=("代理商",)),
            *(
                Column(name, english, chinese, "integer", minimum=0, aliases=aliases)
                for name, english, chinese, aliases in COUNTS
            ),
            Column("reclaimed_water", "Reclaimed water", "中水", "boolean", aliases=("中水系统",)),
            Column("gas_type", "Gas", "燃气", "selection", choices=GAS, aliases=("供气",)),
            Column("heating_type", "Heating", "供暖", "selection", choices=HEATING, aliases=("采暖",)),
        ]

    def _load(self, rows, report):
        Property = self.env["pm.property"].with_context(active_test=False)
        found = {
            prop.code: prop
            for prop in Property.search(
                [("code", "in", [row["code"] for row in rows]), ("company_id", "=", self.env.company.id)]
            )
        }
        names = [column.name for column in self._columns() if column.name != "developer"]
        developers = self._developers(rows)
        values = {
            row["code"]: {**{name: row[name] for name in names}, "developer_id": developers.get(row["developer"])}
            for row in rows
        }
        new = [{k: v for k, v in values[code].items() if v is not None} for code in values if code not in found]
        if new:
            # sudo: that the user may create properties has been checked; the record rule cannot be met before the
            # property exists, because it asks for the user among its staff.
            self.env["pm.property"].sudo().create([{**vals, "user_ids": [(4, self.env.uid)]} for vals in new])
            report.counts["created"] += len(new)
        items = [(row, row["code"], values[row["code"]]) for row in rows if row["code"] in found]
        self._upsert("pm.property", items, report, found)

    def _developers(self, rows):
        """Return ``{name: partner id}`` of the developers named in the rows; unknown ones become contacts."""
        names = {row["developer"] for row in rows if row["developer"]}
        if not names:
            return {}
        Partner = self.env["res.partner"]
        found = {
            partner.name: partner.id
            for partner in Partner.search([("name", "in", list(names)), ("is_company", "=", True)], order="id desc")
        }
        missing = sorted(names - found.keys())
        made = Partner.create([{"name": name, "is_company": True} for name in missing])
        return found | dict(zip(missing, made.ids, strict=True))
