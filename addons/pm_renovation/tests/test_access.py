from odoo.exceptions import AccessError
from odoo.tests.common import tagged

from .common import RenovationCase

# model: role -> rights (r read, w write, c create, u unlink); roles not named have none.
MATRIX = {
    "pm.renovation": {
        "front_desk": "r",
        "officer": "rwc",
        "supervisor": "rwc",
        "manager": "rwcu",
        "technician": "r",
        "cashier": "r",
        "accountant": "r",
        "leadership": "r",
    },
    "pm.renovation.work": {
        "front_desk": "r",
        "officer": "rwcu",
        "supervisor": "rwcu",
        "manager": "rwcu",
        "technician": "r",
        "cashier": "r",
        "accountant": "r",
        "leadership": "r",
    },
    "pm.renovation.paper": {
        "front_desk": "r",
        "officer": "rwcu",
        "supervisor": "rwcu",
        "manager": "rwcu",
        "technician": "r",
        "leadership": "r",
    },
    "pm.renovation.review": {
        "front_desk": "r",
        "officer": "rwc",
        "supervisor": "rwc",
        "manager": "rwc",
        "technician": "rw",
        "leadership": "r",
    },
    "pm.renovation.inspection": {
        "front_desk": "r",
        "officer": "rwc",
        "supervisor": "rwc",
        "manager": "rwc",
        "technician": "rwc",
        "leadership": "r",
    },
    "pm.renovation.check": {
        "front_desk": "r",
        "officer": "rwc",
        "supervisor": "rwc",
        "manager": "rwc",
        "technician": "rwc",
        "leadership": "r",
    },
    "pm.renovation.violation": {
        "front_desk": "r",
        "officer": "rwc",
        "supervisor": "rwc",
        "manager": "rwc",
        "technician": "rwc",
        "leadership": "r",
    },
    "pm.renovation.worker": {
        "front_desk": "r",
        "officer": "rwcu",
        "supervisor": "rwcu",
        "manager": "rwcu",
        "technician": "r",
        "leadership": "r",
    },
    "pm.renovation.key": {
        "front_desk": "rwc",
        "officer": "rwc",
        "supervisor": "rwc",
        "manager": "rwc",
        "technician": "r",
        "leadership": "r",
    },
    "pm.renovation.log": {
        "front_desk": "r",
        "officer": "r",
        "supervisor": "r",
        "manager": "r",
        "technician": "r",
        "accountant": "r",
        "leadership": "r",
    },
    "pm.renovation.scheme": {
        "front_desk": "r",
        "officer": "r",
        "supervisor": "r",
        "manager": "rwcu",
        "technician": "r",
        "leadership": "r",
    },
    "pm.deposit.report": {
        "supervisor": "r",
        "manager": "r",
        "cashier": "r",
        "accountant": "r",
        "leadership": "r",
    },
    "pm.deposit": {
        "officer": "r",
        "supervisor": "r",
        "manager": "r",
        "cashier": "r",
        "accountant": "r",
        "leadership": "r",
    },
    "pm.deposit.deduction": {
        "officer": "rwc",
        "supervisor": "rwcu",
        "manager": "rwcu",
        "cashier": "r",
        "accountant": "r",
        "leadership": "r",
    },
}
ROLES = (
    "front_desk",
    "officer",
    "supervisor",
    "manager",
    "technician",
    "cashier",
    "accountant",
    "counsel",
    "leadership",
)
RIGHTS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}


@tagged("post_install", "-at_install")
class TestAccess(RenovationCase):
    def test_access_matrix(self):
        for model, rights in MATRIX.items():
            for role in ROLES:
                records = self.env[model].with_user(getattr(self, role))
                have = "".join(letter for letter, name in RIGHTS.items() if records.has_access(name))
                with self.subTest(model=model, role=role):
                    self.assertEqual(have, rights.get(role, ""))

    def test_portal_reads_cases_only(self):
        for model in MATRIX:
            records = self.env[model].with_user(self.portal_user)
            have = "".join(letter for letter, name in RIGHTS.items() if records.has_access(name))
            with self.subTest(model=model):
                self.assertEqual(have, "r" if model == "pm.renovation" else "")

    def test_staff_of_another_property_see_nothing(self):
        case = self.bring_to("in_progress")
        self.env["pm.renovation"]._plan_patrols(self.property)
        other = self.officer.copy({"login": "pm_other_officer", "pm_property_ids": [(5,)]})
        for records in (
            case,
            case.paper_ids,
            case.review_ids,
            case.review_ids.check_ids,
            case.inspection_ids,
            case.deposit_ids,
            case.work_ids,
        ):
            with self.subTest(model=records._name):
                self.assertTrue(records)
                self.assertFalse(records.with_user(other).search([("id", "in", records.ids)]))
                with self.assertRaises(AccessError):
                    records[0].with_user(other).read(["display_name"])

    def test_household_sees_own_cases_only(self):
        mine = self.make_case(self.units[0])
        theirs = self.make_case(self.units[1])
        Renovation = self.env["pm.renovation"].with_user(self.portal_user)
        self.assertEqual(Renovation.search([]), mine)
        with self.assertRaises(AccessError):
            theirs.with_user(self.portal_user).read(["name"])

    def test_permit_token_is_not_for_everybody(self):
        case = self.bring_to("permit_issued")
        with self.assertRaises(AccessError):
            case.with_user(self.portal_user).read(["permit_token"])

    def test_technician_decides_the_engineering_step_only(self):
        case = self.bring_to("submitted")
        with self.assertRaises(AccessError):
            self.as_user(case.review_ids.filtered(lambda r: r.role == "manager"), "technician").action_fail()

    def test_officer_cannot_approve_or_refuse(self):
        case = self.bring_to("submitted")
        self.review(case)
        with self.assertRaises(AccessError):
            self.as_user(case, "officer").action_approve()
        with self.assertRaises(AccessError):
            self.as_user(case, "officer")._refuse("No")

    def test_every_role_opens_the_form_it_may_read(self):
        case = self.bring_to("in_progress")
        for role in ROLES:
            mine = self.env["pm.renovation"].with_user(getattr(self, role))
            if not mine.has_access("read"):
                continue
            with self.subTest(role=role):
                arch_fields = mine.get_views([(False, "form")])["models"]["pm.renovation"]["fields"]
                spec = {name: {} for name in arch_fields if name in mine._fields}
                self.assertTrue(mine.browse(case.id).web_read(spec))

    def test_cashier_sees_deposit_form(self):
        case = self.bring_to("accepted")
        deposit = self.as_user(case.deposit_id, "cashier")
        fields_ = deposit.get_views([(False, "form")])["models"]["pm.deposit"]["fields"]
        self.assertTrue(deposit.web_read({name: {} for name in fields_ if name in deposit._fields}))
