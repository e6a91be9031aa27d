from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class PmUnitTransfer(models.Model):
    """What a change of hands leaves to settle: bills of days after it, open debts, credit."""

    _inherit = "pm.unit.transfer"

    late_charge_count = fields.Integer("Charges of later days", compute="_compute_balance")
    late_amount = fields.Monetary("Billed for later days", compute="_compute_balance")
    open_amount = fields.Monetary("Still owed", compute="_compute_balance", help="By the owners until then.")
    currency_id = fields.Many2one(related="company_id.currency_id")
    correction_ids = fields.One2many("pm.charge.correction", "transfer_id", "Corrections")
    balance_transfer_ids = fields.One2many("pm.balance.transfer", "transfer_id", "Balance transfers")

    def _late_charges(self):
        """Charges of billing runs that bill the payer of before for days from the transfer on."""
        self.ensure_one()
        # sudo: what is left to settle is shown to the clerk of the transfer, who may not read every charge
        return (
            self.env["pm.charge"]
            .sudo()
            .search(
                [
                    ("unit_id", "=", self.unit_id.id),
                    ("state", "=", "posted"),
                    ("kind", "=", "regular"),
                    ("period_end", ">=", self.date),
                    ("partner_id", "in", self.old_party_ids.filtered("is_payer").partner_id.ids),
                ]
            )
        )

    @api.depends("state", "date", "unit_id", "old_party_ids")
    def _compute_balance(self):
        for transfer in self:
            done = transfer.state == "done"
            late = transfer._late_charges() if done else self.env["pm.charge"]
            transfer.late_charge_count = len(late)
            transfer.late_amount = sum(late.mapped("amount_total"))
            transfer.open_amount = (
                sum(
                    # sudo: as in `_late_charges`
                    self.env["pm.charge"]
                    .sudo()
                    .search(
                        [
                            ("unit_id", "=", transfer.unit_id.id),
                            ("partner_id", "in", transfer.old_party_ids.partner_id.ids),
                            ("paid_state", "in", ("unpaid", "partial")),
                        ]
                    )
                    .mapped("residual")
                )
                if done
                else 0.0
            )

    def action_correct_charges(self):
        """By period: bill the days from the transfer on to who pays now."""
        self.ensure_one()
        late = self._late_charges()
        if not late:
            raise UserError(self.env._("No charge bills the payer of before for days from %s on.", self.date))
        return self.env["pm.charge.correction"]._open_for_charges(
            late.sudo(False),
            reason="payer",
            note=self.env._("Ownership transfer %s", self.name),
            transfer_id=self.id,
        )

    def action_transfer_balance(self):
        """By agreement: open debts and credit pass to the new payer."""
        self.ensure_one()
        old = self.old_party_ids.filtered("is_payer").partner_id[:1] or self.old_party_ids.partner_id[:1]
        new = self.new_party_ids.filtered("is_payer").partner_id[:1] or self.new_party_ids.partner_id[:1]
        if not old or not new:
            raise UserError(
                self.env._("A balance passes from an owner of before to a new one: this transfer lacks one.")
            )
        record = self.env["pm.balance.transfer"].new(
            {"unit_id": self.unit_id.id, "from_partner_id": old.id, "to_partner_id": new.id}
        )
        created = self.env["pm.balance.transfer"].create(
            {
                "unit_id": self.unit_id.id,
                "transfer_id": self.id,
                "from_partner_id": old.id,
                "to_partner_id": new.id,
                "agreement": self.document_ref or self.name,
                "line_ids": [Command.create(vals) for vals in record._proposed_lines()],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.balance.transfer",
            "res_id": created.id,
            "view_mode": "form",
            "name": self.env._("Balance Transfer"),
        }
