from odoo import api, fields, models
from odoo.exceptions import UserError

# The form at the right reloads itself; the lines at the left would go on saying what is no longer so.
SHOW_ANEW = {"type": "ir.actions.client", "tag": "soft_reload"}


class AccountBankStatementLine(models.Model):
    """The two-pane reconciliation of the OCA on bank lines that may be fees.

    Fees are paid through a receipt (pm.payment), whoever finds them: the matching, a proposal, or a person who picks
    charges in the right-hand pane. What the OCA add-ons would book by themselves, from a remark that occurs in the
    name of some entry, is left to the matching, which knows the payers.
    """

    _inherit = "account.bank.statement.line"

    pm_likely_payer_id = fields.Many2one(
        "res.partner", compute="_compute_pm_likely_payer_id", help="Whose open charges the right-hand pane shows first."
    )

    @api.depends("pm_proposal_ids.state")
    def _compute_pm_likely_payer_id(self):
        for line in self:
            line.pm_likely_payer_id = line.pm_proposal_ids.filtered(lambda p: p.state == "proposed").partner_id[:1]

    # -- what the matching decides ------------------------------------------------------------------------------------

    def _pm_of_managers(self):
        """The lines of companies that manage property."""
        # sudo: whether a company manages property does not depend on who asks
        companies = (
            self.env["pm.property"].sudo()._read_group([("company_id", "in", self.company_id.ids)], ["company_id"])
        )
        ids = {company.id for [company] in companies}
        return self.filtered(lambda line: line.company_id.id in ids)

    def _pm_may_be_fees(self):
        """The lines that the matching of fees decides about: money that came in, for companies that manage property."""
        return self._pm_of_managers().filtered(lambda line: line.amount > 0 and line.pm_match_state != "ignored")

    def _retrieve_partner(self):
        # A name that merely contains the payer's is no payer; and reading all partners for every line takes its time.
        return super(AccountBankStatementLine, self - self._pm_of_managers())._retrieve_partner()

    def _auto_reconcile(self):
        # The rules that an accountant has made for the rest (bank charges, interest) do book.
        return super(AccountBankStatementLine, self - self._pm_may_be_fees())._auto_reconcile()

    def _do_auto_reconcile_invoices(self):
        # A remark such as “/” or “fee” that occurs in the name of one open entry only says nothing about that entry.
        managed = self._pm_of_managers()
        rest, done = super(AccountBankStatementLine, self - managed)._do_auto_reconcile_invoices()
        return rest | managed, done

    # -- the manual part ----------------------------------------------------------------------------------------------

    def action_pm_reconcile(self):
        """Open the two panes: these bank lines at the left, what they may settle at the right."""
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_fees_bank_oca.pm_bank_reconcile_action")
        if self:
            action["domain"] = [("id", "in", self.ids)]
        return action

    def reconcile_bank_line(self):
        """Book what was put together in the two panes; charges through a receipt, as everywhere else.

        :raise UserError: charges of several properties, or beside other accounts; no payer; a control account
        """
        self.ensure_one()
        if not self._pm_book_panes():
            result = super().reconcile_bank_line()
            self.pm_proposal_ids.filtered(lambda p: p.state == "proposed").action_reject()
            self.pm_match_state = "ignored"
            return result
        self.reconcile_data = False
        self.pm_proposal_ids.filtered(lambda p: p.state == "proposed")._decide("superseded")
        return None

    def unreconcile_bank_line(self):
        """What a receipt has booked is taken back by voiding it, with a reason.

        :return: the dialogue that asks for it, or the action that shows both panes anew
        """
        self.ensure_one()
        # sudo: a receipt of a property that the user may not see keeps its money all the same
        if self.pm_settled_payment_id or self.sudo().pm_payment_ids.filtered(lambda p: p.state == "posted"):
            dialogue = self.action_pm_undo()
            if dialogue:
                return {**dialogue, "context": {**dialogue["context"], "pm_panes": True}}
        else:
            super().unreconcile_bank_line()
            self.pm_match_state = "unknown"
        return SHOW_ANEW

    def _pm_book_panes(self):
        """Book the panes as a receipt if they hold charges, or as the money of a receipt.

        :return: True if that was done
        """
        rows = [row for row in self.reconcile_data_info["data"] if row["kind"] != "liquidity"]
        items, picked = self._pm_picked(rows)
        if len(rows) == 1 and items and self._pm_settle_item(items):
            return True
        # sudo: charges that the user may not see shall be refused below, not be taken for an ordinary item
        charged = items.filtered(lambda item: item.sudo().pm_charge_ids)
        if not charged:
            return self._pm_book_credit(rows)
        others = [row for row in rows if row.get("id") not in charged.ids]
        if any(row["kind"] != "suspense" or row["amount"] > 0 for row in others):
            raise UserError(
                self.env._(
                    "Charges and other accounts cannot be booked from one bank line: pick charges only. What is over is kept as credit of the payer."
                )
            )
        charges = charged.pm_charge_ids
        charges.check_access("read")
        if len(charges.property_id) > 1:
            raise UserError(
                self.env._(
                    "The charges belong to several properties (%s): pick those of one, and book the rest from another bank line.",
                    ", ".join(charges.property_id.mapped("display_name")),
                )
            )
        payer = self._pm_payer(charges)
        if not payer:
            raise UserError(self.env._("The charges are owed by several people: choose above who has paid."))
        self._pm_book(charges.property_id, payer, self._pm_allocation(charged, picked))
        return True

    def _pm_allocation(self, items, rows):
        """(charge, amount) pairs of the picked receivable items, as much of each as the panes take."""
        allocation = []
        for item in items:
            left = self.currency_id.round(-rows[item.id]["amount"])
            for charge in item.pm_charge_ids.sorted(lambda c: (c.due_date, c.period_start, c.id)):
                part = min(left, charge.residual)
                if self.currency_id.compare_amounts(part, 0.0) > 0:
                    allocation.append((charge, part))
                    left = self.currency_id.round(left - part)
        return allocation

    def _pm_settle_item(self, item):
        """The one item picked is the money of a receipt, to the cent: nothing is paid a second time."""
        # sudo: a receipt of any property keeps its money
        payment = self.env["pm.payment"].sudo().search([("move_id", "=", item.move_id.id), ("state", "=", "posted")])
        if not payment or item.account_id.account_type == "asset_receivable":
            return False
        payment.with_env(self.env).check_access("read")
        if self.currency_id.compare_amounts(item.amount_residual, self.amount):
            raise UserError(
                self.env._(
                    "Receipt %(receipt)s is over %(amount)s, the bank line over %(line)s: they cannot be the same money.",
                    receipt=payment.receipt_name,
                    amount=self.currency_id.format(item.amount_residual),
                    line=self.currency_id.format(self.amount),
                )
            )
        self._pm_settle(payment.with_env(self.env), item)
        return True

    def _pm_book_credit(self, rows):
        """Money for the account of the charges, but for no charge: the whole of it is credit of the payer.

        Booked without a receipt it would part the households' accounts from the ledger.

        :return: True if that was done
        """
        accounts = {row["account_id"][0] for row in rows}
        # sudo: the account of any property is guarded, whoever tries
        properties = self.env["pm.property"].sudo().search([("receivable_account_id", "in", list(accounts))])
        if not properties:
            return False
        payer = self.partner_id.browse((rows[0].get("partner_id") or (False,))[0] or self.partner_id.ids)
        if len(rows) > 1 or len(properties) > 1 or not payer or rows[0]["amount"] > 0:
            raise UserError(
                self.env._(
                    "Account %(account)s holds the charges of %(property)s: pick the charges that are paid, or name the payer to keep the whole amount as his credit.",
                    account=properties[0].receivable_account_id.display_name,
                    property=", ".join(properties.mapped("display_name")),
                )
            )
        self._pm_book(properties.with_env(self.env), payer, [])
        return True
