from odoo import Command, models
from odoo.exceptions import UserError

from ..tools import columns as sheet_columns
from ..tools.sheets import Limits, SheetError, open_workbook
from . import pm_import_messages as messages
from .pm_import_plan import Part, Refused, head_of, names_of, refusal, sheet_keys
from .pm_importer import Report

SAMPLE_ROWS = 5


class PmImportCheck(models.Model):
    """Checking a file before it is loaded: which sheet is what, every cell, and a trial run that is taken back."""

    _inherit = "pm.import"

    def _preview(self, trial=True):
        self.ensure_one()
        self._clear_results()
        if not self.file:
            raise UserError(self.env._("To check a file you must choose it first."))
        record = self._bulk()
        try:
            plan, notes = record._plan()
            filled = []
            for part in plan:
                if record._check_sheet(part):
                    filled.append(part)
                else:
                    notes.append(self.env._("Sheet “%s” is empty.", part.sheet.name))
            if not filled:
                raise refusal(record.env, "no_rows", sheet=", ".join(part.sheet.name for part in plan))
            total = record.row_count
        except SheetError as exc:
            record._refuse(*messages.words(self.env, messages.FILE_MESSAGES, exc.code, **exc.args_by_name))
            return
        except Refused as exc:
            record._refuse(exc.message, exc.remedy)
            return
        if trial:
            if total <= self._parameter("trial_rows"):
                record._trial(filled)
            else:
                notes.append(
                    self.env._(
                        "The file is long: the cells were checked; references and rules are checked while it loads."
                    )
                )
        self._note(notes="\n".join(notes))
        self._transition("ready")

    def _plan(self):
        """Which sheet goes to which importer, in loading order.

        :return: ``(list of Part, list of notes)``
        :raise SheetError: the file cannot be read
        :raise Refused: a sheet cannot be loaded
        """
        limits = Limits(file_mb=self._parameter("file_mb"), rows=self._parameter("rows"))
        book = open_workbook(self.name or "", self._content(), limits)
        importers = self.env["pm.importer"]._importers()
        notes, parts = [], []
        visible = []
        for sheet in book:
            if sheet.hidden:
                notes.append(self.env._("Sheet “%s” is hidden and was left out.", sheet.name))
            else:
                visible.append(sheet)
        if self.kind:
            named = [sheet for sheet in visible if names_of(importers[self.kind]) & sheet_keys(sheet.name)]
            chosen = [(sheet, self.kind) for sheet in (named or visible[:1])]
        else:
            chosen = [(sheet, self._recognise(sheet, importers)) for sheet in visible]
        for sheet, kind in chosen:
            if not kind:
                notes.append(self.env._("Sheet “%s” was not recognised and was left out.", sheet.name))
                continue
            part = self._part(sheet, kind, importers[kind])
            if part:
                parts.append(part)
                notes.extend(part.notes(self.env))
            else:
                notes.append(self.env._("Sheet “%s” is empty.", sheet.name))
        if not parts:
            raise refusal(self.env, "not_recognised", sheets=", ".join(i._label() for i in importers.values()))
        parts.sort(key=lambda part: part.importer._sequence)
        return parts, notes

    def _recognise(self, sheet, importers):
        """The kind of a sheet, by its name or else by its headers; ``None`` when in doubt."""
        keys = sheet_keys(sheet.name)
        for kind, importer in importers.items():
            if names_of(importer) & keys:
                return kind
        head = head_of(sheet)
        scores = []
        for kind, importer in importers.items():
            layout = sheet_columns.find_header(
                importer._columns(), head, sheet.hidden_columns, self._optional(importer)
            )
            if layout and layout.complete and len(layout.positions) > 1:
                scores.append((len(layout.positions), -len(layout.ignored), kind))
        scores.sort(reverse=True)
        if not scores or (len(scores) > 1 and scores[0][:2] == scores[1][:2]):
            return None
        return scores[0][2]

    def _part(self, sheet, kind, importer):
        if not (self.env.su or self.env.user.has_group(importer._group)):
            raise Refused(
                self.env._("You may not import sheet “%s”.", sheet.name),
                self.env._("Ask somebody with the right role, or load the other sheets from a file of their own."),
            )
        model = getattr(importer, "_model", None)
        if model and not self.env[model].has_access("create"):
            raise Refused(
                self.env._("You may not create the records of sheet “%s”.", sheet.name),
                self.env._("Ask the project manager to load this sheet, and take it out of the file."),
            )
        head = head_of(sheet)
        if not head:
            return None
        expected = importer._columns()
        layout = sheet_columns.find_header(expected, head, sheet.hidden_columns, self._optional(importer))
        words = ", ".join(column.header for column in expected if column.required)
        if layout is None:
            raise refusal(self.env, "no_header", sheet=sheet.name, expected=words)
        if layout.missing:
            missing = ", ".join(column.header for column in layout.missing)
            raise refusal(self.env, "missing_columns", sheet=sheet.name, missing=missing, expected=words)
        return Part(sheet, kind, importer, expected, layout, self._defaults(expected))

    def _optional(self, importer):
        return frozenset(self._defaults(importer._columns()))

    def _defaults(self, expected):
        """Values for columns that the file lacks, from the options of the import."""
        names = {column.name for column in expected}
        defaults = {}
        if self.property_id and "property" in names:
            defaults["property"] = self.property_id.code
        if self.date_from and "date_from" in names:
            defaults["date_from"] = self.date_from
        return defaults

    def _check_sheet(self, part):
        """Read a whole sheet, note what is wrong with its cells, and open its line.

        :return: number of rows
        """
        report = Report(part.importer)
        count, sample, codes, errors = 0, [], set(), 0
        # Lines and errors are read-only for users: only the import itself writes them.
        line = (
            self.env["pm.import.sheet"]
            .sudo()
            .create(
                {
                    "import_id": self.id,
                    "sequence": part.importer._sequence,
                    "name": part.sheet.name,
                    "kind": part.kind,
                }
            )
        )
        for row in part.rows():
            count += 1
            self._report_cells(report, row)
            if len(sample) < SAMPLE_ROWS:
                sample.append(row)
            if row.data.get("property"):
                codes.add(row.data["property"])
            if len(report.errors) >= 2000:
                errors += self._save_errors(line, report)
                report = Report(part.importer)
        if not count:
            line.unlink()
            return 0
        errors += self._save_errors(line, report)
        line.write({"row_count": count, "error_count": errors, "sample": self._sample(part, sample)})
        self._note_properties(codes)
        return count

    def _note_properties(self, codes):
        """Keep which properties the file is about: their manager may see it."""
        unknown = codes - set(self.property_ids.mapped("code"))
        if unknown:
            found = (
                self.env["pm.property"]
                .with_context(active_test=False)
                .search([("code", "in", list(unknown)), ("company_id", "=", self.company_id.id)])
            )
            self._note(property_ids=[Command.link(prop.id) for prop in found])

    def _trial(self, plan):
        """Load everything, note the outcome, take it back."""
        results = []
        with self.env.cr.savepoint() as savepoint:
            for part in plan:
                report = Report(part.importer, self)
                for chunk in part.chunks():
                    self._load_chunk(part, chunk, report)
                results.append((part, report))
            savepoint.rollback()
        self.env.invalidate_all()
        # sudo: sheets and refused rows are the program's to write; the loader reads them
        self.sudo().error_ids.unlink()
        for part, report in results:
            line = self.sudo().sheet_ids.filtered(lambda sheet, part=part: sheet.name == part.sheet.name)
            self._save_errors(line, report)
            line.write({**report.count_values(), "error_count": len(report.bad_rows)})

    def _refuse(self, message, remedy):
        self._clear_results()
        # sudo: refused rows are the program's to write
        self.env["pm.import.error"].sudo().create(
            {"import_id": self.id, "row": 0, "message": message, "remedy": remedy}
        )
        self._transition("refused")

    def _clear_results(self):
        # sudo: sheets and refused rows are the program's to write
        self.sudo().error_ids.unlink()
        self.sudo().sheet_ids.unlink()
        self._note(
            notes=False, error_file=False, attempts=0, property_ids=[Command.clear()], started_at=False, done_at=False
        )
