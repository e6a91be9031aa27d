import logging

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from .pm_ticket import MAX_TEXT, OPEN_STATES

_logger = logging.getLogger(__name__)

STATES = [
    ("running", "Under Way"),
    ("ended", "Ended"),
    ("cancelled", "False alarm"),
]
CHUNK = 50
NEAR = 200


class PmIncident(models.Model):
    """One outage, many callers: water off, lift stopped, power cut. Source: S0-162, S3-12, S4-55.

    Each caller has a ticket of his own, tied to the incident: its clocks stand still, its customer hears what the
    incident says, and ending the incident answers all of them. One clock, the incident's own, watches the promise.
    """

    _name = "pm.incident"
    _description = "Incident"
    _inherit = ["pm.deadline.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "started_at desc, id desc"
    _rec_names_search = ["number", "name"]
    _check_company_auto = True

    _program_fields = frozenset({"number", "state", "ended_at", "revision"})

    _number_unique = models.UniqueIndex("(company_id, number)", "This incident number is already used.")
    _running_index = models.Index("(property_id) WHERE state = 'running'")
    _ends_later = models.Constraint(
        "CHECK (expected_at IS NULL OR expected_at >= started_at)",
        "An incident cannot be expected to end before it began.",
    )

    number = fields.Char(readonly=True, copy=False, default="/")
    name = fields.Char(required=True, tracking=True, help="In a few words, as callers say it: water off in block A.")
    property_id = fields.Many2one(
        "pm.property", required=True, default=lambda self: self.env["pm.property"].search([], limit=1)
    )
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    category_id = fields.Many2one("pm.ticket.category", index="btree_not_null")
    building_ids = fields.Many2many(
        "pm.building", string="Buildings", domain="[('property_id', '=', property_id)]", help="Empty: all buildings."
    )
    zone_ids = fields.Many2many(
        "pm.zone", string="Zones", domain="[('property_id', '=', property_id)]", help="Empty: all zones."
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        required=True,
        tracking=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
    )
    public_text = fields.Text(
        string="What Callers Are Told",
        required=True,
        help="Read out at the counter, sent to callers, shown in the portal.",
    )
    started_at = fields.Datetime(string="Began At", required=True, default=fields.Datetime.now)
    expected_at = fields.Datetime(string="Expected Until", tracking=True)
    ended_at = fields.Datetime(readonly=True, copy=False)
    state = fields.Selection(STATES, required=True, default="running", readonly=True, copy=False, tracking=True)
    result = fields.Text(copy=False, help="How it ended: the answer to all callers.")
    revision = fields.Integer(readonly=True, copy=False, help="How often callers were told something new.")
    ticket_ids = fields.One2many("pm.ticket", "incident_id", string="Callers' Tickets")
    ticket_count = fields.Integer(string="Callers", compute="_compute_ticket_count")

    @api.depends("ticket_ids")
    def _compute_ticket_count(self):
        counts = dict(
            self.env["pm.ticket"]._read_group([("incident_id", "in", self.ids)], ["incident_id"], ["__count"])
        )
        for incident in self:
            incident.ticket_count = counts.get(incident, 0)

    @api.depends("number", "name")
    def _compute_display_name(self):
        for incident in self:
            incident.display_name = f"{incident.number} {incident.name or ''}".strip()

    @api.constrains("property_id", "building_ids", "zone_ids")
    def _check_property(self):
        for incident in self:
            if (incident.building_ids.property_id | incident.zone_ids.property_id) - incident.property_id:
                raise ValidationError(
                    self.env._(
                        "Incident %(incident)s: buildings and zones must belong to the property %(property)s.",
                        incident=incident.name,
                        property=incident.property_id.name,
                    )
                )

    @api.constrains("public_text", "result", "name")
    def _check_length(self):
        for incident in self:
            if len(incident.name) > 250 or max(len(incident.public_text), len(incident.result or "")) > MAX_TEXT:
                raise ValidationError(
                    self.env._("The text of the incident is too long (at most %s characters).", MAX_TEXT)
                )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        incidents = super().create(vals_list)
        for incident in incidents:
            # sudo: numbers and states are the program's
            incident.sudo().number = self.env["ir.sequence"].sudo().next_by_code("pm.incident")
        incidents._check_expected()
        incidents._deadline_event("created")
        incidents.filtered("expected_at")._deadline_event("agreed")
        return incidents

    def write(self, vals):
        if not self.env.su and "expected_at" in vals and any(incident.ticket_ids for incident in self):
            raise UserError(
                self.env._("Callers were promised this time: to change it you must tell them (button Tell Callers).")
            )
        if not self.env.su and "property_id" in vals and any(incident.ticket_ids for incident in self):
            raise UserError(self.env._("An incident with callers stays in its property."))
        result = super().write(vals)
        if "expected_at" in vals:
            self._check_expected()
            self.filtered("expected_at")._deadline_event("agreed")
        return result

    def _check_expected(self):
        for incident in self:
            if incident.expected_at and incident.expected_at < fields.Datetime.now() and not self.env.su:
                raise UserError(self.env._("The new time lies in the past: choose one that is still to come."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("An incident is never deleted: end it, or declare it a false alarm."))

    # ------------------------------------------------------------------
    # Callers
    # ------------------------------------------------------------------

    @api.model
    def _covering(self, unit, prop):
        """Return the running incidents that concern ``unit``, or where there is none the property."""
        domain = Domain("state", "=", "running") & Domain("property_id", "=", prop.id)
        if unit:
            everywhere = Domain("building_ids", "=", False)
            domain &= everywhere | Domain("building_ids", "in", unit.building_id.ids)
            domain &= Domain("zone_ids", "=", False) | Domain("zone_ids", "in", unit.zone_id.ids)
        return self.search(domain, limit=10)

    def _near_tickets(self):
        """Return open tickets that probably belong to the incident: same category and place, received since it began."""
        self.ensure_one()
        domain = (
            Domain("property_id", "=", self.property_id.id)
            & Domain("state", "in", OPEN_STATES)
            & Domain("incident_id", "=", False)
            & Domain("received_at", ">=", self.started_at)
        )
        if self.category_id:
            domain &= Domain("category_id", "=", self.category_id.id)
        if self.building_ids:
            domain &= Domain("building_id", "in", [*self.building_ids.ids, False])
        return self.env["pm.ticket"].search(domain, limit=NEAR)

    def _attach(self, tickets):
        """Tie open tickets to the incident: their clocks stand still, their customers hear what is known.

        :raises UserError: the incident is over, or a ticket is not open or of another property
        """
        self.ensure_one()
        tickets.check_access("write")
        if self.state != "running":
            raise UserError(self.env._("%s is over: to tie a ticket to it, it must still run.", self.display_name))
        for ticket in tickets:
            ticket._require(ticket.state in OPEN_STATES, self.env._("only an open ticket is tied to an incident."))
            ticket._require(
                ticket.property_id == self.property_id, self.env._("ticket and incident must be of one property.")
            )
            ticket._require(
                not ticket.incident_id or ticket.incident_id == self,
                self.env._("it is tied to another incident already."),
            )
        tickets._write_protected({"incident_id": self.id})
        tickets.filtered(lambda ticket: not ticket.category_id).write({"category_id": self.category_id.id})
        for ticket in tickets.filtered(lambda ticket: not ticket.user_id):
            ticket.user_id = self.user_id
        # What the incident says is the better confirmation of receipt. sudo: messages are the program's
        keys = [f"ticket-received/{ticket.id}" for ticket in tickets]
        waiting = self.env["pm.message"].sudo().search([("key", "in", keys), ("state", "=", "queued")])
        waiting._transition("cancelled", reason="cancelled", reason_text=self.display_name)
        self._tell(tickets)
        tickets._pause_deadlines(self.display_name)

    def _tell(self, tickets):
        """Send what callers are told: that is an answer, and news."""
        now = fields.Datetime.now()
        tickets.filtered(lambda ticket: not ticket.replied_at)._write_protected({"replied_at": now})
        tickets._enqueue_notice("ticket_incident", f"incident/{self.id}/{self.revision}")
        tickets._deadline_event("replied", now)

    def _detach(self, tickets):
        tickets._write_protected({"incident_id": False})
        tickets._resume_deadlines()

    # ------------------------------------------------------------------
    # Steps
    # ------------------------------------------------------------------

    def _check_running(self):
        self.check_access("write")
        for incident in self:
            if incident.state != "running":
                raise UserError(self.env._("%s is over.", incident.display_name))

    def action_update(self, text, expected_at=None):
        """Tell all callers something new, before what they were told lapses (S0-162).

        :param str text: what they are told; required
        :param datetime expected_at: new time, naive UTC; empty leaves the old one
        """
        self.ensure_one()
        self._check_running()
        text = (text or "").strip()
        if not text:
            raise UserError(self.env._("To tell the callers something you must write it."))
        expected = expected_at or self.expected_at
        if expected_at and expected_at < fields.Datetime.now():
            raise UserError(self.env._("The new time lies in the past: choose one that is still to come."))
        # sudo: the count of announcements is the program's, and the time is changed by telling
        self.sudo().write({"public_text": text, "expected_at": expected, "revision": self.revision + 1})
        self.message_post(body=text, subtype_xmlid="mail.mt_note")
        self._deadline_event("contacted")
        self._tell(self.ticket_ids.filtered(lambda ticket: ticket.state in OPEN_STATES))

    def action_end(self, result):
        """It is over: every caller's ticket is handled with this result, and its customer hears it.

        A few are answered at once, the others by a job that may be killed and run again.

        :param str result: how it ended; required
        """
        self._check_running()
        result = (result or "").strip()
        if not result:
            raise UserError(self.env._("To end the incident you must write how it ended: the callers are told."))
        now = fields.Datetime.now()
        self.sudo().write({"state": "ended", "result": result, "ended_at": now})  # program fields, see _check_running
        self._deadline_event("handled", now)
        self._cancel_deadlines(reason=self.env._("Ended"))
        self.activity_unlink(["pm_customer_service.mail_activity_type_deadline"])
        if self._answer_callers(CHUNK) == CHUNK:
            # sudo: users may not read scheduled actions
            self.env.ref("pm_customer_service.ir_cron_pm_incident").sudo()._trigger()

    def action_cancel(self, reason):
        """A false alarm: the tickets go their own way again. :param str reason: required"""
        self._check_running()
        if not (reason or "").strip():
            raise UserError(self.env._("To go on you must write the reason."))
        # sudo: the state is the program's; the right to write was checked above
        self.sudo().write({"state": "cancelled", "result": reason, "ended_at": fields.Datetime.now()})
        self._cancel_deadlines(reason=reason)
        for incident in self:
            incident._detach(incident.ticket_ids.filtered(lambda ticket: ticket.state in OPEN_STATES))
            incident.message_post(body=reason, subtype_xmlid="mail.mt_note")

    def _waiting_domain(self):
        return (
            Domain("incident_id.state", "=", "ended")
            & Domain("state", "in", OPEN_STATES)
            & Domain("incident_error", "=", False)
        )

    @api.model
    def _cron_answer_callers(self):
        """Handle what tickets of ended incidents are still open. Harmless when run twice or killed."""
        while done := self._answer_callers(CHUNK):
            remaining = self.env["pm.ticket"].search_count(self._waiting_domain(), limit=CHUNK)
            if not self.env["ir.cron"]._commit_progress(done, remaining=remaining):
                self.env.ref("pm_customer_service.ir_cron_pm_incident")._trigger()
                break

    def _answer_callers(self, limit):
        """Handle up to ``limit`` tickets of ended incidents (of ``self``, if it is any) and return how many were taken.

        A ticket that cannot be finished, say a technician is still there, keeps its own course and says why.
        """
        domain = self._waiting_domain()
        if self:
            domain &= Domain("incident_id", "in", self.ids)
        tickets = (
            self.env["pm.ticket"].with_user(SUPERUSER_ID).search(domain, limit=limit)
        )  # the program answers them all
        tickets = tickets.try_lock_for_update()
        for incident, group in tickets.grouped("incident_id").items():
            try:
                with self.env.cr.savepoint():
                    group._finish_with_incident(incident)
            except UserError:
                for ticket in group:
                    try:
                        with self.env.cr.savepoint():
                            ticket._finish_with_incident(incident)
                    except UserError as error:
                        ticket._write_protected({"incident_error": str(error)[:500]})
                        ticket._resume_deadlines()
        return len(tickets)

    # ------------------------------------------------------------------
    # Buttons and hooks
    # ------------------------------------------------------------------

    def _get_agreed_due(self, kind):
        return self.expected_at if self.state == "running" else False

    def action_open_tickets(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_customer_service.pm_ticket_action_all")
        return action | {"domain": [("incident_id", "=", self.id)], "context": {}}

    def action_step_update(self):
        return self._action_step("update", self.env._("Tell the Callers"))

    def action_step_end(self):
        return self._action_step("end", self.env._("End the Incident and Answer All Callers"))

    def action_step_cancel(self):
        return self._action_step("cancel", self.env._("False Alarm"))

    def _action_step(self, step, title):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "pm.incident.step",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_incident_id": self.id,
                "default_step": step,
                "default_words": self.public_text if step == "update" else False,
                "default_expected_at": self.expected_at,
            },
        }

    def action_attach(self):
        """Choose the tickets that belong to it; the likely ones are proposed."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Tie Tickets to the Incident"),
            "res_model": "pm.incident.attach",
            "view_mode": "form",
            "target": "new",
            "context": {"default_incident_id": self.id, "default_ticket_ids": self._near_tickets().ids},
        }


class PmTicket(models.Model):
    _inherit = "pm.ticket"

    _incident_index = models.Index("(incident_id, state) WHERE incident_id IS NOT NULL")

    incident_id = fields.Many2one(
        "pm.incident", readonly=True, copy=False, tracking=True, help="The outage this caller called about."
    )
    incident_error = fields.Char(
        string="Not Answered With the Incident",
        readonly=True,
        copy=False,
        help="Why the end of the incident did not finish it.",
    )

    def _get_protected(self):
        return super()._get_protected() | {"incident_id", "incident_error"}

    def _finish_with_incident(self, incident):
        """The incident is over: so are its callers' tickets, with its result."""
        for ticket in self.filtered(lambda ticket: not ticket.user_id):
            ticket.user_id = incident.user_id
        self.write({"outcome": "solved_now"})
        self.filtered(lambda ticket: not ticket.solution).write({"solution": incident.result})
        self.filtered(lambda ticket: ticket.state == "assigned")._transition("in_progress")
        self._transition("handled")
        self._write_protected({"handled_by_id": incident.user_id.id})

    def action_attach_incident(self):
        """Tie the chosen tickets to an incident."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Tie Tickets to the Incident"),
            "res_model": "pm.incident.attach",
            "view_mode": "form",
            "target": "new",
            "context": {"default_ticket_ids": self.ids},
        }
