from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.pm_base.tools.labels import selection_label, selection_labels

# Which group may decide a step of which role.
REVIEW_GROUP = {
    "butler": "pm_base.group_officer",
    "engineering": "pm_base.group_technician",
    "manager": "pm_base.group_supervisor",
}


class PmRenovationReview(models.Model):
    """A review step of an application with its control-point checklist (S0-75)."""

    _name = "pm.renovation.review"
    _description = "Renovation Review Step"
    _inherit = ["pm.renovation.state"]
    _step_fields = frozenset({"round", "done_at"})
    _frozen = dict.fromkeys(
        ("passed", "failed", "void"),
        frozenset({"renovation_id", "role", "round", "user_id", "check_ids", "opinion"}),
    )
    _order = "renovation_id, round, sequence, id"
    _rec_name = "role"

    _role_once = models.UniqueIndex(
        "(renovation_id, round, role)", "Each role reviews a submission of an application once."
    )

    renovation_id = fields.Many2one("pm.renovation", required=True, ondelete="cascade", index=True)
    property_id = fields.Many2one(related="renovation_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="renovation_id.company_id", store=True)
    round = fields.Integer("Submission", default=1, readonly=True)
    sequence = fields.Integer(default=10)
    role = fields.Selection(
        selection=[("butler", "Butler"), ("engineering", "Engineering"), ("manager", "Manager")], required=True
    )
    user_id = fields.Many2one("res.users", string="Reviewer")
    state = fields.Selection(
        selection=[("pending", "To review"), ("passed", "Passed"), ("failed", "Not passed"), ("void", "Replaced")],
        default="pending",
        required=True,
        readonly=True,
    )
    check_ids = fields.One2many("pm.renovation.check", "review_id", string="Checklist")
    opinion = fields.Text()
    done_at = fields.Datetime(readonly=True)

    @api.depends("role", "renovation_id.name")
    def _compute_display_name(self):
        labels = selection_labels(self, "role")
        for review in self:
            review.display_name = f"{review.renovation_id.name or ''} {labels.get(review.role, '')}".strip()

    def action_open(self):
        """Open the checklist of this step in a window."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Review"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_pass(self):
        """Pass the step; the steps before it are passed, and every control point is answered with OK or not applicable."""
        for review in self:
            review._check_may_decide()
            before = review.renovation_id._current_reviews().filtered(
                lambda r, mine=review: r.sequence < mine.sequence and r.state != "passed"
            )
            if before:
                raise UserError(
                    self.env._(
                        "To pass this review the steps before it must be passed: %(steps)s.",
                        steps=", ".join(before.mapped("display_name")),
                    )
                )
            bad = review.check_ids.filtered(lambda c: c.result not in ("ok", "na"))
            if bad:
                raise UserError(
                    self.env._(
                        "To pass this review you must answer every control point; open: %(points)s.",
                        points="; ".join(bad.mapped("name")),
                    )
                )
        self._decide("passed")

    def action_all_ok(self):
        """Answer every open control point with OK."""
        self.check_ids.filtered(lambda c: not c.result).write({"result": "ok"})

    def action_fail(self):
        """Do not pass; the words of the reviewer are told to the applicant on the same day."""
        for review in self:
            review._check_may_decide()
            if not review.opinion:
                raise UserError(self.env._("To fail this review you must write what has to be changed."))
        self._decide("failed")
        # sudo: the reviewer judges a step, the clock and the log belong to the case he may only read
        self.renovation_id.sudo()._defect_recorded()

    def _check_may_decide(self):
        self.ensure_one()
        if self.state != "pending" or self.renovation_id.state != "submitted":
            raise UserError(
                self.env._(
                    "To review %(case)s you must have an open review step of a submitted application.",
                    case=self.renovation_id.name,
                )
            )
        user = self.env.user
        if not (user.has_group(REVIEW_GROUP[self.role]) or user.has_group("pm_base.group_supervisor")):
            raise AccessError(
                self.env._(
                    "The step of %(role)s is decided by that role.",
                    role=selection_label(self, "role"),
                )
            )

    def _decide(self, state):
        self._set_state(state, user_id=self.env.uid, done_at=fields.Datetime.now())
        labels = selection_labels(self, "role")
        states = selection_labels(self, "state")
        for review in self:
            # sudo: see action_fail
            review.renovation_id.sudo()._log(
                "review", f"{labels[review.role]}: {states[state]}", review.opinion or None
            )
            review.renovation_id.sudo().message_post(
                author_id=self.env.user.partner_id.id,
                body=self.env._(
                    "Review by %(role)s: %(state)s. %(opinion)s",
                    role=labels[review.role],
                    state=states[state],
                    opinion=review.opinion or "",
                ),
            )
