from odoo import models


class Base(models.AbstractModel):
    _inherit = "base"

    def export_data(self, fields_to_export):
        """Keep a note of each export of contacts and of the suite's records (S1-37)."""
        result = super().export_data(fields_to_export)
        if self and (self._name == "res.partner" or self._name.startswith("pm.")):
            self.env["pm.export.log"]._note(self, fields_to_export)
        return result
