from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from odoo.addons.pm_base.models.pm_program_fields import refuse_fields, without_defaults

from .pm_ticket_type import CODES

STATES = [
    ("new", "New"),
    ("assigned", "Assigned"),
    ("in_progress", "In Progress"),
    ("handled", "Handled"),
    ("followed_up", "Followed Up"),
    ("closed", "Closed"),
    ("invalid", "Invalid"),
    ("cancelled", "Cancelled"),
]
OPEN_STATES = ("new", "assigned", "in_progress")
CHANNELS = [
    ("counter", "Counter"),
    ("phone", "Phone"),
    ("portal", "Portal"),
    ("email", "E-mail"),
    ("letter", "Letter"),
    ("opinion_book", "Opinion book"),
    ("community", "Community site"),
    ("visit", "Visit"),
    ("patrol", "Patrol"),
]
OUTCOMES = [
    ("explained", "Explained"),
    ("solved_now", "Solved at once"),
    ("appointment", "By appointment"),
    ("out_of_scope", "Outside our services"),
]
# Written by the program only: they are what the figures rest on.
PROTECTED = {
    "number",
    "first_receiver_id",
    "received_at",
    "assigned_at",
    "started_at",
    "replied_at",
    "handled_at",
    "handled_by_id",
    "fed_back_at",
    "fed_back_by_id",
    "followed_up_at",
    "closed_at",
    "closed_by_id",
    "reopen_count",
    "reopen_reason",
    "needs_followup",
    "delay_notified_at",
    "satisfied",
    "access_token",
}
MAX_TEXT = 20000
TEXTS = (
    "name",
    "description",
    "agreed_action",
    "explanation",
    "solution",
    "decision_reason",
    "customer_opinion",
    "location",
)


