from odoo import fields, models

from .pm_import import PARAMETERS


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    pm_import_file_mb = fields.Integer(
        string="Largest File (MB)", config_parameter="pm_base.pm_import_file_mb", default=PARAMETERS["file_mb"]
    )
    pm_import_rows = fields.Integer(
        string="Most Rows of a Sheet", config_parameter="pm_base.pm_import_rows", default=PARAMETERS["rows"]
    )
    pm_import_direct_rows = fields.Integer(
        string="Rows Loaded at Once",
        config_parameter="pm_base.pm_import_direct_rows",
        default=PARAMETERS["direct_rows"],
        help="Longer files load in the background.",
    )
    pm_import_trial_rows = fields.Integer(
        string="Rows Tried Out Before",
        config_parameter="pm_base.pm_import_trial_rows",
        default=PARAMETERS["trial_rows"],
        help="Of longer files, only the cells are checked beforehand.",
    )
