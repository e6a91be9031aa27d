from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class PmDunningStep(models.TransientModel):
    """Make one step of the ladder by hand, such as a notice between two months, or a refused letter once more."""

    _name = "pm.dunning.step"
    _description = "Make a Reminder by Hand"

    case_id = fields.Many2one("pm.dunning.case", required=True, readonly=True)
    policy_id = fields.Many2one(related="case_id.policy_id")
    level_id = fields.Many2one("pm.dunning.level", required=True, domain="[('policy_id', '=', policy_id)]")

    def action_confirm(self):
        """Make the step for this month; a legal one waits for approval as always.

        :raise UserError: the step of this month exists, one of its level waits or is with the counsel, or the household has
            a hardship hold
        """
        self.ensure_one()
        self.env["pm.dunning.case"]._check_may_run()
        self.case_id.check_access("read")
        # sudo: steps are written by the program; the right was checked
        case = self.case_id.sudo()
        if case.state != "open" or self.level_id.policy_id != case.policy_id:
            raise UserError(self.env._("Choose a level of the policy that this open case follows."))
        waiting = case.action_ids.filtered(
            lambda step: step.level_id == self.level_id and step.state in ("to_approve", "at_counsel")
        )
        if waiting:
            raise UserError(self.env._("%s is still being decided or with the counsel.", waiting[0].display_name))
        today = case.property_id._today()
        plan = SQL(
            """
            SELECT dunning.id AS case_id, level.id AS level_id, level.kind, date_trunc('month', %(today)s::date)::date AS month,
                   dunning.stage, dunning.property_id, dunning.company_id, dunning.partner_id, dunning.unit_id,
                   dunning.amount_due, level.deadline_days,
                   CASE WHEN EXISTS (SELECT FROM pm_dunning_hold hold WHERE hold.case_id = dunning.id AND hold.state = 'active'
                                        AND hold.kind = 'hardship') THEN 'hardship' END AS excluded
              FROM pm_dunning_case dunning JOIN pm_dunning_level level ON level.id = %(level)s
             WHERE dunning.id = %(case)s
            """,
            today=today,
            level=self.level_id.id,
            case=case.id,
        )
        made = case._insert_actions(plan, case.property_id, today)
        if not made:
            raise UserError(
                self.env._("This month's step of that level exists already, or the household has a hardship hold.")
            )
        made._dispatch()
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.dunning.action",
            "res_id": made.id,
            "view_mode": "form",
        }
