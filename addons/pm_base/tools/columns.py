"""What columns a sheet has, and where they stand in a given file."""

from dataclasses import dataclass, field
from decimal import Decimal

from . import cells
from .cells import BadValue, word_key

# A title, a date and a remark often stand above the headers.
HEADER_SEARCH_ROWS = 15
# The column this program adds to the file of refused rows, and skips when it comes back.
ERROR_HEADER = "Error/错误"

PARSERS = {
    "char": lambda column, value, epoch: cells.to_text(value),
    "text": lambda column, value, epoch: cells.to_text(value),
    "code": lambda column, value, epoch: cells.to_code(value),
    "integer": lambda column, value, epoch: cells.to_integer(value),
    "float": lambda column, value, epoch: cells.to_float(value, column.digits),
    "percent": lambda column, value, epoch: cells.to_percent(value, column.digits),
    "date": lambda column, value, epoch: cells.to_date(value, epoch),
    "datetime": lambda column, value, epoch: cells.to_datetime(value, epoch),
    "month": lambda column, value, epoch: cells.to_month(value, epoch),
    "boolean": lambda column, value, epoch: cells.to_boolean(value),
    "selection": lambda column, value, epoch: column.choose(value),
    "phone": lambda column, value, epoch: cells.to_phone(value),
    "email": lambda column, value, epoch: cells.to_email(value),
}
MAX_LENGTH = {"char": 255, "code": 64, "text": 10000, "phone": 64, "email": 255}


@dataclass(frozen=True)
class Column:
    """One column that an importer knows.

    :param name: key of the value in the rows given to ``_load``
    :param en: English header
    :param zh: Chinese header
    :param type: a key of :data:`PARSERS`
    :param required: the file must have the column and each row a value
    :param key: part of what names a row; two rows of a file with the same key clash
    :param fold: capital and small letters make no difference to the key
    :param choices: for ``selection``: ``{value: (English, Chinese, other spellings…)}``
    :param minimum, maximum: bounds of a number, both allowed
    :param digits: decimals to round a number to
    :param aliases: other headers under which people keep this column
    :param hint_en, hint_zh: one line for the template
    """

    name: str
    en: str
    zh: str
    type: str = "char"
    required: bool = False
    key: bool = False
    fold: bool = False
    choices: dict = None
    minimum: float = None
    maximum: float = None
    digits: int = None
    aliases: tuple = ()
    hint_en: str = ""
    hint_zh: str = ""
    _choice_keys: dict = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self):
        if self.type not in PARSERS:
            raise ValueError(f"Column {self.name}: unknown type {self.type}")
        keys = {}
        for value, words in (self.choices or {}).items():
            for word in (str(value), *words):
                keys.setdefault(word_key(word), value)
        object.__setattr__(self, "_choice_keys", keys)

    @property
    def header(self):
        """The header as written in a template."""
        return f"{self.zh}/{self.en}"

    def headers(self):
        """Every spelling of the header, as compared."""
        return {
            word_key(word) for word in (self.name, self.en, self.zh, self.header, f"{self.en}/{self.zh}", *self.aliases)
        }

    def label(self, lang):
        """The header in the reader's language."""
        return self.zh if (lang or "").startswith("zh") else self.en

    def choice_label(self, value, lang):
        """The word for a choice in the reader's language."""
        words = self.choices[value]
        return words[1] if (lang or "").startswith("zh") else words[0]

    def choose(self, value):
        """The choice that a word means, in any of its spellings."""
        text = cells.to_text(value)
        if text is None:
            return None
        key = word_key(text)
        if key not in self._choice_keys:
            raise BadValue("not_a_choice", column=self)
        return self._choice_keys[key]

    def parse(self, value, epoch=cells.EPOCH_1900):
        """The Python value of a raw cell.

        :return: the value, ``None`` when the cell is empty
        :raise BadValue: when it cannot be read or is out of bounds
        """
        if cells.is_empty(value):
            result = None
        else:
            result = PARSERS[self.type](self, value, epoch)
        if result is None:
            if self.required:
                raise BadValue("required")
            return None
        if self.minimum is not None and result < self.minimum:
            raise BadValue("below_minimum", minimum=_plain(self.minimum))
        if self.maximum is not None and result > self.maximum:
            raise BadValue("above_maximum", maximum=_plain(self.maximum))
        longest = MAX_LENGTH.get(self.type)
        if longest and len(result) > longest:
            raise BadValue("too_long", longest=longest)
        return result


@dataclass
class Layout:
    """Where the columns of an importer stand in one sheet.

    :param header_row: number of the header row (1-based)
    :param headers: texts of the header row, one per position
    :param positions: ``{column name: position}`` (0-based)
    :param missing: required columns without a header
    :param ignored: header texts that no column claims
    :param doubled: header texts that repeat a column already found
    :param hidden: header texts of hidden columns that were left out
    :param hidden_used: header texts of hidden columns read because they are required
    """

    header_row: int = 0
    headers: list = field(default_factory=list)
    positions: dict = field(default_factory=dict)
    missing: list = field(default_factory=list)
    ignored: list = field(default_factory=list)
    doubled: list = field(default_factory=list)
    hidden: list = field(default_factory=list)
    hidden_used: list = field(default_factory=list)

    @property
    def complete(self):
        return bool(self.positions) and not self.missing


