from odoo import fields
from odoo.exceptions import UserError
from odoo.tests.common import tagged

from .common import RenovationCase, at


@tagged("post_install", "-at_install")
class TestOwnerChange(RenovationCase):
    """The unit is sold while it is being renovated."""

    def setUp(self):
        super().setUp()
        # Noon in Shanghai, so that "today" is the same day for every user of the test.
        clock = at("2026-11-20 12:00")
        clock.start()
        self.addCleanup(clock.stop)

    def sell(self, buyer, date=None):
        self.env.flush_all()  # the sale is a later request
        transfer = self.env["pm.unit.transfer"].create(
            {
                "unit_id": self.units[0].id,
                "date": date or self.property._today(),
                "line_ids": [fields.Command.create({"partner_id": buyer.id, "share": 100})],
            }
        )
        transfer.with_user(self.assistant).action_confirm()
        self.env.invalidate_all()

    def test_before_the_decision_the_new_owner_must_agree(self):
        case = self.bring_to("submitted")
        self.review(case)
        self.sell(self.owners[1])
        self.assertEqual((case.owner_id, case.owner_consent), (self.owners[1], "pending"))
        self.assertEqual(case.applicant_role, "other")
        with self.assertRaisesRegex(UserError, "consent of the owner"):
            self.as_user(case, "supervisor").action_approve()
        asked = self.env["pm.message"].search([("res_id", "=", case.id), ("key", "like", "/consent/")])
        self.assertEqual(asked.partner_id, self.owners[1])
        case.sudo().action_owner_consents()
        case.paper_ids.on_paper = True
        case.paper_ids.action_accept()
        self.as_user(case, "supervisor").action_approve()

    def test_on_site_the_new_owner_is_told_and_the_deposit_stays_its_payers(self):
        case = self.bring_to("in_progress")
        self.sell(self.owners[1])
        self.assertEqual((case.owner_id, case.state), (self.owners[1], "in_progress"))
        told = self.env["pm.message"].search([("res_id", "=", case.id), ("key", "like", "/new_owner/")])
        self.assertEqual(told.partner_id, self.owners[1])
        self.assertIn(self.officer, case.activity_ids.user_id)
        self.assertTrue(case.with_user(self.other_portal).has_access("read"), "the new owner follows it in the portal")
        self.bring_to("refunded", case)
        self.assertEqual(case.deposit_id.refund_payment_id.partner_id, self.owners[0])

    def test_sale_of_a_later_day_is_noticed_on_that_day(self):
        with at("2026-11-20 10:00"):
            case = self.bring_to("in_progress")
            self.sell(self.owners[1], "2026-11-23")
            self.assertEqual(case.owner_id, self.owners[0])
            self.assertFalse(self.env["pm.renovation"]._sync_owners(self.property))
        with at("2026-11-23 10:00"):
            self.env.invalidate_all()
            self.assertEqual(self.env["pm.renovation"]._sync_owners(self.property), case)
            self.assertEqual(case.owner_id, self.owners[1])
            self.assertFalse(self.env["pm.renovation"]._sync_owners(self.property), "once")

    def test_closed_case_keeps_its_owner(self):
        case = self.bring_to("closed")
        self.sell(self.owners[1])
        self.assertEqual(case.owner_id, self.owners[0])

    def test_owner_may_refuse_with_a_reason_and_agree_later(self):
        tenant = self.owners[1]
        self.env["pm.unit.party"].create(
            {"unit_id": self.units[0].id, "partner_id": tenant.id, "role": "tenant", "date_from": "2025-01-01"}
        )
        case = self.make_case(applicant_id=tenant.id)
        wizard = (
            self.env["pm.renovation.reason"]
            .with_user(self.officer)
            .create({"renovation_id": case.id, "purpose": "owner_refuses", "reason": "No wet room"})
        )
        wizard.action_confirm()
        self.assertEqual(case.owner_consent, "refused")
        self.assertEqual(case.log_ids[-1].reason, "No wet room")
        told = self.env["pm.message"].search([("res_id", "=", case.id), ("key", "like", "/consent_refused/")])
        self.assertEqual(told.partner_id, tenant)
        self.bring_papers(case)
        with self.assertRaisesRegex(UserError, "consent of the owner"):
            self.as_user(case, "officer").action_submit()
        self.as_user(case, "officer").action_owner_consents()
        self.as_user(case, "officer").action_submit()
        self.assertEqual(case.state, "submitted")
