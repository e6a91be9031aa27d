from odoo import SUPERUSER_ID, fields, models
from odoo.addons.rating.models.rating_data import RATING_LIMIT_OK

from .pm_ticket import MAX_TEXT


class PmTicket(models.Model):
    _inherit = "pm.ticket"

    # A new ticket has none: no query, no second write.
    rating_last_value = fields.Float(
        compute="_compute_rating_last_value", compute_sudo=True, store=True, precompute=True
    )

    def rating_apply(self, rate, **kwargs):
        """A dissatisfied rating by the link is a dissatisfied customer: it reopens the ticket, as a follow-up does.

        See ``mail.thread.rating_apply`` for the arguments.
        """
        rating = super().rating_apply(rate, **kwargs)
        for ticket in self:
            if rate < RATING_LIMIT_OK and ticket.state in ("handled", "followed_up", "closed"):
                # The words are the customer's own; the step they cause is the program's.
                own = ticket.with_user(SUPERUSER_ID)
                words = (kwargs.get("feedback") or "").strip()[:MAX_TEXT]
                own.env["pm.followup"].create(
                    {
                        "ticket_id": own.id,
                        "user_id": False,
                        "method": "rating",
                        "satisfied": "dissatisfied",
                        "words": words or own.env._("Rated as dissatisfied, without words."),
                    }
                )
        return rating
