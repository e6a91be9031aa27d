from odoo import fields
from odoo.exceptions import UserError
from odoo.tests.common import tagged

from ..models.pm_renovation_neighbour import floor_number
from .common import RenovationCase


@tagged("post_install", "-at_install")
class TestNeighbours(RenovationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.units.floor = "12F"
        extra = [
            {
                "code": code,
                "floor": floor,
                "unit_type": kind,
                "property_id": cls.property.id,
                "building_id": cls.building.id,
            }
            for code, floor, kind in (
                ("A-1301", "13F", "office"),
                ("A-1302", "13F", "office"),
                ("A-1101", "11", "office"),
                ("A-1401", "14F", "office"),
                ("A-P01", "12F", "parking"),
            )
        ]
        cls.extra = cls.env["pm.unit"].create(extra)

    def test_floor_is_read_from_what_people_write(self):
        for text, number in (("12F", 12), ("3", 3), ("B1", -1), ("-2", -2), ("L3", 3), ("十二", None), (False, None)):
            self.assertEqual(floor_number(text), number, text)

    def test_neighbours_are_beside_above_and_below(self):
        case = self.make_case()
        found = set(case.neighbour_unit_ids.mapped("code"))
        self.assertEqual(found, {"A-102", "A-103", "A-1301", "A-1101"})

    def test_units_without_floor_have_no_proposal(self):
        self.units[0].floor = False
        self.assertFalse(self.make_case().neighbour_unit_ids)

    def told(self, case):
        return self.env["pm.message"].search([("res_id", "=", case.id), ("key", "like", "/neighbour/")])

    def test_neighbours_hear_dates_and_hours_and_no_name(self):
        case = self.bring_to("permit_issued")
        self.assertFalse(self.told(case))
        self.as_user(case, "officer").action_start()
        told = self.told(case)
        self.assertEqual(told.partner_id, self.owners[1] | self.owners[2], "the two neighbours that have people")
        for message in told:
            self.assertIn("9:00–17:00", message.text)
            self.assertIn(self.property.hotline, message.text)
            self.assertNotIn(case.applicant_id.name, message.text)
        self.assertIn("A-102", case.log_ids.filtered(lambda line: line.kind == "neighbours").detail)

    def test_repeated_notice_is_not_sent_twice_but_an_extension_is_told(self):
        case = self.bring_to("permit_issued")
        case.action_tell_neighbours()
        case.action_start()
        case.action_tell_neighbours()
        self.assertEqual(len(self.told(case)), 2)
        case._extend(fields.Date.add(case.permit_valid_until, days=9), "Late delivery")
        self.assertEqual(len(self.told(case)), 4)

    def test_butler_corrects_the_list(self):
        case = self.make_case()
        self.as_user(case, "officer").neighbour_unit_ids = self.units[1]
        self.bring_to("in_progress", case)
        self.assertEqual(self.told(case).partner_id, self.owners[1])

    def test_nobody_is_told_before_the_permit(self):
        case = self.bring_to("approved")
        with self.assertRaisesRegex(UserError, "permit must be issued"):
            case.action_tell_neighbours()

    def test_complaint_next_door_finds_its_renovation(self):
        case = self.bring_to("in_progress")
        ticket = (
            self.env["pm.ticket"]
            .with_user(self.officer)
            .create(
                {
                    "name": "Drilling at night",
                    "unit_id": self.units[1].id,
                    "partner_id": self.owners[1].id,
                    "type_id": self.env.ref("pm_customer_service.ticket_type_complaint").id,
                    "category_id": self.env.ref("pm_customer_service.ticket_category_noise").id,
                }
            )
        )
        self.assertEqual(ticket.nearby_renovation_ids, case)
        ticket.action_link_renovation()
        self.assertEqual((ticket.renovation_id, case.ticket_count), (case, 1))
        action = self.as_user(case, "officer").action_view_tickets()
        self.assertEqual(self.env["pm.ticket"].search(action["domain"]), ticket)

    def test_two_sites_nearby_must_be_chosen_from(self):
        self.bring_to("in_progress")
        self.bring_to("in_progress", self.make_case(self.units[2]))
        ticket = self.env["pm.ticket"].create({"name": "Noise", "unit_id": self.units[1].id})
        with self.assertRaisesRegex(UserError, "choose the renovation"):
            ticket.action_link_renovation()
