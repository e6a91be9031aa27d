from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged

from .common import PmCase


@tagged("post_install", "-at_install")
class TestUnitFile(PmCase):
    """Papers are kept as long as their type says, then destroyed, and the destruction is on record (S4-36)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kind = cls.env["pm.file.type"].create({"name": "Copy of the lease", "retention_months": 6})
        cls.parties[0].date_to = "2026-01-31"
        cls.scan = cls.env["ir.attachment"].create({"name": "lease.pdf", "raw": b"x"})
        cls.paper = cls.env["pm.unit.file"].create(
            {
                "unit_id": cls.units[0].id,
                "type_id": cls.kind.id,
                "partner_id": cls.owners[0].id,
                "attachment_ids": [(6, 0, cls.scan.ids)],
            }
        )

    def test_a_paper_is_kept_until_the_months_after_the_household_left(self):
        self.assertEqual(str(self.paper.keep_until), "2026-07-31")
        self.parties[0].date_to = False
        self.assertFalse(self.paper.keep_until, "they are still here")

    def test_an_expired_paper_is_destroyed_with_its_scans_and_the_record_stays(self):
        with freeze_time("2026-07-31 04:00:00"), self.assertRaisesRegex(UserError, "until 2026-07-31"):
            self.paper.with_user(self.supervisor).action_destroy()
        with freeze_time("2026-08-01 04:00:00"):
            self.paper.with_user(self.supervisor).action_destroy()
        self.assertFalse(self.scan.exists())
        self.assertEqual((self.paper.destroyed_by_id, self.paper.active), (self.supervisor, False))
        self.assertTrue(self.paper.destroyed_at)
        for attempt in (
            lambda: self.paper.with_user(self.manager).write({"name": "forged"}),
            lambda: self.paper.with_user(self.manager).unlink(),
            lambda: self.paper.with_user(self.supervisor).action_destroy(),
        ):
            with self.assertRaises(UserError):
                attempt()

    def test_a_surplus_paper_is_destroyed_early_for_a_reason(self):
        self.paper.destroy_reason = "Filed twice"
        with freeze_time("2026-02-01 04:00:00"):
            self.paper.with_user(self.supervisor).action_destroy()
        self.assertTrue(self.paper.destroyed_at)

    def test_what_another_record_holds_is_not_destroyed_with_the_paper(self):
        Attachment = self.env["ir.attachment"]
        shared = Attachment.create({"name": "shared.pdf", "raw": b"s"})
        borrowed = Attachment.create(
            {"name": "profile.pdf", "raw": b"p", "res_model": "pm.property", "res_id": self.property.id}
        )
        self.paper.attachment_ids |= shared | borrowed
        other = self.paper.copy({"name": "Kept longer", "attachment_ids": [(6, 0, shared.ids)]})
        # One more of the two destroyed at once counts for nobody.
        twin = self.paper.copy({"attachment_ids": [(6, 0, self.scan.ids)]})
        papers = self.paper | twin
        papers.write({"destroy_reason": "Filed twice"})
        papers.with_user(self.supervisor).action_destroy()
        self.assertFalse(self.scan.exists())
        self.assertEqual((shared.raw, borrowed.raw), (b"s", b"p"))
        self.assertEqual((shared.res_model, shared.res_id), ("pm.unit.file", other.id))
        self.assertFalse(self.paper.attachment_ids)
        self.assertIn("shared.pdf: Copy of the lease Kept longer", self.paper.kept_elsewhere)
        self.assertIn(f"profile.pdf: {self.property.display_name}", self.paper.kept_elsewhere)
        self.assertFalse(twin.kept_elsewhere)
        self.assertEqual(shared.with_user(self.officer).raw, b"s")
        with self.assertRaises(AccessError):
            other.with_user(self.manager).write({"kept_elsewhere": "forged"})

    def test_only_a_supervisor_destroys_and_nobody_pretends(self):
        self.paper.destroy_reason = "Filed twice"
        for user in self.users_of("officer", "assistant"):
            with self.assertRaises(AccessError):
                self.paper.with_user(user).action_destroy()
        with self.assertRaises(AccessError):
            self.paper.with_user(self.manager).write({"destroyed_at": "2026-01-01 00:00:00"})
        self.assertTrue(self.scan.exists())

    def test_a_scan_uploaded_before_the_first_save_is_read_by_the_next_officer(self):
        """A form uploads into the open: the file is the uploader's until the record that holds it is saved."""
        loose = self.env["ir.attachment"].with_user(self.officer).create({"name": "id.pdf", "raw": b"id"})
        with self.assertRaises(AccessError):
            loose.with_user(self.assistant).read(["raw"])
        self.env["pm.unit.file"].with_user(self.officer).create(
            {"unit_id": self.units[0].id, "type_id": self.kind.id, "attachment_ids": [(6, 0, loose.ids)]}
        )
        self.env.invalidate_all()
        self.assertEqual(loose.with_user(self.assistant).raw, b"id")
        for user in self.users_of("front_desk", "technician", "cashier") + [self.portal_user, self.outsider]:
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                loose.with_user(user).read(["raw"])
