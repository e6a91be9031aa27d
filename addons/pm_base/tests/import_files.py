"""Spreadsheets made for tests."""

import csv
import io

import openpyxl


def xlsx(sheets, merge=(), hidden_columns=(), formats=()):
    """A workbook; ``sheets`` = ``{name: list of rows}``, the rest applies to the first sheet."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    first = book.worksheets[0]
    for span in merge:
        first.merge_cells(span)
    for letter in hidden_columns:
        first.column_dimensions[letter].hidden = True
    for cell, number_format in formats:
        first[cell].number_format = number_format
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def csv_file(rows, encoding="utf-8", delimiter=","):
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    return buffer.getvalue().encode(encoding)


def read_xlsx(content):
    """``{sheet name: list of rows}`` of a workbook."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets}
