import base64

from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged
from odoo.tools import mute_logger

from .common import PmCase
from .import_files import csv_file, read_xlsx, xlsx

UNIT_HEADERS = ["项目编码", "楼栋编码", "房号", "计费面积", "房产类型", "交付日期"]
PARTY_HEADERS = ["项目编码", "房号", "姓名", "角色", "电话", "开始日期", "结束日期", "份额", "缴费人"]


class ImportCase(PmCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # As the assistant, who does this every day, and not as the superuser, for whom no rule counts.
        cls.Import = cls.env["pm.import"].with_user(cls.assistant).with_context(lang="en_US")

    def load(self, sheets, kind=None, name="book.xlsx", **options):
        content = sheets if isinstance(sheets, bytes) else xlsx(sheets)
        return self.Import._load_file(kind, name, content, **options)

    def load_units(self, *rows, **options):
        return self.load({"房产": [UNIT_HEADERS, *rows]}, **options)

    def load_parties(self, *rows, **options):
        return self.load({"住户": [PARTY_HEADERS, *rows]}, **options)

    def assertCounts(self, record, created=0, updated=0, unchanged=0, errors=0):
        found = (record.state, record.created_count, record.updated_count, record.unchanged_count, record.error_count)
        explained = [(e.row, e.column, e.value, e.message, e.remedy) for e in record.error_ids]
        self.assertEqual(found, ("done", created, updated, unchanged, errors), explained)

    def assertError(self, record, row, column, text):
        """One error names row and column, says what is wrong, and gives a remedy."""
        errors = record.error_ids.filtered(lambda e: e.row == row)
        self.assertEqual(len(errors), 1, record.error_ids.mapped("message"))
        self.assertEqual(errors.column or None, column, errors.message)
        self.assertIn(text, errors.message)
        self.assertTrue(errors.remedy)


@tagged("post_install", "-at_install")
class TestImportUnits(ImportCase):
    def test_new_changed_and_unchanged_units_are_told_apart(self):
        rows = [["T1", "A", "A-201", 88.8, "写字楼", "2024-05-01"], ["T1", "A", "A-101", 101, "Office", None]]
        first = self.load_units(*rows)
        self.assertCounts(first, created=1, updated=1)
        unit = self.env["pm.unit"].search([("property_id", "=", self.property.id), ("code", "=", "A-201")])
        self.assertEqual(
            (unit.area_chargeable, unit.unit_type, str(unit.handover_date)), (88.8, "office", "2024-05-01")
        )
        self.assertEqual(unit.user_id, self.officer, "the building's butler")
        self.assertEqual(self.units[0].area_chargeable, 101)
        self.assertEqual(str(self.units[0].handover_date), "2024-01-01", "an empty cell overwrites nothing")
        self.assertCounts(self.load_units(*rows), unchanged=2)

    def test_good_rows_enter_and_bad_ones_say_what_is_wrong(self):
        record = self.load_units(
            ["T1", "A", "A-201", 88.8, "写字楼", None],
            ["T1", "A", "A-202", -1, "写字楼", None],
            ["T1", "Z", "A-203", 10, "写字楼", None],
            ["XX", "A", "A-204", 10, "写字楼", None],
            ["T1", "A", "A-201", 99, "写字楼", None],
            ["T1", "A", "A-205", "ten", "写字楼", None],
            ["T1", "A", "A-206", 10, "宫殿", None],
            ["T1", "A", "A-207", 10, "写字楼", "5/1/2024"],
            ["T1", "A", None, 10, "写字楼", None],
        )
        self.assertCounts(record, created=1, errors=8)
        self.assertError(record, 3, "Chargeable area", "below 0")
        self.assertError(record, 4, "Building code", "“Z” is unknown")
        self.assertError(record, 5, "Property code", "“XX” is unknown")
        self.assertError(record, 6, "Unit code", "Row 2")
        self.assertError(record, 7, "Chargeable area", "not a number")
        self.assertError(record, 8, "Unit type", "not known")
        self.assertError(record, 9, "Handover date", "more than one way")
        self.assertError(record, 10, "Unit code", "missing")
        self.assertEqual(record.error_ids.filtered(lambda e: e.row == 7).value, "ten")

    def test_the_rows_to_correct_can_be_corrected_and_loaded_again(self):
        record = self.load_units(["T1", "A", "A-201", 50, "写字楼", None], ["T1", "A", "A-202", "+ten", "写字楼", None])
        book = read_xlsx(base64.b64decode(record.error_file))
        self.assertEqual(list(book), ["房产"])
        header, row = book["房产"]
        self.assertEqual(header, [*UNIT_HEADERS, "Error/错误"])
        self.assertEqual(row[:4], ["T1", "A", "A-202", "'+ten"])
        self.assertIn("not a number", row[-1])
        row[3] = 60
        again = self.load({"房产": [header, row]})
        self.assertCounts(again, created=1)
        self.assertFalse(again.notes, "the column with the errors is no stranger")
        self.assertFalse(again.error_file)

    def test_full_width_merged_and_quoted_cells(self):
        content = xlsx(
            {
                "房产": [
                    ["一览表"],
                    UNIT_HEADERS,
                    ["Ｔ１", "A", "Ａ－３０１", "１，０００．５", "写字楼", "2024年1月5日"],
                    [None, None, "A-302", 20, "写字楼", 45296],
                ]
            },
            merge=["A1:F1", "A3:A4", "B3:B4"],
        )
        record = self.load(content)
        self.assertCounts(record, created=2)
        units = self.env["pm.unit"].search([("code", "in", ("A-301", "A-302"))], order="code")
        self.assertEqual(units.mapped("area_chargeable"), [1000.5, 20])
        self.assertEqual({str(day) for day in units.mapped("handover_date")}, {"2024-01-05"})
        self.assertIn("merged", record.notes)

    def test_a_gbk_file_without_a_property_column(self):
        content = csv_file([["楼栋", "房间号", "收费面积", "备注"], ["A", "A-401", "77.70", "x"]], "gbk", ";")
        self.assertEqual(self.load(content, "unit", "export.csv").state, "refused", "no property named anywhere")
        record = self.load(content, "unit", "export.csv", property_id=self.property.id)
        self.assertCounts(record, created=1)
        self.assertIn("备注", record.notes, "a column that is not known is named")

    def test_a_missing_column_is_one_clear_error(self):
        record = self.load({"房产": [["项目编码", "计费面积"], ["T1", 1], ["T1", 2]]})
        self.assertEqual(record.state, "refused")
        self.assertEqual(len(record.error_ids), 1)
        self.assertIn("房号/Unit code", record.error_ids.message)
        self.assertIn("楼栋编码/Building code", record.error_ids.remedy)

    def test_a_strange_file_is_refused_with_a_reason(self):
        for content, text in ((b"%PDF-1.4", "not a spreadsheet"), (xlsx({"x": [["foo", "bar"], [1, 2]]}), "recognised"),
                              (xlsx({"房产": [UNIT_HEADERS]}), "no rows")):  # fmt: skip
            record = self.load(content)
            self.assertEqual(record.state, "refused")
            self.assertIn(text, record.error_ids.message)
            self.assertTrue(record.error_ids.remedy)

    def test_an_archived_unit_is_not_revived_in_silence(self):
        self.units[2].active = False
        record = self.load_units(["T1", "A", "A-103", 80, None, None])
        self.assertCounts(record, errors=1)
        self.assertError(record, 2, "Unit code", "archived")

    def test_the_trial_run_saves_nothing(self):
        record = self.Import.create({"name": "x.xlsx", "file": base64.b64encode(xlsx({"房产": [
            UNIT_HEADERS, ["T1", "A", "A-501", 1, "写字楼", None], ["T1", "Z", "A-502", 1, "写字楼", None]]}))})  # fmt: skip
        record.action_preview()
        self.assertEqual(
            (record.state, record.created_count, record.error_count, record.is_trial), ("ready", 1, 1, True)
        )
        self.assertIn("A-501", record.sheet_ids.sample)
        self.assertFalse(self.env["pm.unit"].search([("code", "=", "A-501")]))
        record.action_import()
        self.assertEqual((record.state, record.created_count, record.error_count), ("done", 1, 1))
        self.assertTrue(self.env["pm.unit"].search([("code", "=", "A-501")]))
        self.assertTrue(record.action_download_errors()["url"].endswith("download=true"))
        with self.assertRaises(UserError):
            record.action_import()
        with self.assertRaises(UserError):
            record.file = base64.b64encode(b"x")

    def test_choosing_another_file_starts_over(self):
        record = self.Import.create({"name": "x.pdf", "file": base64.b64encode(b"%PDF")})
        record.action_preview()
        self.assertEqual(record.state, "refused")
        record.write(
            {
                "name": "x.xlsx",
                "file": base64.b64encode(xlsx({"房产": [UNIT_HEADERS, ["T1", "A", "A-601", 1, "写字楼", None]]})),
            }
        )
        self.assertEqual((record.state, len(record.error_ids)), ("draft", 0))
        record.action_import()
        self.assertCounts(record, created=1)

    def test_capital_and_small_letters_are_one_unit(self):
        record = self.load_units(
            ["T1", "A", "a-101", 123, "写字楼", None],
            ["T1", "A", "A-801", 10, "写字楼", None],
            ["T1", "A", "a-801", 20, "写字楼", None],
        )
        self.assertCounts(record, created=1, updated=1, errors=1)
        self.assertError(record, 4, "Unit code", "Row 3")
        self.assertEqual((self.units[0].code, self.units[0].area_chargeable), ("A-101", 123))
        self.assertCounts(self.load_units(["T1", "A", "A-801", 10, "写字楼", None]), unchanged=1)
        parties = self.load_parties(["T1", "a-801", "张伟", "租户", "13800138000", "2024-03-01", None, None, None])
        self.assertCounts(parties, created=1)

    def test_structure_survey_and_people_of_a_unit(self):
        # S4-39
        headers = ["项目编码", "楼栋编码", "房号", "房屋结构", "测绘状态", "居住人数"]
        record = self.load({"房产": [headers, ["T1", "A", "A-101", "框剪", "实测绘", "３人"]]})
        self.assertCounts(record, updated=1)
        unit = self.units[0]
        self.assertEqual((unit.structure, unit.survey_state, unit.resident_count), ("frame_shear", "final", 3))

    @mute_logger("odoo.sql_db")
    def test_what_only_the_database_refuses_costs_only_that_row(self):
        self.env.cr.execute("ALTER TABLE pm_unit ADD CONSTRAINT pm_unit_test CHECK (code <> 'A-777')")
        record = self.load_units(*(["T1", "A", f"A-7{n}", 1, "写字楼", None] for n in range(70, 80)))
        self.assertCounts(record, created=9, errors=1)
        self.assertEqual(record.error_ids.row, 9)

    def test_the_template_can_be_filled_in_and_loaded(self):
        record = self.Import.with_context(lang="en_US").create({})
        template = base64.b64decode(record.template_file)
        book = read_xlsx(template)
        self.assertEqual(
            list(book), ["Zones", "Buildings", "Units", "Parties", "Guide"], "an assistant does not enter properties"
        )
        sheets = {name: rows[:1] for name, rows in book.items() if name != "Guide"}
        unit = dict.fromkeys(book["Units"][0])
        unit.update({"项目编码/Property code": "T1", "楼栋编码/Building code": "N", "房号/Unit code": "N-1"})
        sheets["Units"].append(list(unit.values()))
        building = dict.fromkeys(book["Buildings"][0])
        building.update(
            {"项目编码/Property code": "T1", "楼栋编码/Building code": "N", "楼栋名称/Building name": "North"}
        )
        sheets["Buildings"].append(list(building.values()))
        supervisor = self.Import.with_user(self.supervisor)._load_file(None, "x.xlsx", xlsx(sheets))
        self.assertCounts(supervisor, created=2)
        self.assertEqual(supervisor.sheet_ids.mapped("kind"), ["building", "unit"], "in the order of dependence")

    def test_a_sheet_that_the_user_may_not_enter_is_refused(self):
        record = self.load({"楼栋": [["项目编码", "楼栋编码", "楼栋名称"], ["T1", "N", "North"]]})
        self.assertEqual(record.state, "refused")
        record = self.load({"项目": [["项目编码", "项目名称"], ["T9", "North"]]})
        self.assertEqual(record.state, "refused")


@tagged("post_install", "-at_install")
class TestImportParties(ImportCase):
    def test_one_person_with_two_units_is_one_contact(self):
        rows = [
            ["T1", "A-101", "张伟", "家庭成员", "13800138000", "2024-03-01", None, None, "否"],
            ["T1", "A-102", "张伟", "家庭成员", "+86 138 0013 8000", "2024-03-01", None, None, "否"],
            ["T1", "A-103", "张伟", "家庭成员", "13900139000", "2024-03-01", None, None, "否"],
        ]
        self.assertCounts(self.load_parties(*rows), created=3)
        people = self.env["res.partner"].search([("name", "=", "张伟")])
        self.assertEqual(sorted(people.mapped("phone")), ["13800138000", "13900139000"], "two people of one name")
        self.assertEqual(len(people.filtered(lambda p: p.phone == "13800138000").pm_party_ids), 2)
        self.assertCounts(self.load_parties(*rows), unchanged=3)
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "张伟")]), 2)

    def test_a_known_person_is_found_by_phone_wherever_he_lives(self):
        partner = self.env["res.partner"].create({"name": "李娜", "phone": "+86 137 0013 7000"})
        record = self.load_parties(["T1", "A-101", "李娜", "租户", "13700137000", "2024-03-01", None, None, None])
        self.assertCounts(record, created=1)
        self.assertEqual(partner.pm_party_ids.unit_id, self.units[0])
        self.assertEqual(partner.phone, "+86 137 0013 7000", "the same number is left as it is written")

    def test_a_company_is_found_by_its_tax_number(self):
        partner = self.env["res.partner"].create({"name": "旧名公司", "is_company": True, "vat": "91440300MA5EXAMP1X"})
        sheet = [
            [*PARTY_HEADERS, "税号"],
            ["T1", "A-101", "新名公司", "租户", None, "2024-03-01", None, None, None, "91440300ma5examp1x"],
        ]
        self.assertCounts(self.load({"住户": sheet}), created=1)
        self.assertEqual(partner.pm_party_ids.unit_id, self.units[0])
        self.assertCounts(self.load({"住户": sheet}), unchanged=1)

    def test_an_empty_phone_overwrites_nothing_and_a_new_one_replaces_the_old(self):
        row = ["T1", "A-103", "Owner 3", "业主", None, "2024-01-01", None, 100, "是"]
        self.assertCounts(self.load_parties(row), unchanged=1)
        self.assertEqual(self.owners[2].phone, "+86 199 0000 0003")
        row[4] = "13600136000"
        self.assertCounts(self.load_parties(row), updated=1)
        self.assertEqual(
            self.owners[2].phone, "13600136000", "same name, unit and role: the same person with a new number"
        )

    def test_a_login_is_not_taken_over_by_a_file(self):
        sheet = [
            [*PARTY_HEADERS, "邮箱"],
            ["T1", "A-101", "Owner 1", "业主", None, "2024-01-01", None, 100, "是", "thief@example.com"],
        ]
        record = self.load({"住户": sheet})
        self.assertCounts(record, errors=1)
        self.assertError(record, 2, "E-mail", "has a login")
        self.assertEqual(self.owners[0].email, "owner1@owners.example")

    def test_a_second_payer_is_refused_with_the_first_ones_name(self):
        record = self.load_parties(["T1", "A-101", "王芳", "租户", "13500135000", "2024-06-01", None, None, "是"])
        self.assertCounts(record, errors=1)
        self.assertError(record, 2, "Payer", "Owner 1, since 2024-01-01")
        self.assertFalse(self.env["res.partner"].search([("name", "=", "王芳")]), "nobody enters with a refused row")

    def test_payers_may_follow_one_another_to_the_day(self):
        rows = [
            ["T1", "A-101", "王芳", "租户", "13500135000", "2024-06-01", None, None, "是"],
            ["T1", "A-101", "Owner 1", "业主", None, "2024-01-01", "2024-05-31", 100, "是"],
        ]
        self.assertCounts(self.load_parties(*rows), created=1, updated=1)
        rows[0][5] = "2024-05-31"
        self.assertError(self.load_parties(rows[0]), 2, "From", "already has this role")

    def test_owners_shares_end_at_a_hundred(self):
        self.parties[0].share = 60
        rows = [
            ["T1", "A-101", "王芳", "业主", "13500135000", "2024-06-01", None, "40%", "否"],
            ["T1", "A-101", "王强", "业主", "13500135001", "2024-06-01", None, 0.0001, "否"],
        ]
        record = self.load_parties(*rows)
        self.assertCounts(record, created=1, errors=1)
        self.assertError(record, 3, "Share", "more than 100 %")
        self.assertIn("Owner 1 60 %", record.error_ids.message)

    def test_an_impossible_period_an_unknown_unit_and_no_first_day(self):
        self.units[1].handover_date = False
        record = self.load_parties(
            ["T1", "A-101", "甲", "租户", None, "2024-06-01", "2024-05-31", None, None],
            ["T1", "A-999", "乙", "租户", None, "2024-06-01", None, None, None],
            ["T1", "A-102", "丙", "租户", None, None, None, None, None],
            ["T1", "A-101", "丁", "邻居", None, "2024-06-01", None, None, None],
            ["T1", "A-101", "戊", "租户", "13800138000/13900139000", "2024-06-01", None, 101, None],
        )
        self.assertEqual(record.error_count, 5)
        self.assertError(record, 2, "To", "end before it begins")
        self.assertError(record, 3, "Unit code", "“A-999” is unknown")
        self.assertError(record, 4, "From", "first day")
        self.assertError(record, 5, "Role", "not known")
        self.assertEqual(
            record.error_ids.filtered(lambda e: e.row == 6).mapped("column"),
            ["Phone", "Share"],
            "every fault of a row at once",
        )

    def test_people_of_one_name_are_told_apart_or_asked_about(self):
        rows = [
            ["T1", "A-101", "李明", "家庭成员", "13500135000", "2024-06-01", None, None, None],
            ["T1", "A-101", "李明", "联系人", None, "2024-06-01", None, None, None],
            ["T1", "A-102", "李明", "家庭成员", "13500135000", "2024-06-01", None, None, None],
            ["T1", "A-102", "李明", "家庭成员", "13500135001", "2024-06-01", None, None, None],
            ["T1", "A-102", "李明", "联系人", None, "2024-06-01", None, None, None],
        ]
        record = self.load_parties(*rows)
        self.assertCounts(record, created=4, errors=1)
        self.assertError(record, 6, "Phone", "several people")
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "李明")]), 2)
        self.assertCounts(self.load_parties(*rows), unchanged=4, errors=1)

    def test_a_file_that_contradicts_itself_is_asked_about(self):
        headers = [*PARTY_HEADERS, "邮箱"]
        rows = [
            ["T1", "A-101", "李明", "家庭成员", "13500135000", "2024-06-01", None, None, None, "a@example.com"],
            ["T1", "A-102", "李明", "家庭成员", "13500135000", "2024-06-01", None, None, None, "b@example.com"],
            ["T1", "A-101", "李明", "家庭成员", None, "2024-06-01", None, None, None, None],
        ]
        for created, unchanged in ((1, 0), (0, 1)):
            record = self.load({"住户": [headers, *rows]})
            self.assertCounts(record, created=created, unchanged=unchanged, errors=2)
            self.assertError(record, 3, "E-mail", "Row 2 of this file says otherwise")
            self.assertError(record, 4, "Name", "Row 2 of this file is about the same role")

    def test_the_sheet_of_a_shop(self):
        # S4-50: scope, category, operating entity, person in charge, staff, contract; S0-20: characteristics
        headers = ["项目编码", "房号", "姓名", "角色", "开始日期", "经营范围", "经营类别", "经营主体", "负责人", "员工人数", "人员构成",
                   "合同编号", "重点客户", "重点原因", "客户特点"]  # fmt: skip
        row = ["T1", "A-101", "示例茶饮店", "商户", "2024-06-01", "茶饮零售", "餐饮", "示例餐饮公司", "李店长", 12, "店长1、店员11",
               "HT-2024-6", "是", "主力商户", "周末客流大"]  # fmt: skip
        for created, unchanged in ((1, 0), (0, 1)):
            record = self.load({"住户": [headers, row]})
            self.assertCounts(record, created=created, unchanged=unchanged)
        party = self.units[0].party_ids.filtered(lambda p: p.role == "merchant")
        self.assertEqual(
            (
                party.business_category,
                party.operating_entity,
                party.staff_composition,
                party.contract_ref,
                party.key_traits,
            ),
            ("餐饮", "示例餐饮公司", "店长1、店员11", "HT-2024-6", "周末客流大"),
        )

    def test_rows_without_dates_take_the_one_chosen_on_the_import(self):
        row = ["T1", "A-101", "丙", "租户", None, None, None, None, None]
        self.assertCounts(self.load_parties(row, date_from="2025-01-01"), created=1)
        self.assertCounts(self.load_parties(row), unchanged=1)

    def test_two_thousand_rows(self):
        units = [["T1", "A", f"A-{n:05}", 50 + n / 100, "写字楼", "2024-01-01"] for n in range(1000)]
        parties = [
            ["T1", f"A-{n:05}", f"业主{n}", "业主", f"172{n:08}", "2024-01-01", None, 100, "是"] for n in range(1000)
        ]
        sheets = {"住户": [PARTY_HEADERS, *parties], "房产": [UNIT_HEADERS, *units]}
        content = xlsx(sheets)
        self.assertCounts(self.load(content), created=2000)
        queries = self.env.cr.sql_log_count
        self.assertCounts(self.load(content), unchanged=2000)
        self.assertLess(
            self.env.cr.sql_log_count - queries, 250, "a number of queries that does not grow with the rows"
        )


