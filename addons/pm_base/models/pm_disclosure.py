from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class PmDisclosure(models.Model):
    """Somebody asks for data about an owner: who asked, what for, who allowed it and on what ground.

    The handbook asks for an identity check and a leader's approval (S4-95); the law asks for the person's consent or a
    legal duty as well (L-08, CON-20), so an approval names its ground. Rows are never deleted.
    """

    _name = "pm.disclosure"
    _description = "Disclosure Request"
    _inherit = ["pm.program.fields", "pm.files", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _program_fields = frozenset({"state", "user_id", "approver_id", "decided_at", "given_at", "given_by_id"})

    _ground_required = models.Constraint(
        "CHECK (state NOT IN ('approved', 'given') OR ground IS NOT NULL)",
        "To approve a disclosure you must name its legal ground.",
    )

    name = fields.Char(string="Asked For", required=True, help="Which data is asked for.")
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    partner_id = fields.Many2one("res.partner", string="Data Subject", required=True, ondelete="restrict", index=True)
    requester = fields.Char(string="Who Asks", required=True)
    requester_identity = fields.Char(
        string="Identity Checked By Means Of", help="Kind of paper that was shown; never keep it (L-09)."
    )
    purpose = fields.Text(required=True)
    ground = fields.Selection(
        [
            ("consent", "Consent of the person"),
            ("legal_duty", "Legal duty"),
            ("emergency", "Protection of life or property"),
        ]
    )
    evidence_ids = fields.Many2many("ir.attachment", string="Evidence")
    user_id = fields.Many2one("res.users", string="Recorded By", default=lambda self: self.env.user, readonly=True)
    approver_id = fields.Many2one("res.users", readonly=True, copy=False)
    decided_at = fields.Datetime(readonly=True, copy=False)
    refusal_reason = fields.Text(string="Reason of the Refusal")
    given_data = fields.Text(
        string="What Was Given", copy=False, help="Which data the asker got, and how; not the data itself."
    )
    given_at = fields.Datetime(readonly=True, copy=False)
    given_by_id = fields.Many2one("res.users", string="Given By", readonly=True, copy=False)
    state = fields.Selection(
        [("requested", "Requested"), ("approved", "Approved"), ("given", "Handed out"), ("refused", "Refused")],
        default="requested",
        required=True,
        readonly=True,
        tracking=True,
        copy=False,
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Whoever decides is told at once: the asker waits at the counter."""
        requests = super().create(vals_list)
        for request in requests:
            manager = request.property_id.manager_id
            if manager and manager != request.user_id:
                # sudo: the front desk records the request, the reminder goes to somebody else
                request.sudo().activity_schedule(
                    "mail.mail_activity_data_todo",
                    user_id=manager.id,
                    summary=self.env._("Decide on a disclosure: %s", request.name),
                )
        return requests

    def write(self, vals):
        """What the decision rests on is history once it is taken."""
        evidence = {
            "name",
            "property_id",
            "partner_id",
            "requester",
            "requester_identity",
            "purpose",
            "ground",
            "evidence_ids",
            "refusal_reason",
        }
        if evidence & vals.keys() and any(request.state != "requested" for request in self):
            raise UserError(self.env._("A disclosure that is decided is history and stays as it is."))
        if "given_data" in vals and any(request.state != "approved" for request in self):
            raise UserError(self.env._("To record what was given the disclosure must be approved."))
        return super().write(vals)

    def _decide(self, state):
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group("pm_base.group_supervisor"):
            raise AccessError(self.env._("To decide on a disclosure you must be a supervisor (S4-95)."))
        for request in self:
            if request.state != "requested":
                raise UserError(self.env._("To decide on a request it must be open; this one is already decided."))
            if request.user_id == self.env.user:
                raise UserError(self.env._("To decide on this request you must not be the person who recorded it."))
        # sudo: the decision is recorded here only, after the checks above
        self.sudo().write({"state": state, "approver_id": self.env.uid, "decided_at": fields.Datetime.now()})
        self.sudo().activity_feedback(["mail.mail_activity_data_todo"])

    def action_approve(self):
        if any(not request.ground or not request.requester_identity for request in self):
            raise UserError(
                self.env._("To approve a disclosure you must record the identity check and the legal ground.")
            )
        self._decide("approved")

    def action_refuse(self):
        if any(not request.refusal_reason for request in self):
            raise UserError(self.env._("To refuse a disclosure you must give a reason."))
        self._decide("refused")

    def action_give(self):
        """Record that the approved data was handed out: by whom, when, and what."""
        self.check_access("write")
        for request in self:
            if request.state != "approved":
                raise UserError(self.env._("To hand out data the disclosure must be approved and not handed out yet."))
            if not request.given_data:
                raise UserError(self.env._("To record the hand-out you must write what was given."))
        # sudo: as in `_decide`
        self.sudo().write({"state": "given", "given_at": fields.Datetime.now(), "given_by_id": self.env.uid})
