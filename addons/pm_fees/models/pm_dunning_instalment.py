from dateutil.relativedelta import relativedelta
from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date


class PmDunningInstalment(models.Model):
    """An agreement to pay what is overdue in parts. While it is kept, its charges are not demanded; broken, they are again.

    An agreement acknowledges the debt: limitation starts anew (Civil Code art. 195, L-14).
    """

    _name = "pm.dunning.instalment"
    _description = "Instalment Plan"
    _inherit = ["pm.program.fields", "pm.files", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"

    _program_fields = frozenset(
        {"state", "charge_ids", "amount", "agreed_on", "approved_by_id", "settled_on", "received", "cancel_reason"}
    )

    _one_active = models.UniqueIndex(
        "(case_id) WHERE state = 'active'", "This household has an instalment plan already."
    )

    case_id = fields.Many2one("pm.dunning.case", required=True, index=True, ondelete="restrict")
    property_id = fields.Many2one(related="case_id.property_id", store=True, precompute=True, index=True)
    company_id = fields.Many2one(related="case_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(related="case_id.partner_id", store=True, precompute=True)
    unit_id = fields.Many2one(related="case_id.unit_id", store=True, precompute=True)
    charge_ids = fields.Many2many(
        "pm.charge", "pm_dunning_instalment_charge_rel", "instalment_id", "charge_id", string="Charges", readonly=True
    )
    amount = fields.Monetary("Agreed Total", readonly=True, help="Overdue on the day of the agreement.")
    received = fields.Monetary("Received So Far", compute="_compute_received")
    line_ids = fields.One2many("pm.dunning.instalment.line", "instalment_id", "Instalments")
    line_total = fields.Monetary("Instalments in All", compute="_compute_line_total")
    start_date = fields.Date("First on", default=lambda self: fields.Date.context_today(self))
    count = fields.Integer("Number", default=3, help="Into how many monthly parts to split.")
    note = fields.Text()
    agreed_on = fields.Date(readonly=True)
    approved_by_id = fields.Many2one("res.users", readonly=True)
    settled_on = fields.Date(readonly=True)
    cancel_reason = fields.Char(readonly=True)
    attachment_ids = fields.Many2many("ir.attachment", string="Signed Agreement")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("active", "Running"),
            ("kept", "Kept"),
            ("broken", "Broken"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        tracking=True,
    )

    @api.depends("case_id")
    def _compute_display_name(self):
        for plan in self:
            plan.display_name = plan.case_id.display_name

    @api.depends("line_ids.amount")
    def _compute_line_total(self):
        for plan in self:
            plan.line_total = sum(plan.line_ids.mapped("amount"))

    @api.depends("amount", "charge_ids.residual", "state")
    def _compute_received(self):
        for plan in self:
            # sudo: a collector sees what came in, not the ledger
            owed = sum(plan.sudo().charge_ids.mapped("residual"))
            plan.received = plan.currency_id.round(plan.amount - owed) if plan.state != "draft" else 0.0

    @api.constrains("line_ids")
    def _check_lines(self):
        for plan in self:
            if plan.state == "draft":
                continue
            if plan.currency_id.compare_amounts(plan.line_total, plan.amount):
                raise ValidationError(self.env._("The instalments must make up the agreed total."))

    def write(self, vals):
        if not self.env.su and vals.keys() & {"line_ids", "case_id"} and any(plan.state != "draft" for plan in self):
            raise UserError(self.env._("Only a draft plan can be changed: cancel it and agree on a new one."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(plan.state != "draft" for plan in self):
            raise UserError(self.env._("An agreement is part of the collection record and is never deleted (S0-133)."))

    def action_propose(self):
        """Split what is overdue into equal monthly parts; the last takes the cents."""
        self.ensure_one()
        if self.state != "draft":
            raise UserError(self.env._("Only a draft plan can be changed: cancel it and agree on a new one."))
        total = sum(self.case_id._overdue_charges().mapped("residual"))
        count = max(self.count, 1)
        start = self.start_date or self.property_id._today()
        part = self.currency_id.round(total / count)
        amounts = [part] * (count - 1) + [self.currency_id.round(total - part * (count - 1))]
        self.line_ids = [
            Command.clear(),
            *(
                Command.create({"due_date": start + relativedelta(months=number), "amount": amount})
                for number, amount in enumerate(amounts)
            ),
        ]

    def action_agree(self):
        """A supervisor approves the plan; from now on its charges are demanded by instalments only."""
        if not (self.env.user.has_group("pm_base.group_supervisor") or self.env.su):
            raise AccessError(self.env._("Instalment plans are approved by a supervisor."))
        for plan in self:
            if plan.state != "draft":
                raise UserError(self.env._("Plan %s is no draft.", plan.display_name))
            charges = plan.case_id._overdue_charges()
            total = plan.currency_id.round(sum(charges.mapped("residual")))
            if not charges:
                raise UserError(self.env._("Nothing is overdue that could be paid by instalments."))
            today = plan.property_id._today()
            if not plan.line_ids or any(line.due_date < today for line in plan.line_ids):
                raise UserError(self.env._("Enter instalments that are due from today on."))
            if plan.currency_id.compare_amounts(plan.line_total, total):
                raise UserError(
                    self.env._(
                        "The instalments make up %(lines)s, but %(total)s is overdue.",
                        lines=plan.currency_id.format(plan.line_total),
                        total=plan.currency_id.format(total),
                    )
                )
            # sudo: written by the program only
            plan.sudo().write(
                {
                    "state": "active",
                    "amount": total,
                    "charge_ids": [Command.set(charges.ids)],
                    "agreed_on": today,
                    "approved_by_id": self.env.uid,
                }
            )
            # An open promise is part of the agreement now.
            promises = self.env["pm.dunning.promise"].sudo()
            promises.search([("case_id", "=", plan.case_id.id), ("state", "=", "open")]).write(
                {"state": "replaced", "settled_on": today}
            )
        self._after_change()

    def action_cancel(self):
        for plan in self:
            if plan.state not in ("draft", "active"):
                raise UserError(self.env._("Plan %s is over.", plan.display_name))
        if not (self.env.user.has_group("pm_base.group_supervisor") or self.env.su):
            raise AccessError(self.env._("Instalment plans are approved by a supervisor."))
        # sudo: written by the program only
        for prop, plans in self.grouped("property_id").items():
            plans.sudo().write(
                {
                    "state": "cancelled",
                    "settled_on": prop._today(),
                    "cancel_reason": self.env._("By %s", self.env.user.name),
                }
            )
        self._after_change()

    def _after_change(self):
        self.flush_recordset()
        # sudo: amounts are written by the program
        self.case_id.sudo().filtered(lambda case: case.state == "open")._refresh_amounts()

    @api.model
    def _settle(self, prop, today):
        """Daily: plans paid in full are kept, plans with an instalment too late are broken and go back to the ladder."""
        plans = self.search([("property_id", "=", prop.id), ("state", "=", "active")])
        kept = plans.filtered(lambda plan: plan.currency_id.compare_amounts(plan.received, plan.amount) >= 0)
        kept.write({"state": "kept", "settled_on": today})
        broken = (plans - kept).filtered(lambda plan: plan._late_line(today))
        broken.write({"state": "broken", "settled_on": today})
        for plan in broken:
            if plan.case_id.user_id:
                plan.case_id.activity_schedule(
                    "mail.mail_activity_data_todo",
                    user_id=plan.case_id.user_id.id,
                    summary=self.env._("Instalment plan broken"),
                    note=self.env._(
                        "The instalment of %s did not come in.", format_date(self.env, plan._late_line(today).due_date)
                    ),
                )

    def _late_line(self, today):
        """The first instalment that is later than the policy allows, if any."""
        self.ensure_one()
        limit = fields.Date.subtract(today, days=self.case_id.policy_id.instalment_grace_days)
        for line in self.line_ids:
            if line.due_date < limit and line.state != "paid":
                return line
        return self.env["pm.dunning.instalment.line"]

    def action_print(self):
        return self.env.ref("pm_fees.pm_dunning_instalment_report").report_action(self)


class PmDunningInstalmentLine(models.Model):
    """One part of an instalment plan."""

    _name = "pm.dunning.instalment.line"
    _description = "Instalment"
    _order = "due_date, id"

    _amount_positive = models.Constraint("CHECK (amount > 0)", "An instalment is above zero.")

    instalment_id = fields.Many2one("pm.dunning.instalment", required=True, index=True, ondelete="cascade")
    property_id = fields.Many2one(related="instalment_id.property_id", store=True, precompute=True)
    company_id = fields.Many2one(related="instalment_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    due_date = fields.Date("Due", required=True)
    amount = fields.Monetary(required=True)
    paid = fields.Monetary(compute="_compute_paid")
    state = fields.Selection(
        [("open", "Open"), ("part", "Partly paid"), ("paid", "Paid")], compute="_compute_paid", string="Payment State"
    )

    @api.depends("amount", "due_date", "instalment_id.received", "instalment_id.line_ids.amount")
    def _compute_paid(self):
        """What came in pays the instalments in their order."""
        for plan, lines in self.grouped("instalment_id").items():
            left = plan.received
            shares = {}
            for line in plan.line_ids.sorted("due_date"):
                shares[line.id] = min(max(left, 0.0), line.amount)
                left = plan.currency_id.round(left - line.amount)
            for line in lines:
                line.paid = shares.get(line.id, 0.0)
                compared = plan.currency_id.compare_amounts(line.paid, line.amount) if plan.currency_id else -1
                line.state = "paid" if line.amount and compared >= 0 else "part" if line.paid else "open"