@tagged("post_install", "-at_install")
class TestImportRegisters(ImportCase):
    """The profile of the property, its facilities and the numbers to call (S0-96, S4-53, S4-54)."""

    def load(self, sheets, user=None):
        return self.Import.with_user(user or self.supervisor)._load_file(None, "x.xlsx", xlsx(sheets))

    def test_facilities_are_found_again_by_type_name_and_place(self):
        headers = ["项目编码", "设施类型", "设施名称", "位置", "楼栋编码", "数量", "单位"]
        rows = [
            ["T1", "供水总闸", "总阀", "B1水泵房", "A", 1, "个"],
            ["T1", "消火栓", "室内消火栓", "各层走道", None, "１８６", "个"],
            ["T1", "道路", "消防车道", "首层", "Z", 420.5, "米"],
            ["T1", "宫殿", "x", "y", None, 1, None],
            ["T1", "路灯", "庭院灯", "园林", None, -1, None],
        ]
        record = self.load({"设施": [headers, *rows]})
        self.assertCounts(record, created=2, errors=3)
        self.assertError(record, 4, "Building code", "“Z” is unknown")
        valve = self.env["pm.facility"].search([("facility_type", "=", "valve_water")])
        self.assertEqual((valve.name, valve.building_id, valve.unit_measure), ("总阀", self.building, "个"))
        rows[0][5] = 2
        self.assertCounts(self.load({"设施": [headers, *rows[:2]]}), updated=1, unchanged=1)
        self.assertEqual(valve.quantity, 2)

    def test_emergency_numbers_of_a_property(self):
        headers = ["项目编码", "类别", "名称", "电话", "备注"]
        rows = [["T1", "供水", "水务集团", "0755-1234 5678", "24小时"], ["T1", "火警", "消防", 119, None]]
        self.assertCounts(self.load({"应急电话": [headers, *rows]}), created=2)
        self.assertCounts(self.load({"应急电话": [headers, *rows]}), unchanged=2)
        numbers = self.property.emergency_contact_ids
        self.assertEqual(set(numbers.mapped("contact_type")), {"water", "fire"})
        self.assertIn("119", numbers.mapped("phone"))

    def test_registers_are_the_supervisor_s(self):
        headers = ["项目编码", "类别", "名称", "电话"]
        record = self.load({"应急电话": [headers, ["T1", "供水", "水务集团", "1"]]}, self.assistant)
        self.assertEqual(record.state, "refused")

    def test_the_whole_profile_of_a_property(self):
        headers = [
            "项目编码",
            "项目名称",
            "容积率",
            "绿化率",
            "开发商",
            "电梯数",
            "地下车位",
            "中水",
            "燃气",
            "供暖",
            "竣工日期",
        ]
        row = ["T1", "Test Tower", 4.87, "30%", "示例置业", "8部", 134, "是", "市政", "无", "2021年3月31日"]
        row[5] = 8
        sheet = {"项目": [headers, row]}
        self.assertCounts(self.load(sheet, self.manager), updated=1)
        prop = self.property
        self.assertEqual((prop.plot_ratio, prop.green_ratio, prop.lift_count), (4.87, 30, 8))
        self.assertEqual((prop.gas_type, prop.heating_type, prop.reclaimed_water), ("municipal", "none", True))
        self.assertEqual((prop.developer_id.name, prop.developer_id.is_company), ("示例置业", True))
        self.assertCounts(self.load(sheet, self.manager), unchanged=1)
        self.assertEqual(self.env["res.partner"].search_count([("name", "=", "示例置业")]), 1)


