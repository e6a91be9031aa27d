from odoo import api, fields, models


class PmUnit(models.Model):
    _inherit = "pm.unit"

    charge_ids = fields.One2many("pm.charge", "unit_id", "Charges", domain=[("state", "=", "posted")])
    fee_assignment_ids = fields.One2many("pm.fee.assignment", "unit_id", "Fees")
    meter_ids = fields.One2many("pm.meter", "unit_id", "Meters")
    arrears = fields.Monetary(
        compute="_compute_arrears",
        search="_search_arrears",
        groups="pm_base.group_front_desk,pm_base.group_cashier,pm_base.group_accountant,pm_base.group_counsel,pm_base.group_leadership",
        help="Due and unpaid, of all payers of this unit.",
    )
    open_charges = fields.Monetary(
        "Unpaid charges",
        compute="_compute_arrears",
        groups="pm_base.group_front_desk,pm_base.group_cashier,pm_base.group_accountant,pm_base.group_counsel,pm_base.group_leadership",
        help="Unpaid, due or not yet.",
    )

    def _compute_arrears(self):
        due, unpaid = {}, {}
        today = fields.Date.context_today(self)
        # The state, which follows from the payment state, lets the key of the units' charges be used.
        for unit, day, amount in self.env["pm.charge"]._read_group(
            [("unit_id", "in", self.ids), ("state", "=", "posted"), ("paid_state", "in", ("unpaid", "partial"))],
            ["unit_id", "due_date:day"],
            ["residual:sum"],
        ):
            unpaid[unit.id] = unpaid.get(unit.id, 0.0) + amount
            if day < today:
                due[unit.id] = due.get(unit.id, 0.0) + amount
        for unit in self:
            unit.arrears, unit.open_charges = due.get(unit.id, 0.0), unpaid.get(unit.id, 0.0)

    @api.model
    def _search_arrears(self, operator, value):
        if operator not in (">", "=", "!=") or value:
            return NotImplemented
        owing = [("paid_state", "in", ("unpaid", "partial")), ("due_date", "<", fields.Date.context_today(self))]
        units = self.env["pm.charge"]._search(owing).subselect("unit_id")
        return [("id", "not in" if operator == "=" else "in", units)]

    def action_open_charges(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.charge",
            "view_mode": "list,form",
            "name": self.env._("Charges"),
            "domain": [("unit_id", "in", self.ids)],
            "context": {"search_default_unpaid": 1},
        }
