from datetime import date, datetime

from odoo.tests.common import BaseCase, tagged

from ..tools import cells
from ..tools.cells import BadValue
from ..tools.columns import Column, find_header, match_header


@tagged("post_install", "-at_install")
class TestImportCells(BaseCase):
    def assertBad(self, code, function, *args):
        with self.assertRaises(BadValue) as caught:
            function(*args)
        self.assertEqual(caught.exception.code, code)

    def test_a_date_is_understood_in_every_usual_spelling(self):
        for value in (
            "2024-01-05", "2024/1/5", "2024.1.5", "2024年1月5日", "2024 年 1 月 5 日", "20240105", 20240105, 20240105.0, "２０２４－０１－０５",
            45296, 45296.0, "45296", datetime(2024, 1, 5), date(2024, 1, 5), "2024-01-05 00:00:00", " 2024-01-05 ", "2024-01-05T08:30:00",
        ):  # fmt: skip
            with self.subTest(value=value):
                self.assertEqual(cells.to_date(value), date(2024, 1, 5))

    def test_a_date_that_may_mean_two_days_is_refused(self):
        for value in ("05/01/2024", "1-5-24", "24/1/5"):
            with self.subTest(value=value):
                self.assertBad("ambiguous_date", cells.to_date, value)

    def test_what_is_no_date_is_refused(self):
        for code, value in (("no_such_date", "2024-02-30"), ("no_such_date", 20241301), ("not_a_date", "soon"), ("not_a_date", 7), ("not_a_date", True),
                            ("not_a_date", 1e300), ("not_a_date", "2024-01")):  # fmt: skip
            with self.subTest(value=value):
                self.assertBad(code, cells.to_date, value)

    def test_no_end_yet_is_an_empty_date(self):
        for value in (None, "", "  ", "至今", "长期", "-", "/", "无"):
            self.assertIsNone(cells.to_date(value))

    def test_the_mac_calendar_starts_in_1904(self):
        self.assertEqual(cells.to_date(43834, cells.EPOCH_1904), date(2024, 1, 5))

    def test_a_month(self):
        for value in ("2024-01", "2024年1月", "202401", 202401, "2024-01-17", datetime(2024, 1, 31)):
            with self.subTest(value=value):
                self.assertEqual(cells.to_month(value), date(2024, 1, 1))

    def test_a_number_is_understood_in_every_usual_spelling(self):
        for value in (
            1234.5,
            "1234.5",
            "1,234.50",
            "１，２３４．５",
            " 1 234.5 ",
            "1234.5㎡",
            "1234.5 m²",
            "1,234.5平方米",
            "¥1,234.50",
            "￥1234.5",
            "1234.5元",
        ):
            with self.subTest(value=value):
                self.assertEqual(cells.to_float(value), 1234.5)
        self.assertEqual(cells.to_float("(12.5)"), -12.5)
        self.assertEqual(cells.to_float(0.125, 2), 0.13, "half up, as on paper")
        self.assertEqual(cells.to_float(1.005, 2), 1.01)

    def test_what_is_no_number_is_refused(self):
        for code, value in (("decimal_comma", "118,5"), ("not_a_number", "about 100"), ("not_a_number", "1.2.3"), ("not_a_number", True), ("not_a_number", "nan"),
                            ("number_is_date", datetime(2024, 1, 5)), ("number_too_large", 1e13), ("number_too_large", float("inf")),
                            ("not_a_number", "1.2万")):  # fmt: skip
            with self.subTest(value=value):
                self.assertBad(code, cells.to_float, value)
        self.assertBad("not_whole", cells.to_integer, 2.5)

    def test_half_is_fifty_percent(self):
        for value in ("50%", "50", 50, 0.5, "50％", "50.00 %"):
            with self.subTest(value=value):
                self.assertEqual(cells.to_percent(value), 50)
        self.assertEqual(cells.to_percent(1), 100)
        self.assertEqual(cells.to_percent("1%"), 1)

    def test_yes_and_no(self):
        for value in ("是", "Y", "yes", "√", 1, "1", 1.0, True, "TRUE", "Ｙ", "有"):
            with self.subTest(value=value):
                self.assertIs(cells.to_boolean(value), True)
        for value in ("否", "N", "no", "×", 0, False, "无", "-"):
            with self.subTest(value=value):
                self.assertIs(cells.to_boolean(value), False)
        self.assertIsNone(cells.to_boolean("  "))
        self.assertBad("not_a_boolean", cells.to_boolean, "maybe")
        self.assertBad("not_a_boolean", cells.to_boolean, "x")

    def test_a_code_loses_width_and_blanks_but_not_its_zeros(self):
        self.assertEqual(cells.to_code("Ａ－１０１　"), "A-101")
        self.assertEqual(cells.to_code(101.0), "101")
        self.assertEqual(cells.to_code("0101"), "0101")
        self.assertEqual(cells.to_code('="00123"'), "00123")
        self.assertEqual(cells.to_code("A—101\u200b"), "A-101")
        self.assertEqual(cells.to_code(13800138000.0), "13800138000")

    def test_a_name_keeps_its_chinese_brackets(self):
        self.assertEqual(cells.to_text("　深圳某某（集团）有限公司１ "), "深圳某某（集团）有限公司1")

    def test_an_escaped_formula_is_text_again(self):
        self.assertEqual(cells.to_text("'=1+1"), "=1+1")
        self.assertEqual(cells.to_text("'quoted'"), "'quoted'")

    def test_an_error_of_the_spreadsheet_is_no_text(self):
        self.assertBad("excel_error", cells.to_text, "#N/A")
        self.assertBad("excel_error", cells.to_float, "#REF!")

    def test_a_phone(self):
        for value in (
            "13800138000",
            13800138000,
            13800138000.0,
            "138 0013 8000",
            "138-0013-8000",
            "+86 138 0013 8000",
            "１３８００１３８０００",
            "0086-13800138000",
        ):
            with self.subTest(value=value):
                self.assertEqual(cells.to_phone(value), "13800138000")
        self.assertEqual(cells.to_phone("0755-12345678"), "0755-12345678")
        self.assertEqual(cells.phone_key("+86 755 1234 5678"), cells.phone_key("0755-12345678"))
        self.assertBad("several_phones", cells.to_phone, "13800138000/13900139000")
        self.assertBad("phone_scientific", cells.to_phone, "1.38E+10")
        self.assertBad("not_a_phone", cells.to_phone, "ask at the desk")
        self.assertIsNone(cells.to_phone("无"))

    def test_an_email(self):
        self.assertEqual(cells.to_email("ａ@example.com"), "a@example.com")
        self.assertBad("not_an_email", cells.to_email, "a@example.com, b@example.com")
        self.assertBad("not_an_email", cells.to_email, "nobody")


