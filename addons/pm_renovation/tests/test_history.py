from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged

from .common import RenovationCase


@tagged("post_install", "-at_install")
class TestHistory(RenovationCase):
    def test_every_step_is_kept_with_who_when_and_why(self):
        case = self.bring_to("submitted")
        review = self.as_user(case.review_ids[0], "officer")
        review.opinion = "Plan lacks measures"
        review.action_fail()
        self.as_user(case, "officer").action_tell_defects()
        steps = case.log_ids.filtered("to_state")
        self.assertEqual(steps.mapped("to_state"), ["draft", "submitted", "defects"])
        self.assertEqual(steps[-1].user_id, self.officer)
        self.assertIn("Plan lacks measures", steps[-1].reason)
        reviewed = case.log_ids.filtered(lambda line: line.kind == "review")
        self.assertEqual((reviewed.user_id, reviewed.reason), (self.officer, "Plan lacks measures"))

    def test_whole_life_is_a_chain_without_gaps(self):
        case = self.bring_to("closed")
        steps = case.log_ids.filtered("to_state").sorted("id")
        for before, after in zip(steps, steps[1:]):
            self.assertEqual(before.to_state, after.from_state)
        self.assertEqual(steps[-1].to_state, "closed")
        who = {line.to_state: line.user_id for line in steps}
        self.assertEqual((who["approved"], who["deposit_paid"]), (self.supervisor, self.cashier))

    def test_nobody_rewrites_the_history(self):
        case = self.bring_to("submitted")
        for role in ("officer", "manager"):
            with self.assertRaises(UserError):
                self.as_user(case.log_ids[0], role).write({"reason": "Other"})
            with self.assertRaises(AccessError):
                self.as_user(case.log_ids[0], role).unlink()
            with self.assertRaises(AccessError):
                self.env["pm.renovation.log"].with_user(getattr(self, role)).create(
                    {"renovation_id": case.id, "user_id": self.manager.id}
                )
        with self.assertRaises(UserError):
            case.log_ids[0].write({"reason": "Other"})

    def test_a_reason_of_blanks_is_none(self):
        case = self.bring_to("submitted")
        for purpose in ("refuse", "cancel"):
            wizard = (
                self.env["pm.renovation.reason"]
                .with_user(self.supervisor)
                .create({"renovation_id": case.id, "purpose": purpose, "reason": "   "})
            )
            with self.assertRaisesRegex(UserError, "write why"):
                wizard.action_confirm()

    def test_reviews_pass_in_their_order(self):
        case = self.bring_to("submitted")
        manager = self.as_user(case.review_ids.filtered(lambda r: r.role == "manager"), "manager")
        manager.action_all_ok()
        with self.assertRaisesRegex(UserError, "steps before"):
            manager.action_pass()
        self.review(case)
        self.assertEqual(set(case.review_ids.mapped("state")), {"passed"})
