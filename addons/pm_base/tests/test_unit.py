from datetime import date

import psycopg2
from freezegun import freeze_time
from odoo.tests.common import tagged
from odoo.tools import mute_logger

from .common import PmCase


@tagged("post_install", "-at_install")
class TestUnit(PmCase):
    def test_capital_and_small_letters_make_no_second_unit(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
            self.units[0].copy({"code": "a-101"})

    def test_a_unit_that_names_a_butler_keeps_him_when_the_building_gets_another(self):
        self.units[0].user_id = self.assistant
        self.building.user_id = self.supervisor
        self.assertEqual(self.units.mapped("user_id"), self.assistant | self.supervisor)
        self.assertEqual(self.units[0].user_id, self.assistant)
        self.building.user_id = False
        self.assertEqual(self.units.mapped("user_id"), self.assistant, "nobody is left in charge of the others")
        self.building.user_id = self.officer
        self.assertEqual(self.units[1].user_id, self.officer)

    def test_a_new_unit_gets_the_butler_of_its_building(self):
        unit = self.env["pm.unit"].create(
            {"code": "A-104", "property_id": self.property.id, "building_id": self.building.id}
        )
        self.assertEqual(unit.user_id, self.officer)

    def test_units_stand_in_the_order_of_their_buildings_codes_also_of_a_renamed_one(self):
        later, sooner = self.env["pm.building"].create(
            [{"name": code, "code": code, "property_id": self.property.id} for code in ("C", "B")]
        )
        units = self.env["pm.unit"].create(
            [
                {"code": code, "property_id": self.property.id, "building_id": building.id}
                for code, building in (("1", later), ("3", sooner), ("2", sooner))
            ]
        )
        ordered = self.env["pm.unit"].search([("id", "in", units.ids)])
        self.assertEqual(ordered.mapped("code"), ["2", "3", "1"])
        later.code = "A2"
        self.assertEqual(self.env["pm.unit"].search([("id", "in", units.ids)]).mapped("code"), ["1", "2", "3"])

    @freeze_time("2026-06-15 04:00:00")
    def test_verification_is_due_after_the_months_of_the_settings(self):
        # S1-25 names no number: 12 months are the editable default.
        self.units[0].last_verified = "2025-06-15"
        self.units[1].last_verified = "2025-06-14"
        self.units[2].handover_date = False
        own = [("property_id", "=", self.property.id)]
        Unit = self.env["pm.unit"]
        self.assertEqual(self.units.mapped("verification_due"), [False, True, False])
        self.assertEqual(Unit.search([*own, ("verification_due", "=", True)]), self.units[1])
        self.assertEqual(Unit.search([*own, ("verification_due", "=", False)]), self.units[0] | self.units[2])
        self.company.pm_verify_months = 13
        self.units.invalidate_recordset()
        self.assertFalse(any(self.units.mapped("verification_due")))
        self.assertFalse(Unit.search([*own, ("verification_due", "=", True)]))
        self.units[1].with_user(self.officer).action_verify()
        self.assertEqual(self.units[1].last_verified, date(2026, 6, 15))

    def test_an_incomplete_file_names_the_missing_papers_and_is_found(self):
        types = self.env["pm.file.type"].search([("mandatory", "=", True)])
        only_shops = self.env["pm.file.type"].create({"name": "Trade licence", "mandatory": True, "unit_type": "shop"})
        self.units[2].unit_type = "shop"
        File = self.env["pm.unit.file"]
        papers = File.create([{"unit_id": unit.id, "type_id": t.id} for unit in self.units[:2] for t in types])
        File.create([{"unit_id": self.units[2].id, "type_id": t.id} for t in types])
        papers[-1].active = False
        self.units.invalidate_recordset()
        self.assertEqual([unit.missing_file_type_ids for unit in self.units], [types.browse(), types[-1], only_shops])
        self.assertEqual(self.units.mapped("file_is_complete"), [True, False, False])
        own = [("property_id", "=", self.property.id)]
        # The front desk may not open the papers, but may know which files lack some.
        Unit = self.env["pm.unit"].with_user(self.front_desk)
        self.assertEqual(Unit.search([*own, ("file_is_complete", "=", True)]), self.units[0])
        self.assertEqual(Unit.search([*own, ("file_is_complete", "=", False)]), self.units[1:])

    def test_buildings_and_zones_add_up_their_units(self):
        self.units[2].active = False
        for record in (self.building, self.zone):
            self.assertEqual((record.unit_count, record.unit_area), (2, 218.5))
            action = record.action_open_units()
            self.assertEqual(self.env["pm.unit"].search(action["domain"]), self.units[:2])


@tagged("post_install", "-at_install")
class TestZoneNeeds(PmCase):
    def test_a_zone_begins_with_the_catalogue_of_its_type(self):
        # S0-03: each functional zone has a catalogue of needs of its own.
        names = self.zone.need_ids.mapped("name")
        self.assertEqual(names, ["Business services", "Back-up at night and on holidays", "Access control"])
        car_park = self.env["pm.zone"].create(
            {"name": "B3", "code": "B3", "property_id": self.property.id, "zone_type": "parking"}
        )
        self.assertEqual(car_park.need_ids.mapped("name"), ["Guidance for cars and VIP guests"])
        car_park.need_ids |= self.zone.need_ids[0]
        self.env.flush_all()
        self.assertEqual(len(car_park.need_ids), 2, "the list of one zone can be changed")


@tagged("post_install", "-at_install")
class TestButlerArea(PmCase):
    def area(self, user):
        return self.env["pm.butler.area"].search([("property_id", "=", self.property.id), ("user_id", "=", user.id)])

    def test_every_owner_counts_once_however_many_units_or_partners_he_has(self):
        # S4-49: total area, number of owners. Two owners of one unit are two, one owner of two units is one.
        self.parties[0].share = 50
        Party = self.env["pm.unit.party"]
        common = {"date_from": "2024-01-01"}
        Party.create(
            [
                {
                    **common,
                    "unit_id": self.units[0].id,
                    "partner_id": self.outsider.partner_id.id,
                    "role": "owner",
                    "share": 50,
                },
                {**common, "unit_id": self.units[1].id, "partner_id": self.owners[2].id, "role": "tenant"},
            ]
        )
        self.parties[1].partner_id = self.owners[0]
        self.parties[2].write({"is_key_customer": True, "key_reason": "Anchor"})
        self.units[0].resident_count = 3
        area = self.area(self.officer)
        self.assertEqual(
            (area.unit_count, area.area, area.owner_count, area.tenant_count, area.key_count, area.resident_count),
            (3, 298.5, 3, 1, 1, 3),
        )
        self.assertEqual(area.unverified_count, 3)
        opened = {
            "units": 3,
            "unverified": 3,
            "owners": 4,  # roles: one of the three owns two units
            "tenants": 1,
            "key_customers": 1,
        }
        for name, count in opened.items():
            action = getattr(area, f"action_open_{name}")()
            self.assertEqual(self.env[action["res_model"]].search_count(action["domain"]), count, name)

    def test_roles_of_the_past_and_archived_units_do_not_count(self):
        self.parties[0].date_to = "2024-12-31"
        self.units[1].active = False
        area = self.area(self.officer)
        self.assertEqual((area.unit_count, area.owner_count), (2, 1))

    def test_units_without_a_butler_stand_in_a_row_of_their_own(self):
        self.units[2].user_id = False
        empty = self.area(self.env["res.users"])
        self.assertEqual((empty.unit_count, empty.owner_count), (1, 1))