class PmTicket(models.Model):
    """One request of a customer, whatever its kind, from first contact to closing: the one register (S2-03).

    Three people (CON-08): the *first receiver* took the request and stays answerable for it, whoever executes (S2-06);
    the *handler* does the work (S0-94); the *butler* looks after the unit. All clocks are rows of ``pm.deadline``.
    """

    _name = "pm.ticket"
    _description = "Ticket"
    _inherit = ["portal.mixin", "pm.deadline.mixin", "rating.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_names_search = ["number", "name", "partner_id.name", "unit_id.code"]
    _mail_post_access = "read"
    _primary_email = "contact_email"

    _number_unique = models.UniqueIndex("(company_id, number)", "This ticket number is already used.")
    _open_index = models.Index(
        "(property_id, state, next_due) WHERE state IN ('new', 'assigned', 'in_progress', 'handled', 'followed_up')"
    )
    # The list of what is open begins with what is due first.
    _queue_index = models.Index(
        "(property_id, next_due, id) WHERE state IN ('new', 'assigned', 'in_progress', 'handled', 'followed_up')"
    )
    _unit_index = models.Index("(unit_id, state) WHERE unit_id IS NOT NULL")
    _partner_index = models.Index("(partner_id, create_date) WHERE partner_id IS NOT NULL")
    _handler_index = models.Index("(user_id, state) WHERE user_id IS NOT NULL")
    # The calls to make (IS TRUE, as the ORM asks): closed tickets are many, those still to be followed up few.
    _call_index = models.Index(
        "(property_id) WHERE needs_followup IS TRUE AND followed_up_at IS NULL AND state IN ('handled', 'closed')"
    )

    # Identity
    number = fields.Char(readonly=True, copy=False, default="/", index="trigram")
    name = fields.Char(string="Subject", required=True, tracking=True)
    description = fields.Text()
    type_id = fields.Many2one(
        "pm.ticket.type", required=True, index=True, tracking=True, default=lambda self: self._default_type_id()
    )
    type_code = fields.Selection(CODES, compute="_compute_type_code", store=True, precompute=True, string="Behaviour")
    category_id = fields.Many2one("pm.ticket.category", index="btree_not_null", tracking=True)
    channel = fields.Selection(CHANNELS, required=True, default="counter")
    severity = fields.Selection(
        [("normal", "Normal"), ("major", "Major")], required=True, default="normal", tracking=True
    )
    priority = fields.Selection(
        [("0", "Low"), ("1", "Normal"), ("2", "High"), ("3", "Urgent")],
        compute="_compute_priority",
        store=True,
        precompute=True,
        readonly=False,
        tracking=True,
    )
    color = fields.Integer(related="type_id.color")
    active = fields.Boolean(default=True)

    # Where and who
    property_id = fields.Many2one(
        "pm.property",
        required=True,
        index=True,
        compute="_compute_property_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True, precompute=True)
    unit_id = fields.Many2one("pm.unit", tracking=True, check_company=True)
    building_id = fields.Many2one(related="unit_id.building_id", store=True, precompute=True)
    zone_id = fields.Many2one(
        "pm.zone",
        compute="_compute_zone_id",
        store=True,
        precompute=True,
        readonly=False,
        domain="[('property_id', '=', property_id)]",
        index="btree_not_null",
    )
    is_common_part = fields.Boolean(
        string="Common Parts",
        compute="_compute_is_common_part",
        store=True,
        precompute=True,
        readonly=False,
        help="Concerns common parts or shared facilities: the reporter hears back on the day of the repair (S0-124).",
    )
    location = fields.Char(help="Where exactly, in words.")
    partner_id = fields.Many2one("res.partner", string="Customer", tracking=True)
    contact_name = fields.Char(compute="_compute_contact", store=True, precompute=True, readonly=False)
    contact_phone = fields.Char(compute="_compute_contact", store=True, precompute=True, readonly=False)
    contact_email = fields.Char(compute="_compute_contact", store=True, precompute=True, readonly=False)
    household_html = fields.Html(
        groups="base.group_user", string="Household", compute="_compute_household_html", sanitize=False
    )

    first_receiver_id = fields.Many2one(
        "res.users",
        readonly=True,
        copy=False,
        index="btree_not_null",
        tracking=True,
        help="The first member of staff who took the request; stays answerable for a satisfying result whoever executes it (S2-06).",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Handler",
        tracking=True,
        copy=False,
        domain="[('share', '=', False)]",
        help="The one named handler (S0-94).",
    )
    team_id = fields.Many2one(
        "pm.team",
        compute="_compute_team_id",
        store=True,
        precompute=True,
        readonly=False,
        index="btree_not_null",
        tracking=True,
        domain="[('property_id', '=', property_id)]",
    )
    butler_id = fields.Many2one(
        "res.users",
        string="Butler",
        compute="_compute_butler_id",
        store=True,
        precompute=True,
        readonly=False,
        domain="[('share', '=', False)]",
    )
    vendor_id = fields.Many2one(
        "res.partner", string="Supplier", help="Outside supplier who carries it out; we supervise (S2-05)."
    )

    # How it went
    state = fields.Selection(STATES, required=True, default="new", copy=False, tracking=True, group_expand=True)
    agreed_action = fields.Text(
        string="What Was Agreed",
        copy=False,
        help="What will be done, as it was read back to the customer; he finds it in the portal (S3-43).",
    )
    promised_date = fields.Datetime(
        string="Agreed Time",
        tracking=True,
        copy=False,
        help="Agreed with the customer for handling or reply (S0-92, S0-119, S0-121).",
    )
    delay_notified_at = fields.Datetime(string="Delay Told On", readonly=True, copy=False)
    outcome = fields.Selection(OUTCOMES, tracking=True, copy=False)
    explanation = fields.Text(copy=False, help="What was explained and that the customer understood (S0-117).")
    solution = fields.Text(string="Result", copy=False)
    decision = fields.Selection([("adopted", "Adopted"), ("rejected", "Not adopted")], tracking=True, copy=False)
    decision_reason = fields.Text(copy=False)
    customer_opinion = fields.Text(copy=False, help="What the customer said when told the result (S0-71).")
    stop_reason = fields.Char(string="Reason", copy=False, help="Why the ticket is invalid or cancelled.")
    reopen_count = fields.Integer(string="Reopened", readonly=True, copy=False)
    reopen_reason = fields.Text(readonly=True, copy=False)
    needs_followup = fields.Boolean(
        string="To Follow Up", readonly=True, copy=False, help="Complaint or drawn in the sample."
    )
    followup_ids = fields.One2many("pm.followup", "ticket_id", string="Follow-ups")
    satisfied = fields.Boolean(readonly=True, copy=False, help="Answer at the last follow-up.")

    received_at = fields.Datetime(readonly=True, copy=False, default=fields.Datetime.now, index=True)
    assigned_at = fields.Datetime(readonly=True, copy=False)
    started_at = fields.Datetime(readonly=True, copy=False)
    replied_at = fields.Datetime(string="First Answer", readonly=True, copy=False)
    handled_at = fields.Datetime(readonly=True, copy=False, index="btree_not_null")
    handled_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    fed_back_at = fields.Datetime(string="Result Reported On", readonly=True, copy=False)
    fed_back_by_id = fields.Many2one("res.users", string="Result Reported By", readonly=True, copy=False)
    followed_up_at = fields.Datetime(readonly=True, copy=False)
    closed_at = fields.Datetime(readonly=True, copy=False)
    closed_by_id = fields.Many2one("res.users", readonly=True, copy=False)

    is_mine = fields.Boolean(compute="_compute_is_mine", search="_search_is_mine")
    calendar_date = fields.Datetime(
        compute="_compute_calendar_date",
        store=True,
        precompute=True,
        help="Agreed time, else the time it was recorded.",
    )

    # ------------------------------------------------------------------
    # Defaults and computes
    # ------------------------------------------------------------------

    @api.model
    def _default_type_id(self):
        return self.env["pm.ticket.type"].search(
            [("code", "=", self.env.context.get("default_type_code", "repair"))], limit=1
        )

    @api.depends("number", "name")
    def _compute_display_name(self):
        for ticket in self:
            ticket.display_name = (
                f"{ticket.number} {ticket.name or ''}".strip() if ticket.number != "/" else ticket.name or ""
            )

    @api.depends("type_id.code")
    def _compute_type_code(self):
        for ticket in self:
            ticket.type_code = ticket.type_id.code

    @api.depends("type_id", "category_id")
    def _compute_priority(self):
        for ticket in self:
            ticket.priority = ticket.category_id.priority or ticket.type_id.priority or "1"

    @api.depends("unit_id")
    def _compute_property_id(self):
        fallback = None
        for ticket in self:
            if ticket.unit_id:
                ticket.property_id = ticket.unit_id.property_id
            elif not ticket.property_id:
                if fallback is None:
                    fallback = self.env.user.pm_property_ids[:1]
                ticket.property_id = fallback

    @api.depends("unit_id")
    def _compute_zone_id(self):
        for ticket in self:
            ticket.zone_id = ticket.unit_id.zone_id or ticket.zone_id

    @api.depends("category_id")
    def _compute_is_common_part(self):
        for ticket in self:
            ticket.is_common_part = ticket.category_id.is_common_part or ticket.is_common_part

    @api.depends("partner_id")
    def _compute_contact(self):
        for ticket in self:
            partner = ticket.partner_id
            ticket.contact_name = partner.name or ticket.contact_name
            ticket.contact_phone = partner.phone or ticket.contact_phone
            ticket.contact_email = partner.email or ticket.contact_email

    @api.depends("property_id", "category_id", "type_id", "zone_id")
    def _compute_team_id(self):
        find = self.env["pm.team"]._find_for
        for ticket in self:
            found = find(ticket.property_id, ticket.category_id, ticket.type_id, ticket.zone_id)
            ticket.team_id = found or ticket.team_id

    @api.depends("unit_id")
    def _compute_butler_id(self):
        for ticket in self:
            ticket.butler_id = ticket.unit_id.user_id or ticket.butler_id

    @api.depends("unit_id", "partner_id")
    def _compute_household_html(self):
        """The household at a glance for the one at the counter; only what his role may read."""
        for ticket in self:
            unit = ticket.unit_id
            if not unit:
                ticket.household_html = False
                continue
            others = self.search(
                [
                    ("unit_id", "=", unit.id),
                    ("id", "!=", ticket._origin.id),
                    ("state", "in", (*OPEN_STATES, "handled")),
                ],
                limit=5,
                order="id desc",
            )
            ticket.household_html = self.env["ir.qweb"]._render(
                "pm_customer_service.household_card", {"unit": unit, "partner": ticket.partner_id, "tickets": others}
            )

    @api.depends_context("uid")
    @api.depends("user_id", "first_receiver_id", "butler_id")
    def _compute_is_mine(self):
        for ticket in self:
            ticket.is_mine = self.env.user in (ticket.user_id | ticket.first_receiver_id | ticket.butler_id)

    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        mine = (
            Domain("user_id", "=", self.env.uid)
            | Domain("first_receiver_id", "=", self.env.uid)
            | Domain("butler_id", "=", self.env.uid)
        )
        return mine if True in value else ~mine

    @api.depends("promised_date", "received_at")
    def _compute_calendar_date(self):
        for ticket in self:
            ticket.calendar_date = ticket.promised_date or ticket.received_at

    def _compute_access_url(self):
        super()._compute_access_url()
        for ticket in self:
            ticket.access_url = f"/my/tickets/{ticket.id}"

    @api.onchange("unit_id")
    def _onchange_unit_id(self):
        """One household, one choice: fill the customer where the unit leaves no doubt."""
        if self.unit_id and self.partner_id not in self.unit_id.current_party_ids.partner_id:
            people = self.unit_id.occupant_ids or self.unit_id.owner_ids
            self.partner_id = self.unit_id.payer_id if len(people) != 1 else people

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        if self.partner_id and not self.unit_id:
            units = self.env["pm.unit"].search(
                [("party_ids", "any", [("partner_id", "=", self.partner_id.id), ("is_current", "=", True)])], limit=2
            )
            if len(units) == 1:
                self.unit_id = units

    @api.constrains("unit_id", "property_id", "zone_id", "team_id")
    def _check_property(self):
        for ticket in self:
            wrong = [
                part.display_name
                for part in (ticket.unit_id, ticket.zone_id, ticket.team_id)
                if part and part.property_id != ticket.property_id
            ]
            if wrong:
                raise ValidationError(
                    self.env._(
                        "Ticket %(ticket)s: %(part)s does not belong to the property %(property)s.",
                        ticket=ticket.name,
                        part=wrong[0],
                        property=ticket.property_id.display_name,
                    )
                )

    @api.constrains(*TEXTS)
    def _check_length(self):
        for ticket in self:
            for name in TEXTS:
                limit = 250 if name in ("name", "location") else MAX_TEXT
                if len(ticket[name] or "") > limit:
                    raise ValidationError(
                        self.env._(
                            "%(field)s is too long (%(length)s characters, at most %(limit)s). Attach a file instead.",
                            field=self._fields[name]._description_string(self.env),
                            length=len(ticket[name]),
                            limit=limit,
                        )
                    )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        internal = self.env.user._is_internal()
        if not self.env.su:
            self = without_defaults(self, self._get_protected() | {"state"})  # noqa: PLW0642
        vals_list = [dict(vals) for vals in vals_list]  # the caller's own dicts stay as they are
        for vals in vals_list:
            if not self.env.su:
                # A new ticket is new, whatever a client sends; the program may bring in old ones.
                for name in self._get_protected() | {"state"}:
                    vals.pop(name, None)
            if (
                "first_receiver_id" not in vals
                and internal
                and not self.env.su
                and vals.get("channel") not in ("portal", "email")
            ):
                vals["first_receiver_id"] = self.env.uid
        self._prepare_numbers(vals_list)
        tickets = super().create(vals_list)
        tickets._check_people()
        tickets._deadline_event("created")
        promised = tickets.filtered("promised_date")
        promised._deadline_event("agreed")
        (tickets - promised)._agree_default_time()
        named = tickets.filtered(lambda ticket: ticket.user_id and ticket.state == "new")
        named._transition("assigned")
        tickets._notify_received()
        return tickets

    @api.model
    def _prepare_numbers(self, vals_list):
        """Put a number into each of ``vals_list`` that has none; one query per property."""
        by_property = {}
        for vals in vals_list:
            if vals.get("number", "/") == "/":
                unit = self.env["pm.unit"].browse(vals.get("unit_id") or [])
                prop = vals.get("property_id") or unit.property_id.id or self.env.user.pm_property_ids[:1].id
                if not prop:
                    raise UserError(self.env._("To record a ticket you must choose the property or the unit."))
                vals["property_id"] = prop
                by_property.setdefault(prop, []).append(vals)
        for prop, group in by_property.items():
            numbers = self.env["pm.property"].browse(prop)._next_ticket_numbers(len(group))
            for vals, number in zip(group, numbers, strict=True):
                vals["number"] = number

    def write(self, vals):
        if not self.env.su:
            if forbidden := self._get_protected() & vals.keys():
                refuse_fields(self, forbidden)
            self._check_kept(vals)
        elif vals.get("first_receiver_id", False) is not False and any(
            ticket.first_receiver_id and ticket.first_receiver_id.id != vals["first_receiver_id"] for ticket in self
        ):
            raise UserError(self.env._("The first receiver stays the same for ever."))
        vals = dict(vals)
        target = vals.pop("state", None)
        if "promised_date" in vals:
            self._check_promise(fields.Datetime.to_datetime(vals["promised_date"]))
        if (
            "user_id" in vals
            and not vals["user_id"]
            and any(ticket.state not in ("new", "assigned") for ticket in self)
        ):
            raise UserError(
                self.env._("A ticket in work has a named handler: to change the handler, choose another one.")
            )
        result = super().write(vals) if vals else True
        if {"partner_id", "vendor_id"} & vals.keys():
            self._check_people()
        if vals.get("user_id"):
            self._check_handler()
            self.filtered(lambda ticket: ticket.state == "new")._transition("assigned")
            self._open_deadlines().write({"user_id": vals["user_id"]})
        if vals.get("promised_date"):
            self._deadline_event("agreed")
        if target:
            self.filtered(lambda ticket: ticket.state != target)._transition(target)
        return result

    def _check_handler(self):
        """An open ticket is in the hands of somebody who is here (S0-94)."""
        for ticket in self.filtered(lambda ticket: ticket.state in OPEN_STATES):
            ticket._require(
                ticket.user_id.active and not ticket.user_id.share,
                self.env._("to assign the ticket you must name an active member of staff."),
            )

    def _check_people(self):
        """A ticket shows phone and address of its customer: nobody names one whom he may not see."""
        people = self.partner_id | self.vendor_id
        if self.env.su or not people:
            return
        # One question for all, as a list asks it; what makes a contact visible need not be loaded for that.
        seen = people.with_context(active_test=False).search([("id", "in", people.ids)])
        (people - seen).check_access("read")

    def _check_kept(self, vals):
        """Who may close a ticket follows from its kind: nobody gets round that by changing the kind, or hides the ticket."""
        user = self.env.user
        if "active" in vals and not user.has_group("pm_base.group_manager"):
            raise AccessError(self.env._("Only a project manager archives tickets: cancel it, or mark it invalid."))
        for ticket in self:
            if vals.get("type_id", ticket.type_id.id) == ticket.type_id.id:
                continue
            ticket._require(
                ticket.state in OPEN_STATES, self.env._("to change the kind of a handled ticket you must reopen it.")
            )
            if ticket.type_code == "complaint" and (
                not user.has_group("pm_base.group_supervisor") or user in (ticket.user_id | ticket.handled_by_id)
            ):
                raise AccessError(
                    self.env._(
                        "Ticket %(ticket)s: only a supervisor who does not handle it says that a complaint is none.",
                        ticket=ticket.number,
                    )
                )

    @api.model
    def _get_protected(self):
        """Return the names of the fields that only the program writes; each concept adds its own."""
        return PROTECTED

    def _write_protected(self, vals):
        """Write what only the program may write."""
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A ticket is never deleted: cancel it, or mark it invalid, with the reason."))

    def copy_data(self, default=None):
        return super().copy_data(dict(default or {}, state="new"))
