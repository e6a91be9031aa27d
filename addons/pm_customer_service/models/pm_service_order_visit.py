from odoo import api, fields, models

from .pm_appointment import OPEN


class PmServiceOrder(models.Model):
    """An order on its way is a visit in the technician's calendar: nobody is promised to two customers at one time (S1-75).

    Whoever moves one of the two moves the other; the customer hears of a new time once.
    """

    _inherit = "pm.service.order"

    material_ids = fields.One2many(related="ticket_id.material_ids", string="Materials Used")
    photo_ids = fields.One2many(related="ticket_id.photo_ids", string="Photos of the Work")

    def _visit(self, states=OPEN):
        """The open visit of whoever does the order, the one under way first."""
        self.ensure_one()
        # sudo: the plan of the technician decides, whoever may see it
        visits = self.sudo().ticket_id.appointment_ids.filtered(
            lambda visit: visit.user_id == self.user_id and visit.state in states
        )
        return visits.sorted(lambda visit: (visit.state != "arrived", visit.start))[:1]

    def _guard_dispatched(self):
        """Who is on the spot goes on as soon as the customer agrees; a new time is agreed with nobody."""
        if self._visit(("arrived",)):
            self._guard_agreed()
        else:
            super()._guard_dispatched()

    def action_dispatch(self):
        result = super().action_dispatch()
        for order in self:
            visit = order._visit()
            if visit.state == "planned" and visit.start != order.scheduled_at:
                order._move_visit(visit)
            elif not visit:
                # The notice of the order has told the customer who comes and when.
                order.ticket_id.with_context(pm_customer_told=True)._agree_visit(order.user_id, order.scheduled_at)
        return result

    def write(self, vals):
        moved = self.browse()
        if {"user_id", "scheduled_at"} & vals.keys():
            moved = self.filtered(lambda order: order.state in ("agreed", "dispatched", "changed"))
        before = {order.id: order._visit(("planned",)) for order in moved}
        result = super().write(vals)
        for order in moved:
            if order.state == "dispatched":
                order._require(
                    order.user_id and order.scheduled_at, self.env._("who goes and when stays named until it is done.")
                )
            if order.user_id and order.scheduled_at:
                order._move_visit(before[order.id])
        return result

    def _move_visit(self, visit):
        """The visit follows the order: another technician, another time; both of them and the customer are told."""
        self.ensure_one()
        if not visit or (visit.user_id, visit.start) == (self.user_id, self.scheduled_at):
            return
        self._require(
            self.scheduled_at >= fields.Datetime.now(),
            self.env._("the agreed time lies in the past: agree another one."),
        )
        length = visit.stop - visit.start
        # sudo: the right to move the order was checked
        visit.sudo().write({"user_id": self.user_id.id, "start": self.scheduled_at, "stop": self.scheduled_at + length})
        self.ticket_id.sudo().promised_date = self.scheduled_at

    def _agree(self, method, agreed_by, note=None):
        super()._agree(method, agreed_by, note)
        if self._visit(("arrived",)):
            # sudo: the customer may have agreed in the portal; the consent has just been recorded
            self.sudo()._transition("dispatched")
            self.sudo().activity_feedback(["mail.mail_activity_data_todo"])
            self.user_id._bus_send("pm_customer_service.jobs", {"tickets": self.ticket_id.ids})

    def action_tell_again(self):
        """Send the customer the price as it now stands, once for each version of it (S1-76)."""
        self._check_desk()
        for order in self:
            order._require(
                order.state in ("quoted", "changed"),
                self.env._("a price is told again while the customer has not agreed to it."),
            )
            order._check_items()
        self._enqueue_notice("service_quote")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The customer is told the price as it now stands. Record how he agrees."),
            },
        }

    def action_report_change(self):
        """Whoever registered the order is asked to agree the new price."""
        super().action_report_change()
        for order in self:
            clerk = order.create_uid
            if clerk.active and not clerk.share and clerk != self.env.user:
                # sudo: the technician plans no activities of others
                order.sudo().activity_schedule(
                    "mail.mail_activity_data_todo",
                    user_id=clerk.id,
                    summary=self.env._("Agree the new price of %s with the customer", order.name),
                )

    def action_done(self):
        """The visit ends with the order: who finishes it was there, and the signature is the same."""
        now = fields.Datetime.now()
        for order in self:
            visit = order._visit()
            if visit.state == "planned":
                visit._transition("arrived", arrived_at=now)
                order.ticket_id.sudo()._technician_arrived(now)  # sudo: the clocks follow, whoever reports
            if visit and order.customer_signature and order.signed_by:
                picture = order.with_context(bin_size=False).customer_signature
                visit.write({"signature": picture, "signed_by": order.signed_by, "signed_at": now})
        return super().action_done()


class PmAppointment(models.Model):
    _inherit = "pm.appointment"

    @api.model_create_multi
    def create(self, vals_list):
        visits = super().create(vals_list)
        visits.filtered(lambda visit: visit.state == "planned")._move_orders()
        return visits

    def write(self, vals):
        result = super().write(vals)
        if {"user_id", "start"} & vals.keys():
            self.filtered(lambda visit: visit.state == "planned")._move_orders()
        return result

    def _move_orders(self):
        """A paid order follows the visit that was agreed anew for it, e.g. by the technician after a visit in vain."""
        # sudo: who may agree the visit need not see the order
        for visit in self.sudo():
            orders = visit.ticket_id.service_order_ids.filtered(
                lambda order, visit=visit: order.state == "dispatched"
                and (order.user_id == visit.user_id or not order._visit())
                and (order.scheduled_at, order.user_id) != (visit.start, visit.user_id)
            )
            if orders:
                orders.write({"user_id": visit.user_id.id, "scheduled_at": visit.start})
                visit.ticket_id.promised_date = visit.start

    def _tell(self, whom, partner):
        if whom == "customer" and self.env.context.get("pm_customer_told"):
            return
        super()._tell(whom, partner)
