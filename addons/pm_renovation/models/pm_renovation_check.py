from odoo import fields, models
from odoo.exceptions import UserError


class PmRenovationCheck(models.Model):
    """One checklist line of a review step or of an inspection."""

    _name = "pm.renovation.check"
    _description = "Renovation Checklist Line"
    _order = "sequence, id"

    _one_parent = models.Constraint(
        "CHECK ((review_id IS NULL) <> (inspection_id IS NULL))",
        "A checklist line belongs to a review step or to an inspection.",
    )

    review_id = fields.Many2one("pm.renovation.review", ondelete="cascade", index="btree_not_null")
    inspection_id = fields.Many2one("pm.renovation.inspection", ondelete="cascade", index="btree_not_null")
    property_id = fields.Many2one("pm.property", required=True, index=True)
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    point_id = fields.Many2one("pm.renovation.control.point", "Control Point", ondelete="set null")
    sequence = fields.Integer(default=10)
    # The wording is copied: editing the catalogue must not rewrite what was checked.
    name = fields.Char("Point", required=True)
    kind = fields.Selection(
        selection=[("check", "To check"), ("explanation", "To explain on site")], required=True, default="check"
    )
    result = fields.Selection(selection=[("ok", "OK"), ("not_ok", "Not OK"), ("na", "Not applicable")])
    remark = fields.Char()

    def write(self, vals):
        """Answers are given while the review or visit is open; afterwards they are history."""
        for check in self:
            parent = check.review_id or check.inspection_id
            if parent.state not in ("pending", "planned"):
                raise UserError(self.env._("%(name)s is decided and stays as it is.", name=parent.display_name))
        return super().write(vals)

    def _prepare_from_points(self, points):
        """Values of checklist lines copied from control points, without parent."""
        return [
            {"point_id": point.id, "sequence": point.sequence, "name": point.name, "kind": point.kind}
            for point in points
        ]
