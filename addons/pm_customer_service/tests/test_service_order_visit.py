from datetime import timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .test_service_order import PIXEL, OrderCase


@tagged("post_install", "-at_install")
class TestServiceOrderVisit(OrderCase):
    """An order on its way is a visit: one calendar, one page, one signature (S1-75, S1-76, S1-77)."""

    def sent(self, order):
        """What the customer and the technician were told about the visit."""
        messages = self.env["pm.message"].search(
            [("res_model", "=", "pm.ticket"), ("res_id", "=", order.ticket_id.id), ("key", "like", "appointment")]
        )
        return messages.partner_id

    def test_an_order_on_its_way_keeps_its_technician_busy_and_tells_the_customer_once(self):
        order = self.order("dispatched")
        visit = order.ticket_id.appointment_ids
        self.assertEqual((visit.user_id, visit.start, visit.state), (self.technician, order.scheduled_at, "planned"))
        self.assertEqual(self.sent(order), self.technician.partner_id, "the order's own notice told the customer")
        other = self.order("agreed")
        other.write({"user_id": self.technician.id, "scheduled_at": order.scheduled_at})
        with self.assertRaises(ValidationError):
            other.action_dispatch()

    def test_order_and_visit_move_together_and_the_customer_hears_of_it(self):
        order = self.order("dispatched")
        visit = order.ticket_id.appointment_ids
        later = order.scheduled_at + timedelta(hours=3)
        order.scheduled_at = later
        self.assertEqual((visit.start, visit.stop - visit.start), (later, timedelta(hours=1)))
        self.assertIn(order.partner_id, self.sent(order))
        with self.assertRaises(UserError):
            order.scheduled_at = False
        with self.assertRaises(UserError):
            order.scheduled_at = "2020-01-01 02:00:00"
        visit.with_user(self.technician).action_no_access("Rang three times")
        self.assertEqual(order.state, "dispatched")
        again = later + timedelta(days=1)
        order.ticket_id.with_user(self.technician).job_plan(str(again))
        self.assertEqual((order.scheduled_at, order.ticket_id.promised_date), (again, again))

    def test_the_technicians_page_from_arrival_to_signature(self):
        order = self.order("dispatched")
        job = order.ticket_id.with_user(self.technician)
        detail = job.job_detail()
        self.assertEqual((detail["order"]["name"], detail["signs"]), (order.name, True))
        values = {"result": "Cleaned.", "signature": PIXEL, "signed_by": "Owner 1"}
        with self.assertRaises(UserError):
            job.job_finish(values)  # he is not there yet
        job.job_arrive()
        job.job_material("Glass", 2, "m²")
        with self.assertRaises(UserError):
            job.job_finish({"result": "Cleaned.", "no_signature_reason": "In a hurry"})
        job.job_finish(values)
        self.assertEqual(
            (order.state, order.signed_by, order.work_done, order.ticket_id.state),
            ("done", "Owner 1", "Cleaned.", "handled"),
        )
        self.assertEqual((order.ticket_id.appointment_ids.state, order.material_ids.name), ("done", "Glass"))
        self.assertFalse(job.job_detail()["order"])

    def test_a_photo_of_the_slip_signed_on_paper_will_do(self):
        order = self.order("dispatched")
        job = order.ticket_id.with_user(self.technician)
        job.job_arrive()
        with self.assertRaises(UserError):
            job.job_finish({"result": "Cleaned.", "signed_slip": "bm8gcGljdHVyZQ=="})
        job.job_finish({"result": "Cleaned.", "signed_slip": PIXEL})
        self.assertEqual((order.state, order.signed_file_ids.res_id), ("done", order.id))

    def test_work_that_differs_rests_and_goes_on_by_itself_once_the_customer_agrees(self):
        order = self.order("dispatched")
        job = order.ticket_id.with_user(self.technician)
        job.job_arrive()
        with self.assertRaises(UserError):
            job.job_order_differs(" ")
        job.job_order_differs("A third window")
        self.assertEqual((order.state, order.activity_ids.user_id), ("changed", self.front_desk))
        with self.assertRaises(UserError):
            job.job_finish({"result": "Cleaned.", "signature": PIXEL, "signed_by": "Owner 1"})
        order.line_ids.quantity = 3
        with self.assertRaises(AccessError):
            order.with_user(self.technician).action_tell_again()
        for _twice in range(2):
            order.action_tell_again()
        told = self.env["pm.message"].search([("res_model", "=", order._name), ("res_id", "=", order.id)])
        self.assertEqual(len(told.filtered(lambda message: "240" in (message.body or ""))), 1)
        order._agree("phone", "Owner 1")
        self.assertEqual((order.state, order.activity_ids.ids), ("dispatched", []))
        with self.assertRaises(UserError):
            order.action_tell_again()
        job.job_finish({"result": "Cleaned.", "signature": PIXEL, "signed_by": "Owner 1"})
        self.assertEqual((order.state, order.amount_total), ("done", 240))

    def test_done_at_the_desk_ends_the_visit_without_calling_it_off(self):
        order = self.order("done")
        visit = order.ticket_id.appointment_ids
        self.assertEqual((visit.state, visit.signed_by), ("done", "Owner 1"))
        self.assertNotIn(order.partner_id, self.sent(order))
