from odoo import api, fields, models

from ..models.pm_ticket import OPEN_STATES


class PmTicketLinkWizard(models.TransientModel):
    """Chooses the ticket into which others are merged, or with which they are linked."""

    _name = "pm.ticket.link"
    _description = "Merge or Link Tickets"

    step = fields.Selection([("merge", "Merge"), ("link", "Link")], required=True, readonly=True)
    ticket_ids = fields.Many2many("pm.ticket", string="Tickets", required=True, readonly=True)
    property_id = fields.Many2one("pm.property", compute="_compute_places")
    unit_ids = fields.Many2many("pm.unit", compute="_compute_places")
    allowed_ids = fields.Many2many("pm.ticket", compute="_compute_allowed_ids")
    other_id = fields.Many2one("pm.ticket", string="Other Ticket", required=True, domain="[('id', 'in', allowed_ids)]")

    @api.depends("ticket_ids")
    def _compute_places(self):
        for wizard in self:
            wizard.property_id = wizard.ticket_ids.property_id[:1]
            wizard.unit_ids = wizard.ticket_ids.unit_id

    @api.depends("ticket_ids", "step")
    def _compute_allowed_ids(self):
        """Only what may be chosen is offered: for a merge the open tickets of the household, else those of the property."""
        for wizard in self:
            domain = [("property_id", "=", wizard.property_id.id), ("id", "not in", wizard.ticket_ids.ids)]
            if wizard.step == "merge":
                customers = wizard.ticket_ids.partner_id.commercial_partner_id
                domain += [
                    ("state", "in", OPEN_STATES),
                    "|",
                    ("unit_id", "in", wizard.unit_ids.ids),
                    ("partner_id.commercial_partner_id", "in", customers.ids),
                ]
            wizard.allowed_ids = self.env["pm.ticket"].search(domain, limit=200, order="id desc")

    def action_confirm(self):
        """Merge or link. :raises UserError: the tickets do not belong together"""
        self.ensure_one()
        if self.step == "merge":
            self.ticket_ids.action_merge(self.other_id)
        else:
            self.ticket_ids.action_link(self.other_id)
        return {"type": "ir.actions.act_window_close"}
