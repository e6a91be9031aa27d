from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_compare

OPERATORS = [(">=", "at least"), ("<=", "at most")]
SIGNS = {">=": "≥", "<=": "≤"}  # for people; where words would be too long
PRECISION = 4


class PmKpiTarget(models.Model):
    """What a figure shall reach, from a year on: for all, a company, a property or one butler. Source: S0-46, S4-24.

    The narrowest target applies: butler, then property, then company, then the general one; within a level the
    newest year that is not in the future. A December decision for next year is a new row, and old results keep the old target.
    """

    _name = "pm.kpi.target"
    _description = "Key Figure Target"
    _order = "kpi_id, year desc, property_id, user_id, id"
    _check_company_auto = True

    _once = models.UniqueIndex(
        "(kpi_id, year, COALESCE(company_id, 0), COALESCE(property_id, 0), COALESCE(user_id, 0))",
        "This figure already has a target for that year, property and butler.",
    )
    _year_range = models.Constraint("CHECK (year BETWEEN 1990 AND 2200)", "The year of a target has four digits.")

    kpi_id = fields.Many2one("pm.kpi", string="Key Figure", required=True, ondelete="cascade")
    unit = fields.Selection(related="kpi_id.unit")
    group = fields.Selection(related="kpi_id.group", store=True)
    year = fields.Integer(
        required=True,
        default=lambda self: fields.Date.context_today(self).year,
        help="Applies from this year until a newer row.",
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        precompute=True,
        readonly=False,
        index=True,
        help="Empty: for all companies.",
    )
    property_id = fields.Many2one("pm.property", index=True, ondelete="cascade", help="Empty: for all properties.")
    user_id = fields.Many2one(
        "res.users", string="Butler", ondelete="cascade", help="Empty: for the property as a whole."
    )
    operator = fields.Selection(
        OPERATORS, required=True, compute="_compute_operator", store=True, precompute=True, readonly=False
    )
    value = fields.Float(string="Target", digits=(12, 2), required=True)
    source = fields.Char(help="Requirement id or decision that the number comes from.")

    @api.depends("property_id")
    def _compute_company_id(self):
        for target in self:
            target.company_id = target.property_id.company_id or target.company_id

    @api.depends("kpi_id")
    def _compute_operator(self):
        for target in self:
            target.operator = target.operator or ("<=" if target.kpi_id.direction == "lower" else ">=")

    @api.constrains("user_id", "property_id")
    def _check_butler_has_property(self):
        for target in self:
            if target.user_id and not target.property_id:
                raise ValidationError(self.env._("To set a target for a butler you must name the property."))

    @api.depends("kpi_id", "year", "operator", "value")
    def _compute_display_name(self):
        for target in self:
            sign = SIGNS.get(target.operator, "")
            target.display_name = f"{target.kpi_id.name} {target.year}: {sign} {target.value:g}"

    def _choose(self, kpi, prop, year, user=None):
        """Return the target of these rows that applies, or an empty recordset."""

        def applies(target):
            return (
                target.kpi_id == kpi
                and target.year <= year
                and target.company_id in (self.env["res.company"], prop.company_id)
                and target.property_id in (self.env["pm.property"], prop)
                and (not target.user_id or target.user_id == user)
            )

        # Narrow before wide, then new before old.
        rank = lambda target: (bool(target.user_id), bool(target.property_id), bool(target.company_id), target.year)  # noqa: E731
        return max(self.filtered(applies), key=rank, default=self.browse())

    @api.model
    def _lookup(self, kpi, prop, year, user=None):
        """Return the target that applies to the figure in the property and year, for a butler if given."""
        # sudo: a figure has its target, whoever may read the list of targets
        return self.sudo().search([("kpi_id", "=", kpi.id)])._choose(kpi, prop, year, user=user)

    def _is_met(self, value):
        """Return whether ``value`` reaches the target."""
        self.ensure_one()
        order = float_compare(value, self.value, precision_digits=PRECISION)
        return order >= 0 if self.operator == ">=" else order <= 0

    def action_copy_to_next_year(self):
        """Open the targets of next year as copies, to be changed in December (S0-46)."""
        if not self:
            raise UserError(self.env._("Select the targets to carry over."))
        copies = self.browse()
        for target in self:
            scope = [(name, "=", target[name].id) for name in ("kpi_id", "company_id", "property_id", "user_id")]
            existing = self.search([*scope, ("year", "=", target.year + 1)])
            copies |= existing or target.copy({"year": target.year + 1})
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_base.pm_kpi_target_action")
        return {**action, "domain": [("id", "in", copies.ids)], "context": {}}
