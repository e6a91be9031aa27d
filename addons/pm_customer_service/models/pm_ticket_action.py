from odoo import fields, models
from odoo.exceptions import AccessError


class PmTicketAction(models.Model):
    """The buttons of a ticket: each names the step, the guards decide."""

    _inherit = "pm.ticket"

    def action_take(self):
        """I handle it: be the handler and start."""
        for ticket in self:
            # Of two who press at the same moment the second is run again by the server, and reads who was quicker.
            ticket._require(
                ticket.state != "in_progress" or not ticket.user_id - self.env.user,
                self.env._("%s has taken it and is working on it.", ticket.user_id.name),
            )
            if ticket.user_id != self.env.user:
                ticket.write({"user_id": self.env.uid})
            if ticket.state == "new":
                ticket._transition("assigned")
        self._transition("in_progress")

    def action_start(self):
        self._transition("in_progress")

    def action_unassign(self):
        self._transition("new")

    def action_handle(self):
        """Finish; from 'assigned' the work is taken as started."""
        self.filtered(lambda ticket: ticket.state == "assigned")._transition("in_progress")
        self._transition("handled")

    def action_solve_now(self):
        """Answered at the counter: handler is who is here, solved at once."""
        for ticket in self:
            if not ticket.user_id:
                ticket.write({"user_id": self.env.uid})
            if not ticket.outcome:
                ticket.outcome = "explained" if ticket.explanation and not ticket.solution else "solved_now"
        self.action_handle()

    def action_recorded(self):
        """The counter form is saved: go on with the whole ticket."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "main",
        }

    def action_record_next(self):
        """The counter form is saved: the next customer, please."""
        return self.env["ir.actions.act_window"]._for_xml_id("pm_customer_service.pm_ticket_action_new")

    def action_solve_and_open(self):
        self.action_solve_now()
        return self.action_recorded()

    def action_feedback(self):
        """The customer was told the result and asked for an opinion (S0-71); the supervisor sees it in the log."""
        for ticket in self:
            ticket._require(
                ticket.state in ("handled", "followed_up"),
                self.env._("to report the result you must finish the ticket first."),
            )
        self._record_feedback(self.env.user)

    def _record_feedback(self, user):
        """The customer knows the result: told by ``user``, or by having answered in the portal (no user)."""
        now = fields.Datetime.now()
        self._write_protected({"fed_back_at": now, "fed_back_by_id": user.id})
        self.filtered(lambda ticket: not ticket.replied_at)._write_protected({"replied_at": now})
        self._deadline_event("replied", now)
        self._deadline_event("fed_back", now)

    def action_reply_by_phone(self):
        """The customer was answered by word of mouth."""
        self.check_access("write")
        now = fields.Datetime.now()
        self.filtered(lambda ticket: not ticket.replied_at)._write_protected({"replied_at": now})
        self._deadline_event("replied", now)
        for ticket in self:
            ticket.message_post(
                body=self.env._("Answered the customer by word of mouth."), subtype_xmlid="mail.mt_note"
            )

    def action_close(self):
        self._transition("closed")

    def action_invalid(self):
        self._transition("invalid")

    def action_cancel(self):
        self._transition("cancelled")

    def action_reopen(self, reason=None):
        """Reopen with a reason; also called when a follow-up finds the customer dissatisfied."""
        if reason:
            self._write_protected({"reopen_reason": reason})
        self._transition("in_progress")
        for ticket in self:
            ticket.message_post(
                body=self.env._("Reopened: %(reason)s", reason=ticket.reopen_reason), subtype_xmlid="mail.mt_note"
            )

    def action_followup(self):
        self.ensure_one()
        self._require(
            self.state in ("handled", "followed_up", "closed"),
            self.env._("to follow up you must finish the ticket first."),
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Follow-up"),
            "res_model": "pm.followup",
            "view_mode": "form",
            "target": "new",
            "context": {"default_ticket_id": self.id},
        }

    def action_delay(self):
        return self._action_wizard("delay", self.env._("Tell the Customer About a Delay"))

    def action_reason_reopen(self):
        return self._action_wizard("reopen", self.env._("Reopen"))

    def action_reason_invalid(self):
        return self._action_wizard("invalid", self.env._("Mark as Invalid"))

    def action_reason_cancel(self):
        return self._action_wizard("cancel", self.env._("Cancel Ticket"))

    def action_reason_pause(self):
        return self._action_wizard("pause", self.env._("Pause the Clocks"))

    def action_resume(self):
        self._check_may_pause()
        self._resume_deadlines()

    def action_pause(self, reason):
        """Pause the clocks of the tickets; ``reason`` is kept with them."""
        self._check_may_pause()
        self._pause_deadlines(reason)

    def _check_may_pause(self):
        # Clocks are moved as superuser: who may ask for it is checked here.
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group("pm_base.group_officer"):
            raise AccessError(self.env._("Only a butler, officer or supervisor pauses and resumes deadlines."))

    def _action_wizard(self, step, title):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "pm.ticket.step",
            "view_mode": "form",
            "target": "new",
            "context": {"default_ticket_id": self.id, "default_step": step},
        }
