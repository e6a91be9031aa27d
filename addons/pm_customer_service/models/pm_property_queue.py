from odoo import fields, models


class PmProperty(models.Model):
    _inherit = "pm.property"

    queue_url = fields.Char(
        string="Screen in the Hall",
        compute="_compute_queue_url",
        help="Shows the numbers called and those waiting; opened in a browser logged in as a colleague of the counter (S1-08).",
    )

    def _compute_queue_url(self):
        for prop in self:
            prop.queue_url = prop.id and f"/pm/queue/{prop.id}"
