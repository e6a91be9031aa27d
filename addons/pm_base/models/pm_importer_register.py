from odoo import models

from ..tools.columns import Column
from .pm_importer_place import choices

FACILITY_WORDS = {
    "valve_water": ("Main valve, water", "供水总闸", "供水总阀", "水总闸"),
    "valve_gas": ("Main valve, gas", "供气总闸", "燃气总阀", "气总闸"),
    "switch_power": ("Main switch, power", "供电总闸", "电总闸", "总配电箱"),
    "valve": ("Main valve, other", "其他总阀", "总阀"),
    "pump": ("Pump", "水泵", "泵"),
    "lift": ("Lift", "电梯"),
    "hydrant": ("Hydrant", "消火栓", "消防栓"),
    "lamp": ("Street lamp", "路灯"),
    "well": ("Inspection well", "检查井", "窨井"),
    "septic": ("Septic tank", "化粪池"),
    "pipe": ("Pipe route", "管线", "管道走向"),
    "road": ("Road", "道路"),
    "green": ("Green area", "绿地", "绿化"),
    "other": ("Other", "其他", "其它"),
}
CONTACT_WORDS = {
    "fire": ("Fire brigade", "火警", "消防"),
    "police": ("Police", "匪警", "报警", "公安"),
    "ambulance": ("Ambulance", "急救", "救护"),
    "traffic": ("Traffic police", "交通事故", "交警"),
    "committee": ("Residents' committee", "居委会", "社区居委会", "社区工作站"),
    "station": ("Police station", "派出所"),
    "water": ("Water supply", "供水", "自来水"),
    "gas": ("Gas supply", "供气", "燃气"),
    "power": ("Power supply", "供电", "电力"),
    "other": ("Other", "其他", "其它"),
}


class ImporterFacility(models.AbstractModel):
    """The register of facilities, by type, name and location within the property. Source: S4-53."""

    _name = "pm.importer.facility"
    _inherit = "pm.importer"
    _description = "Facilities"

    _sequence = 60
    _sheet = ("Facilities", "设施", "设施设备", "设施台账")
    _group = "pm_base.group_supervisor"
    _model = "pm.facility"

    def _columns(self):
        kinds = self.env["pm.facility"]._fields["facility_type"].selection
        return [
            self._property_column(),
            Column(
                "facility_type",
                "Facility type",
                "设施类型",
                "selection",
                required=True,
                key=True,
                choices=choices(kinds, FACILITY_WORDS),
                aliases=("类型",),
            ),
            Column("name", "Facility name", "设施名称", required=True, key=True, aliases=("名称",)),
            Column("location", "Location", "位置", required=True, key=True, aliases=("安装位置", "所在位置")),
            Column("building", "Building code", "楼栋编码", "code", aliases=("楼栋", "楼栋号")),
            Column("quantity", "Quantity", "数量", "float", minimum=0, digits=2),
            Column("unit_measure", "Measure", "单位", aliases=("计量单位",)),
            Column("note", "Note", "备注", "text"),
        ]

    def _load(self, rows, report):
        properties = self._properties(rows, report)
        buildings = self._by_property(
            "pm.building",
            rows,
            "building",
            properties,
            report,
            lambda value: self.env._("Building “%s” is unknown in this property.", value),
            self.env._("Correct the code, or enter the building first (sheet Buildings)."),
        )
        rows = report.good(rows)
        domain = [
            ("property_id", "in", [prop.id for prop in properties.values()]),
            ("name", "in", [row["name"] for row in rows]),
        ]
        found = {
            (facility.property_id.id, facility.facility_type, facility.name, facility.location): facility
            for facility in self.env["pm.facility"].with_context(active_test=False).search(domain, order="id desc")
        }
        items = []
        for row in rows:
            prop = properties[row["property"]].id
            vals = {
                name: row[name] for name in ("facility_type", "name", "location", "quantity", "unit_measure", "note")
            }
            building = buildings[prop, row["building"]].id if row["building"] else None
            key = (prop, row["facility_type"], row["name"], row["location"])
            items.append((row, key, {**vals, "property_id": prop, "building_id": building}))
        self._upsert("pm.facility", items, report, found)


class ImporterEmergencyContact(models.AbstractModel):
    """The emergency numbers of a property, by type and name. Source: S4-54."""

    _name = "pm.importer.emergency_contact"
    _inherit = "pm.importer"
    _description = "Emergency Numbers"

    _sequence = 61
    _sheet = ("Emergency numbers", "应急电话", "应急联系电话")
    _group = "pm_base.group_supervisor"
    _model = "pm.emergency.contact"

    def _columns(self):
        kinds = self.env["pm.emergency.contact"]._fields["contact_type"].selection
        return [
            self._property_column(),
            Column(
                "contact_type",
                "Service",
                "类别",
                "selection",
                required=True,
                key=True,
                choices=choices(kinds, CONTACT_WORDS),
                aliases=("类型",),
            ),
            Column("name", "Name", "名称", required=True, key=True, aliases=("单位名称", "部门")),
            # Short numbers such as 119 are no telephone numbers to the type "phone".
            Column("phone", "Phone", "电话", "code", required=True, aliases=("联系电话", "电话号码")),
            Column("note", "Note", "备注"),
        ]

    def _load(self, rows, report):
        properties = self._properties(rows, report)
        rows = report.good(rows)
        domain = [("property_id", "in", [prop.id for prop in properties.values()])]
        found = {
            (contact.property_id.id, contact.contact_type, contact.name): contact
            for contact in self.env["pm.emergency.contact"].search(domain, order="id desc")
        }
        items = []
        for row in rows:
            prop = properties[row["property"]].id
            vals = {name: row[name] for name in ("contact_type", "name", "phone", "note")}
            items.append((row, (prop, row["contact_type"], row["name"]), {**vals, "property_id": prop}))
        self._upsert("pm.emergency.contact", items, report, found)
