from odoo import Command, models

from odoo.addons.pm_base.tools.columns import Column

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
            Column("owners_income", "Owners' common income", "业主公共收益", "boolean", aliases=("公共收益",)),
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
            Column(
                "first_month",
                "First month of a period",
                "周期起始月",
                "integer",
                minimum=1,
                maximum=12,
                hint_en="1 to 12, as 11 for heating by the season; empty = January.",
                hint_zh="1 至 12，如按采暖季收取的供暖费填 11；空白为 1 月。",
            ),
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
        for position, row in enumerate(rows, 1):
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
                "owners_income": row["owners_income"],
                "period": row["period"],
                "first_month": str(row["first_month"]) if row["first_month"] else None,
                "uom_name": row["uom"] or (USUAL_UOM.get(row["category"]) if row["code"] not in found else None),
                "legal_basis": row["legal_basis"],
                "contract_reference": row["contract_reference"],
                "note": row["note"],
            }
            if row["code"] not in found:
                vals["sequence"] = 10 * position  # price notices and reports name the fees as the sheet does
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
