from datetime import timedelta

import pytz
from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_datetime

from odoo.addons.pm_base.tools.labels import selection_labels

STATES = [
    ("planned", "Agreed"),
    ("arrived", "On site"),
    ("done", "Done"),
    ("no_access", "Nobody there"),
    ("cancelled", "Cancelled"),
]
OPEN = ("planned", "arrived")
TRANSITIONS = {
    ("planned", "arrived"),
    ("planned", "no_access"),
    ("planned", "cancelled"),
    ("arrived", "done"),
    ("arrived", "no_access"),
    ("arrived", "cancelled"),
}
TIME_FIELDS = {"start", "stop", "user_id"}
# "At once" is chosen a moment before it is saved.
TOLERANCE = timedelta(minutes=5)


class PmAppointment(models.Model):
    """One visit of one technician, from the moment it is agreed. Source: S0-79, S0-80, S1-59, S1-60, S4-41.

    =========  ===========================================================================================
    planned    agreed: customer and technician have been told; the ticket's arrival clock runs
    arrived    the technician is there
    done       the work is done; the customer has signed, or why not is on record
    no_access  nobody let the technician in: the customer is told, a new time must be agreed
    cancelled  called off, with the reason
    =========  ===========================================================================================

    The database itself forbids two open visits of one technician at the same time.
    """

    _name = "pm.appointment"
    _description = "Technician Appointment"
    _inherit = ["pm.program.fields"]
    _order = "start desc, id desc"
    _rec_name = "ticket_id"

    _program_fields = frozenset(
        {
            "state",
            "arrived_at",
            "left_at",
            "signature",
            "signed_by",
            "signed_at",
            "no_signature_reason",
            "stop_reason",
            "revision",
        }
    )

    _ends_after_start = models.Constraint('CHECK ("stop" > "start")', "A visit must end after it begins.")
    _one_at_a_time = models.Constraint(
        """EXCLUDE USING gist (user_id WITH =, tsrange("start", "stop") WITH &&) WHERE (state IN ('planned', 'arrived'))""",
        "The technician has another visit at that time: choose another time or another technician.",
    )
    _ticket_index = models.Index("(ticket_id, state)")
    _day_index = models.Index('(user_id, "start")')

    ticket_id = fields.Many2one("pm.ticket", required=True, ondelete="cascade")
    property_id = fields.Many2one(related="ticket_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="ticket_id.company_id", store=True)
    team_id = fields.Many2one(related="ticket_id.team_id", store=True)
    unit_id = fields.Many2one(related="ticket_id.unit_id")
    partner_id = fields.Many2one(related="ticket_id.partner_id", string="Customer")
    contact_phone = fields.Char(related="ticket_id.contact_phone")
    type_code = fields.Selection(related="ticket_id.type_code")
    user_id = fields.Many2one("res.users", string="Technician", required=True, domain="[('share', '=', False)]")
    start = fields.Datetime(string="Arrival Agreed", required=True, help="The technician is there by then (S1-60).")
    stop = fields.Datetime(string="Until", required=True)
    is_disruptive = fields.Boolean(
        string="Disturbs Others",
        help="Noise, dust or an interrupted supply: not in the property's working hours, except in an emergency (S3-07).",
    )
    state = fields.Selection(STATES, required=True, default="planned", readonly=True, index=True)
    arrived_at = fields.Datetime(readonly=True, copy=False)
    left_at = fields.Datetime(readonly=True, copy=False)
    is_on_time = fields.Boolean(
        string="On Time", compute="_compute_is_on_time", store=True, help="There at the agreed time or before (S1-60)."
    )
    signature = fields.Image(string="Customer's Signature", max_width=800, max_height=400, readonly=True, copy=False)
    signed_by = fields.Char(readonly=True, copy=False)
    signed_at = fields.Datetime(readonly=True, copy=False)
    no_signature_reason = fields.Char(string="Why Not Signed", readonly=True, copy=False)
    stop_reason = fields.Char(string="Reason", readonly=True, copy=False, help="Why it was called off or in vain.")
    revision = fields.Integer(readonly=True, copy=False, help="How often customer and technician were told anew.")

    @api.depends("arrived_at", "start")
    def _compute_is_on_time(self):
        for visit in self:
            visit.is_on_time = bool(visit.arrived_at and visit.arrived_at <= visit.start)

    @api.depends("ticket_id.name", "ticket_id.unit_id.name", "user_id")
    def _compute_display_name(self):
        for visit in self:
            ticket = visit.ticket_id
            # sudo: who comes is no secret among those who may see the visit
            parts = [ticket.unit_id.name or ticket.location, ticket.name, visit.sudo().user_id.name]
            visit.display_name = " · ".join(part for part in parts if part)

    # ------------------------------------------------------------------
    # Checks
    # ------------------------------------------------------------------

    @api.model
    def _check_free(self, user, start, stop, besides=None):
        """Name the visit that is in the way; what slips through between two users the database refuses.

        :param besides: the visit that is being moved
        """
        # sudo: a visit of another property keeps the technician busy as well
        clash = self.sudo().search(
            [
                ("id", "not in", besides.ids if besides else []),
                ("user_id", "=", user.id),
                ("state", "in", OPEN),
                ("start", "<", stop),
                ("stop", ">", start),
            ],
            limit=1,
        )
        if clash:
            raise ValidationError(
                self.env._(
                    "%(technician)s has another visit from %(start)s to %(stop)s (%(ticket)s). "
                    "To agree this one you must choose another time or another technician.",
                    technician=user.sudo().name,  # who is busy is no secret
                    start=clash._local(clash.start),
                    stop=clash._local(clash.stop),
                    ticket=clash.ticket_id.number,
                )
            )

    @api.constrains("start", "stop", "is_disruptive")
    def _check_disruptive(self):
        for visit in self.filtered(lambda visit: visit.is_disruptive and visit.state in OPEN):
            calendar = visit.property_id.calendar_id
            if visit.type_code == "emergency" or not calendar:
                continue
            tz = pytz.timezone(visit.property_id.tz)
            begin, end = (pytz.utc.localize(moment).astimezone(tz) for moment in (visit.start, visit.stop))
            if calendar._work_intervals_batch(begin, end, tz=tz)[False]:
                raise ValidationError(
                    self.env._(
                        "%(ticket)s: work that disturbs others is done outside the working hours of %(property)s, except "
                        "in an emergency (S3-07). To plan it you must choose another time.",
                        ticket=visit.ticket_id.number,
                        property=visit.property_id.name,
                    )
                )

    def _check_time(self):
        """A visit lies in the future, and a member of staff who may be there makes it."""
        earliest = fields.Datetime.now() - TOLERANCE
        for visit in self:
            if visit.start < earliest and not self.env.su:
                raise UserError(
                    self.env._(
                        "The agreed time lies in the past: to agree a time you must choose one that is still to come."
                    )
                )
            technician = visit.sudo().user_id  # whether a colleague still works here, not who he is
            if technician.share or not technician.active:
                raise UserError(self.env._("To agree a visit you must name an active member of staff."))

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Agree visits: checks, names the handler where none is named, tells customer and technician (S0-80).

        :raises UserError: time in the past, ticket finished, technician busy
        """
        tickets = self.env["pm.ticket"].browse([vals.get("ticket_id") for vals in vals_list if vals.get("ticket_id")])
        tickets.check_access("write")
        for ticket in tickets:
            if ticket.state not in ("new", "assigned", "in_progress"):
                raise UserError(
                    self.env._("%(ticket)s: to agree a visit you must reopen the ticket first.", ticket=ticket.number)
                )
        for vals in vals_list:
            if vals.get("user_id") and vals.get("start") and vals.get("stop"):
                start, stop = (fields.Datetime.to_datetime(vals[name]) for name in ("start", "stop"))
                self._check_free(self.env["res.users"].browse(vals["user_id"]), start, stop)
        visits = super().create(vals_list)
        visits._check_time()
        for visit in visits:
            if not visit.ticket_id.user_id:
                visit.ticket_id.user_id = visit.user_id
        # One that begins with the arrival was not announced: everybody concerned is there.
        visits.filtered(lambda visit: visit.state == "planned")._after_agreed()
        return visits

    def write(self, vals):
        moved = TIME_FIELDS & vals.keys()
        if moved and not self.env.su and any(visit.state != "planned" for visit in self):
            raise UserError(self.env._("A visit that has begun or is over cannot be moved: agree a new one."))
        if "ticket_id" in vals and not self.env.su and any(visit.ticket_id.id != vals["ticket_id"] for visit in self):
            raise UserError(self.env._("A visit belongs to its ticket: call it off and agree a new one."))
        before = {visit.id: (visit.start, visit.user_id) for visit in self} if moved else {}
        for visit in self if moved else ():
            self._check_free(
                self.env["res.users"].browse(vals.get("user_id", visit.user_id.id)),
                fields.Datetime.to_datetime(vals.get("start", visit.start)),
                fields.Datetime.to_datetime(vals.get("stop", visit.stop)),
                besides=visit,
            )
        result = super().write(vals)
        if moved:
            self.ticket_id.check_access("write")
            self._check_time()
            changed = self.filtered(lambda visit: before[visit.id] != (visit.start, visit.user_id))
            for visit in changed:
                ticket = visit.ticket_id
                if ticket.user_id == before[visit.id][1] and ticket.user_id != visit.user_id:
                    ticket.user_id = visit.user_id  # the handler's own visit goes to somebody else: so does the job
            changed._after_agreed()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A visit is never deleted: call it off, with the reason."))

    # ------------------------------------------------------------------
    # Life of a visit
    # ------------------------------------------------------------------

    def _after_agreed(self):
        """The time is agreed, for the first time or anew: clocks, log, and who must know."""
        for visit in self:
            # sudo: the count of announcements is kept by the program
            visit.sudo().revision += 1
            visit.ticket_id.message_post(
                body=self.env._(
                    "Visit agreed: %(technician)s, %(moment)s.",
                    technician=visit.sudo().user_id.name,
                    moment=visit._local(visit.start),
                ),
                subtype_xmlid="mail.mt_note",
            )
        self.ticket_id._deadline_event("agreed")
        self.ticket_id._deadline_event("scheduled")
        self._tell("customer", lambda visit: visit.partner_id)
        self._tell("technician", lambda visit: visit.user_id.partner_id)

    def _tell(self, whom, partner):
        """Queue the message ``appointment_<whom>`` (mail and SMS), once per announcement.

        :param str whom: customer, technician or off
        :param partner: function of the visit that returns the addressee; visits without one are left out
        """
        purpose = "staff" if whom == "technician" else "service"
        visits = self.with_user(SUPERUSER_ID)  # the program writes, whoever agreed the visit
        for revision, group in visits.filtered(partner).grouped("revision").items():
            messages = group.env["pm.message"]._enqueue_template(
                purpose,
                [f"pm_customer_service.{kind}_template_appointment_{whom}" for kind in ("mail", "sms")],
                group,
                f"appointment-{whom}/{revision}",
                partner=partner,
            )
            for message, visit in zip(messages, group, strict=True):
                # About the ticket: an answer to the message goes into its log.
                message.write({"res_model": "pm.ticket", "res_id": visit.ticket_id.id})

    def _transition(self, target, **vals):
        """Move the visits to ``target``, writing ``vals`` along.

        :raises UserError: if a visit cannot get there from where it is
        """
        labels = selection_labels(self, "state")
        for visit in self:
            if (visit.state, target) not in TRANSITIONS:
                raise UserError(
                    self.env._(
                        "The visit of %(ticket)s is “%(state)s” and cannot become “%(target)s” from there.",
                        ticket=visit.ticket_id.number,
                        state=labels[visit.state],
                        target=labels[target],
                    )
                )
        # sudo: these fields are written by the steps only, which have checked who takes them
        self.sudo().write({"state": target, **vals})

    def _check_may_act(self):
        """The technician himself, the handler, and the desk report what happened on a visit; nobody else."""
        self.check_access("write")
        user = self.env.user
        if self.env.su or user.has_group("pm_base.group_front_desk"):
            return
        if any(user not in (visit.user_id | visit.ticket_id.user_id) for visit in self):
            raise AccessError(self.env._("Only the technician of the visit or the desk reports what happened there."))

    def action_arrive(self):
        """The technician is there: the arrival clock stops, work begins."""
        self._check_may_act()
        now = fields.Datetime.now()
        self._transition("arrived", arrived_at=now)
        self.ticket_id._technician_arrived(now)

    def _sign(self, signature=None, signed_by=None, reason=None):
        """Record the customer's signature, or why there is none.

        :param signature: picture, base64 text or bytes
        :raises UserError: neither signature with name nor reason
        """
        self.ensure_one()
        self._check_may_act()
        reason = (reason or "").strip()[:250]
        signed_by = (signed_by or "").strip()[:100]
        if signature and not signed_by:
            raise UserError(self.env._("To sign, the customer must also write the name."))
        if not signature and not reason:
            raise UserError(self.env._("Without a signature you must write why the customer does not sign."))
        vals = {"no_signature_reason": reason or False}
        if signature:
            vals |= {"signature": signature, "signed_by": signed_by, "signed_at": fields.Datetime.now()}
        self.sudo().write(vals)  # program fields; who may sign was checked above

    def action_no_access(self, reason):
        """Nobody opened: the customer is told and a new time must be agreed.

        :param str reason: what happened; required
        """
        self._check_may_act()
        reason = (reason or "").strip()[:250]
        if not reason:
            raise UserError(self.env._("To report a visit in vain you must write what happened."))
        now = fields.Datetime.now()
        for visit in self:
            # Whoever stands before a closed door has arrived.
            visit._transition("no_access", stop_reason=reason, left_at=now, arrived_at=visit.arrived_at or now)
            visit.ticket_id.message_post(
                body=self.env._("Visit in vain: %(reason)s", reason=reason), subtype_xmlid="mail.mt_note"
            )
        self.ticket_id._deadline_event("arrived", now)
        self.ticket_id._restart_arrival()
        self._tell("no_access", lambda visit: visit.partner_id)

    def _call_off(self, reason):
        """Cancel open visits; the customer hears it, unless the ticket itself has just been answered."""
        for visit in self:
            visit._transition("cancelled", stop_reason=(reason or "")[:250])
        self.ticket_id._restart_arrival()

    def action_call_off(self, reason):
        """Call visits off. :param str reason: required, told to the customer"""
        self._check_may_act()
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("To call off a visit you must write the reason."))
        self._call_off(reason)
        for ticket in self.ticket_id:
            ticket.message_post(
                body=self.env._("Visit called off: %(reason)s", reason=reason), subtype_xmlid="mail.mt_note"
            )
        self._tell("off", lambda visit: visit.partner_id)
        self._tell("technician_off", lambda visit: visit.user_id.partner_id)

    def action_reason_no_access(self):
        return self._action_step("no_access", self.env._("Nobody There"))

    def action_reason_call_off(self):
        return self._action_step("call_off", self.env._("Call Off the Visit"))

    def _action_step(self, step, title):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "pm.appointment.step",
            "view_mode": "form",
            "target": "new",
            "context": {"default_appointment_id": self.id, "default_step": step},
        }

    def action_open_ticket(self):
        self.ensure_one()
        return self.ticket_id.action_recorded()

    # ------------------------------------------------------------------
    # Free time
    # ------------------------------------------------------------------

    @api.model
    def _next_free(self, users, earliest, minutes):
        """Return ``{user_id: moment}``: from when on each user is free for ``minutes``; one query for all.

        :param datetime earliest: naive UTC
        """
        length = timedelta(minutes=minutes)
        free = dict.fromkeys(users.ids, earliest)
        # sudo: visits in other properties keep a technician busy as well
        busy = self.sudo().search(
            [("user_id", "in", users.ids), ("state", "in", OPEN), ("stop", ">", earliest)], order="user_id, start"
        )
        for visit in busy:
            moment = free[visit.user_id.id]
            if visit.start < moment + length and visit.stop > moment:
                free[visit.user_id.id] = visit.stop
        return free

    def _local(self, moment):
        """Return ``moment`` (naive UTC) as text in the property's time."""
        return format_datetime(
            self.env, moment, tz=self[:1].property_id.tz or "Asia/Shanghai", dt_format="yyyy-MM-dd HH:mm"
        )
