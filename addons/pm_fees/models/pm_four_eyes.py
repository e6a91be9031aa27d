from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class PmFourEyes(models.AbstractModel):
    """A document that one person prepares and another approves (经办与审批分离).

    Whoever makes or changes the document is its author, and the author never approves. The ``state`` that every such
    document has goes by its steps.
    """

    _name = "pm.four.eyes"
    _description = "Prepared by One, Approved by Another"
    _inherit = ["pm.program.fields"]
    _program_fields = frozenset({"state", "author_id", "approved_by", "approved_on"})

    author_id = fields.Many2one("res.users", "Prepared by", readonly=True, copy=False)
    approved_by = fields.Many2one("res.users", readonly=True, copy=False)
    approved_on = fields.Datetime(readonly=True, copy=False)

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._sign()
        return records

    def _sign(self):
        """Whoever prepared or changed the document may not approve it."""
        self.sudo().author_id = self.env.user  # sudo: _program_fields

    def _lock(self):
        """Wait for whoever decides on the document at this moment, and read its state anew."""
        self.ensure_one()
        self.env.cr.execute(
            SQL("SELECT id FROM %s WHERE id = %s FOR NO KEY UPDATE", SQL.identifier(self._table), self.id)
        )
        self.invalidate_recordset(["state"])

    def _check_may_approve(self, *groups):
        """:raises AccessError: the user has none of these groups; :raises UserError: he prepared the document himself"""
        self.ensure_one()
        if groups and not any(self.env.user.has_group(group) for group in groups):
            raise AccessError(
                self.env._(
                    "%(record)s is approved by: %(roles)s.",
                    record=self.display_name,
                    # sudo: the name of a role is no secret
                    roles=", ".join(self.env.ref(group).sudo().name for group in groups),
                )
            )
        if self.author_id == self.env.user:
            raise UserError(self.env._("You prepared “%s” yourself: somebody else must approve it.", self.display_name))

    def _approval(self):
        """Values to write when the user approves now."""
        return {"approved_by": self.env.uid, "approved_on": fields.Datetime.now()}

    def _next_number(self, code):
        """:raises UserError: somebody has deleted the sequence; says how to get it back"""
        # sudo: numbering is the program's
        number = self.env["ir.sequence"].sudo().with_company(self.company_id).next_by_code(code)
        if not number:
            raise UserError(
                self.env._(
                    "To number this document, a sequence with the code “%s” is needed (Settings → Technical → Sequences).",
                    code,
                )
            )
        return number

    def _check_undecided(self, *states):
        """:raises UserError: the document has left these states and is history"""
        if not self.env.su and any(record.state not in states for record in self):
            record = next(record for record in self if record.state not in states)
            raise UserError(self.env._("“%s” is decided: it does not change any more.", record.display_name))


class PmFourEyesLine(models.AbstractModel):
    """A line of such a document: it changes as long as the document may, and whoever changes it is its author."""

    _name = "pm.four.eyes.line"
    _description = "Line of a Document That Another Approves"

    _document = ""

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._touch_document()
        return lines

    def write(self, vals):
        self._touch_document()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_touches_document(self):
        self._touch_document()

    def _touch_document(self):
        if not self.env.su:
            documents = self[self._document]
            documents._check_undecided("draft")
            documents._sign()
