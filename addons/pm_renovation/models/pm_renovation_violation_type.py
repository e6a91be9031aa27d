from odoo import fields, models


class PmRenovationViolationType(models.Model):
    """Kind of violation found on a site, and how it is to be handled."""

    _name = "pm.renovation.violation.type"
    _description = "Renovation Violation Type"
    _order = "sequence, id"

    _code_unique = models.UniqueIndex("(code)", "Each violation type needs its own code.")
    _rectify_days_positive = models.Constraint(
        "CHECK (rectify_days >= 0)", "The days to put a violation right cannot be negative."
    )

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    rectify_days = fields.Integer("Days to Put Right", default=3)
    stop_work = fields.Boolean("Ask to Stop Work", help="The notice asks to stop the work in question at once.")
    report_authority = fields.Boolean(
        "Report to the Authority", help="Must be reported to the authority on the day it is found."
    )
    ticket_category_id = fields.Many2one(
        "pm.ticket.category",
        "Becomes a Ticket",
        ondelete="restrict",
        help="A ticket of this category asks the teams to help at once: waste to be cleared, noise to be stopped (S4-71).",
    )
    legal_basis = fields.Text(translate=True, help="Printed on the notice. To be checked by counsel before use.")
    request = fields.Text("What to Do", translate=True, help="What the notice asks the owner to do.")
    source = fields.Char(help="Requirement or practice this record comes from.")
