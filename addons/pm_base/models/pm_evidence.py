from odoo import api, models
from odoo.exceptions import UserError


class PmEvidence(models.AbstractModel):
    """What somebody agreed to, signed or did, as it then stood: another record may follow it, nothing changes it."""

    _name = "pm.evidence"
    _description = "Evidence"

    def write(self, vals):
        """:raises UserError: always, for whoever asks, unless there is nothing to write"""
        if vals:
            self._refuse_change()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        self._refuse_change()

    def _refuse_change(self):
        # sudo: the name of a model is no secret
        kind = self.env["ir.model"]._get(self._name).sudo().name
        raise UserError(
            self.env._("%(kind)s is evidence: it is never changed, only followed by another one.", kind=kind)
        )
