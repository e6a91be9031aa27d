from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class PmApprovalLevel(models.Model):
    """From which amount on who must approve (审批权限): a bad debt written off, money paid back.

    The level with the highest amount not above the sum decides. Never the person who asked for it. The amounts are the
    house's own: the handbook asks for approval without naming any.
    """

    _name = "pm.approval.level"
    _description = "Approval Level"
    _order = "purpose, amount_from desc, id"
    _rec_name = "group_id"

    _once = models.UniqueIndex(
        "(purpose, amount_from, COALESCE(company_id, 0))", "There is a level for this purpose and amount."
    )
    _not_negative = models.Constraint("CHECK (amount_from >= 0)", "An amount to approve cannot be negative.")

    purpose = fields.Selection(
        [("write_off", "Write-off of bad debts"), ("refund", "Refund of fees")], required=True, default="write_off"
    )
    company_id = fields.Many2one("res.company", index=True, help="Empty: every company without levels of its own.")
    amount_from = fields.Float("From the amount of", digits=(16, 2), help="In the company's currency.")
    group_id = fields.Many2one("res.groups", "Approved By", required=True, ondelete="restrict")
    source = fields.Char(translate=True, help="Where the rule comes from.")

    @api.model
    def _level_for(self, purpose, amount, company):
        """The level that decides about an amount.

        :raises UserError: when no level is set up
        """
        # sudo: the rule holds for those who may not read it, too
        levels = self.sudo().search([("purpose", "=", purpose), ("company_id", "in", (company.id, False))])
        levels = levels.filtered("company_id") or levels
        for level in levels.sorted("amount_from", reverse=True):
            if company.currency_id.compare_amounts(amount, level.amount_from) >= 0:
                return level
        raise UserError(
            self.env._(
                "Nobody may approve %(amount)s: to go on, a manager must set up an approval level (Fees → Configuration).",
                amount=company.currency_id.format(amount),
            )
        )

    @api.model
    def _check_may_approve(self, purpose, amount, company, author):
        """:raises AccessError: the user lacks the group of the level, or asked for it himself"""
        level = self._level_for(purpose, amount, company)
        if author == self.env.user:
            raise AccessError(self.env._("You asked for this yourself: somebody else must approve it."))
        if level.group_id not in self.env.user.all_group_ids:
            raise AccessError(
                self.env._(
                    "To approve %(amount)s you must be: %(group)s.",
                    amount=company.currency_id.format(amount),
                    group=level.group_id.name,
                )
            )

    @api.model
    def _may_approve(self, purpose, amount, company, author):
        """Whether `_check_may_approve` lets the user decide: what he may not do, no screen offers him."""
        try:
            self._check_may_approve(purpose, amount, company, author)
        except UserError:  # or AccessError, which is one
            return False
        return True

    @api.model
    def _approver_for(self, purpose, amount, prop, author):
        """Somebody of the property who may approve an amount, to be asked by an activity; nobody when there is none."""
        group = self._level_for(purpose, amount, prop.company_id).group_id
        return (prop._staff(group) - author)[:1]
