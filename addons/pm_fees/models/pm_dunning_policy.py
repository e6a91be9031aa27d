from odoo import fields, models


class PmDunningPolicy(models.Model):
    """Who is reminded of what and when. The handbook's numbers are the levels. Source: S0-130 – S0-137, §7."""

    _name = "pm.dunning.policy"
    _description = "Reminder Policy"
    _order = "sequence, id"

    _penalty_range = models.Constraint(
        "CHECK (penalty_rate >= 0 AND penalty_grace_days >= 0 AND penalty_cap >= 0 AND penalty_cap <= 100)",
        "Rate, grace days and cap of the penalty cannot be negative, and the cap is at most 100 %.",
    )

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    customer_class = fields.Selection(
        [("general", "General customers"), ("large", "Large customers")],
        "For",
        required=True,
        default="general",
        help="Large customers exceed the property's threshold of managed area (S0-137).",
    )
    company_id = fields.Many2one("res.company", index=True, help="Empty: every company.")
    property_id = fields.Many2one(
        "pm.property", index=True, help="Empty: every property. A property's own policy comes first."
    )
    level_ids = fields.One2many("pm.dunning.level", "policy_id", "Levels", copy=True)
    penalty_rate = fields.Float(
        "Contract Penalty (‰ a Day)",
        digits=(6, 3),
        default=0.0,
        help="Only what the contract agrees (L-06). Shown on notices as what may be charged; never booked by a reminder.",
    )
    penalty_grace_days = fields.Integer("Penalty-free Days", default=0)
    penalty_cap = fields.Float(
        "Penalty at Most (% of the Debt)", digits=(5, 2), default=0.0, help="0 = the contract names no cap."
    )
    source = fields.Char(help="Where the handbook or the law says so.")

    def _penalty(self, currency, charges, today):
        """The penalty that may be charged on `charges` today by the contract, without compounding (L-06).

        :return: amount in `currency`; 0 while the contract rate is 0
        """
        self.ensure_one()
        total = 0.0
        for charge in charges:
            days = max((today - charge.due_date).days - self.penalty_grace_days, 0)
            penalty = charge.residual * self.penalty_rate / 1000 * days
            total += currency.round(
                min(penalty, charge.residual * self.penalty_cap / 100) if self.penalty_cap else penalty
            )
        return currency.round(total)
