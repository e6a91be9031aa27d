from datetime import timedelta

from odoo import api, fields, models


class PmTicketRepeat(models.Model):
    """A complaint about the same thing from the same unit within some days is no new one: it is recognised and escalated.

    Source: S4-94, S0-161; the number of days is a setting.
    """

    _inherit = "pm.ticket"

    _repeat_index = models.Index(
        "(unit_id, category_id, received_at) WHERE type_code = 'complaint' AND unit_id IS NOT NULL AND category_id IS NOT NULL"
    )

    repeat_of_id = fields.Many2one(
        "pm.ticket", string="Repeat Of", readonly=True, copy=False, index="btree_not_null", help="The complaint before."
    )
    repeat_count = fields.Integer(
        string="Complaints Before",
        readonly=True,
        copy=False,
        help="Complaints of the unit about the same category within the days of the setting.",
    )

    def _get_protected(self):
        return super()._get_protected() | {"repeat_of_id", "repeat_count"}

    @api.model_create_multi
    def create(self, vals_list):
        tickets = super().create(vals_list)
        tickets._recognise_repeats()
        return tickets

    def write(self, vals):
        result = super().write(vals)
        if {"unit_id", "category_id", "type_id"} & vals.keys():
            self.filtered(lambda ticket: ticket.state in ("new", "assigned", "in_progress"))._recognise_repeats()
        return result

    def _recognise_repeats(self):
        """Count the complaints before, one query for all, and start the clock of those that repeat one."""
        mine = self.filtered(
            lambda ticket: ticket.type_code == "complaint"
            and ticket.unit_id
            and ticket.category_id
            and not ticket.repeat_count
        )
        days = self._get_limit("repeat_days")
        if not mine or not days:
            return
        since = min(mine.mapped("received_at")) - timedelta(days=days)
        # sudo: a complaint counts, whoever may open it
        before = self.sudo().search(
            [
                ("type_code", "=", "complaint"),
                ("unit_id", "in", mine.unit_id.ids),
                ("category_id", "in", mine.category_id.ids),
                ("received_at", ">=", since),
                ("state", "not in", ("invalid", "cancelled")),
            ],
            order="received_at, id",
        )
        repeats = self.browse()
        for ticket in mine:
            earliest = ticket.received_at - timedelta(days=days)
            found = before.filtered(
                lambda other, ticket=ticket, earliest=earliest: other.unit_id == ticket.unit_id
                and other.category_id == ticket.category_id
                and earliest <= other.received_at
                and (other.received_at, other.id) < (ticket.received_at, ticket.id)
            )
            if found:
                ticket._write_protected({"repeat_count": len(found), "repeat_of_id": found[-1].id})
                repeats |= ticket
        repeats._deadline_event("repeated")
