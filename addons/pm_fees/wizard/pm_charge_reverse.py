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
    date = fields.Date("Accounting date", help="Empty: today, or the day of the booking where that is later.")
    charge_count = fields.Integer(compute="_compute_charge_count")
    paid_amount = fields.Monetary("Already paid on them", compute="_compute_charge_count")
    currency_id = fields.Many2one("res.currency", compute="_compute_charge_count")

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") == "pm.charge":
            values["charge_ids"] = [fields.Command.set(self.env.context.get("active_ids", []))]
        return values

    def _domain(self):
        """The charges to reverse: a run may have very many, of which only sums are shown."""
        if not self.run_id:
            return [("id", "in", self.charge_ids.ids)]
        units = [("unit_id", "in", self.unit_ids.ids)] if self.unit_ids else []
        return [("run_id", "=", self.run_id.id), ("state", "=", "posted"), *units]

    @api.depends("run_id", "unit_ids", "charge_ids")
    def _compute_charge_count(self):
        for wizard in self:
            [(count, paid)] = self.env["pm.charge"]._read_group(wizard._domain(), [], ["__count", "amount_paid:sum"])
            wizard.charge_count, wizard.paid_amount = count, paid or 0.0
            company = wizard.run_id.company_id or wizard.charge_ids.company_id[:1] or self.env.company
            wizard.currency_id = company.currency_id

    def action_reverse(self):
        self.ensure_one()
        if not self.charge_count:
            raise UserError(self.env._("There are no posted charges to reverse."))
        if self.run_id and not self.unit_ids:
            self.run_id._reverse(self.reason, date=self.date, note=self.note)
        else:
            charges = self.env["pm.charge"].search(self._domain())
            charges._reverse(self.reason, date=self.date, note=self.note)
        return {"type": "ir.actions.act_window_close"}
