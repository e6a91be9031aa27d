from odoo import api, fields, models

SCOPES = [
    ("duty", "Our duty, free"),
    ("paid", "Paid service"),
    ("warranty", "Developer's warranty"),
    ("third_party", "Third party"),
    ("outside", "Outside our services"),
]
CAUSES = [
    ("error", "Error"),
    ("neglect", "Neglect of duty"),
    ("lack", "Lack of measure"),
    ("loss", "Loss of control"),
]


class PmTicketJudgement(models.Model):
    """What kind of thing it is: whose business (S1-01), whether a complaint is justified and why it came to it (S3-35)."""

    _inherit = "pm.ticket"

    scope = fields.Selection(
        SCOPES,
        compute="_compute_scope",
        store=True,
        precompute=True,
        readonly=False,
        tracking=True,
        help="Whose business it is. Outside our services goes to the project manager (S1-91).",
    )
    validity = fields.Selection(
        [("valid", "Justified"), ("unfounded", "Not justified")],
        default="valid",
        tracking=True,
        copy=False,
        groups="base.group_user",
        help="A complaint counts as justified until a supervisor says otherwise (S3-35).",
    )
    root_cause = fields.Selection(
        CAUSES,
        tracking=True,
        copy=False,
        groups="base.group_user",
        help="Why it came to the complaint (S3-35).",
    )

    @api.depends("unit_id", "type_id")
    def _compute_scope(self):
        for ticket in self:
            if ticket.scope:
                continue
            end = ticket.unit_id.warranty_until
            in_warranty = ticket.type_code == "repair" and end and end >= ticket.property_id._today()
            ticket.scope = "warranty" if in_warranty else "duty"

    def write(self, vals):
        if vals.get("validity") == "unfounded" and not self.env.su:
            for ticket in self:
                ticket._require(
                    self.env.user.has_group("pm_base.group_supervisor")
                    and self.env.user not in (ticket.user_id | ticket.handled_by_id),
                    self.env._("only a supervisor who does not handle it judges a complaint as not justified."),
                )
        return super().write(vals)

    def _guard_handled(self):
        super()._guard_handled()
        if self.outcome == "out_of_scope":
            self._require(
                (self.explanation or "").strip(),
                self.env._(
                    "to refuse it as outside our services you must write what was explained and offered instead (S0-160, S1-91)."
                ),
            )

    def _transition(self, target):
        result = super()._transition(target)
        if target == "handled":
            for ticket in self.filtered(lambda ticket: ticket.outcome == "out_of_scope"):
                ticket._write_protected({"scope": "outside"})
                ticket._report_refusal()
        return result

    def _report_refusal(self):
        """The project manager hears of what was refused, and may negotiate (S1-91)."""
        self.ensure_one()
        managers = self.env["pm.escalation.rule"]._get_property_users(self.property_id, "manager") - self.env.user
        for user in managers.filtered("active"):
            self._schedule_report(
                user, self.with_context(lang=user.lang).env._("Refused as outside our services"), self.explanation
            )
