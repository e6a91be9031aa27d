import base64
import logging
import random
import time
from urllib.parse import quote

import psycopg2
from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL
from psycopg2 import errorcodes

from ..tools import columns as sheet_columns
from ..tools import write as sheet_write
from ..tools.sheets import Limits, SheetError, open_workbook
from . import pm_import_messages as messages
from .pm_import_plan import Part, Refused, head_of, names_of, refusal, sheet_keys
from .pm_importer import Report
from .pm_program_fields import without_defaults

_logger = logging.getLogger(__name__)

STATES = [
    ("draft", "Draft"),
    ("ready", "Checked"),
    ("importing", "Importing"),
    ("done", "Done"),
    ("refused", "Refused"),
    ("cancelled", "Stopped"),
]
TRANSITIONS = {
    "draft": {"draft", "ready", "refused"},
    "ready": {"draft"},
    "importing": {"ready"},
    "done": {"importing"},
    "refused": {"draft", "ready", "importing"},
    "cancelled": {"importing"},
}
SAMPLE_ROWS = 5
# A background slice: long enough that reading the file again matters little, and with whatever else the scheduler does
# in the same pass below the server's time limit of 120 s, at which it would start anew and cut off everybody's requests.
SLICE_SECONDS = 30
# So often a slice may begin without getting a chunk further before the import is given up.
MAX_ATTEMPTS = 3
CONFLICT_RETRIES = 8
CONFLICTS = (psycopg2.errors.SerializationFailure, psycopg2.errors.LockNotAvailable, psycopg2.errors.DeadlockDetected)
# Carried in the context by the import's own steps; a client cannot send this object.
_INTERNAL = object()
RESULT_FIELDS = {
    "state",
    "property_ids",
    "sheet_ids",
    "error_ids",
    "notes",
    "started_at",
    "done_at",
    "attempts",
    "error_file",
}
# No followers, no tracking, no mails: thousands of rows at a time.
BULK_CONTEXT = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
    "mail_auto_subscribe_no_notify": True,
}
PARAMETERS = {"file_mb": 20, "rows": 200_000, "direct_rows": 500, "trial_rows": 2000}


