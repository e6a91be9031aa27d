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

    def action_ok(self):
        """One tap on the phone: the point is fine, or was explained."""
        self.write({"result": "ok"})

    def action_na(self):
        """One tap on the phone: the point does not concern this site."""
        self.write({"result": "na"})

    def action_not_ok(self):
        """One tap on the phone: not fine, and then the words that say what is wrong."""
        self.ensure_one()
        self.write({"result": "not_ok"})
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [(self.env.ref("pm_renovation.pm_renovation_check_view_form").id, "form")],
            "target": "new",
        }

    def _prepare_from_points(self, points):
        """Values of checklist lines copied from control points, without parent."""
        return [
            {"point_id": point.id, "sequence": point.sequence, "name": point.name, "kind": point.kind}
            for point in points
        ]
