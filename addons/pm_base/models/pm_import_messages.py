"""The words for what can be wrong with a file or a cell.

The readers in ``tools/`` raise codes, so that they work without Odoo; here each code gets
its message and its remedy. Placeholders are named; ``%%`` is a percent sign.
"""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

FILE_MESSAGES = {
    "empty_file": (_lt("The file is empty."), _lt("Choose the file that holds your data.")),
    "file_too_large": (
        _lt("The file has %(size)s MB; at most %(limit)s MB are read."),
        _lt("Delete sheets, pictures and columns that are not needed, or split the file."),
    ),
    "unpacked_too_large": (
        _lt("Unpacked, the file would fill %(size)s MB; at most %(limit)s MB are read."),
        _lt("Copy the cells into a new workbook, without pictures and formatting, and load that."),
    ),
    "too_many_rows": (
        _lt("Sheet “%(sheet)s” has more than %(limit)s rows."),
        _lt("Split the sheet into several files."),
    ),
    "encrypted": (
        _lt("The file is protected by a password."),
        _lt("Open it, take the password away (File › Info › Protect Workbook) and save it again."),
    ),
    "wrong_type": (
        _lt("This is not a spreadsheet that can be read (found: %(kind)s)."),
        _lt("Open it in Excel or WPS and save it as XLSX or CSV."),
    ),
    "damaged": (
        _lt("The file is damaged or no proper spreadsheet (%(detail)s)."),
        _lt("Open it in Excel or WPS, save it as a new XLSX file and load that."),
    ),
    "unknown_encoding": (
        _lt("The characters of the file can be read neither as UTF-8 nor as GB18030/GBK."),
        _lt("Save it as XLSX, or as CSV in UTF-8."),
    ),
    "no_sheets": (_lt("The workbook has no sheet with cells."), _lt("Choose another file.")),
    "not_recognised": (
        _lt("No sheet of the file was recognised."),
        _lt("Choose what the file holds, or use the headers of the template. Known sheets: %(sheets)s."),
    ),
    "no_header": (
        _lt("No header row was found in the first rows of sheet “%(sheet)s”."),
        _lt("The first rows must hold the headers. Expected: %(expected)s."),
    ),
    "missing_columns": (
        _lt("Sheet “%(sheet)s” lacks the required columns: %(missing)s."),
        _lt("Add these columns. Expected headers: %(expected)s."),
    ),
    "no_rows": (_lt("Sheet “%(sheet)s” has headers but no rows."), _lt("Fill in rows below the headers.")),
}

CELL_MESSAGES = {
    "required": (_lt("A value is missing."), _lt("Fill in this cell.")),
    "excel_error": (_lt("The cell holds an error of the spreadsheet."), _lt("Correct the formula or type the value.")),
    "not_a_number": (_lt("This is not a number."), _lt("Write digits only, for example 118.50.")),
    "number_is_date": (
        _lt("The cell holds a date where a number is expected."),
        _lt("Format the cell as number and type the value again."),
    ),
    "decimal_comma": (
        _lt("The comma is not where a thousands separator can be."),
        _lt("Write the decimals behind a point, for example 118.50."),
    ),
    "number_too_large": (_lt("The number is too large."), _lt("Check for missing decimal points.")),
    "not_whole": (_lt("A whole number is expected."), _lt("Write the number without decimals.")),
    "below_minimum": (_lt("The value must not be below %(minimum)s."), _lt("Correct the value.")),
    "above_maximum": (_lt("The value must not be above %(maximum)s."), _lt("Correct the value.")),
    "too_long": (_lt("The text is longer than %(longest)s characters."), _lt("Shorten the text.")),
    "not_a_date": (_lt("This is not a date."), _lt("Write the date as 2024-01-05.")),
    "no_such_date": (_lt("The calendar has no such day."), _lt("Write the date as 2024-01-05.")),
    "ambiguous_date": (
        _lt("The date can be read in more than one way."),
        _lt("Write year, month and day in this order, with four digits for the year: 2024-01-05."),
    ),
    "not_a_boolean": (_lt("Yes or no is expected."), _lt("Write Y or N, 是 or 否.")),
    "not_a_choice": (_lt("This word is not known here."), _lt("Write one of: %(choices)s.")),
    "not_a_phone": (
        _lt("This is not a phone number."),
        _lt("Write digits only, for example 13800138000 or 0755-12345678."),
    ),
    "several_phones": (
        _lt("The cell holds several phone numbers."),
        _lt("Leave one; add the others on the contact later."),
    ),
    "phone_scientific": (
        _lt("The spreadsheet has shortened the phone number."),
        _lt("Format the column as text and type the number again."),
    ),
    "not_an_email": (
        _lt("This is not an e-mail address."),
        _lt("Write one address such as name@example.com, or leave the cell empty."),
    ),
    "duplicate_row": (
        _lt("Row %(other)s of this file has the same key (%(key)s)."),
        _lt("Leave one of the two rows. The first one was taken."),
    ),
}

CRASH_MESSAGE = (
    _lt("The row could not be saved (%(detail)s)."),
    _lt("Correct the row; if it looks right, tell the administrator the time of this import."),
)


def words(env, messages, code, **args):
    """Message and remedy in the language of ``env``.

    :param env: environment
    :param dict messages: one of the tables above
    :param str code: key into it
    :param args: values for the placeholders
    :return: ``(message, remedy)``
    """
    message, remedy = messages[code]
    # pylint: disable=translation-not-lazy  # a LazyTranslate takes its values only when it was made
    return env._(message) % args, env._(remedy) % args
