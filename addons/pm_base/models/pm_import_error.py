from odoo import fields, models


class PmImportError(models.Model):
    """One thing that is wrong with one row."""

    _name = "pm.import.error"
    _description = "Import Error"
    _order = "sheet_id, row, id"

    import_id = fields.Many2one("pm.import", required=True, index=True, ondelete="cascade")
    sheet_id = fields.Many2one("pm.import.sheet", ondelete="cascade", string="Sheet")
    row = fields.Integer(help="Row number as the spreadsheet shows it; 0 = the file as a whole.")
    column = fields.Char()
    value = fields.Char()
    message = fields.Text(string="What Is Wrong", required=True)
    remedy = fields.Text(string="What to Do")
