from odoo import fields, models


class PmRenovationWorkType(models.Model):
    """Catalogue of works; each decides which papers an application needs."""

    _name = "pm.renovation.work.type"
    _description = "Renovation Work Type"
    _order = "sequence, id"

    _code_unique = models.UniqueIndex("(code)", "Each renovation work type needs its own code.")

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    paper_type_ids = fields.Many2many(
        "pm.renovation.paper.type",
        "pm_renovation_work_type_paper_rel",
        "work_type_id",
        "paper_type_id",
        string="Required Papers",
    )
    engineering_review = fields.Boolean(help="Engineering reviews the application before the manager decides.")
    is_noisy = fields.Boolean("Noisy", help="Allowed in the noisy hours of the property only.")
    is_concealed = fields.Boolean("Concealed Work", help="Must be inspected before it is covered up.")
    prohibition = fields.Text(translate=True, help="What is never allowed with this work; printed on the permit.")
    source = fields.Char(help="Requirement or practice this record comes from.")
