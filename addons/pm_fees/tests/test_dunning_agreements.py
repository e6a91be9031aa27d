"""Disputes, hardship, promises and instalments: what stops the ladder, and what sets it going again."""

from datetime import date

from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests.common import Form, tagged

from .dunning_common import DunningCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-11 02:00:00")
class TestDunningHold(DunningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.debt = cls.charge(due="2026-01-10", amount=300)
        cls.run_day("2026-01-11")

    def dispute(self, ticket=None, **values):
        return (
            self.env["pm.dunning.hold"]
            .with_user(self.officer)
            .create(
                {
                    "case_id": self.case().id,
                    "kind": "dispute",
                    "ticket_id": (ticket or self.complaint()).id,
                    "reason": "The roof leaks since May",
                    **values,
                }
            )
        )

    def test_dispute_holds_legal_steps_and_reminders_go_on(self):
        """§7, S3-26."""
        hold = self.dispute()
        made = self.run_day("2026-07-10")
        self.assertEqual(sorted(made.mapped("kind")), ["call", "message"])
        self.assertEqual(self.case().state, "open")
        hold.ticket_id.sudo()._write_protected({"state": "handled"})
        self.assertEqual(hold.state, "active", "handled is not closed")

    def test_hold_lifts_when_the_ticket_is_closed_and_comes_back_when_it_is_reopened(self):
        hold = self.dispute()
        ticket = hold.ticket_id.with_user(self.supervisor)
        ticket.write({"stop_reason": "Not about us", "state": "invalid"})
        self.assertEqual((hold.state, hold.lifted_by_id), ("lifted", self.supervisor))
        self.assertIn(ticket.number, hold.lift_reason)
        self.assertIn("letter", self.run_day("2026-07-10").mapped("kind"))

    def test_reopened_ticket_brings_the_dispute_back(self):
        hold = self.dispute()
        ticket = hold.sudo().ticket_id
        ticket._write_protected({"state": "closed"})
        hold._lift("closed")
        ticket._write_protected({"reopen_reason": "It leaks again"})
        ticket._transition("in_progress")
        self.assertEqual(hold.state, "active")

    def test_disputed_charges_are_not_demanded_and_do_not_age_the_case(self):
        """Stage = full months since the oldest *undisputed* charge (CON-15)."""
        self.charge(due="2026-03-10", amount=100)
        self.dispute(charge_ids=[Command.set(self.debt.ids)])
        made = self.run_day("2026-07-10")
        case = self.case()
        self.assertEqual((case.stage, case.amount_due, case.amount_held), (4, 100, 300))
        self.assertEqual(set(made.mapped("stage")), {4})
        message = made.filtered(lambda action: action.kind == "message")
        with freeze_time("2026-07-10 03:00:00"):
            self.assertEqual((message.demanded, len(message.charge_ids)), (100, 1))

    def test_everything_disputed_keeps_the_case_open_and_sends_nothing(self):
        hold = self.dispute(charge_ids=[Command.set(self.debt.ids)])
        self.assertFalse(self.run_day("2026-03-10"))
        self.assertEqual((self.case().state, self.case().amount_held), ("open", 300))
        with freeze_time("2026-03-11 03:00:00"):
            hold.sudo()._lift("x")
        self.assertEqual(self.case().amount_due, 300)
        self.assertTrue(self.run_day("2026-03-11"))

    def test_a_dispute_needs_an_open_ticket_of_this_household(self):
        closed = self.complaint()
        closed.sudo()._write_protected({"state": "closed"})
        with self.assertRaisesRegex(UserError, "needs an open one"):
            self.dispute(closed)
        other = self.complaint(unit_id=self.units[1].id, partner_id=self.owners[1].id)
        with self.assertRaisesRegex(ValidationError, "another household"):
            self.dispute(other)
        foreign = self.charge(unit=self.units[1], due="2026-01-10")
        with self.assertRaisesRegex(ValidationError, "is not a charge of"):
            self.dispute(charge_ids=[Command.set(foreign.ids)])

    def test_a_dispute_is_ended_by_hand_only_after_our_own_service_was_examined(self):
        hold = self.dispute()
        with self.assertRaises(AccessError):
            hold.action_lift()
        theirs = hold.with_user(self.supervisor)
        with self.assertRaisesRegex(UserError, "review of our service"):
            theirs.action_lift()
        theirs.write({"review": "The roof was repaired on 3 January.", "justified": "no"})
        self.assertEqual(hold.reviewed_by_id, self.supervisor)
        theirs.action_lift()
        self.assertEqual(hold.state, "lifted")
        with self.assertRaisesRegex(UserError, "stays as it was"):
            theirs.reason = "other"

    def test_hardship_is_granted_by_a_manager_until_a_day_and_ends_by_itself(self):
        values = {"case_id": self.case().id, "kind": "hardship", "until": "2026-03-20", "reason": "illness"}
        with self.assertRaises(AccessError):
            self.env["pm.dunning.hold"].with_user(self.supervisor).create(values)
        with self.assertRaisesRegex(UserError, "cannot be past"):
            self.env["pm.dunning.hold"].with_user(self.manager).create({**values, "until": "2026-01-10"})
        hold = self.env["pm.dunning.hold"].with_user(self.manager).create(values)
        self.assertFalse(self.run_day("2026-02-10"))
        self.assertFalse(self.run_day("2026-03-20"), "the last day still rests")
        made = self.run_day("2026-03-21")
        self.assertEqual(sorted(made.mapped("kind")), ["call", "message", "notice"])
        self.assertEqual(hold.state, "lifted")
        with self.assertRaises(UserError):
            hold.unlink()

    def test_states_of_a_hold_are_written_by_the_program(self):
        hold = self.dispute()
        with self.assertRaises(AccessError):
            hold.write({"state": "lifted"})
        forged = self.dispute(state="lifted", reviewed_by_id=self.manager.id)
        self.assertEqual((forged.state, forged.reviewed_by_id.id), ("active", False))


@tagged("post_install", "-at_install")
@freeze_time("2026-01-11 02:00:00")
class TestDunningPromise(DunningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.debt = cls.charge(due="2026-01-10", amount=300)
        cls.run_day("2026-01-11")

    def test_promise_pauses_until_its_day_is_over_and_is_broken_then(self):
        self.call("promised", day="2026-02-09", promise_date="2026-02-20", promise_amount=300)
        promise = self.case().promise_ids
        self.assertEqual((promise.state, promise.amount, promise.user_id), ("open", 300, self.officer))
        self.assertFalse(self.run_day("2026-02-10"))
        self.assertFalse(self.run_day("2026-02-20"), "the promised day itself")
        made = self.run_day("2026-02-21")
        self.assertEqual(promise.state, "broken")
        self.assertEqual(sorted(made.mapped("kind")), ["call", "message", "notice"])
        self.assertFalse(self.run_day("2026-02-22"))

    def test_promise_is_kept_as_soon_as_its_amount_came(self):
        self.call("promised", day="2026-01-12", promise_date="2026-01-30", promise_amount=200)
        with freeze_time("2026-01-20 03:00:00"):
            self.pay((self.debt, 150), date="2026-01-20")
        self.run_day("2026-01-21")
        self.assertEqual(self.case().promise_ids.state, "open")
        with freeze_time("2026-01-22 03:00:00"):
            self.pay((self.debt, 50), date="2026-01-22")
        self.run_day("2026-01-23")
        self.assertEqual((self.case().promise_ids.state, self.case().promise_ids.received), ("kept", 200))

    def test_promise_names_a_near_day(self):
        for day, amount, text in (("2026-01-10", 300, "between today"), ("2026-02-15", 300, "between today")):
            with self.subTest(day=day), self.assertRaisesRegex(UserError, text):
                self.call("promised", day="2026-01-11", promise_date=day, promise_amount=amount)
        with self.assertRaisesRegex(UserError, "until when"):
            self.call("promised", day="2026-01-11")

    def test_a_new_promise_replaces_the_open_one(self):
        self.call("promised", day="2026-01-11", promise_date="2026-01-20")
        self.call("promised", day="2026-01-15", promise_date="2026-01-25")
        self.assertEqual(sorted(self.case().promise_ids.mapped("state")), ["open", "replaced"])

    def test_says_it_is_paid_waits_three_days_for_the_money(self):
        self.call("paid", day="2026-02-09")
        promise = self.case().promise_ids
        self.assertEqual((promise.kind, promise.date), ("paid", date(2026, 2, 12)))
        self.assertFalse(self.run_day("2026-02-12"))
        self.assertTrue(self.run_day("2026-02-13"))

    def test_promises_are_written_by_the_program_only(self):
        self.call("promised", day="2026-01-11", promise_date="2026-01-20")
        for user in (self.officer, self.manager, self.accountant):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.case().promise_ids.with_user(user).write({"state": "kept"})
        with self.assertRaises(UserError):
            self.case().promise_ids.unlink()


@tagged("post_install", "-at_install")
@freeze_time("2026-01-11 02:00:00")
class TestDunningInstalment(DunningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.debt = cls.charge(due="2026-01-10", amount=100)
        cls.run_day("2026-01-11")

    def plan(self, count=3, start="2026-02-01"):
        plan = (
            self.env["pm.dunning.instalment"]
            .with_user(self.officer)
            .create({"case_id": self.case().id, "count": count, "start_date": start})
        )
        plan.action_propose()
        return plan

    def agree(self, **kwargs):
        plan = self.plan(**kwargs)
        plan.with_user(self.supervisor).action_agree()
        return plan

    def test_plan_splits_evenly_and_the_last_takes_the_cents(self):
        plan = self.plan()
        self.assertEqual(plan.line_ids.mapped("amount"), [33.33, 33.33, 33.34])
        self.assertEqual(
            [line.due_date.isoformat() for line in plan.line_ids], ["2026-02-01", "2026-03-01", "2026-04-01"]
        )

    def test_plan_is_edited_like_any_form(self):
        with Form(
            self.env["pm.dunning.instalment"].with_user(self.officer).with_context(default_case_id=self.case().id)
        ) as form:
            with form.line_ids.new() as line:
                line.due_date, line.amount = date(2026, 2, 1), 60
            with form.line_ids.new() as line:
                line.due_date, line.amount = date(2026, 3, 1), 30
        plan = form.save()
        with self.assertRaisesRegex(UserError, "is overdue"):
            plan.with_user(self.supervisor).action_agree()
        plan.line_ids[1].amount = 40
        with self.assertRaises(AccessError):
            plan.action_agree()
        plan.with_user(self.supervisor).action_agree()
        self.assertEqual((plan.state, plan.amount, plan.charge_ids), ("active", 100, self.debt))
        with self.assertRaisesRegex(UserError, "Only a draft"):
            plan.write({"line_ids": [Command.clear()]})

    def test_running_plan_takes_its_charges_off_the_ladder_but_not_new_ones(self):
        self.agree()
        self.assertEqual((self.case().amount_due, self.case().amount_held), (0, 100))
        self.assertFalse(self.run_day("2026-01-20"))
        self.charge(due="2026-02-02", amount=40)
        made = self.run_day("2026-02-03")
        self.assertEqual({action.amount_due for action in made}, {40})

    def test_late_instalment_breaks_the_plan_after_its_grace_and_the_ladder_goes_on(self):
        plan = self.agree()
        self.assertFalse(self.run_day("2026-02-04"), "three days late are forgiven")
        self.assertEqual(plan.state, "active")
        made = self.run_day("2026-02-05")
        self.assertEqual((plan.state, self.case().amount_due), ("broken", 100))
        self.assertFalse(made, "January was done")
        self.assertTrue(self.run_day("2026-02-10"))
        self.assertTrue(self.case().activity_ids.filtered(lambda a: a.user_id == self.officer))

    def test_paid_instalments_keep_the_plan_and_the_last_ends_it(self):
        plan = self.agree()
        for day, amount in (("2026-02-01", 33.33), ("2026-03-02", 33.33), ("2026-04-01", 33.34)):
            with freeze_time(f"{day} 03:00:00"):
                self.pay((self.debt, amount), date=day)
            self.run_day(day, hour="05:00:00")
            self.assertIn(plan.state, ("active", "kept"), day)
        self.assertEqual((plan.state, plan.received), ("kept", 100))
        self.assertEqual(set(plan.line_ids.mapped("state")), {"paid"})
        self.assertEqual(self.case().state, "closed")

    def test_cancelled_plan_frees_its_charges(self):
        plan = self.agree()
        plan.with_user(self.supervisor).action_cancel()
        self.assertEqual((plan.state, self.case().amount_due), ("cancelled", 100))
        with self.assertRaises(UserError):
            plan.with_user(self.officer).unlink()

    def test_agreement_is_printed(self):
        content = self.env["pm.document"].with_user(self.officer)._pdf("pm_fees.dunning_instalment", self.agree())
        self.assertTrue(content.startswith(b"%PDF"))
