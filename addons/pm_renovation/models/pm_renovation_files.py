from odoo import models


class PmRenovationFiles(models.AbstractModel):
    """Records of a renovation with files."""

    _name = "pm.renovation.files"
    _inherit = ["pm.files"]
    _description = "Files of a Renovation Record"
