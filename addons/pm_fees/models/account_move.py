from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

# Carried in the context by the add-on's own steps. A client may send any key, but never this object.
LEDGER_STEP = object()


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    pm_charge_ids = fields.One2many("pm.charge", "move_line_id", "Charges")
    pm_reversed_charge_ids = fields.One2many("pm.charge", "reverse_line_id", "Reversed charges")


class AccountMove(models.Model):
    """An entry of charges belongs to its billing run: reset or reversed by itself, charges and ledger would part."""

    _inherit = "account.move"

    def _compute_amount(self):
        """The totals of posted miscellaneous entries in one statement.

        Odoo computes them anew whenever one of their lines is paid, and loads every line to do so: an entry of charges
        has hundreds, of which a payment settles three. The figures are those of Odoo (test_entry_amounts).
        """
        entries = self.filtered(lambda move: move._origin and move.move_type == "entry" and move.state == "posted")
        super(AccountMove, self - entries)._compute_amount()
        if not entries:
            return
        lines = self.env["account.move.line"]
        lines.flush_model(["move_id", "debit", "balance", "amount_currency"])
        sums = {
            move_id: (float(total), float(total_currency))
            for move_id, total, total_currency in self.env.execute_query(
                SQL(
                    """SELECT move_id, sum(balance), sum(amount_currency)
                         FROM account_move_line WHERE move_id = ANY(%s) AND debit <> 0 GROUP BY move_id""",
                    list(entries.ids),
                )
            )
        }
        for move in entries:
            total, total_currency = sums.get(move.id, (0.0, 0.0))
            move.amount_untaxed = move.amount_tax = move.amount_residual = 0.0
            move.amount_untaxed_signed = move.amount_tax_signed = move.amount_residual_signed = 0.0
            move.amount_untaxed_in_currency_signed = 0.0
            move.amount_total = move.direction_sign * total_currency
            move.amount_total_signed = abs(total)
            move.amount_total_in_currency_signed = abs(move.amount_total)

    def button_draft(self):
        self._check_no_charges()
        return super().button_draft()

    def _reverse_moves(self, default_values_list=None, cancel=False):
        self._check_no_charges()
        return super()._reverse_moves(default_values_list=default_values_list, cancel=cancel)

    def _check_no_charges(self):
        if self.env.context.get("pm_billing") is LEDGER_STEP:
            return
        # sudo: charges of any property guard the entry, whoever tries
        charge = (
            self.env["pm.charge"]
            .sudo()
            .search(
                ["|", ("move_line_id.move_id", "in", self.ids), ("reverse_line_id.move_id", "in", self.ids)], limit=1
            )
        )
        if charge:
            raise UserError(
                self.env._(
                    "This entry carries charges (%s and others). To take them back you must reverse the charges or their billing run.",
                    charge.display_name,
                )
            )
