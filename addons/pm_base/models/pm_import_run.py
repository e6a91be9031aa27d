import logging
import random
import time

import psycopg2
from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL
from psycopg2 import errorcodes

from ..tools.sheets import SheetError
from . import pm_import_messages as messages
from .pm_import_plan import Refused
from .pm_importer import Report

_logger = logging.getLogger(__name__)

# So often a slice may begin without getting a chunk further before the import is given up.
MAX_ATTEMPTS = 3
CONFLICT_RETRIES = 8
CONFLICTS = (psycopg2.errors.SerializationFailure, psycopg2.errors.LockNotAvailable, psycopg2.errors.DeadlockDetected)


class PmImportRun(models.Model):
    """Loading: chunk by chunk, small files at once, large ones in slices of a scheduled job that goes on where it stopped."""

    _inherit = "pm.import"

    def _start(self):
        self._transition("importing")
        # sudo: sheets and refused rows are the program's to write
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
        self._note(started_at=fields.Datetime.now(), error_file=False)

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
            self._note(attempts=self.attempts + 1)
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
        # sudo: refused rows are the program's to write
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
                self._note(attempts=0)
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
        counts = report.count_values()
        # sudo: the place reached in a sheet is the program's to write
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
        # sudo: refused rows are the program's to write
        self.env["pm.import.error"].sudo().create(
            [{"import_id": self.id, "sheet_id": line.id, **error} for error in report.errors]
        )
        return len(report.bad_rows)

    def _finish(self):
        self._make_error_file()
        self._note(done_at=fields.Datetime.now(), attempts=0)
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
