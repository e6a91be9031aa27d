import base64

from odoo import models
from odoo.exceptions import UserError
from odoo.tools.misc import formatLang

from odoo.addons.pm_base.tools.labels import selection_label
from odoo.addons.pm_base.tools.staff import staff_only

from .pm_service_order import OPEN_STATES
from .pm_ticket_photo import checked_picture

MAX_SLIP_MB = 10


class PmTicketJobOrder(models.Model):
    """The technician's page on a paid order: what was agreed, what differs, and the signature that ends it (S1-76, S1-77)."""

    _inherit = "pm.ticket"

    def _own_order(self):
        """The open order of this ticket that the present user does."""
        self.ensure_one()
        return self.service_order_ids.filtered(
            lambda order: order.user_id == self.env.user and order.state in OPEN_STATES
        )[:1]

    @staff_only
    def job_detail(self):
        """:returns: the job; ``order`` says what the customer agreed to, or is False"""
        detail = super().job_detail()
        order = self._own_order()
        detail["order"] = order._job_card() if order else False
        if order:
            detail["signs"] = True
        return detail

    def job_order_differs(self, words):
        """The work exceeds or differs from the order: it rests until the customer agrees to the new price.

        :param str words: what is different; the service centre prices it
        """
        self._check_own_job()
        order = self._own_order()
        words = (words or "").strip()
        if not words:
            raise UserError(
                self.env._("Write what differs from the order: the service centre agrees the price for it.")
            )
        self._require(order, self.env._("there is no open order of yours."))
        order.message_post(body=words, subtype_xmlid="mail.mt_note")
        order.action_report_change()
        return self.job_detail()

    def job_finish(self, values):
        """A paid order ends with the customer's signature, on the screen or on the printed slip.

        :param dict values: as above; ``signed_slip`` is a photo (base64) of the slip signed on paper
        """
        order = self._own_order()
        if not order:
            return super().job_finish(values)
        self._check_own_job()
        if self._own_visit().state == "planned":
            raise UserError(self.env._("To finish the job you must report your arrival first."))
        work = {"work_done": (values.get("result") or "").strip()}
        if values.get("signed_slip"):
            picture = checked_picture(self.env, values["signed_slip"], MAX_SLIP_MB)
            slip = self.env["ir.attachment"].create(
                {
                    "name": self.env._("%s signed.jpg", order.name),
                    "raw": base64.b64decode(picture),
                    "res_model": order._name,
                    "res_id": order.id,
                }
            )
            work["signed_file_ids"] = [(4, slip.id)]
        elif values.get("signature"):
            work |= {
                "customer_signature": checked_picture(self.env, values["signature"], 2),
                "signed_by": (values.get("signed_by") or "").strip()[:100],
            }
        order.write(work)
        order.action_done()
        return self.jobs_board()


class PmServiceOrder(models.Model):
    _inherit = "pm.service.order"

    def _job_card(self):
        self.ensure_one()
        return {
            "name": self.name,
            "state": self.state,
            "state_label": selection_label(self, "state"),
            "settlement": selection_label(self, "settlement"),
            "total": formatLang(self.env, self.amount_total, currency_obj=self.currency_id),
            "lines": [
                {
                    "id": line.id,
                    "name": line.name or "",
                    "quantity": line.quantity,
                    "unit": line.unit_label or "",
                    "amount": formatLang(self.env, line.subtotal, currency_obj=self.currency_id),
                }
                for line in self.line_ids
            ],
        }
