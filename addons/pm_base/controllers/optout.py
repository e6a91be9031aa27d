from odoo import http
from odoo.http import request


class PmOptOut(http.Controller):
    """The way out of greetings and advertising, by the signed link in each of them (L-13)."""

    @http.route(
        "/pm/optout/<string:token>",
        type="http",
        auth="public",
        website=True,
        methods=["GET"],
        readonly=True,
        sitemap=False,
    )
    def optout_page(self, token):
        # Mail scanners open every link: showing the page changes nothing.
        return self._page(token, done=False)

    # The signed token is the proof of the sender, and mail programs that offer a one-click unsubscription
    # (RFC 8058) have neither session nor CSRF token.
    @http.route(
        "/pm/optout/<string:token>",
        type="http",
        auth="public",
        website=True,
        methods=["POST"],
        csrf=False,
        sitemap=False,
    )
    def optout_confirm(self, token, **_post):
        found = request.env["pm.consent"]._read_token(token)
        if found:
            partner, purpose = found
            consents = request.env["pm.consent"].sudo()  # a visitor without login, identified by the token
            if consents._current(partner, purpose).get((partner.id, purpose.id)) != "opt_out":
                consents.create(
                    {"partner_id": partner.id, "purpose_id": purpose.id, "state": "opt_out", "source": "link"}
                )
        return self._page(token, done=True)

    def _page(self, token, done):
        found = request.env["pm.consent"]._read_token(token)
        values = {"token": token, "found": bool(found), "done": done, "no_breadcrumbs": True}
        if found:
            partner, purpose = found
            lang = partner.lang or request.env.lang
            values["purpose"] = purpose.with_context(lang=lang).name
        response = request.render("pm_base.optout_page", values)
        if not found:
            response.status_code = 404
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response
