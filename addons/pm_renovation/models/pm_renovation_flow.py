"""The state machine of a renovation: transitions, guards, buttons (requirements §6)."""

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from odoo.addons.pm_base.tools.labels import selection_label, selection_labels

# (from, to) of every allowed change of state. Guards are methods `_guard_<to>`.
TRANSITIONS = {
    ("draft", "submitted"),
    ("submitted", "defects"),
    ("defects", "submitted"),
    ("submitted", "approved"),
    ("submitted", "refused"),
    ("defects", "refused"),
    ("refused", "draft"),
    ("approved", "agreement_signed"),
    ("agreement_signed", "deposit_paid"),
    ("deposit_paid", "agreement_signed"),  # the payment was reversed
    ("agreement_signed", "permit_issued"),  # no deposit asked for
    ("deposit_paid", "permit_issued"),
    ("permit_issued", "in_progress"),
    ("in_progress", "completion_notified"),
    ("completion_notified", "rectify"),
    ("rectify", "completion_notified"),
    ("completion_notified", "accepted"),
    ("accepted", "rectify"),  # the re-inspection found a defect
    ("accepted", "refund_requested"),
    ("accepted", "closed"),  # no deposit held
    ("refund_requested", "refunded"),
    ("refunded", "refund_requested"),  # the refund was reversed
    ("refunded", "closed"),
    ("draft", "cancelled"),
    ("submitted", "cancelled"),
    ("defects", "cancelled"),
    ("approved", "cancelled"),
    ("agreement_signed", "cancelled"),
    ("deposit_paid", "cancelled"),
    ("permit_issued", "cancelled"),
}


