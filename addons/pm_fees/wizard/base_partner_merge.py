from odoo import models


class MergePartnerAutomatic(models.TransientModel):
    """Merging two contacts that both have open arrears on one unit: one case goes on, the other is closed with its record."""

    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        # sudo: the record of collection is kept whoever merges contacts
        cases = self.env["pm.dunning.case"].sudo().search([("partner_id", "in", partner_ids), ("state", "=", "open")])
        for unit_cases in cases.grouped("unit_id").values():
            if len(unit_cases) > 1:
                kept = unit_cases.filtered(lambda case: case.partner_id == dst_partner) or unit_cases.sorted("id")
                (unit_cases - kept[:1])._close_merged(kept[:1])
        return super()._merge(partner_ids, dst_partner=dst_partner, extra_checks=extra_checks)
