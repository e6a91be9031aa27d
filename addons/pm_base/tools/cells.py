"""From what stands in a cell to a Python value, or a reason why not.

People type the same date in ten ways and the same number in five. Every
function here takes one raw cell value (``str``, ``int``, ``float``, ``bool``,
``date``, ``datetime`` or ``None``) and returns a clean value, ``None`` for an
empty cell, or raises :class:`BadValue` with a code. Nothing is guessed where two
readings are possible: ``05/01/2024`` is refused.
"""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

EXCEL_ERRORS = frozenset(
    {
        "#N/A",
        "#REF!",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NUM!",
        "#NULL!",
        "#SPILL!",
        "#CALC!",
        "#GETTING_DATA",
    }
)
# What people write where they mean "nothing", in columns that are not free text.
BLANK_WORDS = frozenset({"", "-", "--", "—", "——", "/", "\\", "无", "暂无", "n/a", "na", "none", "null"})
# An end that has not come yet.
OPEN_END_WORDS = frozenset({"至今", "长期", "永久", "present", "open"})

TRUE_WORDS = frozenset(
    {
        "是",
        "有",
        "对",
        "真",
        "y",
        "yes",
        "t",
        "true",
        "1",
        "√",
        "✓",
        "✔",
        "☑",
        "✅",
    }
)
FALSE_WORDS = frozenset(
    {
        "否",
        "无",
        "没有",
        "不是",
        "错",
        "假",
        "n",
        "no",
        "f",
        "false",
        "0",
        "×",
        "✗",
        "✘",
        "☐",
        "-",
        "—",
        "/",
    }
)

# Excel counts days from here (it believes that 1900 was a leap year).
EPOCH_1900 = datetime(1899, 12, 30)
EPOCH_1904 = datetime(1904, 1, 1)
# A bare number in a date column is a day count only within these years.
SERIAL_YEARS = (1950, 2100)
MAX_NUMBER = 1e12

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u2060\ufeff]")
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u3000]+")
_QUOTED_FORMULA = re.compile(r'^="(.*)"$', re.DOTALL)
_ESCAPED_FORMULA = re.compile(r"^'(?=[=+\-@])")
_SCIENTIFIC = re.compile(r"^\d(?:\.\d+)?[eE]\+?\d+$")
_FULL_WIDTH = {
    **{code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))},
    0x3000: 0x20,
}
_NUMBER = re.compile(r"^[+-]?(?:\d+|\d{1,3}(?:[, ]\d{3})+)(?:\.\d+)?$|^[+-]?\.\d+$")
_MONEY = re.compile(r"^(?:¥|￥|rmb|cny)\s*|\s*(?:元|圆|rmb|cny)$", re.IGNORECASE)
_MEASURE = re.compile(
    r"\s*(?:m2|m²|㎡|平方米|平米|平方|sqm|立方米|m3|m³|kwh|度|吨|个月|个|人|层|天|月|年|次|户|分钟|小时)$",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"^(\d{4})\s*(?:[-/.年]\s*)(\d{1,2})\s*(?:[-/.月]\s*)(\d{1,2})\s*(?:日|号)?"
    r"(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?$"
)
_DATE_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_MONTH = re.compile(r"^(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*月?$")
_DATE_AMBIGUOUS = re.compile(r"^\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}$|^\d{2}[-/.年]\d{1,2}[-/.月]\d{1,2}日?$")
_EMAIL = re.compile(r"^[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s,;<>()]{2,}$")
_PHONE_JUNK = re.compile(r"[\s\-().]+")
_PHONE_SPLIT = re.compile(r"[/、,;|]| {2,}|\n")


class BadValue(Exception):
    """A cell that cannot be read.

    :param str code: key into the table of translated messages
    :param args: values named in the message
    """

    def __init__(self, code, **args):
        super().__init__(code)
        self.code = code
        self.args_by_name = args


