"""Neighbours of a site: told before the works begin, heard when the works disturb them."""

import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, plaintext2html

# Nobody sits in them to be disturbed.
QUIET_TYPES = ("parking", "storage")


def floor_number(floor):
    """Return the floor as a number (12F → 12, B1 and -1 → -1), or None when the text holds none."""
    found = re.search(r"(-|B)?\s*(\d+)", floor or "", re.IGNORECASE)
    if not found:
        return None
    return -int(found[2]) if found[1] else int(found[2])


class PmUnit(models.Model):
    _inherit = "pm.unit"

    def _adjacent_units(self):
        """Units beside, above and below one unit: its floor, and on the next floors those of the same position.

        A building whose numbers tell no position gives all units of the next floors. The list is a proposal that the
        butler corrects: no plan of the building is known.

        :return: ``pm.unit`` without the unit itself, parking spaces and store rooms
        """
        self.ensure_one()
        number = floor_number(self.floor)
        if number is None:
            return self.browse()
        around = self.search(
            [("building_id", "=", self.building_id.id), ("id", "!=", self.id), ("unit_type", "not in", QUIET_TYPES)]
        )
        by_floor = around.grouped(lambda unit: floor_number(unit.floor))
        found = by_floor.get(number, self.browse())
        # There is no floor 0: above B1 is the first.
        for other in ({-1: 1}.get(number, number + 1), {1: -1}.get(number, number - 1)):
            units = by_floor.get(other, self.browse())
            position = re.sub(r"\D", "", self.code or "")[-2:]
            found |= units.filtered(lambda u, p=position: p and re.sub(r"\D", "", u.code or "").endswith(p)) or units
        return found


class PmRenovation(models.Model):
    _inherit = "pm.renovation"

    neighbour_unit_ids = fields.Many2many(
        "pm.unit",
        "pm_renovation_neighbour_rel",
        "renovation_id",
        "unit_id",
        string="Neighbours",
        compute="_compute_neighbour_unit_ids",
        store=True,
        readonly=False,
        compute_sudo=True,
        domain="[('property_id', '=', property_id), ('id', '!=', unit_id)]",
        help="Units that are told when the works begin; proposed from building and floor.",
    )
    neighbours_told_at = fields.Datetime("Neighbours Told On", readonly=True, copy=False)
    ticket_ids = fields.One2many("pm.ticket", "renovation_id", string="Tickets")
    ticket_count = fields.Integer(compute="_compute_counts")

    @api.depends("unit_id")
    def _compute_neighbour_unit_ids(self):
        for case in self:
            case.neighbour_unit_ids = case.unit_id._adjacent_units()

    def action_tell_neighbours(self):
        """Tell the neighbours now instead of when the works begin."""
        for case in self:
            if not case.permit_number:
                raise UserError(
                    self.env._("To tell the neighbours of %(case)s its permit must be issued.", case=case.name)
                )
        return self._tell_neighbours()

    def _tell_neighbours(self):
        """Queue one message to everybody who uses a neighbouring unit: dates and noisy hours, no name (L-08).

        The key holds the last day: an extension is told once more, a repeated step is not.
        """
        for case in self:
            # sudo: who lives next door is not the applicant's business, nor need the officer of one block see another
            units = case.sudo().neighbour_unit_ids
            rows = []
            for unit in units:
                for partner in unit.occupant_ids or unit.payer_id:
                    speaking = case.with_context(lang=partner.lang or self.env.lang)
                    subject, body = speaking._message_texts({})["neighbour"]
                    rows.append(
                        {
                            "key": f"renovation/{case.id}/neighbour/{unit.id}-{partner.id}/{case.date_end}",
                            "purpose": "service",
                            "channel": "auto",
                            "partner_id": partner.id,
                            "property_id": case.property_id.id,
                            "res_model": self._name,
                            "res_id": case.id,
                            "subject": subject,
                            "body": plaintext2html(body),
                            "text": body,
                        }
                    )
            if rows:
                # sudo: messages are queued by the system on behalf of whoever did the step
                self.env["pm.message"].sudo()._enqueue(rows)
            case._stamp(neighbours_told_at=fields.Datetime.now())
            case._log(
                "neighbours",
                self.env._(
                    "%(count)s messages for %(units)s, works until %(day)s",
                    count=len(rows),
                    units=", ".join(units.mapped("name")) or "–",
                    day=format_date(self.env, case.date_end),
                ),
            )

    def _tell_neighbours_again(self):
        """The end moved: whoever was told the old one hears the new one."""
        self.filtered("neighbours_told_at")._tell_neighbours()

    def action_view_tickets(self):
        """Complaints and requests for help about this renovation."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_customer_service.pm_ticket_action_all")
        return {
            **action,
            "domain": [("renovation_id", "=", self.id)],
            "context": {
                "default_renovation_id": self.id,
                "default_unit_id": self.unit_id.id,
                "default_partner_id": self.applicant_id.id,
                "default_category_id": self.env.ref("pm_customer_service.ticket_category_renovation").id,
                "default_type_code": "help",
            },
        }

    def action_view_messages(self):
        """Every message sent about this renovation, the neighbours' included."""
        return self.env["pm.message"]._action_for(self)
