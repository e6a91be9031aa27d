from odoo import fields, models


class PmImportSheet(models.Model):
    """One sheet of an import: how far it is, and what became of its rows."""

    _name = "pm.import.sheet"
    _description = "Import Sheet"
    _order = "sequence, id"

    import_id = fields.Many2one("pm.import", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer()
    name = fields.Char(string="Sheet", required=True)
    kind = fields.Selection(selection=lambda self: self.env["pm.import"]._selection_kind(), string="Holds")
    row_count = fields.Integer(string="Rows")
    position = fields.Integer(help="Number of the last row that is done.")
    processed_count = fields.Integer(string="Processed")
    created_count = fields.Integer(string="Created")
    updated_count = fields.Integer(string="Changed")
    unchanged_count = fields.Integer(string="Unchanged")
    error_count = fields.Integer(string="Refused")
    sample = fields.Html(string="First Rows as Understood", sanitize_attributes=False)
