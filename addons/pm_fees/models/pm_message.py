from odoo import models

_FINAL = ("sent", "failed", "skipped", "cancelled")


class PmMessage(models.Model):
    """Reminders hear what became of their messages, without asking for each."""

    _inherit = "pm.message"

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
        return dict(self._fields["channel"]._description_selection(self.env)).get(self.channel, "")
