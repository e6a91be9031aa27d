from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.pm_base.tools.labels import selection_label

# Nothing more happens to such a ticket; a closed one may be reopened.
KEPT_STATES = ("closed", "invalid", "cancelled")
# What was asked, who answered for it, and what came of it. Why it came to it, and the butler, may still be put right.
KEPT = frozenset(
    {
        *("name", "description", "category_id", "channel", "severity", "is_common_part", "location"),
        *("property_id", "unit_id", "zone_id", "partner_id", "contact_name", "contact_phone", "contact_email"),
        *("user_id", "team_id", "vendor_id", "promised_date", "agreed_action", "outcome", "explanation", "solution"),
        *("decision", "decision_reason", "customer_opinion", "stop_reason", "scope", "validity", "acceptance_note"),
    }
)


class PmTicket(models.Model):
    """What a ticket tells once it is over is a record: whoever wants it otherwise reopens it, and is seen to (S2-03)."""

    _inherit = "pm.ticket"

    def write(self, vals):
        changed = KEPT & vals.keys()
        if changed and not self.env.su and (kept := self.filtered(lambda ticket: ticket.state in KEPT_STATES)[:1]):
            raise UserError(
                self.env._(
                    "Ticket %(ticket)s is “%(state)s”: %(fields)s stay as recorded. Reopen it, or record a new ticket.",
                    ticket=kept.number,
                    state=selection_label(kept, "state"),
                    fields=", ".join(self._fields[name]._description_string(self.env) for name in sorted(changed)),
                )
            )
        return super().write(vals)

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """The form offers no field for typing that `write` would refuse."""
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form":
            for node in arch.xpath("//field[@name][not(ancestor::field)][not(@readonly)]"):
                if node.get("name") in KEPT:
                    node.set("readonly", f"state in {KEPT_STATES}")
        return arch, view
