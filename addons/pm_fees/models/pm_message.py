from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.pm_base.tools.labels import selection_label

_FINAL = ("sent", "failed", "skipped", "cancelled")


class PmMessage(models.Model):
    """Reminders hear what became of their messages, without asking for each."""

    _inherit = "pm.message"

    # For the record rule: a counsel sees the messages of the cases that he was given, and no others (L-08).
    dunning_counsel_id = fields.Many2one(
        "res.users", "Counsel of the Arrears", compute="_compute_dunning_counsel", search="_search_dunning_counsel"
    )

    @api.depends("res_model", "res_id")
    def _compute_dunning_counsel(self):
        own = self.filtered(lambda message: message.res_model == "pm.dunning.action")
        # sudo: the rule asks for whoever reads
        actions = self.env["pm.dunning.action"].sudo().browse(own.mapped("res_id")).exists()
        counsels = {action.id: action.case_id.counsel_id for action in actions}
        for message in self:
            message.dunning_counsel_id = counsels.get(message.res_id) if message in own else False

    @api.model
    def _search_dunning_counsel(self, operator, value):
        if operator not in ("=", "in"):
            return NotImplemented
        # sudo: as above
        actions = self.env["pm.dunning.action"].sudo()._search([("case_id.counsel_id", operator, value)])
        return Domain("res_model", "=", "pm.dunning.action") & Domain("res_id", "in", actions)

    def _transition(self, state, **vals):
        result = super()._transition(state, **vals)
        if state in _FINAL:
            ids = [message.res_id for message in self if message.res_model == "pm.dunning.action"]
            if ids:
                # sudo: the mail and SMS queues report without a user
                self.env["pm.dunning.action"].sudo().browse(ids).exists()._settle_messages()
        return result

    def _tz_date(self, moment):
        """The day of a moment where the property is."""
        self.ensure_one()
        return self.property_id._local_date(moment) if moment and self.property_id else moment and moment.date()

    def _channel_name(self):
        self.ensure_one()
        return selection_label(self, "channel")
