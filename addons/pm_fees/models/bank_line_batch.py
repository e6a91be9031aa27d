"""Certain bank lines booked many at a time.

What Odoo does for an entry costs as much for one as for a dozen. So the lines that the matching is sure of are booked in
batches, with the same checks, locks and results as one by one (test_batch_books_as_one_by_one); a batch that is refused
is undone by its savepoint, and its lines are booked one by one, so that a bad one stops nobody else.
"""

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL


class PmPayment(models.Model):
    _inherit = "pm.payment"

    def _register_bank_payments(self, requests):
        """Book bank lines, each as `_register_payment` does, all or none.

        :param list requests: as for `_register_payment`, no charge in two of them
        :return: pm.payment, in the order of the requests
        :raise UserError: for the first that cannot be booked
        """
        prepared = []
        for vals in requests:
            self._check_may_register(vals)
            values, lines = self._prepare_register(vals)
            prepared.append(({**values, "request_key": vals["request_key"]}, lines))
        self._lock_receivables(
            self.env["pm.charge"].union(
                *(line["charge"] for _values, lines in prepared for line in lines if line["charge"])
            )
        )
        for _values, lines in prepared:
            self._check_residuals(lines)
        payments = self._create_once(prepared)
        items = payments.statement_line_id._pm_rewrite_all(
            payments,
            {
                payment.statement_line_id: payment._prepare_counterparts(lines)
                for payment, (_values, lines) in zip(payments, prepared, strict=True)
            },
        )
        for payment in payments:
            payment.move_id = payment.statement_line_id.move_id
        payments._reconcile_lines(
            [
                (payment, lines, items[payment.statement_line_id])
                for payment, (_values, lines) in zip(payments, prepared, strict=True)
            ]
        )
        # Last, so that the book is locked as briefly as possible.
        payments._take_receipts()
        payments._name_entries()
        payments._finish()
        return payments.with_env(self.env)


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    def _pm_book_certain(self, chosen):
        """Book lines on the one candidate that each has for certain.

        :param dict chosen: candidate (see `_pm_candidate`) by line, no payer twice
        :return: number of lines booked; the others are left to a person
        """
        if len(chosen) > 1:
            try:
                with self.env.cr.savepoint():
                    self._pm_book_batch(chosen)
                return len(chosen)
            except UserError:
                self.env.invalidate_all()  # one of them is refused: who, is found out one by one
        return sum(line._pm_try(lambda line=line: line._pm_book_chosen(chosen[line])) for line in chosen)

    def _pm_book_batch(self, chosen):
        payments = self.env["pm.payment"]._register_bank_payments(
            [
                line._pm_payment_request(candidate["property"], candidate["partner"], candidate["allocation"])
                for line, candidate in chosen.items()
            ]
        )
        for payment, (line, candidate) in zip(payments, chosen.items(), strict=True):
            line._pm_note_match("matched", candidate["text"])
            line.pm_proposal_ids.filtered(
                lambda p, kept=candidate["key"]: p.state == "proposed" and p.key != kept
            )._decide("superseded")
            # sudo: what account a payer uses is remembered by the matching itself
            self.env["pm.payer.account"].sudo()._remember(line, payment.partner_id)
        self._pm_propose_all({line: [candidate] for line, candidate in chosen.items()})._decide("accepted")

    def _pm_accept(self, proposals):
        """Book the lines of proposals, each on its own, all or none.

        :param proposals: pm.bank.proposal, no payer and no line twice
        :raise UserError: for the first that cannot be booked
        """
        self.env["pm.payment"]._register_bank_payments(
            [
                proposal.statement_line_id._pm_payment_request(
                    proposal.property_id,
                    proposal.partner_id,
                    [(line.charge_id, line.amount) for line in proposal.line_ids],
                )
                for proposal in proposals
            ]
        )
        self._pm_note_match("matched", self.env._("Accepted by %s", self.env.user.name))
        # sudo: what account a payer uses is remembered by the matching itself
        accounts = self.env["pm.payer.account"].sudo()
        for proposal in proposals:
            accounts._remember(proposal.statement_line_id, proposal.partner_id)
        proposals._decide("accepted")
        self.pm_proposal_ids.filtered(lambda p: p.state == "proposed")._decide("superseded")

    def _pm_rewrite_all(self, payments, counterparts):
        """`_pm_rewrite` for many lines, in sets.

        :param payments: pm.payment of the lines
        :param dict counterparts: values of journal items by line
        :return: the new journal items by line
        :raise UserError: a line is booked already, or not booked whole
        """
        self.env.execute_query(
            SQL("SELECT id FROM account_bank_statement_line WHERE id = ANY(%s) ORDER BY id FOR UPDATE", list(self.ids))
        )
        self.invalidate_recordset(["is_reconciled"])
        suspense = self.env["account.move.line"]
        for line in self:
            suspense += line._pm_open_suspense(counterparts[line])
        values = [{**vals, "move_id": line.move_id.id} for line in self for vals in counterparts[line]]
        # The lines are replaced by others of the same sum, which is checked below: nothing else in the entries changes.
        items = self.env["account.move.line"].with_context(
            skip_readonly_check=True,
            force_delete=True,
            dynamic_unlink=True,
            tracking_disable=True,
            skip_invoice_sync=True,
            skip_account_move_synchronization=True,
            check_move_validity=False,
        )
        payments._flush_ledger()
        secured = any(self.move_id.mapped("inalterable_hash"))
        if secured or self.foreign_currency_id or payments._items_blocker(self.journal_id, values):
            made = items.create(values)
        else:
            made = items._pm_insert(values, payments.currency_id)
            self.move_id.invalidate_recordset(["line_ids"], flush=False)
        # After the others have come, so that what is computed from the entry's items is computed from all of them.
        suspense.with_env(items.env).unlink()
        made = made.with_env(self.env)
        self.env["pm.charge"]._check_entries(self.move_id)
        result, start = {}, 0
        for line in self:
            result[line] = made[start : start + len(counterparts[line])]
            start += len(counterparts[line])
        return result
