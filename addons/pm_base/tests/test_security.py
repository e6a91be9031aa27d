import base64

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged

from .common import PmCase


@tagged("post_install", "-at_install")
class TestSecurity(PmCase):
    """What a client may try over RPC: any value, any context key, any id."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.foreign = cls.property.copy({"code": "T2", "user_ids": False})
        block = cls.building.copy({"property_id": cls.foreign.id})
        unit = cls.units[0].copy({"property_id": cls.foreign.id, "building_id": block.id, "zone_id": False})
        cls.stranger = cls.env["res.partner"].create({"name": "Stranger", "phone": "13900000000"})
        cls.env["pm.unit.party"].create(
            {"unit_id": unit.id, "partner_id": cls.stranger.id, "role": "owner", "date_from": "2024-01-01"}
        )

    def disclosure(self, user, context=None, **values):
        return (
            self.env["pm.disclosure"]
            .with_user(user)
            .with_context(**(context or {}))
            .create(
                {
                    "name": "Phone number",
                    "property_id": self.property.id,
                    "partner_id": self.owners[0].id,
                    "requester": "Somebody",
                    "requester_identity": "Badge",
                    "purpose": "Asks",
                    "ground": "consent",
                    **values,
                }
            )
        )

    def test_a_disclosure_is_decided_by_a_supervisor_who_did_not_record_it(self):
        forged = {"state": "approved", "approver_id": self.manager.id, "user_id": self.officer.id}
        request = self.disclosure(self.front_desk, **forged)
        self.assertEqual((request.state, request.user_id), ("requested", self.front_desk))
        self.assertFalse(request.approver_id)
        context = {f"default_{name}": value for name, value in forged.items()}
        request = self.disclosure(self.front_desk, context=context)
        self.assertEqual((request.state, request.user_id), ("requested", self.front_desk))
        with self.assertRaises(AccessError):
            request.with_user(self.assistant).write({"state": "approved"})
        with self.assertRaises(AccessError):
            request.with_user(self.assistant).action_approve()
        with self.assertRaises(AccessError):
            request.with_user(self.front_desk).action_approve()
        own = self.disclosure(self.supervisor)
        with self.assertRaises(UserError):
            own.action_approve()
        request.with_user(self.supervisor).action_approve()
        self.assertEqual((request.state, request.approver_id), ("approved", self.supervisor))
        with self.assertRaises(UserError):
            request.with_user(self.assistant).write({"ground": "legal_duty"})

    def test_transfers_and_resolutions_change_state_by_their_buttons_only(self):
        transfer = (
            self.env["pm.unit.transfer"]
            .with_user(self.assistant)
            .with_context(default_state="done")
            .create({"unit_id": self.units[0].id, "state": "done"})
        )
        self.assertEqual(transfer.state, "draft")
        with self.assertRaises(AccessError):
            transfer.write({"state": "done"})
        transfer.line_ids = [Command.create({"partner_id": self.owners[1].id})]
        transfer.action_confirm()
        self.assertEqual(transfer.state, "done")
        with self.assertRaises(UserError):
            transfer.write({"unit_id": self.units[1].id})
        resolution = (
            self.env["pm.owner.resolution"]
            .with_user(self.manager)
            .create({"name": "Repair fund", "property_id": self.property.id, "state": "approved"})
        )
        self.assertEqual(resolution.state, "draft")
        with self.assertRaises(AccessError):
            resolution.write({"state": "approved"})
        resolution.action_submit()
        self.assertEqual(resolution.state, "submitted")

    def test_what_follows_from_other_fields_is_neither_sent_nor_taken_from_the_context(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.manager.company_ids += company
        forged = {"company_id": company.id, "name": "Penthouse", "building_code": "Z"}
        Unit = self.env["pm.unit"].with_user(self.manager)
        values = {"code": "A-901", "property_id": self.property.id, "building_id": self.building.id}
        for unit in (
            Unit.create({**values, **forged}),
            Unit.with_context(**{f"default_{name}": value for name, value in forged.items()}).create(
                {**values, "code": "A-902"}
            ),
        ):
            self.assertEqual((unit.company_id, unit.building_code), (self.company, "A"))
            self.assertNotEqual(unit.name, "Penthouse")
            for name, value in forged.items():
                with self.subTest(field=name), self.assertRaisesRegex(AccessError, "recorded by the program"):
                    unit.write({name: value})
        # The same inside the command of another record.
        self.building.with_user(self.manager).write(
            {"unit_ids": [Command.create({**values, "code": "A-903", "company_id": company.id})]}
        )
        self.assertEqual(self.building.unit_ids.filtered(lambda unit: unit.code == "A-903").company_id, self.company)
        with self.assertRaises(AccessError):
            self.building.with_user(self.manager).write(
                {"unit_ids": [Command.update(self.units[0].id, {"company_id": company.id})]}
            )

    def test_an_import_cannot_be_declared_done_by_a_context_key(self):
        Import = self.env["pm.import"].with_user(self.assistant).with_context(pm_import_internal=True)
        record = Import.create({"name": "x", "state": "done", "property_ids": [Command.link(self.property.id)]})
        self.assertEqual(record.state, "draft")
        self.assertFalse(record.property_ids)
        self.assertEqual(Import.with_context(default_state="done").create({"name": "y"}).state, "draft")
        with self.assertRaises(UserError):
            record.write({"state": "done"})

    def test_nobody_changes_the_file_of_an_import_that_runs_with_another_s_rights(self):
        record = self.env["pm.import"].with_user(self.accountant).create({"name": "x"})
        record.sudo().property_ids = self.property
        record.with_user(self.manager).read(["name"])
        with self.assertRaises(AccessError):
            record.with_user(self.manager).write({"file": base64.b64encode(b"x")})

    def test_messages_carry_only_what_their_writer_may_see(self):
        purpose = self.env["pm.message.purpose"]._get("service")
        secret = self.env["ir.attachment"].create(
            {"name": "id.pdf", "raw": b"x", "res_model": "pm.unit", "res_id": self.foreign.unit_ids.id}
        )
        Message = self.env["pm.message"].with_user(self.assistant)
        values = {
            "purpose_id": purpose.id,
            "property_id": self.property.id,
            "partner_id": self.owners[0].id,
            "subject": "Hello",
        }
        message = Message.create(values)
        with self.assertRaises(AccessError):
            Message.create({**values, "attachment_ids": [Command.link(secret.id)]})
        with self.assertRaises(AccessError):
            message.write({"attachment_ids": [Command.link(secret.id)]})
        with self.assertRaises(AccessError):
            Message.create({**values, "partner_id": self.stranger.id})

    def test_people_of_other_properties_are_not_opened_by_naming_them(self):
        with self.assertRaises(AccessError):
            self.parties[0].with_user(self.officer).write({"partner_id": self.stranger.id})
        purpose = self.env["pm.message.purpose"].search([], limit=1)
        values = {"partner_id": self.stranger.id, "purpose_id": purpose.id}
        consent = self.env["pm.consent"].create(values)
        with self.assertRaises(AccessError):
            consent.with_user(self.front_desk).read(["state"])
        with self.assertRaises(AccessError):
            self.env["pm.consent"].with_user(self.front_desk).create(values)
        own = self.env["pm.consent"].with_user(self.front_desk).create({**values, "partner_id": self.owners[0].id})
        self.assertEqual(own.state, "opt_out")

    def test_a_resident_does_not_read_how_he_is_rated(self):
        person = self.portal_user.partner_id.with_user(self.portal_user)
        party = self.env["pm.unit.party"].with_user(self.portal_user).search([], limit=1)
        self.assertTrue(person.read(["name"]) and party.read(["role"]))
        for record, name in (
            (person, "pm_customer_class"),
            (person, "pm_contact_count"),
            (party, "customer_class"),
        ):
            with self.subTest(field=name), self.assertRaises(AccessError):
                record.read([name])

    def test_residents_do_not_start_the_computing_of_figures(self):
        with self.assertRaises(AccessError):
            self.env["pm.kpi.result"].with_user(self.portal_user).action_compute()
