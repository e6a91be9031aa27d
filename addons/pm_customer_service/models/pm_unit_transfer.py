from odoo import models

from .pm_ticket import OPEN_STATES


class PmUnitTransfer(models.Model):
    _inherit = "pm.unit.transfer"

    def _get_transfer_warnings(self):
        warnings = super()._get_transfer_warnings()
        tickets = self.env["pm.ticket"].search([("unit_id", "=", self.unit_id.id), ("state", "in", OPEN_STATES)])
        if tickets:
            warnings.append(self.env._("Open tickets: %(tickets)s", tickets=", ".join(tickets.mapped("display_name"))))
        return warnings