class PmImport(models.Model):
    """A spreadsheet on its way in: checked, loaded in chunks, its bad rows handed back as a file.

    Small files load at once; large ones load in the background, one commit a chunk, and go on after a crash where
    they stopped. Loading a file twice changes nothing, so a chunk that is done again does no harm.
    """

    _name = "pm.import"
    _description = "Import"
    _order = "id desc"

    name = fields.Char(string="File Name", copy=False)
    file = fields.Binary(string="Spreadsheet", attachment=True, copy=False)
    kind = fields.Selection(
        selection="_selection_kind",
        string="What the File Holds",
        help="Leave empty to recognise it by the name of the sheet or file, or by its headers.",
    )
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company, readonly=True)
    property_id = fields.Many2one(
        "pm.property",
        string="Property",
        help="For files without a column for the property: all rows belong to this one.",
    )
    date_from = fields.Date(string="Roles Start On", help="For owners and tenants without a start date in the file.")
    property_ids = fields.Many2many("pm.property", string="Properties in the File", readonly=True, copy=False)
    state = fields.Selection(STATES, default="draft", required=True, readonly=True, copy=False, index=True)
    sheet_ids = fields.One2many("pm.import.sheet", "import_id", string="Sheets", readonly=True, copy=False)
    error_ids = fields.One2many("pm.import.error", "import_id", string="Errors", readonly=True, copy=False)
    notes = fields.Text(readonly=True, copy=False)
    started_at = fields.Datetime(readonly=True, copy=False)
    done_at = fields.Datetime(readonly=True, copy=False)
    attempts = fields.Integer(readonly=True, copy=False)
    error_file = fields.Binary(attachment=True, readonly=True, copy=False)
    template_file = fields.Binary(compute="_compute_template_file")

    row_count = fields.Integer(string="Rows", compute="_compute_counts")
    processed_count = fields.Integer(string="Processed", compute="_compute_counts")
    created_count = fields.Integer(string="Created", compute="_compute_counts")
    updated_count = fields.Integer(string="Changed", compute="_compute_counts")
    unchanged_count = fields.Integer(string="Unchanged", compute="_compute_counts")
    error_count = fields.Integer(string="Refused Rows", compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts")
    is_trial = fields.Boolean(compute="_compute_counts", help="The counts come from a trial run that was taken back.")

    @api.model
    def _selection_kind(self):
        return [(kind, importer._label()) for kind, importer in self.env["pm.importer"]._importers().items()]

    @api.depends(
        "state",
        "sheet_ids.row_count",
        "sheet_ids.processed_count",
        "sheet_ids.created_count",
        "sheet_ids.updated_count",
        "sheet_ids.unchanged_count",
        "sheet_ids.error_count",
    )
    def _compute_counts(self):
        names = ("row_count", "processed_count", "created_count", "updated_count", "unchanged_count", "error_count")
        totals = {
            record.id: values
            for record, *values in self.env["pm.import.sheet"]._read_group(
                [("import_id", "in", self.ids)], ["import_id"], [f"{name}:sum" for name in names]
            )
        }
        for record in self:
            values = dict(zip(names, totals.get(record.id, [0] * len(names)), strict=True))
            record.update(values)
            record.progress = 100.0 * values["processed_count"] / values["row_count"] if values["row_count"] else 0.0
            if record.state == "done":
                record.progress = 100.0
            record.is_trial = record.state == "ready" and bool(
                values["created_count"] or values["updated_count"] or values["unchanged_count"]
            )

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_template_file(self):
        for record in self:
            record.template_file = base64.b64encode(record._template())

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            # A new import is a draft of what its file holds, whatever a client sends.
            self = without_defaults(self, RESULT_FIELDS)  # noqa: PLW0642
            vals_list = [{k: v for k, v in vals.items() if k not in RESULT_FIELDS} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        internal = self.env.context.get("pm_import_internal") is _INTERNAL
        if "state" in vals and not internal:
            raise UserError(self.env._("To change the state of an import you must use its buttons."))
        if {"file", "kind", "property_id", "date_from"} & set(vals) and not internal:
            for record in self:
                if not self.env.su and record.create_uid != self.env.user:
                    # An import runs with the rights of whoever started it.
                    raise AccessError(self.env._("To load another file you must start a new import."))
                if record.state in ("importing", "done", "cancelled"):
                    raise UserError(self.env._("To load another file you must start a new import."))
            opened = self.filtered(lambda r: r.state in ("ready", "refused"))
            if opened:
                opened._clear_results()
                opened.with_context(pm_import_internal=_INTERNAL).write({"state": "draft"})
        return super().write(vals)

    def _transition(self, state):
        """Move to another state; the only place that writes it."""
        for record in self:
            if record.state not in TRANSITIONS[state]:
                labels = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "To bring import “%(name)s” to “%(target)s” it must not be “%(current)s”.",
                        name=record.name or "",
                        target=labels[state],
                        current=labels[record.state],
                    )
                )
        self.with_context(pm_import_internal=_INTERNAL).write({"state": state})

    # -----------------------------------------------------------------------------------------------------------------
    # Buttons
    # -----------------------------------------------------------------------------------------------------------------

    def action_preview(self):
        """Read the file, check every cell and, when it is not too long, try it out and take it back."""
        for record in self:
            record._preview()
        return True

    def action_import(self):
        """Load the file: at once when it is short, else in the background."""
        for record in self:
            if record.state == "draft":
                record._preview()
            if record.state == "refused":
                continue
            if record.state != "ready":
                raise UserError(self.env._("To import a file you must check it first."))
            short = record.row_count <= self._parameter("direct_rows")
            record._start()
            if short and record._lock(wait=False):
                record._run()
            else:
                self.env.ref("pm_base.ir_cron_pm_import")._trigger()
        return True

    def action_stop(self):
        """Stop a running import after the chunk at work; what has entered stays."""
        self._transition("cancelled")

    def action_reopen(self):
        """Back to the start, to choose other options."""
        self._clear_results()
        self._transition("draft")

    def action_download_errors(self):
        """Download the refused rows, each with what is wrong, as a file to correct and load again."""
        self.ensure_one()
        if not self.error_file:
            self._make_error_file()
        if not self.error_file:
            raise UserError(self.env._("No row was refused."))
        return self._download("error_file", self._error_file_name())

    def action_download_template(self):
        """Download an empty workbook with the headers, explanations and drop-downs."""
        self.ensure_one()
        return self._download("template_file", self.env._("Import template") + ".xlsx")

    def action_open_errors(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refused Rows"),
            "res_model": "pm.import.error",
            "view_mode": "list",
            "domain": list(Domain("import_id", "=", self.id)),
        }

    def _download(self, field, filename):
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/{field}/{quote(filename, safe='')}?download=true",
            "target": "self",
        }

    # -----------------------------------------------------------------------------------------------------------------
    # Entrances for programs
    # -----------------------------------------------------------------------------------------------------------------

    @api.model
    def _load_file(self, kind, filename, content, **options):
        """Load a file at once, in the present transaction, as the present user.

        :param kind: what the file holds (``unit``, ``party``…); ``None`` to recognise it
        :param str filename: name of the file
        :param bytes content: the file itself
        :param options: further values of the import, such as ``property_id``
        :return: the ``pm.import``, state ``done`` or ``refused``
        """
        record = self.create({"kind": kind, "name": filename, "file": base64.b64encode(content), **options})
        record._preview(trial=False)
        if record.state == "ready":
            record._start()
            record._lock()
            record._run()
        return record

    @api.model
    def _cron_import(self):
        """Go on with the imports that are under way, until the time of this slice is used up.

        Safe to be killed at any moment: a chunk and the note that it is done are one transaction.
        """
        deadline = time.monotonic() + SLICE_SECONDS
        pending = self.search([("state", "=", "importing")], order="id")
        self.env["ir.cron"]._commit_progress(remaining=sum(r.row_count - r.processed_count for r in pending))
        for record in pending:
            if not record._run_in_background(deadline):
                # A job with work remaining is repeated at once, ten times within one pass, and would meet the time limit.
                # So this pass is over for it, and the trigger brings it into the next one without waiting for the poll.
                self.env.ref("pm_base.ir_cron_pm_import")._trigger()
                self.env["ir.cron"]._commit_progress(remaining=0)
                return

    # -----------------------------------------------------------------------------------------------------------------
    # Check
    # -----------------------------------------------------------------------------------------------------------------

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
        self.notes = "\n".join(notes)
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
            self.property_ids |= (
                self.env["pm.property"]
                .with_context(active_test=False)
                .search([("code", "in", list(unknown)), ("company_id", "=", self.company_id.id)])
            )

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
        self.sudo().error_ids.unlink()
        for part, report in results:
            line = self.sudo().sheet_ids.filtered(lambda sheet, part=part: sheet.name == part.sheet.name)
            self._save_errors(line, report)
            line.write({**_counts(report), "error_count": len(report.bad_rows)})

    def _refuse(self, message, remedy):
        self._clear_results()
        self.env["pm.import.error"].sudo().create(
            {"import_id": self.id, "row": 0, "message": message, "remedy": remedy}
        )
        self._transition("refused")

    def _clear_results(self):
        self.sudo().error_ids.unlink()
        self.sudo().sheet_ids.unlink()
        self.with_context(pm_import_internal=_INTERNAL).write(
            {
                "notes": False,
                "error_file": False,
                "attempts": 0,
                "property_ids": [(5,)],
                "started_at": False,
                "done_at": False,
            }
        )

    # -----------------------------------------------------------------------------------------------------------------
    # Load
    # -----------------------------------------------------------------------------------------------------------------

    def _start(self):
        self._transition("importing")
        self.sudo().error_ids.unlink()
        self.sudo().sheet_ids.write(
            {
                "position": 0,
                "processed_count": 0,
                "created_count": 0,
                "updated_count": 0,
                "unchanged_count": 0,
                "error_count": 0,
            }
        )
        self.write({"started_at": fields.Datetime.now(), "error_file": False})

    def _run(self):
        """Load the whole file in the present transaction."""
        record = self._bulk()
        for part, line in record._remaining():
            for chunk in part.chunks():
                record._load_and_note(part, line, chunk)
        record._finish()

    def _run_in_background(self, deadline):
        """Load chunk by chunk, each with its own commit, from where the last slice or the crash left off.

        :param deadline: ``time.monotonic()`` at which to stop
        :return: whether the import is over
        """
        cron = self.env["ir.cron"]
        try:
            self.attempts += 1
            self.env.cr.commit()  # pylint: disable=invalid-commit
            if self.attempts > MAX_ATTEMPTS:
                raise Refused(
                    self.env._("The import was interrupted %s times at the same place.", MAX_ATTEMPTS),
                    self.env._("Load the rows from there on in a smaller file; rows before it have entered."),
                )
            if not self.create_uid.active and self.create_uid != self.env.ref("base.user_root"):
                raise Refused(
                    self.env._("The user who started the import is archived."),
                    self.env._("Load the file again as another user."),
                )
            record = self._bulk(self.create_uid)
            for part, line in record._remaining():
                for chunk in part.chunks(after=line.position):
                    if not record._with_retries(part, line, chunk):
                        return True  # stopped by the user
                    cron._commit_progress(len(chunk))
                    if time.monotonic() > deadline:
                        return False
            record._lock()
            record.invalidate_recordset()
            if record.state == "importing":
                record._finish()
                self.env.cr.commit()  # pylint: disable=invalid-commit
                record._tell_user()
        except CONFLICTS:
            self.env.cr.rollback()
            return False
        except Exception as exc:
            # Anything else must not come again every minute for ever: it ends this import, with its reason.
            self.env.cr.rollback()
            if isinstance(exc, Refused):
                self._give_up(exc.message, exc.remedy)
            elif isinstance(exc, SheetError):
                self._give_up(
                    *messages.words(
                        self._bulk(self.create_uid).env, messages.FILE_MESSAGES, exc.code, **exc.args_by_name
                    )
                )
            else:
                _logger.exception("Import %s failed", self.id)
                if self.attempts < MAX_ATTEMPTS:
                    return False
                self._give_up(
                    self.env._("The import failed (%s).", type(exc).__name__),
                    self.env._(
                        "Tell the administrator the time of this import. Rows that have entered stay; loading the file again is safe."
                    ),
                )
        self.env.cr.commit()  # pylint: disable=invalid-commit
        return True

    def _give_up(self, message, remedy):
        self.env["pm.import.error"].sudo().create(
            {"import_id": self.id, "row": 0, "message": message, "remedy": remedy}
        )
        self._transition("refused")

    def _with_retries(self, part, line, chunk):
        """Load a chunk; when somebody else was faster with the same rows, look again at what is there.

        :return: ``False`` when the import has been stopped
        """
        for attempt in range(CONFLICT_RETRIES):
            try:
                self._lock()
                self.invalidate_recordset(["state"])
                line.invalidate_recordset()
                if self.state != "importing":
                    return False
                # Should another process be at the same import, what it has done in the meantime is done.
                chunk = [row for row in chunk if row.number > line.position]
                if chunk:
                    self._load_and_note(part, line, chunk)
                self.sudo().write({"attempts": 0})
                self.env.cr.flush()
                return True
            except CONFLICTS:
                self.env.cr.rollback()
                if attempt == CONFLICT_RETRIES - 1:
                    raise
                time.sleep(random.uniform(0.05, 0.2 * 2**attempt))
        return False

    def _lock(self, wait=True):
        """Let one import of a company write at a time.

        Units and roles have unique keys in the database; people have not, so two loads of one list at the same
        moment could enter each person twice. The loser of the lock gets a serialisation failure, not a late look
        at old data: it starts again and finds what the other has entered.

        :param wait: wait for the other, or
        :return: ``False`` when another import is at work
        """
        company_id = self.company_id.id
        if not wait:
            try:
                with self.env.cr.savepoint(flush=False):
                    self.env.cr.execute(
                        SQL("SELECT 1 FROM pm_import_lock WHERE company_id = %s FOR UPDATE NOWAIT", company_id),
                        log_exceptions=False,
                    )
            except psycopg2.errors.LockNotAvailable:
                return False
        self.env.cr.execute(
            SQL(
                """INSERT INTO pm_import_lock (company_id, serial) VALUES (%s, 1)
                   ON CONFLICT (company_id) DO UPDATE SET serial = pm_import_lock.serial + 1""",
                company_id,
            ),
            log_exceptions=False,  # losing the turn is no fault
        )
        return True

    def _remaining(self):
        """The sheets that are not finished, with their lines."""
        plan, _notes = self._plan()
        by_name = {line.name: line for line in self.sheet_ids}
        for part in plan:
            line = by_name.get(part.sheet.name)
            if line and line.processed_count < line.row_count:
                yield part, line

    def _load_and_note(self, part, line, chunk):
        report = Report(part.importer, self)
        self._load_chunk(part, chunk, report)
        self._save_errors(line, report)
        self._note_properties({row.data["property"] for row in chunk if row.data.get("property")})
        counts = _counts(report)
        line.sudo().write(
            {
                "position": chunk[-1].number,
                "processed_count": line.processed_count + len(chunk),
                "error_count": line.error_count + len(report.bad_rows),
                **{name: line[name] + number for name, number in counts.items()},
            }
        )

    def _load_chunk(self, part, chunk, report):
        rows = []
        for row in chunk:
            self._report_cells(report, row)
            if not row.errors:
                raw = {
                    name: row.raw[position] if position < len(row.raw) else None
                    for name, position in part.layout.positions.items()
                }
                rows.append({**row.data, "_row": row.number, "_raw": raw})
        if rows:
            self._load_rows(part.importer, rows, report)

    def _load_rows(self, importer, rows, report):
        """Load rows in one savepoint. Where the database refuses, halve until the bad rows stand alone."""
        attempt = Report(importer, self)
        attempt.pm_import = self
        try:
            with self.env.cr.savepoint():
                counts = importer._load([dict(row) for row in rows], attempt)
        except CONFLICTS:
            raise
        except psycopg2.OperationalError:  # the connection, not the rows
            raise
        except MemoryError:
            raise
        except Exception as exc:  # constraints, access, and whatever an importer did not foresee
            if len(rows) > 1:
                middle = len(rows) // 2
                self._load_rows(importer, rows[:middle], report)
                self._load_rows(importer, rows[middle:], report)
            else:
                report.error(rows[0], None, *self._explain(exc))
            return
        for name, number in (counts or {}).items():
            attempt.counts[name] += number
        for name, number in attempt.counts.items():
            report.counts[name] += number
        report.errors += attempt.errors
        report.bad_rows |= attempt.bad_rows

    def _explain(self, exc):
        """Message and remedy for an exception that a single row has raised."""
        if isinstance(exc, AccessError):
            return (
                self.env._("You may not change this record."),
                self.env._("Ask the project manager; the record belongs to another property or needs another role."),
            )
        if isinstance(exc, UserError):  # also ValidationError
            return str(exc.args[0]), ""
        if isinstance(exc, psycopg2.IntegrityError):
            model = self.env["base"]
            for name in self.env.registry:
                if self.env[name]._table == exc.diag.table_name and not self.env[name]._abstract:
                    model = self.env[name]
                    break
            return str(model._sql_error_to_message(exc)), self._integrity_remedy(exc)
        _logger.warning("Import: a row raised an unforeseen error", exc_info=exc)
        message, remedy = messages.CRASH_MESSAGE
        # pylint: disable-next=translation-not-lazy  # as in pm_import_messages
        return self.env._(message) % {"detail": type(exc).__name__}, self.env._(remedy)

    def _integrity_remedy(self, exc):
        if exc.pgcode in (errorcodes.UNIQUE_VIOLATION, errorcodes.EXCLUSION_VIOLATION):
            return self.env._(
                "Compare with what is already there; if another user has just loaded it, load the file again."
            )
        return ""

    def _report_cells(self, report, row):
        for column, value, exc in row.errors:
            args = dict(exc.args_by_name)
            if exc.code == "not_a_choice":
                args = {"choices": " / ".join(column.choice_label(choice, self.env.lang) for choice in column.choices)}
            message, remedy = messages.words(self.env, messages.CELL_MESSAGES, exc.code, **args)
            report.error(row.number, column.name, message, remedy, value)

    def _save_errors(self, line, report):
        """:return: number of refused rows"""
        self.env["pm.import.error"].sudo().create(
            [{"import_id": self.id, "sheet_id": line.id, **error} for error in report.errors]
        )
        return len(report.bad_rows)

    def _finish(self):
        self._make_error_file()
        self.write({"done_at": fields.Datetime.now(), "attempts": 0})
        self._transition("done")

    def _tell_user(self):
        """A word in the corner of the user's screen when a long import is over."""
        self.create_uid._bus_send(
            "simple_notification",
            {
                "type": "warning" if self.error_count else "success",
                "title": self.env._("Import finished"),
                "message": self.env._(
                    "%(name)s: %(created)s new, %(updated)s changed, %(unchanged)s unchanged, %(errors)s refused.",
                    name=self.name,
                    created=self.created_count,
                    updated=self.updated_count,
                    unchanged=self.unchanged_count,
                    errors=self.error_count,
                ),
                "sticky": True,
            },
        )
        self.env.cr.commit()  # pylint: disable=invalid-commit

    # -----------------------------------------------------------------------------------------------------------------
    # Files
    # -----------------------------------------------------------------------------------------------------------------

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
        self.error_file = base64.b64encode(sheet_write.write_errors(sheets, self.env.lang))

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

    # -----------------------------------------------------------------------------------------------------------------
    # Helpers
    # -----------------------------------------------------------------------------------------------------------------

    def _bulk(self, user=None):
        """The record as the importing user, quiet."""
        record = self.with_context(**BULK_CONTEXT)
        if user:
            record = record.with_user(user).with_context(
                lang=user.lang, tz=user.tz, allowed_company_ids=(self.company_id | user.company_ids).ids
            )
        return record.with_company(self.company_id)

    @api.model
    def _parameter(self, name):
        # Limits are settings of the administrator; everybody's imports obey them.
        value = self.env["ir.config_parameter"].sudo().get_param(f"pm_base.pm_import_{name}")
        return int(value) if value and value.isdigit() and int(value) > 0 else PARAMETERS[name]


def _counts(report):
    return {f"{name}_count": number for name, number in report.counts.items()}


def _shown(column, value, lang):
    if value is None:
        return ""
    if column.choices:
        return column.choice_label(value, lang)
    if isinstance(value, bool):
        return "✓" if value else "–"
    return str(value)
