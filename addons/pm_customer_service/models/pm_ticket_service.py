from odoo import fields, models

from .pm_service_order import OPEN_STATES


class PmTicketType(models.Model):
    _inherit = "pm.ticket.type"

    code = fields.Selection(selection_add=[("service", "Paid service")], ondelete={"service": "set default"})


class PmTicket(models.Model):
    """A ticket with a paid order is handled by doing the order: consent and signature are not gone around (S1-56)."""

    _inherit = "pm.ticket"

    type_code = fields.Selection(selection_add=[("service", "Paid service")], ondelete={"service": "set null"})
    service_order_ids = fields.One2many("pm.service.order", "ticket_id", string="Service Orders")

    def _guard_handled(self):
        super()._guard_handled()
        # sudo: whether an order is open is asked of those as well who may not read it
        pending = self.sudo().service_order_ids.filtered(lambda order: order.state in OPEN_STATES)
        self._require(
            not pending,
            self.env._("finish or cancel the service order %s first.", ", ".join(pending.mapped("name"))),
        )


class PmProperty(models.Model):
    _inherit = "pm.property"

    _reconcile_hour = models.Constraint(
        "CHECK (reconcile_hour > 0 AND reconcile_hour <= 24)", "The hour of reconciliation lies between 0:00 and 24:00."
    )

    reconcile_hour = fields.Float(
        string="Orders Reconciled By",
        default=12.0,
        help="Hour of the next working day by which the departments reconcile their service orders (S1-78).",
    )
