from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    # The one search box of the counter
    _pm_name_trgm_index = models.Index("USING gin (name gin_trgm_ops)")
    _pm_email_trgm_index = models.Index("USING gin (email gin_trgm_ops) WHERE email IS NOT NULL")
    _pm_sanitized_trgm_index = models.Index(
        "USING gin (phone_sanitized gin_trgm_ops) WHERE phone_sanitized IS NOT NULL"
    )

    pm_ticket_count = fields.Integer(string="Tickets", compute="_compute_pm_ticket_count")

    def _compute_pm_ticket_count(self):
        counts = dict(self.env["pm.ticket"]._read_group([("partner_id", "in", self.ids)], ["partner_id"], ["__count"]))
        for partner in self:
            partner.pm_ticket_count = counts.get(partner, 0)

    def action_open_pm_tickets(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_customer_service.pm_ticket_action_all")
        return action | {"domain": [("partner_id", "=", self.id)], "context": {"default_partner_id": self.id}}

    def _pm_contact_counts(self, since):
        """Each ticket is a contact: whoever asks often is a frequent customer, whoever never does a silent one (S1-21)."""
        counts = super()._pm_contact_counts(since)
        # sudo: the class of a customer counts the contacts of the whole property, also those the reader may not open
        groups = (
            self.env["pm.ticket"]
            .sudo()
            ._read_group([("partner_id", "in", self.ids), ("received_at", ">=", since)], ["partner_id"], ["__count"])
        )
        for partner, count in groups:
            counts[partner.id] = counts.get(partner.id, 0) + count
        return counts
