import random

import psycopg2
from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged
from odoo.tools import mute_logger

from .cashier_common import CashierCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-20 02:00:00")
class TestPayment(CashierCase):
    def test_cash_pays_a_charge_and_the_ledger_follows(self):
        charge = self.charge(amount=118.5)
        payment = self.pay((charge, 118.5), cash_given=200).sudo()  # sudo: a cashier does not read the ledger
        self.assertEqual((payment.state, payment.receipt_name), ("posted", "SK-T1-000001"))
        self.assertEqual(payment.cash_change, 81.5)
        self.assertEqual((charge.residual, charge.paid_state), (0.0, "paid"))
        money, receivable = payment.move_id.line_ids.sorted("id")
        self.assertEqual((money.account_id, money.balance), (self.method("cash").account_id, 118.5))
        self.assertEqual((receivable.account_id, receivable.balance), (self.property.receivable_account_id, -118.5))
        self.assertEqual(receivable.partner_id, self.owners[0])
        self.assertEqual(payment.move_id.ref, payment.receipt_name)
        self.assertEqual(payment.session_id.user_id, self.cashier)
        self.assert_books()

    def test_every_method_books_to_its_own_account(self):
        for code in ("cash", "card", "transfer", "wechat", "alipay"):
            payment = self.pay((self.charge(amount=10), 10), method=code).sudo()  # sudo: as above
            self.assertEqual(payment.move_id.line_ids.sorted("id")[0].account_id, self.method(code).account_id)
        accounts = [self.method(code).account_id.id for code in ("cash", "card", "transfer", "wechat", "alipay")]
        self.assertEqual(len(set(accounts)), 5)

    def test_repeated_request_is_booked_once(self):
        charge = self.charge()
        request = self.request([(charge, 40)])
        first = self.env["pm.payment"].with_user(self.cashier)._register_payment(dict(request))
        again = self.env["pm.payment"].with_user(self.cashier)._register_payment(dict(request))
        self.assertEqual(first, again)
        self.assertEqual(charge.residual, 60)

    def test_key_of_another_payment_is_refused(self):
        charge = self.charge()
        request = self.request([(charge, 40)])
        self.env["pm.payment"].with_user(self.cashier)._register_payment(dict(request))
        other = self.charge()
        for values in (
            {"amount": 41.0},
            {"method_id": self.method("wechat").id},
            {"lines": [{"charge_id": other.id, "amount": 40}]},
        ):
            with (
                self.subTest(values=values),
                self.assertRaisesRegex(UserError, "booked as receipt SK-T1-000001 already"),
            ):
                self.env["pm.payment"].with_user(self.cashier)._register_payment({**request, **values})
        self.assertEqual((charge.residual, other.residual), (60, 100))

    def test_a_confirmation_that_comes_again_finds_nothing_owed_and_is_the_same(self):
        charge = self.charge()
        request = self.request([(charge, 100)], method="online", source="online", allow_credit=True)
        first = self.env["pm.payment"].sudo()._register_payment(dict(request))
        self.assertEqual(self.env["pm.payment"].sudo()._register_payment({**request, "lines": []}), first)

    def test_counter_books_under_keys_of_its_own(self):
        """Else a cashier could book under the key of an online payment, and that would count as booked."""
        done = (
            self.env["pm.payment"]
            .with_user(self.cashier)
            .counter_pay(
                {
                    "request_key": "online/S00001",
                    "unit_id": self.units[0].id,
                    "partner_id": self.owners[0].id,
                    "method_id": self.method("wechat").id,
                    "amount": 10,
                    "allow_credit": True,
                }
            )
        )
        self.assertEqual(self.env["pm.payment"].browse(done["payment_id"]).request_key, "counter/online/S00001")

    def test_database_refuses_a_second_key(self):
        payment = self.pay((self.charge(), 40))
        self.env.flush_all()
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.env.cr.execute(
                "INSERT INTO pm_payment (request_key, direction, source, property_id, company_id, currency_id, partner_id, method_id,"
                " amount, date, registered_at, user_id, state) SELECT request_key, direction, source, property_id, company_id, currency_id,"
                " partner_id, method_id, amount, date, registered_at, user_id, 'draft' FROM pm_payment WHERE id = %s",
                (payment.id,),
            )

    def test_second_cashier_finds_nothing_left(self):
        charge = self.charge()
        self.pay((charge, 100))
        with self.assertRaisesRegex(UserError, "paid in the meantime"):
            self.pay((charge, 100), user=self.second_cashier)

    def test_part_payments_until_nothing_is_owed(self):
        charge = self.charge(amount=100)
        for part, left, state in ((30, 70, "partial"), (30, 40, "partial"), (40, 0, "paid")):
            self.pay((charge, part))
            self.assertEqual((charge.residual, charge.paid_state), (left, state))
        self.assert_books()

    def test_more_than_owed_is_refused_unless_kept_as_credit(self):
        charge = self.charge(amount=100)
        with self.assertRaisesRegex(UserError, "more than the"):
            self.pay((charge, 100.01))
        with self.assertRaisesRegex(UserError, "for nothing"):
            self.pay((charge, 100), amount=150)
        payment = self.pay((charge, 100), amount=150, allow_credit=True)
        self.assertEqual(payment.credit_amount, 50)
        self.assertEqual(payment.line_ids.filtered(lambda line: line.kind == "credit").open_credit, 50)
        self.assert_books()

    def test_prepayment_without_any_charge(self):
        payment = self.pay(amount=300, allow_credit=True, unit_id=self.units[0].id)
        self.assertEqual(
            (payment.credit_amount, payment.line_ids.account_id), (300, self.property.receivable_account_id)
        )
        self.assert_books()

    def test_bad_amounts_are_refused(self):
        charge = self.charge()
        for amount in (0, -5, float("nan"), float("inf"), "5", None, True, 0.001, 10.005):
            with self.subTest(amount=amount), self.assertRaises(UserError):
                self.env["pm.payment"].with_user(self.cashier)._register_payment(
                    {
                        **self.request([(charge, 10)]),
                        "amount": amount,
                        "lines": [{"charge_id": charge.id, "amount": amount}],
                    }
                )
        self.assertEqual(charge.residual, 100)

    def test_cash_given_is_an_amount(self):
        for given in ("200", float("inf"), float("nan"), -5, 100.001):
            with self.subTest(given=given), self.assertRaises(UserError):
                self.pay((self.charge(), 100), cash_given=given)

    def test_cash_that_does_not_cover_is_refused(self):
        with self.assertRaisesRegex(UserError, "does not cover"):
            self.pay((self.charge(), 100), cash_given=99)

    def test_one_charge_twice_in_a_request_counts_together(self):
        charge = self.charge(amount=100)
        with self.assertRaisesRegex(UserError, "more than the"):
            self.pay((charge, 60), (charge, 60))
        self.pay((charge, 60), (charge, 40))
        self.assertEqual(charge.residual, 0)

    def test_future_date_and_closed_period_are_refused(self):
        with self.assertRaisesRegex(UserError, "future"):
            self.pay((self.charge(), 100), date="2026-01-21")
        charge = self.charge()
        self.company.fiscalyear_lock_date = "2026-01-20"
        with self.assertRaisesRegex(UserError, "books are closed"):
            self.pay((charge, 100))

    def test_draft_charge_and_foreign_account_are_refused(self):
        charge = self.charge()
        charge.sudo().state = "approved"
        with self.assertRaisesRegex(UserError, "must be posted"):
            self.pay((charge, 100))
        with self.assertRaisesRegex(UserError, "needs a charge"):
            self.pay(amount=10, lines=[{"account_id": self.property.receivable_account_id.id, "amount": 10}])

    def test_one_payment_for_many_units(self):
        first, second = self.charge(amount=100), self.charge(unit=self.units[1], amount=50, partner=self.owners[0])
        payment = self.pay((first, 100), (second, 50))
        self.assertFalse(payment.unit_id)
        self.assertEqual((first.paid_state, second.paid_state), ("paid", "paid"))
        self.assert_books()

    def test_line_on_an_account_of_another_module(self):
        """As a renovation deposit does: a liability, without charge."""
        account = self.property._ensure_account(self.company, "224120", "liability_current", "Deposits", reconcile=True)
        payment = self.pay(
            amount=2000, lines=[{"account_id": account.id, "label": "Renovation deposit", "amount": 2000}]
        )
        # sudo: a cashier does not read the ledger
        deposit = payment.sudo().move_id.line_ids.filtered(lambda line: line.account_id == account)
        self.assertEqual(deposit.balance, -2000)
        back = (
            self.env["pm.payment"]
            .with_user(self.cashier)
            ._register_payment(
                {
                    **self.request([], amount=2000),
                    "direction": "out",
                    "origin_payment_id": payment.id,
                    "lines": [{"account_id": account.id, "label": "Deposit back", "amount": 2000}],
                }
            )
        )
        self.assertEqual(back.receipt_name, "TK-T1-000001")
        self.assertEqual(
            sum(self.env["account.move.line"].search([("account_id", "=", account.id)]).mapped("balance")), 0
        )

    def test_refund_goes_to_the_original_payer_and_never_exceeds(self):
        account = self.property._ensure_account(self.company, "224120", "liability_current", "Deposits", reconcile=True)
        payment = self.pay(amount=2000, lines=[{"account_id": account.id, "label": "Deposit", "amount": 2000}])
        refund = {
            **self.request([], amount=1500),
            "direction": "out",
            "origin_payment_id": payment.id,
            "lines": [{"account_id": account.id, "label": "Deposit back", "amount": 1500}],
        }
        with self.assertRaisesRegex(UserError, "original payer"):
            self.env["pm.payment"].with_user(self.cashier)._register_payment(
                {**refund, "partner_id": self.owners[1].id}
            )
        self.env["pm.payment"].with_user(self.cashier)._register_payment(dict(refund))
        with self.assertRaisesRegex(UserError, "refunded already"):
            self.env["pm.payment"].with_user(self.cashier)._register_payment({**refund, "request_key": "second"})
        with self.assertRaisesRegex(UserError, "void the refund first"):
            payment.with_user(self.accountant)._reverse("wrong")

    # -- who may -----------------------------------------------------------------------------------------------------

    def test_only_cashiers_take_money(self):
        charge = self.charge()
        for role in (
            "front_desk",
            "officer",
            "assistant",
            "supervisor",
            "manager",
            "technician",
            "accountant",
            "counsel",
            "leadership",
        ):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.pay((charge, 10), user=getattr(self, role))
        with self.assertRaises(AccessError):
            self.pay((charge, 10), user=self.outsider)
        self.assertEqual(charge.residual, 100)

    def test_nobody_writes_or_deletes_payments_by_hand(self):
        payment = self.pay((self.charge(), 100))
        for user in (self.cashier, self.accountant, self.manager, self.leadership):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                payment.with_user(user).write({"amount": 1})
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                payment.with_user(user).unlink()
        with self.assertRaises(UserError):
            payment.unlink()
        with self.assertRaises(UserError):
            self.env["pm.payment"].create({"request_key": "x"})

    def test_cashier_of_another_property_sees_nothing(self):
        payment = self.pay((self.charge(), 100))
        self.second_cashier.pm_property_ids = self.second_property
        self.assertFalse(self.env["pm.payment"].with_user(self.second_cashier).search([]))
        with self.assertRaises(AccessError):
            self.pay((self.charge(), 100), user=self.second_cashier)
        with self.assertRaises(AccessError):
            payment.with_user(self.second_cashier).read(["amount"])

    def test_counter_finds_a_household_by_code_name_and_phone(self):
        counter = self.env["pm.payment"].with_user(self.cashier)
        for query in ("A-101", "101", "Owner 1", "19900000001", "0000 0001"):
            with self.subTest(query=query):
                self.assertIn(self.units[0].id, [row["id"] for row in counter.counter_search(query, self.property.id)])
        self.assertEqual(counter.counter_search("  "), [])
        self.assertEqual(counter.counter_search("nobody", self.property.id), [])

    def test_counter_pays_what_the_household_owes(self):
        charge = self.charge(amount=80)
        counter = self.env["pm.payment"].with_user(self.cashier)
        household = counter.counter_household(self.units[0].id)
        self.assertEqual(
            [(row["id"], row["residual"], row["days"]) for row in household["charges"]], [(charge.id, 80, 10)]
        )
        done = counter.counter_pay(
            {
                "request_key": "counter-1",
                "unit_id": self.units[0].id,
                "partner_id": self.owners[0].id,
                "method_id": self.method("cash").id,
                "amount": 80,
                "cash_given": 100,
                "lines": [{"charge_id": charge.id, "amount": 80}],
            }
        )
        self.assertEqual((done["change"], charge.residual), (20, 0))
        self.assertEqual(counter.counter_household(self.units[0].id)["charges"], [])

    def test_credit_pays_the_oldest_charges_without_new_money(self):
        prepaid = self.pay(amount=150, allow_credit=True, unit_id=self.units[0].id)
        old, new = self.charge(amount=100, due="2025-11-10"), self.charge(amount=100, due="2025-12-10")
        counter = self.env["pm.payment"].with_user(self.cashier)
        household = counter.counter_household(self.units[0].id)
        self.assertEqual(household["credits"][self.owners[0].id], 150)
        use = [self.units[0].id, self.owners[0].id, (old | new).ids]
        with self.assertRaises(AccessError):
            counter.with_user(self.officer).counter_use_credit(*use)
        self.assertEqual(counter.counter_use_credit(*use), {"used": 150})
        self.assertEqual((old.residual, new.residual), (0, 50))
        self.assertEqual(self.env["pm.payment"].search_count([("unit_id", "=", self.units[0].id)]), 1)
        with self.assertRaisesRegex(UserError, "no credit"):
            counter.counter_use_credit(*use)
        with self.assertRaisesRegex(UserError, "already used"):
            prepaid.with_user(self.accountant)._reverse("wrong")
        self.assert_books()

    def test_money_of_a_former_payer_is_seen_at_the_counter(self):
        """Who moved out and left money here comes to ask for it: the household names him, as long as something is left."""
        self.pay(amount=150, allow_credit=True, unit_id=self.units[0].id)
        seller, buyer = self.owners[0], self.owners[1]
        parties = self.units[0].party_ids.filtered("is_payer")
        parties.date_to = "2026-01-10"
        self.env["pm.unit.party"].create(
            {
                "unit_id": self.units[0].id,
                "partner_id": buyer.id,
                "role": "owner",
                "is_payer": True,
                "date_from": "2026-01-11",
            }
        )
        household = self.env["pm.payment"].with_user(self.cashier).counter_household(self.units[0].id)
        self.assertEqual([payer["id"] for payer in household["payers"]], [buyer.id, seller.id])
        self.assertEqual(household["credits"], {buyer.id: 0, seller.id: 150})

    # -- voiding -------------------------------------------------------------------------------------------------------

    def test_voided_payment_opens_the_charge_and_keeps_its_number(self):
        charge = self.charge()
        payment = self.pay((charge, 100))
        payment.with_user(self.accountant)._reverse("wrong household")
        self.assertEqual((payment.state, payment.receipt_name), ("reversed", "SK-T1-000001"))
        self.assertEqual((charge.residual, charge.paid_state), (100, "unpaid"))
        self.assertEqual(payment.reversal_move_id.reversed_entry_id, payment.move_id)
        self.assertEqual(payment.session_id.cash_due, 0)
        self.assertEqual(self.pay((charge, 100)).receipt_name, "SK-T1-000002")
        self.assert_books()

    def test_voiding_needs_a_reason_and_the_right_role_and_happens_once(self):
        payment = self.pay((self.charge(), 100))
        with self.assertRaises(AccessError):
            payment.with_user(self.cashier)._reverse("mine")
        with self.assertRaisesRegex(UserError, "reason"):
            payment.with_user(self.supervisor)._reverse("  ")
        payment.with_user(self.supervisor)._reverse("double")
        with self.assertRaisesRegex(UserError, "already voided"):
            payment.with_user(self.supervisor)._reverse("double")

    def test_entry_of_a_receipt_cannot_be_undone_in_the_ledger(self):
        payment = self.pay((self.charge(), 100))
        with self.assertRaisesRegex(UserError, "void the receipt"):
            payment.move_id.button_draft()
        with self.assertRaisesRegex(UserError, "void the receipt"):
            payment.move_id._reverse_moves(cancel=True)

    # -- the lock --------------------------------------------------------------------------------------------------------

    def test_receivable_lines_are_locked_in_order(self):
        charges = self.charge() | self.charge(unit=self.units[1])
        queries = []
        execute = type(self.env.cr).execute

        def spy(cursor, query, *args, **kwargs):
            queries.append(str(getattr(query, "code", query)))
            return execute(cursor, query, *args, **kwargs)

        with self.patch_cursor(spy):
            self.env["pm.payment"]._lock_receivables(charges)
        self.assertTrue(
            any("FROM account_move_line" in query and "ORDER BY id FOR UPDATE" in query for query in queries)
        )

    def patch_cursor(self, spy):
        from unittest.mock import patch

        return patch.object(type(self.env.cr), "execute", spy)

    # -- any history -----------------------------------------------------------------------------------------------------

    def test_random_histories_keep_books_and_receipts_in_order(self):
        rng = random.Random(2026)
        charges, payments = [], []
        for _step in range(40):
            action = rng.choice(("bill", "bill", "pay", "pay", "part", "void", "prepay"))
            open_charges = [charge for charge in charges if charge.residual > 0]
            if action == "bill":
                charges.append(self.charge(unit=rng.choice(self.units), amount=rng.randint(1, 30000) / 100))
            elif action in ("pay", "part") and open_charges:
                charge = rng.choice(open_charges)
                part = charge.residual if action == "pay" else max(round(charge.residual * rng.random(), 2), 0.01)
                payments.append(self.pay((charge, part), method=rng.choice(("cash", "wechat", "card"))))
            elif action == "prepay":
                payments.append(
                    self.pay(amount=rng.randint(1, 10000) / 100, allow_credit=True, unit_id=self.units[0].id)
                )
            elif action == "void" and payments:
                payment = payments.pop(rng.randrange(len(payments)))
                payment.with_user(self.accountant)._reverse("test")
        self.assert_books()
        numbers = sorted(
            self.env["pm.payment"].search([("property_id", "=", self.property.id)]).mapped("receipt_number")
        )
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
