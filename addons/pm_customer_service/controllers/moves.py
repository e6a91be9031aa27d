import base64
import binascii

from odoo import http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.http import content_disposition, request

MAX_SIGNATURE = 2 * 1024 * 1024


def _pdf(name, content):
    headers = [
        ("Content-Type", "application/pdf"),
        ("Content-Length", len(content)),
        ("Content-Disposition", content_disposition(name)),
        ("X-Content-Type-Options", "nosniff"),
    ]
    return request.make_response(content, headers)


class MovesPortal(CustomerPortal):
    """Formalities of a move and the service handbook, for the user's own units (S0-74, S0-103, S2-12)."""

    @http.route("/my/moves", type="http", auth="user", website=True, readonly=True)
    def portal_moves(self, **kwargs):
        """What has to be brought and done, how long it takes at most; and the user's own appointments."""
        env = request.env
        # sudo: checklist and rules are meant to be known to every customer
        types = env["pm.occupancy.item.type"].sudo().search([])
        kinds = types._fields["kind"]._description_selection(env)
        clocks = env["pm.deadline.rule"]._get_clocks("pm.occupancy")
        units = env["pm.unit"].search([])
        moves = env["pm.occupancy"].search([("state", "not in", ("draft", "cancelled"))], limit=self._items_per_page)
        values = self._prepare_portal_layout_values() | {
            "page_name": "pm_moves",
            "procedures": [
                (
                    label,
                    types.filtered(lambda t, kind=kind: t.kind == kind and t.section == "paper"),
                    types.filtered(lambda t, kind=kind: t.kind == kind and t.section == "step"),
                )
                for kind, label in kinds
            ],
            "minutes": {
                clock.kind: int(clock.amount)
                for clock in reversed(clocks)
                if clock.unit == "minutes" and clock.kind in ("wait", "handle")
            },
            "moves": moves.sudo(),  # sudo: the rule chose the household's own; names of units go with them
            "properties": units.sudo().property_id,
            "units": units,
        }
        return request.render("pm_customer_service.portal_moves", values)

    @http.route("/my/moves/<int:move_id>/<string:code>.pdf", type="http", auth="user", website=True, readonly=True)
    def portal_move_document(self, move_id, code, **kwargs):
        """One document of the pack of the user's own move."""
        move = request.env["pm.occupancy"].browse(move_id)
        try:
            move.check_access("read")
            move.read(["name"])
        except (AccessError, MissingError):
            return request.redirect("/my/moves")
        move = move.sudo()  # sudo: access was checked; the checklist has no portal rights
        if move.state == "draft" or code not in ("notice", *(code for code, _label in move._pack_codes())):
            return request.redirect("/my/moves")
        return _pdf(*move._pack_document(code))

    # ------------------------------------------------------------------
    # Handbook
    # ------------------------------------------------------------------

    def _own_parties(self):
        """Return, in sudo, the roles in which the user's household uses units today."""
        partner = request.env.user.partner_id.commercial_partner_id
        # sudo: roles have no portal rights; they are narrowed to the user's own
        return (
            request.env["pm.unit.party"]
            .sudo()
            .search(
                [
                    ("partner_id", "child_of", partner.id),
                    ("is_current", "=", True),
                    ("role", "in", ("owner", "tenant", "merchant")),
                ]
            )
        )

    def _own_books(self, parties):
        # sudo: residents have no right on handbooks; theirs are those of their own properties
        return {book.property_id: book for book in request.env["pm.handbook"].sudo()._current(parties.property_id)}

    @http.route("/my/handbook", type="http", auth="user", website=True)
    def portal_handbook(self, **kwargs):
        parties = self._own_parties()
        books = self._own_books(parties)
        rows = []
        for prop, book in books.items():
            own = parties.filtered(lambda party, prop=prop: party.property_id == prop)
            signed = own.acknowledgment_ids.filtered(lambda record, book=book: record.handbook_id == book)
            rows.append((book, own - signed.party_id, signed))
        values = self._prepare_portal_layout_values() | {"page_name": "pm_handbook", "rows": rows}
        return request.render("pm_customer_service.portal_handbook", values)

    @http.route("/my/handbook/<int:book_id>.pdf", type="http", auth="user", website=True, readonly=True)
    def portal_handbook_file(self, book_id, **kwargs):
        # sudo: residents have no right on handbooks; only one of their own properties is opened
        book = request.env["pm.handbook"].sudo().browse(book_id)
        if book not in self._own_books(self._own_parties()).values():
            return request.redirect("/my/handbook")
        content = base64.b64decode(book.with_context(bin_size=False).content)
        return _pdf(book.filename or f"{book.name}.pdf", content)

    @http.route("/my/handbook/<int:book_id>/sign", type="jsonrpc", auth="user", website=True)
    def portal_handbook_sign(self, book_id, name=None, signature=None, **kwargs):
        """Sign for the handbook in force, for every unit one uses in the property (called by the signature form)."""
        _ = request.env._
        parties = self._own_parties()
        books = self._own_books(parties)
        parties = parties.filtered(
            lambda party: books.get(party.property_id) and books[party.property_id].id == book_id
        )
        if not parties:
            return {"error": _("Invalid request.")}
        if not isinstance(name, str) or not name.strip() or not isinstance(signature, str) or not signature:
            return {"error": _("Signature or name is missing.")}
        if len(signature) > MAX_SIGNATURE:
            return {"error": _("The signature is too large.")}
        try:
            with request.env.cr.savepoint():
                base64.b64decode(signature, validate=True)
                for party in parties:
                    request.env["pm.acknowledgment"]._record(party, "portal", name, signature)
        except (UserError, ValidationError) as error:
            return {"error": error.args[0]}
        except (binascii.Error, ValueError):
            return {"error": _("Invalid signature data.")}
        return {"force_refresh": True, "redirect_url": "/my/handbook"}
