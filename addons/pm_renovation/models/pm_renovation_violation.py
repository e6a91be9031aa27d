from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.pm_base.tools.labels import selection_labels
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
# What was found stays once the household was told; what became of it, once that is settled.
_FOUND = frozenset({"renovation_id", "type_id", "description", "found_at"})
_SETTLED = _FOUND | {"stop_work", "rectify_by", "recheck_note"}


class PmRenovationViolation(models.Model):
    """A violation: found → notified → rectifying → put right, or reported → closed (S0-111, S4-70)."""

    _name = "pm.renovation.violation"
    _description = "Renovation Violation"
    _inherit = ["mail.thread", "mail.activity.mixin", "pm.deadline.mixin", "pm.renovation.files", "pm.renovation.state"]
    _order = "id desc"
    _mail_post_access = "read"
    _step_fields = frozenset(
        {
            "name",
            "notified_at",
            "notice_count",
            "reported_at",
            "rechecked_at",
            "rechecked_by_id",
            "ticket_id",
            "found_by_id",
        }
    )
    _frozen = {
        **dict.fromkeys(("notified", "rectifying", "reported"), _FOUND),
        "rectified": _SETTLED,
        "closed": _SETTLED
        | {"place", "inspection_id", "notice_received_by", "answer", "authority", "report_reference"},
    }

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
    notice_count = fields.Integer("Notices Given", readonly=True, copy=False)
    notice_received_by = fields.Char(help="Who on site took the notice.")
    answer = fields.Text("Their View", help="What owner or contractor say about it.")
    authority = fields.Char(
        compute="_compute_authority",
        store=True,
        readonly=False,
        precompute=True,
        help="Which authority the report goes to.",
    )
    reported_at = fields.Datetime(readonly=True, copy=False)
    report_reference = fields.Char(help="File number or receipt of the authority.")
    recheck_note = fields.Text()
    rechecked_at = fields.Datetime(readonly=True, copy=False)
    rechecked_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    ticket_id = fields.Many2one(
        "pm.ticket", readonly=True, copy=False, ondelete="set null", help="Asks the teams to help at once."
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

    @api.depends("renovation_id")
    def _compute_authority(self):
        for violation in self:
            violation.authority = violation.authority or violation.renovation_id.property_id.renovation_authority

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
        violations._check_case_open()
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
        violations.filtered("type_id.ticket_category_id")._ask_for_help()
        for violation in violations:
            violation.renovation_id._log(
                "violation", f"{violation.name}: {violation.type_id.name}", violation.description
            )
        return violations

    def write(self, vals):
        result = super().write(vals)
        if "rectify_by" in vals:
            # sudo: the clock follows the date that was told; the technician on patrol may not write clocks
            self.sudo().filtered(lambda v: v.state in ("notified", "rectifying"))._start_deadline("rectify")
        return result

    def _check_case_open(self):
        for violation in self:
            if violation.renovation_id.state == "closed":
                raise UserError(
                    self.env._(
                        "%(case)s is closed. To record a violation of %(unit)s record a new renovation of it first.",
                        case=violation.renovation_id.name,
                        unit=violation.unit_id.name,
                    )
                )

    def _get_agreed_due(self, kind):
        """Put right by the end of the day that the notice names."""
        if kind == "rectify" and self.rectify_by:
            return self.property_id._local_to_utc(self.rectify_by, 24.0)
        return super()._get_agreed_due(kind)

    def _get_deadline_user(self):
        return self.renovation_id.user_id

    def _ask_for_help(self):
        """A ticket asks the teams to clear waste from common parts, or to have noise stopped (S4-71)."""
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
                        "description": violation.description,
                        "type_id": self.env.ref("pm_customer_service.ticket_type_help").id,
                        "category_id": violation.type_id.ticket_category_id.id,
                        "channel": "patrol",
                        "location": violation.place,
                        "renovation_id": violation.renovation_id.id,
                        "property_id": violation.property_id.id,
                        "first_receiver_id": self.env.uid,
                    }
                )
            )
            violation._stamp(ticket_id=ticket.id)

    def _transition(self, target, **values):
        """Move to ``target``; the only place where the state changes."""
        labels = selection_labels(self, "state")
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
        self._set_state(target, **values)
        for violation in self:
            # sudo: the technician settles what he found, the history belongs to the case he may only read
            violation.renovation_id.sudo()._log(
                "violation", f"{violation.name}: {labels[target]}", violation.recheck_note or None
            )
        return True

    def action_notify(self):
        """Hand over the written notice; the days to put it right run as a clock."""
        for violation in self:
            violation._give_notice()

    def _give_notice(self):
        self.ensure_one()
        self._transition("notified", notified_at=fields.Datetime.now(), notice_count=self.notice_count + 1)
        self.sudo()._start_deadline("rectify")  # sudo: as in `write`
        self._file_print("pm_renovation.violation_report", self.env._("Violation Notice"))
        self._notify_applicant()

    def _file_print(self, report, title):
        """Keep the paper as it was handed over in the log of the violation."""
        self.ensure_one()
        # sudo: the copy in the log is whole, whoever hands the paper over
        content = self.env["pm.document"].sudo()._pdf(report, self)
        self.sudo().message_post(
            body=self.env._("%(title)s %(number)s, as handed over.", title=title, number=self.name),
            attachments=[(f"{self.name} {title} {self.notice_count}.pdf", content)],
        )

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
            if violation.type_id.report_authority and not violation.reported_at:
                raise UserError(
                    self.env._(
                        "To settle %(name)s you must have reported it to the authority: this kind is reported even when"
                        " it is put right at once.",
                        name=violation.name,
                    )
                )
        self._transition("rectified", rechecked_at=fields.Datetime.now(), rechecked_by_id=self.env.uid)
        self.sudo()._meet_deadline("rectify")  # sudo: as in `write`

    def action_recheck_failed(self):
        """Re-checked and not put right: a new notice with a new day follows."""
        today = {prop: prop._today() for prop in self.property_id}
        for violation in self:
            if violation.rectify_by < today[violation.property_id]:
                raise UserError(
                    self.env._(
                        "To give a new notice for %(name)s set a new day by which it is to be put right.",
                        name=violation.name,
                    )
                )
            # sudo: as in `write`; what was missed stays missed, the new day is a clock of its own
            missed = violation.sudo()._open_deadlines(Domain("kind", "=", "rectify") & Domain("state", "=", "breached"))
            missed._settle(fields.Datetime.now(), cancel_reason=self.env._("Not put right; a new notice was given."))
            violation._give_notice()

    def action_report(self):
        """Report to the authority in writing; its name is needed."""
        for violation in self:
            if not violation.authority:
                raise UserError(self.env._("To report %(name)s you must name the authority.", name=violation.name))
            if not violation.attachment_ids:
                raise UserError(
                    self.env._("To report %(name)s you must attach evidence, such as photos.", name=violation.name)
                )
        self._transition("reported", reported_at=fields.Datetime.now())
        self._meet_deadline("report")
        for violation in self:
            violation._file_print("pm_renovation.authority_report", self.env._("Report to the Authority"))

    def action_close(self):
        """File the violation."""
        self._transition("closed")
        self.sudo()._cancel_deadlines()  # sudo: as in `write`

    def _tell_rectified(self, note, files, actor=None):
        """Owner or contractor say that it is put right: it waits for the re-check of today.

        :param note: their words
        :param files: [(name, bytes)] pictures
        :param actor: who told it when no user did
        """
        self.ensure_one()
        if self.state not in ("notified", "rectifying"):
            raise UserError(self.env._("%(name)s does not wait to be put right.", name=self.name))
        created = self.renovation_id._create_files(files, self)
        self.attachment_ids = [fields.Command.link(file.id) for file in created]
        self.answer = "\n".join(filter(None, [self.answer, (note or "").strip()[:2000]]))
        if self.state == "notified":
            self._transition("rectifying")
        self.renovation_id._log("violation", self.env._("%(name)s: told to be put right", name=self.name), note, actor)
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            date_deadline=self.property_id._today(),
            summary=self.env._("Re-check %(name)s on site", name=self.name),
            user_id=(self.renovation_id.user_id or self.property_id.manager_id or self.env.user).id,
        )

    def _notify_applicant(self):
        self.ensure_one()
        self.renovation_id._notify(
            "violation",
            key=f"{self.id}-{self.notice_count}",
            violation=self.type_id.with_context(lang=self.renovation_id.applicant_id.lang).name,
            points=self.description,
        )
