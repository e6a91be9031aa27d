from odoo import api, fields, models
from odoo.exceptions import UserError


class PmFourEyesAmount(models.AbstractModel):
    """A document whose amount decides who approves it, by the levels of approval of its purpose."""

    _name = "pm.four.eyes.amount"
    _description = "Approved by Amount"
    _inherit = ["pm.four.eyes", "mail.thread", "mail.activity.mixin"]

    _approval_purpose = ""
    """Purpose of the levels of approval."""
    _approval_amount = "amount"
    """Field of the amount that they go by."""

    level_id = fields.Many2one("pm.approval.level", "Approved by whom", compute="_compute_level_id")
    may_decide = fields.Boolean(compute="_compute_may_decide", help="The amount is for the user to approve.")

    @api.depends("name")
    def _compute_display_name(self):
        for record in self:
            # The number comes with the application: until then it is a draft, and not “/”.
            record.display_name = record.name if record.name != "/" else self.env._("Draft")

    @api.depends(lambda self: (self._approval_amount, "company_id"))
    def _compute_level_id(self):
        levels = self.env["pm.approval.level"]
        for record in self:
            try:
                # A form that has just been opened has no company yet.
                record.level_id = levels._level_for(*record._approval_case()) if record.company_id else False
            except UserError:
                record.level_id = False

    @api.depends(lambda self: (self._approval_amount, "company_id", "author_id"))
    @api.depends_context("uid")
    def _compute_may_decide(self):
        levels = self.env["pm.approval.level"]
        for record in self:
            record.may_decide = bool(record.company_id) and levels._may_approve(
                *record._approval_case(), record.author_id
            )

    def _approval_case(self):
        """Purpose, amount and company, by which the level is found."""
        return self._approval_purpose, self[self._approval_amount], self.company_id

    def _check_may_decide(self):
        """:raises AccessError: the amount is decided by somebody else; :raises UserError: the user prepared it himself"""
        self.ensure_one()
        self.env["pm.approval.level"]._check_may_approve(*self._approval_case(), self.author_id)

    def _ask_to_decide(self, summary):
        """Give an activity to one who may approve; somebody of the property goes first.

        :param str summary: what he is to do, translated
        """
        self.ensure_one()
        purpose, amount, _company = self._approval_case()
        approver = self.env["pm.approval.level"]._approver_for(purpose, amount, self.property_id, self.author_id)
        if approver:
            self.activity_schedule("mail.mail_activity_data_todo", user_id=approver.id, summary=summary)
