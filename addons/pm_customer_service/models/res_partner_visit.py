from odoo import models

from .pm_visit import DONE_STATES


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _pm_contact_counts(self, since):
        """A visit or talk is a contact too: a customer we visited is not a silent one (S1-21)."""
        counts = super()._pm_contact_counts(since)
        # sudo: the class counts the contacts of the whole property, also those the reader may not open
        groups = (
            self.env["pm.visit"]
            .sudo()
            ._read_group(
                [("partner_id", "in", self.ids), ("visited_at", ">=", since), ("state", "in", DONE_STATES)],
                ["partner_id"],
                ["__count"],
            )
        )
        for partner, count in groups:
            counts[partner.id] = counts.get(partner.id, 0) + count
        return counts
