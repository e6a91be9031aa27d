from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import ValidationError

KINDS = [
    ("message", "Message"),
    ("notice", "Written notice"),
    ("call", "Phone call"),
    ("letter", "Lawyer's letter"),
    ("mandate", "Mandate to sue"),
]
# Steps towards the law: they need a proven demand, a look at disputes and somebody's approval (L-07).
LEGAL_KINDS = ("letter", "mandate")


class PmDunningLevel(models.Model):
    """One rung of the ladder: from which to which month of arrears, how often, and by what means.

    Only means that the law allows exist: a message, a written notice or a call to the payer, and the ways of law through
    a lawyer. There is deliberately nothing to cut supplies, close gates, publish debtors or hold back a service
    (L-01, L-02).
    """

    _name = "pm.dunning.level"
    _description = "Reminder Level"
    _order = "policy_id, sequence, from_month, id"

    _months_ordered = models.Constraint(
        "CHECK (from_month >= 0 AND to_month >= from_month)",
        "The months of a level start at 0 and end after they start.",
    )
    _deadline_positive = models.Constraint("CHECK (deadline_days > 0)", "The debtor needs at least one day to pay.")
    _legal_approved = models.Constraint(
        "CHECK (kind NOT IN ('letter', 'mandate') OR approval <> 'none')",
        "A lawyer's letter or a mandate to sue needs somebody's approval (L-07).",
    )
    _sms_parts_positive = models.Constraint("CHECK (sms_max_parts > 0)", "An SMS has at least one part.")

    policy_id = fields.Many2one("pm.dunning.policy", required=True, index=True, ondelete="cascade")
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    kind = fields.Selection(
        KINDS,
        required=True,
        default="message",
        help="A written notice is printed, delivered and signed for where possible (S0-131). A call comes on the butler's"
        " call list (S4-66). A lawyer's letter and a mandate to sue wait for approval (L-07).",
    )
    from_month = fields.Integer(required=True, help="Full months since the due date of the oldest undisputed charge.")
    to_month = fields.Integer(required=True, help="Last month (inclusive).")
    day_after = fields.Boolean(
        "From the Day After",
        help="The first month must be over: “more than three months” begins the day after three full months (S0-137).",
    )
    repeat = fields.Selection(
        [("monthly", "Every month"), ("once", "Once"), ("campaign", "In campaigns only")],
        required=True,
        default="monthly",
    )
    approval = fields.Selection(
        [("none", "Nobody"), ("supervisor", "Supervisor"), ("manager", "Project manager")],
        "Approved By",
        required=True,
        compute="_compute_approval",
        store=True,
        readonly=False,
        precompute=True,
        help="Who must approve before it goes on; the system only proposes legal steps (L-07).",
    )
    in_dispute = fields.Boolean(
        "Goes On in a Dispute",
        compute="_compute_approval",
        store=True,
        readonly=False,
        precompute=True,
        help="While a dispute is open legal steps are on hold; reminders may go on (S3-26, §7).",
    )
    in_promise = fields.Boolean(
        "Goes On after a Promise",
        help="Otherwise the level waits until the day for which payment was promised is over.",
    )
    by_email = fields.Boolean("E-mail", default=True)
    by_sms = fields.Boolean("SMS", default=True)
    mail_template_id = fields.Many2one("mail.template", domain="[('model', '=', 'pm.dunning.action')]")
    sms_template_id = fields.Many2one("sms.template", domain="[('model', '=', 'pm.dunning.action')]")
    sms_short_template_id = fields.Many2one(
        "sms.template",
        "Short SMS Template",
        domain="[('model', '=', 'pm.dunning.action')]",
        help="Used when the text of the other template would need more parts than allowed.",
    )
    sms_max_parts = fields.Integer(
        "SMS Parts at Most",
        default=2,
        required=True,
        help="Carriers charge by parts: 70 characters for the only one, 67 for each of several, in Chinese.",
    )
    deadline_days = fields.Integer(
        "Days to Pay", default=7, required=True, help="The reasonable period named to the debtor."
    )
    source = fields.Char(help="Where the handbook or the law says so.")
    months = fields.Char(compute="_compute_months")

    @api.depends("from_month", "to_month", "day_after")
    def _compute_months(self):
        for level in self:
            start = f">{level.from_month}" if level.day_after else str(level.from_month)
            level.months = start if level.to_month >= OPEN_END else f"{start}–{level.to_month}"

    @api.depends("kind")
    def _compute_approval(self):
        for level in self:
            legal = level.kind in LEGAL_KINDS
            level.in_dispute = not legal
            if legal and level.approval in (False, "none"):
                level.approval = "manager" if level.kind == "mandate" else "supervisor"
            elif not legal:
                level.approval = "none"

    @api.constrains("kind", "by_email", "by_sms", "mail_template_id", "sms_template_id")
    def _check_message(self):
        for level in self.filtered(lambda level: level.kind == "message"):
            if not (level.by_email and level.mail_template_id) and not (level.by_sms and level.sms_template_id):
                raise ValidationError(
                    self.env._("Level %s sends messages: choose a template for e-mail or SMS.", level.name)
                )

    @api.onchange("repeat")
    def _onchange_repeat(self):
        if self.repeat == "campaign":
            self.from_month, self.to_month = 0, OPEN_END

    def _covers(self, month):
        """Whether this level acts in a month of arrears; the day after a full month still counts to that month."""
        self.ensure_one()
        return self.active and self.from_month <= month <= self.to_month

    def _ladder(self):
        """A picture of the ladder: levels down, months of arrears across (preview for the manager)."""
        levels = self.filtered(lambda level: level.active and level.repeat != "campaign")
        ends = [level.from_month for level in levels] + [
            level.to_month + 1 for level in levels if level.to_month < OPEN_END
        ]
        months = range(max(ends, default=0) + 1)
        cell = Markup('<td style="text-align:center;border:1px solid #dee2e6;padding:2px 5px">%s</td>')
        head = Markup("").join(cell % month for month in months)
        rows = Markup("")
        for level in levels:
            done = False
            cells = Markup("")
            for month in months:
                mark = ""
                if level._covers(month) and not (level.repeat == "once" and done):
                    mark, done = ("●" if not level.day_after else "●+1"), True
                cells += cell % mark
            rows += Markup('<tr><td style="padding:2px 8px;white-space:nowrap">%s</td>%s</tr>') % (level.name, cells)
        return Markup(
            '<div style="overflow-x:auto"><table style="border-collapse:collapse"><tr><td style="padding:2px 8px">%s</td>%s</tr>%s</table></div>'
        ) % (self.env._("Months overdue"), head, rows)


# "and longer": a level without an end.
OPEN_END = 999
