from odoo import api, fields, models
from odoo.fields import Domain

from .pm_ticket import OPEN_STATES


class PmUnit(models.Model):
    _inherit = "pm.unit"

    ticket_ids = fields.One2many("pm.ticket", "unit_id", string="Tickets")
    ticket_count = fields.Integer(compute="_compute_ticket_count")
    open_ticket_count = fields.Integer(compute="_compute_ticket_count")

    def _compute_ticket_count(self):
        counts = {}
        for unit, state, count in self.env["pm.ticket"]._read_group(
            [("unit_id", "in", self.ids)], ["unit_id", "state"], ["__count"]
        ):
            total, still_open = counts.get(unit.id, (0, 0))
            counts[unit.id] = (total + count, still_open + (count if state in OPEN_STATES else 0))
        for unit in self:
            unit.ticket_count, unit.open_ticket_count = counts.get(unit.id, (0, 0))

    def action_open_tickets(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_customer_service.pm_ticket_action_all")
        return action | {
            "domain": [("unit_id", "=", self.id)],
            "context": {"default_unit_id": self.id, "default_property_id": self.property_id.id},
        }

    # One box at the counter: unit number, name, phone, plate or e-mail of anybody who belongs to it today.

    @api.model
    def _search_display_name(self, operator, value):
        if not (self.env.context.get("pm_counter_search") and operator == "ilike" and value):
            return super()._search_display_name(operator, value)
        text = value.strip()
        digits = "".join(char for char in text if char.isdigit())
        person = Domain("name", "ilike", text) | Domain("pm_plate", "ilike", text) | Domain("email", "ilike", text)
        if len(digits) >= 4:
            # Numbers are kept in many spellings; the sanitized one has none.
            person |= Domain("phone_sanitized", "ilike", digits) | Domain("phone", "ilike", text)
        household = Domain("party_ids", "any", Domain("is_current", "=", True) & Domain("partner_id", "any", person))
        return Domain("code", "ilike", text) | Domain("name", "ilike", text) | household

    @api.depends_context("pm_counter_search")
    def _compute_display_name(self):
        super()._compute_display_name()
        if self.env.context.get("pm_counter_search"):
            for unit in self:
                people = unit.current_party_ids.partner_id[:3]
                if people:
                    unit.display_name = f"{unit.display_name} · {', '.join(people.mapped('name'))}"
