from odoo import fields, models


class PmImportLock(models.Model):
    """One row a company: whoever updates it has the turn to load. See :meth:`PmImport._lock`."""

    _name = "pm.import.lock"
    _description = "Import Turn"
    _log_access = False

    _company_unique = models.UniqueIndex("(company_id)")

    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    serial = fields.Integer()
