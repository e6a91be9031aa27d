from odoo import api, models

AUTO_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Auto-Reply")
AUTO_PRECEDENCE = {"bulk", "junk", "auto_reply"}


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def _routing_check_route(self, message, message_dict, route, raise_exception=True):
        """Out-of-office answers and bulk mail neither become tickets nor answer one, or two machines would talk for ever."""
        if route[0] == "pm.ticket" and self._is_automatic_mail(message):
            return False
        return super()._routing_check_route(message, message_dict, route, raise_exception=raise_exception)

    @api.model
    def _is_automatic_mail(self, message):
        submitted = (message.get("Auto-Submitted") or "no").strip().lower()
        precedence = (message.get("Precedence") or "").strip().lower()
        return (
            not submitted.startswith("no")
            or precedence in AUTO_PRECEDENCE
            or any(message.get(name) for name in AUTO_HEADERS)
        )
