from odoo import fields, models


class PmRenovationControlPoint(models.Model):
    """One control point (装修控制要点) used at review, patrol or acceptance (S0-75).

    A point of ``kind`` *explanation* is something the patrol must tell the
    people on site (S4-69) rather than something it checks.
    """

    _name = "pm.renovation.control.point"
    _description = "Renovation Control Point"
    _order = "stage, sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    stage = fields.Selection(
        selection=[
            ("butler", "Review: Butler"),
            ("engineering", "Review: Engineering"),
            ("manager", "Review: Manager"),
            ("patrol", "Patrol"),
            ("concealed", "Concealed Works"),
            ("acceptance", "Acceptance"),
            ("reinspection", "Re-inspection"),
        ],
        required=True,
        index=True,
    )
    kind = fields.Selection(
        selection=[("check", "To check"), ("explanation", "To explain on site")],
        required=True,
        default="check",
    )
    work_type_ids = fields.Many2many(
        "pm.renovation.work.type",
        "pm_renovation_point_work_type_rel",
        "point_id",
        "work_type_id",
        string="Only for Works",
        help="Leave empty when the point concerns every renovation.",
    )
    property_id = fields.Many2one("pm.property", index=True, help="Leave empty to use it in every property.")
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    source = fields.Char(help="Requirement or practice this record comes from.")

    def _applicable(self, stage, case):
        """Points of a stage that concern a case.

        :param stage: a value of ``stage``
        :param case: one ``pm.renovation``
        :return: recordset in checklist order
        """
        points = self.search([("stage", "=", stage), ("property_id", "in", [False, case.property_id.id])])
        return points.filtered(lambda p: not p.work_type_ids or p.work_type_ids & case.work_ids.type_id)
