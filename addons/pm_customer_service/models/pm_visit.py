from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

STATES = [
    ("planned", "Planned"),
    ("appointed", "Appointed"),
    ("done", "Done"),
    ("escalated", "Questions passed on"),
    ("archived", "Filed"),
    ("cancelled", "Cancelled"),
]
METHODS = [
    ("visit", "Visit at the customer's"),
    ("office", "Talk at the service centre"),
    ("phone", "Phone call"),
    ("meeting", "Meeting"),
    ("online", "Online"),
]
DONE_STATES = ("done", "escalated", "archived")
OPEN_STATES = ("planned", "appointed")
MAX_TEXT = 20000
DEFAULT_MINUTES = 30  # until the property is chosen


class PmVisit(models.Model):
    """A talk with a customer that we seek: owner visit, call on a key customer, talk with the owners' committee.

    =========  ==============================================================================
    planned    on the plan of a day (S4-98)
    appointed  a time was agreed with the customer; ad-hoc visits may go without
    done       held; the talk is recorded (S4-99)
    escalated  questions that could not be answered there became tickets (S4-67, S4-99)
    archived   filed, once those tickets are settled (S4-100)
    cancelled  not held, with the reason; entry is never forced (S4-123)
    =========  ==============================================================================
    """

    _name = "pm.visit"
    _description = "Visit"
    _inherit = ["pm.steps", "mail.thread", "mail.activity.mixin"]
    _order = "planned_on desc, start desc, id desc"
    _rec_names_search = ["name", "partner_id.name", "unit_id.code"]
    _program_fields = frozenset({"name", "state", "recorded_at", "cancel_reason"})
    # Whom and when does not change after the visit, nor what was planned; what was said stays once it is filed.
    _WHOM = frozenset({"unit_id", "partner_id", "property_id", "user_id", "method", "visited_at"})
    _PLAN = frozenset({"planned_on", "start", "stop"})
    _RESULT = frozenset({"talk", "present", "topic_ids"})
    _transitions = {
        ("planned", "appointed"): "_guard_appointed",
        ("appointed", "planned"): None,
        ("planned", "done"): "_guard_done",
        ("appointed", "done"): "_guard_done",
        ("done", "escalated"): None,
        ("done", "archived"): "_guard_archived",
        ("escalated", "archived"): "_guard_archived",
        ("planned", "cancelled"): None,
        ("appointed", "cancelled"): None,
    }

    _number_unique = models.UniqueIndex("(company_id, name) WHERE name <> '/'", "This visit number is already used.")
    _times_ordered = models.Constraint("CHECK (stop > start)", "A visit ends after it begins.")
    _one_place_at_a_time = models.Constraint(
        "EXCLUDE USING gist (user_id WITH =, tsrange(start, stop) WITH &&) WHERE (state = 'appointed')",
        "This colleague has another visit at that time: agree another time, or send somebody else.",
    )
    _plan_index = models.Index("(user_id, planned_on) WHERE state IN ('planned', 'appointed')")
    _unit_index = models.Index("(unit_id, visited_at) WHERE state IN ('done', 'escalated', 'archived')")
    _done_index = models.Index("(property_id, visited_at)")
    _list_index = models.Index("(property_id, planned_on, start, id)")

    # Identity
    name = fields.Char(string="Number", readonly=True, copy=False, default="/")
    state = fields.Selection(STATES, required=True, default="planned", readonly=True, copy=False, tracking=True)
    method = fields.Selection(METHODS, required=True, default="visit")
    purpose_id = fields.Many2one(
        "pm.visit.purpose", default=lambda self: self.env["pm.visit.purpose"].search([], limit=1), tracking=True
    )
    advice = fields.Text(related="purpose_id.advice", string="To Talk About")

    # Where and who
    property_id = fields.Many2one(
        "pm.property", required=True, compute="_compute_property_id", store=True, readonly=False, precompute=True
    )
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True, precompute=True)
    unit_id = fields.Many2one("pm.unit", tracking=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        tracking=True,
        index=True,
    )
    phone = fields.Char(related="partner_id.phone")
    user_id = fields.Many2one(
        "res.users",
        string="Visited By",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        tracking=True,
        domain="[('share', '=', False)]",
    )

    # When
    planned_on = fields.Date(string="Planned For", required=True, default=fields.Date.context_today, tracking=True)
    start = fields.Datetime(string="Appointment", copy=False, tracking=True)
    stop = fields.Datetime(
        string="Until", compute="_compute_stop", store=True, readonly=False, copy=False, help="End of the appointment."
    )
    visited_at = fields.Datetime(string="Held At", copy=False, tracking=True)
    recorded_at = fields.Datetime(readonly=True, copy=False)
    calendar_start = fields.Datetime(compute="_compute_calendar_start", store=True)

    # The talk
    present = fields.Char(help="Who took part, with their role.", copy=False)
    talk = fields.Text(string="Talk Record", copy=False, help="What was talked about, in short (S4-99).")
    topic_ids = fields.One2many("pm.visit.topic", "visit_id", string="Opinions and Questions")
    ticket_count = fields.Integer(compute="_compute_ticket_count")
    cancel_reason = fields.Char(readonly=True, copy=False)

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends("name", "unit_id.name", "partner_id.name")
    def _compute_display_name(self):
        for visit in self:
            whom = visit.unit_id.name or visit.partner_id.name or ""
            # Whom first: in the narrow fields of a calendar the end is cut off.
            visit.display_name = f"{whom} {visit.name}".strip() if visit.name != "/" else whom

    @api.depends("unit_id")
    def _compute_property_id(self):
        for visit in self:
            visit.property_id = visit.unit_id.property_id or visit.property_id or self.env.user.pm_property_ids[:1]

    @api.depends("unit_id")
    def _compute_partner_id(self):
        for visit in self:
            unit = visit.unit_id
            if unit and visit.partner_id not in unit.current_party_ids.partner_id:
                visit.partner_id = (unit.occupant_ids or unit.owner_ids)[:1]

    @api.depends("unit_id")
    def _compute_user_id(self):
        for visit in self:
            visit.user_id = visit.unit_id.user_id or visit.user_id or self.env.user

    @api.depends("start", "property_id")
    def _compute_stop(self):
        for visit in self:
            minutes = visit.property_id.visit_minutes or DEFAULT_MINUTES
            visit.stop = visit.start and visit.start + timedelta(minutes=minutes)

    @api.depends("start", "planned_on", "visited_at", "property_id.day_start")
    def _compute_calendar_start(self):
        for visit in self:
            moment = visit.visited_at or visit.start
            if not moment and visit.planned_on and visit.property_id:
                moment = visit.property_id._local_to_utc(visit.planned_on, visit.property_id.day_start)
            visit.calendar_start = moment

    def _compute_ticket_count(self):
        for visit in self:
            visit.ticket_count = len(visit.topic_ids.ticket_id)

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------

    @api.constrains("unit_id", "property_id")
    def _check_property(self):
        for visit in self:
            if visit.unit_id and visit.unit_id.property_id != visit.property_id:
                raise ValidationError(
                    self.env._(
                        "%(unit)s does not belong to the property %(property)s.",
                        unit=visit.unit_id.display_name,
                        property=visit.property_id.display_name,
                    )
                )

    @api.constrains("talk", "present")
    def _check_length(self):
        for visit in self:
            if len(visit.talk or "") > MAX_TEXT or len(visit.present or "") > 250:
                raise ValidationError(
                    self.env._("The talk record is too long: at most %s characters. Attach a file instead.", MAX_TEXT)
                )

    @api.constrains("start", "stop", "state")
    def _check_band(self):
        """Nobody is visited at night: appointments lie within the property's day band."""
        for visit in self.filtered(lambda visit: visit.state == "appointed" and visit.method == "visit"):
            prop = visit.property_id
            opens = prop._local_to_utc(prop._local_date(visit.start), prop.day_start)
            closes = prop._local_to_utc(prop._local_date(visit.start), prop.day_end)
            if visit.start < opens or visit.stop > closes:
                raise ValidationError(
                    self.env._(
                        "%(visit)s: the appointment lies outside the hours in which customers are visited.",
                        visit=visit.display_name,
                    )
                )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        visits = super().create(vals_list)
        visits._check_partner()
        for visit in visits:
            # sudo: the number is the program's
            visit.sudo().name = self.env["ir.sequence"].sudo().next_by_code("pm.visit") or "/"
        return visits

    def write(self, vals):
        if not self.env.su:
            if (self._WHOM | self._RESULT) & vals.keys() and any(v.state in ("archived", "cancelled") for v in self):
                raise UserError(self.env._("A filed visit is a record and stays as it is."))
            if (self._WHOM | self._PLAN) & vals.keys() and any(visit.state in DONE_STATES for visit in self):
                raise UserError(self.env._("Whom one visited and when stays as it was recorded."))
        result = super().write(vals)
        if "partner_id" in vals:
            self._check_partner()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_plans(self):
        if any(visit.state != "planned" for visit in self):
            raise UserError(self.env._("Only a planned visit can be deleted: cancel it with the reason."))

    # ------------------------------------------------------------------
    # State
    # ------------------------------------------------------------------

    def _guard_appointed(self):
        self._require(self.partner_id, self.env._("to make an appointment you must name the customer."))
        self._require(self.start, self.env._("to make an appointment you must enter the agreed time (S4-98)."))
        self._require(
            self.start >= fields.Datetime.now(), self.env._("the appointment lies in the past: agree another time.")
        )

    def _guard_done(self):
        now = fields.Datetime.now()
        self._require(self.partner_id, self.env._("to record the visit you must name the customer."))
        self._require(
            (self.talk or "").strip() or self.topic_ids,
            self.env._("to record the visit you must write what was talked about (S4-99)."),
        )
        moment = self.visited_at or now
        self._require(moment <= now, self.env._("a visit cannot have been held in the future."))
        oldest = self.property_id._today() - timedelta(days=self.property_id.visit_record_days)
        if self.property_id._local_date(moment) < oldest and not self.env.user.has_group("pm_base.group_supervisor"):
            raise AccessError(
                self.env._(
                    "%(visit)s: visits are recorded within %(days)s days; ask the supervisor to record an older one.",
                    visit=self.display_name,
                    days=self.property_id.visit_record_days,
                )
            )

    def _guard_archived(self):
        tickets = self.topic_ids.ticket_id.sudo()  # settled or not is asked of tickets that others handle
        pending = tickets.filtered(lambda ticket: ticket.state not in ("closed", "invalid", "cancelled"))
        self._require(
            not pending,
            self.env._("to file the visit its questions must be settled: %s", ", ".join(pending.mapped("number"))),
        )

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_appoint(self):
        """A time was agreed: it stands in the calendar, and the customer gets it in writing (S4-98)."""
        self._transition("appointed")
        for visit in self:
            visit.planned_on = visit.property_id._local_date(visit.start)
        self.flush_recordset()  # whether the visitor is free is the database's word, before anything is sent
        self._notify_appointed()

    def action_postpone(self):
        """The appointment does not take place; the visit goes back to the plan."""
        self._transition("planned", start=False, stop=False)

    def action_done(self):
        """Record the visit as held; questions without an answer become tickets of the customer."""
        for visit in self:
            visit._transition(
                "done", visited_at=visit.visited_at or fields.Datetime.now(), recorded_at=fields.Datetime.now()
            )
        open_topics = self.topic_ids.filtered(lambda topic: not topic._is_answered())
        open_topics._pass_on()
        open_topics.visit_id._transition("escalated")
        self.env["pm.contact.duty"]._visit_held(self)

    def action_archive_record(self):
        self._transition("archived")

    def action_cancel(self):
        """Ask for the reason."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Visit Not Held"),
            "res_model": "pm.visit.cancel",
            "view_mode": "form",
            "target": "new",
            "context": {"default_visit_id": self.id},
        }

    def _cancel(self, reason):
        """Cancel with the reason, which stays on record."""
        if not (reason or "").strip():
            raise UserError(self.env._("To cancel a visit you must give the reason."))
        self._transition("cancelled", cancel_reason=reason.strip()[:250])

    def action_open_tickets(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_customer_service.pm_ticket_action_all")
        return action | {"domain": [("id", "in", self.topic_ids.ticket_id.ids)], "context": {}}

    def _notify_appointed(self):
        """Tell the customer the time and the visitor's name, once per agreed time."""
        for moment, visits in self.grouped("start").items():
            self.env["pm.message"]._enqueue_template(
                "service",
                ["pm_customer_service.mail_template_visit", "pm_customer_service.sms_template_visit"],
                visits.sudo(),  # a butler may not read templates
                f"visit/{fields.Datetime.to_string(moment)}",
            )
