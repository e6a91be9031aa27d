import io
import zipfile
from datetime import datetime
from unittest import skipIf

from odoo.tests.common import BaseCase, tagged

from ..tools.sheets import Limits, SheetError, open_workbook
from ..tools.write import write_errors
from .import_files import csv_file, read_xlsx, xlsx

try:
    import xlwt
except ImportError:
    xlwt = None

ROWS = [["房号", "计费面积"], ["A-101", "100.5"]]


@tagged("post_install", "-at_install")
class TestImportSheets(BaseCase):
    def assertRefused(self, code, content, limits=None, name="file.xlsx"):
        with self.assertRaises(SheetError) as caught:
            for sheet in open_workbook(name, content, limits):
                list(sheet.rows())
        self.assertEqual(caught.exception.code, code)

    def test_csv_of_any_encoding_and_separator(self):
        for encoding in ("utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"):
            for delimiter in ",;\t|":
                with self.subTest(encoding=encoding, delimiter=delimiter):
                    (sheet,) = open_workbook("房产.csv", csv_file(ROWS, encoding, delimiter))
                    self.assertEqual([values for _number, values in sheet.rows()], ROWS)
                    self.assertEqual(sheet.name, "房产")

    def test_csv_with_quotes_line_breaks_and_a_stated_separator(self):
        content = 'sep=;\n房号;备注\nA-101;"one, two\nthree"\n\n\n'.encode()
        (sheet,) = open_workbook("x.csv", content)
        self.assertEqual(list(sheet.rows()), [(2, ["房号", "备注"]), (3, ["A-101", "one, two\nthree"])])

    def test_rare_characters_of_gb18030(self):
        (sheet,) = open_workbook("x.csv", csv_file([["姓名"], ["𠮷田㐂"]], "gb18030"))
        self.assertEqual(list(sheet.rows())[1][1], ["𠮷田㐂"])

    def test_xlsx_values_come_as_they_are_and_empty_rows_do_not(self):
        content = xlsx(
            {"房产": [["房号", "日期"], ["A", datetime(2024, 1, 5)], [None, " "], [101, 3.5], [None], [None]]}
        )
        (sheet,) = open_workbook("x.xlsx", content)
        self.assertEqual(list(sheet.rows()), [(1, ["房号", "日期"]), (2, ["A", datetime(2024, 1, 5)]), (4, [101, 3.5])])
        self.assertEqual(len(list(sheet.rows())), 3, "rows can be read again")

    def test_merged_cells_are_filled_down(self):
        content = xlsx(
            {"x": [["楼栋", "房号"], ["A", "1"], [None, "2"], [None, "3"], ["B", "4"], [None, "5"]]},
            merge=["A2:A4", "A5:A6"],
        )
        (sheet,) = open_workbook("x.xlsx", content)
        self.assertEqual(
            [values for _n, values in sheet.rows()][1:], [["A", "1"], ["A", "2"], ["A", "3"], ["B", "4"], ["B", "5"]]
        )

    def test_hidden_columns_and_sheets_are_known(self):
        (sheet,) = open_workbook("x.xlsx", xlsx({"x": [["a", "b", "c"]]}, hidden_columns=["B"]))
        self.assertEqual(sheet.hidden_columns, {1})

    def test_a_formula_counts_as_its_stored_result_and_is_never_run(self):
        (sheet,) = open_workbook("x.xlsx", xlsx({"x": [["房号"], ['=CONCATENATE("A","1")'], ["B"]]}))
        self.assertEqual([values for _n, values in sheet.rows()], [["房号"], ["B"]], "no stored result: empty")

    @skipIf(xlwt is None, "xlwt makes the file of this test")
    def test_an_old_xls_file(self):
        book = xlwt.Workbook()
        sheet = book.add_sheet("房产")
        sheet.write(0, 0, "房号")
        sheet.write(0, 1, "交付日期")
        sheet.write_merge(1, 2, 0, 0, "A-101")
        sheet.write(1, 1, datetime(2024, 1, 5), xlwt.easyxf(num_format_str="yyyy-mm-dd"))
        sheet.write(2, 1, True)
        buffer = io.BytesIO()
        book.save(buffer)
        (sheet,) = open_workbook("x.xls", buffer.getvalue())
        self.assertEqual(
            list(sheet.rows()), [(1, ["房号", "交付日期"]), (2, ["A-101", datetime(2024, 1, 5)]), (3, ["A-101", True])]
        )

    def test_what_is_no_spreadsheet_is_refused(self):
        ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
        docx = io.BytesIO()
        with zipfile.ZipFile(docx, "w") as archive:
            archive.writestr("word/document.xml", "<x/>")
        for code, content in (
            ("empty_file", b""),
            ("wrong_type", b"%PDF-1.7 whatever"),
            ("wrong_type", b"\x89PNG\r\n\x1a\n" + b"\0" * 50),
            ("wrong_type", b"<html><body><table></table></body></html>"),
            ("wrong_type", ole),
            ("wrong_type", docx.getvalue()),
            ("encrypted", ole + "EncryptedPackage".encode("utf-16-le")),
            ("damaged", b"PK\x03\x04 and then nothing"),
            ("damaged", xlsx({"x": ROWS})[:-200]),
            ("unknown_encoding", b"\x81\xff\xff\xfe" * 100),
        ):
            with self.subTest(code=code, content=content[:20]):
                self.assertRefused(code, content)

    def test_fifty_megabytes_are_refused_before_they_are_read(self):
        self.assertRefused("file_too_large", b"\x55" * (50 * 1024 * 1024))

    def test_a_zip_bomb_is_refused_before_it_is_unpacked(self):
        bomb = io.BytesIO(xlsx({"x": ROWS}))
        with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/media/huge.bin", b"\0" * (30 * 1024 * 1024))
        self.assertLess(len(bomb.getvalue()), 200_000)
        self.assertRefused("unpacked_too_large", bomb.getvalue(), Limits(unpacked_mb=20))

    def test_a_document_type_is_refused(self):
        source, target = io.BytesIO(xlsx({"x": ROWS})), io.BytesIO()
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
            for part in old.infolist():
                data = old.read(part)
                if part.filename == "xl/worksheets/sheet1.xml":
                    data = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]>' + data
                new.writestr(part.filename, data)
        self.assertRefused("damaged", target.getvalue())

    def test_too_many_rows(self):
        self.assertRefused("too_many_rows", csv_file([["a"]] * 11), Limits(rows=10))

    def test_a_line_without_end_is_refused(self):
        self.assertRefused("damaged", b'a,b\n"' + b"x" * 200_000)

    def test_refused_rows_come_back_without_formulas(self):
        content = write_errors(
            [
                (
                    "房产",
                    ["房号", "=cmd"],
                    [(["=1+1", -5, "@x", None], "-wrong"), (["+86 1", datetime(2024, 1, 5)], "bad")],
                )
            ]
        )
        rows = read_xlsx(content)["房产"]
        self.assertEqual(rows[0], ["房号", "'=cmd", "Error/错误"])
        self.assertEqual(
            rows[1], ["'=1+1", -5, "'-wrong"], "text is escaped, numbers stay numbers, headers bound the width"
        )
        self.assertEqual(rows[2], ["'+86 1", datetime(2024, 1, 5), "bad"])
