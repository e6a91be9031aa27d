"""Every model of the add-on, role by role; and nothing crosses the border of a company or of a household."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests.common import new_test_user, tagged

from .common import ROLES, PmCase

DESK = ("front_desk", "officer", "assistant", "supervisor", "manager")
ALL = set(ROLES)


def desk_from(role):
    """The desk roles from ``role`` upwards: each implies the one below it."""
    return set(DESK[DESK.index(role) :])


# model: who may read, write, create, delete
MATRIX = {
    "pm.property": (ALL, {"manager", "leadership"}, {"manager", "leadership"}, set()),
    "pm.zone": (ALL, desk_from("supervisor"), desk_from("supervisor"), {"manager"}),
    "pm.zone.need": (ALL, {"manager"}, {"manager"}, {"manager"}),
    "pm.building": (ALL, desk_from("supervisor"), desk_from("supervisor"), {"manager"}),
    "pm.unit": (ALL, desk_from("officer"), desk_from("assistant"), {"manager"}),
    "pm.unit.party": (ALL, desk_from("officer"), desk_from("assistant"), desk_from("assistant")),
    "pm.unit.transfer": (
        desk_from("officer") | {"accountant"},
        desk_from("assistant"),
        desk_from("assistant"),
        desk_from("assistant"),
    ),
    "pm.unit.transfer.line": (
        desk_from("officer") | {"accountant"},
        desk_from("assistant"),
        desk_from("assistant"),
        desk_from("assistant"),
    ),
    "pm.unit.file": (desk_from("officer"), desk_from("officer"), desk_from("officer"), {"manager"}),
    "pm.file.type": (ALL, {"manager"}, {"manager"}, {"manager"}),
    "pm.facility": (ALL, desk_from("supervisor"), desk_from("supervisor"), desk_from("supervisor")),
    "pm.emergency.contact": (
        ALL,
        desk_from("supervisor") | {"leadership"},
        desk_from("supervisor") | {"leadership"},
        desk_from("supervisor") | {"leadership"},
    ),
    "pm.disclosure": (desk_from("front_desk"), desk_from("assistant"), desk_from("front_desk"), set()),
    "pm.owner.resolution": (
        desk_from("officer") | {"leadership"},
        {"manager", "leadership"},
        {"manager", "leadership"},
        set(),
    ),
    "pm.butler.area": (desk_from("officer") | {"leadership"}, set(), set(), set()),
    "pm.export.log": ({"leadership"}, set(), set(), set()),
    "pm.import": (
        desk_from("assistant") | {"accountant"},
        desk_from("assistant") | {"accountant"},
        desk_from("assistant") | {"accountant"},
        {"manager"},
    ),
    "pm.import.sheet": (desk_from("assistant") | {"accountant"}, set(), set(), set()),
    "pm.import.error": (desk_from("assistant") | {"accountant"}, set(), set(), set()),
    "pm.import.lock": (set(), set(), set(), set()),
    "pm.message": (
        desk_from("front_desk") | {"cashier", "accountant", "counsel", "leadership"},
        desk_from("assistant") | {"accountant"},
        desk_from("assistant") | {"accountant"},
        set(),
    ),
    "pm.message.purpose": (ALL, {"manager", "leadership"}, {"manager", "leadership"}, set()),
    "pm.consent": (desk_from("front_desk") | {"leadership"}, set(), desk_from("front_desk"), set()),
    "pm.kpi": (ALL, {"manager", "leadership"}, {"manager", "leadership"}, set()),
    "pm.kpi.target": (
        desk_from("officer") | {"accountant", "leadership"},
        {"manager", "leadership"},
        {"manager", "leadership"},
        {"manager", "leadership"},
    ),
    "pm.kpi.result": (desk_from("officer") | {"accountant", "leadership"}, set(), set(), set()),
    "pm.workbench.tile": (ALL, {"manager", "leadership"}, set(), set()),
}
PORTAL_READS = {"pm.property", "pm.zone", "pm.building", "pm.unit", "pm.unit.party"}


@tagged("post_install", "-at_install")
class TestAccessMatrix(PmCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A second company with everything that the first one has.
        cls.abroad = cls.env["res.company"].create({"name": "Other Manager Ltd"})
        cls.boss_abroad = new_test_user(
            cls.env,
            "pm_boss_abroad",
            groups="base.group_user,pm_base.group_leadership,pm_base.group_manager",
            company_id=cls.abroad.id,
            company_ids=[Command.set(cls.abroad.ids)],
            email="boss@abroad.example",
        )
        cls.theirs = cls._register(cls.property)
        foreign = cls.property.copy(
            {"code": "F1", "company_id": cls.abroad.id, "calendar_id": False, "user_ids": False}
        )
        block = cls.building.copy({"property_id": foreign.id, "user_id": False})
        unit = cls.units[0].copy(
            {"property_id": foreign.id, "building_id": block.id, "zone_id": False, "user_id": False}
        )
        cls.foreigner = cls.env["res.partner"].create({"name": "Foreigner", "phone": "13900000000"})
        cls.env["pm.unit.party"].create({"unit_id": unit.id, "partner_id": cls.foreigner.id, "date_from": "2024-01-01"})
        cls.foreign = foreign
        cls.ours = cls.theirs
        cls.theirs = cls._register(foreign)

    @classmethod
    def _register(cls, prop):
        """One record of each model that belongs to a property."""
        unit = prop.unit_ids[:1]
        partner = unit.party_ids[:1].partner_id
        env = cls.env
        common = {"property_id": prop.id}
        purpose = env["pm.message.purpose"]._get("greeting")
        kpi = env.ref("pm_base.kpi_file_completeness")
        return [
            prop,
            prop.building_ids[:1],
            unit,
            unit.party_ids[:1],
            partner,
            env["pm.zone"].create({**common, "name": "Z", "code": "Z", "zone_type": "office"}),
            env["pm.facility"].create({**common, "name": "Valve", "location": "B1"}),
            env["pm.emergency.contact"].create({**common, "name": "Water", "phone": "1"}),
            env["pm.unit.file"].create({"unit_id": unit.id, "type_id": env["pm.file.type"].search([], limit=1).id}),
            env["pm.unit.transfer"].create(
                {"unit_id": unit.id, "line_ids": [Command.create({"partner_id": partner.id})]}
            ),
            env["pm.disclosure"].create(
                {**common, "name": "Phone", "partner_id": partner.id, "requester": "X", "purpose": "Y"}
            ),
            env["pm.owner.resolution"].create({**common, "name": "Roof"}),
            env["pm.consent"].create({"partner_id": partner.id, "purpose_id": purpose.id}),
            env["pm.message"].create(
                {**common, "partner_id": partner.id, "purpose_id": purpose.id, "subject": "Hello"}
            ),
            env["pm.kpi.target"].create({**common, "kpi_id": kpi.id, "year": 2031, "value": 90}),
            env["pm.kpi.result"].create(
                {**common, "company_id": prop.company_id.id, "kpi_id": kpi.id, "month": "2031-01-01"}
            ),
            env["pm.import"].create({"name": "x.csv", "company_id": prop.company_id.id, "property_ids": prop.ids}),
            env["pm.export.log"].create(
                {"user_id": cls.manager.id, "company_id": prop.company_id.id, "model": "pm.unit", "model_name": "Unit"}
            ),
        ]

    def test_rights_of_each_role_on_each_model(self):
        own = {
            name
            for name in self.env.registry
            if name.startswith("pm.") and self.env.registry[name]._original_module == "pm_base"
        }
        own = {name for name in own if not self.env[name]._abstract and not self.env[name]._transient}
        self.assertEqual(own, set(MATRIX), "a model that the matrix does not know")
        for model, expected in MATRIX.items():
            for role in ROLES:
                records = self.env[model].with_user(getattr(self, role))
                for operation, roles in zip(("read", "write", "create", "unlink"), expected, strict=True):
                    with self.subTest(model=model, role=role, operation=operation):
                        self.assertEqual(records.has_access(operation), role in roles)

    def test_an_employee_without_a_role_and_without_properties_sees_none_of_it(self):
        for record in self.ours:
            with self.subTest(model=record._name):
                found = record.with_user(self.outsider)
                if found.has_access("read"):
                    self.fail(f"{record._name} is open to every employee")

    def test_portal_users_read_their_household_and_nothing_else(self):
        for model in MATRIX:
            records = self.env[model].with_user(self.portal_user)
            with self.subTest(model=model):
                self.assertEqual(records.has_access("read"), model in PORTAL_READS)
                for operation in ("write", "create", "unlink"):
                    self.assertFalse(records.has_access(operation))
        for record in self.theirs:
            with self.subTest(foreign=record._name):
                self.assertFalse(record.with_user(self.portal_user).has_access("read"))

    def test_nothing_of_a_property_crosses_to_staff_of_other_properties(self):
        self.property.user_ids -= self.supervisor | self.manager
        self.env.registry.clear_cache()
        for user in (self.supervisor, self.manager):
            for record in self.ours:
                with self.subTest(model=record._name, user=user.login), self.assertRaises(AccessError):
                    record.with_user(user).read(["display_name"])

    def test_nothing_crosses_to_another_company_not_even_to_its_leadership(self):
        for record in self.ours:
            with self.subTest(ours=record._name):
                seen = record.with_user(self.boss_abroad)
                self.assertFalse(seen.has_access("read"))
                self.assertNotIn(record, seen.search([("id", "in", record.ids)]))
        for record in self.theirs:
            with self.subTest(theirs=record._name):
                self.assertFalse(record.with_user(self.leadership).has_access("read"))
                if record._name != "pm.import":  # read by who loaded it
                    self.assertTrue(record.with_user(self.boss_abroad).has_access("read"))

    def test_a_supervisor_changes_the_numbers_of_the_own_property_not_those_of_everybody(self):
        general = self.env.ref("pm_base.pm_emergency_contact_fire")
        self.assertEqual(general.with_user(self.front_desk).phone, "119")
        with self.assertRaises(AccessError):
            general.with_user(self.supervisor).phone = "1"
        own = self.env["pm.emergency.contact"].with_user(self.supervisor)
        own = own.create({"name": "Water", "phone": "1", "property_id": self.property.id})
        own.phone = "2"
        with self.assertRaises(AccessError):
            own.create({"name": "Everywhere", "phone": "1"})
        general.with_user(self.leadership).note = "Say where you are"
