from odoo import api, fields, models
from odoo.fields import Domain


class PmZoneOffer(models.AbstractModel):
    """Offered in some kinds of zones only: what offices ask for is no business of the car park. Source: S0-03."""

    _name = "pm.zone.offer"
    _description = "Offered by Kind of Zone"

    need_ids = fields.Many2many(
        "pm.zone.need",
        string="Only for Needs",
        help="Offered only in zones with one of these service needs (S0-03). Empty: everywhere.",
    )

    @api.model
    def _offered_domain(self, zones):
        """Return the domain of what is offered in ``zones``; without any zone, everything."""
        if not zones:
            return Domain.TRUE
        # sudo: what is offered in a zone does not depend on who may read the zone
        return Domain("need_ids", "=", False) | Domain("need_ids", "in", zones.sudo().need_ids.ids)


class PmTicketCategory(models.Model):
    _name = "pm.ticket.category"
    _inherit = ["pm.ticket.category", "pm.zone.offer"]


class PmServiceItem(models.Model):
    _name = "pm.service.item"
    _inherit = ["pm.service.item", "pm.zone.offer"]

    def _is_offered_in(self, zone):
        """Tell whether the service can be ordered for a unit of ``zone`` (may be empty)."""
        # sudo: what is offered in a zone does not depend on who may read the zone
        return not zone or not self.need_ids or bool(self.need_ids & zone.sudo().need_ids)


class PmTicket(models.Model):
    _inherit = "pm.ticket"

    zone_need_ids = fields.Many2many(related="unit_id.zone_id.need_ids", string="Service Needs of the Zone")
