from odoo import fields, models


class PmCharge(models.Model):
    """From a charge to its papers: the receipts that paid it, the notice that asked for it, what replaced it."""

    _inherit = "pm.charge"

    replaced_by_ids = fields.One2many("pm.charge", "reverse_of_id", "Replaced by", readonly=True)

    def action_open_receipts(self):
        """The receipts whose money stands against these charges, voided ones too."""
        self.check_access("read")
        lines = self.env["pm.payment.line"].search([("charge_id", "in", self.ids)])
        # sudo: how the ledger matched them; which receipts somebody sees, his own rights decide
        items = self.sudo().move_line_id.matched_credit_ids.credit_move_id
        lines |= self.env["pm.payment.line"].search([("move_line_id", "in", items.ids)])
        return self._action_papers(lines.payment_id, self.env._("Receipts"))

    def action_open_notices(self):
        """The payment notices that ask for these charges."""
        self.check_access("read")
        notices = self.env["pm.fee.notice"].search(
            [
                ("run_id", "in", self.run_id.ids),
                ("unit_id", "in", [*self.unit_id.ids, False]),
                ("partner_id", "in", self.partner_id.ids),
            ]
        )
        return self._action_papers(notices, self.env._("Payment notices"))

    def _action_papers(self, papers, name):
        action = {
            "type": "ir.actions.act_window",
            "res_model": papers._name,
            "name": name,
            "view_mode": "list,form",
            "domain": [("id", "in", papers.ids)],
        }
        return {**action, "view_mode": "form", "res_id": papers.id} if len(papers) == 1 else action


class PmPayment(models.Model):
    """From a receipt to what it paid, and to the line of the bank that brought or showed its money."""

    _inherit = "pm.payment"

    settling_line_ids = fields.One2many(
        "account.bank.statement.line", "pm_settled_payment_id", "Shown by the bank", readonly=True
    )
    has_bank_line = fields.Boolean(compute="_compute_has_bank_line")

    def _compute_has_bank_line(self):
        for payment in self:
            # sudo: only whether there is one
            own = payment.sudo()
            payment.has_bank_line = bool(own.statement_line_id or own.settling_line_ids)

    def action_open_charges(self):
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.charge",
            "name": self.env._("Charges"),
            "view_mode": "list,form",
            "domain": [("id", "in", self.line_ids.charge_id.ids)],
        }

    def action_open_bank_line(self):
        """The line of the bank statement behind this receipt."""
        self.ensure_one()
        self.check_access("read")
        lines = self.statement_line_id | self.settling_line_ids
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("pm_fees.pm_bank_line_action"),
            "domain": [("id", "in", lines.ids)],
        }
