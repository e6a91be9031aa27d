from datetime import date
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time
from odoo.exceptions import AccessError, ValidationError
from odoo.tests.common import tagged
from odoo.tools import mute_logger

from odoo.addons.pm_base.tools import search

from .common import PmCase


@tagged("post_install", "-at_install")
class TestUnitParty(PmCase):
    def _party(self, partner, **values):
        return self.env["pm.unit.party"].create(
            {
                "unit_id": self.units[0].id,
                "partner_id": partner.id,
                "role": "tenant",
                "date_from": "2025-01-01",
                **values,
            }
        )

    def test_one_payer_at_a_time_the_day_after_is_free(self):
        self.parties[0].date_to = "2025-05-31"
        self.env.flush_all()
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.ExclusionViolation), self.cr.savepoint():
            self._party(self.owners[1], is_payer=True, date_from="2025-05-31")
        self.assertTrue(self._party(self.owners[1], is_payer=True, date_from="2025-06-01"))

    def test_payers_on_a_day_come_from_history_in_one_query(self):
        self.parties[0].date_to = "2025-05-31"
        self.env.flush_all()
        self._party(self.owners[1], is_payer=True, date_from="2025-06-01")
        self.assertEqual(self.units._payer_on(date(2025, 5, 31))[self.units[0].id], self.owners[0].id)
        with self.assertQueryCount(1):
            self.assertEqual(self.units._payer_on(date(2025, 6, 1))[self.units[0].id], self.owners[1].id)
        self.assertNotIn(self.units[0].id, self.units._payer_on(date(2023, 12, 31)))

    def test_owner_shares_above_100_on_one_day_are_refused_with_unit_and_day(self):
        with self.assertRaisesRegex(ValidationError, "A-101.*2025-01-01.*100.01"), self.cr.savepoint():
            self._party(self.owners[1], role="owner", share=0.01)
        self.parties[0].share = 60
        self.assertTrue(self._party(self.owners[1], role="owner", share=40))

    def test_the_database_itself_refuses_shares_above_100(self):
        """Behind the ORM's back too: an import by SQL or a second session meets the same wall."""
        self.env.flush_all()
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.CheckViolation), self.cr.savepoint():
            self.cr.execute(
                """INSERT INTO pm_unit_party (unit_id, property_id, partner_id, role, share, date_from)
                   VALUES (%s, %s, %s, 'owner', 0.0001, '2026-01-01')""",
                [self.units[0].id, self.property.id, self.owners[1].id],
            )
            self.cr.execute("SET CONSTRAINTS pm_unit_party_share_total IMMEDIATE")

    def test_shares_may_follow_one_another(self):
        self.parties[0].date_to = "2025-12-31"
        self.env.flush_all()
        self.assertTrue(self._party(self.owners[1], role="owner", share=100, date_from="2026-01-01"))

    def test_the_same_role_twice_at_one_time_is_refused(self):
        self._party(self.owners[1])
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.ExclusionViolation), self.cr.savepoint():
            self._party(self.owners[1], date_from="2025-03-01")

    def test_a_role_cannot_end_before_it_begins(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.CheckViolation), self.cr.savepoint():
            self._party(self.owners[1], date_to="2024-12-31")

    @freeze_time("2026-06-15 04:00:00")
    def test_status_follows_the_parties_and_can_be_searched(self):
        Unit = self.env["pm.unit"].search
        own = [("property_id", "=", self.property.id)]
        self.parties[1].lives_here = False
        self.units[2].handover_date = False
        self._party(self.owners[1], role="merchant", date_to="2026-06-15")
        self.env.flush_all()
        self.units.invalidate_recordset()
        self.assertEqual(self.units.mapped("status"), ["let", "vacant", "not_handed_over"])
        for unit in self.units:
            self.assertEqual(Unit([*own, ("status", "=", unit.status)]), unit)
        with freeze_time("2026-06-16 04:00:00"):  # the lease ended yesterday
            self.env.invalidate_all()
            self.assertEqual(self.units[0].status, "owner_occupied")
            self.assertEqual(Unit([*own, ("status", "=", "owner_occupied")]), self.units[0])

    def test_roles_of_former_days_stay(self):
        self.env.flush_all()
        self.cr.execute("UPDATE pm_unit_party SET create_date = create_date - interval '2 days'")
        self.parties.invalidate_recordset()
        with self.assertRaisesRegex(ValidationError, "enter its last day"):
            self.parties[0].with_user(self.assistant).unlink()

    def test_who_stood_there_in_former_days_is_not_replaced_by_somebody_else(self):
        self.env.flush_all()
        party = self._party(self.owners[1])
        party.with_user(self.assistant).partner_id = self.owners[2]  # today's slip
        self.env.flush_all()
        self.cr.execute("UPDATE pm_unit_party SET create_date = create_date - interval '2 days'")
        party.invalidate_recordset()
        for name, value in (
            ("partner_id", self.owners[1].id),
            ("unit_id", self.units[1].id),
            ("role", "agent"),
        ):
            with self.subTest(field=name), self.assertRaisesRegex(ValidationError, "enter a new one"):
                party.with_user(self.assistant).write({name: value})
        party.with_user(self.assistant).write({"partner_id": self.owners[2].id, "date_to": "2026-12-31"})
        self.assertEqual(str(party.date_to), "2026-12-31")

    def test_what_happens_to_its_people_is_read_on_the_page_of_the_unit(self):
        # S4-20: changes are recorded at once
        quiet = {"tracking_disable": False, "mail_create_nolog": False}
        unit = self.units[0].with_context(**quiet)
        before = unit.message_ids
        party = (
            self.env["pm.unit.party"]
            .with_context(**quiet)
            .with_user(self.assistant)
            .create({"unit_id": unit.id, "partner_id": self.owners[1].id, "role": "tenant", "date_from": "2025-01-01"})
        )
        self.env.cr.precommit.run()
        party.with_user(self.assistant).write({"date_to": "2026-12-31", "headcount": 12, "is_key_customer": True})
        self.env.cr.precommit.run()
        notes = (unit.message_ids - before).sorted("id").mapped("body")
        self.assertIn("New: Tenant / user Owner 2 from 2025-01-01", notes[0])
        self.assertIn("To: – → 2026-12-31", notes[1])
        self.assertIn("Staff: – → 12", notes[1])
        self.assertNotIn("Key", notes[1], "what customers must not read stays on the role")

    def test_a_role_opens_no_contact_that_its_writer_may_not_see(self):
        foreign = self.property.copy({"code": "T2", "user_ids": False})
        block = self.building.copy({"property_id": foreign.id})
        unit = self.units[0].copy({"property_id": foreign.id, "building_id": block.id, "zone_id": False})
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        self.env["pm.unit.party"].create({"unit_id": unit.id, "partner_id": stranger.id, "date_from": "2024-01-01"})
        with self.assertRaises(AccessError):
            self.env["pm.unit.party"].with_user(self.assistant).create(
                {"unit_id": self.units[0].id, "partner_id": stranger.id, "role": "contact"}
            )

    def test_search_finds_a_unit_by_name_of_its_people(self):
        found = self.env["pm.unit"].name_search("Owner 2")
        self.assertEqual([unit_id for unit_id, _name in found], self.units[1].ids)

    def test_a_unit_is_named_by_number_and_people_and_never_by_a_pattern(self):
        units = self.env["pm.unit"].with_user(self.assistant)
        self.owners[1].write({"phone": "199 5555 0909", "pm_plate": "粤B12345"})
        for text in (self.units[1].code, f" {self.units[1].code.lower()} ", "Owner 2", "5555 0909", "b12345"):
            with self.subTest(text=text):
                found = units.search([("display_name", "ilike", text), ("id", "in", self.units.ids)])
                self.assertEqual(found, self.units[1])
                with patch.object(search, "FEW", 0):  # more matches than are fetched
                    self.assertEqual(units.search([("display_name", "ilike", text), ("id", "in", found.ids)]), found)
        for text in ("%%%", "___", "' OR 1=1 --"):
            with self.subTest(text=text):
                self.assertFalse(units.search([("display_name", "ilike", text)]))

    @freeze_time("2026-03-01 17:00:00")  # 1:00 of 2 March in Shanghai, 9:00 of 1 March in Los Angeles
    def test_a_role_begins_on_the_propertys_day_whoever_asks(self):
        abroad = self.property.copy({"code": "T3", "tz": "America/Los_Angeles"})
        block = self.building.copy({"property_id": abroad.id})
        there = self.units[0].copy({"property_id": abroad.id, "building_id": block.id, "zone_id": False})
        parties = self._party(self.owners[1], date_from="2026-03-02")
        parties |= self._party(self.owners[1], date_from="2026-03-02", unit_id=there.id)
        for zone in (False, "Asia/Shanghai", "America/Los_Angeles"):
            asked = parties.with_context(tz=zone)
            asked.invalidate_recordset(["is_current"])
            self.assertEqual(asked.mapped("is_current"), [True, False], zone)
            self.assertEqual(asked.search([("id", "in", parties.ids), ("is_current", "=", True)]), parties[0])
            self.assertEqual(asked.search([("id", "in", parties.ids), ("is_current", "=", False)]), parties[1])
        abroad.tz = "Asia/Shanghai"
        self.assertEqual(parties.mapped("is_current"), [True, True])
        self.assertEqual(parties.search([("id", "in", parties.ids), ("is_current", "=", True)]), parties)
