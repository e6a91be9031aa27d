import os
import time

from odoo import api, models

# A file store on a slow disk gets a file of 100 MB written well within this.
_PATIENCE = 5.0  # seconds
_PAUSE = 0.02  # seconds


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    @api.model
    def _same_content(self, bin_data, filepath):
        """Whether a stored file holds ``bin_data``; a file that another process is still writing is waited for.

        Two users who hand in the same file at the same moment write it to the same place. Odoo takes the half-written
        file for a collision and refuses the second user's.
        """
        deadline = time.monotonic() + _PATIENCE
        # The size first: a file that is compared before it is complete may be complete the moment after.
        while os.path.getsize(filepath) < len(bin_data) and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        return super()._same_content(bin_data, filepath)
