from odoo import fields, models


class PmAgeBand(models.Model):
    """How old a debt is, in full months since its due date: the rows of the ageing report (账龄).

    A band reaches to the start of the next one. Those that come with the program follow the reminder ladder (3, 6 and
    18 months: S0-130 to S0-139) with a year between; change them as the company reports.
    """

    _name = "pm.age.band"
    _description = "Age Band"
    _order = "from_month, id"

    _from_unique = models.Constraint("UNIQUE (from_month)", "Another age band starts with this month.")

    name = fields.Char(required=True, translate=True)
    from_month = fields.Integer("From month", required=True, help="Full months since the due date; -1 = not yet due.")
    source = fields.Char(help="Requirement the boundary comes from.")
