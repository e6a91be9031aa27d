from odoo import models

from ..tools.columns import Column
from .pm_unit import STRUCTURES, SURVEY_STATES, UNIT_TYPES
from .pm_zone import ZONE_TYPES

ZONE_WORDS = {
    "office": ("Office floors", "写字楼层", "写字楼", "办公", "办公区"),
    "hotel": ("Hotel floors", "酒店层", "酒店"),
    "retail": ("Podium retail", "裙楼商业", "商业", "裙楼", "商场"),
    "lobby": ("Lobby", "大堂", "首层大堂"),
    "parking": ("Car park", "停车场", "车库", "地下车库"),
    "residential": ("Residential", "住宅", "公寓"),
    "common": ("Common parts", "公共部位", "公共区域", "公共"),
}
UNIT_WORDS = {
    "office": ("Office", "写字楼", "办公", "办公室", "写字间"),
    "shop": ("Shop", "商铺", "店铺", "商业"),
    "hotel": ("Hotel room", "酒店", "酒店客房", "客房"),
    "apartment": ("Apartment", "公寓", "住宅"),
    "parking": ("Parking space", "车位", "停车位"),
    "storage": ("Storage", "储藏室", "储藏间", "仓库"),
    "other": ("Other", "其他", "其它"),
}
STRUCTURE_WORDS = {
    "frame": ("Reinforced-concrete frame", "框架", "框架结构", "钢筋混凝土框架", "钢混"),
    "shear_wall": ("Shear wall", "剪力墙", "剪力墙结构"),
    "frame_shear": ("Frame and shear wall", "框架剪力墙", "框剪"),
    "steel": ("Steel", "钢结构", "钢"),
    "brick": ("Brick and concrete", "砖混", "砖混结构"),
    "other": ("Other", "其他", "其它"),
}
SURVEY_WORDS = {
    "none": ("Not surveyed", "未测绘"),
    "presale": ("Pre-sale survey", "预测绘", "预测"),
    "final": ("Final survey", "实测绘", "实测", "已测绘"),
}


def choices(selection, words):
    """The choices of a column, for every value of a selection field."""
    return {value: words.get(value, (label, label)) for value, label in selection}


class ImporterZone(models.AbstractModel):
    """Functional zones, by code within the property."""

    _name = "pm.importer.zone"
    _inherit = "pm.importer"
    _description = "Zones"

    _sequence = 20
    _sheet = ("Zones", "区域", "功能区")
    _model = "pm.zone"

    def _columns(self):
        return [
            self._property_column(),
            Column(
                "code",
                "Zone code",
                "区域编码",
                "code",
                required=True,
                key=True,
                aliases=("区域代码", "区域编号", "功能区编码"),
            ),
            Column("name", "Zone name", "区域名称", required=True, aliases=("功能区名称",)),
            Column(
                "zone_type",
                "Zone type",
                "区域类型",
                "selection",
                choices=choices(ZONE_TYPES, ZONE_WORDS),
                aliases=("类型", "功能区类型"),
            ),
            Column("needs", "Service needs", "服务需求", "text"),
        ]

    def _load(self, rows, report):
        self._load_coded(
            "pm.zone", rows, report, lambda row, prop: {"zone_type": row["zone_type"], "needs": row["needs"]}
        )

    def _load_coded(self, model, rows, report, extra):
        """Upsert rows with ``property``, ``code`` and ``name``, found by property and code."""
        properties = self._properties(rows, report)
        rows = report.good(rows)
        found = self._present(model, rows, properties)
        items = []
        for row in rows:
            prop = properties[row["property"]]
            vals = {"property_id": prop.id, "code": row["code"], "name": row["name"], **extra(row, prop)}
            items.append((row, (prop.id, row["code"]), vals))
        self._upsert(model, items, report, found)


class ImporterBuilding(models.AbstractModel):
    """Buildings, by code within the property."""

    _name = "pm.importer.building"
    _inherit = "pm.importer.zone"
    _description = "Buildings"

    _sequence = 30
    _sheet = ("Buildings", "楼栋", "楼宇", "栋")
    _model = "pm.building"

    def _columns(self):
        return [
            self._property_column(),
            Column(
                "code",
                "Building code",
                "楼栋编码",
                "code",
                required=True,
                key=True,
                aliases=("楼栋代码", "楼栋编号", "楼栋号"),
            ),
            Column("name", "Building name", "楼栋名称", required=True),
            Column("floor_count", "Floors", "楼层数", "integer", minimum=0, maximum=200, aliases=("层数",)),
            Column(
                "user",
                "Butler",
                "管家",
                aliases=("楼栋管家", "负责人"),
                hint_en="Login, e-mail or name of a user.",
                hint_zh="用户的登录名、邮箱或姓名。",
            ),
        ]

    def _load(self, rows, report):
        users = self._users(rows, "user", report)
        self._load_coded(
            "pm.building",
            report.good(rows),
            report,
            lambda row, prop: {
                "floor_count": row["floor_count"],
                "user_id": users[row["user"]].id if row["user"] else None,
            },
        )


