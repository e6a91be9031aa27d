"""Read XLSX, XLS and CSV files of strangers: values only, a row at a time, within limits.

Spreadsheets arrive from people and are treated as hostile: size, unpacked size,
rows and columns are limited before anything is read; macros and formulas are never
run (a formula counts as the result that the spreadsheet program stored); document
type declarations, with which XML can be blown up, are refused.
"""

import codecs
import csv
import io
import re
import zipfile
from dataclasses import dataclass, field
from datetime import datetime

from .cells import EPOCH_1900, EPOCH_1904, is_empty

MEGABYTE = 1024 * 1024
# So many empty rows in succession mean that only formatting follows.
EMPTY_ROWS_END = 2000
# Longest text of a cell; spreadsheet programs hold 32,767 characters.
MAX_CELL = 100_000
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_XLS_STREAMS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_COLUMN = re.compile(rb"<(?:\w+:)?col\b[^>]*>")
_ATTRIBUTE = re.compile(rb'(\w+)="([^"]*)"')
_MAX_MERGES = 200_000
_SNIFF_LINES = 20


class SheetError(Exception):
    """A file that cannot be read as a whole.

    :param str code: key into the table of translated messages
    :param args: values named in the message
    """

    def __init__(self, code, **args):
        super().__init__(code)
        self.code = code
        self.args_by_name = args


@dataclass(frozen=True)
class Limits:
    """How much is read at most; the defaults stand in the settings."""

    file_mb: int = 20
    unpacked_mb: int = 400
    rows: int = 200_000
    columns: int = 200


@dataclass
class Sheet:
    """One sheet. ``rows()`` may be called again and starts from the top each time."""

    name: str
    read: object
    hidden: bool = False
    hidden_columns: frozenset = frozenset()
    merges: dict = field(default_factory=dict)
    epoch: datetime = EPOCH_1900
    limits: Limits = Limits()

    def rows(self):
        """Rows that hold something.

        :return: iterator of ``(row number, list of raw values)``; row numbers as the spreadsheet shows them
        :raise SheetError: when there are more rows than allowed or the sheet is damaged
        """
        filled, empty = 0, 0
        fill = _MergeFill(self.merges)
        for number, values in _guarded(self.read()):
            values = list(values[: self.limits.columns])
            if all(is_empty(value) for value in values):
                fill.pass_over(number)
                empty += 1
                if empty >= EMPTY_ROWS_END:
                    return
                continue
            empty = 0
            filled += 1
            if filled > self.limits.rows:
                raise SheetError("too_many_rows", sheet=self.name, limit=self.limits.rows)
            fill.apply(number, values)
            yield number, values


def open_workbook(filename, content, limits=None):
    """Open a spreadsheet file of any kind that is understood.

    :param str filename: as the user knows it; only shown and used as the sheet name of a CSV file
    :param bytes content: the file
    :param limits: :class:`Limits`
    :return: list of :class:`Sheet`
    :raise SheetError: when the file is no spreadsheet, too large, encrypted or damaged
    """
    limits = limits or Limits()
    if not content:
        raise SheetError("empty_file")
    if len(content) > limits.file_mb * MEGABYTE:
        raise SheetError("file_too_large", size=_megabytes(len(content)), limit=limits.file_mb)
    if content.startswith(b"PK"):
        return _open_xlsx(content, limits)
    if content.startswith(_OLE_MAGIC):
        if _ENCRYPTED in content:
            raise SheetError("encrypted")
        if any(stream in content for stream in _XLS_STREAMS):
            return _open_xls(content, limits)
        raise SheetError("wrong_type", kind="OLE")
    return [_open_csv(filename, content, limits)]


# ---------------------------------------------------------------------------------------------------------------------
# XLSX
# ---------------------------------------------------------------------------------------------------------------------


def _open_xlsx(content, limits):
    import openpyxl  # slow to import, and only needed here

    _check_zip(content, limits)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        epoch = EPOCH_1904 if book.epoch.year == 1904 else EPOCH_1900
        sheets = []
        for worksheet in book.worksheets:
            if not hasattr(worksheet, "_worksheet_path"):  # a chart sheet
                continue
            worksheet.reset_dimensions()  # the stated size may be a lie
            hidden, merges = _scan_layout(content, worksheet._worksheet_path)
            sheets.append(
                Sheet(
                    name=worksheet.title,
                    read=_xlsx_reader(worksheet),
                    hidden=worksheet.sheet_state != "visible",
                    hidden_columns=hidden,
                    merges=merges,
                    epoch=epoch,
                    limits=limits,
                )
            )
    except SheetError:
        raise
    except Exception as exc:  # whatever a library makes of a broken file: to the user it is a broken file
        raise SheetError("damaged", detail=type(exc).__name__) from exc
    if not sheets:
        raise SheetError("no_sheets")
    return sheets


