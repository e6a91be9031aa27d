from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import plaintext2html

from .pm_escalation_rule import LADDER, ROLES
from .pm_ticket import MAX_TEXT

LEVELS = [pair for pair in ROLES if pair[0] in LADDER]


class PmEscalationReport(models.Model):
    """A report upwards made by a person (逐级上报): what cannot be solved here, a proposal, and the instruction that came back.

    Source: S0-70, S1-43, S1-44, S4-94.
    """

    _inherit = "pm.escalation"

    by_user_id = fields.Many2one("res.users", string="Reported By", readonly=True, index="btree_not_null")
    reason = fields.Text(readonly=True)
    proposal = fields.Text(readonly=True, help="What the reporter proposes (S1-44).")
    instruction = fields.Text(readonly=True, help="What the superior orders; recorded in detail (S1-44).")
    instructed_by_id = fields.Many2one("res.users", string="Instructed By", readonly=True)
    instructed_at = fields.Datetime(string="Instructed On", readonly=True)
    is_for_me = fields.Boolean(compute="_compute_is_for_me")

    @api.depends_context("uid")
    @api.depends("user_ids", "by_user_id")
    def _compute_is_for_me(self):
        for row in self:
            row.is_for_me = bool(row.by_user_id) and self.env.user in row.user_ids

    def action_instruct(self, text):
        """Answer the report with an instruction; it goes to who reported and to who handles it.

        :param str text: what is to be done, by whom, by when; required
        :raises AccessError: the report was not made to the present user
        """
        text = (text or "").strip()
        for row in self:
            if not row.by_user_id or self.env.user not in row.user_ids:
                raise AccessError(self.env._("Only who was told of it answers a report upwards."))
        if not text or len(text) > MAX_TEXT:
            raise UserError(self.env._("To answer the report you must write an instruction of reasonable length."))
        # sudo: the log is the program's, its reader was checked above
        self.sudo().write(
            {"instruction": text, "instructed_by_id": self.env.uid, "instructed_at": fields.Datetime.now()}
        )
        for row in self:
            row._hand_down()

    def action_answer(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Instruct"),
            "res_model": "pm.escalation.answer",
            "view_mode": "form",
            "target": "new",
            "context": {"default_escalation_id": self.id},
        }

    def _hand_down(self):
        """The instruction goes to who reported and to who handles it."""
        ticket = self.env["pm.ticket"].browse(self.res_id)
        people = (self.sudo().by_user_id | ticket.sudo().user_id) - self.env.user
        # sudo: an instruction reaches the ticket, also where its writer only reads it
        ticket.sudo().message_post(
            body=plaintext2html(self.env._("Instruction: %s", self.instruction)),
            subtype_xmlid="mail.mt_note",
            author_id=self.env.user.partner_id.id,
            partner_ids=people.partner_id.ids,
        )
        ticket.sudo().activity_feedback(
            ["pm_customer_service.mail_activity_type_report"], user_id=self.env.uid, feedback=self.instruction[:200]
        )


