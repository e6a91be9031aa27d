from odoo import fields, models


class PmAcknowledgmentSign(models.TransientModel):
    """The customer signs for the handbook on the screen, or his signed paper is filed."""

    _name = "pm.acknowledgment.sign"
    _description = "Acknowledge the Handbook"

    party_id = fields.Many2one("pm.unit.party", string="Customer of the Unit", required=True, readonly=True)
    handbook_id = fields.Many2one("pm.handbook", compute="_compute_handbook_id")
    method = fields.Selection(
        [("screen", "On the screen"), ("paper", "On paper")], string="How", required=True, default="screen"
    )
    signed_by = fields.Char(
        string="Authorised Signatory",
        required=True,
        default=lambda self: self.env["pm.unit.party"].browse(self.env.context.get("default_party_id")).partner_id.name,
    )
    signature = fields.Binary()
    file_ids = fields.Many2many("ir.attachment", "pm_acknowledgment_sign_file_rel", string="Signed Paper")

    def _compute_handbook_id(self):
        for wizard in self:
            wizard.handbook_id = self.env["pm.handbook"]._current(wizard.party_id.property_id)

    def action_confirm(self):
        self.ensure_one()
        self.env["pm.acknowledgment"]._record(self.party_id, self.method, self.signed_by, self.signature, self.file_ids)
        return {"type": "ir.actions.act_window_close"}
