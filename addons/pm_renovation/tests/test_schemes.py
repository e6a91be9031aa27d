from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests.common import tagged

from .common import RenovationCase


@tagged("post_install", "-at_install")
class TestSchemes(RenovationCase):
    """A scheme approved once spares papers and reviews (S0-76)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.window = cls.env.ref("pm_renovation.work_window")
        cls.scheme = cls.env["pm.renovation.scheme"].create(
            {
                "name": "Balcony enclosure, south",
                "property_id": cls.property.id,
                "work_type_id": cls.window.id,
                "description": "Aluminium, grey, 1.2 m",
                "covered_paper_type_ids": [fields.Command.link(cls.env.ref("pm_renovation.paper_plan").id)],
            }
        )

    def make(self, scheme=None, unit=None, works=None):
        works = works or [{"type_id": self.window.id, "scheme_id": scheme and scheme.id}]
        return self.make_case(unit, work_ids=[fields.Command.create(work) for work in works])

    def test_a_project_manager_puts_it_in_force(self):
        for role in ("officer", "supervisor"):
            with self.subTest(role=role), self.assertRaises(UserError):
                self.as_user(self.scheme, role).action_approve()
        self.as_user(self.scheme, "manager").action_approve()
        self.assertEqual((self.scheme.state, self.scheme.approved_by_id), ("approved", self.manager))
        with self.assertRaisesRegex(UserError, "stays as it is"):
            self.as_user(self.scheme, "manager").description = "Other"
        with self.assertRaises(AccessError):
            self.as_user(self.scheme, "manager").state = "draft"

    def test_only_a_scheme_in_force_for_work_and_property_can_be_chosen(self):
        with self.assertRaisesRegex(ValidationError, "not in force"):
            self.make(self.scheme)
        self.scheme.action_approve()
        with self.assertRaisesRegex(ValidationError, "not in force"):
            self.make(works=[{"type_id": self.work.id, "scheme_id": self.scheme.id}])
        other = self.env["pm.property"].create({"name": "Other", "code": "T9"})
        theirs = self.scheme.copy({"property_id": other.id})
        theirs.action_approve()
        with self.assertRaisesRegex(ValidationError, "not in force"):
            self.make(theirs)

    def test_application_by_schemes_only_is_decided_by_the_butler(self):
        self.scheme.action_approve()
        case = self.make(self.scheme)
        self.assertNotIn("plan", case.paper_ids.filtered("required").type_id.mapped("code"))
        self.submit(case)
        self.assertTrue(case.is_standard)
        self.assertEqual(case.review_ids.mapped("role"), ["butler"])
        self.review(case)
        self.as_user(case, "officer").action_approve()
        self.assertEqual(case.state, "approved")

    def test_one_work_outside_a_scheme_brings_the_whole_review(self):
        self.scheme.action_approve()
        case = self.make(
            works=[
                {"type_id": self.window.id, "scheme_id": self.scheme.id},
                {"type_id": self.env.ref("pm_renovation.work_gas").id},
            ]
        )
        self.assertIn("plan", case.paper_ids.type_id.mapped("code"))
        self.submit(case)
        self.assertEqual(case.review_ids.mapped("role"), ["butler", "engineering", "manager"])
        self.review(case)
        with self.assertRaises(AccessError):
            self.as_user(case, "officer").action_approve()

    def test_retired_scheme_stays_with_what_it_approved(self):
        self.scheme.action_approve()
        case = self.bring_to("submitted", self.make(self.scheme))
        self.scheme.action_retire()
        self.review(case)
        self.as_user(case, "officer").action_approve()
        with self.assertRaises(ValidationError):
            self.make(self.scheme, self.units[1])
        later = self.make(self.env["pm.renovation.scheme"], self.units[1])
        self.submit(later)
        self.assertFalse(later.is_standard)
