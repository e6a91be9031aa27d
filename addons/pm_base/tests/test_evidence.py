"""What must not be rewritten: disclosures, resolutions, exports."""

from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged

from .common import PmCase


@tagged("post_install", "-at_install")
class TestDisclosure(PmCase):
    def request(self, **values):
        return (
            self.env["pm.disclosure"]
            .with_user(self.front_desk)
            .create(
                {
                    "name": "Phone number",
                    "property_id": self.property.id,
                    "partner_id": self.owners[0].id,
                    "requester": "Police officer",
                    "requester_identity": "Officer's card",
                    "purpose": "Traffic accident",
                    "ground": "legal_duty",
                    **values,
                }
            )
        )

    def test_data_is_given_after_the_approval_only_and_what_was_given_is_kept(self):
        # S4-95: identity, a leader's approval, and only then the data.
        request = self.request()
        with self.assertRaisesRegex(UserError, "must be approved"):
            request.with_user(self.assistant).write({"given_data": "Phone number"})
        with self.assertRaisesRegex(UserError, "must be approved"):
            request.with_user(self.assistant).action_give()
        request.with_user(self.supervisor).action_approve()
        with self.assertRaisesRegex(UserError, "write what was given"):
            request.with_user(self.assistant).action_give()
        request.with_user(self.assistant).given_data = "Told the phone number"
        request.with_user(self.assistant).action_give()
        self.assertEqual((request.state, request.given_by_id), ("given", self.assistant))
        with self.assertRaises(UserError):
            request.with_user(self.assistant).write({"given_data": "Nothing"})
        with self.assertRaises(AccessError):
            request.with_user(self.manager).write({"given_by_id": self.officer.id})
        with self.assertRaises(UserError):
            request.with_user(self.assistant).action_give()

    def test_the_manager_is_asked_at_once_and_the_task_ends_with_the_decision(self):
        request = self.request()
        self.assertEqual(request.sudo().activity_ids.user_id, self.manager)
        request.with_user(self.supervisor).action_approve()
        self.assertFalse(request.sudo().activity_ids)


@tagged("post_install", "-at_install")
class TestOwnerResolution(PmCase):
    def test_a_decided_resolution_stays_as_it_is(self):
        # S0-149
        resolution = (
            self.env["pm.owner.resolution"]
            .with_user(self.manager)
            .create({"name": "Repair fund", "property_id": self.property.id})
        )
        resolution.action_submit()
        with self.assertRaisesRegex(UserError, "number and the day"):
            resolution.action_approve()
        resolution.write({"number": "2026-3", "date": "2026-03-01"})
        resolution.action_approve()
        with self.assertRaisesRegex(UserError, "history"):
            resolution.write({"text": "<p>Something else</p>"})
        with self.assertRaises(UserError):
            resolution.action_refuse()
        with self.assertRaises(AccessError):
            resolution.unlink()


@tagged("post_install", "-at_install")
class TestExportLog(PmCase):
    def test_who_exports_customers_is_kept_and_read_by_leadership_only(self):
        # S1-37, S1-45
        Log = self.env["pm.export.log"]
        before = Log.search([])
        self.owners.with_user(self.manager).export_data(["name", "phone", "parent_id/name"])
        note = Log.search([]) - before
        self.assertEqual((note.user_id, note.model, note.record_count), (self.manager, "res.partner", 3))
        self.assertEqual(note.column_names, "Name, Phone, Related Company")
        self.assertIn(str(self.owners[0].id), note.record_numbers)
        self.assertTrue(note.with_user(self.leadership).read(["user_id"]))
        for user in self.users_of("manager", "supervisor", "accountant"):
            with self.assertRaises(AccessError):
                note.with_user(user).read(["user_id"])
        with self.assertRaises(AccessError):
            note.with_user(self.leadership).unlink()
        with self.assertRaises(AccessError):
            Log.with_user(self.leadership).create({"user_id": self.officer.id, "model": "x", "model_name": "x"})

    def test_other_exports_are_nobody_s_business(self):
        before = self.env["pm.export.log"].search_count([])
        self.env["res.country"].search([], limit=2).with_user(self.manager).export_data(["name"])
        self.assertEqual(self.env["pm.export.log"].search_count([]), before)

    def test_who_may_not_export_exports_nothing(self):
        with self.assertRaises(UserError):
            self.owners.with_user(self.supervisor).export_data(["name"])