class PmRenovation(models.Model):
    _inherit = "pm.renovation"

    # ------------------------------------------------------------ the one place where the state changes
    def _transition(self, target, reason=None, **values):
        """Move the cases to ``target`` after its guard, and keep who, when and why in the history.

        :param target: a value of ``state``
        :param reason: why, in the words of whoever decided
        :param values: further field values of the same write
        :raises UserError: the step is not possible from the present state, or its guard refuses
        """
        labels = selection_labels(self, "state")
        guard = getattr(self, f"_guard_{target}", None)
        for case in self:
            if (case.state, target) not in TRANSITIONS:
                sources = [labels[a] for a, b in sorted(TRANSITIONS) if b == target]
                raise UserError(
                    self.env._(
                        "To bring %(case)s to “%(target)s” you must have it in one of: %(sources)s. It is “%(state)s”.",
                        case=case.name,
                        target=labels[target],
                        sources=", ".join(sources),
                        state=labels[case.state],
                    )
                )
            if guard:
                getattr(case, f"_guard_{target}")()
        for origin, cases in self.grouped("state").items():
            cases._set_state(target, **values)
            cases._log("state", reason=reason, from_state=origin, to_state=target)
        return True

    # ------------------------------------------------------------ guards
    def _guard_submitted(self):
        if not (self.date_start and self.date_end):
            raise UserError(self.env._("To submit %(case)s you must give its start and end.", case=self.name))
        if not self.work_ids:
            raise UserError(self.env._("To submit %(case)s you must choose at least one work.", case=self.name))
        missing = self._missing_papers() + self.paper_ids.filtered(lambda p: p.required and p.state == "rejected")
        if missing:
            raise UserError(
                self.env._(
                    "To submit %(case)s you must bring: %(papers)s.",
                    case=self.name,
                    papers=", ".join(missing.type_id.mapped("name")),
                )
            )
        self._guard_consent()
        if not self.unit_id.owner_ids:
            self._check_unit_has_owner()

    def _guard_consent(self):
        if self.owner_consent not in ("not_needed", "given"):
            raise UserError(
                self.env._(
                    "To go on with %(case)s you must have the consent of the owner %(owner)s.",
                    case=self.name,
                    owner=self.owner_id.display_name,
                )
            )

    def _guard_defects(self):
        if not self._defect_texts():
            raise UserError(
                self.env._(
                    "To tell defects of %(case)s you must first record one on a paper or a review.", case=self.name
                )
            )

    def _guard_approved(self):
        # What a project manager has approved for everybody, the butler approves for one (S0-76).
        self._check_group("pm_base.group_officer" if self.is_standard else "pm_base.group_supervisor")
        self._guard_consent()
        open_reviews = self._current_reviews().filtered(lambda r: r.state != "passed")
        if open_reviews:
            raise UserError(
                self.env._(
                    "To approve %(case)s you must have every review passed; open: %(reviews)s.",
                    case=self.name,
                    reviews=", ".join(open_reviews.mapped("display_name")),
                )
            )
        unchecked = self.paper_ids.filtered(lambda p: p.required and p.state != "accepted")
        if unchecked:
            raise UserError(
                self.env._(
                    "To approve %(case)s you must accept every required paper; open: %(papers)s.",
                    case=self.name,
                    papers=", ".join(unchecked.type_id.mapped("name")),
                )
            )

    def _guard_refused(self):
        self._check_group("pm_base.group_supervisor")

    def _guard_agreement_signed(self):
        if self.state == "approved" and not self.rules_read:
            raise UserError(
                self.env._(
                    "To record the agreement of %(case)s you must have the house rules acknowledged by the applicant.",
                    case=self.name,
                )
            )
        if self.state == "approved" and not (
            (self.agreement_signature and self.agreement_signed_by) or self.agreement_attachment_ids
        ):
            raise UserError(
                self.env._(
                    "To record the agreement of %(case)s you must have a signature with the name of the signer,"
                    " or upload the signed paper.",
                    case=self.name,
                )
            )

    def _guard_deposit_paid(self):
        if self.deposit_id.state != "held":
            raise UserError(
                self.env._("To go on with %(case)s you must have its deposit paid at the cashier.", case=self.name)
            )

    def _guard_permit_issued(self):
        if not (self.agreement_signature or self.agreement_attachment_ids):
            raise UserError(
                self.env._("To issue the permit of %(case)s you must have a signed agreement.", case=self.name)
            )
        if self.deposit_id and self.deposit_id.state != "held":
            raise UserError(
                self.env._(
                    "To issue the permit of %(case)s you must have the deposit of %(amount)s paid first,"
                    " or a supervisor must waive it.",
                    case=self.name,
                    amount=self.currency_id.format(self.deposit_id.amount),
                )
            )

    def _guard_accepted(self):
        self._guard_no_open_violation()
        self._guard_concealed()
        self._guard_acceptance_held(("ok",))

    def _guard_rectify(self):
        if self.state == "accepted":
            last = self.inspection_ids.filtered(lambda i: i.kind == "reinspection" and i.state == "done").sorted("id")[
                -1:
            ]
            if last.result != "not_ok":
                raise UserError(
                    self.env._("%(case)s is accepted; only a re-inspection that fails opens it again.", case=self.name)
                )
            return
        self._guard_acceptance_held(("not_ok",))

    def _guard_no_open_violation(self):
        open_violations = self.violation_ids.filtered("is_open")
        if open_violations:
            raise UserError(
                self.env._(
                    "To accept %(case)s you must first settle its open violations: %(violations)s.",
                    case=self.name,
                    violations=", ".join(open_violations.mapped("display_name")),
                )
            )

    def _guard_acceptance_held(self, results):
        last = self._acceptance_inspection()
        if last.state != "done" or last.result not in results:
            raise UserError(
                self.env._(
                    "To close the acceptance of %(case)s you must fill in and finish its acceptance inspection.",
                    case=self.name,
                )
            )

    def _guard_refund_requested(self):
        if self.state == "accepted" and self.deposit_id.state != "refund_requested":
            raise UserError(
                self.env._("To request a refund for %(case)s you must have a deposit held.", case=self.name)
            )

    def _guard_refunded(self):
        if self.deposit_id.state != "refunded":
            raise UserError(
                self.env._("To call %(case)s refunded you must have the refund paid by the cashier.", case=self.name)
            )

    def _guard_closed(self):
        if any(deposit.state in ("held", "refund_requested") for deposit in self.sudo().deposit_ids):
            raise UserError(
                self.env._("To close %(case)s you must first give the deposit back to its payer.", case=self.name)
            )
        # sudo: what is out is counted for whoever closes
        out = self.sudo().worker_ids.filtered("is_out")
        if out:
            raise UserError(
                self.env._(
                    "To close %(case)s you must take back the worker passes, or record them as lost: %(workers)s.",
                    case=self.name,
                    workers=", ".join(out.mapped("name")),
                )
            )

    def _check_group(self, group):
        """Raise unless the user is in the group (superuser: crons and imports pass)."""
        if not (self.env.su or self.env.user.has_group(group)):
            raise AccessError(
                self.env._(
                    "This step is for %(group)s.",
                    group=self.env.ref(group).sudo().name,  # sudo: naming a group
                )
            )

    # ------------------------------------------------------------ actions: application
    def action_submit(self):
        """Hand the complete application in; the review clock starts (S0-108)."""
        now = fields.Datetime.now()
        for case in self:
            case._transition(
                "submitted",
                submitted_at=now,
                submission_round=case.submission_round + 1,
                is_standard=case._follows_schemes(),
            )
            case._prepare_review_round()
            case._start_deadline("review")
            case._notify("submitted")

    def action_tell_defects(self):
        """Tell the applicant every recorded defect; the review clock starts anew on resubmission."""
        for case in self:
            texts = case._defect_texts()
            case._transition("defects", reason="\n".join(texts))
            case._meet_deadline("defects")
            case._cancel_deadlines("review", self.env._("Defects told; the clock starts anew on resubmission."))
            case._notify("defects", defects="; ".join(texts))

    def action_accept_papers(self):
        """Accept every paper that was received and not judged yet, in one go."""
        self.paper_ids.filtered(lambda paper: paper.state == "received").action_accept()

    def action_approve(self):
        """Approve; every review passed and every required paper accepted."""
        for case in self:
            case._transition("approved", decided_at=fields.Datetime.now(), decided_by_id=self.env.uid)
            case._meet_deadline("review")
            case._cancel_deadlines()
            case._notify("approved")

    def action_refuse(self):
        """Ask for the reasons, then refuse."""
        return self._ask_reason("refuse", self.env._("Refuse the Application"))

    def _refuse(self, reason):
        for case in self:
            case._transition(
                "refused",
                reason=reason,
                refusal_reason=reason,
                decided_at=fields.Datetime.now(),
                decided_by_id=self.env.uid,
            )
            case._meet_deadline("review")
            # A refusal with its reasons tells the defects as well.
            case._meet_deadline("defects")
            case._notify("refused", reason=reason)

    def action_revise(self):
        """Take a refused application back to draft, to be corrected and submitted again."""
        for case in self:
            case._transition("draft")

    def action_sign_agreement(self):
        """Record the signed agreement; the deposit, when the property asks for one, becomes due."""
        for case in self:
            case._transition(
                "agreement_signed", reason=case.agreement_signed_by, agreement_signed_at=fields.Datetime.now()
            )
            case._create_deposit()
            case._keep_agreement()

    # ------------------------------------------------------------ actions: permit and site
    def action_start(self):
        """The contractor is on site; daily patrols begin.

        :raise UserError: the permit is not valid yet
        """
        for case in self:
            if case.permit_valid_from and case.property_id._today() < case.permit_valid_from:
                raise UserError(
                    self.env._(
                        "%(case)s may start on %(day)s: its permit is not valid before.",
                        case=case.name,
                        day=format_date(self.env, case.permit_valid_from),
                    )
                )
            if case.state == "permit_issued" and not case._is_permit_valid():
                raise UserError(
                    self.env._(
                        "To start the works of %(case)s its permit must be valid today; it is: %(status)s.",
                        case=case.name,
                        status=selection_label(case, "permit_status"),
                    )
                )
            case._transition("in_progress", started_on=case.property_id._today())
            if not case.neighbours_told_at:
                case._tell_neighbours()

    def action_notify_completion(self):
        """The applicant asks for acceptance: the 3-day clock runs (S0-112) and an inspection is planned."""
        for case in self:
            case._transition("completion_notified", completion_notified_at=fields.Datetime.now())
            case._start_deadline("acceptance")
            case.sudo()._plan_inspection("acceptance")  # sudo: the applicant may ask in the portal
            case._notify("completion", key=str(case.completion_notified_at))

    def action_accept(self):
        """Pass the acceptance; the refund clock runs when a deposit is held (S0-113).

        With a re-inspection period the refund clock starts when it ends, or earlier when the re-inspection passes (CON-13).
        """
        for case in self:
            now = fields.Datetime.now()
            days = case.property_id.renovation_reinspect_days
            values = (
                {"reinspect_on": fields.Date.add(case.property_id._local_date(now), days=days)}
                if days
                else {"reinspect_on": False, "final_accepted_at": now}
            )
            case._transition("accepted", accepted_at=now, **values)
            case._plan_reinspection()
            if case.deposit_id.state == "held":
                case._start_deadline("refund", start=fields.Datetime.add(now, days=days))
            case._file_papers()
            case._notify("accepted", key=str(now))

    def action_fail_acceptance(self):
        """Acceptance not passed: the applicant puts it right and asks again."""
        for case in self:
            points = "; ".join(case._acceptance_inspection()._not_ok_texts())
            case._transition("rectify", reason=points)
            case._notify("rectify", points=points)

    def action_request_refund(self):
        """Do the refund formalities: the cashier's list shows the deposit, the clock stops (S0-113)."""
        for case in self:
            case._settle_reinspection()
            if case.deposit_id:
                case.deposit_id._request_refund()
            case._transition("refund_requested", refund_requested_at=fields.Datetime.now())
            case._meet_deadline("refund")
            case._notify("refund_requested", key=str(case.deposit_id.refund_round))

    def action_close(self):
        """File the case; a deposit that was never paid is dropped."""
        for case in self:
            case._transition("closed", closed_at=fields.Datetime.now(), site_token=False)
            case._cancel_deadlines()
            if case.deposit_id.state == "due":
                case.deposit_id._cancel(self.env._("Case closed"))

    def action_cancel(self):
        """Ask why, then cancel; a deposit held goes to refund at once."""
        return self._ask_reason("cancel", self.env._("Cancel the Renovation"))

    def _cancel(self, reason):
        for case in self:
            case._transition(
                "cancelled", reason=reason, cancel_reason=reason, closed_at=fields.Datetime.now(), site_token=False
            )
            case._cancel_deadlines()
            if case.deposit_id.state == "due":
                case.deposit_id._cancel(reason)
            elif case.deposit_id.state == "held":
                case.deposit_id._request_refund()

    def action_waive_deposit(self):
        """A supervisor lets the case go on without a deposit; the reason is kept."""
        return self._ask_reason("waive", self.env._("Waive the Deposit"))

    def _waive_deposit(self, reason):
        self._check_group("pm_base.group_supervisor")
        for case in self:
            if case.deposit_id.state != "due":
                raise UserError(
                    self.env._("To waive the deposit of %(case)s it must be due and unpaid.", case=case.name)
                )
            case.deposit_id._cancel(reason)
            case._log("deposit", self.env._("Waived"), reason)

    def _ask_reason(self, purpose, title):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "pm.renovation.reason",
            "view_mode": "form",
            "target": "new",
            "context": {"default_renovation_id": self.id, "default_purpose": purpose},
        }

    # ------------------------------------------------------------ deposit events
    def _deposit_received(self):
        """The deposit is in the ledger."""
        for case in self.filtered(lambda c: c.state == "agreement_signed"):
            case._transition("deposit_paid")

    def _deposit_receipt_reversed(self):
        """The payment of the deposit was reversed: no permit until it is paid again."""
        self._log("deposit", self.env._("The payment was reversed"))
        for case in self:
            if case.state == "deposit_paid":
                case._transition("agreement_signed")
            elif case.state not in ("cancelled", "closed"):
                case._schedule_todo(
                    self.env._("The payment of the deposit was reversed"),
                    case.property_id._today(),
                    case.property_id.manager_id,
                )

    def _deposit_refunded(self):
        for case in self.filtered(lambda c: c.state == "refund_requested"):
            case._transition("refunded")

    def _deposit_refund_reversed(self):
        for case in self.filtered(lambda c: c.state == "refunded"):
            case._transition("refund_requested")
