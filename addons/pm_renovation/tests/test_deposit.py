import random

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests.common import tagged

from .common import PNG, RenovationCase


@tagged("post_install", "-at_install")
class TestDeposit(RenovationCase):
    def deduct(self, case, amount, evidence=True, consent=True):
        file = self.env["ir.attachment"].with_user(self.officer).create({"name": "photo.png", "raw": PNG})
        return (
            self.env["pm.deposit.deduction"]
            .with_user(self.officer)
            .create(
                {
                    "deposit_id": case.deposit_id.id,
                    "name": "Lift panel dented",
                    "amount": amount,
                    "attachment_ids": [fields.Command.set(file.ids if evidence else [])],
                    "consent_attachment_ids": [fields.Command.set(file.ids if consent else [])],
                }
            )
        )

    def test_deposit_is_a_liability_of_the_property(self):
        case = self.bring_to("deposit_paid")
        deposit = case.deposit_id
        self.assertEqual(deposit.account_id, self.property.deposit_account_id)
        self.assertEqual(deposit.account_id.account_type, "liability_current")
        self.assertTrue(deposit.account_id.reconcile)
        self.assertTrue(deposit.account_id.code.startswith("2241"))
        self.assertEqual(self.property.deposit_ledger, 3000.0)
        self.assertLedger()

    def test_each_property_has_its_own_account(self):
        other = self.env["pm.property"].create({"name": "Other", "code": "T2"})
        other._ensure_accounts()
        self.property._ensure_accounts()
        self.assertTrue(other.deposit_account_id)
        self.assertNotEqual(other.deposit_account_id, self.property.deposit_account_id)

    def test_the_property_of_a_branch_has_its_own_account_in_the_chart_of_its_company(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        properties = self.env["pm.property"].with_company(branch)
        prop = properties.create({"name": "Branch", "code": "BR", "company_id": branch.id}).with_env(self.env)
        prop._ensure_accounts()
        accounts = prop.deposit_account_id | prop._owners_income_account()
        self.assertEqual(accounts.company_ids, self.company.root_id)
        self.assertNotIn(self.property.deposit_account_id, accounts)
        self.assertEqual(len(accounts), 2)

    def test_account_of_deposits_serves_nothing_else(self):
        """The balance is what is held only while nothing else is booked there, from whichever side it is set (L-04, L-11)."""
        prop = self.property
        prop._ensure_accounts()
        other = self.env["pm.property"].create({"name": "Other", "code": "T2"})
        other._ensure_accounts()
        owners = prop._owners_income_account()
        for record, name, account in (
            (prop, "owners_income_account_id", prop.deposit_account_id),
            (prop, "owners_income_account_id", other.deposit_account_id),
            (prop, "deposit_account_id", owners),
            (other, "deposit_account_id", prop.deposit_account_id),
            (other, "passthrough_account_id", prop.deposit_account_id),
        ):
            with self.subTest(field=name), self.assertRaisesRegex(ValidationError, "is used for"), self.cr.savepoint():
                record[name] = account

    def test_amount_rules(self):
        unit = self.units[1]
        self.property.write({"renovation_deposit_method": "area", "renovation_deposit_rate": 12.34})
        self.assertEqual(self.property._renovation_deposit(unit), self.property.currency_id.round(12.34 * 118.5))
        self.property.renovation_deposit_method = "none"
        self.assertEqual(self.property._renovation_deposit(unit), 0.0)

    def test_only_the_cashier_takes_money(self):
        case = self.bring_to("agreement_signed")
        for role in ("officer", "supervisor", "manager", "accountant"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.as_user(case.deposit_id, role)._receive(self.method)

    def test_deposit_is_paid_once(self):
        case = self.bring_to("deposit_paid")
        with self.assertRaises(UserError):
            self.pay(case)
        self.assertLedger()

    def test_refund_goes_out_once(self):
        case = self.bring_to("refunded")
        with self.assertRaises(UserError):
            self.as_user(case.deposit_id, "cashier")._refund(self.method)
        payments = self.env["pm.payment"].search(
            [("partner_id", "=", case.deposit_payer_id.id), ("direction", "=", "out")]
        )
        self.assertEqual(len(payments), 1)
        self.assertEqual(payments.partner_id, case.deposit_payer_id)
        self.assertLedger()

    def test_refund_needs_a_request(self):
        case = self.bring_to("accepted")
        with self.assertRaises(UserError):
            self.as_user(case.deposit_id, "cashier")._refund(self.method)

    def test_refund_goes_to_the_payer_when_the_unit_was_sold(self):
        case = self.bring_to("in_progress")
        self.parties[0].write({"date_to": fields.Date.subtract(self.today, days=1)})
        self.env["pm.unit.party"].create(
            {
                "unit_id": self.units[0].id,
                "partner_id": self.owners[2].id,
                "role": "owner",
                "share": 100,
                "is_payer": True,
                "date_from": self.today,
            }
        )
        with self.assertRaisesRegex(UserError, "same payer"):
            self.as_user(case, "officer").write({"deposit_payer_id": self.owners[2].id})
        self.bring_to("refunded", case)
        self.assertEqual(case.deposit_id.refund_payment_id.partner_id, self.owners[0])

    def test_payer_may_be_the_contractor(self):
        builder = self.env["res.partner"].create({"name": "Sunny Builders", "is_company": True})
        case = self.make_case(contractor_id=builder.id, deposit_payer_id=builder.id)
        self.bring_to("refunded", case)
        self.assertEqual((case.deposit_id.payment_id | case.deposit_id.refund_payment_id).partner_id, builder)

    def test_deduction_needs_evidence_consent_and_room(self):
        case = self.bring_to("accepted")
        with self.assertRaisesRegex(ValidationError, "more than the deposit"), self.env.cr.savepoint():
            self.deduct(case, 3000.01)
        with self.assertRaisesRegex(UserError, "evidence"):
            self.deduct(case, 10.0, evidence=False).action_agree()
        with self.assertRaisesRegex(UserError, "consent"):
            self.deduct(case, 10.0, consent=False).action_agree()

    def test_deductions_together_cannot_exceed_the_deposit(self):
        case = self.bring_to("accepted")
        self.deduct(case, 2000.0)
        with self.assertRaises(ValidationError):
            self.deduct(case, 1000.01)

    def test_agreed_deduction_lowers_the_refund_and_the_liability(self):
        case = self.bring_to("accepted")
        self.deduct(case, 450.0).action_agree()
        self.assertLedger()
        self.bring_to("refunded", case)
        self.assertEqual(case.deposit_id.refund_payment_id.amount, 2550.0)
        self.assertEqual(case.deposit_id.deduction_ids.state, "booked")
        self.assertLedger()
        self.assertEqual(self.property.deposit_ledger, 0.0)

    def test_contested_deduction_never_holds_the_refund(self):
        case = self.bring_to("accepted")
        self.deduct(case, 450.0).action_contest()
        self.bring_to("refunded", case)
        self.assertEqual(case.deposit_id.refund_payment_id.amount, 3000.0)

    def test_deduction_of_the_whole_deposit_needs_no_payment(self):
        case = self.bring_to("refund_requested")
        self.deduct(case, 3000.0).action_agree()
        payment = self.as_user(case.deposit_id, "cashier")._refund(self.method)
        self.assertFalse(payment)
        self.assertEqual((case.state, case.deposit_id.state), ("refunded", "refunded"))
        self.assertLedger()

    def test_no_deduction_from_an_unpaid_deposit(self):
        case = self.bring_to("agreement_signed")
        with self.assertRaisesRegex(ValidationError, "must be held"):
            self.deduct(case, 10.0)

    def test_voided_receipt_makes_the_deposit_due_again(self):
        case = self.bring_to("deposit_paid")
        case.deposit_id.payment_id.with_user(self.accountant)._reverse("Wrong household")
        self.assertEqual((case.state, case.deposit_id.state), ("agreement_signed", "due"))
        self.assertLedger()
        self.pay(case)
        self.assertEqual((case.state, case.deposit_id.state), ("deposit_paid", "held"))
        self.assertLedger()

    def test_voided_refund_can_be_paid_again(self):
        case = self.bring_to("refunded")
        case.deposit_id.refund_payment_id.with_user(self.accountant)._reverse("Transfer came back")
        self.assertEqual((case.state, case.deposit_id.state), ("refund_requested", "refund_requested"))
        self.assertLedger()
        self.as_user(case.deposit_id, "cashier")._refund(self.method)
        self.assertEqual(case.state, "refunded")
        self.assertLedger()

    def test_receipt_is_not_voided_under_a_paid_refund(self):
        case = self.bring_to("refunded")
        with self.assertRaises(UserError):
            case.deposit_id.payment_id.with_user(self.accountant)._reverse("Wrong")

    def test_cashiers_window_receives_and_refunds(self):
        case = self.bring_to("agreement_signed")
        Wizard = self.env["pm.deposit.pay"].with_user(self.cashier)
        wizard = Wizard.create({"deposit_id": case.deposit_id.id, "method_id": self.method.id})
        self.assertEqual(wizard.amount, 3000.0)
        wizard.action_confirm()
        self.bring_to("refund_requested", case)
        refund = Wizard.create({"deposit_id": case.deposit_id.id})
        self.assertEqual(refund.method_id, self.method, "money goes back the way it came")
        refund.action_confirm()
        self.assertEqual(case.deposit_id.state, "refunded")

    def test_nobody_writes_or_deletes_a_deposit(self):
        case = self.bring_to("deposit_paid")
        for role in ("officer", "manager", "cashier", "accountant"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.as_user(case.deposit_id, role).write({"amount": 1.0})
        with self.assertRaises(UserError):
            case.deposit_id.unlink()

    def test_ledger_holds_on_random_histories(self):
        """Whatever order clerks choose, the liability account is the sum of deposits held."""
        rng = random.Random(20261121)
        cases = [self.bring_to("agreement_signed", self.make_case(unit)) for unit in self.units]

        def step(case):
            deposit = case.deposit_id
            choice = rng.random()
            if deposit.state == "due":
                self.pay(case)
            elif deposit.state == "held" and choice < 0.3:
                deposit.payment_id.with_user(self.accountant)._reverse("Wrong")
            elif deposit.state == "held" and choice < 0.6:
                room = deposit.amount - sum(
                    deposit.deduction_ids.filtered(lambda d: d.state != "cancelled").mapped("amount")
                )
                if room > 1:
                    deduction = self.deduct(case, self.property.currency_id.round(room * rng.random() * 0.5 + 0.01))
                    getattr(deduction, rng.choice(["action_agree", "action_contest", "action_cancel"]))()
            elif deposit.state == "held":
                deposit._request_refund()
            elif deposit.state == "refund_requested":
                self.as_user(deposit, "cashier")._refund(self.method)
            elif deposit.state == "refunded" and deposit.refund_payment_id and choice < 0.5:
                deposit.refund_payment_id.with_user(self.accountant)._reverse("Came back")

        for __ in range(40):
            step(rng.choice(cases))
            self.assertLedger()
