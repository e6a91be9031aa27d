from odoo import api, fields, models
from odoo.exceptions import UserError


class PmDunningDecision(models.TransientModel):
    """The checklist of a legal step, and the decision on it (S3-27, L-07)."""

    _name = "pm.dunning.decision"
    _description = "Decide on a Legal Step"

    action_id = fields.Many2one("pm.dunning.action", required=True, readonly=True, ondelete="cascade")
    case_id = fields.Many2one(related="action_id.case_id")
    currency_id = fields.Many2one(related="action_id.currency_id")
    demanded = fields.Monetary(related="action_id.demanded", string="Overdue")
    penalty = fields.Monetary(related="action_id.penalty")
    line_ids = fields.One2many("pm.dunning.decision.line", "decision_id", "Checklist", readonly=True)
    blocked = fields.Boolean(compute="_compute_open")
    incomplete = fields.Boolean(compute="_compute_open")
    service_checked = fields.Boolean(
        "I have checked that the services were provided as agreed", help="Firm steps only after good service (S3-27)."
    )
    note = fields.Text("Remarks")
    refusal = fields.Char("Why Not")

    @api.model
    def default_get(self, names):
        values = super().default_get(names)
        action = self.env["pm.dunning.action"].browse(values.get("action_id"))
        if action:
            action.check_access("read")
            values["line_ids"] = [
                (0, 0, {key: line[key] for key in ("label", "ok", "blocking", "detail")})
                for line in action._checklist()
            ]
        return values

    @api.depends("line_ids.ok", "line_ids.blocking")
    def _compute_open(self):
        for decision in self:
            wrong = decision.line_ids.filtered(lambda line: not line.ok)
            decision.blocked = any(wrong.mapped("blocking"))
            decision.incomplete = bool(wrong)

    def action_approve(self):
        self.ensure_one()
        if not self.service_checked:
            raise UserError(self.env._("Confirm that you have checked our own service first (S3-27)."))
        self.action_id._approve(self.note)
        return {"type": "ir.actions.act_window_close"}

    def action_refuse(self):
        self.ensure_one()
        if not (self.refusal or "").strip():
            raise UserError(self.env._("Write down why the step is not taken."))
        self.action_id._refuse(self.refusal)
        return {"type": "ir.actions.act_window_close"}


class PmDunningDecisionLine(models.TransientModel):
    """One point of the checklist."""

    _name = "pm.dunning.decision.line"
    _description = "Point of a Checklist"

    decision_id = fields.Many2one("pm.dunning.decision", required=True, ondelete="cascade", index=True)
    label = fields.Char("Point", readonly=True)
    ok = fields.Boolean("In Order", readonly=True)
    blocking = fields.Boolean("Required", readonly=True)
    detail = fields.Char("Details", readonly=True)
