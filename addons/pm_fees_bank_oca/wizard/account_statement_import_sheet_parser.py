import codecs
import csv
import io
import re
import zipfile

from odoo import models
from odoo.addons.base.models.res_bank import sanitize_account_number
from odoo.exceptions import UserError

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_ACCOUNT = re.compile(r"(?:账号|帐号|账户|卡号|[Aa]ccount)[^\d*]{0,12}(\d[\d \-]{6,}\d)(?![\d*])")
_CENT = 0.005


class AccountStatementImportSheetParser(models.TransientModel):
    """Tables of Chinese banks: in the encoding they are in, whole, in the order of time; errors name row and remedy."""

    _inherit = "account.statement.import.sheet.parser"

    # -- the file -----------------------------------------------------------------------------------------------------

    def _get_sheet_type(self, data_file):
        if data_file.startswith(_ZIP):
            return "xlsx"
        if data_file.startswith(_OLE):
            return "xls"
        # A table of Chinese letters is often taken for anything but text.
        return "csv"

    def _parse_lines_csv(self, mapping, data_file, currency_code):
        """Read the text by its mark, by the map's encoding, or as UTF-8 or GBK, never by a guess from frequencies.

        :raise UserError: it is in none of them
        """
        text = self._pm_decode(mapping, data_file)
        delimiter = mapping._get_column_delimiter_character() or ","
        rows = csv.reader(io.StringIO(text), delimiter=delimiter)
        self._pm_check_account(row for row, _line in zip(rows, range(mapping.header_lines_skip_count), strict=False))
        # With a mark of its encoding the parser has nothing to guess.
        return super()._parse_lines_csv(mapping, codecs.BOM_UTF8 + text.encode(), currency_code)

    def _pm_decode(self, mapping, data):
        if b"\x00" in data and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise UserError(self.env._("The file is no table of text: load it as it was downloaded."))
        encodings = ("utf-16",) if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ()
        for encoding in (*encodings, "utf-8-sig", mapping.file_encoding or "gb18030", "gb18030"):
            try:
                # csv must see the lines as they are; a mark that stands twice is none of the text.
                return data.decode(encoding).lstrip("\ufeff")
            except (UnicodeDecodeError, LookupError):
                continue
        raise UserError(
            self.env._(
                "The letters of the file can be read neither as %(encoding)s nor as UTF-8 or GBK. Choose the encoding in the map “%(map)s”, or load the file as it was downloaded.",
                encoding=mapping.file_encoding or "GBK",
                map=mapping.name,
            )
        )

    def _parse_lines_xlsx(self, mapping, data_file, currency_code):
        try:
            return super()._parse_lines_xlsx(mapping, data_file, currency_code)
        except (zipfile.BadZipFile, KeyError, EOFError) as error:
            raise UserError(self.env._("The workbook is cut off or damaged: download it again.")) from error

    def parse_header_xlsx(self, sheet, mapping):
        head = mapping.header_lines_skip_count - 1
        if head > 0:
            self._pm_check_account(sheet.iter_rows(max_row=head, values_only=True))
        return super().parse_header_xlsx(sheet, mapping)

    def parse_header_xls(self, rows, mapping):
        sheet = rows[1]
        self._pm_check_account(
            sheet.row_values(number) for number in range(min(mapping.header_lines_skip_count - 1, sheet.nrows))
        )
        return super().parse_header_xls(rows, mapping)

    def _get_xlsx_row_values(self, mapping, xlsx, rows, label_line):
        # The parser writes empty cells as None.
        rows = super()._get_xlsx_row_values(mapping, xlsx, rows, label_line)
        return [["" if value == "None" else value for value in row] for row in rows]

    def _pm_check_account(self, head):
        """Many banks write the account above the table: it must be that of the journal.

        :param head: rows above the table
        :raise UserError: it is another account
        """
        journal = self.env["account.journal"].browse(self.env.context.get("journal_id"))
        own = journal.bank_account_id.sanitized_acc_number
        for row in head:
            found = _ACCOUNT.search(" ".join(str(cell) for cell in row if cell not in (None, "")))
            if own and found and sanitize_account_number(found[1]) != own:
                raise UserError(
                    self.env._(
                        "The file is of account %(number)s, journal %(journal)s of account %(own)s. Choose the journal of that account, or load its own file.",
                        number=found[1],
                        journal=journal.display_name,
                        own=journal.bank_account_id.acc_number,
                    )
                )

    # -- columns and rows ---------------------------------------------------------------------------------------------

    def _get_column_indexes(self, header, column_name, mapping):
        if not mapping.no_header:
            names = [name.strip() for name in (mapping[column_name] or "").split(",")]
            missing = [name for name in names if name and name not in header]
            if missing:
                raise UserError(
                    self.env._(
                        "The file has no column “%(column)s”, which the map “%(map)s” names. Its columns are: %(columns)s. Choose another map or correct this one.",
                        column=missing[0],
                        map=mapping.name,
                        columns=", ".join(name for name in header if name) or self.env._("none"),
                    )
                )
        return super()._get_column_indexes(header, column_name, mapping)

    def _parse_rows(self, mapping, currency_code, data, columns):
        rows, label_line, footer_line = data
        seen = {"row": label_line}

        def numbered():
            for number, row in enumerate(rows, start=label_line + 1):
                seen["row"] = number
                if number <= footer_line:
                    self._pm_check_row(number, list(row), columns)
                yield row

        try:
            lines = super()._parse_rows(mapping, currency_code, (numbered(), label_line, footer_line), columns)
        except (ValueError, TypeError, IndexError) as error:
            raise UserError(
                self.env._(
                    "Row %(row)s cannot be read (%(error)s). Compare it with the map “%(map)s”: dates as %(format)s, amounts with its separators.",
                    row=seen["row"],
                    error=error,
                    map=mapping.name,
                    format=mapping.timestamp_format,
                )
            ) from error
        return self._pm_in_order(lines)

    def _pm_check_row(self, number, row, columns):
        """A row that holds something must hold a date and an amount."""
        if not any(str(value).strip() for value in row):
            return
        dates = columns["timestamp_column"]
        amounts = [
            index
            for name in ("amount_column", "amount_debit_column", "amount_credit_column")
            for index in columns[name] or ()
        ]
        if max([*dates, *amounts], default=0) >= len(row):
            raise UserError(self.env._("Row %s is cut off: the file is incomplete, download it again.", number))
        if not any(str(row[index]).strip() for index in dates):
            raise UserError(
                self.env._(
                    "Row %s has no date. If it is a total below the table, let the map skip it (footer lines).", number
                )
            )
        for index in amounts:
            value = str(row[index]).strip()
            if value and not re.search(r"\d", value) and value not in ("-", "--", "—"):
                raise UserError(
                    self.env._("Row %(row)s: “%(value)s” is no amount. Correct the map.", row=number, value=value)
                )

    def _pm_in_order(self, lines):
        """The lines in the order of time, oldest first, as the running balance shows it.

        :raise UserError: the balance does not run through: a row is missing
        """
        if len(lines) < 2 or any(line.get("balance") is None for line in lines):
            return lines
        rising = self._pm_broken_at(lines)
        if rising is None:
            return lines
        if self._pm_broken_at(lines[::-1]) is None:
            return lines[::-1]
        line = lines[rising]
        raise UserError(
            self.env._(
                "The balance does not run through at %(amount).2f of %(day)s: a row is missing or was changed, download the file again. If this bank's balances are not by row, take the balance column out of the map.",
                amount=line["amount"],
                day=line["timestamp"].date(),
            )
        )

    @staticmethod
    def _pm_broken_at(lines):
        for index in range(1, len(lines)):
            if abs(lines[index - 1]["balance"] + lines[index]["amount"] - lines[index]["balance"]) >= _CENT:
                return index
        return None

    def _parse_decimal(self, value, mapping):
        # Accountants write what goes out in brackets.
        if isinstance(value, str) and re.fullmatch(r"\s*[(（].*\d.*[)）]\s*", value):
            return -abs(super()._parse_decimal(value, mapping))
        return super()._parse_decimal(value, mapping)

    def _convert_line_to_transactions(self, line):
        rows = super()._convert_line_to_transactions(line)
        number = str(line.get("transaction_id") or "").strip()
        for row in rows:
            if number:
                row["pm_transaction_ref"] = number
            for key in ("payment_ref", "ref", "partner_name", "account_number"):
                if row.get(key):
                    row[key] = str(row[key]).strip()
        return rows