def is_empty(value):
    """Whether a raw cell holds nothing but blanks."""
    return value is None or (isinstance(value, str) and not value.strip().strip("\u3000\ufeff\u200b"))


def to_text(value):
    """Free text: trimmed, full-width letters and digits narrowed, Chinese punctuation kept.

    :return: ``str`` or ``None`` when nothing is there
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        value = _number_to_text(value)
    elif isinstance(value, datetime):
        value = value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    elif not isinstance(value, str):
        value = str(value)
    value = value.replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")
    value = _CONTROL.sub("", value).translate(_FULL_WIDTH)
    value = _SPACES.sub(" ", value).strip()
    if value.upper() in EXCEL_ERRORS:
        raise BadValue("excel_error")
    match = _QUOTED_FORMULA.match(value)
    if match:
        value = match[1].strip()
    return _ESCAPED_FORMULA.sub("", value) or None


def to_code(value):
    """A code, number or key: as text, and all compatibility forms narrowed (－ becomes -)."""
    text = to_text(value)
    if text is None:
        return None
    text = unicodedata.normalize("NFKC", text).replace("–", "-").replace("—", "-")
    return re.sub(r"\s*\n\s*", " ", text).strip() or None


def to_float(value, digits=None):
    """A number; thousands separators, a currency sign or a measure behind it are understood.

    :param digits: decimals to round to, half up
    """
    if value is None or isinstance(value, bool):
        if value is None:
            return None
        raise BadValue("not_a_number")
    if isinstance(value, (int, float)):
        number = float(value)
    elif isinstance(value, (date, datetime, time, timedelta)):
        raise BadValue("number_is_date")
    else:
        text = to_code(value)
        if text is None or text.lower() in BLANK_WORDS:
            return None
        bare = _MONEY.sub("", _MEASURE.sub("", text)).strip()
        if bare.startswith("(") and bare.endswith(")"):  # accountants' negative
            bare = "-" + bare[1:-1]
        bare = bare.replace("，", ",")
        if not _NUMBER.match(bare):
            raise BadValue("decimal_comma" if re.match(r"^[+-]?[\d.]+,\d+$", bare) else "not_a_number")
        number = float(bare.replace(",", "").replace(" ", ""))
    if number != number or abs(number) > MAX_NUMBER:
        raise BadValue("number_too_large")
    if digits is not None:
        number = float(Decimal(repr(number)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
    return number


def to_integer(value):
    """A whole number."""
    number = to_float(value)
    if number is None:
        return None
    if number != int(number):
        raise BadValue("not_whole")
    return int(number)


def to_percent(value, digits=None):
    """A percentage as 0–100. ``30%``, ``30`` and the spreadsheet's own 0.3 are the same.

    A cell formatted as percent holds 0.3 for 30 %, so a number up to 1 is read as a
    fraction; one percent has to be written ``1%``.
    """
    if isinstance(value, str):
        text = to_code(value)
        if text and text.endswith("%"):
            return to_float(text[:-1], digits)
    number = to_float(value)
    if number is not None and 0 < number <= 1:
        number *= 100
    return to_float(number, digits)


def to_datetime(value, epoch=EPOCH_1900):
    """A point in time without zone; a date alone gives midnight."""
    if value is None or value == "":
        return None
    if isinstance(value, (bool, time, timedelta)):
        raise BadValue("not_a_date")
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, (int, float)):
        return _serial_to_datetime(value, epoch)
    text = to_code(value)
    if text is None or text.lower() in BLANK_WORDS or text.lower() in OPEN_END_WORDS:
        return None
    match = _DATE.match(text) or _DATE_COMPACT.match(text)
    if match:
        try:
            return datetime(*(int(part) for part in match.groups() if part is not None))
        except ValueError as exc:
            raise BadValue("no_such_date") from exc
    if _DATE_AMBIGUOUS.match(text):
        raise BadValue("ambiguous_date")
    if re.match(r"^\d{5}(\.\d+)?$", text):
        return _serial_to_datetime(float(text), epoch)
    raise BadValue("not_a_date")


def to_date(value, epoch=EPOCH_1900):
    """A calendar day, from 2024-01-05, 2024/1/5, 2024年1月5日, 20240105, a day count or a date cell."""
    moment = to_datetime(value, epoch)
    return moment and moment.date()


def to_month(value, epoch=EPOCH_1900):
    """The first day of a month, from 2024-01, 2024年1月, 202401 or any date in it."""
    if isinstance(value, int) and not isinstance(value, bool) and 190001 <= value <= 299912:
        value = str(value)
    if isinstance(value, str):
        match = _MONTH.match(to_code(value) or "")
        if match and 1 <= int(match[2]) <= 12:
            return date(int(match[1]), int(match[2]), 1)
    day = to_date(value, epoch)
    return day and day.replace(day=1)


def to_boolean(value):
    """Yes or no, from 是/否, Y/N, √/×, TRUE/FALSE, 1/0."""
    if value is None or isinstance(value, bool):
        return value
    text = (to_code(value) or "").lower()
    if not text:
        return None
    if text in TRUE_WORDS:
        return True
    if text in FALSE_WORDS:
        return False
    raise BadValue("not_a_boolean")


def to_phone(value):
    """One phone number, without blanks and dashes between the digits of a mobile number."""
    text = to_code(value)
    if text is None or text.lower() in BLANK_WORDS:
        return None
    if _SCIENTIFIC.match(text):
        raise BadValue("phone_scientific")
    parts = [part for part in _PHONE_SPLIT.split(text) if part.strip()]
    if len(parts) > 1:
        raise BadValue("several_phones")
    digits = re.sub(r"\D", "", text)
    if not 5 <= len(digits) <= 20 or re.search(r"[^\d+\-() .#*转ext]", text.lower()):
        raise BadValue("not_a_phone")
    mobile = phone_key(text)
    return mobile if re.match(r"^1\d{10}$", mobile) else text


def phone_key(phone):
    """The digits that make two spellings of one number equal.

    :param phone: any phone text or ``False``
    :return: digits, without a mainland country code; empty without a phone
    """
    text = _PHONE_JUNK.sub("", unicodedata.normalize("NFKC", phone or ""))
    digits = re.sub(r"\D", "", text)
    match = re.match(r"^(?:0086|86)(1\d{10})$", digits)
    if match:
        return match[1]
    if text.startswith(("+86", "0086")):
        return re.sub(r"^(?:0086|86)", "0", digits)
    return digits


def to_email(value):
    """One e-mail address."""
    text = to_code(value)
    if text is None or text.lower() in BLANK_WORDS:
        return None
    if not _EMAIL.match(text):
        raise BadValue("not_an_email")
    return text


def word_key(text):
    """A word as it is compared: narrow, lower case, without blanks and connecting marks."""
    return re.sub(r"[\s_\-/·:：*]+", "", unicodedata.normalize("NFKC", text)).casefold()


def _number_to_text(number):
    """101.0 is room 101; an 11-digit phone number has no exponent."""
    return str(int(number)) if number == int(number) and abs(number) < 1e18 else repr(number)


def _serial_to_datetime(number, epoch):
    """20240105 as a number, or a day count; anything else is not a date."""
    if number == int(number) and 19000101 <= number <= 29991231:
        match = _DATE_COMPACT.match(str(int(number)))
        try:
            return datetime(*(int(part) for part in match.groups()))
        except ValueError as exc:
            raise BadValue("no_such_date") from exc
    try:
        moment = epoch + timedelta(days=number)
    except (OverflowError, ValueError) as exc:
        raise BadValue("not_a_date") from exc
    if not SERIAL_YEARS[0] <= moment.year < SERIAL_YEARS[1]:
        raise BadValue("not_a_date")
    return moment.replace(microsecond=0)
