from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import RenovationCase


@tagged("post_install", "-at_install")
class TestKey(RenovationCase):
    """S4-114: a worker gets a resident's key with engineering at his side, against a permit in force or a repair slip."""

    def hand_out(self, **values):
        return (
            self.env["pm.renovation.key"]
            .with_user(self.front_desk)
            .create(
                {
                    "unit_id": self.units[0].id,
                    "key": "A-101 door",
                    "holder": "Worker Luo",
                    "escort_id": self.technician.id,
                    **values,
                }
            )
        )

    def ticket(self, unit):
        return self.env["pm.ticket"].create(
            {
                "name": "Tap drips",
                "type_id": self.env.ref("pm_customer_service.ticket_type_repair").id,
                "unit_id": unit.id,
            }
        )

    def test_key_goes_out_against_a_permit_and_comes_back(self):
        case = self.bring_to("in_progress")
        key = self.hand_out(renovation_id=case.id)
        self.assertEqual((key.state, key.given_by_id), ("out", self.front_desk))
        with self.assertRaisesRegex(UserError, "stays as it is"):
            key.holder = "Somebody else"
        with self.assertRaises(AccessError):
            key.returned_at = fields.Datetime.now()
        key.action_return()
        self.assertEqual((key.state, key.returned_to_id), ("back", self.front_desk))
        with self.assertRaisesRegex(UserError, "back already"):
            key.action_return()
        self.assertTrue(self.hand_out(renovation_id=case.id), "it may go out again")

    def test_no_key_without_engineering(self):
        case = self.bring_to("in_progress")
        with self.assertRaisesRegex(UserError, "colleague of engineering"), self.cr.savepoint():
            self.hand_out(renovation_id=case.id, escort_id=self.front_desk.id)

    def test_permit_must_be_in_force_and_of_this_unit(self):
        case = self.bring_to("in_progress")
        other = self.bring_to("in_progress", self.make_case(self.units[1]))
        with self.assertRaisesRegex(UserError, "permit in force"), self.cr.savepoint():
            self.hand_out(renovation_id=other.id)
        self.as_user(case, "supervisor")._suspend("Cause")
        with self.assertRaisesRegex(UserError, "permit in force"), self.cr.savepoint():
            self.hand_out(renovation_id=case.id)

    def test_repair_slip_must_be_open_and_of_this_unit(self):
        self.assertTrue(self.hand_out(ticket_id=self.ticket(self.units[0]).id))
        with self.assertRaisesRegex(UserError, "open repair"), self.cr.savepoint():
            self.hand_out(ticket_id=self.ticket(self.units[1]).id, key="other")

    @mute_logger("odoo.sql_db")
    def test_database_refuses_a_second_holder_and_a_key_for_nothing(self):
        case = self.bring_to("in_progress")
        self.hand_out(renovation_id=case.id)
        for values in ({"renovation_id": case.id, "key": "a-101 DOOR"}, {"key": "cellar"}):
            with self.assertRaises(IntegrityError), self.cr.savepoint():
                self.hand_out(**values)

    def test_register_keeps_its_lines(self):
        key = self.hand_out(renovation_id=self.bring_to("in_progress").id)
        with self.assertRaises(UserError):
            key.sudo().unlink()
