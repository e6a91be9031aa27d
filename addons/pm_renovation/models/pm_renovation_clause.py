from odoo import fields, models


class PmRenovationClause(models.Model):
    """A clause of the renovation notice, the agreement or the permit."""

    _name = "pm.renovation.clause"
    _description = "Renovation Clause"
    _order = "document, sequence, id"
    _rec_name = "text"

    document = fields.Selection(
        selection=[
            ("notice", "Renovation notice"),
            ("agreement", "Renovation agreement"),
            ("permit", "Permit"),
        ],
        required=True,
        index=True,
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    text = fields.Text(required=True, translate=True)
    property_id = fields.Many2one("pm.property", index=True, help="Leave empty to use it in every property.")
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    source = fields.Char(help="Requirement or practice this record comes from.")

    def _texts(self, document, prop):
        """Clauses of a document for a property, in order, as plain text."""
        return self.search([("document", "=", document), ("property_id", "in", [False, prop.id])]).mapped("text")