class PmTicketEscalate(models.Model):
    _inherit = "pm.ticket"

    escalated_role = fields.Selection(
        LEVELS,
        string="Reported To",
        readonly=True,
        copy=False,
        tracking=True,
        help="The highest level that knows of it.",
    )

    def _get_protected(self):
        return super()._get_protected() | {"escalated_role"}

    def _get_next_level(self):
        """Return the level to report to next, or False at the top."""
        self.ensure_one()
        position = LADDER.index(self.escalated_role) + 1 if self.escalated_role else LADDER.index("supervisor")
        return LADDER[position] if position < len(LADDER) else False

    def _may_skip_levels(self):
        """Emergencies and major matters may go past a level, who is informed afterwards (S1-43)."""
        self.ensure_one()
        return self.type_code == "emergency" or self.severity == "major"

    def action_escalate(self, reason, proposal=None, level=None):
        """Report the ticket to a higher level; who reports stays a follower and answerable.

        :param str reason: why it cannot be solved here; required
        :param str proposal: what the reporter proposes
        :param str level: team_leader, supervisor, manager or leadership; default: the next one up
        :returns: the report
        :raises UserError: reason missing, ticket over, or a level skipped without an emergency
        """
        self.ensure_one()
        self.check_access("write")
        reason = (reason or "").strip()[:MAX_TEXT]
        self._require(reason, self.env._("to report it to a higher level you must write why (S0-70)."))
        self._require(
            self.state in ("new", "assigned", "in_progress"), self.env._("only an open ticket is reported upwards.")
        )
        following = self._get_next_level()
        level = level or following
        self._require(level in LADDER, self.env._("the highest level knows of it already."))
        known = LADDER.index(self.escalated_role) if self.escalated_role else -1
        self._require(
            LADDER.index(level) > known, self.env._("this level knows of it already: report it to a higher one.")
        )
        skipped = [role for role in LADDER[known + 1 : LADDER.index(level)] if role != "team_leader"]
        self._require(
            not skipped or self._may_skip_levels(),
            self.env._("reports go step by step; only an emergency or a major matter skips a level (S1-43)."),
        )
        rules = self.env["pm.escalation.rule"]
        users = self._users_of_level(level)
        informed = self.env["res.users"]
        for role in skipped:
            informed |= rules._get_property_users(self.property_id, role)
        informed = informed.filtered("active") - users - self.env.user
        # sudo: the log is the program's, and activities go to people above the reporter
        report = (
            self.env["pm.escalation"]
            .sudo()
            .create(
                {
                    "by_user_id": self.env.uid,
                    "res_model": self._name,
                    "res_id": self.id,
                    "property_id": self.property_id.id,
                    "at": fields.Datetime.now(),
                    "role": level,
                    "user_ids": [(6, 0, users.ids)],
                    "informed_ids": [(6, 0, informed.ids)],
                    "reason": reason,
                    "proposal": (proposal or "").strip()[:MAX_TEXT],
                }
            )
        )
        self._write_protected({"escalated_role": level})
        self.message_subscribe(partner_ids=self.env.user.partner_id.ids)
        words = [self.env._("Reported upwards: %s", reason)]
        if proposal:
            words.append(self.env._("Proposal: %s", proposal))
        self.message_post(
            body=plaintext2html("\n".join(words)), subtype_xmlid="mail.mt_note", partner_ids=users.partner_id.ids
        )
        for user in users:
            self._schedule_report(
                user, self.with_context(lang=user.lang).env._("Reported to you: decide and instruct"), reason
            )
        for user in informed:
            self._schedule_report(
                user,
                self.with_context(lang=user.lang).env._(
                    "For information, told to a higher level at once: %s", self.name
                ),
                reason,
            )
        return report

    def _users_of_level(self, level):
        """Return the users of ``level`` to tell; where nobody holds it, those of the next level up."""
        rules = self.env["pm.escalation.rule"]
        for role in LADDER[LADDER.index(level) :]:
            if role == "team_leader":
                # sudo: who leads a team is not visible to every role
                users = self.team_id.sudo().user_id
            else:
                users = rules._get_property_users(self.property_id, role)
            users = users.filtered("active") - self.env.user
            if users:
                return users
        return self.env["res.users"]

    def _schedule_report(self, user, summary, reason):
        # sudo: nobody may give work to his superiors, the rule does
        self.sudo().activity_schedule(
            "pm_customer_service.mail_activity_type_report",
            user_id=user.id,
            summary=summary,
            note=plaintext2html(reason),
        )

    def action_report_upwards(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Report to a Higher Level"),
            "res_model": "pm.ticket.escalate",
            "view_mode": "form",
            "target": "new",
            "context": {"default_ticket_id": self.id, "default_level": self._get_next_level() or "leadership"},
        }
