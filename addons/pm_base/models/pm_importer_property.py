from odoo import models

from ..tools.columns import Column


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
            Column("completion_date", "Completion date", "竣工日期", "date"),
            Column("move_in_date", "Move-in date", "入伙日期", "date"),
        ]

    def _load(self, rows, report):
        Property = self.env["pm.property"].with_context(active_test=False)
        found = {
            prop.code: prop
            for prop in Property.search(
                [("code", "in", [row["code"] for row in rows]), ("company_id", "=", self.env.company.id)]
            )
        }
        names = [column.name for column in self._columns()]
        values = {row["code"]: {name: row[name] for name in names} for row in rows}
        new = [{k: v for k, v in values[code].items() if v is not None} for code in values if code not in found]
        if new:
            # sudo: that the user may create properties has been checked; the record rule cannot be met before the
            # property exists, because it asks for the user among its staff.
            self.env["pm.property"].sudo().create([{**vals, "user_ids": [(4, self.env.uid)]} for vals in new])
            report.counts["created"] += len(new)
        items = [(row, row["code"], values[row["code"]]) for row in rows if row["code"] in found]
        self._upsert("pm.property", items, report, found)
