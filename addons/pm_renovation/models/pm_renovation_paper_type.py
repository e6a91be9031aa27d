from odoo import fields, models


class PmRenovationPaperType(models.Model):
    """A paper an application may need: plans, licences, consents."""

    _name = "pm.renovation.paper.type"
    _description = "Renovation Paper"
    _order = "sequence, id"

    _code_unique = models.UniqueIndex("(code)", "Each renovation paper needs its own code.")

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    requirement = fields.Selection(
        selection=[
            ("always", "Always"),
            ("not_owner", "When the applicant is not the owner"),
            ("contractor", "When a contractor does the work"),
            ("work", "When a chosen work asks for it"),
        ],
        required=True,
        default="work",
        help="What makes this paper a required one.",
    )
    is_plan = fields.Boolean("Plan", help="Shown beside the photos at acceptance and filed on the unit.")
    description = fields.Text(translate=True, help="What the applicant should bring; shown in the portal.")
    source = fields.Char(help="Requirement or practice this record comes from.")
