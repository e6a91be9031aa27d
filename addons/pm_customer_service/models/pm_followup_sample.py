import math

from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.fields import Domain

# The first days of a month still complete the sample of the month before.
LATE_DAYS = 3


class PmTicket(models.Model):
    """The sample of tickets to follow up: drawn by lot when a ticket is handled, completed to the full share every day.

    A lot below the type's percentage is drawn at once. Chance may leave a month below the percentage (S4-06 asks for *at
    least* 25 %), so each day the lowest lots not yet drawn are added until the share of the month is reached. Whoever
    knows the seed finds the same tickets again; whoever does not cannot choose or foresee them.
    """

    _inherit = "pm.ticket"

    _sample_index = models.Index("(property_id, type_id, handled_at) WHERE handled_at IS NOT NULL")

    sample_lot = fields.Float(
        string="Lot (%)",
        digits=(5, 2),
        compute="_compute_sample_lot",
        groups="pm_base.group_supervisor",
        help="The ticket's lot for the follow-up sample; the lowest are drawn. Shown once the ticket is handled.",
    )

    @api.depends("number", "handled_at")
    def _compute_sample_lot(self):
        for ticket in self:
            ticket.sample_lot = 100 * ticket.type_id._sample_draw(ticket.number) if ticket.handled_at else 0

    @api.model
    def _cron_complete_sample(self):
        """Complete the samples of the month, and of the month before during its first days, property by property."""
        self.env["ir.cron"]._each_property(self._complete_sample, "follow-up sample")

    @api.model
    def _complete_sample(self, prop):
        """Draw what the samples of ``prop`` lack, and return the tickets drawn. Repeating it draws nothing more."""
        today = prop._today()
        month = today.replace(day=1)
        months = [month - relativedelta(months=1), month] if today.day <= LATE_DAYS else [month]
        drawn = self.browse()
        kinds = self.env["pm.ticket.type"].search([("followup_percent", ">", 0), ("followup_percent", "<", 100)])
        for kind in kinds:
            for first in months:
                drawn |= self._draw_missing(prop, kind, first)
        if drawn:
            drawn._write_protected({"needs_followup": True})
            drawn._start_deadline("followup")
            drawn._plan_followups()
        return drawn

    @api.model
    def _draw_missing(self, prop, kind, first):
        handled = self.search(
            Domain("property_id", "=", prop.id)
            & Domain("type_id", "=", kind.id)
            & Domain("handled_at", ">=", prop._local_midnight_utc(first))
            & Domain("handled_at", "<", prop._local_midnight_utc(first + relativedelta(months=1)))
            & Domain("state", "in", ("handled", "followed_up", "closed"))
        )
        # Whom somebody asked of his own accord has been asked: the sample wants a share, not a certain customer.
        asked = handled.filtered(
            lambda ticket: ticket.needs_followup
            or ticket.followup_ids.filtered(lambda followup: followup.satisfied != "unreachable")
        )
        lacking = math.ceil(round(len(handled) * kind.followup_percent / 100, 6)) - len(asked)
        if lacking <= 0:
            return self.browse()
        return (handled - asked).sorted(lambda ticket: kind._sample_draw(ticket.number))[:lacking]
