"""The smallest property that can show every rule: shared by the tests of all add-ons."""

from odoo import Command
from odoo.tests.common import TransactionCase, new_test_user

ROLES = (
    "front_desk",
    "officer",
    "assistant",
    "supervisor",
    "manager",
    "technician",
    "cashier",
    "accountant",
    "counsel",
    "leadership",
)


class PmCase(TransactionCase):
    """Property T1 with building A, three units, an owner who pays for each, and one user per role."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(
            context={**cls.env.context, "tracking_disable": True, "no_reset_password": True, "mail_create_nolog": True}
        )
        cls.company = cls.env.company
        for role in ROLES:
            user = new_test_user(
                cls.env,
                f"pm_{role}",
                groups=f"base.group_user,pm_base.group_{role}",
                name=role.replace("_", " ").title(),
                email=f"{role}@staff.example",
                tz="Asia/Shanghai",
                lang="en_US",
            )
            setattr(cls, role, user)
        cls.outsider = new_test_user(cls.env, "pm_outsider", groups="base.group_user", email="outsider@staff.example")
        staff = cls.env["res.users"].browse([getattr(cls, role).id for role in ROLES])
        cls.property = cls.env["pm.property"].create(
            {
                "name": "Test Tower",
                "code": "T1",
                "tz": "Asia/Shanghai",
                "hotline": "0755-5550100",
                "manager_id": cls.manager.id,
                "user_ids": [Command.set(staff.ids)],
            }
        )
        cls.zone = cls.env["pm.zone"].create(
            {"name": "Offices", "code": "OF", "property_id": cls.property.id, "zone_type": "office"}
        )
        cls.building = cls.env["pm.building"].create(
            {"name": "Block A", "code": "A", "property_id": cls.property.id, "user_id": cls.officer.id}
        )
        cls.units = cls.env["pm.unit"].create(
            [
                {
                    "code": code,
                    "property_id": cls.property.id,
                    "building_id": cls.building.id,
                    "zone_id": cls.zone.id,
                    "area_chargeable": area,
                    "area_built": area,
                    "handover_date": "2024-01-01",
                }
                for code, area in (("A-101", 100.00), ("A-102", 118.50), ("A-103", 80.00))
            ]
        )
        cls.owners = cls.env["res.partner"].create(
            [
                {
                    "name": f"Owner {number}",
                    "email": f"owner{number}@owners.example",
                    "phone": f"+86 199 0000 000{number}",
                    "lang": "en_US",
                }
                for number in (1, 2, 3)
            ]
        )
        cls.parties = cls.env["pm.unit.party"].create(
            [
                {
                    "unit_id": unit.id,
                    "partner_id": owner.id,
                    "role": "owner",
                    "share": 100,
                    "is_payer": True,
                    "lives_here": True,
                    "date_from": "2024-01-01",
                }
                for unit, owner in zip(cls.units, cls.owners, strict=True)
            ]
        )
        cls.portal_user, cls.other_portal = (
            new_test_user(
                cls.env,
                f"pm_portal_{number}",
                groups="base.group_portal",
                partner_id=owner.id,
                name=owner.name,
                email=owner.email,
                lang="en_US",
            )
            for number, owner in enumerate(cls.owners[:2], 1)
        )

    @classmethod
    def users_of(cls, *roles):
        """Return the users of the given roles, in that order."""
        return [getattr(cls, role) for role in roles]

    def check_rights(self, matrix, roles):
        """Hold access rights against ``{model: {role: letters of "rwcd"}}``; a role that is not named has none."""
        letters = {"r": "read", "w": "write", "c": "create", "d": "unlink"}
        for model, expected in matrix.items():
            for role in roles:
                records = self.env[model].with_user(getattr(self, role))
                found = "".join(letter for letter, operation in letters.items() if records.has_access(operation))
                with self.subTest(model=model, role=role):
                    self.assertEqual(found, expected.get(role, ""))
