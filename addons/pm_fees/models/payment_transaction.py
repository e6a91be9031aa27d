from odoo import fields, models


class PaymentTransaction(models.Model):
    """Charges paid online in the portal: the confirmed transaction becomes one payment with a receipt."""

    _name = "payment.transaction"
    _inherit = ["payment.transaction", "pm.program.fields"]
    _program_fields = frozenset({"pm_property_id", "pm_charge_ids", "pm_payment_id"})

    pm_property_id = fields.Many2one("pm.property", "Property", readonly=True, index="btree_not_null")
    pm_charge_ids = fields.Many2many(
        "pm.charge", "pm_charge_transaction_rel", "transaction_id", "charge_id", "Charges", readonly=True
    )
    pm_payment_id = fields.Many2one("pm.payment", "Receipt", readonly=True)

    def _create_payment(self, **extra_create_values):
        """Register the charges' payment instead of a core payment. Confirmed twice, it is booked once by its key."""
        self.ensure_one()
        if not self.pm_charge_ids:
            return super()._create_payment(**extra_create_values)
        if not self.pm_payment_id:
            self.sudo().pm_payment_id = self._pm_register()  # sudo: _program_fields
        return self.env["account.payment"]

    def _pm_register(self):
        """Pay the chosen charges, oldest first. What was paid elsewhere meanwhile becomes credit: no money is lost."""
        # Whatever happened between order and confirmation, the money has arrived: read what is owed now.
        left, lines = self.amount, []
        charges = self.pm_charge_ids.filtered(lambda c: c.state == "posted").sorted(
            lambda c: (c.due_date, c.period_start, c.id)
        )
        self.env["pm.payment"]._lock_receivables(charges)
        for charge in charges:
            part = self.currency_id.round(min(left, charge.move_line_id.amount_residual))
            if self.currency_id.compare_amounts(part, 0.0) > 0:
                lines.append({"charge_id": charge.id, "amount": part})
                left = self.currency_id.round(left - part)
        units = self.pm_charge_ids.unit_id
        # sudo: the provider's confirmation has no user; what may be paid was checked when the transaction was made
        return (
            self.env["pm.payment"]
            .sudo()
            ._register_payment(
                {
                    "request_key": f"online/{self.reference}",
                    "direction": "in",
                    "source": "online",
                    "property_id": self.pm_property_id.id,
                    "partner_id": self.pm_charge_ids.partner_id[:1].id,
                    "unit_id": units.id if len(units) == 1 else False,
                    "method_id": self.env["pm.payment.method"].sudo()._get(self.pm_property_id.company_id, "online").id,
                    "amount": self.amount,
                    "date": self.pm_property_id._today(),
                    "note": self.reference,
                    "allow_credit": True,
                    "lines": lines,
                }
            )
        )
