from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.pm_base.tools.labels import selection_labels

from .pm_renovation import SITE_STATES

# What a visit is recorded against later on: without a picture it proves nothing.
PHOTO_KINDS = ("concealed", "acceptance")
# kind: states of the case in which it may be held
KIND_STATES = {
    "patrol": SITE_STATES,
    "concealed": SITE_STATES,
    "acceptance": ("completion_notified",),
    "reinspection": ("accepted",),
}


class PmRenovationInspection(models.Model):
    """A visit to the site: the daily patrol, concealed works before cover-up, the acceptance, the re-inspection."""

    _name = "pm.renovation.inspection"
    _description = "Renovation Inspection"
    _inherit = ["mail.thread", "pm.renovation.files", "pm.renovation.state"]
    _order = "date desc, id desc"
    _mail_post_access = "read"
    _step_fields = frozenset({"result", "done_at", "done_by_id"})
    _frozen = dict.fromkeys(
        ("done", "missed"),
        frozenset(
            {
                "renovation_id",
                "kind",
                "date",
                "slot",
                "user_id",
                "work_ids",
                "check_ids",
                "person_on_site",
                "remark",
                "attachment_ids",
            }
        ),
    )

    # The database, not the cron, guarantees one patrol per site and turn of the day.
    _patrol_once_a_turn = models.UniqueIndex(
        "(renovation_id, date, slot) WHERE kind = 'patrol'", "This site already has its patrol of that day and turn."
    )
    _todo = models.Index("(property_id, date) WHERE state = 'planned'")

    name = fields.Char(compute="_compute_name")
    renovation_id = fields.Many2one("pm.renovation", required=True, ondelete="cascade", index=True)
    property_id = fields.Many2one(related="renovation_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="renovation_id.company_id", store=True)
    unit_id = fields.Many2one(related="renovation_id.unit_id", store=True)
    kind = fields.Selection(
        selection=[
            ("patrol", "Patrol"),
            ("concealed", "Concealed works"),
            ("acceptance", "Acceptance"),
            ("reinspection", "Re-inspection"),
        ],
        required=True,
        default="patrol",
        index=True,
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
    slot = fields.Integer("Turn", default=1, help="First, second … patrol of the day.")
    work_ids = fields.Many2many(
        "pm.renovation.work",
        "pm_renovation_inspection_work_rel",
        "inspection_id",
        "work_id",
        string="Concealed Works",
        domain="[('renovation_id', '=', renovation_id), ('type_id.is_concealed', '=', True)]",
    )
    user_id = fields.Many2one("res.users", string="Inspector")
    state = fields.Selection(
        selection=[("planned", "Planned"), ("done", "Done"), ("missed", "Missed")],
        default="planned",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
    )
    result = fields.Selection(selection=[("ok", "OK"), ("not_ok", "Not OK")], readonly=True, tracking=True)
    check_ids = fields.One2many("pm.renovation.check", "inspection_id", string="Checklist")
    person_on_site = fields.Char("Spoke With")
    remark = fields.Text()
    attachment_ids = fields.Many2many(
        "ir.attachment", "pm_renovation_inspection_attachment_rel", "inspection_id", "attachment_id", string="Photos"
    )
    plan_attachment_ids = fields.Many2many(
        "ir.attachment", compute="_compute_plan_attachment_ids", string="Approved Plans", compute_sudo=True
    )
    violation_ids = fields.One2many("pm.renovation.violation", "inspection_id", string="Violations")
    done_at = fields.Datetime(readonly=True)
    done_by_id = fields.Many2one("res.users", readonly=True)

    @api.depends("renovation_id.name", "kind", "date")
    def _compute_name(self):
        labels = selection_labels(self, "kind")
        for inspection in self:
            inspection.name = (
                f"{inspection.renovation_id.name} {labels.get(inspection.kind, '')} {inspection.date or ''}"
            )

    @api.depends("name")
    def _compute_display_name(self):
        for inspection in self:
            inspection.display_name = inspection.name

    @api.depends("renovation_id.plan_attachment_ids")
    def _compute_plan_attachment_ids(self):
        for inspection in self:
            inspection.plan_attachment_ids = inspection.renovation_id.plan_attachment_ids

    @api.model_create_multi
    def create(self, vals_list):
        inspections = super().create(vals_list)
        for inspection in inspections.filtered(lambda i: i.kind == "concealed" and not i.work_ids):
            inspection.work_ids = inspection.renovation_id._uninspected_works()
        inspections.filtered(lambda i: not i.check_ids)._fill_checklist()
        return inspections

    @api.constrains("renovation_id", "kind")
    def _check_site_active(self):
        for inspection in self:
            if inspection.renovation_id.state in KIND_STATES[inspection.kind]:
                continue
            if inspection.kind == "patrol":
                raise UserError(
                    self.env._("To patrol %(case)s it must be an active site.", case=inspection.renovation_id.name)
                )
            raise UserError(
                self.env._(
                    "%(case)s does not wait for this inspection (%(kind)s).",
                    case=inspection.renovation_id.name,
                    kind=selection_labels(self, "kind")[inspection.kind],
                )
            )

    def _fill_checklist(self):
        Point = self.env["pm.renovation.control.point"]
        Check = self.env["pm.renovation.check"]
        Check.create(
            [
                {**line, "inspection_id": inspection.id, "property_id": inspection.property_id.id}
                for inspection in self
                for line in Check._prepare_from_points(Point._applicable(inspection.kind, inspection.renovation_id))
            ]
        )

    def action_all_ok(self):
        """Answer every open line with OK; what was not fine is changed by hand."""
        self.check_ids.filtered(lambda c: not c.result).write({"result": "ok"})

    def action_done(self):
        """Finish the visit; every line must be answered, a line that is not OK needs words.

        An acceptance that was held stops the acceptance clock (S0-112), whatever its result.
        """
        for inspection in self:
            if inspection.state != "planned":
                raise UserError(self.env._("To finish %(name)s you must have it planned.", name=inspection.name))
            inspection._check_may_be_held()
            unanswered = inspection.check_ids.filtered(lambda c: not c.result)
            if unanswered:
                raise UserError(
                    self.env._(
                        "To finish %(name)s you must answer: %(points)s.",
                        name=inspection.name,
                        points="; ".join(unanswered.mapped("name")),
                    )
                )
            silent = inspection.check_ids.filtered(lambda c: c.result == "not_ok" and not c.remark)
            if silent:
                raise UserError(
                    self.env._(
                        "To finish %(name)s you must say what is wrong with: %(points)s.",
                        name=inspection.name,
                        points="; ".join(silent.mapped("name")),
                    )
                )
            bad = inspection.check_ids.filtered(lambda c: c.result == "not_ok")
            inspection._set_state(
                "done",
                result="not_ok" if bad else "ok",
                done_at=fields.Datetime.now(),
                done_by_id=self.env.uid,
            )
            inspection._held()

    def _check_may_be_held(self):
        """The case waits for the visit, and what must be proved later has its picture."""
        self.ensure_one()
        case = self.renovation_id
        if self.kind == "acceptance" and case.state != "completion_notified":
            raise UserError(
                self.env._(
                    "To hold the acceptance of %(case)s you must have completion notified first.", case=case.name
                )
            )
        if case.state not in KIND_STATES[self.kind]:
            raise UserError(self.env._("To finish %(name)s its site must still wait for it.", name=self.name))
        if self.kind in PHOTO_KINDS and not self.attachment_ids:
            raise UserError(
                self.env._("To finish %(name)s you must attach photos to compare with the plans.", name=self.name)
            )

    def _held(self):
        """Stop the clock that waited for the visit, and keep its result in the history."""
        self.ensure_one()
        # sudo: whoever holds the visit may only read the case; clock and history belong to it
        case = self.renovation_id.sudo()
        if self.kind != "patrol":
            kinds = selection_labels(self, "kind")
            results = selection_labels(self, "result")
            case._log(
                "inspection",
                f"{kinds[self.kind]}: {results[self.result]}",
                "\n".join(self._not_ok_texts()) or self.remark,
            )
        if self.kind == "reinspection":
            case._reinspected(self)
        elif self.kind != "patrol":
            case._meet_deadline(self.kind, at=self.done_at)
        if self.kind == "concealed" and self.result == "not_ok":
            case._notify("rectify", key=f"concealed-{self.id}", points="; ".join(self._not_ok_texts()))

    def action_report_violation(self):
        """Open a new violation found on this visit."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Violation"),
            "res_model": "pm.renovation.violation",
            "view_mode": "form",
            "context": {"default_renovation_id": self.renovation_id.id, "default_inspection_id": self.id},
        }

    def _not_ok_texts(self):
        return [f"{check.name}: {check.remark}" for check in self.check_ids.filtered(lambda c: c.result == "not_ok")]

    @api.model
    def _mark_missed(self, prop, today):
        """Patrols of past days that nobody did stay visible as missed; the supervisor hears of it.

        :return: the patrols marked
        """
        missed = self.search(
            [
                ("property_id", "=", prop.id),
                ("kind", "=", "patrol"),
                ("state", "=", "planned"),
                ("date", "<", today),
            ]
        )
        missed._set_state("missed")
        missed._tell_supervisor()
        return missed

    def _tell_supervisor(self):
        """One open activity per site, however many patrols were missed."""
        activity_type = "pm_renovation.mail_activity_type_patrol_missed"
        for prop, missed in self.grouped("property_id").items():
            users = self.env["pm.escalation.rule"]._get_property_users(prop, "supervisor") or prop.manager_id
            cases = missed.renovation_id
            told = cases.browse(cases.activity_search([activity_type]).mapped("res_id"))
            for case in cases - told:
                case.activity_schedule(
                    activity_type,
                    date_deadline=prop._today(),
                    summary=self.env._("A patrol of %(unit)s was missed", unit=case.unit_id.name),
                    user_id=(users[:1] or case.user_id or self.env.user).id,
                )
