from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from odoo.addons.pm_base.tools.labels import selection_labels

STATES = [
    ("approved", "Approved"),
    ("mandated", "Counsel mandated"),
    ("filed", "Filed"),
    ("judged", "Judgment served"),
    ("effective", "Judgment effective"),
    ("enforcement", "Enforcement"),
    ("closed", "Closed"),
]
OUTCOMES = [
    ("won", "Won"),
    ("part", "Won in part"),
    ("lost", "Lost"),
    ("mediated", "Mediated in court"),
    ("settled", "Settled out of court"),
    ("withdrawn", "Withdrawn"),
]
# Ends of a suit after which the same claim cannot be brought to court once more.
DECIDED = ("won", "part", "lost", "mediated")
# (from, to): fields that must be filled in first; what is not listed does not exist.
_FLOW = {
    ("approved", "mandated"): ("mandate_ids",),
    ("mandated", "filed"): ("court", "filed_on"),
    ("filed", "judged"): ("judgment_date", "outcome"),
    ("judged", "effective"): ("effective_date",),
    ("effective", "enforcement"): ("enforcement_applied_on",),
    **{(state, "closed"): ("outcome", "closing_note") for state, _label in STATES[:-1]},
}
# The days in their order: none may lie before an earlier one.
_DATES = ("filed_on", "judgment_date", "effective_date", "performance_deadline", "enforcement_applied_on")


