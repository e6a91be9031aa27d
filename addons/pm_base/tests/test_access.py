from odoo.exceptions import AccessError
from odoo.tests.common import tagged

from .common import ROLES, PmCase


@tagged("post_install", "-at_install")
class TestAccess(PmCase):
    def test_staff_see_their_properties_only(self):
        other = self.property.copy({"code": "T2", "user_ids": False})
        block = self.building.copy({"property_id": other.id})
        unit = self.units[0].copy({"property_id": other.id, "building_id": block.id, "zone_id": False})
        Unit = self.env["pm.unit"]
        self.assertNotIn(unit, Unit.with_user(self.manager).search([]))
        self.assertIn(self.units[0], Unit.with_user(self.manager).search([]))
        self.assertIn(unit, Unit.with_user(self.leadership).search([]))
        self.assertFalse(Unit.with_user(self.outsider).search([("id", "in", (unit | self.units).ids)]))
        with self.assertRaises(AccessError):
            unit.with_user(self.manager).read(["code"])
        other.user_ids = self.manager
        self.assertIn(unit, Unit.with_user(self.manager).search([]))

    def test_another_company_s_property_is_out_of_reach_even_for_leadership(self):
        company = self.env["res.company"].create({"name": "Other Manager Ltd"})
        other = self.property.copy({"code": "T9", "company_id": company.id, "calendar_id": False})
        self.assertNotIn(other, self.env["pm.property"].with_user(self.leadership).search([]))

    def test_portal_users_reach_their_units_only(self):
        Unit = self.env["pm.unit"].with_user(self.portal_user)
        self.assertEqual(Unit.search([]), self.units[0])
        with self.assertRaises(AccessError):
            self.units[1].with_user(self.portal_user).read(["code"])
        with self.assertRaises(AccessError):
            self.units[0].with_user(self.portal_user).write({"code": "X"})
        self.assertEqual(self.env["pm.property"].with_user(self.portal_user).search([]), self.property)
        self.assertEqual(self.env["pm.unit.party"].with_user(self.portal_user).search([]), self.parties[0])

    def test_portal_access_ends_with_the_role(self):
        self.parties[0].date_to = "2024-12-31"
        self.env.flush_all()
        self.assertFalse(self.env["pm.unit"].with_user(self.portal_user).search([]))

    def test_portal_users_read_no_internal_remarks(self):
        with self.assertRaises(AccessError):
            self.units[0].with_user(self.portal_user).read(["note"])
        with self.assertRaises(AccessError):
            self.parties[0].with_user(self.portal_user).read(["key_reason"])

    def test_staff_see_the_people_of_their_properties_only(self):
        """S0-159, S1-45: an employee without the property finds no owner of it, a stranger to all units everybody does."""
        visitor = self.env["res.partner"].create({"name": "Visitor"})
        Partner = self.env["res.partner"]
        self.assertNotIn(self.owners[0], Partner.with_user(self.outsider).search([]))
        self.assertIn(visitor, Partner.with_user(self.outsider).search([]))
        self.assertIn(self.owners[0], Partner.with_user(self.front_desk).search([]))
        with self.assertRaises(AccessError):
            self.owners[0].with_user(self.outsider).read(["phone"])

    def test_lists_are_exported_by_manager_and_accountant_only(self):
        allowed = {role for role in ROLES if getattr(self, role).has_group("base.group_allow_export")}
        self.assertEqual(allowed, {"manager", "accountant"})

    def test_a_manager_sees_the_property_he_sets_up_but_sets_up_none_for_another_company(self):
        Property = self.env["pm.property"].with_user(self.manager)
        prop = Property.create({"name": "New Estate", "code": "T3"})
        self.assertIn(prop, Property.search([]))
        self.assertEqual(prop.sudo().user_ids, self.manager)
        company = self.env["res.company"].create({"name": "Other Manager Ltd"})
        with self.assertRaises(AccessError):
            Property.create({"name": "Foreign", "code": "T4", "company_id": company.id, "calendar_id": False})
