from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import plaintext2html

from .pm_ticket import OPEN_STATES


class PmTicketLink(models.Model):
    """Tickets that belong together: linked, or merged because one household asked for the same thing twice.

    Merging never crosses households: the customer of the merged ticket follows the other one, which he must be allowed
    to see. Neighbours with the same trouble are linked, or tied to an incident.
    """

    _inherit = "pm.ticket"

    link_ids = fields.Many2many(
        "pm.ticket", "pm_ticket_link_rel", "ticket_id", "other_id", string="Linked Tickets", copy=False
    )
    merged_into_id = fields.Many2one(
        "pm.ticket", string="Merged Into", readonly=True, copy=False, index="btree_not_null", tracking=True
    )
    merged_ids = fields.One2many("pm.ticket", "merged_into_id", string="Merged Tickets", readonly=True)

    def _get_protected(self):
        return super()._get_protected() | {"merged_into_id", "link_ids", "merged_ids"}

    def action_link(self, other):
        """Link the tickets with ``other``, in both directions.

        :raises UserError: a ticket with itself
        """
        (self | other).check_access("write")
        for ticket in self:
            ticket._require(ticket != other, self.env._("a ticket is not linked with itself."))
            ticket._write_protected({"link_ids": [(4, other.id)]})
            other._write_protected({"link_ids": [(4, ticket.id)]})

    def action_unlink_link(self, other):
        """Take the link with ``other`` away again, in both directions."""
        (self | other).check_access("write")
        for ticket in self:
            ticket._write_protected({"link_ids": [(3, other.id)]})
            other._write_protected({"link_ids": [(3, ticket.id)]})

    def _check_mergeable(self, master):
        """Say why the ticket cannot be merged into ``master``.

        :raises UserError: naming what is in the way and what to do instead
        :raises AccessError: a complaint would vanish in something that is none
        """
        self.ensure_one()
        self._require(self != master, self.env._("a ticket is not merged into itself."))
        self._require(
            self.state in OPEN_STATES and master.state in OPEN_STATES, self.env._("only open tickets are merged.")
        )
        self._require(self.property_id == master.property_id, self.env._("only tickets of one property are merged."))
        same_unit = self.unit_id and self.unit_id == master.unit_id
        same_customer = (
            self.partner_id and self.partner_id.commercial_partner_id == master.partner_id.commercial_partner_id
        )
        self._require(
            same_unit or same_customer,
            self.env._(
                "tickets of two households are not merged, each customer hears of his own: link them, or tie both to an incident."
            ),
        )
        if self.type_code == "complaint" and master.type_code != "complaint":
            if not self.env.user.has_group("pm_base.group_supervisor"):
                raise AccessError(
                    self.env._(
                        "%(ticket)s: only a supervisor merges a complaint into something that is none.",
                        ticket=self.number,
                    )
                )
        if self.appointment_ids.filtered(lambda visit: visit.state in ("planned", "arrived")):
            raise UserError(self.env._("%(ticket)s: call off its visit before you merge it.", ticket=self.number))

    def action_merge(self, master):
        """Merge the tickets into ``master``: texts and files go along, they themselves end as cancelled, with the reason.

        :raises UserError: see _check_mergeable
        """
        (self | master).check_access("write")
        for ticket in self:
            ticket._check_mergeable(master)
        for ticket in self:
            text = "\n".join(part for part in (ticket.name, ticket.description) if part)
            master.message_post(
                body=plaintext2html(
                    self.env._(
                        "Merged with %(ticket)s of %(date)s (%(customer)s): %(text)s",
                        ticket=ticket.number,
                        date=fields.Datetime.context_timestamp(
                            self.with_context(tz=ticket.property_id.tz), ticket.received_at
                        ).strftime("%Y-%m-%d %H:%M"),
                        customer=ticket.contact_name or ticket.unit_id.name or ticket.location or "–",
                        text=text,
                    )
                ),
                subtype_xmlid="mail.mt_note",
            )
            # sudo: the files of a ticket are the ticket's, whoever put them there
            files = (
                self.env["ir.attachment"]
                .sudo()
                .search([("res_model", "=", self._name), ("res_id", "=", ticket.id), ("res_field", "=", False)])
            )
            for file in files:
                file.copy({"res_id": master.id})
            ticket._write_protected(
                {
                    "merged_into_id": master.id,
                    "stop_reason": self.env._("Merged into %s", master.number),
                }
            )
            ticket._transition("cancelled")
            urges = master.urge_count + 1 + ticket.urge_count
            master._write_protected({"urge_count": urges, "urged_at": fields.Datetime.now()})
        self.action_link(master)

    def _notify_handled(self):
        """Whoever asked for the same in a ticket that was merged hears the result as well."""
        super()._notify_handled()
        templates = [f"pm_customer_service.{kind}_template_ticket_handled" for kind in ("mail", "sms")]
        for ticket in self.filtered(lambda ticket: ticket.type_id.needs_feedback):
            # sudo: the program writes to them, whoever made the step
            for customer in ticket.sudo().merged_ids.partner_id - ticket.sudo().partner_id:
                self.env["pm.message"].sudo()._enqueue_template(
                    "service",
                    templates,
                    ticket.sudo(),
                    f"ticket-handled/{ticket.reopen_count}/{customer.id}",
                    partner=lambda __, customer=customer: customer,
                )

    def action_choose_merge(self):
        return self._action_choose("merge", self.env._("Merge Into Another Ticket"))

    def action_choose_link(self):
        return self._action_choose("link", self.env._("Link With Another Ticket"))

    def _action_choose(self, step, title):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "pm.ticket.link",
            "view_mode": "form",
            "target": "new",
            "context": {"default_ticket_ids": self.ids, "default_step": step},
        }
