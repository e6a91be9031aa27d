from odoo import api, fields, models

# First code of the deposit accounts, under 2241 other payables of the Chinese chart.
DEPOSIT_ACCOUNT_CODE = 224121


class PmProperty(models.Model):
    _inherit = "pm.property"

    _renovation_deposit_positive = models.Constraint(
        "CHECK (renovation_deposit_amount >= 0 AND renovation_deposit_rate >= 0)", "A deposit cannot be negative."
    )
    _renovation_days_positive = models.Constraint(
        "CHECK (renovation_reinspect_days >= 0 AND renovation_permit_warning_days >= 0)", "Days cannot be negative."
    )
    _renovation_patrols = models.Constraint(
        "CHECK (renovation_patrols_a_day BETWEEN 1 AND 4)", "A site is patrolled one to four times a day."
    )
    _renovation_hours = models.Constraint(
        "CHECK (renovation_from >= 0 AND renovation_from < renovation_to AND renovation_to <= 24"
        " AND renovation_noise_from >= renovation_from AND renovation_noise_from <= renovation_noise_to"
        " AND renovation_noise_to <= renovation_to)",
        "Noisy hours lie within the working hours of renovations, and each begins before it ends.",
    )

    renovation_deposit_method = fields.Selection(
        selection=[("none", "No deposit"), ("fixed", "Fixed amount"), ("area", "Per m² of chargeable area")],
        string="Renovation Deposit",
        default="fixed",
        required=True,
        help="Local rules may limit or forbid a deposit (L-04): check them before asking for one.",
    )
    renovation_deposit_amount = fields.Monetary("Deposit Amount", default=lambda self: self._default_deposit_amount())
    renovation_deposit_rate = fields.Monetary("Deposit per m²")
    renovation_reinspect_days = fields.Integer(
        "Re-inspection After (days)",
        help="Days between acceptance and the start of the refund clock; 0 by the handbook (CON-13).",
    )
    renovation_permit_warning_days = fields.Integer(
        "Warn before Permit Ends (days)", default=lambda self: self._default_permit_warning_days()
    )
    renovation_patrols_a_day = fields.Integer(
        "Patrols a Day", default=1, required=True, help="Daily by the handbook (S4-68); 2 adds the afternoon (S4-75)."
    )
    renovation_from = fields.Float("Works From", default=8.0)
    renovation_to = fields.Float("Works To", default=18.0)
    renovation_noise_from = fields.Float("Noisy Works From", default=9.0)
    renovation_noise_to = fields.Float("Noisy Works To", default=17.0)
    renovation_noise_days = fields.Selection(
        selection=[("all", "Every day"), ("working", "Working days only")],
        string="Noisy Works On",
        default="all",
        required=True,
        help="Working days are those of the property's calendar.",
    )
    renovation_authority = fields.Char(
        "Authority for Reports", help="To whom illegal structures are reported (L-05); proposed on each violation."
    )
    renovation_ids = fields.One2many("pm.renovation", "property_id", string="Renovations")
    deposit_account_id = fields.Many2one(
        "account.account",
        "Deposit Account",
        check_company=True,
        copy=False,
        domain="[('account_type', '=', 'liability_current'), ('reconcile', '=', True)]",
        help="Liability account of this property's renovation deposits, and of nothing else.",
    )
    deposit_deduction_account_id = fields.Many2one(
        "account.account",
        "Deduction Account",
        check_company=True,
        domain="[('account_type', 'in', ('income', 'income_other', 'expense', 'expense_other'))]",
        help="Where agreed deductions for damage go; repairs of that damage are booked against it.",
    )
    deposit_held = fields.Monetary(compute="_compute_deposit_ledger", string="Deposits Held", groups="base.group_user")
    deposit_ledger = fields.Monetary(
        compute="_compute_deposit_ledger", string="Deposit Account Balance", groups="base.group_user"
    )
    deposit_difference = fields.Monetary(
        compute="_compute_deposit_ledger", string="Difference", groups="base.group_user"
    )

    @api.model
    def _own_account_fields(self):
        return [*super()._own_account_fields(), "deposit_account_id"]

    @api.model
    def _shared_account_fields(self):
        return [*super()._shared_account_fields(), "deposit_deduction_account_id"]

    def _compute_deposit_ledger(self):
        # sudo: one total per property, shown to the staff who see the property; no single deposit is disclosed
        held = dict(
            self.env["pm.deposit"]
            .sudo()
            ._read_group([("property_id", "in", self.ids)], ["property_id"], ["amount_held:sum"])
        )
        balances = dict(
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [("account_id", "in", self.sudo().deposit_account_id.ids), ("parent_state", "=", "posted")],
                ["account_id"],
                ["balance:sum"],
            )
        )
        for prop in self:
            prop.deposit_held = held.get(prop, 0.0)
            prop.deposit_ledger = -balances.get(prop.sudo().deposit_account_id, 0.0)
            prop.deposit_difference = prop.currency_id.round(prop.deposit_held - prop.deposit_ledger)

    @api.model
    def _default_deposit_amount(self):
        # sudo: defaults for new properties are system parameters
        return float(self.env["ir.config_parameter"].sudo().get_param("pm_renovation.deposit_amount", 0.0))

    @api.model
    def _default_permit_warning_days(self):
        # sudo: as above
        return int(self.env["ir.config_parameter"].sudo().get_param("pm_renovation.permit_warning_days", 0))

    def _renovation_deposit(self, unit):
        """Deposit that the property's rule asks for a unit; 0 for none.

        :param unit: one ``pm.unit``
        :return: amount in the property's currency, rounded
        """
        self.ensure_one()
        if self.renovation_deposit_method == "fixed":
            return self.currency_id.round(self.renovation_deposit_amount)
        if self.renovation_deposit_method == "area":
            return self.currency_id.round(self.renovation_deposit_rate * unit.area_chargeable)
        return 0.0

    def _ensure_accounts(self):
        """Give each property its own reconcilable deposit account under other payables."""
        result = super()._ensure_accounts()
        # sudo: accounts are set up once per property by whoever first needs them, as in pm_fees
        for prop in self.sudo():
            company = prop.company_id
            prop = prop.with_company(company)
            Account = self.env["account.account"].sudo().with_company(company)
            chart = company.root_id.chart_template  # a branch keeps its books in the chart of the company above it
            if not prop.deposit_account_id and chart:
                taken = set(
                    Account.search([("company_ids", "in", company.parent_ids.ids), ("code", "=like", "2241%")]).mapped(
                        "code"
                    )
                )
                code = next(
                    str(c) for c in range(DEPOSIT_ACCOUNT_CODE, DEPOSIT_ACCOUNT_CODE + 10000) if str(c) not in taken
                )
                prop.deposit_account_id = prop._ensure_account(
                    company,
                    code,
                    "liability_current",
                    self.env._("Renovation deposits %(property)s", property=prop.code),
                    reconcile=True,
                )
            if not prop.deposit_deduction_account_id and chart:
                prop.deposit_deduction_account_id = Account.search(
                    [("company_ids", "in", company.parent_ids.ids), ("account_type", "=", "income_other")], limit=1
                )
        return result

    def _hours_text(self, kind):
        """Working or noisy hours as text, for notices and permits.

        :param kind: ``work`` or ``noise``
        """
        start, end = (
            (self.renovation_from, self.renovation_to)
            if kind == "work"
            else (self.renovation_noise_from, self.renovation_noise_to)
        )
        text = "–".join(f"{int(hour)}:{round(hour % 1 * 60):02d}" for hour in (start, end))
        if kind == "noise" and self.renovation_noise_days == "working":
            return self.env._("%(hours)s on working days", hours=text)
        return text
