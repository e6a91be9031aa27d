from odoo import fields, models


class PmUnit(models.Model):
    """The household page shows what was sent to the people of the unit."""

    _inherit = "pm.unit"

    pm_message_count = fields.Integer(
        string="Number of Messages", compute="_compute_pm_message_count", groups="pm_base.group_front_desk"
    )

    def _pm_message_domain(self):
        """Messages about the property sent to today's people of the unit."""
        self.ensure_one()
        return [("property_id", "=", self.property_id.id), ("partner_id", "in", self._household_partner_ids().ids)]

    def _compute_pm_message_count(self):
        for unit in self:
            unit.pm_message_count = self.env["pm.message"].search_count(unit._pm_message_domain())

    def action_open_pm_messages(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_base.pm_message_action")
        context = {"default_property_id": self.property_id.id, "default_partner_id": self.payer_id.id}
        return {**action, "domain": self._pm_message_domain(), "context": context}
