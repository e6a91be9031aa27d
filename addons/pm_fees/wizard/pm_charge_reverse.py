from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.pm_charge import REVERSE_REASONS


class PmChargeReverse(models.TransientModel):
    """Reverse chosen charges, one unit of a run, or a whole run (冲红)."""

    _name = "pm.charge.reverse"
    _description = "Reverse charges"

    run_id = fields.Many2one("pm.billing.run", "Billing run")
    property_id = fields.Many2one(related="run_id.property_id")
    unit_ids = fields.Many2many("pm.unit", string="Only these units", domain="[('property_id', '=', property_id)]")
    charge_ids = fields.Many2many("pm.charge", string="Charges")
    reason = fields.Selection(REVERSE_REASONS, required=True)
    note = fields.Char()
    date = fields.Date("Accounting date", help="Empty: today.")
    charge_count = fields.Integer(compute="_compute_charge_count")
    paid_amount = fields.Monetary("Already paid on them", compute="_compute_charge_count")
    currency_id = fields.Many2one("res.currency", compute="_compute_charge_count")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") == "pm.charge":
            values["charge_ids"] = [fields.Command.set(self.env.context.get("active_ids", []))]
        return values

    def _get_charges(self):
        if self.run_id:
            charges = self.run_id.charge_ids.filtered(lambda charge: charge.state == "posted")
            return charges.filtered(lambda charge: charge.unit_id in self.unit_ids) if self.unit_ids else charges
        return self.charge_ids

    @api.depends("run_id", "unit_ids", "charge_ids")
    def _compute_charge_count(self):
        for wizard in self:
            charges = wizard._get_charges()
            wizard.charge_count = len(charges)
            wizard.paid_amount = sum(charges.mapped("amount_paid"))
            wizard.currency_id = charges[:1].currency_id or self.env.company.currency_id

    def action_reverse(self):
        self.ensure_one()
        charges = self._get_charges()
        if not charges:
            raise UserError(self.env._("There are no posted charges to reverse."))
        if self.run_id and not self.unit_ids:
            self.run_id._reverse(self.reason, date=self.date, note=self.note)
        else:
            charges._reverse(self.reason, date=self.date, note=self.note)
        return {"type": "ir.actions.act_window_close"}
