import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.pm_base.tools.labels import selection_label

from .pm_legal_term import KINDS

_logger = logging.getLogger(__name__)


class PmLegalDate(models.Model):
    """A day of a legal case that must not be missed: hearings, ends of terms, with alarms (S0-138, L-14)."""

    _name = "pm.legal.date"
    _description = "Date of a Legal Case"
    _order = "date, id"

    _open_index = models.Index("(date) WHERE done_on IS NULL")

    case_id = fields.Many2one("pm.legal.case", required=True, index=True, ondelete="restrict")
    property_id = fields.Many2one(related="case_id.property_id", store=True, precompute=True)
    company_id = fields.Many2one(related="case_id.company_id", store=True, precompute=True)
    counsel_id = fields.Many2one(related="case_id.counsel_id", store=True, precompute=True)
    term_id = fields.Many2one("pm.legal.term", readonly=True, ondelete="restrict")
    kind = fields.Selection(KINDS, required=True, default="hearing")
    name = fields.Char("What", required=True)
    date = fields.Date(required=True)
    place = fields.Char()
    done_on = fields.Date(readonly=True)
    done_by_id = fields.Many2one("res.users", readonly=True)
    note = fields.Char()
    alarm = fields.Integer(
        "Warned Before (days)",
        readonly=True,
        default=-1,
        help="Days before the date of the last warning; -1: none yet.",
    )
    is_late = fields.Boolean(compute="_compute_is_late")

    @api.depends("name", "case_id.unit_id.name")
    def _compute_display_name(self):
        for row in self:
            row.display_name = " ".join(filter(None, [row.case_id.unit_id.name, row.name]))

    @api.depends("date", "done_on", "case_id.state")
    @api.depends_context("tz")
    def _compute_is_late(self):
        today = fields.Date.context_today(self)
        for row in self:
            waits = not row.done_on and row.case_id.state != "closed"
            row.is_late = bool(row.date and waits and row.date < today)

    @api.onchange("kind")
    def _onchange_kind(self):
        self.name = self.name or selection_label(self, "kind")

    def write(self, vals):
        if not self.env.su:
            if vals.keys() & {"term_id", "done_on", "done_by_id", "alarm"}:
                raise UserError(self.env._("Press “Done” to record that a date was kept."))
            if any(row.term_id or row.done_on for row in self) and vals.keys() & {"date", "kind", "case_id"}:
                raise UserError(self.env._("A date of the law follows from the days of the case; change those."))
        if "date" in vals:
            vals = {**vals, "alarm": -1}
        return super().write(vals)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [
                {
                    name: value
                    for name, value in vals.items()
                    if name not in ("term_id", "done_on", "done_by_id", "alarm")
                }
                for vals in vals_list
            ]
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _keep_law(self):
        if not self.env.su and any(row.term_id or row.done_on for row in self):
            raise UserError(self.env._("Only dates that were entered by hand and are not over can be deleted."))

    def action_done(self):
        self.check_access("write")
        for row in self.filtered(lambda row: not row.done_on):
            # sudo: who kept it and when is recorded here only
            row.sudo().write({"done_on": row.property_id._today(), "done_by_id": self.env.uid})
        self.case_id.sudo()._end_alarms()
        return True

    # -- alarms --------------------------------------------------------------------------------------------------------

    def _alarm_days(self):
        """Days before the date on which people are warned, the earliest first."""
        # sudo: the term counts, whoever may read the list of terms
        term = self.term_id or self.env["pm.legal.term"].sudo().search([("kind", "=", self.kind)], limit=1)
        return term._alarm_days() if term else [7, 1]

    @api.model
    def _cron_alarms(self):
        """Daily: warn counsel and project manager of dates that draw near; after days without a run once, not thrice."""
        rows = self.search([("done_on", "=", False), ("case_id.state", "!=", "closed")])
        for row in rows:
            try:
                with self.env.cr.savepoint():
                    row._warn(row.property_id._today())
            except Exception:  # one case's trouble is not another's
                _logger.exception("Alarm of legal date %s failed", row.id)
        self.env["pm.charge.limitation"]._warn_all()

    def _warn(self, today):
        """Schedule the warning that is due, unless it was given."""
        self.ensure_one()
        passed = [days for days in self._alarm_days() if fields.Date.subtract(self.date, days=days) <= today]
        if not passed:
            return
        nearest = min(passed)
        if 0 <= self.alarm <= nearest:
            return
        for user in self.case_id.counsel_id | self.property_id.manager_id:
            self.case_id.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=user.id,
                date_deadline=self.date,
                summary=self.env._("%(what)s on %(day)s", what=self.name, day=format_date(self.env, self.date)),
            )
        self.alarm = nearest
