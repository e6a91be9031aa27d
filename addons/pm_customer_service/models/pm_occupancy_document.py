from odoo import api, fields, models

CODES = [
    ("guide", "Move-in Guide"),
    ("renovation", "Renovation Notice"),
    ("payment", "Payment Notice"),
]


class PmOccupancyDocument(models.Model):
    """Text of one of the three documents that go out with a move-in notice; the manager words them. Source: S0-100."""

    _name = "pm.occupancy.document"
    _description = "Document of the Move-in Pack"
    _order = "sequence, id"

    _code_once = models.UniqueIndex(
        "(code, coalesce(property_id, 0)) WHERE active", "There is already such a document for this property."
    )

    code = fields.Selection(CODES, string="Document", required=True)
    name = fields.Char(string="Title", required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    property_id = fields.Many2one(
        "pm.property",
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: for every property without its own text.",
    )
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    body = fields.Text(string="Text", required=True, translate=True, help="One paragraph a line.")
    source = fields.Char(translate=True)

    @api.model
    def _get(self, code, prop):
        """Return the text ``code`` of ``prop``: its own one, else the general one, else nothing."""
        texts = self.search([("code", "=", code), ("property_id", "in", (False, prop.id))])
        return texts.filtered("property_id")[:1] or texts[:1]
