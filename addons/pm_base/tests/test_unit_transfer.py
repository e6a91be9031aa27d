from datetime import date
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests.common import Form, tagged
from odoo.tools import mute_logger

from .common import PmCase


@tagged("post_install", "-at_install")
class TestUnitTransfer(PmCase):
    def _transfer(self, day="2026-03-15", lines=((1, 100.0),), **values):
        return self.env["pm.unit.transfer"].create(
            {
                "unit_id": self.units[0].id,
                "date": day,
                "line_ids": [(0, 0, {"partner_id": self.owners[index].id, "share": share}) for index, share in lines],
                **values,
            }
        )

    def test_old_owner_ends_the_day_before_and_the_new_one_pays_from_then(self):
        transfer = self._transfer()
        transfer.with_user(self.assistant).action_confirm()
        old, new = self.parties[0], transfer.new_party_ids
        self.assertEqual(
            (old.date_to, new.date_from, new.partner_id), (date(2026, 3, 14), date(2026, 3, 15), self.owners[1])
        )
        self.assertEqual(self.units._payer_on(date(2026, 3, 14))[self.units[0].id], self.owners[0].id)
        self.assertEqual(self.units._payer_on(date(2026, 3, 15))[self.units[0].id], self.owners[1].id)
        self.assertTrue(old.exists(), "history is closed, not overwritten")

    def test_ownership_can_be_split(self):
        transfer = self._transfer(lines=((1, 60.0), (2, 40.0)))
        transfer.action_confirm()
        self.assertEqual(sorted(transfer.new_party_ids.mapped("share")), [40.0, 60.0])
        self.assertEqual(transfer.new_party_ids.filtered("is_payer").partner_id, self.owners[1])

    def test_the_present_owner_may_keep_a_share(self):
        transfer = self._transfer(lines=((0, 50.0), (1, 50.0)))
        transfer.action_confirm()
        self.assertEqual(transfer.new_party_ids.partner_id, self.owners[0] | self.owners[1])

    def test_a_tenant_who_pays_goes_on_paying(self):
        self.parties[0].is_payer = False
        self.env["pm.unit.party"].create(
            {
                "unit_id": self.units[0].id,
                "partner_id": self.owners[2].id,
                "role": "tenant",
                "is_payer": True,
                "date_from": "2025-01-01",
            }
        )
        self._transfer().action_confirm()
        self.assertEqual(self.units._payer_on(date(2026, 4, 1))[self.units[0].id], self.owners[2].id)

    def test_shares_above_100_or_no_new_owner_are_refused_before_anything_changes(self):
        for lines, error in (((1, 60.0), (2, 50.0)), ValidationError), ((), UserError):
            with self.subTest(lines=lines), self.assertRaises(error), self.cr.savepoint():
                self._transfer(lines=lines).action_confirm()
            self.assertFalse(self.parties[0].date_to)

    def test_a_transfer_before_the_present_ownership_is_refused(self):
        self._transfer(day="2026-03-15").action_confirm()
        with self.assertRaisesRegex(UserError, "already has an owner from 2026-03-15"):
            self._transfer(day="2026-03-10", lines=((2, 100.0),)).action_confirm()

    def test_twice_is_refused_and_done_stays(self):
        transfer = self._transfer()
        transfer.action_confirm()
        with self.assertRaisesRegex(UserError, "must be a draft"):
            transfer.action_confirm()
        with self.assertRaisesRegex(UserError, "history"):
            transfer.unlink()
        line, other = transfer.line_ids, self._transfer(day="2026-05-01", lines=((2, 100.0),)).line_ids
        for change in (
            lambda: line.with_user(self.assistant).write({"partner_id": self.owners[2].id}),
            lambda: line.with_user(self.assistant).unlink(),
            lambda: other.with_user(self.assistant).write({"transfer_id": transfer.id}),
            lambda: other.with_user(self.assistant).copy({"transfer_id": transfer.id}),
        ):
            with self.assertRaisesRegex(UserError, "history"), self.cr.savepoint():
                change()

    def test_warnings_of_upper_modules_are_shown_but_never_block(self):
        model = type(self.env["pm.unit.transfer"])
        with patch.object(model, "_get_transfer_warnings", lambda self: ["Arrears of more than 3 months"]):
            transfer = self._transfer()
            self.assertIn("Arrears", transfer.warning)
            transfer.action_confirm()
        self.assertEqual(transfer.state, "done")

    def _party(self, partner, role, **values):
        return self.env["pm.unit.party"].create(
            {"unit_id": self.units[0].id, "partner_id": partner.id, "role": role, "date_from": "2024-01-01", **values}
        )

    def test_family_and_agents_leave_with_the_owner_tenants_stay(self):
        people = self.env["res.partner"].create([{"name": name} for name in ("Wife", "Agent", "Tenant")])
        wife, agent, tenant = (
            self._party(partner, role) for partner, role in zip(people, ("household", "agent", "tenant"), strict=True)
        )
        transfer = self._transfer()
        self.assertEqual(transfer.leaving_party_ids, wife | agent)
        transfer.leaving_party_ids -= agent  # he works for the new owner as well
        transfer.with_user(self.assistant).action_confirm()
        self.assertEqual(str(wife.date_to), "2026-03-14")
        self.assertFalse(agent.date_to or tenant.date_to)

    def test_nobody_who_left_with_the_owner_sees_the_unit_in_the_portal(self):
        self._party(self.owners[2], "household")
        user = self.portal_user.copy({"login": "pm_portal_wife", "partner_id": self.owners[2].id})
        self._transfer(day="2026-03-15").action_confirm()
        with freeze_time("2026-03-14 04:00:00"):
            self.assertIn(self.units[0], self.env["pm.unit"].with_user(user).search([]))
        with freeze_time("2026-03-15 04:00:00"):
            self.env.registry.clear_cache()
            self.assertNotIn(self.units[0], self.env["pm.unit"].with_user(user).search([]))

    def test_a_tenant_who_buys_is_tenant_no_more_and_pays_on(self):
        self.parties[0].is_payer = False
        tenant = self._party(self.owners[1], "tenant", is_payer=True)
        transfer = self._transfer()
        self.assertEqual(transfer.leaving_party_ids, tenant)
        transfer.action_confirm()
        self.assertEqual(str(tenant.date_to), "2026-03-14")
        self.assertEqual(self.units._payer_on(date(2026, 3, 15))[self.units[0].id], self.owners[1].id)
        self.assertTrue(transfer.new_party_ids.is_payer)

    def test_in_a_new_split_the_present_payer_goes_on_paying(self):
        wife = self._party(self.owners[2], "household")
        transfer = self._transfer(lines=((2, 50.0), (0, 50.0)), reason="split")
        self.assertEqual(transfer.leaving_party_ids, wife, "she becomes an owner; nobody else leaves")
        transfer.action_confirm()
        self.assertEqual(transfer.new_party_ids.filtered("is_payer").partner_id, self.owners[0])

    def test_a_payer_is_not_ticked_away_from_a_tenant_who_pays(self):
        self.parties[0].is_payer = False
        self._party(self.owners[2], "tenant", is_payer=True)
        transfer = self._transfer()
        transfer.line_ids.is_payer = True
        with self.assertRaisesRegex(UserError, "Owner 3 goes on paying"):
            transfer.action_confirm()

    def test_what_the_clerk_should_look_at_is_said_and_does_not_block(self):
        self.parties[0].is_payer = False
        self._party(self.owners[2], "tenant", is_payer=True, date_from="2026-05-01")
        transfer = self._transfer(lines=((1, 60.0),))
        self.assertIn("leave 40 % to nobody", transfer.warning)
        self.assertIn("Owner 3 pays for the unit from 2026-05-01 on only", transfer.warning)
        transfer.action_confirm()
        self.assertEqual(transfer.state, "done")

    def test_a_split_begins_with_the_owners_of_today(self):
        with Form(self.env["pm.unit.transfer"].with_user(self.assistant)) as form:
            form.unit_id = self.units[0]
            form.reason = "split"
            self.assertEqual(len(form.line_ids), 1)
            with form.line_ids.edit(0) as line:
                self.assertEqual((line.partner_id, line.share, line.is_payer), (self.owners[0], 100, True))
                line.share = 70
            with form.line_ids.new() as line:
                self.assertAlmostEqual(line.share, 30)
                line.partner_id = self.owners[1]
        form.record.action_confirm()
        self.assertEqual(sorted(form.record.new_party_ids.mapped("share")), [30, 70])

    def test_the_same_new_owner_twice_is_refused(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
            self._transfer(lines=((1, 50.0), (1, 50.0)))
            self.env.flush_all()

    def test_form_as_assistant(self):
        with Form(self.env["pm.unit.transfer"].with_user(self.assistant)) as form:
            form.unit_id = self.units[1]
            with form.line_ids.new() as line:
                line.partner_id = self.owners[2]
        form.record.action_confirm()
        self.assertIn(self.owners[2], self.units[1].party_ids.partner_id)

    def test_butler_may_not_confirm(self):
        with self.assertRaises(AccessError):
            self._transfer().with_user(self.officer).action_confirm()