def _xlsx_reader(worksheet):
    def read():
        rows = worksheet.iter_rows(min_row=1, max_row=1_048_576, values_only=True)
        yield from enumerate(rows, start=1)

    return read


def _check_zip(content, limits):
    """Refuse what is no workbook, and what would not fit when unpacked, from the directory alone."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        parts = archive.infolist()
    except Exception as exc:  # any damage of the directory
        raise SheetError("damaged", detail=type(exc).__name__) from exc
    names = {part.filename for part in parts}
    if "xl/workbook.xml" not in names and not any(re.match(r"xl/workbook\d*\.xml$", name) for name in names):
        if "xl/workbook.bin" in names:
            raise SheetError("wrong_type", kind="XLSB")
        if any(name.startswith("word/") for name in names):
            raise SheetError("wrong_type", kind="DOCX")
        if "mimetype" in names:
            raise SheetError("wrong_type", kind="ODS")
        raise SheetError("wrong_type", kind="ZIP")
    if any(part.flag_bits & 0x1 for part in parts):
        raise SheetError("encrypted")
    unpacked = sum(part.file_size for part in parts)
    # Texts and styles are held in memory whole, unlike the sheets.
    whole = sum(part.file_size for part in parts if part.filename.endswith(("sharedStrings.xml", "styles.xml")))
    if len(parts) > 5000 or unpacked > limits.unpacked_mb * MEGABYTE or whole > limits.unpacked_mb * MEGABYTE / 5:
        raise SheetError("unpacked_too_large", size=_megabytes(unpacked), limit=limits.unpacked_mb)
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            try:
                with archive.open(part) as stream:
                    head = stream.read(4096)
            except Exception as exc:  # damaged or wrongly compressed part
                raise SheetError("damaged", detail=type(exc).__name__) from exc
            if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                raise SheetError("damaged", detail="DOCTYPE")


def _scan_layout(content, path):
    """Hidden columns and merged cells of a sheet, read beside openpyxl's stream, which leaves both out.

    :return: ``(positions of hidden columns, {position: [(first row, last row)]})``
    """
    hidden, merges, count = set(), {}, 0
    with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(path.lstrip("/")) as stream:
        head, tail = True, b""
        while block := stream.read(MEGABYTE):
            block = tail + block
            if head:
                for tag in _COLUMN.findall(block.split(b"<sheetData", 1)[0]):
                    values = dict(_ATTRIBUTE.findall(tag))
                    if values.get(b"hidden") in (b"1", b"true"):
                        first, last = int(values.get(b"min", 0)), int(values.get(b"max", 0))
                        hidden.update(range(first - 1, min(last, 16384)))
                head = b"<sheetData" not in block
            end = 0
            for match in _MERGE.finditer(block):
                end = match.end()
                count += 1
                first, last = int(match[2]), int(match[4])
                if last > first and count <= _MAX_MERGES:
                    merges.setdefault(_column_position(match[1]), []).append((first, last))
            tail = block[max(end, len(block) - 512) :]
    for spans in merges.values():
        spans.sort()
    return frozenset(hidden), merges


def _column_position(letters):
    position = 0
    for letter in letters:
        position = position * 26 + letter - 64
    return position - 1


class _MergeFill:
    """Writes the value of a merged cell into every row that it covers."""

    def __init__(self, merges):
        self.columns = [(position, spans, [0, None]) for position, spans in sorted(merges.items())]

    def pass_over(self, number):
        """An empty row neither needs nor gives a value."""

    def apply(self, number, values):
        for position, spans, memory in self.columns:
            index = memory[0]
            while index < len(spans) and spans[index][1] < number:
                index += 1
                memory[1] = None
            memory[0] = index
            if index == len(spans) or spans[index][0] > number:
                continue
            if position >= len(values):
                values.extend([None] * (position + 1 - len(values)))
            if number == spans[index][0]:
                memory[1] = values[position]
            elif is_empty(values[position]):
                values[position] = memory[1]


# ---------------------------------------------------------------------------------------------------------------------
# XLS (Excel 97), still the export of many older systems
# ---------------------------------------------------------------------------------------------------------------------


def _open_xls(content, limits):
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=content, on_demand=False, formatting_info=True)
    except Exception as exc:
        code = "encrypted" if "encrypt" in str(exc).lower() else "damaged"
        raise SheetError(code, detail=type(exc).__name__) from exc
    sheets = []
    for sheet in book.sheets():
        merges = {}
        for first, last, column, _last_column in sheet.merged_cells:
            if last - first > 1:
                merges.setdefault(column, []).append((first + 1, last))
        for spans in merges.values():
            spans.sort()
        sheets.append(
            Sheet(
                name=sheet.name,
                read=_xls_reader(book, sheet),
                hidden=sheet.visibility != 0,
                hidden_columns=frozenset(position for position, info in sheet.colinfo_map.items() if info.hidden),
                merges=merges,
                epoch=EPOCH_1904 if book.datemode else EPOCH_1900,
                limits=limits,
            )
        )
    return sheets


def _xls_reader(book, sheet):
    import xlrd

    def value_of(cell):
        if cell.ctype == xlrd.XL_CELL_DATE:
            try:
                return xlrd.xldate_as_datetime(cell.value, book.datemode)
            except Exception:  # an impossible day count is shown to the user as the number that it is
                return cell.value
        if cell.ctype == xlrd.XL_CELL_BOOLEAN:
            return bool(cell.value)
        if cell.ctype == xlrd.XL_CELL_ERROR:
            return xlrd.error_text_from_code.get(cell.value, "#N/A")
        if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
            return None
        return cell.value

    def read():
        for index in range(sheet.nrows):
            yield index + 1, [value_of(cell) for cell in sheet.row(index)]

    return read


# ---------------------------------------------------------------------------------------------------------------------
# CSV
# ---------------------------------------------------------------------------------------------------------------------


def _open_csv(filename, content, limits):
    encoding = _encoding(content)
    head = content[: 64 * 1024].decode(encoding, errors="ignore").lstrip("\ufeff")
    if re.match(r"\s*<(?:!doctype|html|\?xml|table|meta)", head, re.IGNORECASE):
        raise SheetError("wrong_type", kind="HTML")
    delimiter, skip = _delimiter(head)

    def read():
        stream = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
        reader = csv.reader(stream, delimiter=delimiter)
        for number, values in enumerate(reader, start=1):
            if number == 1 and values:
                values[0] = values[0].lstrip("\ufeff")
            if any(len(value) > MAX_CELL for value in values):  # a quotation mark that is never closed
                raise SheetError("damaged", detail=f"row {number}")
            if number > skip:
                yield number, values

    name = re.sub(r"\.(csv|txt|tsv)$", "", (filename or "").replace("\\", "/").rsplit("/", 1)[-1], flags=re.IGNORECASE)
    return Sheet(name=name, read=read, limits=limits)


def _encoding(content):
    """UTF-8 or UTF-16 by mark, else UTF-8 if it is, else GB18030 (which includes GBK and GB2312)."""
    if content.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    else:
        if content.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")):
            raise SheetError("wrong_type", kind="binary")
        if b"\x00" in content:
            raise SheetError("wrong_type", kind="binary")
        candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            for start in range(0, len(content), MEGABYTE):
                decoder.decode(content[start : start + MEGABYTE])
            decoder.decode(b"", final=True)
            return encoding
        except UnicodeDecodeError:
            continue
    raise SheetError("unknown_encoding")


def _delimiter(head):
    """The separator of a CSV file and how many lines state it (``sep=;``)."""
    match = re.match(r"sep=(.)\r?\n", head)
    if match:
        return match[1], 1
    lines = [re.sub(r'"[^"]*"', "", line) for line in head.splitlines()[:_SNIFF_LINES] if line.strip()]
    best = max(
        ",\t;|", key=lambda mark: (sum(bool(mark in line) for line in lines), sum(line.count(mark) for line in lines))
    )
    return best, 0


# ---------------------------------------------------------------------------------------------------------------------


def _guarded(rows):
    """Turn whatever a library raises in the middle of a sheet into one clear error."""
    try:
        yield from rows
    except SheetError:
        raise
    except Exception as exc:  # broken XML, broken compression, an endless field
        raise SheetError("damaged", detail=type(exc).__name__) from exc


def _megabytes(size):
    return max(1, round(size / MEGABYTE))
