from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class PmFaqSession(models.Model):
    """The answers of one weekly meeting: talked through, agreed, and passed to everybody at the desk. Source: S1-47, S0-30."""

    _name = "pm.faq.session"
    _description = "Answers of a Meeting"
    _inherit = ["pm.program.fields", "mail.thread"]
    _order = "date desc, id desc"
    _program_fields = frozenset({"state", "closed_at"})

    name = fields.Char(compute="_compute_name", store=True)
    property_id = fields.Many2one(
        "pm.property",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.user.pm_property_ids[:1],
    )
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    date = fields.Date(required=True, default=fields.Date.context_today)
    chair_id = fields.Many2one(
        "res.users",
        string="Chaired By",
        required=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
    )
    attendee_ids = fields.Many2many("res.users", string="Present", domain="[('share', '=', False)]")
    faq_ids = fields.Many2many(
        "pm.faq",
        string="Answers",
        domain="[('state', '=', 'submitted'), ('property_id', 'in', (False, property_id))]",
        default=lambda self: self._default_faq_ids(),
    )
    minutes = fields.Html(string="Case Analysis and Minutes")
    state = fields.Selection(
        [("draft", "In preparation"), ("closed", "Agreed")],
        required=True,
        default="draft",
        readonly=True,
        tracking=True,
    )
    closed_at = fields.Datetime(readonly=True)

    def _default_faq_ids(self):
        prop = self.env.user.pm_property_ids[:1]
        return self.env["pm.faq"].search([("state", "=", "submitted"), ("property_id", "in", (False, prop.id))])

    @api.depends("date", "property_id.name")
    def _compute_name(self):
        for session in self:
            session.name = f"{session.property_id.name or ''} {session.date or ''}".strip()

    def write(self, vals):
        if not self.env.su and {"faq_ids", "date", "chair_id", "attendee_ids", "property_id"} & vals.keys():
            if any(session.state == "closed" for session in self):
                raise UserError(self.env._("What a meeting has agreed stays as it is."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(session.state == "closed" for session in self):
            raise UserError(self.env._("What a meeting has agreed stays as it is."))

    def action_close(self):
        """Approve the answers of the meeting and tell everybody at the desk of the property.

        :raises UserError: where no answer was talked through
        """
        for session in self:
            if not self.env.su and not self.env.user.has_group("pm_base.group_supervisor"):
                raise AccessError(self.env._("Only a supervisor closes the meeting's answers."))
            if session.state != "draft":
                raise UserError(self.env._("%s has been agreed already.", session.name))
            answers = session.faq_ids.filtered(lambda faq: faq.state == "submitted")
            if not answers:
                raise UserError(self.env._("%s: choose the answers that the meeting agrees on.", session.name))
            # The meeting is the second pair of eyes: its chair may have written one of them.
            own = answers.filtered(lambda faq: faq.author_id == self.env.user)
            if own and not (session.attendee_ids - self.env.user):
                raise UserError(
                    self.env._("%s: name who was present, since you wrote some of the answers yourself.", session.name)
                )
            (answers - own).action_approve()
            own.sudo().action_approve()
            # sudo: session and state are the program's
            answers.sudo().write({"session_id": session.id})
            session.sudo().write({"state": "closed", "closed_at": fields.Datetime.now()})
            session._share(answers)

    def _share(self, answers):
        """Tell each colleague at the desk which answers hold from now on."""
        desk = self.env.ref("pm_base.group_front_desk")
        # sudo: who works at the desk is not visible to every role
        users = (
            self.env["res.users"]
            .sudo()
            .search(
                [
                    ("all_group_ids", "in", desk.ids),
                    ("share", "=", False),
                    ("pm_property_ids", "in", self.property_id.ids),
                ]
            )
        )
        for lang, group in users.grouped(lambda user: user.lang or self.env.lang).items():
            record = self.with_context(lang=lang)
            body = record.env["ir.qweb"]._render(
                "pm_customer_service.faq_session_note", {"session": record, "answers": answers.with_context(lang=lang)}
            )
            record.message_notify(
                partner_ids=group.partner_id.ids,
                subject=record.env._("Answers agreed on %s", record.date),
                body=body,
                model=self._name,
                res_id=self.id,
            )
