from odoo import api, fields, models


class PmTicketType(models.Model):
    _inherit = "pm.ticket.type"

    needs_acceptance = fields.Boolean(
        string="Work Is Accepted",
        help="Closed only after somebody who did not do the work accepted it in writing (S4-41).",
    )


class PmTicketAcceptance(models.Model):
    """Repairs are accepted by somebody who did not do them; the acceptance report is printed. Source: S4-41."""

    _inherit = "pm.ticket"

    acceptance_note = fields.Text(copy=False, help="What was looked at, and with which result.")
    accepted_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    accepted_at = fields.Datetime(readonly=True, copy=False)

    @api.model
    def _get_protected(self):
        return super()._get_protected() | {"accepted_by_id", "accepted_at"}

    def action_accept(self):
        """Accept the work: looked at, in order."""
        user = self.env.user
        for ticket in self:
            ticket._require(
                ticket.state in ("handled", "followed_up"), self.env._("to accept the work it must be finished.")
            )
            ticket._require((ticket.acceptance_note or "").strip(), self.env._("write what was looked at (S4-41)."))
            # sudo: all who worked on it count, whoever may read their visits
            workers = ticket.sudo().appointment_ids.user_id | ticket.handled_by_id | ticket.user_id
            ticket._require(
                self.env.su or user not in workers, self.env._("whoever did the work does not accept it (S4-41).")
            )
            ticket._write_protected({"accepted_by_id": user.id, "accepted_at": fields.Datetime.now()})

    def _guard_closed(self):
        super()._guard_closed()
        self._require(
            not self.type_id.needs_acceptance or self.accepted_at,
            self.env._("the work must be accepted before it is closed (S4-41)."),
        )

    def _guard_reopened(self):
        super()._guard_reopened()
        # What is done anew is accepted anew
        self._write_protected({"accepted_by_id": False, "accepted_at": False})
