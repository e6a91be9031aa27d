from odoo import api, fields, models


class PmRefusal(models.TransientModel):
    """Asks for the reason before a refund or a write-off is refused."""

    _name = "pm.refusal"
    _description = "Refuse"

    refund_id = fields.Many2one("pm.refund", readonly=True, ondelete="cascade")
    write_off_id = fields.Many2one("pm.write.off", readonly=True, ondelete="cascade")
    reason = fields.Char("Why Refused", required=True)

    @api.model
    def _ask(self, **document):
        """The window that asks why.

        :param document: id of the refund or of the write-off, under the name of its field
        """
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refuse"),
            "res_model": self._name,
            "view_mode": "form",
            "target": "new",
            "context": {f"default_{name}": value for name, value in document.items()},
        }

    def action_confirm(self):
        self.ensure_one()
        (self.refund_id or self.write_off_id)._refuse(self.reason)
        return {"type": "ir.actions.act_window_close"}