@tagged("post_install", "-at_install")
class TestImportAccess(ImportCase):
    def test_only_assistants_and_above_import(self):
        for user in self.users_of("front_desk", "officer", "technician", "cashier", "counsel"):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.env["pm.import"].with_user(user).create({"name": "x"})
        record = (
            self.env["pm.import"]
            .with_user(self.accountant)
            ._load_file(None, "x.xlsx", xlsx({"房产": [UNIT_HEADERS, ["T1", "A", "B-1", 1, None, None]]}))
        )
        self.assertEqual(record.state, "refused", "an accountant loads bank lines, not units")

    def test_a_manager_enters_a_property_with_all_that_is_in_it(self):
        sheets = {
            "住户": [PARTY_HEADERS, ["T7", "N-1", "张伟", "业主", "13800138000", "2024-01-01", None, "100%", "√"]],
            "房产": [UNIT_HEADERS, ["T7", "N", "N-1", "1,000.5", "商铺", 45296]],
            "楼栋": [["项目编码", "楼栋编码", "楼栋名称", "层数"], ["T7", "N", "北座", "１２"]],
            "项目": [["项目编码", "项目名称"], ["T7", "七号大厦"]],
        }
        record = self.Import.with_user(self.manager)._load_file(None, "x.xlsx", xlsx(sheets))
        self.assertCounts(record, created=4)
        unit = self.env["pm.unit"].search([("code", "=", "N-1")])
        self.assertEqual((unit.payer_id.name, unit.area_chargeable, unit.building_id.floor_count), ("张伟", 1000.5, 12))
        self.assertEqual(record.property_ids, unit.property_id)
        again = self.Import.with_user(self.manager)._load_file(None, "x.xlsx", xlsx(sheets))
        self.assertCounts(again, unchanged=4)

    def test_a_property_of_others_is_unknown(self):
        self.env["pm.property"].create({"name": "Other", "code": "T2"})
        record = self.load_units(["T2", "A", "A-1", 1, None, None])
        self.assertCounts(record, errors=1)
        self.assertError(record, 2, "Property code", "not one of yours")

    def test_the_file_is_for_who_loaded_it_and_for_the_manager_of_all_in_it(self):
        record = self.load_units(["T1", "A", "A-1", -1, None, None])
        attachments = (
            self.env["ir.attachment"]
            .sudo()
            .search([("res_model", "=", "pm.import"), ("res_id", "=", record.id), ("res_field", "!=", False)])
        )
        self.assertEqual(set(attachments.mapped("res_field")), {"file", "error_file"})
        for user, allowed in ((self.assistant, True), (self.manager, True), (self.leadership, False), (self.supervisor, False), (self.accountant, False),
                              (self.officer, False), (self.portal_user, False)):  # fmt: skip
            with self.subTest(user=user.login):
                seen = record.with_user(user)
                if allowed:
                    self.assertTrue(
                        seen.error_file and seen.error_ids.mapped("message") and seen.sheet_ids.mapped("name")
                    )
                    attachments.with_user(user).check_access("read")
                else:
                    with self.assertRaises(AccessError):
                        seen.read(["error_file"])
                    with self.assertRaises(AccessError):
                        attachments.with_user(user).check_access("read")
        self.property.user_ids -= self.manager
        self.env.registry.clear_cache()
        with self.assertRaises(AccessError):
            record.with_user(self.manager).read(["error_file"])

    def test_results_cannot_be_forged(self):
        record = self.load_units(["T1", "A", "A-1", 1, None, None])
        with self.assertRaises(AccessError):
            record.sheet_ids.with_user(self.assistant).write({"created_count": 9})
        with self.assertRaises(AccessError):
            self.env["pm.import.error"].with_user(self.assistant).create({"import_id": record.id, "message": "x"})
