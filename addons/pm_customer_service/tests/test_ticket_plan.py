"""Steps of a ticket with their times (S3-42), and promises that need more authority than one has (S3-41)."""

from datetime import timedelta

from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged

from .common import DeskCase, local


@tagged("post_install", "-at_install")
@freeze_time(local("2026-11-02 10:00"))
class TestSteps(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time(local("2026-11-02 09:00")):
            cls.ticket = cls.new_ticket(user_id=cls.officer.id, promised_date=local("2026-11-05 18:00"))
            cls.ticket.with_user(cls.officer).action_take()

    def plan(self, **values):
        return (
            self.env["pm.ticket.milestone"]
            .with_user(self.officer)
            .create(
                {
                    "ticket_id": self.ticket.id,
                    "name": "Seal the window",
                    "user_id": self.technician.id,
                    "date_due": local("2026-11-03 12:00"),
                    **values,
                }
            )
        )

    def test_a_step_done_at_its_moment_is_in_time_and_a_second_later_late(self):
        for second, state in ((0, "met"), (1, "breached")):
            step = self.plan()
            [clock] = self.clock(step, "step")
            self.assertEqual((clock.due, clock.user_id), (local("2026-11-03 12:00"), self.technician))
            with freeze_time(local("2026-11-03 12:00") + timedelta(seconds=second)):
                step.with_user(self.technician).write({"result": "Sealed."})
                step.with_user(self.technician).action_done()
            self.assertEqual(clock.state, state)
            self.assertEqual(step.done_by_id, self.technician)

    def test_who_is_responsible_is_told_when_it_is_overdue(self):
        step = self.plan()
        with freeze_time(local("2026-11-03 12:01")):
            self.run_job()
        self.assertEqual(step.activity_ids.user_id, self.technician)

    def test_a_step_lies_in_the_future_of_an_open_ticket(self):
        with self.assertRaises(UserError, msg="the moment has passed"):
            self.plan(date_due=local("2026-11-02 10:00"))
        with freeze_time(local("2026-11-02 10:30")):
            self.handle(self.ticket)
        with self.assertRaises(UserError, msg="the ticket must still be open"):
            self.plan()

    def test_the_ticket_waits_for_its_steps_and_for_the_customers_word_on_them(self):
        step = self.plan()
        with self.assertRaisesRegex(UserError, "Seal the window"):
            self.handle(self.ticket)
        step.with_user(self.technician).result = "Sealed."
        step.with_user(self.technician).action_done()
        self.handle(self.ticket)
        self.env["pm.followup"].with_user(self.front_desk).create(
            {"ticket_id": self.ticket.id, "satisfied": "satisfied", "words": "Fine"}
        )
        with self.assertRaisesRegex(UserError, "thoroughly"):
            self.ticket.with_user(self.supervisor).action_close()
        with self.assertRaisesRegex(UserError, "S3-42"):
            step.with_user(self.front_desk).action_confirm()
        step.with_user(self.front_desk).customer_words = "Dry since then."
        step.with_user(self.front_desk).action_confirm()
        self.ticket.with_user(self.supervisor).action_close()
        self.assertEqual(self.ticket.state, "closed")

    def test_not_thoroughly_done_it_is_done_again_by_a_new_moment(self):
        step = self.plan()
        step.with_user(self.technician).result = "Sealed."
        step.with_user(self.technician).action_done()
        desk = step.with_user(self.front_desk)
        with freeze_time(local("2026-11-04 09:00")):
            desk.customer_words = "Water still comes in."
            with self.assertRaisesRegex(UserError, "has passed"):
                desk.action_again()
            desk.date_due = local("2026-11-05 12:00")
            desk.action_again()
        self.assertEqual(step.state, "open")
        self.assertEqual(self.clock(step, "step").mapped("state"), ["met", "running"])

    def test_a_step_moved_or_given_to_another_takes_its_clock_along(self):
        step = self.plan()
        step.write({"date_due": local("2026-11-04 12:00"), "user_id": self.officer.id})
        running = self.clock(step, "step").filtered(lambda clock: clock.state == "running")
        self.assertEqual((running.due, running.user_id), (local("2026-11-04 12:00"), self.officer))

    def test_dropped_with_a_reason_or_with_the_ticket(self):
        step, other = self.plan(), self.plan(name="Paint")
        with self.assertRaisesRegex(UserError, "reason"):
            step.action_drop()
        step.drop_reason = "Not needed"
        step.action_drop()
        self.assertEqual(self.clock(step, "step").state, "cancelled")
        self.ticket.with_user(self.supervisor).write({"stop_reason": "Withdrawn by the customer"})
        self.ticket.with_user(self.supervisor).action_cancel()
        self.assertEqual((other.state, other.drop_reason), ("dropped", "Withdrawn by the customer"))

    def test_state_and_times_are_the_programs_and_others_keep_their_hands_off(self):
        step = self.plan()
        with self.assertRaises(AccessError):
            step.with_user(self.technician).write({"state": "confirmed"})
        with self.assertRaises(AccessError):
            step.with_user(self.cashier).read(["name"])
        with self.assertRaises(UserError):
            step.with_user(self.supervisor).unlink()
        step.with_user(self.technician).result = "Sealed."
        with self.assertRaises(UserError):
            step.with_user(self.front_desk).action_done()


@tagged("post_install", "-at_install")
@freeze_time(local("2026-11-02 10:00"))
class TestPromises(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time(local("2026-11-02 09:00")):
            cls.ticket = cls.new_ticket(user_id=cls.officer.id)
            cls.ticket.with_user(cls.officer).action_take()
        cls.env["pm.promise.authority"].search([("kind", "=", "compensation")]).unlink()
        cls.env["pm.promise.authority"].create(
            [
                {"kind": "compensation", "group_id": cls.env.ref(f"pm_base.group_{role}").id, "amount_up_to": amount}
                for role, amount in (("officer", 100), ("supervisor", 500), ("manager", 2000))
            ]
        )

    def promise(self, amount, user=None, **values):
        return (
            self.env["pm.ticket.promise"]
            .with_user(user or self.officer)
            .create(
                {
                    "ticket_id": self.ticket.id,
                    "name": "Refund of the cleaning",
                    "amount": amount,
                    "date_due": local("2026-11-10 18:00"),
                    "reason": "The carpet was soaked.",
                    **values,
                }
            )
        )

    def agree(self):
        self.ticket.promised_date = local("2026-11-03 18:00")

    def test_up_to_ones_own_authority_it_is_given_at_once_a_cent_more_is_asked_for(self):
        own = self.promise(100.00)
        own.action_submit()
        self.assertEqual((own.state, own.decided_by_id), ("approved", self.officer))
        self.agree()
        more = self.promise(100.01)
        more.action_submit()
        self.assertEqual(more.state, "to_approve")
        self.assertEqual(
            more.sudo().activity_ids.user_id, self.supervisor, "the lowest level whose authority is enough"
        )
        self.assertFalse(self.clock(more, "promise"), "nothing is promised yet")

    def test_above_the_supervisor_the_manager_is_asked(self):
        self.agree()
        for amount, user in ((500, self.supervisor), (500.01, self.manager)):
            promise = self.promise(amount)
            promise.action_submit()
            self.assertEqual(promise.sudo().activity_ids.user_id, user)

    def test_what_nobody_may_approve_is_refused_with_what_to_do(self):
        self.agree()
        with self.assertRaisesRegex(UserError, "set the authorities"):
            self.promise(2000.01).action_submit()

    def test_before_asking_the_customer_has_a_date_for_the_answer(self):
        promise = self.promise(300)
        with self.assertRaisesRegex(UserError, "S1-16"):
            promise.action_submit()
        self.agree()
        promise.action_submit()
        self.assertEqual(promise.state, "to_approve")

    def test_who_asks_does_not_approve_and_who_has_too_little_neither(self):
        self.agree()
        promise = self.promise(600, user=self.supervisor)
        promise.action_submit()
        with self.assertRaises(AccessError):
            promise.with_user(self.supervisor).action_approve()
        with self.assertRaises(AccessError):
            promise.with_user(self.officer).action_approve()
        promise.with_user(self.manager).action_approve()
        self.assertEqual(promise.decided_by_id, self.manager)
        # The manager's own wish is within his authority only if it is given, not when it was asked as somebody else's.
        mine = self.promise(300)
        mine.action_submit()
        self.officer.group_ids += self.env.ref("pm_base.group_manager")
        with self.assertRaisesRegex(AccessError, "yourself"):
            mine.with_user(self.officer).action_approve()

    def test_an_approved_promise_has_its_clock_and_is_kept_with_words(self):
        self.agree()
        promise = self.promise(300)
        promise.action_submit()
        promise.with_user(self.supervisor).action_approve()
        [clock] = self.clock(promise, "promise")
        self.assertEqual(clock.due, local("2026-11-10 18:00"))
        self.assertFalse(promise.sudo().activity_ids)
        with self.assertRaisesRegex(UserError, "write how"):
            promise.with_user(self.officer).action_keep()
        promise.with_user(self.officer).result = "Paid by the cashier."
        promise.with_user(self.officer).action_keep()
        self.assertEqual((promise.state, clock.state), ("kept", "met"))

    def test_a_promise_about_to_lapse_is_on_the_supervisors_day(self):
        promise = self.promise(50, date_due=local("2026-11-03 09:00"))
        promise.action_submit()
        page = self.env["pm.desk.board"].with_user(self.supervisor).load()
        drill = next(row["drill"] for row in page["head"] if row["key"] == "promises")
        clocks = self.env["pm.deadline"].search(drill["domain"])
        self.assertIn(
            promise.id, clocks.filtered(lambda clock: clock.res_model == "pm.ticket.promise").mapped("res_id")
        )

    def test_refused_and_withdrawn_need_their_reason(self):
        self.agree()
        promise = self.promise(300)
        promise.action_submit()
        boss = promise.with_user(self.supervisor)
        with self.assertRaisesRegex(UserError, "reason"):
            boss.action_refuse()
        boss.decision_reason = "The carpet was old."
        boss.action_refuse()
        self.assertEqual(promise.state, "refused")
        other = self.promise(50)
        other.action_submit()
        with self.assertRaisesRegex(UserError, "reason"):
            other.action_withdraw()
        other.decision_reason = "The customer declined."
        other.action_withdraw()
        self.assertEqual(self.clock(other, "promise").state, "cancelled")

    def test_the_ticket_is_not_closed_while_something_is_owed(self):
        promise = self.promise(50)
        promise.action_submit()
        self.handle(self.ticket)
        self.env["pm.followup"].with_user(self.front_desk).create(
            {"ticket_id": self.ticket.id, "satisfied": "satisfied", "words": "Fine"}
        )
        with self.assertRaisesRegex(UserError, "kept or withdrawn"):
            self.ticket.with_user(self.supervisor).action_close()
        promise.result = "Done."
        promise.action_keep()
        self.ticket.with_user(self.supervisor).action_close()

    def test_what_was_decided_does_not_change(self):
        promise = self.promise(50)
        promise.action_submit()
        with self.assertRaises(UserError):
            promise.write({"amount": 5000})
        with self.assertRaises(AccessError):
            promise.write({"state": "kept"})
        with self.assertRaises(AccessError):
            self.promise(50, state="approved", requested_by_id=self.front_desk.id).write({"requested_by_id": 1})
        fresh = self.promise(50, state="approved")
        self.assertEqual((fresh.state, fresh.requested_by_id), ("draft", self.officer))
        with self.assertRaises(UserError):
            promise.unlink()
        with self.assertRaises(AccessError):
            promise.with_user(self.technician).read(["amount"])

    def test_a_promise_of_money_says_how_much(self):
        with self.assertRaisesRegex(UserError, "worth"):
            self.promise(0).action_submit()
