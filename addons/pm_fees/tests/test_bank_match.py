from freezegun import freeze_time
from odoo.exceptions import AccessError, UserError
from odoo.tests.common import tagged

from ..models.bank_unit_remark import find_codes
from ..models.payment_reference import make_reference
from .cashier_common import CashierCase


@tagged("post_install", "-at_install")
@freeze_time("2026-01-20 02:00:00")
class TestBankMatch(CashierCase):
    def line(self, amount, text="", name="", account="", **values):
        return self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.method("transfer").journal_id.id,
                "date": "2026-01-15",
                "amount": amount,
                "payment_ref": text or "transfer",
                "partner_name": name,
                "account_number": account,
                **values,
            }
        )

    def reference(self, unit):
        return make_reference("unit", unit.id)

    def unit_elsewhere(self):
        """A unit of the property for which the users of the first do not work."""
        self.second_property._ensure_accounts()
        building = self.env["pm.building"].create({"property_id": self.second_property.id, "name": "B1", "code": "B1"})
        return self.env["pm.unit"].create(
            {"property_id": self.second_property.id, "building_id": building.id, "code": "E-1", "name": "E-1"}
        )

    def assert_matched(self, line, charges):
        self.assertEqual(line.pm_match_state, "matched", line.pm_proposal_ids.mapped("reason_text"))
        self.assertTrue(line.is_reconciled)
        self.assertEqual(set(charges.mapped("paid_state")), {"paid"})
        payment = line.pm_payment_ids
        self.assertEqual((payment.source, payment.state, payment.move_id), ("bank", "posted", line.move_id))
        self.assertTrue(payment.receipt_name)
        self.assert_books()

    def test_reference_with_check_digits_is_certain(self):
        charge = self.charge(amount=118.5)
        line = self.line(118.5, f"物业费 {self.reference(self.units[0])}", name="Somebody else")
        self.assertEqual(line._pm_match(), {"matched": 1, "proposed": 0, "unknown": 0})
        self.assert_matched(line, charge)

    def test_wrong_check_digit_is_no_reference(self):
        self.charge(amount=118.5)
        good = self.reference(self.units[0])
        line = self.line(99, f"fee {good[:-1]}{(int(good[-1]) + 1) % 10}")
        line._pm_match()
        self.assertEqual(line.pm_match_state, "unknown")
        self.assertFalse(line.is_reconciled)

    def test_a_unit_named_in_the_remark_is_proposed_and_never_booked_by_itself(self):
        """A code has no check digits, and the neighbour owes the same amount."""
        self.assertEqual(find_codes("代交a－0802和A-0704物业费 2026年11月 618 Nov"), ["a-0802", "a-0704"])
        charge, other = self.charge(amount=118.5), self.charge(unit=self.units[1], amount=77)
        code = self.units[0].code
        line = self.line(118.5, f"代交{code.lower()}物业费", name="某人")
        both = self.line(195.5, f"{code}和{self.units[1].code}", name="某人")
        unknown = self.line(118.6, "代交Z-9999物业费", name="某人")
        (line | both | unknown)._pm_match()
        self.assertEqual((line.pm_match_state, unknown.pm_match_state), ("proposed", "unknown"))
        self.assertEqual(line.pm_proposal_ids.mapped("reason"), ["remark"])
        self.assertIn(code, line.pm_proposal_ids.reason_text)
        self.assertEqual(both.pm_proposal_ids.partner_id, charge.partner_id | other.partner_id)
        line.pm_proposal_ids.with_user(self.accountant).action_accept()
        self.assert_matched(line, charge)

    def test_a_voided_match_is_no_reason_for_the_next(self):
        """Whoever was matched by mistake is not the payer of the account; an account that has paid otherwise stays his."""
        self.charge(amount=100)
        line = self.line(100, name="Owner 1", account="6222 01")
        line._pm_match()
        known = self.env["pm.payer.account"].search([("account_number", "=", "622201")])
        self.assertEqual(known.partner_id, self.owners[0])
        self.charge(amount=60)
        other = self.line(60, name="Owner 1", account="622201")
        other._pm_match()
        other.pm_payment_ids.with_user(self.accountant)._reverse("wrong")
        self.assertTrue(known.exists(), "another receipt has come from this account")
        line.pm_payment_ids.with_user(self.accountant)._reverse("wrong")
        self.assertFalse(known.exists())

    def test_part_payment_by_reference_pays_the_oldest_first(self):
        old, new = self.charge(amount=100, due="2025-11-10"), self.charge(amount=100, due="2025-12-10")
        line = self.line(150, self.reference(self.units[0]))
        line._pm_match()
        self.assertEqual((line.pm_match_state, old.residual, new.residual), ("matched", 0, 50))
        self.assert_books()

    def test_reference_of_one_unit_with_the_whole_amount_pays_all_units_of_its_payer(self):
        self.env["pm.unit.party"].search([("unit_id", "=", self.units[1].id)]).partner_id = self.owners[0]
        one, other = self.charge(amount=100), self.charge(self.units[1], amount=70)
        self.assertEqual(other.partner_id, self.owners[0])
        line = self.line(170, self.reference(self.units[0]), name="Somebody else")
        line._pm_match()
        self.assert_matched(line, one | other)

    def test_reference_of_a_unit_and_the_amount_of_its_property(self):
        """What the payer owes elsewhere is another book's; that part of it is known from another line plays no role."""
        elsewhere = self.unit_elsewhere()
        self.env["pm.unit.party"].search([("unit_id", "in", self.units[:3].ids)]).partner_id = self.owners[0]
        one, two, three = (
            self.charge(unit, amount=amount) for unit, amount in zip(self.units[:3], (100, 70, 20), strict=True)
        )
        aside = self.charge(elsewhere, amount=5, partner=self.owners[0])
        part, other = self.line(170, self.reference(self.units[0])), self.line(10, self.reference(self.units[1]))
        part._pm_match()
        self.assertEqual((part.pm_match_state, two.residual), ("proposed", 70), "100 + 70 is not what he owes")
        (part | other)._pm_match()
        self.assertEqual((part.pm_match_state, other.pm_match_state, two.residual), ("proposed", "matched", 60))
        whole = self.line(180, self.reference(self.units[0]))
        whole._pm_match()
        self.assertEqual(whole.pm_match_state, "matched")
        self.assertEqual((set((one | two | three).mapped("residual")), aside.residual), ({0}, 5))

    def test_more_than_owed_is_proposed_with_credit(self):
        charge = self.charge(amount=100)
        line = self.line(130, self.reference(self.units[0]))
        line._pm_match()
        self.assertEqual(line.pm_match_state, "proposed")
        proposal = line.pm_proposal_ids
        self.assertEqual((proposal.reason, proposal.credit_amount), ("reference", 30))
        self.assertEqual(charge.residual, 100)
        proposal.with_user(self.accountant).action_accept()
        self.assert_matched(line, charge)
        self.assertEqual(line.pm_payment_ids.credit_amount, 30)

    def test_payer_name_and_exact_total_is_certain(self):
        charges = self.charge(amount=100) | self.charge(amount=50, due="2025-12-10")
        line = self.line(150, name="Owner 1")
        line._pm_match()
        self.assert_matched(line, charges)

    def test_payer_name_with_another_amount_is_proposed(self):
        charge = self.charge(amount=100)
        line = self.line(70, name="Owner 1")
        line._pm_match()
        self.assertEqual((line.pm_match_state, charge.residual), ("proposed", 100))
        self.assertIn("less than owed", line.pm_proposal_ids.reason_text)

    def test_two_people_of_one_name_are_left_to_a_person(self):
        twin = self.env["res.partner"].create({"name": "Owner 1"})
        self.charge(amount=100)
        self.charge(unit=self.units[1], amount=100, partner=twin)
        line = self.line(100, name="Owner 1")
        line._pm_match()
        self.assertEqual((line.pm_match_state, len(line.pm_proposal_ids)), ("proposed", 2))

    def test_amount_alone_is_only_proposed(self):
        self.charge(amount=123.45)
        line = self.line(123.45, name="Nobody known")
        line._pm_match()
        self.assertEqual((line.pm_match_state, line.pm_proposal_ids.reason), ("proposed", "amount"))

    def test_an_amount_that_many_owe_says_nothing(self):
        """Neighbours of the same size owe the same: a proposal of some of them would be one click from the wrong house."""
        payers = self.env["res.partner"].create([{"name": f"Payer {number}"} for number in range(6)])
        for payer in payers[:5]:
            self.charge(amount=123.45, partner=payer)
        line = self.line(123.45, name="Nobody known")
        line._pm_match()
        self.assertEqual((line.pm_match_state, line.pm_proposal_ids.partner_id), ("proposed", payers[:5]))
        self.charge(amount=123.45, partner=payers[5])
        again = self.line(123.45, name="Nobody known")
        again._pm_match()
        self.assertEqual((again.pm_match_state, len(again.pm_proposal_ids)), ("unknown", 0))

    def test_what_is_certain_is_booked_before_anything_is_proposed(self):
        """The line before would be proposed to a payer who has paid by the line after."""
        charge = self.charge(amount=123.45)
        before, sure = self.line(123.45, name="Nobody known"), self.line(123.45, self.reference(self.units[0]))
        counts = (before | sure)._pm_match()
        self.assertEqual(counts, {"matched": 1, "proposed": 0, "unknown": 1})
        self.assert_matched(sure, charge)
        self.assertEqual((before.pm_match_state, len(before.pm_proposal_ids)), ("unknown", 0))

    def test_one_transfer_for_all_units_of_a_payer(self):
        charges = self.charge(amount=100) | self.charge(unit=self.units[1], amount=80, partner=self.owners[0])
        line = self.line(180, name="Owner 1")
        line._pm_match()
        self.assert_matched(line, charges)
        self.assertEqual(line.pm_payment_ids.line_ids.charge_id.unit_id, self.units[:2])

    def test_account_is_remembered(self):
        first = self.charge(amount=100)
        line = self.line(100, self.reference(self.units[0]), account="6222 0001")
        line._pm_match()
        self.assert_matched(line, first)
        second = self.charge(amount=90, due="2025-12-10")
        again = self.line(90, "no text", account="62220001")
        again._pm_match()
        self.assert_matched(again, second)
        self.assertIn("paid from this account before", again.pm_match_reason)

    def test_an_account_and_a_name_that_say_different_payers_are_left_to_a_person(self):
        self.charge(amount=50)
        self.line(50, self.reference(self.units[0]), account="62220001")._pm_match()
        charges = self.charge(amount=100) | self.charge(unit=self.units[1], amount=100)
        line = self.line(100, name="Owner 2", account="62220001")
        line._pm_match()
        self.assertEqual((line.pm_match_state, line.pm_proposal_ids.partner_id), ("proposed", self.owners[:2]))
        self.pay((charges[1], 100))
        line._pm_match()
        self.assert_matched(line, charges[0])

    def test_an_account_that_the_bank_masks_is_nobodys(self):
        self.charge(amount=50)
        self.line(50, self.reference(self.units[0]), account="6222****0001")._pm_match()
        self.charge(amount=100)
        line = self.line(100, name="Somebody", account="6222 **** 0001")
        line._pm_match()
        self.assertEqual((line.pm_match_state, line.pm_proposal_ids.reason), ("proposed", "amount"))

    def test_transfer_receipted_at_the_counter_is_not_booked_again(self):
        payment = self.pay((self.charge(amount=100), 100), method="transfer")
        next_month = self.charge(amount=100, due="2025-12-10")
        line = self.line(100, self.reference(self.units[0]), name="Owner 1")
        line._pm_match()
        self.assertEqual((line.pm_match_state, line.pm_settled_payment_id), ("matched", payment))
        self.assertEqual(next_month.residual, 100)
        account = self.method("transfer").account_id
        self.assertTrue(payment.move_id.line_ids.filtered(lambda line: line.account_id == account).reconciled)
        self.assertTrue(line.is_reconciled)
        line.action_pm_undo()
        self.assertEqual((line.is_reconciled, line.pm_match_state), (False, "unknown"))
        self.assert_books()

    def test_transfers_of_the_same_amount_settle_the_receipts_of_their_payer_one_by_one(self):
        """He pays the same every month; none of it is booked once more on what he owes by now."""
        receipts = self.pay((self.charge(amount=100), 100), method="transfer")
        receipts |= self.pay((self.charge(amount=100), 100), method="transfer")
        owed = self.charge(amount=100)
        first, second = self.line(100, name="Owner 1"), self.line(100, self.reference(self.units[0]))
        (first | second)._pm_match()
        self.assertEqual((first | second).pm_settled_payment_id, receipts)
        self.assertEqual(owed.residual, 100)
        third = self.line(100, name="Owner 1")
        third._pm_match()
        self.assert_matched(third, owed)

    def test_a_reference_says_more_than_the_name_on_a_receipt(self):
        self.pay((self.charge(amount=100), 100), method="transfer")
        self.owners[1].name = self.owners[0].name
        charge = self.charge(unit=self.units[1], amount=100)
        line = self.line(100, self.reference(self.units[1]), name=self.owners[0].name)
        line._pm_match()
        self.assertFalse(line.pm_settled_payment_id)
        self.assert_matched(line, charge)

    def test_unknown_money_stays_in_suspense(self):
        line = self.line(777, "goods")
        line._pm_match()
        self.assertEqual(line.pm_match_state, "unknown")
        suspense = self.method("transfer").journal_id.suspense_account_id
        self.assertEqual(line.move_id.line_ids.filtered(lambda line: line.account_id == suspense).balance, -777)

    def test_undo_puts_the_money_back_and_is_not_repeated(self):
        charge = self.charge(amount=118.5)
        line = self.line(118.5, self.reference(self.units[0]))
        line._pm_match()
        payment = line.pm_payment_ids
        with self.assertRaisesRegex(UserError, "void its receipt"):
            line.action_undo_reconciliation()
        payment.with_user(self.accountant)._reverse("wrong unit")
        self.assertEqual((charge.residual, line.is_reconciled, line.pm_match_state), (118.5, False, "unknown"))
        line.action_pm_match()
        self.assertEqual(charge.residual, 118.5)
        self.assert_books()

    def test_running_twice_changes_nothing(self):
        self.charge(amount=118.5)
        line = self.line(118.5, self.reference(self.units[0]))
        other = self.line(40, name="Owner 2")
        self.charge(unit=self.units[1], amount=90)
        for _round in range(2):
            with self.enter_registry_test_mode():
                self.env.ref("pm_fees.ir_cron_bank_match").method_direct_trigger()
        self.assertEqual((len(line.pm_payment_ids), len(other.pm_proposal_ids)), (1, 1))

    def test_rejected_proposal_stays_rejected(self):
        self.charge(amount=100)
        line = self.line(70, name="Owner 1")
        line._pm_match()
        line.pm_proposal_ids.with_user(self.accountant).action_reject()
        line.action_pm_match()
        self.assertEqual((line.pm_match_state, len(line.pm_proposal_ids)), ("unknown", 1))

    def test_a_proposal_follows_what_is_owed(self):
        """Accepting what was owed some days ago would be refused, and nothing else could be chosen."""
        charge = self.charge(amount=100)
        line = self.line(70, name="Owner 1")
        line._pm_match()
        proposal = line.pm_proposal_ids
        self.pay((charge, 60))
        line._pm_match()
        self.assertEqual((line.pm_proposal_ids, proposal.amount, proposal.credit_amount), (proposal, 40, 30))
        self.assertIn("more than owed", proposal.reason_text)
        proposal.with_user(self.accountant).action_accept()
        self.assert_matched(line, charge)
        self.assertEqual(line.pm_payment_ids.line_ids.filtered(lambda part: part.kind == "credit").amount, 30)

    def test_what_nobody_owes_any_more_is_no_proposal(self):
        charge = self.charge(amount=100)
        line = self.line(70, name="Owner 1")
        line._pm_match()
        self.pay((charge, 100))
        line._pm_match()
        self.assertEqual((line.pm_match_state, len(line.pm_proposal_ids)), ("unknown", 0))

    def test_two_transfers_of_one_payer_accepted_together(self):
        """The second was proposed for the same debt: it is shown again, and does not stop the first."""
        charge = self.charge(amount=100)
        first, second = self.line(70, name="Owner 1"), self.line(70, name="Owner 1")
        (first | second)._pm_match()
        notice = (first | second).pm_proposal_ids.sorted("id").with_user(self.accountant).action_accept()
        self.assertIn("1 accepted. Of 1 less is owed", notice["params"]["message"])
        self.assertEqual((first.pm_match_state, second.pm_match_state, charge.residual), ("matched", "proposed", 30))
        again = second.pm_proposal_ids
        self.assertEqual((again.state, again.amount, again.credit_amount), ("proposed", 30, 40))
        self.assertFalse(again.with_user(self.accountant).action_accept())
        self.assert_matched(second, charge)

    def test_whose_accountant_matches_plays_no_role(self):
        """The file is the company's: the money of other properties in it is neither lost nor taken for one's own."""
        here, there = self.charge(amount=100), self.charge(self.unit_elsewhere(), amount=100, partner=self.owners[0])
        self.assertNotIn(self.second_property, self.accountant.pm_property_ids)
        theirs = self.line(30, self.reference(there.unit_id))
        either = self.line(100, name="Owner 1")
        theirs.with_user(self.accountant)._pm_match()
        self.assertEqual((theirs.pm_match_state, there.residual), ("matched", 70))
        self.charge(there.unit_id, amount=30, partner=self.owners[0])
        either.with_user(self.accountant)._pm_match()
        self.assertEqual((either.pm_match_state, len(either.pm_proposal_ids)), ("proposed", 2))
        self.assertEqual(here.residual, 100)
        with self.assertRaises(AccessError):
            either.with_user(self.cashier)._pm_match()

    def test_money_that_went_out_is_never_matched(self):
        fee = self.line(-35, "account fee", pm_match_state="ignored")
        told = fee.with_user(self.accountant).action_pm_match()["params"]
        self.assertEqual(fee.pm_match_state, "ignored", "a bank's own fee does not wait for a payer again")
        self.assertEqual(told["type"], "info")

    def test_matching_says_what_came_of_it(self):
        self.charge(amount=118.5)
        lines = self.line(118.5, self.reference(self.units[0])) + self.line(777, "goods")
        message = lines.action_pm_match()["params"]["message"]
        self.assertEqual(message, "1 matched, 0 to confirm, 1 unknown.")

    def test_only_accountants_decide(self):
        self.charge(amount=100)
        line = self.line(70, name="Owner 1")
        line._pm_match()
        for user in (self.cashier, self.officer, self.manager):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                line.pm_proposal_ids.with_user(user).action_accept()

    def test_what_the_matching_proposed_is_not_changed_by_hand(self):
        self.charge(amount=100)
        line = self.line(70, name="Owner 1")
        line._pm_match()
        proposal = line.pm_proposal_ids.with_user(self.accountant)
        for values in ({"amount": 100}, {"partner_id": self.owners[1].id}, {"state": "accepted"}, {"line_ids": [(5,)]}):
            with self.subTest(values=values), self.assertRaisesRegex(AccessError, "recorded by the program"):
                proposal.write(values)
        with self.assertRaises(AccessError):
            proposal.line_ids.amount = 100
        with self.assertRaises(AccessError):
            proposal.copy()
        proposal.action_accept()
        self.assertEqual((proposal.state, line.pm_payment_ids.amount), ("accepted", 70))

    def test_loading_the_file_twice_changes_nothing(self):
        rows = "交易流水号,交易日期,对方户名,对方账号,金额,摘要\nBK1,2026-01-05,杨雨,6222,476.01,物业费\nBK2,2026-01-06,张三,6223,-20.00,手续费\nBK1,2026-01-05,杨雨,6222,476.01,物业费\n"
        for _round in range(2):
            self.env["pm.import"]._load_file("bank.line", "流水.csv", rows.encode("gbk"))
        lines = self.env["account.bank.statement.line"].search(
            [("pm_transaction_ref", "in", ("BK1", "BK2"))], order="pm_transaction_ref"
        )
        self.assertEqual(lines.mapped("amount"), [476.01, -20.0])
        self.assertEqual(lines.mapped("pm_match_state"), ["todo", "ignored"])
        self.assertEqual(lines[0].partner_name, "杨雨")
