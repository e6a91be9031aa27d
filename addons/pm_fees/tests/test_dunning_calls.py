"""Call lists at the handbook's hours, and what follows from a call (S4-66, S4-75, S1-23)."""

from datetime import datetime

from freezegun import freeze_time
from lxml import etree
from odoo.exceptions import UserError
from odoo.tests.common import tagged

from .dunning_common import DunningCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-11 00:30:00")
class TestDunningCalls(DunningCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.charge(due="2026-01-10", amount=300)
        cls.charge(unit=cls.units[1], due="2026-01-10", amount=100)
        cls.run_day("2026-01-11", hour="00:30:00")
        cls.service = cls.env.ref("pm_fees.dunning_reason_service")

    def lists(self, local, day="2026-01-11"):
        """Entries made at a local time of Shanghai."""
        hour, minute = map(int, local.split(":"))
        with freeze_time(f"{day} {hour - 8:02d}:{minute:02d}:00"):
            return self.env["pm.dunning.call"]._make_lists(self.property)

    def record(self, call, result, local="11:00", day="2026-01-11", user=None, **values):
        hour, minute = map(int, local.split(":"))
        with freeze_time(f"{day} {hour - 8:02d}:{minute:02d}:00"):
            call = call.with_user(user or self.officer)
            call.write({"result": result, **values})
            call.action_record()

    def test_list_is_made_at_half_past_ten_and_once(self):
        self.assertFalse(self.lists("10:29"))
        calls = self.lists("10:30")
        self.assertEqual(calls.unit_id, self.units[:2])
        self.assertEqual(calls.sorted("amount_due", reverse=True).mapped("amount_due"), [300, 100])
        self.assertEqual(calls.user_id, self.officer, "the butler of the units")
        self.assertTrue(all(calls.mapped("action_ids")))
        self.assertFalse(self.lists("10:35"))
        told = self.env["mail.notification"].search([("res_partner_id", "=", self.officer.partner_id.id)])
        self.assertIn("2 households", " ".join(told.mail_message_id.mapped("subject")))

    def test_a_butler_opens_his_own_calls_that_are_still_to_do(self):
        """Filters of one group widen each other: a separator between “Mine” and “To Do” makes them narrow."""
        arch = etree.fromstring(self.env["pm.dunning.call"].get_view(view_type="search")["arch"])
        names = [node.get("name") or node.tag for node in arch if node.tag in ("filter", "separator")]
        self.assertIn("separator", names[names.index("mine") : names.index("todo")])
        self.assertNotIn("separator", names[names.index("todo") : names.index("done")])

    def test_afternoon_repeats_those_not_reached_or_not_called(self):
        first, second = self.lists("10:30").sorted("amount_due")
        third = self.charge(unit=self.units[2], due="2026-01-10")
        self.assertTrue(third)
        self.record(first, "unreachable")
        self.assertEqual(first.case_id.action_ids.filtered(lambda a: a.kind == "call").state, "to_call")
        again = self.lists("14:10")
        self.assertEqual(again.case_id, first.case_id | second.case_id)
        self.assertEqual(second.state, "missed")
        self.assertEqual(again.filtered(lambda c: c.case_id == first.case_id).why, "unreached")

    def test_reached_households_are_not_called_again(self):
        first, second = self.lists("10:30").sorted("amount_due")
        self.record(first, "refused", reason_id=self.service.id)
        self.record(second, "promised", promise_date="2026-01-15")
        self.assertFalse(self.lists("14:10"))
        self.assertFalse(self.lists("10:30", day="2026-01-12"), "the month's call is made")
        steps = self.env["pm.dunning.action"].search([("kind", "=", "call"), ("property_id", "=", self.property.id)])
        self.assertEqual(set(steps.mapped("state")), {"done"})

    def test_server_asleep_in_the_morning_makes_one_list_not_two(self):
        calls = self.lists("14:15")
        self.assertEqual(len(calls), 2)
        self.assertEqual(calls.round_id, self.env.ref("pm_fees.call_round_morning"))
        self.assertEqual(set(calls.mapped("state")), {"todo"})

    def test_broken_promise_comes_back_on_the_list(self):
        for call in self.lists("10:30"):
            self.record(call, "promised", promise_date="2026-01-15")
        self.assertFalse(self.lists("10:30", day="2026-01-15"))
        self.run_day("2026-01-16", hour="00:30:00")
        calls = self.lists("10:30", day="2026-01-16")
        self.assertEqual(set(calls.mapped("why")), {"broken"})
        self.record(calls[0], "refused", day="2026-01-16", reason_id=self.service.id)
        self.assertEqual(self.lists("10:30", day="2026-01-17").case_id, calls[1].case_id)

    def test_unanswered_calls_turn_into_a_visit(self):
        for number, day in enumerate(("2026-01-11", "2026-01-12", "2026-01-13", "2026-01-14")):
            call = self.lists("10:30", day=day).filtered(lambda c: c.unit_id == self.units[0])
            self.assertEqual(call.unanswered, number)
            self.assertEqual(call.channel, "phone" if number < 3 else "visit")
            self.record(call, "unreachable", day=day)

    def test_list_of_a_butler_has_a_length(self):
        self.env.ref("pm_fees.call_round_morning").calls_max = 1
        self.assertEqual(self.lists("10:30").amount_due, 300)

    def test_dispute_makes_a_complaint_and_a_hold(self):
        call = self.lists("10:30").filtered(lambda c: c.unit_id == self.units[0])
        with self.assertRaisesRegex(UserError, "choose why"):
            self.record(call, "disputed")
        with self.assertRaisesRegex(UserError, "objects to"):
            self.record(call, "disputed", reason_id=self.service.id)
        self.record(call, "disputed", note="The lift stands still since May", reason_id=self.service.id)
        self.assertEqual(call.ticket_id.type_code, "complaint")
        self.assertEqual((call.ticket_id.unit_id, call.hold_id.state), (self.units[0], "active"))
        self.assertEqual(call.case_id.reason_id, self.service)

    def test_recorded_call_is_history(self):
        call = self.lists("10:30")[0]
        self.record(call, "refused", reason_id=self.service.id)
        self.assertEqual((call.state, call.called_by_id), ("done", self.officer))
        self.assertEqual(call.called_at, datetime(2026, 1, 11, 3, 0))
        for values in ({"result": "promised"}, {"note": "x"}, {"called_by_id": self.manager.id}):
            with self.subTest(values=values), self.assertRaises(UserError):
                call.with_user(self.manager).write(values)
        with self.assertRaises(UserError):
            call.unlink()

    def test_contact_at_the_counter_is_recorded_without_a_list(self):
        call = self.call(
            "refused",
            day="2026-01-11",
            channel="counter",
            reason_id=self.service.id,
            user_id=self.manager.id,
            state="missed",
        )
        self.assertEqual((call.state, call.user_id, call.round_id.id), ("done", self.officer, False))
        self.assertEqual(call.case_id.action_ids.filtered(lambda a: a.kind == "call").state, "done")

    def test_payment_takes_the_household_off_the_list(self):
        call = self.lists("10:30").filtered(lambda c: c.unit_id == self.units[0])
        with freeze_time("2026-01-11 03:00:00"):
            self.pay((call.case_id._overdue_charges(), 300), date="2026-01-11")
        self.assertEqual(call.state, "dropped")

    def test_message_that_cannot_be_sent_becomes_a_call_or_a_paper(self):
        """Payer without e-mail and mobile: the next way, and listed."""
        self.owners[0].write({"email": False, "phone": "0755-1234567"})
        self.owners[1].write({"email": False, "phone": False})
        made = self.run_day("2026-02-10", hour="02:00:00")
        with freeze_time("2026-02-10 03:00:00"):
            self.env["pm.message"]._dispatch()
        states = {a.unit_id: (a.state, bool(a.fallback_reason)) for a in made if a.kind == "message"}
        self.assertEqual(states, {self.units[0]: ("to_call", True), self.units[1]: ("to_deliver", True)})
        paper = made.filtered(lambda a: a.kind == "message" and a.state == "to_deliver")
        self.deliver(paper, "2026-02-11")
        self.assertEqual(paper.state, "done")

    def test_gateway_down_for_a_day_waits_and_then_tries_another_way(self):
        made = self.run_day("2026-02-10").filtered(lambda a: a.kind == "message" and a.unit_id == self.units[0])
        with freeze_time("2026-02-10 03:00:00"):
            self.env["pm.message"]._dispatch()
            self.messages(made)._on_failed("gateway down")
        self.assertEqual(made.state, "queued", "it may still be repeated today")
        self.run_day("2026-02-11")
        self.assertEqual(made.state, "to_call")
        with freeze_time("2026-02-11 03:00:00"):
            message = self.messages(made)[0]
            message._requeue(reason=False)
            message._hand_over()
            message._on_sent()
        self.assertEqual(made.state, "done", "the repeated message arrived after all")
