import base64
import logging

from odoo import SUPERUSER_ID, http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.http import request
from odoo.tools.mimetypes import guess_mimetype

from odoo.addons.pm_base.tools.labels import selection_label, selection_labels
from odoo.addons.pm_base.tools.typed import typed_int

_logger = logging.getLogger(__name__)

# By content, not by name: pictures that a browser draws without running anything, and PDF.
ALLOWED_FILES = {"image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf"}
MAX_NAME = 120
MAX_TEXT = 5000


class TicketPortal(CustomerPortal):
    """Tickets of the own household, and nothing else: every page reads as the user, under the record rules."""

    def _get_own_units(self):
        return request.env["pm.unit"].search([], limit=200)

    # ------------------------------------------------------------------
    # List
    # ------------------------------------------------------------------

    @http.route(["/my/tickets", "/my/tickets/page/<int:page>"], type="http", auth="user", website=True, readonly=True)
    def portal_my_tickets(self, page=1, sortby=None, filterby=None, **kwargs):
        env = request.env
        page = typed_int(page, 1)  # Odoo's pager takes a superscript for a number
        sortings = {
            "date": {"label": env._("Newest"), "order": "id desc"},
            "state": {"label": env._("State"), "order": "state, id desc"},
        }
        filters = {
            "all": {"label": env._("All"), "domain": []},
            "open": {"label": env._("Open"), "domain": [("state", "in", ("new", "assigned", "in_progress"))]},
            "done": {"label": env._("Done"), "domain": [("state", "in", ("handled", "followed_up", "closed"))]},
        }
        sortby = sortby if sortby in sortings else "date"
        filterby = filterby if filterby in filters else "all"
        domain = filters[filterby]["domain"]
        ticket = env["pm.ticket"]
        pager = portal_pager(
            url="/my/tickets",
            url_args={"sortby": sortby, "filterby": filterby},
            total=ticket.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        tickets = ticket.search(
            domain, order=sortings[sortby]["order"], limit=self._items_per_page, offset=pager["offset"]
        )
        values = self._prepare_portal_layout_values() | {
            "tickets": tickets,
            "page_name": "ticket",
            "pager": pager,
            "default_url": "/my/tickets",
            "searchbar_sortings": sortings,
            "sortby": sortby,
            "searchbar_filters": filters,
            "filterby": filterby,
            "incidents": self._get_incidents(),
        }
        return request.render("pm_customer_service.portal_my_tickets", values)

    # ------------------------------------------------------------------
    # New ticket
    # ------------------------------------------------------------------

    @http.route("/my/tickets/new", type="http", auth="user", website=True, methods=["GET"])
    def portal_new_ticket(self, **kwargs):
        return self._render_form({})

    def _render_form(self, entered, error=None):
        units = self._get_own_units()
        values = self._prepare_portal_layout_values() | {
            "page_name": "ticket_new",
            "incidents": self._get_incidents(),
            "units": units,
            # sudo: names of types and categories, not readable by customers otherwise
            "types": request.env["pm.ticket.type"].sudo().search([("portal_ok", "=", True)]),
            "categories": request.env["pm.ticket.category"]
            .sudo()
            .search(request.env["pm.ticket.category"]._offered_domain(units.sudo().zone_id)),
            "entered": entered,
            "error": error,
            "max_files": request.env["pm.ticket"]._get_limit("portal_max_files"),
            "max_mb": request.env["pm.ticket"]._get_limit("portal_max_mb"),
        }
        return request.render("pm_customer_service.portal_new_ticket", values)

    @http.route("/my/tickets/new", type="http", auth="user", website=True, methods=["POST"], csrf=True)
    def portal_create_ticket(self, **post):
        try:
            values, files = self._read_form(post)
            with request.env.cr.savepoint():
                ticket = self._create_ticket(values, files)
        except (UserError, ValidationError) as error:
            # What was typed is given back: nobody types it twice.
            return self._render_form(post, error=error.args[0])
        return request.redirect(f"/my/tickets/{ticket.id}?created=1")

    def _read_form(self, post):
        """Return ``(values, files)`` of a checked form.

        :raises UserError: naming the entry that is wrong and how to put it right
        """
        env = request.env
        partner = env.user.partner_id
        name = (post.get("name") or "").strip()
        description = (post.get("description") or "").strip()
        if not name:
            raise UserError(env._("Please say in a few words what it is about."))
        if len(name) > MAX_NAME:
            raise UserError(
                env._("The subject is too long: at most %s characters. Put the rest into the description.", MAX_NAME)
            )
        if len(description) > MAX_TEXT:
            raise UserError(
                env._("The description is too long: at most %s characters. Attach a file instead.", MAX_TEXT)
            )
        units = self._get_own_units()
        try:
            unit = units.filtered(lambda u: u.id == int(post.get("unit_id") or 0))
            type_id = int(post.get("type_id") or 0)
            category_id = int(post.get("category_id") or 0)
        except ValueError:
            raise UserError(env._("Please choose from the lists.")) from None
        if not unit:
            raise UserError(env._("Please choose one of your units."))
        kind = env["pm.ticket.type"].sudo().search([("id", "=", type_id), ("portal_ok", "=", True)])
        if not kind:
            raise UserError(env._("Please choose what kind of request it is."))
        category = env["pm.ticket.category"].sudo().search([("id", "=", category_id)])
        if category.type_ids and kind not in category.type_ids:
            raise UserError(
                env._(
                    "“%(category)s” does not go with “%(type)s”: please choose again what it is about.",
                    category=category.display_name,
                    type=kind.name,
                )
            )
        limit = request.env["pm.ticket"]._get_limit("portal_daily_limit")
        midnight = unit.sudo().property_id._local_midnight_utc(unit.sudo().property_id._today())
        # sudo: counts also what colleagues of the same company sent
        sent = (
            env["pm.ticket"]
            .sudo()
            .search_count(
                [
                    ("partner_id", "child_of", partner.commercial_partner_id.id),
                    ("channel", "=", "portal"),
                    ("create_date", ">=", midnight),
                ]
            )
        )
        if sent >= limit:
            raise UserError(
                env._(
                    "You have sent %(count)s requests today, which is the limit. In urgent cases please call us.",
                    count=sent,
                )
            )
        values = {
            "name": name,
            "description": description,
            "type_id": kind.id,
            "category_id": category.id or False,
            "unit_id": unit.id,
            "property_id": unit.sudo().property_id.id,
            "partner_id": partner.id,
            "channel": "portal",
            "is_common_part": bool(post.get("is_common_part")),
            "location": (post.get("location") or "")[:200],
        }
        return values, self._read_files()

    def _read_files(self):
        env = request.env
        max_files = request.env["pm.ticket"]._get_limit("portal_max_files")
        max_bytes = request.env["pm.ticket"]._get_limit("portal_max_mb") * 1024 * 1024
        uploads = [upload for upload in request.httprequest.files.getlist("files") if upload.filename]
        if len(uploads) > max_files:
            raise UserError(
                env._(
                    "At most %(limit)s files may be attached, you chose %(count)s.", limit=max_files, count=len(uploads)
                )
            )
        files = []
        for upload in uploads:
            content = upload.stream.read(max_bytes + 1)
            name = upload.filename[-MAX_NAME:]
            if len(content) > max_bytes:
                raise UserError(
                    env._(
                        "The file “%(name)s” is too large: at most %(limit)s MB.",
                        name=name,
                        limit=max_bytes // 1024 // 1024,
                    )
                )
            mimetype = guess_mimetype(content)
            if mimetype not in ALLOWED_FILES:
                raise UserError(
                    env._("The file “%(name)s” is neither a picture (JPEG, PNG, GIF, WebP) nor a PDF.", name=name)
                )
            files.append((name, content, mimetype))
        return files

    def _create_ticket(self, values, files):
        # The customer may not write tickets himself; what he sent was checked above. with_user keeps him as the author.
        ticket = request.env["pm.ticket"].sudo().create(values)
        request.env["ir.attachment"].sudo().create(
            [
                {
                    "name": name,
                    "datas": base64.b64encode(content),
                    "mimetype": mimetype,
                    "res_model": "pm.ticket",
                    "res_id": ticket.id,
                }
                for name, content, mimetype in files
            ]
        )
        return ticket

    # ------------------------------------------------------------------
    # One ticket
    # ------------------------------------------------------------------

    @http.route("/my/tickets/<int:ticket_id>", type="http", auth="public", website=True)
    def portal_my_ticket(self, ticket_id, access_token=None, **kwargs):
        try:
            ticket = self._document_check_access("pm.ticket", ticket_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        labels = selection_labels(ticket, "state")
        # sudo: the ticket was opened to this visitor; what belongs to it is shown as far as the page goes
        values = {
            "ticket": ticket,
            "page_name": "ticket",
            "created": kwargs.get("created"),
            "error": kwargs.get("error"),
            "state_label": labels[ticket.state],
            "steps": self._get_steps(ticket),
            "photos": self._get_photos(ticket, access_token),
            "visits": ticket.sudo().appointment_ids.filtered(lambda visit: visit.state != "cancelled"),
            "incident": ticket.sudo().incident_id,
            "files": request.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "pm.ticket"),
                    ("res_id", "=", ticket.id),
                    ("res_field", "=", False),
                    ("id", "not in", ticket.message_ids.attachment_ids.ids),
                ]
            ),
            "can_answer": ticket.state in ("handled", "followed_up")
            and not ticket.satisfied
            and self._is_owner(ticket),
        }
        for attachment in values["files"]:
            attachment._portal_ensure_token() if hasattr(
                attachment, "_portal_ensure_token"
            ) else attachment.generate_access_token()
        values = self._get_page_view_values(ticket, access_token, values, "my_tickets_history", False, **kwargs)
        return request.render("pm_customer_service.portal_my_ticket", values)

    def _get_photos(self, ticket, access_token):
        """Return the pictures of the work as ``[(label, [urls])]``; they are shown with the result."""
        # sudo: the ticket was checked, its pictures go with it
        photos = ticket.sudo().photo_ids
        labels = selection_labels(photos, "moment")
        token = f"?access_token={access_token}" if access_token else ""
        return [
            (labels[moment], [f"/my/tickets/{ticket.id}/photo/{photo.id}{token}" for photo in group])
            for moment, group in photos.grouped("moment").items()
        ]

    @http.route(
        "/my/tickets/<int:ticket_id>/photo/<int:photo_id>", type="http", auth="public", website=True, readonly=True
    )
    def portal_ticket_photo(self, ticket_id, photo_id, access_token=None, **kwargs):
        """One picture of the work on the own ticket."""
        try:
            ticket = self._document_check_access("pm.ticket", ticket_id, access_token)
        except (AccessError, MissingError):
            return request.not_found()
        # sudo: the ticket was opened to this visitor; the photo must be one of its own
        photo = ticket.sudo().photo_ids.filtered(lambda photo: photo.id == photo_id)
        if not photo:
            return request.not_found()
        return request.env["ir.binary"]._get_image_stream_from(photo, "image").get_response()

    def _get_incidents(self):
        """Return, in sudo, the running incidents that concern the user's own units."""
        incidents = request.env["pm.incident"].sudo()  # sudo: what callers are told is meant for every resident
        found = incidents.browse()
        for unit in self._get_own_units().sudo():
            found |= incidents._covering(unit, unit.property_id)
        return found

    def _is_owner(self, ticket):
        return request.env.user.partner_id.commercial_partner_id == ticket.partner_id.commercial_partner_id

    def _get_steps(self, ticket):
        """Return the timeline: ``[(label, moment or False)]``."""
        env = request.env
        steps = [
            (env._("Received"), ticket.received_at),
            (env._("Handler named"), ticket.assigned_at),
            (env._("In work"), ticket.started_at),
            (env._("Handled"), ticket.handled_at),
            (env._("Closed"), ticket.closed_at),
        ]
        if ticket.state in ("invalid", "cancelled"):
            steps = [step for step in steps if step[1]] + [(selection_label(ticket, "state"), ticket.write_date)]
        return steps

    @http.route(
        "/my/tickets/<int:ticket_id>/answer", type="http", auth="user", website=True, methods=["POST"], csrf=True
    )
    def portal_answer(self, ticket_id, satisfied=None, words=None, **kwargs):
        """The customer confirms the result, or says why not: then the ticket is reopened."""
        try:
            self._document_check_access("pm.ticket", ticket_id)
        except (AccessError, MissingError):
            return request.redirect("/my")
        # The answer is the customer's own; the step it causes is the program's.
        ticket = request.env["pm.ticket"].browse(ticket_id).with_user(SUPERUSER_ID)
        words = (words or "").strip()[:MAX_TEXT]
        answer = "satisfied" if satisfied == "1" else "dissatisfied"
        if (
            ticket.state not in ("handled", "followed_up")
            or not self._is_owner(ticket)
            or (answer == "dissatisfied" and not words)
        ):
            return request.redirect(f"/my/tickets/{ticket_id}?error=1")
        ticket.env["pm.followup"].create(
            {"ticket_id": ticket.id, "user_id": False, "method": "portal", "satisfied": answer, "words": words}
        )
        if answer == "satisfied":
            return request.redirect(f"/rate/{ticket._rating_get_access_token(request.env.user.partner_id)}/5")
        return request.redirect(f"/my/tickets/{ticket_id}")
