from odoo import api, fields, models

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
    _inherit = ["mail.thread"]
    _order = "unit_id, type_id, id"

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

    @api.depends("type_id.retention_months", "unit_id.party_ids.date_to", "partner_id")
    def _compute_keep_until(self):
        for item in self:
            ends = item.unit_id.party_ids.filtered(lambda p, who=item.partner_id: p.partner_id == who).mapped("date_to")
            months = item.type_id.retention_months
            if months and item.partner_id and ends and all(ends):
                item.keep_until = fields.Date.add(max(ends), months=months)
            else:
                item.keep_until = False

    @api.depends("type_id", "name")
    def _compute_display_name(self):
        for item in self:
            item.display_name = " ".join(filter(None, [item.type_id.name, item.name]))
