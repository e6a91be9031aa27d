from odoo import models


class IrHttp(models.AbstractModel):
    """The conversation under a request in the portal is drawn by `mail`, whose words Odoo does not send to the portal."""

    _inherit = "ir.http"

    @classmethod
    def _get_translation_frontend_modules_name(cls):
        return [*super()._get_translation_frontend_modules_name(), "mail"]
