from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date


class PmLateFee(models.Model):
    """A late fee by contract that somebody proposes and the project manager approves or waives (design §4.10, L-06).

    Until then it exists on notices only, as what may be charged. Approved, it becomes a charge of its own kind, which
    bears no late fee itself; it is taken back by reversing that charge.
    """

    _name = "pm.late.fee"
    _description = "Late Fee"
    _inherit = ["pm.program.fields", "mail.thread"]
    _order = "id desc"

    _program_fields = frozenset({"state", "decided_by_id", "decided_on", "charge_ids"})

    _one_draft = models.UniqueIndex(
        "(case_id) WHERE state = 'draft'", "This household has a proposed late fee already."
    )

    case_id = fields.Many2one("pm.dunning.case", "Arrears Case", required=True, index=True, ondelete="restrict")
    property_id = fields.Many2one(related="case_id.property_id", store=True, precompute=True, index=True)
    company_id = fields.Many2one(related="case_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(related="case_id.partner_id", store=True, precompute=True)
    unit_id = fields.Many2one(related="case_id.unit_id", store=True, precompute=True)
    item_id = fields.Many2one(
        "pm.fee.item",
        "Fee Item",
        help="Under which it is charged; its contract reference is the clause that agrees the late fee.",
    )
    date = fields.Date("Up To", required=True, default=fields.Date.context_today)
    due_date = fields.Date("Pay Until")
    line_ids = fields.One2many("pm.late.fee.line", "fee_id", "Lines", readonly=True)
    amount = fields.Monetary("By Contract", compute="_compute_amount", store=True)
    waived = fields.Monetary(tracking=True, help="How much of it is not charged.")
    waive_reason = fields.Char("Why Waived", tracking=True)
    net = fields.Monetary("To Charge", compute="_compute_amount", store=True)
    charge_ids = fields.Many2many("pm.charge", "pm_late_fee_charge_rel", readonly=True, string="Charges")
    decided_by_id = fields.Many2one("res.users", readonly=True)
    decided_on = fields.Date(readonly=True)
    state = fields.Selection(
        [("draft", "Proposed"), ("charged", "Charged"), ("waived", "Waived"), ("cancelled", "Cancelled")],
        required=True,
        readonly=True,
        default="draft",
        tracking=True,
    )

    @api.depends("case_id", "date")
    def _compute_display_name(self):
        for fee in self:
            fee.display_name = f"{fee.case_id.display_name} {format_date(self.env, fee.date)}"

    @api.depends("line_ids.amount", "waived")
    def _compute_amount(self):
        for fee in self:
            fee.amount = sum(fee.line_ids.mapped("amount"))
            fee.net = fee.amount - fee.waived

    @api.constrains("waived", "waive_reason", "amount")
    def _check_waived(self):
        for fee in self:
            compare = fee.currency_id.compare_amounts
            if compare(fee.waived, 0) < 0 or compare(fee.waived, fee.amount) > 0:
                raise ValidationError(self.env._("Between nothing and the whole late fee can be waived."))
            if compare(fee.waived, 0) > 0 and not fee.waive_reason:
                raise ValidationError(self.env._("Write down why the late fee is waived."))

    @api.model_create_multi
    def create(self, vals_list):
        fees = super().create(vals_list)
        fees._compute_lines()
        return fees

    def write(self, vals):
        if not self.env.su and any(fee.state != "draft" for fee in self):
            if vals.keys() - {"message_follower_ids", "message_ids", "message_main_attachment_id"}:
                raise UserError(self.env._("A late fee that is decided stays as it is; reverse its charge instead."))
        result = super().write(vals)
        if vals.keys() & {"date", "case_id"}:
            self._compute_lines()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_proposals(self):
        if any(fee.state not in ("draft", "cancelled") for fee in self):
            raise UserError(self.env._("A late fee that is decided is kept."))

    def _compute_lines(self):
        """The lines of the day: what the contract allows on each overdue charge."""
        for fee in self.filtered(lambda fee: fee.state == "draft"):
            if fee.date > fee.property_id._today():
                raise UserError(self.env._("A late fee is computed up to today at the latest."))
            charges = fee.case_id._overdue_charges()
            parts = fee.case_id.policy_id._penalties(fee.currency_id, charges, fee.date)
            # sudo: the lines follow from the contract; nobody writes them
            fee.sudo().line_ids = [
                Command.clear(),
                *(
                    Command.create(
                        {
                            "charge_id": charge_id,
                            "base": part["base"],
                            "rate": fee.case_id.policy_id.penalty_rate,
                            "days": part["days"],
                            "date_from": part["date_from"],
                            "date_to": part["date_to"],
                            "amount": part["amount"],
                        }
                    )
                    for charge_id, part in parts.items()
                ),
            ]

    def _check_manager(self):
        if not (self.env.su or self.env.user.has_group("pm_base.group_manager")):
            raise AccessError(self.env._("Late fees are charged or waived by the project manager (L-06)."))

    def _decide(self, state, **values):
        for fee in self:
            # sudo: who decided is written here only
            fee.sudo().write(
                {
                    "state": state,
                    "decided_by_id": self.env.uid,
                    "decided_on": fee.property_id._today(),
                    **values,
                }
            )

    def action_charge(self):
        """Charge it: one charge for each overdue charge, posted at once."""
        self._check_manager()
        for fee in self:
            if fee.state != "draft":
                raise UserError(self.env._("This late fee is decided already."))
            fee._compute_lines()
            if fee.currency_id.compare_amounts(fee.net, 0) <= 0:
                raise UserError(self.env._("There is nothing to charge: no rate is agreed, or all is waived."))
            if not fee.item_id:
                raise UserError(
                    self.env._("Choose the fee item whose contract clause agrees the late fee (L-06, L-12).")
                )
            today = fee.property_id._today()
            if not fee.due_date or fee.due_date < today:
                raise UserError(self.env._("Enter until when the late fee must be paid, from today on."))
            # sudo: the manager's approval makes it a charge; billing has its own role otherwise
            charges = self.env["pm.charge"].sudo()._create_charges(fee._prepare_charges())
            charges._approve()
            charges._post()
            for line, charge in zip(fee._charged_lines(), charges, strict=True):
                line.sudo().late_charge_id = charge
            fee._decide("charged", charge_ids=[Command.set(charges.ids)])

    def _charged_lines(self):
        """Lines with something left after the waiver, which takes the oldest first; as pairs with `charged` set."""
        self.ensure_one()
        left = self.waived
        for line in self.line_ids.sorted("id"):
            part = min(left, line.amount)
            left = self.currency_id.round(left - part)
            # sudo: what is charged is the program's to write
            line.sudo().charged = self.currency_id.round(line.amount - part)
        return self.line_ids.sorted("id").filtered(lambda line: self.currency_id.compare_amounts(line.charged, 0) > 0)

    def _prepare_charges(self):
        self.ensure_one()
        return [
            {
                "property_id": self.property_id.id,
                "unit_id": self.unit_id.id,
                "partner_id": self.partner_id.id,
                "item_id": self.item_id.id,
                "kind": "late_fee",
                "origin": f"late/{line.charge_id.id}/{line.date_to}",
                "period_start": line.date_from,
                "period_end": line.date_to,
                "due_date": self.due_date,
                "quantity": line.days,
                "price_unit": line.rate,
                "amount": line.charged,
                "text": self.env._(
                    "Late fee on %(charge)s: %(base)s × %(rate)s ‰ × %(days)s days",
                    charge=line.charge_id.display_name,
                    base=self.currency_id.format(line.base),
                    rate=f"{line.rate:g}",
                    days=line.days,
                ),
            }
            for line in self._charged_lines()
        ]

    def action_waive(self):
        """Waive all of it, with a reason."""
        self._check_manager()
        for fee in self:
            if fee.state != "draft":
                raise UserError(self.env._("This late fee is decided already."))
            if not fee.waive_reason:
                raise UserError(self.env._("Write down why the late fee is waived."))
            fee._decide("waived", waived=fee.amount)

    def action_cancel(self):
        """Take the proposal back."""
        for fee in self:
            if fee.state != "draft":
                raise UserError(self.env._("This late fee is decided already."))
        self.check_access("write")
        self._decide("cancelled")


class PmLateFeeLine(models.Model):
    """The late fee on one overdue charge."""

    _name = "pm.late.fee.line"
    _description = "Late Fee on a Charge"
    _order = "fee_id, id"
    _rec_name = "charge_id"

    fee_id = fields.Many2one("pm.late.fee", required=True, index=True, ondelete="cascade")
    property_id = fields.Many2one(related="fee_id.property_id", store=True, precompute=True)
    company_id = fields.Many2one(related="fee_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    charge_id = fields.Many2one("pm.charge", required=True, index=True, ondelete="restrict")
    base = fields.Monetary("Owed", required=True)
    rate = fields.Float("‰ a Day", digits=(6, 3), required=True)
    date_from = fields.Date("From", required=True)
    date_to = fields.Date("To", required=True)
    days = fields.Integer(required=True)
    amount = fields.Monetary(required=True)
    charged = fields.Monetary(help="After what was waived.")
    late_charge_id = fields.Many2one("pm.charge", "Charged As", index="btree_not_null", ondelete="restrict")

    @api.model
    def _charged(self, charges):
        """{charge id: (last day charged, amount charged)} of late fees that were charged or waived and not taken back."""
        # sudo: the contract's arithmetic is the same whoever looks
        lines = self.sudo().search([("charge_id", "in", charges.ids), ("fee_id.state", "in", ("charged", "waived"))])
        found = {}
        for line in lines:
            if line.late_charge_id.state == "reversed":
                continue
            until, before = found.get(line.charge_id.id, (line.date_to, 0.0))
            found[line.charge_id.id] = (max(until, line.date_to), before + line.charged)
        return found


class PmDunningCase(models.Model):
    _inherit = "pm.dunning.case"

    late_fee_ids = fields.One2many("pm.late.fee", "case_id", "Late Fees", readonly=True)

    def action_propose_late_fee(self):
        """Propose the late fee that the contract allows today.

        :raise UserError: the policy names no contract rate, or nothing can be charged
        """
        self.ensure_one()
        if not self.policy_id.penalty_rate:
            raise UserError(
                self.env._("Policy %s names no contract penalty: none may be charged (L-06).", self.policy_id.name)
            )
        self.late_fee_ids.flush_recordset()
        draft = self.late_fee_ids.filtered(lambda fee: fee.state == "draft") or self.env["pm.late.fee"].create(
            {"case_id": self.id, "date": self.property_id._today()}
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.late.fee",
            "res_id": draft.id,
            "view_mode": "form",
            "name": self.env._("Late Fee"),
        }
