from odoo.tests.common import tagged

from .cashier_common import CashierCase

DESK = ("front_desk", "officer", "assistant", "supervisor", "manager")
# Who may do what by access rights (r, w, c, d). What money may do is decided by the models, whatever stands here.
MATRIX = {
    "pm.payment": {**dict.fromkeys(DESK, "r"), "cashier": "r", "accountant": "r", "counsel": "r", "leadership": "r"},
    "pm.payment.line": {
        **dict.fromkeys(DESK, "r"),
        "cashier": "r",
        "accountant": "r",
        "counsel": "r",
        "leadership": "r",
    },
    "pm.payment.method": {
        **dict.fromkeys((*DESK, "technician", "cashier", "counsel", "leadership", "outsider"), "r"),
        "accountant": "rwc",
    },
    "pm.payment.reverse": {"supervisor": "rwcd", "manager": "rwcd", "accountant": "rwcd"},
    "pm.receipt.book": {"cashier": "r", "accountant": "rwc"},
    "pm.cash.session": {"cashier": "rwc", "accountant": "rw", "supervisor": "r", "manager": "r", "leadership": "r"},
    "pm.online.inquiry": {"cashier": "r", "accountant": "rw", "leadership": "r"},
    "pm.meter.missing": dict.fromkeys(
        ("officer", "assistant", "supervisor", "manager", "technician", "accountant", "leadership"), "r"
    ),
    "pm.payer.account": {"accountant": "rd"},
    "pm.bank.proposal": {"accountant": "rw"},
    "pm.bank.proposal.line": {"accountant": "r"},
    "pm.dunning.policy": {
        **dict.fromkeys(("officer", "assistant", "supervisor", "accountant", "counsel", "leadership"), "r"),
        "manager": "rwcd",
    },
    "pm.dunning.level": {
        **dict.fromkeys(("officer", "assistant", "supervisor", "accountant", "counsel", "leadership"), "r"),
        "manager": "rwcd",
    },
    "pm.dunning.case": dict.fromkeys(
        ("officer", "assistant", "supervisor", "manager", "accountant", "counsel", "leadership"), "r"
    ),
    "pm.dunning.action": {
        **dict.fromkeys(("officer", "assistant", "supervisor", "manager", "accountant", "counsel"), "rw"),
        "leadership": "r",
    },
    "pm.dunning.cancel": {"supervisor": "rwcd", "manager": "rwcd", "accountant": "rwcd"},
}
ROLES = (*DESK, "technician", "cashier", "accountant", "counsel", "leadership", "outsider", "portal_user")


@tagged("post_install", "-at_install")
class TestCashierAccess(CashierCase):
    def test_roles_have_exactly_these_rights(self):
        self.check_rights(MATRIX, ROLES)

    def test_records_of_other_properties_are_invisible(self):
        self.pay((self.charge(), 100), date="2026-01-20")
        self.charge()
        self.env["pm.dunning.case"]._run_property(self.property)
        for role in ("officer", "cashier", "accountant", "supervisor"):
            user = getattr(self, role)
            user.pm_property_ids = self.second_property
            for model in (
                "pm.payment",
                "pm.payment.line",
                "pm.receipt.book",
                "pm.cash.session",
                "pm.dunning.case",
                "pm.dunning.action",
            ):
                records = self.env[model].with_user(user)
                if records.has_access("read"):
                    with self.subTest(model=model, role=role):
                        self.assertFalse(records.search([]))
        self.assertTrue(self.env["pm.payment"].with_user(self.leadership).search([]))
