from odoo import http
from odoo.http import request

_LAST_CALLED = 6


class QueueDisplay(http.Controller):
    """The screen in the hall: which number is called to which counter. Numbers only, never a name."""

    @http.route("/pm/queue/<int:property_id>", type="http", auth="user", methods=["GET"], readonly=True)
    def display(self, property_id, **query):
        prop = request.env["pm.property"].search([("id", "=", property_id)])
        if not prop or not request.env["pm.counter.turn"].has_access("read"):
            raise request.not_found()
        turns = request.env["pm.counter.turn"]
        today = [("property_id", "=", prop.id), ("date", "=", prop._today())]
        values = {
            "prop": prop,
            "called": turns.search([*today, ("state", "=", "serving")], order="called_at desc", limit=_LAST_CALLED),
            "waiting": turns.search(
                [*today, ("state", "=", "waiting")], order="arrived_at, id", limit=2 * _LAST_CALLED
            ),
            "waiting_count": turns.search_count([*today, ("state", "=", "waiting")]),
        }
        return request.render("pm_customer_service.queue_display", values)
