import base64
import time
from urllib.parse import quote

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..tools.labels import selection_labels

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
# A background slice: long enough that reading the file again matters little, and with whatever else the scheduler does
# in the same pass below the server's time limit of 120 s, at which it would start anew and cut off everybody's requests.
SLICE_SECONDS = 30
# Carried in the context by the import's own steps; a client cannot send this object.
INTERNAL = object()
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
    _inherit = ["pm.program.fields"]
    _order = "id desc"
    _program_fields = frozenset(
        {
            "company_id",
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
    )

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

    def write(self, vals):
        internal = self.env.context.get("pm_import_internal") is INTERNAL
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
                opened._note(state="draft")
        return super().write(vals)

    def _transition(self, state):
        """Move to another state; the only place that writes it."""
        for record in self:
            if record.state not in TRANSITIONS[state]:
                labels = selection_labels(self, "state")
                raise UserError(
                    self.env._(
                        "To bring import “%(name)s” to “%(target)s” it must not be “%(current)s”.",
                        name=record.name or "",
                        target=labels[state],
                        current=labels[record.state],
                    )
                )
        self._note(state=state)

    def _note(self, **values):
        """Write what only the import's own steps write; whoever may write the import may take them."""
        self.check_access("write")
        # sudo: _program_fields
        self.sudo().with_context(pm_import_internal=INTERNAL).write(values)

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
        return int(value) if value and value.isdecimal() and int(value) > 0 else PARAMETERS[name]
