from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

STATES = [("draft", "On the list"), ("sent", "Distributed"), ("returned", "Returned")]
TEMPLATES = ["pm_customer_service.mail_template_survey", "pm_customer_service.sms_template_survey"]
REMINDERS = ["pm_customer_service.mail_template_survey_reminder", "pm_customer_service.sms_template_survey_reminder"]


class PmSurveyInvitation(models.Model):
    """One questionnaire of one household: on the list, distributed, returned. What the return rate counts. Source: S4-05."""

    _name = "pm.survey.invitation"
    _description = "Questionnaire of a Household"
    _inherit = ["pm.program.fields"]
    _order = "round_id desc, unit_id, id"
    _rec_name = "unit_id"

    _program_fields = frozenset(
        {
            "state",
            "user_input_id",
            "on_paper",
            "sent_at",
            "returned_at",
            "reminded_on",
            "reminder_count",
            "entered_by_id",
        }
    )

    _once = models.UniqueIndex("(round_id, unit_id)", "This household is on the list already.")
    _sent_index = models.Index("(property_id, sent_at) WHERE sent_at IS NOT NULL")

    round_id = fields.Many2one("pm.survey.round", string="Satisfaction Survey", required=True, ondelete="cascade")
    property_id = fields.Many2one(related="round_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="round_id.company_id", store=True)
    round_state = fields.Selection(related="round_id.state", string="Survey State")
    unit_id = fields.Many2one(
        "pm.unit", required=True, ondelete="restrict", domain="[('property_id', '=', property_id)]"
    )
    partner_id = fields.Many2one("res.partner", string="Customer", required=True, ondelete="restrict", index=True)
    user_id = fields.Many2one(related="unit_id.user_id", string="Butler")
    state = fields.Selection(STATES, required=True, default="draft", readonly=True, index=True)
    on_paper = fields.Boolean(readonly=True, help="No address for messages: the questionnaire is brought on paper.")
    sent_at = fields.Datetime(string="Distributed at", readonly=True)
    returned_at = fields.Datetime(readonly=True)
    reminded_on = fields.Date(string="Last Reminder", readonly=True)
    reminder_count = fields.Integer(string="Reminders Sent", readonly=True)
    entered_by_id = fields.Many2one(
        "res.users", string="Entered by", readonly=True, help="Who typed in the answers of a paper or a telephone call."
    )
    user_input_id = fields.Many2one(
        "survey.user_input",
        string="Answer Sheet",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups="survey.group_survey_user",
    )

    answer_url = fields.Char(
        compute="_compute_answer_url",
        compute_sudo=True,  # message templates are rendered with the rights of who distributes
        help="Personal address that opens the questionnaire without a login; gone once it is answered.",
    )

    def _compute_answer_url(self):
        for row in self:
            answer = row.user_input_id if row.state != "returned" else None
            row.answer_url = answer and row.round_id.get_base_url() + answer.get_start_url()

    @api.depends("round_id.name", "unit_id")
    def _compute_display_name(self):
        for row in self:
            row.display_name = f"{row.round_id.name} · {row.unit_id.display_name}"

    def write(self, vals):
        if not self.env.su and any(row.state != "draft" for row in self):
            raise UserError(self.env._("What was distributed stays on the list as it is."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_draft(self):
        if any(row.state != "draft" for row in self):
            raise UserError(self.env._("What was distributed stays on the list as it is."))

    # ------------------------------------------------------------------
    # Sending
    # ------------------------------------------------------------------

    def _send(self):
        """Create the empty answers and record a message for each household that has an address."""
        # sudo: the state is the program's, and nobody of the desk may read the addresses that the messages carry
        rows = self.sudo().filtered(lambda row: row.state == "draft")
        answers = rows.env["survey.user_input"].create(
            [
                {
                    "survey_id": row.round_id.survey_id.id,
                    "partner_id": row.partner_id.id,
                    "email": row.partner_id.email,
                    "nickname": row.partner_id.name,
                    "deadline": row.round_id._deadline(),
                }
                for row in rows
            ]
        )
        now = fields.Datetime.now()
        for row, answer in zip(rows, answers, strict=True):
            row.write(
                {
                    "user_input_id": answer.id,
                    "state": "sent",
                    "sent_at": now,
                    "on_paper": not (row.partner_id.email or row.partner_id.phone),
                }
            )
        rows.env["pm.message"]._enqueue_template(
            "survey", TEMPLATES, rows.filtered(lambda row: not row.on_paper), "survey"
        )

    def _remind(self, today):
        """Remind those who have not answered for the days their survey names, once a day at most."""
        # sudo: the job reminds for all properties
        due = self.sudo().filtered(
            lambda row: row.state == "sent"
            and not row.on_paper
            and (row.reminded_on or row.property_id._local_date(row.sent_at))
            + timedelta(days=row.round_id.reminder_days)
            <= today
        )
        if due:
            due.env["pm.message"]._enqueue_template("survey", REMINDERS, due, f"survey-reminder/{today}")
            for count, rows in due.grouped("reminder_count").items():
                rows.write({"reminded_on": today, "reminder_count": count + 1})

    # ------------------------------------------------------------------
    # Answers
    # ------------------------------------------------------------------

    def action_enter(self):
        """Type in the answers of a paper or a telephone call. Whose hands typed them is recorded."""
        self.ensure_one()
        self.check_access("read")
        if self.state != "sent" or self.round_id.state != "open":
            raise UserError(
                self.env._("%s: answers are entered while the survey is being answered.", self.display_name)
            )
        row = self.sudo()  # sudo: Odoo lets nobody but the addressee answer, so the answer becomes that of who types
        me = self.env.user.partner_id
        answer = row.user_input_id
        if answer.partner_id != me or answer.state == "done":
            old, answer = (
                answer,
                answer.create(
                    {
                        "survey_id": row.round_id.survey_id.id,
                        "partner_id": me.id,
                        "email": me.email,
                        "deadline": row.round_id._deadline(),
                    }
                ),
            )
            row.user_input_id = answer
            if old.state == "new":
                old.unlink()
        row.entered_by_id = self.env.user
        return {"type": "ir.actions.act_url", "url": answer.get_start_url(), "target": "new"}

    def _mark_returned(self):
        """The answers of these rows are complete."""
        self.filtered(lambda row: row.state == "sent").write(
            {"state": "returned", "returned_at": fields.Datetime.now()}
        )
