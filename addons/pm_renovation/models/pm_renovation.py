from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from odoo.addons.pm_customer_service.models.pm_deadline_mixin import DEADLINE_STATES

STATES = [
    ("draft", "Draft"),
    ("submitted", "Submitted"),
    ("defects", "Defects told"),
    ("approved", "Approved"),
    ("refused", "Refused"),
    ("agreement_signed", "Agreement signed"),
    ("deposit_paid", "Deposit paid"),
    ("permit_issued", "Permit issued"),
    ("in_progress", "In progress"),
    ("completion_notified", "Completion notified"),
    ("rectify", "To rectify"),
    ("accepted", "Accepted"),
    ("refund_requested", "Refund requested"),
    ("refunded", "Refunded"),
    ("closed", "Closed"),
    ("cancelled", "Cancelled"),
]
# The site may be worked on; these states must not overlap on one unit.
SITE_STATES = ("in_progress", "rectify")
OPEN_STATES = tuple(s for s, __ in STATES if s not in ("refused", "closed", "cancelled"))
# Always a column of the board; the other states only while a case is in them.
BOARD_STATES = ("submitted", "approved", "permit_issued", "in_progress", "completion_notified", "accepted")
EDITABLE_STATES = ("draft", "submitted", "defects")
# Written by steps only, whatever a client sends.
STEP_FIELDS = frozenset(
    {
        "name",
        "owner_consent",
        "owner_consent_at",
        "submitted_at",
        "submission_round",
        "decided_at",
        "decided_by_id",
        "refusal_reason",
        "cancel_reason",
        "agreement_signed_at",
        "permit_number",
        "permit_token",
        "permit_issued_on",
        "permit_valid_from",
        "permit_valid_until",
        "permit_alarm_on",
        "permit_expired_alarm_on",
        "suspended_at",
        "suspended_by_id",
        "suspension_reason",
        "extension_until",
        "extension_reason",
        "is_standard",
        "started_on",
        "completion_notified_at",
        "accepted_at",
        "reinspect_on",
        "final_accepted_at",
        "concealed_waiver",
        "neighbours_told_at",
        "rules_read_at",
        "rules_read_by",
        "agreement_copy_id",
        "site_token",
        "refund_requested_at",
        "closed_at",
    }
)
LOCKED_FIELDS = {"unit_id", "applicant_id", "owner_id", "work_ids", "paper_ids"}


