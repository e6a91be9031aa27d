from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    pm_consent_ids = fields.One2many("pm.consent", "partner_id", string="Message Consents")
    pm_message_count = fields.Integer(
        string="Number of Messages", compute="_compute_pm_message_count", groups="pm_base.group_front_desk"
    )

    def _compute_pm_message_count(self):
        counts = dict(self.env["pm.message"]._read_group([("partner_id", "in", self.ids)], ["partner_id"], ["__count"]))
        for partner in self:
            partner.pm_message_count = counts.get(partner, 0)

    def action_open_pm_messages(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_base.pm_message_action")
        return {**action, "domain": [("partner_id", "=", self.id)], "context": {"default_partner_id": self.id}}