class ImporterUnit(models.AbstractModel):
    """Units, by code within the property."""

    _name = "pm.importer.unit"
    _inherit = "pm.importer"
    _description = "Units"

    _sequence = 40
    _sheet = ("Units", "房产", "房屋", "单元", "房间", "房产资料")
    _model = "pm.unit"

    def _columns(self):
        area = {"type": "float", "minimum": 0, "maximum": 10_000_000, "digits": 2, "hint_en": "m²", "hint_zh": "平方米"}
        return [
            self._property_column(),
            Column(
                "building",
                "Building code",
                "楼栋编码",
                "code",
                required=True,
                aliases=("楼栋", "楼栋号", "Building", "栋号", "楼号", "座"),
            ),
            Column("zone", "Zone code", "区域编码", "code", aliases=("区域", "Zone", "功能区", "功能区编码")),
            Column(
                "code",
                "Unit code",
                "房号",
                "code",
                required=True,
                key=True,
                fold=True,
                aliases=("房间号", "单元号", "房产编码", "Unit", "Unit no.", "Room"),
            ),
            Column("floor", "Floor", "楼层", "code"),
            Column(
                "unit_type",
                "Unit type",
                "房产类型",
                "selection",
                choices=choices(UNIT_TYPES, UNIT_WORDS),
                aliases=("类型", "房屋类型", "用途", "Type"),
            ),
            Column("area_built", "Built area", "建筑面积", **area),
            Column("area_inner", "Inner area", "套内面积", **area),
            Column("area_chargeable", "Chargeable area", "计费面积", **area, aliases=("收费面积", "Area")),
            Column("layout", "Layout", "户型"),
            Column(
                "structure",
                "Structure",
                "房屋结构",
                "selection",
                choices=choices(STRUCTURES, STRUCTURE_WORDS),
                aliases=("结构", "建筑结构"),
            ),
            Column(
                "survey_state",
                "Survey",
                "测绘状态",
                "selection",
                choices=choices(SURVEY_STATES, SURVEY_WORDS),
                aliases=("测绘情况", "测绘"),
            ),
            Column(
                "resident_count",
                "People",
                "居住人数",
                "integer",
                minimum=0,
                maximum=10_000,
                aliases=("人数", "常住人数"),
            ),
            Column("handover_date", "Handover date", "交付日期", "date", aliases=("交房日期", "交楼日期", "收楼日期")),
            Column("warranty_until", "Warranty until", "保修到期", "date", aliases=("保修截止", "保修期至")),
            Column(
                "user",
                "Butler",
                "管家",
                aliases=("负责人",),
                hint_en="Login, e-mail or name of a user.",
                hint_zh="用户的登录名、邮箱或姓名。",
            ),
        ]

    def _load(self, rows, report):
        properties = self._properties(rows, report)
        users = self._users(rows, "user", report)
        buildings = self._by_property(
            "pm.building",
            rows,
            "building",
            properties,
            report,
            lambda value: self.env._("Building “%s” is unknown in this property.", value),
            self.env._("Correct the code, or enter the building first (sheet Buildings)."),
        )
        zones = self._by_property(
            "pm.zone",
            rows,
            "zone",
            properties,
            report,
            lambda value: self.env._("Zone “%s” is unknown in this property.", value),
            self.env._("Correct the code, or enter the zone first (sheet Zones)."),
        )
        rows = report.good(rows)
        found = self._present("pm.unit", rows, properties)
        items = []
        for row in rows:
            prop = properties[row["property"]].id
            unit = found.get((prop, row["code"]))
            if unit and not unit.active:
                report.error(
                    row,
                    "code",
                    self.env._("Unit “%s” is archived.", row["code"]),
                    self.env._("Restore the unit (filter Archived, then Unarchive), or take the row out."),
                )
                continue
            inner, built = row["area_inner"], row["area_built"]
            if inner and built and inner > built:
                report.error(
                    row,
                    "area_inner",
                    self.env._("The inner area is larger than the built area (%s m²).", built),
                    self.env._("Check whether the two columns are exchanged."),
                )
                continue
            vals = {
                "property_id": prop,
                "code": row["code"],
                "building_id": buildings[prop, row["building"]].id,
                "zone_id": zones[prop, row["zone"]].id if row["zone"] else None,
                "user_id": users[row["user"]].id if row["user"] else None,
            }
            for name in (
                "floor",
                "unit_type",
                "area_built",
                "area_inner",
                "area_chargeable",
                "layout",
                "structure",
                "survey_state",
                "resident_count",
                "handover_date",
                "warranty_until",
            ):
                vals[name] = row[name]
            if unit and unit.code.lower() == row["code"].lower():
                vals["code"] = unit.code  # the spelling on record stays
            items.append((row, (prop, row["code"]), vals))
        self._upsert("pm.unit", items, report, found)