class PmRenovation(models.Model):
    """A renovation from application to refunded deposit (requirements §6).

    =====================  =============================================================
    state                  what must be true to enter it
    =====================  =============================================================
    submitted              every required paper is there, the owner agrees, dates are set
    defects                a defect was recorded; the applicant is told (same day, S0-107)
    approved / refused     every review passed / a reason is given (3 days, S0-108)
    agreement_signed       the agreement carries a signature or a signed upload (S0-77)
    deposit_paid           the deposit of the case is in the ledger
    permit_issued          agreement signed and, when asked for, deposit held
    completion_notified    the applicant asks for acceptance (3 days run, S0-112)
    rectify / accepted     the acceptance inspection was held; no open violation
    refund_requested       refund formalities done (1 day, S0-113)
    refunded               the cashier paid the payer back
    =====================  =============================================================
    """

    _name = "pm.renovation"
    _description = "Renovation"
    _inherit = [
        "mail.thread",
        "mail.activity.mixin",
        "portal.mixin",
        "pm.deadline.mixin",
        "pm.renovation.files",
        "pm.renovation.state",
    ]
    _order = "id desc"
    _mail_post_access = "read"
    _step_fields = STEP_FIELDS
    _frozen = {
        state: frozenset(
            {
                "agreement_signature",
                "agreement_signed_by",
                "agreement_attachment_ids",
                "rules_read",
                "date_start",
                "date_end",
            }
        )
        for state, __ in STATES
        if state not in ("draft", "submitted", "defects", "approved")
    }

    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (unit_id WITH =, daterange(date_start, date_end, '[]') WITH &&)"
        " WHERE (state IN ('submitted', 'defects', 'approved', 'agreement_signed', 'deposit_paid',"
        " 'permit_issued', 'in_progress', 'completion_notified', 'rectify'))",
        "This unit already has an active renovation in these dates. Change the dates, or finish or cancel the other one.",
    )
    _dates_order = models.Constraint("CHECK (date_end >= date_start)", "A renovation cannot end before it starts.")
    _permit_number_unique = models.UniqueIndex(
        "(company_id, permit_number) WHERE permit_number IS NOT NULL", "Permit numbers are unique."
    )
    _permit_token_unique = models.UniqueIndex(
        "(permit_token) WHERE permit_token IS NOT NULL", "Permit tokens are unique."
    )
    _board = models.Index("(property_id, state)")

    # ------------------------------------------------------------ identity
    name = fields.Char("Number", readonly=True, copy=False, default="/", index="trigram")
    state = fields.Selection(
        STATES,
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
        group_expand="_group_expand_state",
    )
    unit_id = fields.Many2one("pm.unit", required=True, index=True, ondelete="restrict", tracking=True)
    property_id = fields.Many2one(related="unit_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="unit_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="property_id.currency_id")
    user_id = fields.Many2one(
        "res.users", "Responsible", compute="_compute_user_id", store=True, readonly=False, tracking=True
    )

    # ------------------------------------------------------------ people
    applicant_id = fields.Many2one("res.partner", required=True, index=True, tracking=True, ondelete="restrict")
    applicant_role = fields.Selection(
        selection=[("owner", "Owner"), ("tenant", "Tenant or user"), ("other", "Other")],
        compute="_compute_applicant_role",
        store=True,
    )
    owner_id = fields.Many2one(
        "res.partner", compute="_compute_owner_id", store=True, readonly=False, tracking=True, ondelete="restrict"
    )
    owner_consent = fields.Selection(
        selection=[("not_needed", "Not needed"), ("pending", "Waiting"), ("given", "Given"), ("refused", "Refused")],
        default="not_needed",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    owner_consent_at = fields.Datetime(readonly=True, copy=False)
    rules_read = fields.Boolean(
        "House Rules Acknowledged",
        copy=False,
        help="The applicant received the renovation notice and read it (S0-106).",
    )
    rules_read_at = fields.Datetime("Acknowledged On", readonly=True, copy=False)
    rules_read_by = fields.Char("Acknowledged By", readonly=True, copy=False)
    contractor_id = fields.Many2one("res.partner", tracking=True, ondelete="restrict")
    contractor_name = fields.Char("Contractor as Told", help="What the applicant wrote; the officer links the contact.")
    site_manager = fields.Char("Person in Charge on Site")
    site_phone = fields.Char()
    worker_ids = fields.One2many("pm.renovation.worker", "renovation_id")
    worker_count = fields.Integer(compute="_compute_counts")

    # ------------------------------------------------------------ works and papers
    description = fields.Text()
    work_ids = fields.One2many("pm.renovation.work", "renovation_id", string="Works", copy=True)
    date_start = fields.Date("Start", tracking=True)
    date_end = fields.Date("End", tracking=True)
    paper_ids = fields.One2many("pm.renovation.paper", "renovation_id", string="Papers")
    missing_paper_count = fields.Integer(compute="_compute_missing_paper_count", compute_sudo=True)

    # ------------------------------------------------------------ review and agreement
    submitted_at = fields.Datetime(readonly=True, copy=False)
    submission_round = fields.Integer("Submissions", readonly=True, copy=False)
    review_ids = fields.One2many("pm.renovation.review", "renovation_id", string="Reviews")
    decided_at = fields.Datetime(readonly=True, copy=False)
    decided_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    refusal_reason = fields.Text(readonly=True, copy=False, tracking=True)
    cancel_reason = fields.Text(readonly=True, copy=False, tracking=True)
    agreement_signature = fields.Binary(copy=False, attachment=True)
    agreement_signed_by = fields.Char(copy=False)
    agreement_signed_at = fields.Datetime(readonly=True, copy=False)
    agreement_attachment_ids = fields.Many2many(
        "ir.attachment",
        "pm_renovation_agreement_rel",
        "renovation_id",
        "attachment_id",
        string="Signed Agreement",
        copy=False,
    )
    agreement_copy_id = fields.Many2one(
        "ir.attachment",
        "Agreement as Signed",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        help="The agreement in the words that were signed; clauses changed later do not change it.",
    )

    # ------------------------------------------------------------ deposit
    deposit_payer_id = fields.Many2one(
        "res.partner",
        compute="_compute_deposit_payer_id",
        store=True,
        readonly=False,
        tracking=True,
        ondelete="restrict",
        help="Pays the deposit and gets it back; nobody else does.",
    )
    deposit_ids = fields.One2many("pm.deposit", "renovation_id", string="Deposits")
    deposit_id = fields.Many2one("pm.deposit", compute="_compute_deposit_id", store=True, string="Deposit")
    deposit_state = fields.Selection(related="deposit_id.state", string="Deposit State")
    deposit_amount = fields.Monetary(related="deposit_id.amount", string="Deposit Amount")

    # ------------------------------------------------------------ permit
    permit_number = fields.Char(readonly=True, copy=False, index="trigram")
    permit_token = fields.Char(readonly=True, copy=False, groups="pm_base.group_officer")
    permit_issued_on = fields.Date(readonly=True, copy=False)
    permit_valid_from = fields.Date(readonly=True, copy=False)
    permit_valid_until = fields.Date(readonly=True, copy=False, tracking=True)
    permit_alarm_on = fields.Date("Expiry Alarm Given", readonly=True, copy=False)

    # ------------------------------------------------------------ site
    inspection_ids = fields.One2many("pm.renovation.inspection", "renovation_id", string="Inspections")
    inspection_count = fields.Integer(compute="_compute_counts")
    missed_patrol_count = fields.Integer("Missed Patrols", compute="_compute_counts")
    violation_ids = fields.One2many("pm.renovation.violation", "renovation_id", string="Violations")
    violation_count = fields.Integer(compute="_compute_counts")
    open_violation_count = fields.Integer(compute="_compute_counts")
    started_on = fields.Date(readonly=True, copy=False)
    completion_notified_at = fields.Datetime(readonly=True, copy=False)
    accepted_at = fields.Datetime(readonly=True, copy=False)
    reinspect_on = fields.Date("Re-inspection On", readonly=True, copy=False)
    final_accepted_at = fields.Datetime(
        "Finally Accepted",
        readonly=True,
        copy=False,
        help="With a re-inspection period: when the re-inspection passed or its day went by (CON-13).",
    )
    refund_requested_at = fields.Datetime(readonly=True, copy=False)
    closed_at = fields.Datetime(readonly=True, copy=False)

    # Named again, so that this add-on's catalogue holds the words.
    deadline_state = fields.Selection(selection_add=DEADLINE_STATES)
    next_step = fields.Char(compute="_compute_next_step")

    @api.model
    def _group_expand_state(self, states, domain):
        """Columns of the board in the order of the work, whatever stands in them today."""
        return [state for state, __ in STATES if state in states or state in BOARD_STATES]

    # ------------------------------------------------------------ computes
    @api.depends("name", "unit_id.name")
    def _compute_display_name(self):
        for case in self:
            case.display_name = f"{case.name} {case.unit_id.name or ''}".strip()

    @api.depends("unit_id")
    def _compute_user_id(self):
        for case in self:
            case.user_id = case.unit_id.user_id or case.user_id

    @api.depends("unit_id", "applicant_id")
    def _compute_applicant_role(self):
        for case in self:
            if case.applicant_id and case._is_owner(case.applicant_id):
                case.applicant_role = "owner"
            elif case.applicant_id and case._party_of(case.applicant_id):
                case.applicant_role = "tenant"
            else:
                case.applicant_role = "other"

    @api.depends("unit_id", "applicant_id")
    def _compute_owner_id(self):
        for case in self:
            owners = case.unit_id.owner_ids
            mine = owners.filtered(
                lambda o, c=case: c.applicant_id and o.commercial_partner_id == c.applicant_id.commercial_partner_id
            )
            case.owner_id = (mine or owners)[:1]

    @api.depends("unit_id", "applicant_id")
    def _compute_deposit_payer_id(self):
        for case in self:
            # The clerk of a firm applies for it; the money is the firm's.
            applicant = case.applicant_id
            case.deposit_payer_id = case.deposit_payer_id or (applicant and case._party_of(applicant)) or applicant

    @api.depends("paper_ids.state", "paper_ids.required")
    def _compute_missing_paper_count(self):
        for case in self:
            case.missing_paper_count = len(case._missing_papers())

    @api.depends("deposit_ids.state")
    def _compute_deposit_id(self):
        for case in self:
            case.deposit_id = case.deposit_ids.filtered(lambda d: d.state != "cancelled" and not d.is_surplus)[:1]

    def _compute_counts(self):
        # sudo: how many there are is shown to whoever may see the case, the cashier included
        counts = {
            model: dict(
                self.env[model].sudo()._read_group([("renovation_id", "in", self.ids)], ["renovation_id"], ["__count"])
            )
            for model in ("pm.renovation.inspection", "pm.renovation.violation", "pm.renovation.worker", "pm.ticket")
        }
        missed = dict(
            self.env["pm.renovation.inspection"]
            .sudo()
            ._read_group([("renovation_id", "in", self.ids), ("state", "=", "missed")], ["renovation_id"], ["__count"])
        )
        open_violations = dict(
            self.env["pm.renovation.violation"]
            .sudo()
            ._read_group([("renovation_id", "in", self.ids), ("is_open", "=", True)], ["renovation_id"], ["__count"])
        )
        for case in self.sudo():
            case.inspection_count = counts["pm.renovation.inspection"].get(case, 0)
            case.violation_count = counts["pm.renovation.violation"].get(case, 0)
            case.worker_count = counts["pm.renovation.worker"].get(case, 0)
            case.ticket_count = counts["pm.ticket"].get(case, 0)
            case.missed_patrol_count = missed.get(case, 0)
            case.open_violation_count = open_violations.get(case, 0)

    @api.depends("state", "deposit_id.state", "owner_consent", "suspended_at", "reinspect_on", "final_accepted_at")
    def _compute_next_step(self):
        _ = self.env._
        steps = {
            "draft": _("Complete the papers and submit"),
            "submitted": _("Review and decide"),
            "defects": _("Applicant puts the application right"),
            "approved": _("Sign the agreement"),
            "agreement_signed": _("Issue the permit"),
            "deposit_paid": _("Issue the permit"),
            "permit_issued": _("Start the works"),
            "in_progress": _("Patrol daily; applicant notifies completion"),
            "completion_notified": _("Hold the acceptance inspection"),
            "rectify": _("Put right and notify again"),
            "accepted": _("Request the refund of the deposit"),
            "refund_requested": _("Cashier pays the refund"),
            "refunded": _("Close the case"),
        }
        for case in self:
            step = steps.get(case.state, "")
            if case.state in ("draft", "submitted", "defects") and case.owner_consent in ("pending", "refused"):
                step = _("Owner agrees to the renovation")
            elif case.state == "agreement_signed" and case.deposit_id.state == "due":
                step = _("Payer pays the deposit online or at the cashier")
            elif case.suspended_at and case.state in ("permit_issued", "in_progress", "rectify"):
                step = _("Remove what the permit was suspended for")
            elif case.state == "accepted" and case._awaits_reinspection():
                step = _("Re-inspection on %(day)s", day=format_date(self.env, case.reinspect_on))
            elif case.state == "accepted" and case.deposit_id.state != "held":
                step = _("Close the case")
            case.next_step = step

    def _compute_access_url(self):
        super()._compute_access_url()
        for case in self:
            case.access_url = f"/my/renovations/{case.id}"

    # ------------------------------------------------------------ constraints
    @api.constrains("unit_id")
    def _check_unit_has_owner(self):
        for case in self:
            if not case.unit_id.owner_ids:
                raise ValidationError(
                    self.env._(
                        "To apply for a renovation of %(unit)s you must first record its owner"
                        " (Master Data ▸ Units ▸ %(unit)s ▸ Parties).",
                        unit=case.unit_id.display_name,
                    )
                )

    # ------------------------------------------------------------ create / write / unlink
    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals.pop("name", None)
        cases = super().create(vals_list)
        for case in cases:
            case._stamp(
                name=self.env["ir.sequence"].next_by_code("pm.renovation") or "/",
                owner_consent="not_needed" if case.applicant_role == "owner" else "pending",
            )
        cases._sync_papers()
        cases._log("state", self.env._("Application recorded"), to_state="draft")
        cases.filtered("rules_read")._stamp_rules_read()
        cases.filtered(lambda c: c.owner_consent == "pending")._ask_owner()
        return cases

    def write(self, vals):
        if LOCKED_FIELDS & vals.keys() and not self._is_step():
            for case in self.filtered(lambda c: c.state not in EDITABLE_STATES):
                raise UserError(
                    self.env._(
                        "To change unit, people, works or papers of %(case)s you must do it before the decision.",
                        case=case.name,
                    )
                )
        if "deposit_payer_id" in vals:
            for case in self.filtered(lambda c: c.deposit_id.state in ("held", "refund_requested", "refunded")):
                raise UserError(
                    self.env._(
                        "The deposit of %(case)s was paid by %(payer)s and goes back to the same payer.",
                        case=case.name,
                        payer=case.deposit_id.partner_id.display_name,
                    )
                )
        unread = self.filtered(lambda c: not c.rules_read)
        result = super().write(vals)
        if vals.get("rules_read"):
            unread._stamp_rules_read()
        if {"work_ids", "applicant_id", "contractor_id", "contractor_name", "unit_id"} & vals.keys():
            self.filtered(lambda c: c.state in EDITABLE_STATES)._sync_papers()
        if {"applicant_id", "unit_id"} & vals.keys():
            for case in self.filtered(lambda c: c.state in EDITABLE_STATES):
                needed = case.applicant_role != "owner"
                if needed != (case.owner_consent != "not_needed"):
                    case._stamp(owner_consent="pending" if needed else "not_needed", owner_consent_at=False)
                    if needed:
                        case._ask_owner()
        if "deposit_payer_id" in vals:
            for case in self.filtered(lambda c: c.deposit_id.state == "due"):
                # sudo: an officer may name the payer but has no write access to the deposit ledger
                case.deposit_id.sudo().partner_id = case.deposit_payer_id
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        for case in self:
            if case.state != "draft":
                raise UserError(
                    self.env._("To remove %(case)s you must cancel it; only drafts are deleted.", case=case.name)
                )

    # ------------------------------------------------------------ stat buttons
    def _open_related(self, xmlid):
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        action["domain"] = [("renovation_id", "=", self.id)]
        action["context"] = {"default_renovation_id": self.id}
        return action

    def action_view_inspections(self):
        """Patrols and acceptance of this case."""
        return self._open_related("pm_renovation.pm_renovation_inspection_action")

    def action_view_violations(self):
        """Violations of this case."""
        return self._open_related("pm_renovation.pm_renovation_violation_action")

    def action_view_workers(self):
        """Worker passes of this case."""
        return self._open_related("pm_renovation.pm_renovation_worker_action")

    def action_view_deposit(self):
        """Deposits of this case."""
        return self._open_related("pm_renovation.pm_deposit_action")

    # ------------------------------------------------------------ business methods
    def _is_owner(self, partner):
        """Whether the partner, or the company he acts for, owns the unit today."""
        self.ensure_one()
        return partner.commercial_partner_id in self.unit_id.owner_ids.commercial_partner_id

    def _party_of(self, partner):
        """The party of the unit that a partner is or acts for today, if there is one."""
        self.ensure_one()
        parties = self.unit_id.current_party_ids.partner_id
        firm = partner.commercial_partner_id
        return (parties & partner) or parties.filtered(lambda party: party.commercial_partner_id == firm)[:1]

    def _contractor_for_the_door(self):
        """Name of the firm at work as it may hang on a door: what the applicant told stands for a firm, a contact that is
        a person is left out (L-02)."""
        self.ensure_one()
        if self.contractor_id:
            return self.contractor_id.name if self.contractor_id.is_company else ""
        return self.contractor_name or ""

    def _sync_papers(self):
        """Ask for exactly the papers that the works and the applicant call for; keep what was brought."""
        types = self.env["pm.renovation.paper.type"].search([])
        for case in self:
            wanted = types.filtered(case._needs_paper)
            have = {paper.type_id: paper for paper in case.paper_ids}
            surplus = case.paper_ids.filtered(lambda p, w=wanted: p.type_id not in w)
            surplus.filtered(lambda p: p.state == "missing").unlink()
            surplus.exists().write({"required": False})
            case.paper_ids.filtered(lambda p, w=wanted: p.type_id in w and not p.required).write({"required": True})
            self.env["pm.renovation.paper"].create(
                [{"renovation_id": case.id, "type_id": t.id} for t in wanted if t not in have]
            )

    def _needs_paper(self, kind):
        """Whether people or works of the case call for a paper; what a standard scheme replaces is not asked for (S0-76).

        :param kind: one ``pm.renovation.paper.type``
        """
        if kind.requirement == "not_owner":
            return self.applicant_role != "owner"
        if kind.requirement == "contractor":
            return bool(self.contractor_id or self.contractor_name)
        # sudo: the applicant in the portal has no right on schemes
        uncovered = self.work_ids.filtered(lambda w: kind not in w.scheme_id.sudo().covered_paper_type_ids)
        if kind.requirement == "always" and (uncovered or not self.work_ids):
            return True
        return kind in uncovered.type_id.paper_type_ids

    def _missing_papers(self):
        return self.paper_ids.filtered(lambda p: p.required and p.state == "missing")

    def _current_reviews(self):
        self.ensure_one()
        return self.review_ids.filtered(lambda r: r.round == self.submission_round and r.state != "void")

    def _defect_texts(self):
        """What the applicant has to put right, in words."""
        self.ensure_one()
        papers = self.paper_ids.filtered(lambda p: p.state == "rejected")
        reviews = self._current_reviews().filtered(lambda r: r.state == "failed")
        return [f"{p.type_id.name}: {p.defect or ''}" for p in papers] + [r.opinion or "" for r in reviews]

    def _defect_recorded(self):
        """A defect was found: it is to be told before the day ends (S0-107)."""
        self.filtered(lambda c: c.state == "submitted")._start_deadline("defects")

    def _review_roles(self):
        """Who reviews this application, in order: the butler alone when standard schemes decide everything (S0-76)."""
        self.ensure_one()
        if self.is_standard:
            return ["butler"]
        free = self.work_ids.filtered(lambda work: not work.scheme_id)
        engineering = any(free.type_id.mapped("engineering_review"))
        return ["butler", "engineering", "manager"] if engineering else ["butler", "manager"]

    def _prepare_review_round(self):
        """Create the review steps of this submission with their checklists."""
        self.ensure_one()
        Point = self.env["pm.renovation.control.point"]
        Check = self.env["pm.renovation.check"]
        roles = self._review_roles()
        self.review_ids.filtered(lambda r: r.state == "pending").sudo()._set_state("void")
        # sudo: the applicant submits in the portal and has no access to review steps
        self.env["pm.renovation.review"].sudo().create(
            [
                {
                    "renovation_id": self.id,
                    "round": self.submission_round,
                    "sequence": index,
                    "role": role,
                    "user_id": self.user_id.id
                    if role == "butler"
                    else self.property_id.manager_id.id
                    if role == "manager"
                    else False,
                    "check_ids": [
                        fields.Command.create({**line, "property_id": self.property_id.id})
                        for line in Check._prepare_from_points(Point.sudo()._applicable(role, self))
                    ],
                }
                for index, role in enumerate(roles)
            ]
        )

    def _create_deposit(self):
        """Make the deposit of the property's rule due; none when the rule says so (L-04)."""
        for case in self:
            amount = case.property_id._renovation_deposit(case.unit_id)
            if case.deposit_id or case.currency_id.is_zero(amount):
                continue
            # sudo: the officer who records the signature has no create access to the deposit ledger
            self.env["pm.deposit"].sudo().create(
                {"renovation_id": case.id, "partner_id": case.deposit_payer_id.id, "amount": amount}
            )

    def _plan_inspection(self, kind, date=None, **values):
        """Plan an inspection of a kind unless one is open.

        :param kind: a value of ``pm.renovation.inspection.kind`` other than patrol
        :param date: planned day, default today
        :return: the open inspections
        """
        Inspection = self.env["pm.renovation.inspection"]
        planned = Inspection
        for case in self:
            planned |= case.inspection_ids.filtered(
                lambda i: i.kind == kind and i.state == "planned"
            ) or Inspection.create(
                {
                    "renovation_id": case.id,
                    "kind": kind,
                    "date": date or case.property_id._today(),
                    "user_id": case.user_id.id,
                    **values,
                }
            )
        return planned

    def _acceptance_inspection(self):
        """The last acceptance inspection of this request."""
        self.ensure_one()
        acceptances = self.inspection_ids.filtered(lambda i: i.kind == "acceptance" and i.state in ("planned", "done"))
        return acceptances.sorted("id")[-1:]