class PmLegalCase(models.Model):
    """A suit for overdue fees, from the manager's approval to the last cent or the last day (S0-136, S0-138, L-14).

    Nothing here files anything: a person and a lawyer do, and write down what they did.
    """

    _name = "pm.legal.case"
    _description = "Legal Case"
    _inherit = ["pm.program.fields", "pm.files", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"

    _program_fields = frozenset(
        {"name", "state", "dunning_case_id", "claim_ids", "amount_claimed", "closed_on", "approved_on", "mandated_on"}
    )

    name = fields.Char("Number", required=True, readonly=True, default="/", copy=False)
    dunning_case_id = fields.Many2one(
        "pm.dunning.case", "Arrears Case", required=True, readonly=True, index=True, ondelete="restrict"
    )
    property_id = fields.Many2one(related="dunning_case_id.property_id", store=True, precompute=True, index=True)
    company_id = fields.Many2one(related="dunning_case_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(related="dunning_case_id.partner_id", string="Debtor", store=True, precompute=True)
    unit_id = fields.Many2one(related="dunning_case_id.unit_id", store=True, precompute=True)
    counsel_id = fields.Many2one(
        "res.users",
        "Legal Counsel",
        required=True,
        index=True,
        tracking=True,
        domain=lambda self: [("all_group_ids", "in", self.env.ref("pm_base.group_counsel").ids)],
    )
    claim_ids = fields.One2many("pm.legal.claim", "case_id", "Claims", readonly=True)
    amount_claimed = fields.Monetary(compute="_compute_amounts", store=True)
    penalty_claimed = fields.Monetary(help="Only what the contract agrees (L-06).", tracking=True)
    amount_recovered = fields.Monetary("Recovered", compute="_compute_recovered")
    cost_ids = fields.One2many("pm.legal.cost", "case_id", "Costs")
    cost_total = fields.Monetary("Costs in All", compute="_compute_amounts", store=True)
    mandate_ids = fields.Many2many(
        "ir.attachment", "pm_legal_case_mandate_rel", string="Signed Mandate", help="The written mandate (S0-136)."
    )
    document_ids = fields.Many2many(
        "ir.attachment", "pm_legal_case_document_rel", string="Documents", help="Statement of claim, judgment, orders."
    )
    approved_on = fields.Date(readonly=True)
    mandated_on = fields.Date(readonly=True)
    court = fields.Char(tracking=True)
    court_number = fields.Char("Number at the Court", tracking=True)
    filed_on = fields.Date(tracking=True)
    judgment_date = fields.Date("Judgment Served On", tracking=True)
    outcome = fields.Selection(OUTCOMES, tracking=True)
    amount_awarded = fields.Monetary("Awarded", tracking=True)
    effective_date = fields.Date("Effective On", tracking=True)
    performance_deadline = fields.Date(
        "Voluntary Performance Until", tracking=True, help="The day until which the judgment gives time to pay."
    )
    preservation = fields.Selection(
        [("open", "To be decided"), ("needed", "Applied for"), ("not_needed", "Not needed")],
        default="open",
        tracking=True,
        help="Preservation of property, where needed within the time of the law (S0-138).",
    )
    preservation_on = fields.Date("Preservation Applied On", tracking=True)
    enforcement_applied_on = fields.Date(tracking=True)
    date_ids = fields.One2many("pm.legal.date", "case_id", "Dates")
    next_date = fields.Date(compute="_compute_next_date", store=True, index="btree_not_null")
    closed_on = fields.Date(readonly=True)
    closing_note = fields.Text()
    state = fields.Selection(STATES, required=True, readonly=True, default="approved", tracking=True)

    @api.depends("claim_ids.amount", "cost_ids.amount")
    def _compute_amounts(self):
        for case in self:
            case.amount_claimed = sum(case.claim_ids.mapped("amount"))
            case.cost_total = sum(case.cost_ids.mapped("amount"))

    @api.depends("claim_ids.recovered")
    def _compute_recovered(self):
        for case in self:
            case.amount_recovered = sum(case.claim_ids.mapped("recovered"))

    @api.depends("date_ids.date", "date_ids.done_on", "state")
    def _compute_next_date(self):
        for case in self:
            open_dates = case.date_ids.filtered(lambda row: not row.done_on).mapped("date")
            case.next_date = min(open_dates) if open_dates and case.state != "closed" else False

    @api.constrains(*_DATES)
    def _check_dates(self):
        for case in self:
            days = [(name, case[name]) for name in _DATES if case[name]]
            for (before, first), (after, second) in zip(days, days[1:]):
                if second < first:
                    raise ValidationError(
                        self.env._(
                            "%(case)s: “%(after)s” cannot lie before “%(before)s”.",
                            case=case.name,
                            after=self._fields[after]._description_string(self.env),
                            before=self._fields[before]._description_string(self.env),
                        )
                    )

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(self.env._("A legal case is part of the collection record: close it (S0-133)."))

    def write(self, vals):
        if not self.env.su and any(case.state == "closed" for case in self):
            if vals.keys() - {"message_follower_ids", "message_ids", "activity_ids", "message_main_attachment_id"}:
                raise UserError(self.env._("A closed case stays as it is."))
        if "counsel_id" in vals and not (self.env.su or self.env.user.has_group("pm_base.group_manager")):
            raise AccessError(self.env._("Mandates are given by the project manager."))
        result = super().write(vals)
        if vals.keys() & set(_DATES):
            self._refresh_dates()
        if vals.get("counsel_id"):
            # sudo: the arrears case opens itself to its new counsel
            for case in self.sudo():
                case.dunning_case_id.counsel_id = case.counsel_id
        return result

    @api.model
    def _open_from(self, action):
        """Open the case that an approved mandate asks for, with the claims of that day (S0-136).

        :param action: a pm.dunning.action of kind mandate whose demand is fixed
        """
        claimed = self._claimed_charges(action.case_id)
        return self.create(
            {
                "name": self.env["ir.sequence"].with_company(action.company_id).next_by_code("pm.legal.case") or "/",
                "dunning_case_id": action.case_id.id,
                "counsel_id": action.counsel_id.id,
                "approved_on": action.approved_on,
                "penalty_claimed": action.penalty,
                "claim_ids": [
                    Command.create(
                        {
                            "charge_id": demand.charge_id.id,
                            "amount": demand.amount,
                            "paid_before": demand.charge_id.amount_paid,
                        }
                    )
                    for demand in action.demand_ids
                    if demand.charge_id not in claimed
                ],
            }
        )

    @api.model
    def _claimed_charges(self, dunning_case):
        """Charges of a debtor that were taken to court and may not be sued for again: the suit runs, or was decided."""
        cases = self.search([("dunning_case_id", "=", dunning_case.id)])
        return cases.filtered(lambda case: case.state != "closed" or case.outcome in DECIDED).claim_ids.charge_id

    # -- steps ---------------------------------------------------------------------------------------------------------

    def _transition(self, target, **values):
        """The one place where the state changes; says what is missing."""
        labels = selection_labels(self, "state")
        for case in self:
            needed = _FLOW.get((case.state, target))
            if needed is None:
                raise UserError(
                    self.env._(
                        "%(case)s is “%(state)s”: it cannot become “%(target)s”.",
                        case=case.name,
                        state=labels[case.state],
                        target=labels[target],
                    )
                )
            missing = [self._fields[name]._description_string(self.env) for name in needed if not case[name]]
            if missing:
                raise UserError(
                    self.env._(
                        "Before %(case)s becomes “%(target)s”, fill in: %(fields)s.",
                        case=case.name,
                        target=labels[target],
                        fields=", ".join(missing),
                    )
                )
        self.check_access("write")
        # sudo: the state is written here only
        self.sudo().write({"state": target, **values})

    def action_accept_mandate(self):
        """The counsel has the signed mandate (S0-136)."""
        for case in self:
            case._transition("mandated", mandated_on=case.property_id._today())
            # sudo: the step of the ladder is done when the mandate is given
            steps = self.env["pm.dunning.action"].sudo().search([("legal_case_id", "=", case.id)])
            steps.filtered(lambda step: step.state == "at_counsel")._transition("done")
            case.sudo().activity_feedback(["mail.mail_activity_data_todo"])

    def action_filed(self):
        self._transition("filed")

    def action_judged(self):
        self._transition("judged")

    def action_effective(self):
        self._transition("effective")

    def action_enforcement(self):
        self._transition("enforcement")

    def action_close(self):
        """Close with outcome and note; what is still open of its dates needs no alarm any more."""
        for case in self:
            case._transition("closed", closed_on=case.property_id._today())
            # sudo: activities of colleagues end with the case
            case.sudo().activity_unlink(["mail.mail_activity_data_todo"])

    def _on_debt_paid(self):
        """Everything was paid: the counsel decides how to end the suit."""
        for case in self.filtered(lambda case: case.state != "closed"):
            text = self.env._("Everything overdue was paid. Withdraw or close the case, and settle its costs.")
            case.message_post(body=text)
            case.activity_schedule("mail.mail_activity_data_todo", user_id=case.counsel_id.id, summary=text)

    # -- dates ---------------------------------------------------------------------------------------------------------

    def _refresh_dates(self):
        """Keep the dates that follow from the days of the case; what is done stays."""
        terms = self.env["pm.legal.term"].sudo().search([("event", "in", _DATES)])
        for case in self:
            for term in terms:
                start = case[term.event]
                row = case.date_ids.filtered(lambda date, term=term: date.term_id == term)
                if not start:
                    row.filtered(lambda date: not date.done_on).sudo().unlink()
                    continue
                end = term._end(start)
                if not row:
                    # sudo: dates of the law are made by the program
                    self.env["pm.legal.date"].sudo().create(
                        {"case_id": case.id, "term_id": term.id, "kind": term.kind, "date": end, "name": term.name}
                    )
                elif not row.done_on and row.date != end:
                    row.sudo().date = end

    def _end_alarms(self):
        """Withdraw warnings of dates that were kept."""
        todo = self.env.ref("mail.mail_activity_data_todo")
        for case in self:
            kept = set(case.date_ids.filtered("done_on").mapped("date"))
            still = set(case.date_ids.filtered(lambda row: not row.done_on).mapped("date"))
            own = case.activity_ids.filtered(lambda activity: activity.activity_type_id == todo)
            own.filtered_domain([("date_deadline", "in", list(kept - still))]).unlink()

    def action_print_mandate(self):
        return self.env.ref("pm_fees.pm_legal_mandate_report").report_action(self)

    def action_evidence(self):
        return self.dunning_case_id.action_evidence()


class PmLegalClaim(models.Model):
    """A charge that is claimed in a suit, and what has come in on it since."""

    _name = "pm.legal.claim"
    _description = "Claim in a Legal Case"
    _order = "case_id, due_date, id"
    _rec_name = "charge_id"

    _once = models.UniqueIndex("(case_id, charge_id)", "A case claims each charge once.")

    case_id = fields.Many2one("pm.legal.case", required=True, ondelete="restrict")
    charge_id = fields.Many2one("pm.charge", required=True, index=True, ondelete="restrict")
    property_id = fields.Many2one(related="case_id.property_id", store=True, precompute=True)
    company_id = fields.Many2one(related="case_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    due_date = fields.Date(related="charge_id.due_date", store=True)
    amount = fields.Monetary("Claimed", required=True)
    paid_before = fields.Monetary(readonly=True, help="What had been paid on the charge when it was claimed.")
    recovered = fields.Monetary(compute="_compute_recovered", help="Paid since; not what was written off or cancelled.")

    @api.depends("paid_before", "charge_id.amount_paid", "charge_id.state")
    def _compute_recovered(self):
        for claim in self:
            # sudo: the counsel sees what came in on his claims, not the ledger
            charge = claim.sudo().charge_id
            paid = charge.amount_paid - claim.paid_before if charge.state == "posted" else 0.0
            claim.recovered = max(claim.currency_id.round(paid), 0.0)


class PmLegalCost(models.Model):
    """What a suit costs, and who bears it."""

    _name = "pm.legal.cost"
    _description = "Cost of a Legal Case"
    _inherit = ["pm.files"]
    _order = "date, id"

    _amount_positive = models.Constraint("CHECK (amount > 0)", "A cost is above zero.")

    case_id = fields.Many2one("pm.legal.case", required=True, index=True, ondelete="restrict")
    property_id = fields.Many2one(related="case_id.property_id", store=True, precompute=True)
    company_id = fields.Many2one(related="case_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(required=True, default=fields.Date.context_today)
    kind = fields.Selection(
        [
            ("court", "Court fee"),
            ("lawyer", "Lawyer"),
            ("preservation", "Preservation"),
            ("express", "Express and copies"),
            ("other", "Other"),
        ],
        required=True,
        default="court",
    )
    amount = fields.Monetary(required=True)
    borne_by = fields.Selection(
        [("company", "Us"), ("debtor", "Debtor"), ("open", "Not decided")], required=True, default="open"
    )
    reimbursed = fields.Boolean("Paid Back")
    note = fields.Char()
    attachment_ids = fields.Many2many("ir.attachment", string="Receipts")
