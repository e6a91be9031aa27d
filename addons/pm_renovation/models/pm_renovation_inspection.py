from odoo import api, fields, models
from odoo.exceptions import UserError

from .pm_renovation import SITE_STATES


class PmRenovationInspection(models.Model):
    """A visit to the site: the daily patrol, or the acceptance."""

    _name = "pm.renovation.inspection"
    _description = "Renovation Inspection"
    _inherit = ["mail.thread", "pm.renovation.files", "pm.renovation.state"]
    _order = "date desc, id desc"
    _mail_post_access = "read"
    _step_fields = frozenset({"result", "done_at", "done_by_id"})
    _frozen = dict.fromkeys(
        ("done", "missed"),
        frozenset({"renovation_id", "kind", "date", "user_id", "check_ids", "person_on_site", "remark"}),
    )

    # The database, not the cron, guarantees one patrol per site and day.
    _patrol_once_a_day = models.UniqueIndex(
        "(renovation_id, date) WHERE kind = 'patrol'", "This site already has its patrol of that day."
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
        ],
        required=True,
        default="patrol",
        index=True,
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
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
    violation_ids = fields.One2many("pm.renovation.violation", "inspection_id", string="Violations")
    done_at = fields.Datetime(readonly=True)
    done_by_id = fields.Many2one("res.users", readonly=True)

    @api.depends("renovation_id.name", "kind", "date")
    def _compute_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for inspection in self:
            inspection.name = (
                f"{inspection.renovation_id.name} {labels.get(inspection.kind, '')} {inspection.date or ''}"
            )

    @api.depends("name")
    def _compute_display_name(self):
        for inspection in self:
            inspection.display_name = inspection.name

    @api.model_create_multi
    def create(self, vals_list):
        inspections = super().create(vals_list)
        inspections.filtered(lambda i: not i.check_ids)._fill_checklist()
        return inspections

    @api.constrains("renovation_id", "kind")
    def _check_site_active(self):
        for inspection in self:
            if inspection.kind == "patrol" and inspection.renovation_id.state not in SITE_STATES:
                raise UserError(
                    self.env._("To patrol %(case)s it must be an active site.", case=inspection.renovation_id.name)
                )

    def _fill_checklist(self):
        Point = self.env["pm.renovation.control.point"]
        Check = self.env["pm.renovation.check"]
        Check.create(
            [
                {**line, "inspection_id": inspection.id, "property_id": inspection.property_id.id}
                for inspection in self
                for line in Check._prepare_from_points(
                    Point._applicable(
                        "acceptance" if inspection.kind == "acceptance" else "patrol", inspection.renovation_id
                    )
                )
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
            if inspection.kind == "acceptance" and inspection.renovation_id.state != "completion_notified":
                raise UserError(
                    self.env._(
                        "To hold the acceptance of %(case)s you must have completion notified first.",
                        case=inspection.renovation_id.name,
                    )
                )
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
            if inspection.kind == "acceptance":
                # sudo: the engineer holds the acceptance, the clock belongs to the case he may only read
                inspection.renovation_id.sudo()._meet_deadline("acceptance", at=inspection.done_at)

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
        """Patrols of past days that nobody did stay visible as missed."""
        self.search(
            [
                ("property_id", "=", prop.id),
                ("kind", "=", "patrol"),
                ("state", "=", "planned"),
                ("date", "<", today),
            ]
        )._set_state("missed")
