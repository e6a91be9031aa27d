from odoo import models
from odoo.http import request
from werkzeug.exceptions import BadRequest


class IrHttp(models.AbstractModel):
    """What the portal needs of every request.

    The conversation under a request is drawn by `mail`, whose words Odoo does not send to the portal. And no form has a
    field with NUL in it, which the database refuses wherever it comes: such a request was not made by our pages.
    """

    _inherit = "ir.http"

    @classmethod
    def _get_translation_frontend_modules_name(cls):
        return [*super()._get_translation_frontend_modules_name(), "mail"]

    @classmethod
    def _pre_dispatch(cls, rule, args):
        super()._pre_dispatch(rule, args)
        if rule.endpoint.routing["type"] == "http":
            sent = (value for part in (request.httprequest.args, request.httprequest.form) for value in part.values())
            if any("\0" in value for value in sent):
                raise BadRequest("NUL")
