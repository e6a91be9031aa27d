from odoo import api, fields, models


class PmDunningPolicy(models.Model):
    """Who is reminded of what and when. The handbook's numbers are the levels. Source: S0-130 – S0-137, §7."""

    _name = "pm.dunning.policy"
    _description = "Reminder Policy"
    _order = "sequence, id"

    _penalty_range = models.Constraint(
        "CHECK (penalty_rate >= 0 AND penalty_grace_days >= 0 AND penalty_cap >= 0 AND penalty_cap <= 100)",
        "Rate, grace days and cap of the penalty cannot be negative, and the cap is at most 100 %.",
    )
    _numbers_positive = models.Constraint(
        "CHECK (min_amount >= 0 AND promise_max_days > 0 AND paid_check_days > 0 AND instalment_grace_days >= 0"
        " AND visit_after >= 0)",
        "Amounts and days of a policy cannot be negative.",
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
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    property_id = fields.Many2one(
        "pm.property", index=True, help="Empty: every property. A property's own policy comes first."
    )
    level_ids = fields.One2many("pm.dunning.level", "policy_id", "Levels", copy=True)
    ladder = fields.Html(compute="_compute_ladder", sanitize=False)
    min_amount = fields.Monetary(
        "Ignore Debts Below",
        default=0.0,
        help="Smaller debts wait until they have grown. 0: every debt is reminded of.",
    )
    promise_max_days = fields.Integer(
        "Promise at Most (days)", default=30, required=True, help="How far ahead a promised payment may lie."
    )
    paid_check_days = fields.Integer(
        "Wait for a Payment (days)",
        default=3,
        required=True,
        help="Reminders pause this long for a debtor who says that the payment is on its way.",
    )
    instalment_grace_days = fields.Integer(
        "Instalment Late by (days)", default=3, required=True, help="An instalment later than this breaks the plan."
    )
    visit_after = fields.Integer(
        "Visit after Unanswered Calls",
        default=3,
        required=True,
        help="After so many calls in a row that nobody answered the list proposes a visit (S4-66). 0: never.",
    )
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

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_currency_id(self):
        for policy in self:
            policy.currency_id = (policy.company_id or self.env.company).currency_id

    @api.depends(
        "level_ids.name",
        "level_ids.active",
        "level_ids.sequence",
        "level_ids.from_month",
        "level_ids.to_month",
        "level_ids.repeat",
        "level_ids.day_after",
    )
    def _compute_ladder(self):
        for policy in self:
            policy.ladder = policy.level_ids.sorted("sequence")._ladder()

    def _penalty(self, currency, charges, today):
        """The penalty that may be charged on `charges` today by the contract, without compounding (L-06).

        :return: amount in `currency`; 0 while the contract rate is 0
        """
        return currency.round(sum(part["amount"] for part in self._penalties(currency, charges, today).values()))

    def _penalties(self, currency, charges, today):
        """The penalty on each charge: what is owed × rate × days after the grace, capped, less what was charged before.

        A late fee bears none itself: no compounding (L-06). Days for which a late fee was charged do not count again.

        :return: {charge id: {"amount", "base", "days", "date_from", "date_to"}}; charges without penalty are left out
        """
        self.ensure_one()
        found = {}
        if not self.penalty_rate:
            return found
        charged = self.env["pm.late.fee.line"]._charged(charges)
        for charge in charges:
            if charge.kind == "late_fee":
                continue
            until, before = charged.get(charge.id, (None, 0.0))
            first = fields.Date.add(charge.due_date, days=self.penalty_grace_days + 1)
            if until:
                first = max(first, fields.Date.add(until, days=1))
            days = (today - first).days + 1
            amount = charge.residual * self.penalty_rate / 1000 * max(days, 0)
            if self.penalty_cap:
                amount = min(amount, max(charge.amount_total * self.penalty_cap / 100 - before, 0.0))
            amount = currency.round(amount)
            if currency.compare_amounts(amount, 0) > 0:
                found[charge.id] = {
                    "amount": amount,
                    "base": charge.residual,
                    "days": days,
                    "date_from": first,
                    "date_to": today,
                }
        return found

    def action_preview(self):
        """What a run would do, without doing it."""
        self.ensure_one()
        return self.env["pm.dunning.preview"]._open(self.property_id)
