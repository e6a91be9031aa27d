import base64

from markupsafe import Markup
from odoo import models

from ..tools import columns as sheet_columns
from ..tools import write as sheet_write
from .pm_import_plan import names_of, sheet_keys


class PmImportFiles(models.Model):
    """The workbooks that users get: the refused rows to correct, and the template with sample rows."""

    _inherit = "pm.import"

    def _content(self):
        return base64.b64decode(self.with_context(bin_size=False).file or b"")

    def _error_file_name(self):
        stem = (self.name or "import").rsplit(".", 1)[0].replace("/", "_")
        return self.env._("%s - to correct", stem) + ".xlsx"

    def _make_error_file(self):
        """Write the refused rows to a workbook with the headers of the file, so that it can be loaded again."""
        faults = {}
        for error in self.error_ids:
            if error.row:
                place = f"{error.column}: " if error.column else ""
                text = " ".join(part for part in (place + error.message, error.remedy) if part)
                faults.setdefault(error.sheet_id.name, {}).setdefault(error.row, []).append(text)
        if not faults:
            return
        plan, _notes = self._plan()

        def rows_of(part):
            wrong = faults[part.sheet.name]
            for number, raw in part.sheet.rows():
                if number in wrong and number > part.layout.header_row:
                    yield (
                        [raw[position] if position < len(raw) else None for position in positions_of(part)],
                        "\n".join(wrong[number]),
                    )

        def positions_of(part):
            # A file that was corrected before has the column for errors already.
            return [p for p, text in enumerate(part.layout.headers) if not sheet_columns.is_error_header(text)]

        sheets = [
            (
                part.sheet.name if names_of(part.importer) & sheet_keys(part.sheet.name) else part.importer._label(),
                [part.layout.headers[position] for position in positions_of(part)],
                rows_of(part),
            )
            for part in plan
            if part.sheet.name in faults
        ]
        self._note(error_file=base64.b64encode(sheet_write.write_errors(sheets, self.env.lang)))

    def _template(self):
        """:return: bytes of the empty workbook for the chosen kind, or for every kind that the user may load"""
        importers = self.env["pm.importer"]._importers()
        wanted = [
            (importer._label(), importer._columns())
            for kind, importer in importers.items()
            if (kind == self.kind if self.kind else self.env.su or self.env.user.has_group(importer._group))
        ]
        return sheet_write.write_template(wanted, self.env.lang, self._template_texts())

    def _template_texts(self):
        _ = self.env._
        return {
            "guide": _("Guide"),
            "title": _("How to fill in this workbook"),
            "lines": [
                _(
                    "One row a thing, below the headers. Do not change the headers; columns may be left out or moved, further columns are ignored."
                ),
                _(
                    "Fill in only the sheets you need. Rows are found again by their codes: loading a sheet twice changes nothing, an empty cell never deletes anything."
                ),
                _(
                    "Sheets load in the order in which they stand here: a unit needs its building, an owner needs the unit."
                ),
            ],
            "header": [_("Sheet"), _("Column"), _("Required"), _("What to write")],
            "required": _("Required"),
            "optional": _("Optional"),
            "one_of": _("One of:"),
            "types": {
                "code": _("Text, for example A-1201."),
                "integer": _("A whole number."),
                "float": _("A number, for example 118.50."),
                "percent": _("A percentage from 0 to 100; 50, 50% and a cell formatted as percent are the same."),
                "date": _("A date, for example 2024-01-05."),
                "datetime": _("A date with time, for example 2024-01-05 14:30."),
                "month": _("A month, for example 2024-01."),
                "phone": _("One phone number."),
                "email": _("One e-mail address."),
            },
        }

    def _sample(self, part, rows):
        """The first rows as they were understood, as a table."""
        shown = [column for column in part.columns if column.name in part.layout.positions]
        lang = self.env.lang
        head = Markup("").join(Markup("<th>%s</th>") % column.label(lang) for column in shown)
        body = Markup("").join(
            Markup("<tr><td class='text-muted'>%s</td>%s</tr>")
            % (
                row.number,
                Markup("").join(
                    Markup("<td>%s</td>") % _shown(column, row.data.get(column.name), lang) for column in shown
                ),
            )
            for row in rows
        )
        return Markup(
            "<table class='table table-sm table-striped'><thead><tr><th>#</th>%s</tr></thead><tbody>%s</tbody></table>"
        ) % (head, body)


def _shown(column, value, lang):
    if value is None:
        return ""
    if column.choices:
        return column.choice_label(value, lang)
    if isinstance(value, bool):
        return "✓" if value else "–"
    return str(value)
