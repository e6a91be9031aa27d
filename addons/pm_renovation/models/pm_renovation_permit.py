"""The permit of a renovation: issued, extended, suspended, expired, checked at the door."""

import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .pm_renovation import SITE_STATES

PERMIT_STATES = ("permit_issued", *SITE_STATES)


class PmRenovation(models.Model):
    _inherit = "pm.renovation"

    _permit_expiry = models.Index(
        "(permit_valid_until) WHERE permit_expired_alarm_on IS NULL AND state IN ('permit_issued', 'in_progress', 'rectify')"
    )

    permit_expired_alarm_on = fields.Date("Expired Alarm Given", readonly=True, copy=False)
    suspended_at = fields.Datetime("Suspended On", readonly=True, copy=False, tracking=True)
    suspended_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    suspension_reason = fields.Text(readonly=True, copy=False, tracking=True)
    permit_status = fields.Selection(
        selection=[
            ("future", "Not yet valid"),
            ("valid", "Valid"),
            ("suspended", "Suspended"),
            ("expired", "Expired"),
            ("ended", "Ended"),
        ],
        compute="_compute_permit_status",
        search="_search_permit_status",
    )

    @api.depends("state", "permit_number", "permit_valid_from", "permit_valid_until", "suspended_at")
    def _compute_permit_status(self):
        for case in self:
            case.permit_status = case._permit_status() if case.permit_number else False

    def _search_permit_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        # A list mixes properties: its "today" is that of the user who looks at it.
        today = fields.Date.context_today(self)
        active = Domain("state", "in", PERMIT_STATES)
        running = active & Domain("suspended_at", "=", False)
        by_status = {
            "suspended": active & Domain("suspended_at", "!=", False),
            "future": running & Domain("permit_valid_from", ">", today),
            "expired": running & Domain("permit_valid_until", "<", today),
            "valid": running & Domain("permit_valid_from", "<=", today) & Domain("permit_valid_until", ">=", today),
            "ended": Domain("permit_number", "!=", False) & Domain("state", "not in", PERMIT_STATES),
            False: Domain("permit_number", "=", False),
        }
        return Domain.OR(by_status[status] for status in value if status in by_status)

    # ------------------------------------------------------------ steps
    def action_issue_permit(self):
        """Number the permit and start its validity."""
        for case in self:
            if case.deposit_id.state == "held" and case.state == "agreement_signed":
                case._transition("deposit_paid")
            number = self.env["ir.sequence"].next_by_code("pm.renovation.permit")
            case._transition(
                "permit_issued",
                permit_number=number,
                permit_token=secrets.token_urlsafe(24),
                permit_issued_on=case.property_id._today(),
                permit_valid_from=case.date_start,
                permit_valid_until=case.date_end,
                permit_alarm_on=False,
            )
            case._notify("permit")

    def action_print_permit(self):
        """The permit as PDF, to hang on the door."""
        return self.env.ref("pm_renovation.permit_report").report_action(self)

    def action_extend(self):
        """Ask for the new end of the permit and why; what the household asked for stands there already."""
        action = self._ask_reason("extend", self.env._("Extend the Permit"))
        action["context"].update(default_date_end=self.extension_until, default_reason=self.extension_reason)
        return action

    def _extend(self, date_end, reason=None):
        """Give permit and worker passes a later end; the alarms are armed again.

        :param date_end: new last day
        :param reason: why, for the history
        """
        for case in self:
            if case.state not in PERMIT_STATES:
                raise UserError(self.env._("To extend the permit of %(case)s you must have it issued.", case=case.name))
            if not date_end or date_end <= case.permit_valid_until:
                raise UserError(
                    self.env._("To extend the permit of %(case)s you must give a later date.", case=case.name)
                )
            old = case.permit_valid_until
            case._stamp(
                date_end=date_end, permit_valid_until=date_end, permit_alarm_on=False, permit_expired_alarm_on=False
            )
            # sudo: the passes follow the permit, whoever of the staff extends it
            case.sudo().worker_ids._extend_pass(date_end)
            case._log("permit", self.env._("Extended from %(old)s to %(new)s", old=old, new=date_end), reason)
            case._notify("extended", key=str(date_end))
            case._tell_neighbours_again()

    def action_suspend(self):
        """Ask why, then suspend the permit."""
        return self._ask_reason("suspend", self.env._("Suspend the Permit"))

    def _suspend(self, reason):
        """Suspend the permit until its cause is removed: the page behind the code and the passes say so.

        Nothing but the permission rests; power, water and access are not touched (L-01, L-05).
        """
        self._check_group("pm_base.group_supervisor")
        for case in self:
            if case.state not in PERMIT_STATES or case.suspended_at:
                raise UserError(
                    self.env._("To suspend the permit of %(case)s you must have one in force.", case=case.name)
                )
            case._stamp(suspended_at=fields.Datetime.now(), suspended_by_id=self.env.uid, suspension_reason=reason)
            case._log("permit", self.env._("Suspended"), reason)
            case._notify("suspended", key=str(case.suspended_at), reason=reason)

    def action_resume(self):
        """The cause is removed: the permit is in force again."""
        self._check_group("pm_base.group_supervisor")
        for case in self:
            if not case.suspended_at:
                raise UserError(self.env._("The permit of %(case)s is not suspended.", case=case.name))
            since = case.suspended_at
            case._stamp(suspended_at=False, suspended_by_id=False, suspension_reason=False)
            case._log("permit", self.env._("In force again"))
            case._notify("resumed", key=str(since))

    # ------------------------------------------------------------ what the permit says
    def _is_permit_valid(self, on=None):
        """Whether work may be done under the permit on a day (S4-114 asks this before a key is handed out)."""
        self.ensure_one()
        day = on or self.property_id._today()
        return bool(
            self.permit_number
            and self.state in PERMIT_STATES
            and not self.suspended_at
            and self.permit_valid_from <= day <= self.permit_valid_until
        )

    def _permit_status(self):
        """``valid``, ``future``, ``suspended``, ``expired`` or ``ended`` for the public page."""
        self.ensure_one()
        if self.state not in PERMIT_STATES:
            return "ended"
        if self.suspended_at:
            return "suspended"
        day = self.property_id._today()
        if day < self.permit_valid_from:
            return "future"
        return "valid" if day <= self.permit_valid_until else "expired"

    def _permit_url(self):
        """Address behind the QR code of the permit."""
        self.ensure_one()
        return (
            f"{self.get_base_url()}/pm/permit/{self.sudo().permit_token}"  # sudo: printed by any reader of the permit
        )

    # ------------------------------------------------------------ alarms
    @api.model
    def _cron_permit_expiry(self):
        """Warn before and when permits run out, property by property with a commit after each."""
        for prop in self.env["pm.property"].search([]):
            done = self._warn_permit_expiry(prop) | self._warn_permit_expired(prop)
            self.env["ir.cron"]._commit_progress(len(done))

    @api.model
    def _warn_permit_expiry(self, prop):
        """Warn applicant and responsible once before a permit runs out; an extension arms the alarm again.

        :return: the cases warned about
        """
        today = prop._today()
        cases = self.search(
            [
                ("property_id", "=", prop.id),
                ("state", "in", PERMIT_STATES),
                ("permit_alarm_on", "=", False),
                ("permit_valid_until", "<=", fields.Date.add(today, days=prop.renovation_permit_warning_days)),
            ]
        ).try_lock_for_update(allow_referencing=True)
        for case in cases:
            case._notify("permit_expiry", key=str(case.permit_valid_until))
            case._schedule_todo(
                self.env._("Permit %(number)s is running out", number=case.permit_number), case.permit_valid_until
            )
        cases._stamp(permit_alarm_on=today)
        return cases

    @api.model
    def _warn_permit_expired(self, prop):
        """Tell applicant and manager once that a permit has run out while the site is not finished.

        :return: the cases told about
        """
        today = prop._today()
        cases = self.search(
            [
                ("property_id", "=", prop.id),
                ("state", "in", PERMIT_STATES),
                ("permit_expired_alarm_on", "=", False),
                ("permit_valid_until", "<", today),
            ]
        ).try_lock_for_update(allow_referencing=True)
        for case in cases:
            case._notify("permit_expired", key=str(case.permit_valid_until))
            case._schedule_todo(
                self.env._(
                    "Permit %(number)s has run out: extend it, or have the works rest", number=case.permit_number
                ),
                today,
                prop.manager_id,
            )
        cases._stamp(permit_expired_alarm_on=today)
        return cases

    def _schedule_todo(self, summary, deadline, user=None):
        """Give somebody of the staff something to do about the case: the responsible, else the manager."""
        self.ensure_one()
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            date_deadline=deadline,
            summary=summary,
            user_id=(user or self.user_id or self.property_id.manager_id or self.env.user).id,
        )
