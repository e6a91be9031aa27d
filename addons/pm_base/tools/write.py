"""Write spreadsheets: the empty form to fill in, and the refused rows to correct.

No cell is ever written as a formula. Text that a spreadsheet program might take for
one, when the file is saved as CSV and opened again, gets an apostrophe in front, which
the reader of this program takes away again.
"""

import io
from datetime import date, datetime
from unicodedata import east_asian_width

import xlsxwriter

from .columns import ERROR_HEADER

_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")
_LAST_ROW = 20_000
_MAX_LIST = 255  # characters a drop-down may hold


def safe_text(text):
    """Text that no spreadsheet program takes for a formula."""
    return "'" + text if text.startswith(_FORMULA_MARKS) else text


def write_errors(sheets, lang=None):
    """Refused rows as a workbook with the headers of the file that they came from.

    :param sheets: iterable of ``(sheet name, headers, rows)``; rows: iterable of ``(raw values, message)``
    :return: bytes of an XLSX file
    """
    buffer = io.BytesIO()
    book = _workbook(buffer)
    header = book.add_format({"bold": True, "bg_color": "#DDE3EA", "text_wrap": True, "valign": "top"})
    wrong = book.add_format({"font_color": "#B00020", "text_wrap": True, "valign": "top"})
    error_header = book.add_format({"bold": True, "font_color": "#B00020", "bg_color": "#DDE3EA"})
    formats = _value_formats(book)
    used = set()
    for name, headers, rows in sheets:
        sheet = book.add_worksheet(sheet_name(name, used))
        sheet.freeze_panes(1, 0)
        for position, text in enumerate(headers):
            sheet.write_string(0, position, safe_text(text), header)
        sheet.write_string(0, len(headers), ERROR_HEADER, error_header)
        sheet.set_column(0, max(0, len(headers) - 1), 16)
        sheet.set_column(len(headers), len(headers), 70)
        for line, (values, message) in enumerate(rows, start=1):
            for position, value in enumerate(values[: len(headers)]):
                _write(sheet, line, position, value, formats)
            sheet.write_string(line, len(headers), safe_text(message), wrong)
    book.close()
    return buffer.getvalue()


def write_template(sheets, lang, texts):
    """An empty workbook to fill in: headers, a comment on each, drop-downs for fixed words.

    :param sheets: list of ``(sheet name, columns)``
    :param lang: the reader's language
    :param texts: ``{"guide": sheet name, "title": …, "lines": […], "required": …, "optional": …, "header": […],
        "types": {type: words}, "one_of": …}`` in that language
    :return: bytes of an XLSX file
    """
    buffer = io.BytesIO()
    book = _workbook(buffer)
    must = book.add_format({"bold": True, "bg_color": "#F6D9B8", "text_wrap": True, "valign": "top", "border": 1})
    may = book.add_format({"bold": True, "bg_color": "#DDE3EA", "text_wrap": True, "valign": "top", "border": 1})
    body = {
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "code": book.add_format({"num_format": "@"}),  # as text: no lost zeros, no exponents
    }
    used = set()
    for name, columns in sheets:
        sheet = book.add_worksheet(sheet_name(name, used))
        sheet.freeze_panes(1, 0)
        for position, column in enumerate(columns):
            sheet.write_string(0, position, column.header, must if column.required else may)
            sheet.write_comment(0, position, _explain(column, lang, texts), {"x_scale": 2, "y_scale": 1.5})
            kind = "code" if column.type in ("code", "phone") else column.type
            sheet.set_column(position, position, 24 if column.type in ("char", "text") else 16, body.get(kind))
            words = _words(column, lang)
            if words and len(",".join(words)) <= _MAX_LIST:
                sheet.data_validation(
                    1, position, _LAST_ROW, position, {"validate": "list", "source": words, "error_type": "warning"}
                )
    guide = book.add_worksheet(sheet_name(texts["guide"], used))
    title = book.add_format({"bold": True, "font_size": 14})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    guide.write_string(0, 0, texts["title"], title)
    line = 1
    for text in texts["lines"]:
        guide.write_string(line, 0, text)
        line += 1
    line += 1
    for position, text in enumerate(texts["header"]):
        guide.write_string(line, position, text, may)
    for name, columns in sheets:
        for column in columns:
            line += 1
            need = texts["required"] if column.required else texts["optional"]
            for position, text in enumerate((name, column.header, need, _explain(column, lang, texts, brief=True))):
                guide.write_string(line, position, text, wrap)
    guide.set_column(0, 0, 14)
    guide.set_column(1, 1, 34)
    guide.set_column(2, 2, 12)
    guide.set_column(3, 3, 90)
    book.close()
    return buffer.getvalue()