def match_header(columns, values, row_number, hidden=frozenset(), optional=frozenset()):
    """Try one row as header row.

    :param columns: list of :class:`Column`
    :param values: raw cells of the row
    :param hidden: positions (0-based) of hidden columns
    :param optional: names of required columns that this load can do without
    :return: a :class:`Layout`
    """
    by_header = {}
    for column in columns:
        for key in column.headers():
            by_header.setdefault(key, column)
    texts = [_header_text(value) for value in values]
    while texts and not texts[-1]:
        texts.pop()
    layout = Layout(header_row=row_number, headers=texts)
    found = {}
    for position, text in enumerate(texts):
        if not text or is_error_header(text):
            continue
        column = _claim(by_header, text)
        if column is None:
            layout.ignored.append(text)
        elif column.name in found and (position in hidden or found[column.name] not in hidden):
            layout.doubled.append(text)
        else:
            if column.name in found:  # the visible one wins over a hidden one
                layout.doubled.append(texts[found[column.name]])
            found[column.name] = position
    for column in columns:
        position = found.get(column.name)
        if position in hidden and not column.required:
            layout.hidden.append(texts[position])
            continue
        if position is None:
            if column.required and column.name not in optional:
                layout.missing.append(column)
            continue
        if position in hidden:
            layout.hidden_used.append(texts[position])
        layout.positions[column.name] = position
    return layout


def find_header(columns, rows, hidden=frozenset(), optional=frozenset()):
    """The best header row among the first rows of a sheet.

    :param rows: list of ``(row number, raw cells)``
    :return: a :class:`Layout`, complete or not; ``None`` when no row has anything in common
    """
    best = None
    for number, values in rows[:HEADER_SEARCH_ROWS]:
        layout = match_header(columns, values, number, hidden, optional)
        score = (len(layout.positions) - len(layout.missing), len(layout.positions))
        if layout.positions and (best is None or score > best[0]):
            best = (score, layout)
    return best and best[1]


@dataclass
class Row:
    """One row of a sheet as read.

    :param number: row number as the spreadsheet shows it
    :param raw: raw values by position
    :param data: ``{column name: Python value}``
    :param errors: list of ``(column, raw value, BadValue)``
    """

    number: int
    raw: list
    data: dict
    errors: list


def read_rows(sheet, layout, columns, defaults=None):
    """Read the rows below the header; a row whose key was there before gets the error ``duplicate_row``.

    :param sheet: :class:`~.sheets.Sheet`
    :param layout: complete :class:`Layout`
    :param columns: the importer's columns
    :param defaults: ``{column name: value}`` for columns that are absent or cells that are empty
    :return: iterator of :class:`Row`
    """
    defaults = defaults or {}
    keys = [column for column in columns if column.key]
    placed = [(column, layout.positions.get(column.name)) for column in columns]
    seen = {}
    for number, raw in sheet.rows():
        if number <= layout.header_row:
            continue
        data, errors, width = {}, [], len(raw)
        for column, position in placed:
            value = raw[position] if position is not None and position < width else None
            if column.name in defaults and cells.is_empty(value):
                data[column.name] = defaults[column.name]
                continue
            if position is None:
                data[column.name] = None
                continue
            try:
                data[column.name] = column.parse(value, sheet.epoch)
            except BadValue as exc:
                errors.append((column, value, exc))
        if not errors and keys:
            key = tuple(data[column.name] for column in keys)
            folded = tuple(
                part.lower() if column.fold and part else part for column, part in zip(keys, key, strict=True)
            )
            other = seen.setdefault(folded, number)
            if other != number:
                spelled = ", ".join(str(part) for part in key if part is not None)
                errors.append((keys[-1], spelled, BadValue("duplicate_row", other=other, key=spelled)))
        yield Row(number, raw, data, errors)


def is_error_header(text):
    """Whether a header is the one that :mod:`.write` adds to refused rows."""
    return word_key(text) in _ERROR_KEYS


def _claim(by_header, text):
    """The column meant by a header, also with a measure or a remark in brackets behind it."""
    key = word_key(text)
    if key in by_header:
        return by_header[key]
    bare = key.replace("（", "(").split("(")[0].split("[")[0].split("【")[0]
    if bare and bare in by_header:
        return by_header[bare]
    for part in text.replace("\n", "/").split("/"):  # "房号/Unit no."
        if word_key(part) and word_key(part) in by_header:
            return by_header[word_key(part)]
    return None


def _header_text(value):
    try:
        return cells.to_text(value) or ""
    except BadValue:
        return ""


def _plain(number):
    """A bound as people write it: 0, 100, 0.01."""
    return format(Decimal(str(number)).normalize(), "f")


_ERROR_KEYS = frozenset(word_key(word) for word in (ERROR_HEADER, "Error", "Errors", "错误"))
