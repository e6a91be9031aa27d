from unittest.mock import patch

from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import UserError
from odoo.tests.common import tagged
from odoo.tools import SQL

from odoo.addons.pm_fees.models import payment_posting, payment_posting_fallback
from odoo.addons.pm_fees.models.payment_reference import make_reference

from .cashier_common import CashierCase

# What differs between two payments whoever writes them: identities, numbers, times. `write_uid` says who computed last.
_OWN = {"id", "create_date", "write_date", "write_uid"}
_OWN_MOVE = _OWN | {"name", "ref", "sequence_number"}
_OWN_LINE = _OWN | {"move_id", "move_name", "ref", "name", "full_reconcile_id", "matching_number"}
_OWN_PARTIAL = _OWN | {"debit_move_id", "credit_move_id", "full_reconcile_id"}


@tagged("post_install", "-at_install")
@freeze_time("2026-01-20 02:00:00")
class TestPaymentPosting(CashierCase):
    """Entries of payments are written in sets, and are what the ORM would have made."""

    def charges(self, count=3):
        """Charges of one household, the last of them with another payer."""
        charges = self.env["pm.charge"]
        for number in range(count):
            partner = self.owners[1] if number == count - 1 else self.owners[0]
            charges |= self.charge(amount=10 + number + 0.37, partner=partner)
        return charges

    def pay_all(self, charges, part=1.0, **values):
        return self.pay(
            *((charge, round(charge.residual * part, 2)) for charge in charges), **{"method": "wechat", **values}
        )

    def by_orm(self):
        return patch.object(type(self.env["pm.payment"]), "_ledger_stranger", lambda self: "for the comparison")

    def rows(self, table, ids, own):
        self.cr.execute(SQL("SELECT * FROM %s WHERE id = ANY(%s) ORDER BY id", SQL.identifier(table), list(ids)))
        return [{name: value for name, value in row.items() if name not in own} for row in self.cr.dictfetchall()]

    def ledger(self, payment, charges):
        """Everything a payment has written, and how many rows of it, without what is its own."""
        self.env.flush_all()
        self.env.invalidate_all()
        # sudo: a cashier does not read the ledger
        move, debts = payment.sudo().move_id, charges.sudo().move_line_id
        items = move.line_ids
        partials = items.matched_debit_ids | items.matched_credit_ids
        return {
            "move": self.rows("account_move", move.ids, _OWN_MOVE),
            "number": move.name == f"{move.sequence_prefix}{move.sequence_number:05d}",
            "items": self.rows("account_move_line", items.ids, _OWN_LINE),
            "names": [(item.move_name == move.name, item.ref == payment.receipt_name) for item in items],
            "debts": self.rows("account_move_line", debts.ids, _OWN_LINE),
            "debt entries": self.rows("account_move", debts.move_id.ids, _OWN_MOVE),
            "partials": sorted(
                self.rows("account_partial_reconcile", partials.ids, _OWN_PARTIAL), key=lambda row: row["amount"]
            ),
            "pairs": [
                [
                    debt.matching_number and debt.matching_number.lstrip("P") == str((full or partial[:1]).id),
                    debt.matching_number and debt.matching_number.startswith("P"),
                    [(p.credit_move_id in items, p.full_reconcile_id == full) for p in partial],
                    len(full.reconciled_line_ids),
                ]
                for debt in debts.sorted("id")
                for partial, full in [(debt.matched_credit_ids.sorted("id"), debt.full_reconcile_id)]
            ],
            "charges": [(charge.residual, charge.amount_paid, charge.paid_state) for charge in charges],
            "credit": payment.line_ids.mapped("open_credit"),
        }

    def count(self):
        """Rows of every table."""
        self.env.flush_all()
        tables = self.env.execute_query(SQL("SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public'"))
        counts = [SQL("SELECT %s, count(*) FROM %s", name, SQL.identifier(name)) for (name,) in tables]
        return dict(self.env.execute_query(SQL(" UNION ALL ").join(counts)))

    def assert_same(self, play):
        """`play` makes a payment and returns it with its charges; by the ORM and in sets it must write the same."""
        self.pay(amount=1.0, method="wechat", allow_credit=True)
        results, grown = [], []
        for context in (self.by_orm(), patch.object(type(self.env["pm.payment"]), "_make_entry_by_orm", None)):
            charges, pay = play()
            before = self.count()
            with context:
                payment = pay()
            after = self.count()
            grown.append({name: after[name] - before[name] for name in after if after[name] != before[name]})
            grown[-1].pop("pm_receipt_book", None)  # opened by the first of its kind
            results.append(self.ledger(payment, charges))
        slow, fast = results
        for part, expected in slow.items():
            self.assertEqual(fast[part], expected, part)
        self.assertEqual(grown[1], grown[0])
        self.assert_books()
        entries = self.env["account.move"].search([("journal_id", "=", self.method("wechat").journal_id.id)])
        self.assertEqual(sorted(entries.mapped("sequence_number")), list(range(1, len(entries) + 1)), "no holes")

    def test_charges_paid_whole(self):
        def play():
            charges = self.charges()
            return charges, lambda: self.pay_all(charges)

        self.assert_same(play)

    def test_charges_paid_in_part_and_more_than_is_owed(self):
        def in_part():
            charges = self.charges()
            return charges, lambda: self.pay_all(charges, 0.5, note="slip 17")

        self.assert_same(in_part)

        def too_much():
            charges = self.charges()
            total = sum(charges.mapped("residual"))
            return charges, lambda: self.pay_all(charges, amount=total + 5, allow_credit=True)

        self.assert_same(too_much)

    def test_rest_of_a_charge_paid_in_part_joins_its_matching(self):
        """The entry is written in sets, the older matching is joined by the ORM; another charge in the same payment is not."""

        def play():
            charges = self.charges(2)
            self.pay((charges[0], 4.0), method="wechat")
            return charges, lambda: self.pay_all(charges)

        self.assert_same(play)

    def test_money_for_another_account_and_back(self):
        account = self.env["account.account"].create(
            {"name": "Deposits", "code": "PMDEP", "account_type": "liability_current", "reconcile": True}
        )
        line = {"account_id": account.id, "label": "Deposit", "amount": 30.0}

        def taken():
            return self.env["pm.charge"], lambda: self.pay(amount=30.0, method="wechat", lines=[line])

        self.assert_same(taken)

        def returned():
            credit = self.pay(amount=30.0, method="wechat", allow_credit=True)
            back = {"credit_line_id": credit.line_ids.id, "amount": 12.0}
            values = {"direction": "out", "origin_payment_id": credit.id, "method": "wechat"}
            return self.env["pm.charge"], lambda: self.pay(amount=12.0, lines=[back], **values)

        self.assert_same(returned)

    def test_payer_without_entries_becomes_a_customer(self):
        newcomer = self.owners[0].copy({"name": "Newcomer", "parent_id": False})
        self.pay(amount=8.0, partner_id=newcomer.id, allow_credit=True, method="wechat")
        self.assertEqual(newcomer.customer_rank, 1)

    def test_voided_all_charges_are_open_again(self):
        charges = self.charges()
        payment = self.pay_all(charges)
        self.assertEqual(set(charges.mapped("paid_state")), {"paid"})
        payment.with_user(self.accountant)._reverse("wrong household")
        self.assertEqual(set(charges.mapped("paid_state")), {"unpaid"})
        self.assert_books()

    def test_what_only_the_orm_can_do_is_left_to_it(self):
        """Each rule on its own: the entry is made by the ORM, and what it owes to the rule is there."""
        method, owner = self.method("wechat"), self.owners[0]
        tax = self.env["account.tax"].create({"name": "0 %", "amount": 0, "company_id": self.company.id})
        plan = self.env["account.analytic.plan"].create({"name": "Plan"})
        analytic = self.env["account.analytic.account"].create({"name": "Site", "plan_id": plan.id})
        position = self.env["account.fiscal.position"].create({"name": "Zone", "company_id": self.company.id})
        rules = {
            "journal": lambda: method.journal_id.write({"restrict_mode_hash_table": True}),
            "account": lambda: self.property.receivable_account_id.write({"tax_ids": [Command.set(tax.ids)]}),
            "rules": lambda: self.env["account.analytic.distribution.model"].create(
                {"analytic_distribution": {str(analytic.id): 100}, "company_id": self.company.id}
            ),
            "payer": lambda: owner.write({"property_account_position_id": position.id}),
            "payer ": lambda: self.env["res.partner.bank"].create({"acc_number": "6222 01", "partner_id": owner.id}),
        }
        charge = self.charge()
        values = {"account_id": charge.sudo().move_line_id.account_id.id, "partner_id": owner.id, "name": "x"}
        items = [{**values, "balance": 5.0, "account_id": method.account_id.id}, {**values, "balance": -5.0}]
        payment = self.pay((charge, 5.0), method="wechat").sudo()
        self.assertIsNone(payment._entry_blocker(items))
        self.assertEqual(payment._entry_blocker([items[0], {**items[1], "balance": -4.0}]), "balance")
        for expected, rule in rules.items():
            with self.subTest(expected), self.cr.savepoint() as savepoint:
                rule()
                self.env.flush_all()
                self.assertEqual(payment._entry_blocker(items), expected.strip())
                paid = self.pay((charge, 5.0), method="wechat")
                self.assertEqual(len(paid.sudo().move_id.line_ids), 2)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_numbers_follow_the_year_as_the_orm_numbers_them(self):
        """At the turn of the year, backwards, by month, without a year, by fiscal year, and after a number of one's own."""

        def numbers(own, context):
            found = []
            with context, self.cr.savepoint() as savepoint:
                for day in ("2025-12-31", "2026-01-01", "2025-12-30", "2026-01-20"):
                    payment = self.pay(amount=5.25, date=day, method="wechat", allow_credit=True)
                    move = payment.sudo().move_id
                    if own and not found:
                        move.name = own
                    self.env.flush_all()
                    self.env.invalidate_all()
                    found.append((move.name, move.sequence_prefix, move.sequence_number, move.made_sequence_gap))
                savepoint.rollback()
            self.env.invalidate_all()
            return found

        by_orm = patch.object(type(self.env["pm.payment"]), "_entry_blocker", lambda *args: "comparison")
        in_sets = patch.object(type(self.env["pm.payment"]), "_make_entry_by_orm", None)
        for own, last_month in ((None, "12"), ("WX/2025/12/0007", "12"), ("WX-0007", "12"), (None, "3")):
            with self.subTest(own=own, last_month=last_month):
                self.company.fiscalyear_last_month = last_month
                expected = numbers(own, by_orm)
                self.assertEqual(len(set(expected)), 4)
                self.assertEqual(numbers(own, in_sets), expected)

    def test_archived_account_is_refused(self):
        charge = self.charge()
        self.method("wechat").account_id.active = False
        with self.assertRaisesRegex(UserError, "archived"):
            self.pay((charge, 5.0), method="wechat")

    def test_add_on_that_takes_part_is_found(self):
        payments = self.env["pm.payment"]
        found = type(payments)._ledger_add_on.__wrapped__
        self.assertIsNone(found(payments), "the add-ons of this database leave entries of payments alone")
        cases = {
            ("_TESTED_WITH", "account"): "^account: .*_post",
            ("_TESTED_WITH", "pm_fees"): "^pm_fees: _compute_amount",
            ("_DEPENDENTS", "account.payment"): r"^account\.payment\.",
            ("_DEPENDENTS", "account.analytic.line"): r"^account\.analytic\.line\.",
        }
        for (name, left_out), expected in cases.items():
            with self.subTest(left_out):
                with patch.object(payment_posting_fallback, name, getattr(payment_posting_fallback, name) - {left_out}):
                    self.assertRegex(found(payments), expected)
        known = payment_posting_fallback._KNOWN_FIELDS
        with patch.dict(known, {"account.move": known["account.move"] - {"checked"}}):
            self.assertEqual(found(payments), "account.move.checked")

    def test_constraint_of_another_add_on_is_found(self):
        def strange(moves):
            """Stands for the constraint of an add-on."""

        strange.__module__, strange._constrains = "odoo.addons.stranger.models.account_move", ("partner_id",)
        payments, registry = self.env["pm.payment"], self.env.registry["account.move"]
        constraints = [*self.env["account.move"]._constraint_methods, strange]
        stranger = type("account.move", (), {"strange": strange, "__module__": strange.__module__})
        with (
            patch.object(registry, "_constraint_methods", constraints),
            patch.object(registry, "mro", lambda: [stranger], create=True),
        ):
            self.assertEqual(type(payments)._ledger_add_on.__wrapped__(payments), "stranger: strange")

    def test_rule_of_automation_is_asked(self):
        """Such rules put a method of theirs into the model while the server runs."""
        written, create = [], self.env.registry["account.move"].create
        charges = self.charges()

        def noting(moves, vals_list):
            written.append(vals_list)
            return create(moves, vals_list)

        with patch.object(self.env.registry["account.move"], "create", noting):
            self.assertEqual(self.env["pm.payment"]._ledger_stranger(), "rule on account.move")
            self.pay_all(charges)
        self.assertEqual(len(written), 1)
        self.assertIsNone(self.env["pm.payment"]._ledger_stranger())
        self.assert_books()

    def test_bank_lines_booked_together(self):
        def play():
            charges = self.charge(amount=100) | self.charge(self.units[1], amount=50)
            lines = self.env["account.bank.statement.line"].create(
                [
                    {
                        "journal_id": self.method("transfer").journal_id.id,
                        "date": "2026-01-15",
                        "amount": charge.residual,
                        "payment_ref": f"fee {make_reference('unit', charge.unit_id.id)}",
                    }
                    for charge in charges
                ]
            )
            return charges, lines

        made = []
        for context in (self.by_orm(), patch.object(payment_posting, "_READ", payment_posting._READ)):
            charges, lines = play()
            with context, patch.object(type(lines), "_pm_book_chosen", None):
                self.assertEqual(lines._pm_match()["matched"], 2)
            made.append([self.ledger(payment, charges) for payment in lines.pm_payment_ids.sorted("id")])
            for entry in made[-1]:
                for row in (*entry["move"], *entry["items"]):
                    row.pop("statement_line_id"), row.pop("sequence_number", None)
        self.assertEqual(*made)
        self.assertEqual([len(entry["items"]) for entry in made[1]], [2, 2])
        self.assert_books()

    def test_taken_apart_and_put_together_by_the_accountant(self):
        """What is settled in sets, Odoo's own buttons undo and do again."""
        charges = self.charges()
        payment = self.pay_all(charges).sudo()
        debts, items = charges.sudo().move_line_id, payment.line_ids.move_line_id
        fulls = debts.full_reconcile_id
        self.assertEqual(len(fulls), 3)
        items.remove_move_reconcile()
        self.env.invalidate_all()
        self.assertFalse(fulls.exists())
        self.assertFalse((debts | items).filtered("matching_number"))
        self.assertEqual(set(charges.mapped("paid_state")), {"unpaid"})
        self.assertEqual(sum(payment.line_ids.mapped("open_credit")), payment.amount)
        for debt, line in zip(debts.sorted("id"), payment.line_ids.sorted("charge_id"), strict=True):
            (debt | line.move_line_id).reconcile()
        self.env.invalidate_all()
        self.assertEqual(set(charges.mapped("paid_state")), {"paid"})
        self.assert_books()

    def test_secured_afterwards(self):
        """The hashes over entries made in sets hold, and what they secure is fixed."""
        payments = self.pay_all(self.charges()) | self.pay_all(self.charges())
        moves = payments.sudo().move_id
        self.env.flush_all()
        self.env.invalidate_all()
        moves._hash_moves(force_hash=True)
        self.assertTrue(all(moves.mapped("inalterable_hash")))
        results = self.company._check_hash_integrity()["results"]
        checked = [row for row in results if row["journal_name"].startswith(moves.journal_id.name)]
        self.assertEqual([row["status"] for row in checked], ["verified"])
        self.assertEqual({checked[0]["first_move_name"], checked[0]["last_move_name"]}, set(moves.mapped("name")))
        with self.assertRaisesRegex(UserError, "secured|hash|inalterab"):
            moves.line_ids[0].partner_id = self.owners[1]

    def test_one_bad_line_of_many_books_nothing(self):
        charges = self.charges()
        parts = [(charge, charge.residual) for charge in charges]
        parts[1] = (charges[1], charges[1].residual + 1)
        with self.assertRaisesRegex(UserError, "more than the"):
            self.pay(*parts, method="wechat")
        self.assertEqual(set(charges.mapped("paid_state")), {"unpaid"})
