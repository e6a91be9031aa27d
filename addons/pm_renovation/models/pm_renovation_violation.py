from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from odoo.addons.pm_customer_service.models.pm_deadline_mixin import DEADLINE_STATES

# There is no fine and no cutting of power here, and there will not be (L-03, L-05):
# the company dissuades, asks to put right, and reports; enforcement is the authority's.
TRANSITIONS = {
    ("found", "notified"),
    ("found", "reported"),
    ("notified", "rectifying"),
    ("notified", "reported"),
    ("notified", "rectified"),
    ("rectifying", "rectified"),
    ("rectifying", "reported"),
    ("rectifying", "notified"),  # re-check not passed: a new notice
    ("reported", "rectified"),
    ("rectified", "closed"),
    ("reported", "closed"),
}
OPEN_STATES = ("found", "notified", "rectifying", "reported")


class PmRenovationViolation(models.Model):
    """A violation: found → notified → rectifying → put right, or reported → closed (S0-111, S4-70)."""

    _name = "pm.renovation.violation"
    _description = "Renovation Violation"
    _inherit = ["mail.thread", "mail.activity.mixin", "pm.deadline.mixin", "pm.renovation.files", "pm.renovation.state"]
    _order = "id desc"
    _mail_post_access = "read"
    _step_fields = frozenset({"name", "notified_at", "reported_at", "rechecked_at", "ticket_id", "found_by_id"})
    _frozen = dict.fromkeys(
        ("notified", "rectifying", "reported", "rectified", "closed"),
        frozenset({"renovation_id", "type_id", "description", "found_at"}),
    )

    name = fields.Char("Number", readonly=True, copy=False, default="/")
    renovation_id = fields.Many2one("pm.renovation", required=True, ondelete="restrict", index=True)
    property_id = fields.Many2one(related="renovation_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="renovation_id.company_id", store=True)
    unit_id = fields.Many2one(related="renovation_id.unit_id", store=True, index=True)
    inspection_id = fields.Many2one("pm.renovation.inspection", index="btree_not_null", ondelete="set null")
    type_id = fields.Many2one("pm.renovation.violation.type", required=True, ondelete="restrict")
    state = fields.Selection(
        selection=[
            ("found", "Found"),
            ("notified", "Notice given"),
            ("rectifying", "Being put right"),
            ("reported", "Reported to the authority"),
            ("rectified", "Put right"),
            ("closed", "Closed"),
        ],
        default="found",
        required=True,
        readonly=True,
        tracking=True,
        index=True,
        copy=False,
    )
    # Named again, so that this add-on's catalogue holds the words.
    deadline_state = fields.Selection(selection_add=DEADLINE_STATES)
    is_open = fields.Boolean(compute="_compute_is_open", store=True)
    description = fields.Text(required=True)
    place = fields.Char(help="Room, floor or common part.")
    attachment_ids = fields.Many2many(
        "ir.attachment", "pm_renovation_violation_attachment_rel", "violation_id", "attachment_id", string="Evidence"
    )
    found_at = fields.Datetime(default=fields.Datetime.now, required=True)
    found_by_id = fields.Many2one("res.users", default=lambda self: self.env.user, readonly=True)
    stop_work = fields.Boolean(
        "Stop-work Asked", compute="_compute_from_type", store=True, readonly=False, precompute=True
    )
    rectify_by = fields.Date(
        "Put Right By", compute="_compute_from_type", store=True, readonly=False, precompute=True, tracking=True
    )
    notified_at = fields.Datetime(readonly=True, copy=False)
    notice_received_by = fields.Char(help="Who on site took the notice.")
    authority = fields.Char(help="Which authority the report goes to.")
    reported_at = fields.Datetime(readonly=True, copy=False)
    report_reference = fields.Char(help="File number or receipt of the authority.")
    recheck_note = fields.Text()
    rechecked_at = fields.Datetime(readonly=True, copy=False)
    ticket_id = fields.Many2one(
        "pm.ticket", readonly=True, copy=False, ondelete="set null", help="Asks for help to clear waste or material."
    )
    repeat_count = fields.Integer(
        "Times Before", compute="_compute_repeat_count", help="Earlier violations of the same type in this renovation."
    )

    @api.depends("state")
    def _compute_is_open(self):
        for violation in self:
            violation.is_open = violation.state in OPEN_STATES

    @api.depends("type_id")
    def _compute_from_type(self):
        for violation in self:
            violation.stop_work = violation.type_id.stop_work
            today = (
                violation.renovation_id.property_id._today()
                if violation.renovation_id.property_id
                else fields.Date.today()
            )
            violation.rectify_by = fields.Date.add(today, days=violation.type_id.rectify_days)

    @api.depends("renovation_id", "type_id")
    def _compute_repeat_count(self):
        for violation in self:
            domain = [("renovation_id", "=", violation.renovation_id.id), ("type_id", "=", violation.type_id.id)]
            if violation._origin.id:
                domain.append(("id", "<", violation._origin.id))
            violation.repeat_count = self.search_count(domain)

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals.pop("name", None)
        violations = super().create(vals_list)
        for violation in violations:
            violation._stamp(name=self.env["ir.sequence"].next_by_code("pm.renovation.violation") or "/")
        for violation in violations.filtered("type_id.report_authority"):
            # Stop and report at once (S4-70): the manager knows today, the report is due today.
            # sudo: the technician on patrol may not write clocks or activities
            violation.sudo()._start_deadline("report")
            violation.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=violation.property_id._today(),
                summary=self.env._("Report %(type)s to the authority today", type=violation.type_id.name),
                user_id=(violation.property_id.manager_id or violation.renovation_id.user_id or self.env.user).id,
            )
        violations.filtered("type_id.involves_waste")._ask_to_clear()
        return violations

    def _ask_to_clear(self):
        """Waste or material in common parts: a ticket asks engineering and order maintenance to clear it (S4-71)."""
        for violation in self:
            # sudo: whoever is on patrol may report, not every one of them may assign tickets
            ticket = (
                self.env["pm.ticket"]
                .sudo()
                .create(
                    {
                        "name": self.env._(
                            "%(type)s, %(unit)s", type=violation.type_id.name, unit=violation.unit_id.display_name
                        ),
                        "description": plaintext2html(violation.description),
                        "type_id": self.env.ref("pm_customer_service.ticket_type_help").id,
                        "category_id": self.env.ref("pm_customer_service.ticket_category_cleaning").id,
                        "channel": "patrol",
                        "property_id": violation.property_id.id,
                        "first_receiver_id": self.env.uid,
                    }
                )
            )
            violation._stamp(ticket_id=ticket.id)

    def _transition(self, target, **values):
        """Move to ``target``; the only place where the state changes."""
        labels = dict(self._fields["state"]._description_selection(self.env))
        for violation in self:
            if (violation.state, target) not in TRANSITIONS:
                raise UserError(
                    self.env._(
                        "To bring violation %(name)s to “%(target)s” you must have it in one of: %(sources)s.",
                        name=violation.name,
                        target=labels[target],
                        sources=", ".join(labels[a] for a, b in sorted(TRANSITIONS) if b == target),
                    )
                )
        return self._set_state(target, **values)

    def action_notify(self):
        """Hand over the written notice."""
        for violation in self:
            violation._transition("notified", notified_at=fields.Datetime.now())
            violation._notify_applicant()

    def action_rectifying(self):
        """The owner or contractor has begun to put it right."""
        self._transition("rectifying")

    def action_recheck_ok(self):
        """Re-checked on site and found put right; the note says what was seen."""
        for violation in self:
            if not violation.recheck_note:
                raise UserError(
                    self.env._("To settle %(name)s you must write what the re-check found.", name=violation.name)
                )
        self._transition("rectified", rechecked_at=fields.Datetime.now())
        self._cancel_deadlines()

    def action_recheck_failed(self):
        """Re-checked and not put right: a new notice follows."""
        self._transition("notified", notified_at=fields.Datetime.now())

    def action_report(self):
        """Report to the authority in writing; its name is needed."""
        for violation in self:
            if not violation.authority:
                raise UserError(self.env._("To report %(name)s you must name the authority.", name=violation.name))
        self._transition("reported", reported_at=fields.Datetime.now())
        self._meet_deadline("report")

    def action_close(self):
        """File the violation."""
        self._transition("closed")

    def _notify_applicant(self):
        self.ensure_one()
        self.renovation_id._notify(
            "violation",
            key=f"{self.id}-{self.notified_at}",
            violation=self.type_id.with_context(lang=self.renovation_id.applicant_id.lang).name,
            points=self.description,
        )
