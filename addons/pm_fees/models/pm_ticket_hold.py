from odoo import fields, models


class PmTicket(models.Model):
    """A ticket about a disputed bill: when it is closed the hold on the reminders ends by itself (S3-26)."""

    _inherit = "pm.ticket"

    dunning_hold_ids = fields.One2many(
        "pm.dunning.hold",
        "ticket_id",
        string="Reminder Holds",
        groups="pm_base.group_officer,pm_base.group_accountant,pm_base.group_leadership",
    )

    def _transition(self, target):
        over = ("closed", "invalid", "cancelled")
        reopened = self.filtered(lambda ticket: ticket.state in over and target not in over)
        result = super()._transition(target)
        # sudo: whoever works on the ticket need not be a collector
        if target in over:
            holds = self.sudo().dunning_hold_ids.filtered(lambda hold: hold.state == "active")
            for ticket, ended in holds.grouped("ticket_id").items():
                ended._lift(self.env._("Ticket %s is closed", ticket.number))
        elif reopened:
            reopened.sudo().dunning_hold_ids._revive()
        return result
