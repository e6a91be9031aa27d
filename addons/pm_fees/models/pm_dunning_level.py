from odoo import api, fields, models


class PmDunningLevel(models.Model):
    """One rung of the ladder: from which to which month of arrears, how often, and by what means.

    Only means that the law allows exist: a message or a written notice to the payer. There is deliberately nothing to
    cut supplies, close gates, publish debtors or hold back a service (L-01, L-02).
    """

    _name = "pm.dunning.level"
    _description = "Reminder Level"
    _order = "policy_id, from_month, sequence, id"

    _months_ordered = models.Constraint(
        "CHECK (from_month >= 0 AND to_month >= from_month)",
        "The months of a level start at 0 and end after they start.",
    )
    _deadline_positive = models.Constraint("CHECK (deadline_days > 0)", "The debtor needs at least one day to pay.")

    policy_id = fields.Many2one("pm.dunning.policy", required=True, index=True, ondelete="cascade")
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        [("message", "Message"), ("notice", "Written notice")],
        required=True,
        default="message",
        help="A written notice is printed, delivered and signed for where possible (S0-131).",
    )
    from_month = fields.Integer(required=True, help="Full months since the due date of the oldest undisputed charge.")
    to_month = fields.Integer(required=True, help="Last month (inclusive).")
    repeat = fields.Selection([("monthly", "Every month"), ("once", "Once")], required=True, default="monthly")
    by_email = fields.Boolean("E-mail", default=True)
    by_sms = fields.Boolean("SMS", default=True)
    mail_template_id = fields.Many2one("mail.template", domain="[('model', '=', 'pm.dunning.action')]")
    sms_template_id = fields.Many2one("sms.template", domain="[('model', '=', 'pm.dunning.action')]")
    deadline_days = fields.Integer(
        "Days to Pay", default=7, required=True, help="The reasonable period named to the debtor."
    )
    source = fields.Char(help="Where the handbook or the law says so.")
    months = fields.Char(compute="_compute_months")

    @api.depends("from_month", "to_month")
    def _compute_months(self):
        for level in self:
            level.months = f"{level.from_month}–{level.to_month}"