@tagged("post_install", "-at_install")
class TestImportColumns(BaseCase):
    COLUMNS = [
        Column("code", "Unit code", "房号", "code", required=True, key=True, aliases=("房间号",)),
        Column("area", "Chargeable area", "计费面积", "float", minimum=0),
        Column(
            "role",
            "Role",
            "角色",
            "selection",
            choices={"owner": ("Owner", "业主", "房东"), "tenant": ("Tenant", "租户")},
        ),
    ]

    def test_headers_in_either_language_with_measure_star_or_both(self):
        for headers in (["房号", "计费面积(㎡)", "角色"], ["Unit code *", "chargeable AREA（m²）", "Role"], ["房号/Unit code", "计费面积/Chargeable area", "role"],
                        ["房间号", "计费面积\n(平方米)", "角 色"]):  # fmt: skip
            with self.subTest(headers=headers):
                self.assertEqual(match_header(self.COLUMNS, headers, 1).positions, {"code": 0, "area": 1, "role": 2})

    def test_titles_above_the_header_are_passed_over(self):
        layout = find_header(
            self.COLUMNS, [(1, ["房产一览表"]), (2, ["制表:", "张三"]), (4, ["序号", "房号", "计费面积", "房号"])]
        )
        self.assertEqual((layout.header_row, layout.positions), (4, {"code": 1, "area": 2}))
        self.assertEqual((layout.ignored, layout.doubled), (["序号"], ["房号"]))

    def test_a_missing_required_column_is_named(self):
        layout = find_header(self.COLUMNS, [(1, ["计费面积", "角色"])])
        self.assertEqual([column.name for column in layout.missing], ["code"])
        self.assertFalse(layout.complete)

    def test_hidden_columns_are_left_out_unless_required(self):
        layout = match_header(self.COLUMNS, ["房号", "计费面积"], 1, hidden=frozenset({0, 1}))
        self.assertEqual((layout.positions, layout.hidden, layout.hidden_used), ({"code": 0}, ["计费面积"], ["房号"]))
        layout = match_header(self.COLUMNS, ["房号", "Unit code"], 1, hidden=frozenset({0}))
        self.assertEqual(layout.positions, {"code": 1}, "the visible one of two")

    def test_choices_in_either_language_or_by_their_other_names(self):
        role = self.COLUMNS[2]
        for value in ("owner", "Owner", "OWNER ", "业主", "房东"):
            self.assertEqual(role.parse(value), "owner")
        with self.assertRaises(BadValue):
            role.parse("邻居")

    def test_bounds_and_required(self):
        for column, value, code in (
            (self.COLUMNS[1], -0.01, "below_minimum"),
            (self.COLUMNS[0], " ", "required"),
            (self.COLUMNS[0], "x" * 65, "too_long"),
        ):
            with self.subTest(value=value), self.assertRaises(BadValue) as caught:
                column.parse(value)
            self.assertEqual(caught.exception.code, code)
        self.assertEqual(self.COLUMNS[1].parse(0), 0)
