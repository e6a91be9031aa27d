from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date


class PmDunningRun(models.Model):
    """What one run made in one property. It can be undone as long as nothing has left the house."""

    _name = "pm.dunning.run"
    _description = "Reminder Run"
    _order = "date desc, id desc"

    _pause_index = models.Index("(property_id, resume_on) WHERE state = 'undone'")

    property_id = fields.Many2one("pm.property", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(required=True, readonly=True)
    user_id = fields.Many2one("res.users", "Started By", readonly=True)
    action_ids = fields.One2many("pm.dunning.action", "run_id", "Actions", readonly=True)
    action_count = fields.Integer("Actions", readonly=True)
    case_count = fields.Integer("Households", readonly=True)
    amount = fields.Monetary("Overdue", readonly=True, help="Of the households reminded.")
    state = fields.Selection([("done", "Done"), ("undone", "Undone")], required=True, default="done", readonly=True)
    undo_reason = fields.Char(readonly=True)
    undone_by_id = fields.Many2one("res.users", readonly=True)
    resume_on = fields.Date("Next Run On", readonly=True, help="Until this day the property has no daily run.")

    @api.depends("property_id", "date")
    def _compute_display_name(self):
        for run in self:
            run.display_name = f"{run.property_id.code} {format_date(self.env, run.date)}" if run.date else ""

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(self.env._("Runs are part of the collection record and are never deleted (S0-133)."))

    @api.model
    def _start_sql(self, prop, today):
        """The record of a run about to make its actions, as an INSERT … SELECT to which a condition and RETURNING are added;
        a run that finds nothing to do is not written. See :meth:`_finish`.
        """
        return SQL(
            """
            INSERT INTO pm_dunning_run
                   (property_id, company_id, date, user_id, state, create_uid, create_date, write_uid, write_date)
            SELECT %(property)s, %(company)s, %(today)s::date, %(uid)s, 'done', %(uid)s, %(now)s, %(uid)s, %(now)s
            """,
            property=prop.id,
            company=prop.company_id.id,
            today=today,
            uid=self.env.uid,
            now=fields.Datetime.now(),
        )

    def _finish(self, rows):
        """Write down what the run made.

        :param rows: (action id, case id, amount overdue) of each new action
        :return: the run; empty when it made nothing, as others were quicker: such a run leaves no record
        """
        self.ensure_one()
        if not rows:
            self.flush_recordset()
            self.env.cr.execute(SQL("DELETE FROM pm_dunning_run WHERE id = %s", self.id))
            self.invalidate_recordset(flush=False)
            return self.browse()
        amounts = {case_id: amount for _action_id, case_id, amount in rows}
        self.write({"action_count": len(rows), "case_count": len(amounts), "amount": sum(map(float, amounts.values()))})
        self.invalidate_recordset(["action_ids"])
        return self

    @api.model
    def _paused_until(self, prop, today):
        """The day until which an undone run holds the daily run back, or None."""
        run = self.search(
            [("property_id", "=", prop.id), ("state", "=", "undone"), ("resume_on", ">", today)],
            order="resume_on desc",
            limit=1,
        )
        return run.resume_on or None

    def _left_the_house(self):
        """Actions of these runs of which something has reached the debtor, counsel or an approver's decision."""
        actions = self.action_ids.filtered(lambda action: action.state != "cancelled")
        # sudo: whoever may undo a run asks what became of its messages
        sent = (
            self.env["pm.message"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "pm.dunning.action"),
                    ("res_id", "in", actions.ids),
                    "|",
                    ("state", "in", ("sent", "handed")),
                    ("reason", "=", "unknown"),
                ]
            )
        )
        sent = sent.filtered(lambda message: message.state == "sent" or not message._is_waiting())
        called = self.env["pm.dunning.call"].sudo().search([("action_ids", "in", actions.ids), ("state", "=", "done")])
        return actions.filtered(
            lambda action: action.state in ("done", "at_counsel")
            or action.sent_on
            or action.id in set(sent.mapped("res_id"))
            or action in called.action_ids
        )

    def _undo(self, reason, resume_on):
        """Cancel what these runs made; the actions may be made again by a later run.

        :param date resume_on: first day with a run again
        :raise UserError: something has left the house already; it names the first
        """
        self.env["pm.dunning.case"]._check_may_run()
        self.check_access("read")
        for run in self:
            if run.state != "done":
                raise UserError(self.env._("Run %s is undone already.", run.display_name))
            # sudo: the steps are written by the program only; who may undo was checked above
            run = run.sudo()
            gone = run._left_the_house()
            if gone:
                raise UserError(
                    self.env._(
                        "Run %(run)s cannot be undone: %(count)s of its reminders have left the house, such as %(action)s."
                        " Cancel the others one by one.",
                        run=run.display_name,
                        count=len(gone),
                        action=gone[0].display_name,
                    )
                )
            actions = run.action_ids.filtered(lambda action: action._is_open())
            actions._cancel(reason)
            run.action_ids.write({"undone": True})
            run.write({"state": "undone", "undo_reason": reason, "undone_by_id": self.env.uid, "resume_on": resume_on})

    def action_undo(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.dunning.undo",
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Undo Run"),
            "context": {"default_run_id": self.id},
        }

    def action_open_actions(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_fees.pm_dunning_action_action")
        return {**action, "domain": [("run_id", "=", self.id)], "context": {}}