def _workbook(buffer):
    return xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "nan_inf_to_errors": True,
        },
    )


def _value_formats(book):
    return {
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "datetime": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        "text": book.add_format({"num_format": "@"}),
    }


def _write(sheet, line, position, value, formats):
    """One raw value as it came; the type of the cell is kept, so that it reads the same next time."""
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, position, value)
    elif isinstance(value, (int, float)):
        if abs(value) >= 1e15:  # a spreadsheet keeps 15 digits
            sheet.write_string(line, position, str(value), formats["text"])
        else:
            sheet.write_number(line, position, value)
    elif isinstance(value, (datetime, date)):
        if value.year < 1900:
            sheet.write_string(line, position, str(value), formats["text"])
            return
        timed = isinstance(value, datetime) and value.time() != value.min.time()
        sheet.write_datetime(line, position, value, formats["datetime" if timed else "date"])
    else:
        sheet.write_string(line, position, safe_text(str(value))[:32767], formats["text"])


def sheet_name(name, used):
    """A name that Excel accepts and that no other sheet has."""
    base = "".join(mark for mark in name if mark not in "[]:*?/\\").strip("'")[:28] or "Sheet"
    name, number = base, 2
    while name.lower() in used:
        name, number = f"{base}{number}", number + 1
    used.add(name.lower())
    return name


def _words(column, lang):
    if column.choices:
        return [column.choice_label(value, lang) for value in column.choices]
    if column.type == "boolean":
        return ["是", "否"] if (lang or "").startswith("zh") else ["Y", "N"]
    return []


def _explain(column, lang, texts, brief=False):
    chinese = (lang or "").startswith("zh")
    parts = [] if brief else [texts["required"] if column.required else texts["optional"]]
    words = _words(column, lang)
    if words:
        parts.append(texts["one_of"] + " " + " / ".join(words))
    elif texts["types"].get(column.type):
        parts.append(texts["types"][column.type])
    hint = column.hint_zh if chinese else column.hint_en
    if hint:
        parts.append(hint)
    return "\n".join(parts) if not brief else "  ".join(parts)


def write_tables(sheets):
    """Tables for people: a title, headers, numbers as numbers, totals in bold.

    :param sheets: iterable of ``(sheet name, title lines, headers, rows, total row or None)``; cells are text, numbers,
        dates or None. Money comes as float and is shown with two decimals, an ``int`` as it is.
    :return: bytes of an XLSX file
    """
    buffer = io.BytesIO()
    book = _workbook(buffer)
    title = book.add_format({"bold": True, "font_size": 13})
    header = book.add_format({"bold": True, "bg_color": "#DDE3EA", "text_wrap": True, "valign": "top", "border": 1})
    styles = {
        bold: {
            float: book.add_format({"num_format": "#,##0.00", "bold": bold}),
            int: book.add_format({"num_format": "#,##0", "bold": bold}),
            date: book.add_format({"num_format": "yyyy-mm-dd", "bold": bold}),
            str: book.add_format({"bold": bold}),
        }
        for bold in (False, True)
    }
    used = set()
    for name, lines, headers, rows, total in sheets:
        sheet = book.add_worksheet(sheet_name(name, used))
        for line, text in enumerate(lines):
            sheet.write_string(line, 0, safe_text(text), title if not line else None)
        top = len(lines) + 1 if lines else 0
        for position, text in enumerate(headers):
            sheet.write_string(top, position, safe_text(text), header)
        sheet.freeze_panes(top + 1, 0)
        widths = [_width(text) for text in headers]
        for line, (row, bold) in enumerate(
            [*((row, False) for row in rows), *([(total, True)] if total else [])], start=top + 1
        ):
            for position, value in enumerate(row):
                widths[position] = max(widths[position], min(_width(value), 50))
                _write_styled(sheet, line, position, value, styles[bold])
        for position, width in enumerate(widths):
            sheet.set_column(position, position, max(10, width + 2))
    book.close()
    return buffer.getvalue()


def _width(value):
    """How many Latin letters wide a cell is as it is shown; a Chinese character takes two."""
    if value is None:
        return 0
    if isinstance(value, date):
        return 10
    if isinstance(value, float):
        return len(f"{value:,.2f}")
    return sum(2 if east_asian_width(mark) in "WF" else 1 for mark in str(value))


def _write_styled(sheet, line, position, value, styles):
    if value is None or value == "":
        return
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        sheet.write_datetime(line, position, datetime(value.year, value.month, value.day), styles[date])
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        sheet.write_number(line, position, value, styles[type(value)])
    else:
        sheet.write_string(line, position, safe_text(str(value)), styles[str])
