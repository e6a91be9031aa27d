import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.pm_base.tools.labels import selection_label, selection_labels
from odoo.addons.pm_base.tools.staff import staff_only

from .pm_ticket import CHANNELS, OPEN_STATES

RESULTS = 20
PEOPLE = 4
TICKETS = 8
RECENT = 3
SIMILAR = 5
ALIKE = 0.3
# What looks like the end of a ticket's number.
NUMBER = re.compile(r"\d{5}$|-\d{4}-")
# The other channels are written by the program.
COUNTER_CHANNELS = ("counter", "phone", "letter", "opinion_book", "community", "visit")


class PmCounter(models.AbstractModel):
    """What the counter screen asks the server for. Everything is read and written as the one at the desk, under the record rules."""

    _name = "pm.counter"
    _description = "Service Counter"

    # ------------------------------------------------------------------
    # Opening and finding
    # ------------------------------------------------------------------

    @api.model
    @staff_only
    def counter_setup(self):
        """What the screen needs once: properties, types, categories, channels."""
        properties = self.env["pm.property"].search([])
        types = self.env["pm.ticket.type"].search([])
        categories = self.env["pm.ticket.category"].search([])
        labels = dict(CHANNELS) | selection_labels(self.env["pm.ticket"], "channel")
        return {
            "properties": [{"id": prop.id, "name": prop.name} for prop in properties],
            "types": [
                {
                    "id": kind.id,
                    "code": kind.code,
                    "name": kind.name,
                    "icon": kind.icon,
                    "needs_visit": kind.needs_visit,
                    "needs_decision": kind.needs_decision,
                }
                for kind in types
            ],
            "categories": [
                {
                    "id": category.id,
                    "name": category.display_name,
                    "type_ids": category.type_ids.ids,
                    "is_common_part": category.is_common_part,
                }
                for category in categories
            ],
            "channels": [{"code": code, "name": labels[code]} for code in COUNTER_CHANNELS],
            "may_dispatch": self.env.user.has_group("pm_base.group_front_desk"),
        }

    @api.model
    @staff_only
    def counter_search(self, query, property_id=False):
        """Households by unit, owner, tenant, phone, plate or e-mail; and tickets by number.

        One statement whatever is found: the units under their record rules, who lives there, how much is open.

        :returns: list of dicts ``id``, ``name``, ``property_id``, ``people`` (name, role, phone), ``open``; for a ticket also ``ticket_id``
        """
        text = (query or "").strip()[:100]
        if not text:
            return []
        parties = self.env["pm.unit.party"]
        parties.check_access("read")
        domain = Domain("display_name", "ilike", text)
        if property_id:
            domain &= Domain("property_id", "=", property_id)
        # The union behind this search uses an index for each thing that a person may say; see pm.unit.
        found = self.env["pm.unit"].with_context(pm_counter_search=True)._search(domain, order="id")
        self.env["pm.unit"].flush_model(["name", "code", "property_id", "building_id"])
        self.env["pm.ticket"].flush_model(["unit_id", "state", "active"])
        self.env["res.partner"].flush_model(["name", "phone"])
        parties.flush_model(["unit_id", "partner_id", "role", "is_payer", "date_from", "date_to"])
        today = fields.Date.context_today(self)
        rows = self.env.execute_query_dict(
            SQL(
                """WITH found AS MATERIALIZED (
                        SELECT unit.id, unit.name, unit.property_id, unit.building_id, unit.code
                          FROM pm_unit unit WHERE unit.id IN %(found)s
                         ORDER BY lower(unit.code) = lower(%(text)s) DESC, unit.property_id, unit.building_id, unit.code
                         LIMIT %(limit)s)
                   SELECT found.id, found.name, found.property_id, people.list AS people, tickets.open
                     FROM found
                     LEFT JOIN LATERAL (
                        SELECT json_agg(person) AS list FROM (
                            SELECT partner.name, party.role, partner.phone
                              FROM pm_unit_party party JOIN res_partner partner ON partner.id = party.partner_id
                             WHERE party.unit_id = found.id AND party.date_from <= %(today)s
                               AND (party.date_to IS NULL OR party.date_to >= %(today)s)
                             ORDER BY party.is_payer DESC NULLS LAST, party.id LIMIT %(people)s) person) people ON true
                     LEFT JOIN LATERAL (
                        SELECT count(*) AS open FROM pm_ticket ticket
                         WHERE ticket.unit_id = found.id AND ticket.state IN %(states)s AND ticket.active) tickets ON true
                    ORDER BY lower(found.code) = lower(%(text)s) DESC, found.property_id, found.building_id, found.code""",
                found=found.subselect(),
                text=text,
                limit=RESULTS,
                today=today,
                people=PEOPLE,
                states=OPEN_STATES,
            )
        )
        labels = selection_labels(parties, "role")
        for row in rows:
            row["people"] = [dict(person, role=labels.get(person["role"], "")) for person in row["people"] or []]
        return self._find_tickets(text, property_id) + rows

    def _find_tickets(self, text, property_id):
        """Tickets whose number ends like the text, where it looks like one."""
        if not NUMBER.search(text):
            return []
        domain = Domain("number", "ilike", text)
        if property_id:
            domain &= Domain("property_id", "=", property_id)
        tickets = self.env["pm.ticket"].search(domain, limit=SIMILAR)
        return [
            {
                "id": ticket.unit_id.id,
                "ticket_id": ticket.id,
                "name": ticket.number,
                "property_id": ticket.property_id.id,
                "people": [{"name": ticket.name, "role": ticket.type_id.name, "phone": ticket.unit_id.name or ""}],
                "open": int(ticket.state in OPEN_STATES),
            }
            for ticket in tickets
        ]

    # ------------------------------------------------------------------
    # The household at a glance
    # ------------------------------------------------------------------

    @api.model
    @staff_only
    def counter_household(self, unit_id):
        """One household: who belongs to it, what is open, what was promised, what to mind.

        :raises UserError: the unit does not exist any more
        """
        unit = self.env["pm.unit"].browse(unit_id).exists()
        if not unit:
            raise UserError(self.env._("This unit does not exist any more."))
        unit.check_access("read")
        tickets = self.env["pm.ticket"].search(
            [("unit_id", "=", unit.id), ("state", "in", (*OPEN_STATES, "handled"))], limit=TICKETS, order="id desc"
        )
        recent = self.env["pm.ticket"].search(
            [("unit_id", "=", unit.id), ("state", "in", ("followed_up", "closed"))], limit=RECENT, order="id desc"
        )
        people = unit.occupant_ids or unit.owner_ids
        caller = people if len(people) == 1 else unit.payer_id
        return {
            "id": unit.id,
            "name": unit.name,
            "property_id": unit.property_id.id,
            "property": unit.property_id.name,
            "place": " · ".join(
                str(part)
                for part in (
                    unit.building_id.display_name,
                    unit.zone_id.name,
                    unit.floor,
                    selection_label(unit, "unit_type"),
                )
                if part
            ),
            "status": selection_label(unit, "status"),
            # sudo: the name of the butler, a colleague
            "butler": unit.sudo().user_id.name or "",
            "caller_id": caller.id,
            "people": [
                {
                    "id": party.partner_id.id,
                    "name": party.partner_id.name,
                    "role": selection_label(party, "role"),
                    "phone": party.phone or "",
                    "email": party.email or "",
                    "plate": party.partner_id.pm_plate or "",
                    "payer": party.is_payer,
                    "key": party.is_key_customer,
                }
                for party in unit.current_party_ids
            ],
            "tickets": [self._ticket_row(ticket) for ticket in tickets],
            "recent": [self._ticket_row(ticket) for ticket in recent],
            "hints": self._get_hints(unit),
            "links": self._get_links(unit),
        }

    def _ticket_row(self, ticket):
        states = selection_labels(ticket, "state")
        return {
            "id": ticket.id,
            "number": ticket.number,
            "name": ticket.name,
            "type": ticket.type_id.name,
            "unit": ticket.unit_id.name or ticket.location or "",
            "state": ticket.state,
            "state_label": states[ticket.state],
            "handler": ticket.sudo().user_id.name or "",  # sudo: the name of a colleague
            "received": fields.Datetime.to_string(ticket.received_at),
            "due": fields.Datetime.to_string(ticket.next_due) or "",
            "overdue": ticket.deadline_state == "overdue",
            "promised": fields.Datetime.to_string(ticket.promised_date or ticket.next_visit) or "",
            "urges": ticket.urge_count,
        }

    @api.model
    def _get_hints(self, unit):
        """Return what to mind with this household: list of dicts ``level`` (info, warning, danger) and ``text``.

        Add-ons above add theirs, for those who may know.
        """
        hints = []
        if unit.warranty_until and unit.warranty_until >= unit.property_id._today():
            hints.append(
                {
                    "level": "info",
                    "text": self.env._(
                        "Under the developer's warranty until %s: repairs are not charged.", unit.warranty_until
                    ),
                }
            )
        return hints

    @api.model
    def _get_links(self, unit):
        """Return further screens for this household: list of dicts ``label``, ``tag`` (client action) and ``params``."""
        return []

    # ------------------------------------------------------------------
    # While typing
    # ------------------------------------------------------------------

    @api.model
    @staff_only
    def counter_similar(self, values):
        """What is known already of the thing being typed: running incidents, and open tickets much like it.

        :param dict values: ``unit_id``, ``property_id``, ``category_id``, ``text``, ``is_common_part``
        :returns: dict ``incidents`` and ``tickets``
        """
        unit = self.env["pm.unit"].browse(values.get("unit_id") or []).exists()
        prop = unit.property_id or self.env["pm.property"].browse(values.get("property_id") or []).exists()
        text = (values.get("text") or "").strip()[:250]
        category = values.get("category_id") or None
        tickets = self.env["pm.ticket"].flush_model() or self.env["pm.ticket"]
        if not prop or not (text or category):
            return {"tickets": [], "incidents": self._get_incidents(unit, prop, category)}
        # Same unit, or a common part of the same house: each has an index, so the text of a handful of tickets is compared.
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM (
                        SELECT id, category_id, name FROM pm_ticket
                         WHERE unit_id = %(unit)s AND state IN %(states)s
                         UNION
                        SELECT id, category_id, name FROM pm_ticket
                         WHERE property_id = %(property)s AND is_common_part AND state IN %(states)s
                           AND (building_id = %(building)s OR building_id IS NULL)) near
                    WHERE category_id = %(category)s OR similarity(name, %(text)s) >= %(alike)s
                    ORDER BY similarity(name, %(text)s) DESC, id DESC LIMIT %(limit)s""",
                unit=unit.id or None,
                property=prop.id,
                building=unit.building_id.id or None,
                states=OPEN_STATES,
                category=category,
                text=text,
                alike=ALIKE,
                limit=SIMILAR,
            )
        )
        tickets = tickets.browse([row[0] for row in rows])._filtered_access("read")
        return {
            "tickets": [dict(self._ticket_row(ticket), same_unit=ticket.unit_id == unit) for ticket in tickets],
            "incidents": self._get_incidents(unit, prop, category),
        }

    @api.model
    def _get_incidents(self, unit, prop, category):
        """Running incidents that concern the place, those of the category first."""
        incidents = (
            self.env["pm.incident"]
            ._covering(unit, prop)
            .sorted(lambda incident: (incident.category_id.id != category, -incident.id))
        )
        return [
            {
                "id": incident.id,
                "name": incident.name,
                "text": incident.public_text,
                "since": fields.Datetime.to_string(incident.started_at),
                "expected": fields.Datetime.to_string(incident.expected_at) or "",
                "callers": incident.ticket_count,
            }
            for incident in incidents
        ]

    # ------------------------------------------------------------------
    # Recording
    # ------------------------------------------------------------------

    @api.model
    @staff_only
    def counter_record(self, values):
        """Record a request from the counter.

        :param dict values: ``unit_id`` or ``property_id``, ``partner_id``, ``contact_name``, ``contact_phone``, ``type_id``,
            ``category_id``, ``name``, ``description``, ``channel``, ``severity``, ``is_common_part``, ``location``;
            with ``solution`` it is solved at once, with ``incident_id`` it is one caller more of that incident
        :returns: dict ``id``, ``number``, ``team``, ``handler``, ``needs_visit``, ``state``, ``incident``, ``clocks`` (name and due time of
            those that do not stand still)
        :raises UserError: naming what is missing
        """
        name = (values.get("name") or "").strip()
        if not name:
            raise UserError(self.env._("To record the request you must say in a few words what it is about."))
        if not values.get("unit_id") and not values.get("property_id"):
            raise UserError(self.env._("To record a ticket you must choose the property or the unit."))
        if values.get("channel") not in COUNTER_CHANNELS:
            raise UserError(self.env._("To record the request you must choose how it reached you."))
        taken = {
            key: values[key]
            for key in (
                "unit_id",
                "property_id",
                "partner_id",
                "contact_name",
                "contact_phone",
                "type_id",
                "category_id",
                "description",
                "channel",
                "severity",
                "is_common_part",
                "location",
            )
            if values.get(key)
        }
        incident = self.env["pm.incident"].browse(values.get("incident_id") or []).exists()
        if incident and not taken.get("category_id"):
            taken["category_id"] = incident.category_id.id
        ticket = self.env["pm.ticket"].create({**taken, "name": name})
        if incident:
            incident.check_access("read")
            incident._attach(ticket)
            return self._recorded(ticket)
        solution = (values.get("solution") or "").strip()
        if solution:
            ticket.write({"outcome": "solved_now", "solution": solution})
            ticket.action_solve_now()
        return self._recorded(ticket)

    def _recorded(self, ticket):
        states = selection_labels(ticket, "state")
        clocks = ticket.deadline_ids.filtered(lambda clock: clock.state == "running" and not clock.paused_since).sorted(
            "due"
        )
        return {
            "id": ticket.id,
            "number": ticket.number,
            "state": ticket.state,
            "state_label": states[ticket.state],
            "team": ticket.sudo().team_id.name or "",  # sudo: names of team and colleague
            "handler": ticket.sudo().user_id.name or "",
            "needs_visit": ticket.needs_visit and ticket.state in ("new", "assigned") and not ticket.incident_id,
            "incident": ticket.incident_id.name or "",
            "clocks": [
                {"name": clock.rule_id.name, "due": fields.Datetime.to_string(clock.due)} for clock in clocks[:3]
            ],
        }

    @api.model
    @staff_only
    def counter_urge(self, ticket_id, words=None):
        """The customer asks again about a ticket that is open: no new ticket, but whoever handles it hears of it."""
        self.env["pm.ticket"].browse(ticket_id).action_urge(words)
        return True
