from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, html2plaintext, is_html_empty

KINDS = [
    ("qa", "Question and answer"),
    ("case", "Service case"),
    ("instruction", "Work instruction"),
]
STATES = [
    ("draft", "Draft"),
    ("submitted", "To approve"),
    ("approved", "Approved"),
    ("retired", "Retired"),
]
ROOT_CAUSES = [
    ("error", "Error"),
    ("neglect", "Neglect of duty"),
    ("measure", "Lack of measure"),
    ("control", "Loss of control"),
]
# What was approved is changed by a new version only.
CONTENT = {"name", "answer", "kind", "keywords", "property_id", "category_id", "lesson", "root_cause"}
SAME_CATEGORY = 0.3  # weighs as much as three tenths of a perfect match of words
LEAST_SCORE = 0.1
MAX_QUERY = 200


class PmFaq(models.Model):
    """Q&A base, case library and work instructions: what the desk answers, agreed and approved.

    ==========  ==============================================================================
    draft       somebody wrote it, often from a ticket (S1-42)
    submitted   waits for the supervisor or the weekly meeting (S1-47)
    approved    the answer everybody gives; in the portal where ticked; reviewed on its date
    retired     no longer given; stays to be read
    ==========  ==============================================================================

    An approved text is never changed: its new version is written beside it and replaces it when approved.
    Source: S0-88, S0-19, S0-95, requirements §4 (答客问管理要求).
    """

    _name = "pm.faq"
    _description = "Answer"
    _inherit = ["pm.steps", "pm.files", "mail.thread", "mail.activity.mixin"]
    _order = "kind, category_id, name, id"
    _program_fields = frozenset(
        {"state", "author_id", "approved_by_id", "approved_at", "review_date", "replaces_id", "ticket_id", "session_id"}
    )
    _transitions = {
        ("draft", "submitted"): "_guard_submitted",
        ("submitted", "draft"): None,
        ("submitted", "approved"): "_guard_approved",
        ("approved", "retired"): "_guard_retired",
        ("draft", "retired"): "_guard_retired",
        ("retired", "draft"): "_guard_retired",
    }

    _review_positive = models.Constraint("CHECK (review_months > 0)", "The review period is at least one month.")
    _approved_index = models.Index("(kind, category_id) WHERE state = 'approved'")

    name = fields.Char(string="Question or Title", required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True)
    kind = fields.Selection(KINDS, required=True, default="qa", tracking=True)
    category_id = fields.Many2one("pm.ticket.category", index="btree_not_null")
    keywords = fields.Char(help="Other words under which it is looked for, separated by blanks.")
    property_id = fields.Many2one(
        "pm.property", index="btree_not_null", ondelete="cascade", help="Empty: holds in every property."
    )
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    answer = fields.Html(translate=True, help="What is answered, what happened, or what is to be done.")
    portal_ok = fields.Boolean(
        string="In the Portal", help="Customers read it in the portal. Only questions and answers."
    )
    author_id = fields.Many2one("res.users", readonly=True, copy=False, default=lambda self: self.env.user)
    state = fields.Selection(STATES, required=True, default="draft", readonly=True, copy=False, tracking=True)
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_at = fields.Datetime(readonly=True, copy=False)
    review_months = fields.Integer(
        string="Reviewed After (months)",
        default=12,
        required=True,
        help="So many months after approval it is looked through again. House rule; the handbook asks for periodic updates.",
    )
    review_date = fields.Date(string="Review On", readonly=True, copy=False, index="btree_not_null")
    replaces_id = fields.Many2one("pm.faq", string="New Version Of", readonly=True, copy=False, ondelete="set null")
    session_id = fields.Many2one("pm.faq.session", string="Agreed In", readonly=True, copy=False, ondelete="set null")
    ticket_id = fields.Many2one("pm.ticket", string="Written From", readonly=True, copy=False, index="btree_not_null")
    ticket_ids = fields.One2many("pm.ticket", "faq_id", string="Tickets Answered With It")
    use_count = fields.Integer(string="Used", compute="_compute_use_count")
    source = fields.Char(help="Requirement id or paper it rests on.")

    # A service case (S0-19, S3-35)
    root_cause = fields.Selection(ROOT_CAUSES, string="Cause")
    lesson = fields.Text(string="Lesson Learned", help="What we do differently now.")

    # Questions that are the developer's to answer (S0-89)
    concerns_developer = fields.Boolean(
        help="The developer is asked in writing, and his written answer is kept (S0-89)."
    )
    developer_id = fields.Many2one(
        "res.partner", string="Developer", compute="_compute_developer_id", store=True, readonly=False
    )
    developer_asked_on = fields.Date()
    developer_answered_on = fields.Date()
    developer_file_ids = fields.Many2many(
        "ir.attachment", "pm_faq_developer_file_rel", "faq_id", "attachment_id", string="Written Answer", copy=False
    )

    def _compute_use_count(self):
        # sudo: how often an answer served is no secret, the tickets open under their own rights
        counts = dict(self.env["pm.ticket"].sudo()._read_group([("faq_id", "in", self.ids)], ["faq_id"], ["__count"]))
        for faq in self:
            faq.use_count = counts.get(faq._origin, 0)

    @api.depends("property_id")
    def _compute_developer_id(self):
        for faq in self:
            faq.developer_id = faq.property_id.developer_id or faq.developer_id

    @api.constrains("kind", "portal_ok")
    def _check_portal(self):
        if self.filtered(lambda faq: faq.portal_ok and faq.kind != "qa"):
            raise ValidationError(
                self.env._("Only questions and answers are shown in the portal, no cases or instructions.")
            )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    def write(self, vals):
        if not self.env.su:
            if CONTENT & vals.keys() and any(faq.state in ("approved", "retired") for faq in self):
                raise UserError(
                    self.env._(
                        "An approved answer is not changed: write a new version, which replaces it once approved."
                    )
                )
            if "portal_ok" in vals and not self.env.user.has_group("pm_base.group_supervisor"):
                if any(faq.state == "approved" for faq in self):
                    raise AccessError(self.env._("Only a supervisor decides what stands in the portal."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(faq.state != "draft" for faq in self):
            raise UserError(self.env._("Only drafts can be deleted: retire the answer instead."))

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        return [dict(vals, name=self.env._("%s (copy)", faq.name)) for faq, vals in zip(self, vals_list, strict=True)]

    # ------------------------------------------------------------------
    # State
    # ------------------------------------------------------------------

    def _guard_submitted(self):
        self._require(not is_html_empty(self.answer), self.env._("to submit it you must write the text."))
        if self.kind == "case":
            self._require(
                (self.lesson or "").strip(), self.env._("to submit a case you must write what was learned from it.")
            )

    def _guard_approved(self):
        user = self.env.user
        if not self.env.su and not user.has_group("pm_base.group_supervisor"):
            raise AccessError(self.env._("Only a supervisor approves answers."))
        if not self.env.su and user == self.author_id and not user.has_group("pm_base.group_manager"):
            raise AccessError(self.env._("“%s”: the author may not approve it himself.", self.name))
        if self.concerns_developer:
            self._require(
                self.developer_asked_on and self.developer_answered_on and self.developer_file_ids,
                self.env._(
                    "to approve it the developer must have been asked, and his written answer be attached (S0-89)."
                ),
            )

    def _guard_retired(self):
        if not self.env.su and not self.env.user.has_group("pm_base.group_supervisor"):
            raise AccessError(self.env._("Only a supervisor retires answers."))

    def action_submit(self):
        """Lay it before the supervisor."""
        self._transition("submitted")

    def action_send_back(self):
        self._transition("draft")

    def action_approve(self):
        """From now on everybody gives this answer; it replaces its older version, and is looked through on its review date."""
        for faq in self:
            today = faq.property_id._today() if faq.property_id else fields.Date.context_today(faq)
            faq._transition(
                "approved",
                approved_by_id=self.env.uid,
                approved_at=fields.Datetime.now(),
                review_date=today + relativedelta(months=faq.review_months),
            )
            if faq.replaces_id.state == "approved":
                faq.replaces_id._transition("retired", review_date=False)
                faq.replaces_id.activity_unlink(["pm_customer_service.mail_activity_type_review"])
            faq.activity_schedule(
                "pm_customer_service.mail_activity_type_review",
                faq.review_date,
                user_id=self.env.uid if self.env.user._is_internal() else faq.author_id.id,
            )

    def action_retire(self):
        self._transition("retired", review_date=False)
        self.activity_unlink(["pm_customer_service.mail_activity_type_review"])

    def action_redraft(self):
        self._transition("draft")

    def action_reviewed(self):
        """Looked through and still right: the next review is planned."""
        self._guard_retired()
        for faq in self:
            faq._require(faq.state == "approved", self.env._("only an approved answer is reviewed."))
            faq.activity_feedback(["pm_customer_service.mail_activity_type_review"])
            today = faq.property_id._today() if faq.property_id else fields.Date.context_today(faq)
            # sudo: the date is the program's
            faq.sudo().review_date = today + relativedelta(months=faq.review_months)
            faq.activity_schedule(
                "pm_customer_service.mail_activity_type_review", faq.review_date, user_id=self.env.uid
            )

    def action_revise(self):
        """Write the next version; the present one is given until that is approved."""
        self.ensure_one()
        self._require(
            self.state == "approved", self.env._("only an approved answer gets a new version; change the draft itself.")
        )
        self.check_access("write")
        draft = self.search([("replaces_id", "=", self.id), ("state", "in", ("draft", "submitted"))], limit=1)
        if not draft:
            draft = self.copy({"name": self.name})
            # sudo: which one it replaces is the program's
            draft.sudo().write({"replaces_id": self.id, "name": self.name, "author_id": self.env.uid})
        return draft._action_form()

    def _action_form(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
        }

    def action_use(self):
        """Answer the ticket of the context with this text: it becomes the explanation, and the ticket names its source."""
        self.ensure_one()
        ticket = self.env["pm.ticket"].browse(self.env.context.get("pm_ticket_id")).exists()
        if not ticket:
            raise UserError(self.env._("Open the answer from the ticket that you want to answer with it."))
        ticket._use_answer(self)
        return True

    def action_open_tickets(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_customer_service.pm_ticket_action_all")
        return action | {"domain": [("faq_id", "=", self.id)], "context": {}}

    def _plain_answer(self):
        return html2plaintext(self.answer or "").strip()

    # ------------------------------------------------------------------
    # Search
    # ------------------------------------------------------------------

    @api.model
    def _published(self, properties):
        """Return the domain of what customers of ``properties`` may read."""
        return (
            Domain("state", "=", "approved")
            & Domain("portal_ok", "=", True)
            & Domain("kind", "=", "qa")
            & Domain("property_id", "in", [False, *properties.ids])
        )

    @api.model
    def _suggest(self, text, domain, category=None, limit=5):
        """Return the answers nearest to ``text``, best first: by the words of title and keywords, and by category.

        :param str text: what the customer asks; only its beginning is compared
        :param domain: further conditions, for example :meth:`_published`
        :param category: ``pm.ticket.category`` whose answers come first
        """
        text = (text or "").strip()[:MAX_QUERY]
        if not text and not category:
            return self.browse()
        query = self._search(domain)
        title = self._field_to_sql(query.table, "name", query)
        keywords = self._field_to_sql(query.table, "keywords", query)
        # Trigrams know Chinese as well as English; short titles are compared both ways round.
        score = SQL(
            "GREATEST(similarity(%(title)s, %(text)s), word_similarity(%(text)s, concat_ws(' ', %(title)s, %(keywords)s)),"
            " word_similarity(COALESCE(%(keywords)s, ''), %(text)s)) + CASE WHEN %(category)s THEN %(bonus)s ELSE 0 END",
            title=title,
            keywords=keywords,
            text=text,
            category=SQL("%s = %s", self._field_to_sql(query.table, "category_id", query), category.id)
            if category
            else SQL("FALSE"),
            bonus=SAME_CATEGORY,
        )
        query.add_where(SQL("%s >= %s", score, LEAST_SCORE))
        query.order = SQL("%s DESC, %s", score, SQL.identifier(query.table, "id"))
        query.limit = limit
        return self.browse(query)
