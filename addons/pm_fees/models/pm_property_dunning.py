from odoo import fields, models


class PmProperty(models.Model):
    _inherit = "pm.property"

    counsel_id = fields.Many2one(
        "res.users",
        "Legal Counsel",
        tracking=True,
        domain=lambda self: [("all_group_ids", "in", self.env.ref("pm_base.group_counsel").ids)],
        help="Receives the briefings for lawyer's letters and the mandates to sue of this property (S0-134, S0-136).",
    )
