from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .pm_dunning_level import LEGAL_KINDS

_APPROVERS = {"supervisor": "pm_base.group_supervisor", "manager": "pm_base.group_manager"}


class PmDunningAction(models.Model):
    """Lawyer's letters and mandates: the system proposes, a person approves, the counsel acts (S0-134 – S0-137, L-07)."""

    _inherit = "pm.dunning.action"

    legal_case_id = fields.Many2one("pm.legal.case", readonly=True, index="btree_not_null", ondelete="restrict")

    months_text = fields.Char(compute="_compute_months_text", help="How old the debt is, for letters.")

    @api.depends("stage")
    @api.depends_context("lang")
    def _compute_months_text(self):
        for action in self:
            action.months_text = self.env._("%s months overdue", action.stage)

    def _ask_approval(self):
        """Put the proposals on the desks of those who decide."""
        for action in self:
            approver = action._approver()
            if approver:
                action.activity_schedule(
                    "mail.mail_activity_data_todo",
                    user_id=approver.id,
                    summary=self.env._("Decide: %s", action.level_id.name),
                )

    def _approver(self):
        """Who decides: the project manager, or a supervisor of the property."""
        self.ensure_one()
        prop = self.property_id
        if self.level_id.approval != "supervisor":
            return prop.manager_id
        staff = prop.user_ids.filtered(
            lambda user: user.has_group("pm_base.group_supervisor") and not user.has_group("pm_base.group_manager")
        )
        return staff.sorted("id")[:1] or prop.manager_id

    # -- checklist -----------------------------------------------------------------------------------------------------

    def _checklist(self):
        """What must be true, and what must be looked at, before a legal step (S3-26, S3-27, L-07).

        :return: list of dicts: code, label, ok, blocking (may not be approved while it is not ok), detail
        """
        self.ensure_one()
        # sudo: the approver sees what the decision rests on, whatever else he may see
        action = self.sudo()
        case, today = action.case_id, action.property_id._today()
        lines = [
            self._check_owed(case),
            self._check_demand(case, today),
            *self._check_disputes(case),
            self._check_agreements(case),
            self._check_service(case),
            self._check_counsel(action),
        ]
        if action.kind == "mandate":
            lines += [self._check_letters(case), self._check_claims(case)]
        return lines

    def _check_owed(self, case):
        amount = sum(case._overdue_charges().mapped("residual"))
        return {
            "code": "owed",
            "label": self.env._("Something is owed"),
            "ok": case.state == "open" and case.currency_id.compare_amounts(amount, 0) > 0,
            "blocking": True,
            "detail": case.currency_id.format(amount),
        }

    def _check_demand(self, case, today):
        demands = case.action_ids.filtered(lambda step: step.proven)
        over = demands.filtered(lambda step: step.deadline < today)
        detail = ", ".join(
            self.env._(
                "%(name)s: delivered %(day)s, pay until %(deadline)s",
                name=step.level_id.name,
                day=format_date(self.env, step.delivered_on),
                deadline=format_date(self.env, step.deadline),
            )
            for step in demands[:5]
        )
        return {
            "code": "demand",
            "label": self.env._("A demand with a deadline is proven, and its deadline is over"),
            "ok": bool(over),
            "blocking": True,
            "detail": detail or self.env._("No delivered notice with a signature, photo or tracking number"),
        }

    def _check_disputes(self, case):
        # sudo: the checklist is the same, whoever looks at the step
        holds = self.env["pm.dunning.hold"].sudo().search([("case_id", "=", case.id)])
        active = holds.filtered(lambda hold: hold.state == "active")
        unreviewed = holds.filtered(lambda hold: hold.kind == "dispute" and not (hold.review and hold.justified))
        return [
            {
                "code": "dispute",
                "label": self.env._("No open dispute and no hardship hold"),
                "ok": not active,
                "blocking": True,
                "detail": ", ".join(active.mapped("display_name")),
            },
            {
                "code": "review",
                "label": self.env._("Our service was examined for every dispute"),
                "ok": not unreviewed,
                "blocking": True,
                "detail": ", ".join(unreviewed.ticket_id.mapped("display_name")),
            },
        ]

    def _check_agreements(self, case):
        # sudo: the checklist is the same, whoever looks at the step
        promises = self.env["pm.dunning.promise"].sudo().search([("case_id", "=", case.id), ("state", "=", "open")])
        plans = self.env["pm.dunning.instalment"].sudo().search([("case_id", "=", case.id), ("state", "=", "active")])
        return {
            "code": "agreement",
            "label": self.env._("No promise and no instalment plan is running"),
            "ok": not promises and not plans,
            "blocking": True,
            "detail": ", ".join([*promises.mapped("display_name"), *plans.mapped("display_name")]),
        }

    def _check_service(self, case):
        # sudo: the checklist is the same, whoever looks at the step
        tickets = (
            self.env["pm.ticket"]
            .sudo()
            .search(
                [
                    ("unit_id", "=", case.unit_id.id),
                    ("type_code", "in", ("complaint", "repair")),
                    ("state", "not in", ("closed", "invalid", "cancelled")),
                ]
            )
        )
        return {
            "code": "service",
            "label": self.env._("No complaint or repair of this unit is open"),
            "ok": not tickets,
            "blocking": False,
            "detail": ", ".join(tickets.mapped("display_name")),
        }

    def _check_counsel(self, action):
        counsel = action.property_id.counsel_id
        return {
            "code": "counsel",
            "label": self.env._("The property has a legal counsel"),
            "ok": bool(counsel),
            "blocking": True,
            "detail": counsel.name or self.env._("Choose one on the property"),
        }

    def _check_letters(self, case):
        letters = case.action_ids.filtered(lambda step: step.kind == "letter" and step.proven)
        return {
            "code": "letters",
            "label": self.env._("A lawyer's letter was delivered"),
            "ok": bool(letters),
            "blocking": False,
            "detail": ", ".join(
                self.env._(
                    "no. %(number)s of %(day)s", number=step.letter_number, day=format_date(self.env, step.delivered_on)
                )
                for step in letters
            ),
        }

    def _check_claims(self, case):
        # sudo: the approver sees what the decision rests on
        suits = self.env["pm.legal.case"].sudo()
        claimed = suits._claimed_charges(case)
        return {
            "code": "claims",
            "label": self.env._("Something is owed that was not taken to court yet"),
            "ok": bool(case._overdue_charges() - claimed),
            "blocking": True,
            "detail": ", ".join(suits.search([("claim_ids.charge_id", "in", claimed.ids)]).mapped("name")),
        }

    # -- decision ------------------------------------------------------------------------------------------------------

    def action_decide(self):
        """Open the checklist with the decision."""
        self.ensure_one()
        if self.state != "to_approve":
            raise UserError(self.env._("%s waits for no decision.", self.display_name))
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.dunning.decision",
            "view_mode": "form",
            "target": "new",
            "name": self.level_id.name,
            "context": {"default_action_id": self.id},
        }

    def _check_may_decide(self):
        for action in self:
            group = _APPROVERS[action.level_id.approval]
            if not self.env.user.has_group(group):
                # sudo: the name of a group is no secret
                name = self.env.ref(group).sudo().name
                raise AccessError(self.env._("%(step)s is decided by: %(role)s.", step=action.level_id.name, role=name))

    def _approve(self, note):
        """Approve one proposal: fix what it demands, hand it to the counsel with the briefing.

        :param str note: what the approver says about points that are not as they should be
        :raise UserError: something forbids the step; it names what
        """
        self.ensure_one()
        self._check_may_decide()
        checks = self._checklist()
        wrong = [check for check in checks if check["blocking"] and not check["ok"]]
        if wrong:
            raise UserError(
                self.env._(
                    "%(step)s cannot be approved: %(what)s.",
                    step=self.display_name,
                    what="; ".join(check["label"] for check in wrong),
                )
            )
        if any(not check["ok"] for check in checks) and not (note or "").strip():
            raise UserError(self.env._("Write down why the step is taken although a point of the list is open."))
        if not self._freeze():
            raise UserError(self.env._("Nothing is owed any more: the step was cancelled."))
        # sudo: the program writes the record; the right to decide was checked
        action = self.sudo()
        counsel = action.property_id.counsel_id
        earlier = action.case_id.action_ids.filtered(
            lambda step: step.kind == "letter" and step.state in ("at_counsel", "to_deliver", "done")
        )
        today = action.property_id._today()
        action._transition(
            "at_counsel",
            counsel_id=counsel.id,
            approved_by_id=self.env.uid,
            approved_on=today,
            approval_note=note,
            approval_facts=checks,
            letter_number=len(earlier) + 1 if action.kind == "letter" else 0,
            deadline=fields.Date.add(today, days=action.level_id.deadline_days),
        )
        action.case_id.counsel_id = counsel
        action.activity_feedback(["mail.mail_activity_data_todo"], feedback=self.env._("Approved"))
        if action.kind == "mandate":
            action.legal_case_id = self.env["pm.legal.case"].sudo()._open_from(action)
        action._brief_counsel()

    def _brief_counsel(self):
        """Tell the counsel, in writing with the briefing attached, and put it on his list (S0-134, S0-136)."""
        for action in self:
            template = (
                "pm_fees.mail_template_counsel_letter"
                if action.kind == "letter"
                else "pm_fees.mail_template_counsel_mandate"
            )
            record = action if action.kind == "letter" else action.legal_case_id
            self.env["pm.message"]._enqueue_template(
                "service",
                template,
                record,
                "dunning/counsel",
                channel="email",
                partner=lambda r: r.counsel_id.partner_id,
            )
            record.activity_schedule(
                "mail.mail_activity_data_todo", user_id=action.counsel_id.id, summary=action.level_id.name
            )

    def _refuse(self, reason):
        """Do not take this step; the ladder does not propose it again by itself."""
        self._check_may_decide()
        for action in self:
            if action.state != "to_approve":
                raise UserError(self.env._("%s waits for no decision.", action.display_name))
        self._cancel(reason)

    # -- the counsel's work --------------------------------------------------------------------------------------------

    def _check_counsel_work(self):
        for action in self:
            if action.kind not in LEGAL_KINDS or action.state != "at_counsel":
                raise UserError(self.env._("%s is not with the counsel.", action.display_name))

    def action_letter_sent(self):
        """The letter went out by express: number and copy are kept (S0-134, S0-135)."""
        self._check_counsel_work()
        self._check_letter()
        for action in self:
            today = action.property_id._today()
            sent = action.sent_on or today
            if not action.approved_on <= sent <= today:
                raise UserError(self.env._("%s was sent between its approval and today.", action.display_name))
            action._transition("to_deliver", sent_on=sent, delivery_method=action.delivery_method or "express")
            # sudo: the counsel's own reminder is done with it
            action.sudo().activity_feedback(["mail.mail_activity_data_todo"])

    def action_open_tracking(self):
        """Open the carrier's page of this letter."""
        self.ensure_one()
        url = self.carrier_id.tracking_url
        if not url or not self.tracking_no:
            raise UserError(self.env._("Enter the tracking number and a carrier with a tracking page."))
        return {"type": "ir.actions.act_url", "url": url.replace("{number}", self.tracking_no), "target": "new"}

    def action_print_briefing(self):
        return self.env.ref("pm_fees.pm_dunning_briefing_report").report_action(self)

    def action_open_legal_case(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.legal.case",
            "res_id": self.legal_case_id.id,
            "view_mode": "form",
        }


class PmDunningCase(models.Model):
    _inherit = "pm.dunning.case"

    legal_case_ids = fields.One2many("pm.legal.case", "dunning_case_id", "Legal Cases", readonly=True)
    legal_count = fields.Integer("Suits", compute="_compute_legal_count")

    @api.depends("legal_case_ids")
    def _compute_legal_count(self):
        counts = dict(
            self.env["pm.legal.case"]._read_group(
                [("dunning_case_id", "in", self.ids)], ["dunning_case_id"], ["__count"]
            )
        )
        for case in self:
            case.legal_count = counts.get(case, 0)

    def action_open_legal(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_fees.pm_legal_case_action")
        return {**action, "domain": [("dunning_case_id", "=", self.id)], "context": {}}

    def _after_close(self):
        super()._after_close()
        # sudo: the counsel's file outlives the debt; he hears that it was paid
        self.sudo().legal_case_ids._on_debt_paid()
