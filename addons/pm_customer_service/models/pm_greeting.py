from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import plaintext2html

MAX_TEXT = 1000


class PmGreeting(models.Model):
    """The greetings of one property at one festival: prepared by the program, approved by a supervisor, sent on the day.

    They go to the committee and the key customers (S0-157), once to each, through ``pm.message`` with the purpose
    *greeting*: whoever opted out gets none, and every message carries the way out (L-13).
    """

    _name = "pm.greeting"
    _description = "Greetings"
    _inherit = ["pm.program.fields", "mail.thread", "mail.activity.mixin"]
    _order = "send_at desc, id desc"
    _rec_name = "holiday_id"
    _program_fields = frozenset({"state", "approved_by_id", "approved_at"})

    _once = models.UniqueIndex("(holiday_id, property_id)", "The greetings of this festival are prepared already.")

    holiday_id = fields.Many2one("pm.holiday", string="Festival", required=True, ondelete="restrict")
    date = fields.Date(related="holiday_id.date", store=True)
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    send_at = fields.Datetime(
        string="Sent At",
        required=True,
        compute="_compute_send_at",
        store=True,
        readonly=False,
        precompute=True,
        help="When the day band of the property begins on the festival.",
    )
    to_committee = fields.Boolean(string="Owners' Committee", default=True)
    to_key_customers = fields.Boolean(string="Key Customers", default=True)
    partner_ids = fields.Many2many("res.partner", string="Others", help="Further people to greet.")
    subject = fields.Char(required=True)
    words = fields.Text(
        required=True,
        help="{name} stands for the person greeted, {property} for the property, {festival} for the festival.",
    )
    recipient_count = fields.Integer(string="Recipients", compute="_compute_recipient_count")
    message_count = fields.Integer(string="Messages", compute="_compute_message_count")
    state = fields.Selection(
        [("draft", "To approve"), ("approved", "Approved"), ("cancelled", "Cancelled")],
        required=True,
        default="draft",
        readonly=True,
        tracking=True,
        copy=False,
    )
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_at = fields.Datetime(readonly=True, copy=False)

    @api.depends("holiday_id", "property_id")
    def _compute_send_at(self):
        for greeting in self:
            if greeting.holiday_id and greeting.property_id:
                prop = greeting.property_id
                greeting.send_at = prop._local_to_utc(greeting.holiday_id.date, prop.day_start)
            else:
                greeting.send_at = greeting.send_at or fields.Datetime.now()

    @api.depends("to_committee", "to_key_customers", "partner_ids", "property_id")
    def _compute_recipient_count(self):
        for greeting in self:
            greeting.recipient_count = len(greeting._recipients())

    def _compute_message_count(self):
        # sudo: how many were written is shown; the messages themselves open under their own rights
        counts = dict(
            self.env["pm.message"]
            .sudo()
            ._read_group([("res_model", "=", self._name), ("res_id", "in", self.ids)], ["res_id"], ["__count"])
        )
        for greeting in self:
            greeting.message_count = counts.get(greeting.id, 0)

    @api.depends("holiday_id.name", "property_id.name", "date")
    def _compute_display_name(self):
        for greeting in self:
            greeting.display_name = " · ".join(
                filter(
                    None,
                    [greeting.holiday_id.name, greeting.property_id.name, greeting.date and str(greeting.date.year)],
                )
            )

    def _recipients(self):
        """Return the people greeted, each once."""
        self.ensure_one()
        people = self.partner_ids._origin
        if self.to_committee:
            people |= self.property_id._committee()
        if self.to_key_customers:
            people |= self.property_id._key_parties().partner_id.with_env(self.env)
        return people

    @api.constrains("subject", "words")
    def _check_length(self):
        for greeting in self:
            if len(greeting.words or "") > MAX_TEXT or len(greeting.subject or "") > 100:
                raise UserError(self.env._("A greeting is short: at most %s characters.", MAX_TEXT))

    @api.model_create_multi
    def create(self, vals_list):
        greetings = super().create(vals_list)
        greetings._check_people()
        return greetings

    def write(self, vals):
        if (
            not self.env.su
            and {"words", "subject", "send_at", "partner_ids", "to_committee", "to_key_customers"} & vals.keys()
        ):
            if any(greeting.state != "draft" for greeting in self):
                raise UserError(self.env._("Greetings that are approved or cancelled stay as they are."))
        result = super().write(vals)
        if "partner_ids" in vals:
            self._check_people()
        return result

    def _check_people(self):
        if not self.env.su:
            self.partner_ids.check_access("read")

    # ------------------------------------------------------------------
    # Preparing and sending
    # ------------------------------------------------------------------

    @api.model
    def _cron_prepare(self):
        """Prepare the greetings of the festivals that come near, and drop those nobody approved in time."""
        self.env["ir.cron"]._each_property(self._prepare_for, "greetings")

    @api.model
    def _prepare_for(self, prop):
        """Prepare what ``prop`` shall send soon; return the new greetings."""
        today = prop._today()
        past = self.search([("property_id", "=", prop.id), ("state", "=", "draft"), ("date", "<", today)])
        past.sudo().write({"state": "cancelled"})  # sudo: the state is the program's
        for greeting in past:
            greeting.message_post(
                body=self.env._("The festival passed before the greetings were approved: none were sent.")
            )
        past.activity_unlink(["mail.mail_activity_data_todo"])
        holidays = self.env["pm.holiday"].search(
            [
                ("greet", "=", True),
                ("date", ">=", today),
                ("date", "<=", today + timedelta(days=prop.greeting_lead_days)),
            ]
        )
        known = self.search([("property_id", "=", prop.id), ("holiday_id", "in", holidays.ids)]).holiday_id
        lang = prop.manager_id.lang or self.env.lang
        created = self.create(
            [self._prepare_vals(prop, holiday.with_context(lang=lang)) for holiday in holidays - known]
        )
        for greeting in created:
            greeting._ask_for_approval()
        return created

    @api.model
    def _prepare_vals(self, prop, holiday):
        _ = holiday.env._
        wish = holiday.greeting or holiday.name
        return {
            "holiday_id": holiday.id,
            "property_id": prop.id,
            "subject": _("Greetings for %(festival)s", festival=holiday.name),
            "words": _("Dear {name}, we thank you for your trust and wish you %(wish)s. {property}", wish=wish),
        }

    def _ask_for_approval(self):
        users = (
            self.env["pm.escalation.rule"]._get_property_users(self.property_id, "supervisor")
            or self.property_id.manager_id
        )
        for user in users:
            named = self.with_context(lang=user.lang)
            self.activity_schedule(
                "mail.mail_activity_data_todo",
                self.date - timedelta(days=1),
                user_id=user.id,
                summary=named.env._("Approve the greetings for %(festival)s", festival=named.holiday_id.name),
            )

    def action_approve(self):
        """Write the messages; they leave at the time set, each once, however often this is pressed."""
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group("pm_base.group_supervisor"):
            raise AccessError(self.env._("Only a supervisor approves greetings."))
        for greeting in self:
            if greeting.state != "draft":
                raise UserError(
                    self.env._("%s: only greetings that wait for approval can be approved.", greeting.display_name)
                )
            if greeting.property_id._today() > greeting.date:
                raise UserError(self.env._("%s: the festival has passed.", greeting.display_name))
            people = greeting._recipients()
            if not people:
                raise UserError(
                    self.env._("%s: to send greetings there must be somebody to greet.", greeting.display_name)
                )
            self.env["pm.message"]._enqueue([greeting._prepare_message(partner) for partner in people.sudo()])
        # sudo: state and approval are the program's
        self.sudo().write({"state": "approved", "approved_by_id": self.env.uid, "approved_at": fields.Datetime.now()})
        self.activity_feedback(["mail.mail_activity_data_todo"])

    def _prepare_message(self, partner):
        """Return ``pm.message`` values; the key names festival and person: two properties of one owner greet once."""
        words = self.words
        for mark, text in (
            ("name", partner.name),
            ("property", self.property_id.name),
            ("festival", self.holiday_id.name),
        ):
            words = words.replace("{%s}" % mark, text or "")
        return {
            "key": f"greeting/{self.holiday_id.id}/{partner.id}",
            "purpose": "greeting",
            "partner_id": partner.id,
            "property_id": self.property_id.id,
            "res_model": self._name,
            "res_id": self.id,
            "subject": self.subject,
            "body": plaintext2html(words),
            "text": words,
            "not_before": self.send_at,
        }

    def action_cancel(self):
        """Send nothing; messages that have not left yet are stopped."""
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group("pm_base.group_supervisor"):
            raise AccessError(self.env._("Only a supervisor cancels greetings."))
        # sudo: messages belong to the service
        waiting = (
            self.env["pm.message"]
            .sudo()
            .search([("res_model", "=", self._name), ("res_id", "in", self.ids), ("state", "=", "queued")])
        )
        waiting._cancel(self.env._("The greetings were cancelled."))
        self.sudo().write({"state": "cancelled"})  # sudo: the state is the program's
        self.activity_unlink(["mail.mail_activity_data_todo"])

    def action_open_messages(self):
        return self.env["pm.message"]._action_for(self)
