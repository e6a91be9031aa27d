from unittest.mock import patch

from freezegun import freeze_time
from odoo.exceptions import UserError
from odoo.tests.common import tagged

from ..models.payment_reference import make_reference
from .cashier_common import CashierCase

# Numbers, times and what names the record itself differ by nature; all else must not.
_OWN = {
    "id",
    "name",
    "ref",
    "display_name",
    "create_date",
    "write_date",
    "__last_update",
    "sequence_number",
    "internal_index",
    "request_key",
    "receipt_number",
    "receipt_name",
    "registered_at",
    "access_token",
    "checksum",
    "message_main_attachment_id",
    "matching_number",
}


@tagged("post_install", "-at_install")
@freeze_time("2026-01-20 02:00:00")
class TestBankBatch(CashierCase):
    """Lines that are booked in batches end as if each had been booked alone."""

    def lines(self, *amounts, unit=None):
        """A bank line for each unit in turn, or for the one named, with its reference."""
        units = [unit or self.units[number] for number in range(len(amounts))]
        return self.env["account.bank.statement.line"].create(
            [
                {
                    "journal_id": self.method("transfer").journal_id.id,
                    "date": "2026-01-15",
                    "amount": amount,
                    "payment_ref": f"fee {make_reference('unit', paid.id)}",
                    "account_number": f"6222{paid.id}",
                }
                for paid, amount in zip(units, amounts, strict=True)
            ]
        )

    def stored(self, record, *left_out):
        """The record's own columns; of a reference to another record only whether there is one."""
        values = {}
        for name, field in record._fields.items():
            if not field.store or not field.column_type or name in _OWN or name in left_out:
                continue
            value = record[name]
            values[name] = bool(value) if field.type == "many2one" else value
        return values

    def booked(self, line):
        """All that the booking of a line has left in the database, without what is its own by nature."""
        line.invalidate_recordset()
        payment = line.pm_payment_ids
        items = line.move_id.line_ids.sorted("id")
        return [
            self.stored(line),
            self.stored(line.move_id),
            [self.stored(item, "move_name") for item in items],
            self.stored(payment),
            [self.stored(part) for part in payment.line_ids],
            [self.stored(proposal, "key") for proposal in line.pm_proposal_ids],
            [(item.move_name == line.move_id.name, item.ref == payment.receipt_name) for item in items],
            [bool(item.matching_number) for item in items],
        ]

    def test_batch_books_as_one_by_one(self):
        charges = self.charge(amount=100) | self.charge(self.units[1], amount=100)
        charges |= self.charge(amount=18.5, due="2026-02-10") | self.charge(
            self.units[1], amount=18.5, due="2026-02-10"
        )
        together = self.lines(118.5, 118.5)
        with patch.object(type(together), "_pm_book", side_effect=AssertionError("not in the batch")):
            self.assertEqual(together._pm_match(), {"matched": 2, "proposed": 0, "unknown": 0})
        self.assertEqual(set(charges.mapped("paid_state")), {"paid"})

        self.charge(self.units[1], amount=100)
        self.charge(self.units[1], amount=18.5, due="2026-02-10")
        alone = self.lines(118.5, unit=self.units[1])
        with patch.object(type(alone), "_pm_book_batch", side_effect=AssertionError("not alone")):
            self.assertEqual(alone._pm_match()["matched"], 1)

        for one, other in zip(self.booked(together[1]), self.booked(alone), strict=True):
            self.assertEqual(one, other)
        numbers = (together | alone).pm_payment_ids.sorted("id").mapped("receipt_number")
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 3)))
        self.assert_books()

    def test_totals_of_a_paid_entry_are_those_of_odoo(self):
        self.charge(amount=100)
        lines = self.lines(100)
        lines._pm_match()
        entries = (lines.move_id | self.env["pm.charge"].search([("move_line_id", "!=", False)]).move_id).filtered(
            lambda move: move.move_type == "entry" and move.state == "posted"
        )
        totals = [name for name, field in entries._fields.items() if field.compute == "_compute_amount"]
        self.assertGreater(len(totals), 8)
        # Odoo's own method, over the same entries.
        core = next(
            base for base in type(entries).mro() if base.__module__ == "odoo.addons.account.models.account_move"
        )
        ours = [{name: entry[name] for name in totals} for entry in entries]
        with self.env.protecting([entries._fields[name] for name in totals], entries):
            core._compute_amount(entries)
            self.assertEqual(ours, [{name: entry[name] for name in totals} for entry in entries])

    def test_two_lines_of_one_payer_pay_one_after_the_other(self):
        charges = self.charge(amount=100) | self.charge(amount=50, due="2026-02-10")
        lines = self.lines(100, 50, unit=self.units[0])
        self.assertEqual(lines._pm_match()["matched"], 2)
        self.assertEqual(set(charges.mapped("paid_state")), {"paid"})
        self.assertEqual([payment.line_ids.charge_id for payment in lines.pm_payment_ids.sorted("id")], list(charges))
        self.assert_books()

    def test_second_payment_of_one_debt_is_not_booked(self):
        charge = self.charge(amount=100)
        lines = self.lines(100, 100, unit=self.units[0])
        self.assertEqual(lines._pm_match(), {"matched": 1, "proposed": 0, "unknown": 1})
        self.assertEqual((charge.paid_state, lines[1].is_reconciled), ("paid", False))

    def test_refused_line_does_not_stop_its_batch(self):
        charges = self.charge(amount=100) | self.charge(self.units[1], amount=100)
        lines = self.lines(100, 100)
        refused, why, rewrite = lines[0], "refused", type(lines)._pm_open_suspense

        def refusing(line, counterparts):
            if line == refused:
                raise UserError(why)
            return rewrite(line, counterparts)

        with patch.object(type(lines), "_pm_open_suspense", refusing):
            self.assertEqual(lines._pm_match(), {"matched": 1, "proposed": 0, "unknown": 1})
        self.assertEqual(charges.mapped("paid_state"), ["unpaid", "paid"])
        self.assertEqual(lines.mapped("pm_match_state"), ["unknown", "matched"])
        self.assertEqual(len(lines.pm_payment_ids), 1)
        self.assert_books()

    def test_booked_line_is_refused_in_a_batch(self):
        self.charge(amount=100)
        line = self.lines(100)
        line._pm_match()
        with self.assertRaisesRegex(UserError, "already booked"):
            line._pm_rewrite_all(self.env["pm.payment"], {line: [{"balance": -100.0}]})
