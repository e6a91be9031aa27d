from odoo.tests import tagged

from .common_billing import BillingCase

SHEETS = {
    "fee_item": "收费项目编码,收费项目名称,类别,代收代付,税率,收费依据,合同依据,收费周期,周期起始月\nWY,物业服务费,物业服务,否,6,条例,第十二条,每月,\nDF,电费（代收）,电费,是,0,不加价,第十七条,,\nGN,供暖费,供暖,否,9,条例,第九条,每年,11\nXX,无依据,其他,否,0,,第一条,,\nYY,供暖费,供暖,否,9,条例,第九条,每年,13\n",
    "fee_tariff": "项目编码,收费项目编码,版本,房产类型,计费方式,单价,生效日期,失效日期\nT1,WY,2024-A,写字楼,按面积,18.8,2024-09-01,\nT1,DF,2024-A,,按表计量,0.8418,2024-09-01,2026-04-30\nT1,ZZ,1,,按面积,1,2024-09-01,\n",
    "fee_assignment": "项目编码,房号,收费项目编码,开始日期,结束日期\nT1,A-101,WY,2025-11-01,\nT1,A-102,DF,2025-11-01,\nT1,Z-9,WY,2025-11-01,\n",
    "meter": "项目编码,表号,房号,收费项目编码,倍率,启用日期,起始读数\nT1,DF-1,A-102,DF,1,2025-09-01,5689\n",
    "meter_reading": "项目编码,表号,抄表日期,读数\nT1,DF-1,2025-11-30,5800\nT1,DF-1,2025-12-31,5700\nT1,NO,2025-12-31,1\n",
    "opening_arrears": "项目编码,房号,缴费人,收费项目编码,账期开始,账期结束,应缴日期,金额\nT1,A-101,Owner 1,WY,2025-10-01,2025-10-31,2025-10-31,4019.44\nT1,A-101,Nobody,WY,2025-09-01,2025-09-30,2025-09-30,10\n",
}
# kind: rows that enter, rows refused
EXPECTED = {
    "fee_item": (3, 2),
    "fee_tariff": (2, 1),
    "fee_assignment": (2, 1),
    "meter": (1, 0),
    "meter_reading": (1, 2),
    "opening_arrears": (1, 1),
}


@tagged("post_install", "-at_install")
class TestBillingImport(BillingCase):
    """Sheets as a property company has them; loading twice changes nothing."""

    def load(self, kind):
        return self.env["pm.import"].with_user(self.accountant)._load_file(kind, f"{kind}.csv", SHEETS[kind].encode())

    def test_all_sheets_twice(self):
        models = ("pm.fee.item", "pm.fee.tariff", "pm.fee.assignment", "pm.meter", "pm.meter.reading", "pm.charge")
        for kind, (good, bad) in EXPECTED.items():
            record = self.load(kind)
            self.assertEqual(
                (record.created_count, record.error_count),
                (good, bad),
                kind + str(record.sudo().error_ids.mapped("message")),
            )
        counts = [self.env[model].search_count([]) for model in models]
        for kind in EXPECTED:
            self.assertEqual(self.load(kind).created_count, 0, kind)
        self.assertEqual(counts, [self.env[model].search_count([]) for model in models])
        item = self.env["pm.fee.item"].search([("code", "=", "WY")])
        self.assertTrue(item.tax_id.price_include)
        self.assertEqual((item.tax_id.amount, item.category), (6, "property"))
        self.assertTrue(self.env["pm.fee.item"].search([("code", "=", "DF")]).pass_through)
        heating = self.env["pm.fee.item"].search([("code", "=", "GN")])
        self.assertEqual((heating.period, heating.first_month, item.first_month), ("12", "11", "1"))
        self.assertEqual(
            set(self.env["pm.fee.tariff"].search([("item_id.code", "in", ("WY", "DF"))]).mapped("state")), {"draft"}
        )
        charge = self.env["pm.charge"].search([("kind", "=", "opening")])
        self.assertEqual((charge.residual, charge.partner_id, charge.state), (4019.44, self.owners[0], "posted"))
        self.assertLedgerMatches()

    def test_pooled_shares_have_no_price_and_say_what_they_are_shared_by(self):
        self.make_item("GT", "Common power", category="energy", pass_through=True)
        self.make_item("SF", "Water", category="water", pass_through=True)
        record = (
            self.env["pm.import"]
            .with_user(self.accountant)
            ._load_file(
                "fee_tariff",
                "x.csv",
                (
                    "项目编码,收费项目编码,版本,计费方式,单价,分摊方式,用量来源,面积口径,生效日期\n"
                    "T1,GT,2026-A,公摊,,,,建筑面积,2026-01-01\n"
                    "T1,GT,2026-B,公摊,,按户均摊,,,2026-02-01\n"
                    "T1,GT,2026-C,公摊,,按用量,SF,,2026-03-01\n"
                    "T1,GT,2026-D,公摊,,按用量,,,2026-04-01\n"
                    "T1,GT,2026-E,公摊,,按人头,,,2026-05-01\n"
                    "T1,SF,2026-A,按表计量,,,,,2026-01-01\n"
                ).encode(),
            )
        )
        tariffs = self.env["pm.fee.tariff"].search([("item_id.code", "=", "GT")], order="date_from")
        self.assertEqual(tariffs.mapped("pool_basis"), ["area", "equal", "usage"])
        self.assertEqual((tariffs[0].area_basis, tariffs[2].usage_item_id.code), ("built", "SF"))
        errors = record.sudo().error_ids
        self.assertEqual(errors.mapped("row"), [5, 6, 7])
        self.assertEqual([error.column for error in errors], ["Use of", "Shared", "Price"])
