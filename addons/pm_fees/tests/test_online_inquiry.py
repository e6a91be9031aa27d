from datetime import timedelta

from freezegun import freeze_time
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .cashier_common import CashierCase
from .online_common import OnlinePayments


@tagged("post_install", "-at_install")
class TestOnlineInquiry(OnlinePayments, CashierCase):
    """Online payments that the provider never answered: found by the job, decided by the accountant, never lost."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Inquiry = cls.env["pm.online.inquiry"]
        cls.bill = cls.charge(amount=100)
        cls.transaction = cls.online_transaction(
            "PM-0815", amount=100, partner_id=cls.owners[0].id, pm_charge_ids=cls.bill.ids, state="pending"
        )

    def find(self, minutes=61):
        with freeze_time(fields.Datetime.now() + timedelta(minutes=minutes)):
            self.Inquiry._find(self.property)
        return self.Inquiry.search([("transaction_id", "=", self.transaction.id)])

    def receipts(self):
        return self.env["pm.payment"].search([("note", "=", "PM-0815")])

    def test_listed_once_after_the_time_of_the_setting_and_the_accountant_is_told(self):
        self.assertFalse(self.find(59))
        inquiry = self.find()
        self.assertEqual((inquiry.state, inquiry.property_id, inquiry.amount), ("open", self.property, 100))
        self.assertEqual(inquiry.activity_ids.user_id, self.accountant)
        self.assertEqual(self.find(), inquiry)
        self.env["ir.config_parameter"].set_param("pm_fees.online_unanswered_minutes", "600")
        inquiry.unlink()
        self.assertFalse(self.find())

    def test_answered_after_all_it_leaves_the_list_by_itself(self):
        inquiry = self.find()
        self.confirm(self.transaction)
        self.assertEqual(self.find().state, "answered")
        self.assertFalse(inquiry.activity_ids)
        self.assertEqual(self.bill.paid_state, "paid")

    def test_confirmed_but_not_booked_is_booked_by_asking_again(self):
        self.transaction._set_done()
        inquiry = self.find()
        inquiry.with_user(self.accountant).action_ask()
        self.assertEqual((inquiry.state, self.bill.paid_state), ("answered", "paid"))
        self.assertEqual(inquiry.payment_id, self.receipts())

    def test_a_provider_that_can_be_asked_is_asked(self):
        inquiry = self.find()

        def answer(transaction):
            transaction._process("demo", {"reference": transaction.reference, "simulated_state": "done"})
            return True

        self.patch(type(self.transaction), "_pm_ask_provider", answer)
        inquiry.with_user(self.accountant).action_ask()
        self.assertEqual((inquiry.state, self.bill.paid_state), ("answered", "paid"))

    def test_a_provider_that_cannot_be_asked_is_named_with_the_remedy(self):
        with self.assertRaisesRegex(UserError, "merchant console"):
            self.find().with_user(self.accountant).action_ask()

    def test_marked_as_paid_with_the_providers_number_it_is_booked_once(self):
        inquiry = self.find().with_user(self.accountant)
        with self.assertRaisesRegex(UserError, "number"):
            inquiry.action_mark_paid()
        inquiry.proof = "4200001234"
        inquiry.action_mark_paid()
        self.assertEqual((inquiry.state, inquiry.decided_by, self.bill.paid_state), ("paid", self.accountant, "paid"))
        self.assertEqual(self.transaction.provider_reference, "4200001234")
        self.confirm(self.transaction)  # the provider's message comes after all
        with self.assertRaises(UserError):
            inquiry.action_mark_paid()
        self.assertEqual(len(self.receipts()), 1)

    def test_marked_as_not_paid_the_bill_is_free_and_money_that_comes_still_is_booked(self):
        inquiry = self.find().with_user(self.accountant)
        with self.assertRaisesRegex(UserError, "what you found"):
            inquiry.action_mark_unpaid()
        inquiry.note = "not in the console"
        inquiry.action_mark_unpaid()
        self.assertEqual((inquiry.state, self.transaction.state, self.bill.paid_state), ("unpaid", "error", "unpaid"))
        self.find()
        self.assertEqual(inquiry.state, "unpaid")
        self.confirm(self.transaction)
        self.assertEqual(self.bill.paid_state, "paid")
        self.find()
        self.assertEqual(inquiry.state, "answered")

    def test_a_bill_of_the_provider_that_names_it_is_shown(self):
        inquiry = self.find()
        self.assertFalse(inquiry.bank_line_id)
        line = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.method("wechat").journal_id.id,
                "date": "2026-11-20",
                "payment_ref": "商户订单号 PM-0815 物业费",
                "amount": 100,
            }
        )
        inquiry.invalidate_recordset()
        self.assertEqual(inquiry.with_user(self.accountant).bank_line_id, line)

    def test_only_accountants_of_the_property_decide_and_nobody_by_hand(self):
        inquiry = self.find()
        inquiry.proof = "1"
        for user in (self.cashier, self.front_desk):
            for step in ("action_mark_paid", "action_mark_unpaid", "action_ask"):
                with self.subTest(user=user.name, step=step), self.assertRaises(AccessError):
                    getattr(inquiry.with_user(user), step)()
        with self.assertRaises(AccessError):
            inquiry.with_user(self.accountant).write({"state": "paid"})
        stranger = self.accountant.copy({"login": "stranger", "pm_property_ids": [Command.clear()]})
        self.assertFalse(self.Inquiry.with_user(stranger).search([]))
        self.assertEqual(self.bill.paid_state, "unpaid")
