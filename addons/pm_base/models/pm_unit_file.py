from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from .pm_unit import UNIT_TYPES


class PmFileType(models.Model):
    """A paper that belongs into the file of a unit (一户一档). Source: S0-13, S4-03."""

    _name = "pm.file.type"
    _description = "File Item Type"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    mandatory = fields.Boolean(help="Counts for the completeness of the file (KPI 2).")
    unit_type = fields.Selection(UNIT_TYPES, string="Only for", help="Empty = for every type of unit.")
    retention_months = fields.Integer(
        string="Keep (months)", help="How long the paper is kept after the household left; 0 = without limit (S4-36)."
    )
    source = fields.Char(help="Requirement id the item comes from.")

    _retention_positive = models.Constraint("CHECK (retention_months >= 0)", "The retention time cannot be negative.")


class PmUnitFile(models.Model):
    """One paper in the file of a unit, with its scan. Source: S0-13, S4-10, S4-40."""

    _name = "pm.unit.file"
    _description = "Unit File Item"
    _inherit = ["pm.program.fields", "pm.files", "mail.thread"]
    _order = "unit_id, type_id, id"
    _program_fields = frozenset({"destroyed_at", "destroyed_by_id", "kept_elsewhere"})

    unit_id = fields.Many2one("pm.unit", required=True, index=True, ondelete="restrict")
    property_id = fields.Many2one(related="unit_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="unit_id.company_id", store=True)
    type_id = fields.Many2one("pm.file.type", required=True, ondelete="restrict")
    partner_id = fields.Many2one("res.partner", string="Concerns")
    name = fields.Char(string="Reference")
    date = fields.Date(default=fields.Date.context_today, tracking=True)
    attachment_ids = fields.Many2many("ir.attachment", string="Scans")
    keep_until = fields.Date(
        compute="_compute_keep_until",
        store=True,
        readonly=False,
        help="After this day the paper is to be destroyed (S4-36).",
    )
    active = fields.Boolean(default=True)
    destroy_reason = fields.Char(
        string="Why Destroyed Early", copy=False, help="For a surplus paper whose time has not come yet."
    )
    destroyed_at = fields.Datetime(string="Destroyed On", readonly=True, copy=False, tracking=True)
    destroyed_by_id = fields.Many2one("res.users", string="Destroyed By", readonly=True, copy=False, tracking=True)

    kept_elsewhere = fields.Text(
        readonly=True, copy=False, help="Scans that were not deleted with the paper, because another record needs them."
    )

    @api.depends("type_id.retention_months", "unit_id.party_ids.date_to", "partner_id")
    def _compute_keep_until(self):
        for item in self:
            ends = item.unit_id.party_ids.filtered(lambda p, who=item.partner_id: p.partner_id == who).mapped("date_to")
            months = item.type_id.retention_months
            if months and item.partner_id and ends and all(ends):
                item.keep_until = fields.Date.add(max(ends), months=months)
            else:
                item.keep_until = False

    def write(self, vals):
        if any(item.destroyed_at for item in self) and not self.env.su:
            raise UserError(self.env._("What is recorded about a destroyed paper is history and stays."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never_when_destroyed(self):
        if any(item.destroyed_at for item in self):
            raise UserError(self.env._("What is recorded about a destroyed paper is history and stays."))

    def action_destroy(self):
        """Destroy expired or surplus papers: their scans are deleted, who did it and when is kept. Source: S4-36.

        A scan that another record holds (the procedure that it was filed from, a paper with a longer term) is not this
        paper's to delete: it leaves the paper, stays where it belongs, and the paper says where that is.
        """
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group("pm_base.group_supervisor"):
            raise AccessError(self.env._("To destroy papers you must be a supervisor (S4-36)."))
        for item in self:
            if item.destroyed_at:
                raise UserError(self.env._("%s was destroyed before.", item.display_name))
            expired = item.keep_until and item.keep_until < item.property_id._today()
            if not expired and not item.destroy_reason:
                raise UserError(
                    self.env._(
                        "%(paper)s is to be kept until %(day)s: to destroy it now you must say why.",
                        paper=item.display_name,
                        day=item.keep_until or self.env._("further notice"),
                    )
                )
        # sudo: scans belong to whoever uploaded them; the record of the destruction is written here only
        items = self.sudo()
        files = self.env["ir.attachment"].sudo().search([("res_model", "=", self._name), ("res_id", "in", self.ids)])
        files |= items.attachment_ids
        elsewhere = self._files_held_elsewhere(files, items)
        for item in items:
            item.write(
                {
                    "kept_elsewhere": "\n".join(
                        f"{file.name}: {elsewhere[file].display_name}"
                        for file in item.attachment_ids
                        if file in elsewhere
                    ),
                    "attachment_ids": [Command.clear()],
                    "destroyed_at": fields.Datetime.now(),
                    "destroyed_by_id": self.env.uid,
                    "active": False,
                }
            )
        for file, holder in elsewhere.items():
            if file.res_model == self._name and file.res_id in self.ids:
                # Read from now on by whoever reads the record that it stays with.
                file.write({"res_model": holder._name, "res_id": holder.id})
        files.filtered(lambda file: file not in elsewhere).unlink()

    @api.depends("type_id", "name")
    def _compute_display_name(self):
        for item in self:
            item.display_name = " ".join(filter(None, [item.type_id.name, item.name]))
