"""Who may do what with reminders and legal cases, role by role."""

from odoo.tests.common import tagged

from .dunning_common import DunningCase
from .test_cashier_access import ROLES

STAFF = ("officer", "assistant", "supervisor", "manager")
READERS = {**dict.fromkeys(STAFF, "r"), "accountant": "r", "leadership": "r"}
MATRIX = {
    "pm.dunning.demand": {**READERS, "counsel": "r"},
    "pm.dunning.carrier": {**READERS, "counsel": "r", "manager": "rwc"},
    "pm.dunning.reason": {**READERS, "counsel": "r", "manager": "rwc"},
    "pm.dunning.run": READERS,
    "pm.dunning.hold": {**READERS, **dict.fromkeys(STAFF, "rwc")},
    "pm.dunning.promise": READERS,
    "pm.dunning.instalment": {**READERS, **dict.fromkeys(STAFF, "rwcd")},
    "pm.dunning.instalment.line": {**READERS, **dict.fromkeys(STAFF, "rwcd")},
    "pm.dunning.call.round": {**READERS, "manager": "rwcd"},
    "pm.dunning.call": {**READERS, **dict.fromkeys(STAFF, "rwc"), "counsel": "r"},
    "pm.dunning.print": {**dict.fromkeys(STAFF, "r"), "accountant": "r"},
    "pm.dunning.campaign": {
        "assistant": "r",
        "supervisor": "rwcd",
        "manager": "rwcd",
        "accountant": "rwcd",
        "leadership": "r",
    },
    "pm.dunning.campaign.line": {**dict.fromkeys(STAFF[1:], "r"), "accountant": "r", "leadership": "r"},
    "pm.late.fee": {**READERS, "supervisor": "rwcd", "manager": "rwcd", "accountant": "rwcd"},
    "pm.late.fee.line": READERS,
    "pm.legal.term": {"supervisor": "r", "manager": "rwc", "accountant": "r", "counsel": "r", "leadership": "r"},
    "pm.legal.case": {**READERS, "supervisor": "rw", "manager": "rw", "counsel": "rw"},
    "pm.legal.claim": {**READERS, "counsel": "r"},
    "pm.legal.cost": {**READERS, "supervisor": "rwcd", "manager": "rwcd", "accountant": "rwcd", "counsel": "rwcd"},
    "pm.legal.date": {**READERS, "supervisor": "rwcd", "manager": "rwcd", "counsel": "rwcd"},
    "pm.charge.limitation": {**READERS, "counsel": "r"},
    **dict.fromkeys(
        (
            "pm.dunning.preview",
            "pm.dunning.preview.line",
            "pm.dunning.preview.total",
            "pm.dunning.undo",
            "pm.dunning.step",
        ),
        dict.fromkeys(("supervisor", "manager", "accountant"), "rwcd"),
    ),
    **dict.fromkeys(
        ("pm.dunning.decision", "pm.dunning.decision.line"), dict.fromkeys(("supervisor", "manager"), "rwcd")
    ),
}


@tagged("post_install", "-at_install")
class TestDunningAccess(DunningCase):
    def test_roles_have_exactly_these_rights(self):
        self.check_rights(MATRIX, ROLES)

    def test_every_model_of_collection_is_in_the_matrix(self):
        known = {
            *MATRIX,
            "pm.dunning.policy",
            "pm.dunning.level",
            "pm.dunning.case",
            "pm.dunning.action",
            "pm.dunning.cancel",
        }
        own = {
            name
            for name in self.env.registry
            if name.startswith(("pm.dunning.", "pm.legal.", "pm.late.fee")) and not self.env[name]._abstract
        }
        self.assertFalse(own - known)

    def test_records_of_other_properties_are_invisible(self):
        self.charge(due="2026-01-10")
        self.run_day("2026-01-11")
        self.call("promised", day="2026-01-11", promise_date="2026-01-20")
        for role in ("officer", "supervisor", "accountant"):
            user = getattr(self, role)
            user.pm_property_ids = self.second_property
            for model in ("pm.dunning.run", "pm.dunning.call", "pm.dunning.promise", "pm.charge.limitation"):
                with self.subTest(role=role, model=model):
                    self.assertFalse(self.env[model].with_user(user).search([]))
        self.assertTrue(self.env["pm.dunning.promise"].with_user(self.leadership).search([]))
