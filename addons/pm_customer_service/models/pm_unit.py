import re

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.sql import escape_psql

from odoo.addons.pm_base.tools.search import TRIGRAM

from .pm_ticket import OPEN_STATES

MIN_DIGITS = 4
# How people say the number of a unit: "B1305", "B座1305室", "b 1305".
SPOKEN_UNIT = re.compile(r"([A-Za-z]|\d{1,2})\s*(?:座|栋|幢|号楼|楼|[-_. ])?\s*([A-Za-z]?\d{3,4})\s*(?:室|房|号)?")


class PmUnit(models.Model):
    _inherit = "pm.unit"

    _name_trgm_index = models.Index("USING gin (name gin_trgm_ops)")

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
        # Two Chinese characters, a usual name, are too short for a trigram index unless the beginning is fixed.
        pattern = escape_psql(text) + "%" if len(text) < TRIGRAM else f"%{escape_psql(text)}%"
        # The number is written in one spelling, and said in many; the run of digits keeps its index.
        spoken = SPOKEN_UNIT.fullmatch(text)
        code = f"{spoken[1]}%{spoken[2]}" if spoken else pattern
        digits = "".join(char for char in text if char.isdigit())
        # Numbers are kept in many spellings, the sanitized one has none. Fewer digits would find half the house.
        phone = f"%{digits}%" if len(digits) >= MIN_DIGITS else None
        today = fields.Date.context_today(self)
        self.env["res.partner"].flush_model(["name", "email", "phone", "phone_sanitized", "pm_plate"])
        self.env["pm.unit.party"].flush_model(["unit_id", "partner_id", "date_from", "date_to"])
        # A union, because each branch has its own index; an OR over them would read both tables from end to end. The
        # people found are parties of units, and the record rules of units are applied to the result as ever.
        return Domain(
            "id",
            "any!",
            SQL(
                """SELECT id FROM pm_unit WHERE code ILIKE %(pattern)s OR name ILIKE %(pattern)s OR code ILIKE %(code)s
                   UNION
                   SELECT party.unit_id
                     FROM res_partner person
                     JOIN pm_unit_party party ON party.partner_id = person.id
                    WHERE party.date_from <= %(today)s AND (party.date_to IS NULL OR party.date_to >= %(today)s)
                      AND (person.name ILIKE %(pattern)s OR person.email ILIKE %(pattern)s
                           OR person.pm_plate ILIKE %(pattern)s OR person.phone ILIKE %(pattern)s %(phone)s)""",
                pattern=pattern,
                code=code,
                today=today,
                phone=SQL("OR person.phone_sanitized ILIKE %s", phone) if phone else SQL(),
            ),
        )

    @api.depends_context("pm_counter_search")
    def _compute_display_name(self):
        super()._compute_display_name()
        if self.env.context.get("pm_counter_search"):
            for unit in self:
                people = unit.current_party_ids.partner_id[:3]
                if people:
                    unit.display_name = f"{unit.display_name} · {', '.join(people.mapped('name'))}"
