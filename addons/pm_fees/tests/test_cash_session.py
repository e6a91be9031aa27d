import base64

import psycopg2
from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged
from odoo.tools import file_open, mute_logger

from .cashier_common import CashierCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-20 02:00:00")
class TestCashSession(CashierCase):
    def session(self, **values):
        return self.env["pm.cash.session"].with_user(self.cashier).create({"property_id": self.property.id, **values})

    def test_day_of_a_cashier(self):
        session = self.session(opening_amount=200)
        self.pay((self.charge(), 100))
        self.pay((self.charge(amount=60), 60), method="wechat")
        self.assertEqual((session.cash_due, session.expected_amount, session.payment_count), (100, 300, 2))
        session.counted_amount = 300
        session.action_close()
        session.with_user(self.accountant).action_hand_over()
        self.assertEqual((session.state, session.receiver_id), ("handed_over", self.accountant))
        self.assertFalse(session.difference_move_id)
        content = self.env["pm.document"].with_user(self.accountant)._pdf("pm_fees.cash_handover", session)
        self.assertTrue(content.startswith(b"%PDF"))

    def test_difference_must_be_explained_and_is_booked(self):
        session = self.session()
        self.pay((self.charge(), 100))
        session.counted_amount = 95
        with self.assertRaisesRegex(UserError, "explain the difference"):
            session.action_close()
        session.difference_reason = "Wrong change given"
        session.action_close()
        self.assertEqual(session.difference, -5)
        session.with_user(self.accountant).action_hand_over()
        cash = self.method("cash").account_id
        self.assertEqual(session.difference_move_id.line_ids.filtered(lambda line: line.account_id == cash).balance, -5)

    def test_nobody_signs_for_his_own_cash(self):
        session = self.session()
        session.action_close()
        with self.assertRaises(UserError):
            session.action_hand_over()
        self.cashier.group_ids += self.env.ref("pm_base.group_accountant")
        with self.assertRaisesRegex(UserError, "himself"):
            session.action_hand_over()

    def test_who_signs_has_seen_what_was_counted(self):
        """The accountant's form shows the first count, while the cashier counts again."""
        session = self.session()
        self.pay((self.charge(), 100))
        counts = ["2026-01-20 08:00:00", "2026-01-20 08:05:00"]
        for moment in counts:
            with freeze_time(moment):
                if session.state == "closed":
                    session.action_reopen()
                session.counted_amount = session.cash_due
                session.action_close()
        signing = session.with_user(self.accountant)
        with self.assertRaisesRegex(UserError, "counted anew"):
            signing.with_context(pm_seen_count=counts[0]).action_hand_over()
        signing.with_context(pm_seen_count=counts[1]).action_hand_over()
        self.assertEqual(session.state, "handed_over")

    def test_several_hand_overs_a_day(self):
        for _round in range(2):
            self.pay((self.charge(), 100))
            session = self.env["pm.cash.session"].with_user(self.cashier)._current(self.property)
            session.counted_amount = 100
            session.action_close()
            session.with_user(self.accountant).action_hand_over()
        self.assertEqual(self.env["pm.cash.session"].search_count([("user_id", "=", self.cashier.id)]), 2)

    def test_one_open_session_per_cashier_and_property(self):
        self.session()
        self.env.flush_all()
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.session()

    def test_signed_session_is_closed_for_good(self):
        session = self.session()
        self.pay((self.charge(), 100))
        session.counted_amount = 100
        session.action_close()
        for vals in ({"counted_amount": 90}, {"difference_reason": "Lost"}, {"opening_amount": 10}):
            with self.assertRaisesRegex(UserError, "open it again"):
                session.write(vals)
        session.with_user(self.accountant).action_hand_over()
        with self.assertRaises(UserError):
            session.counted_amount = 90
        with self.assertRaises(UserError):
            session.action_reopen()
        with self.assertRaises(UserError):
            session.unlink()

    def test_cash_void_after_hand_over_comes_out_of_the_next_drawer(self):
        payment = self.pay((self.charge(), 100))
        session = payment.session_id
        session.counted_amount = 100
        session.action_close()
        session.with_user(self.accountant).action_hand_over()
        with self.assertRaisesRegex(UserError, "open cash session"):
            payment.with_user(self.accountant)._reverse("wrong")
        later = self.session(opening_amount=500)
        payment.with_user(self.accountant)._reverse("wrong")
        self.assertEqual((later.cash_out, later.expected_amount, session.cash_due), (100, 400, 100))

    def test_states_and_signatures_cannot_be_typed_in(self):
        session = self.session()
        self.pay((self.charge(), 100))
        for values in ({"state": "handed_over"}, {"receiver_id": self.accountant.id}, {"difference": 0}):
            with self.subTest(values=values), self.assertRaises(AccessError):
                session.write(values)
        with self.assertRaises(UserError):
            session.user_id = self.second_cashier

    def test_both_sign_on_the_screen_for_what_was_counted(self):
        drawn = base64.b64encode(file_open("web/static/img/logo.png", "rb").read())
        session = self.session()
        received = session.with_user(self.accountant)
        self.pay((self.charge(), 100))
        with self.assertRaisesRegex(UserError, "must be counted"):
            session.cashier_signature = drawn
        session.counted_amount = 100
        session.action_close()
        session.cashier_signature = drawn
        with self.assertRaisesRegex(AccessError, "another than its cashier"):
            session.receiver_signature = drawn
        received.receiver_signature = drawn
        session.action_reopen()
        self.assertFalse(session.cashier_signature or session.receiver_signature, "signed was another count")
        session.action_close()
        session.cashier_signature = received.receiver_signature = drawn
        received.action_hand_over()
        self.assertTrue(session.cashier_signature and session.receiver_signature)
        with self.assertRaisesRegex(UserError, "not handed over yet"):
            received.receiver_signature = False
        self.assertTrue(self.env["pm.document"]._pdf("pm_fees.cash_handover", session).startswith(b"%PDF"))

    def test_what_was_booked_after_counting_is_counted_anew(self):
        """A payment that was under way while the drawer was closed is no unexplained difference."""
        session = self.session()
        late = self.pay((self.charge(), 100), method="wechat")
        session.action_close()
        self.env.flush_all()  # the day is over, what differs is written down
        late.sudo().write({"method_id": self.method("cash").id, "session_id": session.id})
        session.invalidate_recordset()
        with self.assertRaisesRegex(UserError, "count anew"):
            session.with_user(self.accountant).action_hand_over()

    def test_no_more_cash_goes_out_than_the_drawer_holds(self):
        payment = self.pay((self.charge(), 100))
        payment.session_id.counted_amount = 100
        payment.session_id.action_close()
        payment.session_id.with_user(self.accountant).action_hand_over()
        self.env.flush_all()  # the evening; the next session is of the next request
        later = self.session()
        with self.assertRaisesRegex(UserError, "opening float"):
            payment.with_user(self.accountant)._reverse("wrong")
        later.opening_amount = 100
        payment.with_user(self.accountant)._reverse("wrong")
        self.assertEqual(later.expected_amount, 0)

    def test_other_cashiers_drawer_is_not_mine(self):
        session = self.session()
        with self.assertRaisesRegex(UserError, "another cashier"):
            self.pay((self.charge(), 100), user=self.second_cashier, session_id=session.id)
        with self.assertRaises(AccessError):
            self.env["pm.cash.session"].with_user(self.officer).create({"property_id": self.property.id})
        for values in ({"counted_amount": 5}, {"opening_amount": 5}, {"user_id": self.second_cashier.id}):
            with self.subTest(values=values), self.assertRaisesRegex(AccessError, "another cashier"):
                session.with_user(self.second_cashier).write(values)

    def test_changed_float_is_on_record(self):
        session = self.session(opening_amount=200).with_context(tracking_disable=False)
        self.env.flush_all()
        self.env.cr.flush()
        session.opening_amount = 150
        self.env.flush_all()
        self.env.cr.flush()
        tracked = session.sudo().message_ids.tracking_value_ids
        self.assertEqual([(value.old_value_float, value.new_value_float) for value in tracked], [(200, 150)])

    def test_reminder_at_hand_over_time_once_a_day(self):
        session = self.session()
        self.pay((self.charge(), 100))
        empty = self.env["pm.cash.session"].with_user(self.second_cashier).create({"property_id": self.property.id})
        self.property.cash_handover_time = 17.0
        cron = self.env.ref("pm_fees.ir_cron_cash_handover")
        for moment, expected in (
            ("2026-01-20 08:59:00", 0),
            ("2026-01-20 09:00:00", 1),
            ("2026-01-20 10:00:00", 1),
            ("2026-01-21 09:30:00", 2),
        ):
            with freeze_time(moment), self.enter_registry_test_mode():
                cron.method_direct_trigger()
            self.assertEqual(len(session.activity_ids), expected, moment)
        self.assertFalse(empty.activity_ids)

    def test_drawer_that_gave_all_its_cash_back_is_counted_too(self):
        session = self.session()
        payment = self.pay((self.charge(), 100))
        payment.with_user(self.accountant)._reverse("wrong")
        self.assertEqual(session.cash_due, 0)
        with freeze_time("2026-01-20 09:00:00"), self.enter_registry_test_mode():
            self.env.ref("pm_fees.ir_cron_cash_handover").method_direct_trigger()
        self.assertEqual(len(session.activity_ids), 1)
