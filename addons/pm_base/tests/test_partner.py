from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged

from .common import PmCase


@tagged("post_install", "-at_install")
class TestPartner(PmCase):
    def test_customer_classes_follow_contacts_and_the_company_s_thresholds(self):
        # S1-21 names no number: 6 contacts in 12 months are the editable default.
        counts = {self.owners[0].id: 6, self.owners[1].id: 5}
        with patch.object(type(self.env["res.partner"]), "_pm_contact_counts", lambda self, since: counts):
            self.assertEqual(self.owners.mapped("pm_customer_class"), ["frequent", "ordinary", "silent"])
            self.company.pm_frequent_ticket_count = 5
            self.owners.invalidate_recordset()
            self.assertEqual(self.owners[1].pm_customer_class, "frequent")
            self.parties[2].write({"is_key_customer": True, "key_reason": "Anchor tenant"})
            self.owners.invalidate_recordset()
            self.assertEqual(self.owners[2].pm_customer_class, "key")
        self.assertFalse(self.outsider.partner_id.pm_customer_class)

    def test_category_is_what_the_person_is_today(self):
        self.assertEqual(self.owners[0].pm_category, "owner")
        self.assertEqual(self.officer.partner_id.pm_category, "staff")
        self.assertEqual(self.env["res.partner"].create({"name": "Visitor"}).pm_category, "other")
        self.parties[0].date_to = "2024-12-31"
        self.assertEqual(self.owners[0].pm_category, "other")

    def test_identity_numbers_are_closed_to_staff_without_the_privacy_group(self):
        self.owners[0].pm_id_number = "TEST-000"
        with self.assertRaises(AccessError):
            self.owners[0].with_user(self.manager).read(["pm_id_number"])
        self.manager.group_ids += self.env.ref("pm_base.group_privacy")
        self.assertEqual(self.owners[0].with_user(self.manager).pm_id_number, "TEST-000")

    def test_disclosure_needs_identity_ground_and_a_second_person(self):
        request = (
            self.env["pm.disclosure"]
            .with_user(self.front_desk)
            .create(
                {
                    "name": "Phone number",
                    "property_id": self.property.id,
                    "partner_id": self.owners[0].id,
                    "requester": "Courier",
                    "purpose": "Parcel",
                }
            )
        )
        with self.assertRaisesRegex(UserError, "identity check and the legal ground"):
            request.with_user(self.supervisor).action_approve()
        request.sudo().write({"requester_identity": "Staff card", "ground": "consent"})
        request.with_user(self.supervisor).action_approve()
        self.assertEqual((request.state, request.approver_id), ("approved", self.supervisor))
        own = request.sudo().copy({"user_id": self.supervisor.id, "requester_identity": "Card", "ground": "consent"})
        with self.assertRaisesRegex(UserError, "not be the person who recorded"):
            own.with_user(self.supervisor).action_approve()
        with self.assertRaises(AccessError):
            request.with_user(self.manager).unlink()
