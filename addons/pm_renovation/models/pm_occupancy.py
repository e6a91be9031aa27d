from odoo import models


class PmOccupancy(models.Model):
    _inherit = "pm.occupancy"

    def _pack_document(self, code):
        """The renovation notice of the pack is the one that applies: procedure, papers, works and clocks of today (S0-100, S0-106)."""
        if code != "renovation":
            return super()._pack_document(code)
        notice = self.env["report.pm_renovation.notice"]
        notice = notice.with_context(lang=self.env["pm.document"]._lang(self))
        # sudo: the notice is published to residents; it is made of the catalogue and the property's hours
        prop = self.sudo().property_id.with_env(notice.sudo().env)
        return f"{notice._title(prop)}.pdf", notice.sudo()._render_pdf(prop)
