from odoo import fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    pm_property_ids = fields.Many2many(
        "pm.property",
        "pm_property_users_rel",
        "user_id",
        "property_id",
        string="Managed Properties",
        help="Properties whose records this user may see; members of “All Properties” need none.",
    )

    def _get_invalidation_fields(self):
        # The record rules embed the list of properties in a cached domain.
        return super()._get_invalidation_fields() | {"pm_property_ids"}
