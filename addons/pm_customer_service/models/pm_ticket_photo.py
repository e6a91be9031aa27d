import base64
import binascii

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.mimetypes import guess_mimetype

MOMENTS = [
    ("before", "Before"),
    ("after", "After"),
    ("other", "Other"),
]
# By content, not by name: pictures that a browser draws without running anything.
PICTURES = {"image/jpeg", "image/png", "image/gif", "image/webp"}
BASE64_OVERHEAD = 4 / 3


def checked_picture(env, content, max_mb):
    """Return ``content`` if it is a picture in base64 of at most ``max_mb`` megabytes.

    :param content: str or bytes as a browser sends it, a ``data:`` prefix allowed
    :raises UserError: naming what is wrong and the remedy
    """
    text = content.decode("ascii", "replace") if isinstance(content, bytes) else str(content or "")
    if text.startswith("data:"):
        text = text.partition(",")[2]
    if len(text) > max_mb * 1024 * 1024 * BASE64_OVERHEAD:
        raise UserError(env._("The picture is too large: at most %s MB.", max_mb))
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or guess_mimetype(data) not in PICTURES:
        raise UserError(env._("This file is not a picture (JPEG, PNG, GIF, WebP): take it again with the camera."))
    return base64.b64encode(data)


class PmTicketPhoto(models.Model):
    """A picture of the work, before or after. The customer sees it with the result."""

    _name = "pm.ticket.photo"
    _description = "Photo of the Work"
    _order = "id"

    _ticket_index = models.Index("(ticket_id, moment)")

    ticket_id = fields.Many2one("pm.ticket", required=True, ondelete="cascade")
    property_id = fields.Many2one(related="ticket_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="ticket_id.company_id", store=True)
    appointment_id = fields.Many2one("pm.appointment", ondelete="set null", index="btree_not_null")
    moment = fields.Selection(MOMENTS, required=True, default="before")
    name = fields.Char(string="Caption")
    image = fields.Image(required=True, max_width=1920, max_height=1920)
    image_256 = fields.Image(related="image", max_width=256, max_height=256, store=True, string="Small")
    user_id = fields.Many2one("res.users", string="Taken By", default=lambda self: self.env.user, readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        """Keep photos; only pictures, no larger and no more than the settings allow.

        :raises UserError: no picture, too large, too many
        """
        max_mb, max_photos = (self.env["pm.ticket"]._get_limit(name) for name in ("portal_max_mb", "max_photos"))
        self.env["pm.ticket"].browse(vals["ticket_id"] for vals in vals_list if vals.get("ticket_id"))._check_in_hand()
        vals_list = [
            dict(vals, image=checked_picture(self.env, vals.get("image"), max_mb), user_id=self.env.uid)
            for vals in vals_list
        ]
        photos = super().create(vals_list)
        for ticket in photos.ticket_id:
            if self.search_count([("ticket_id", "=", ticket.id)]) > max_photos:
                raise UserError(
                    self.env._(
                        "%(ticket)s has as many photos as are allowed (%(limit)s): delete one before adding another.",
                        ticket=ticket.number,
                        limit=max_photos,
                    )
                )
        return photos

    @api.ondelete(at_uninstall=False)
    def _unlink_in_hand(self):
        self.ticket_id._check_in_hand()
