from odoo import api, fields, models


class PmServiceEstimatePart(models.AbstractModel):
    """What labour and material of a cost sheet have in common: the department, and that they rest once it is signed."""

    _name = "pm.service.estimate.part"
    _description = "Part of a Cost Sheet"

    estimate_id = fields.Many2one("pm.service.estimate", required=True, ondelete="cascade", index=True)
    property_id = fields.Many2one(related="estimate_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="estimate_id.company_id", store=True)
    currency_id = fields.Many2one(related="estimate_id.currency_id")
    team_id = fields.Many2one(
        "pm.team", string="Department", required=True, domain="[('property_id', '=', property_id)]"
    )
    subtotal = fields.Monetary(compute="_compute_subtotal", store=True, precompute=True)

    def _compute_subtotal(self):
        raise NotImplementedError

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.estimate_id._check_draft()
        return lines

    def write(self, vals):
        self.estimate_id._check_draft()
        result = super().write(vals)
        self.estimate_id._check_draft()  # also of the sheet it was moved to
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_of_drafts(self):
        self.estimate_id._check_draft()


class PmServiceEstimateLabour(models.Model):
    """Staff × hours × rate of one department. Source: S1-86."""

    _name = "pm.service.estimate.labour"
    _description = "Labour of a Cost Sheet"
    _inherit = ["pm.service.estimate.part"]
    _order = "estimate_id, id"

    _positive = models.Constraint("CHECK (staff > 0 AND hours > 0)", "Staff and hours are more than zero.")

    name = fields.Char(string="Task")
    rate_id = fields.Many2one(
        "pm.service.rate",
        string="Trade",
        required=True,
        ondelete="restrict",
        domain="[('kind', '=', 'labour'), ('property_id', 'in', (False, property_id))]",
    )
    staff = fields.Integer(default=1, required=True)
    hours = fields.Float(default=1, required=True, digits=(8, 2))
    rate = fields.Monetary(string="Per Hour", compute="_compute_rate", store=True, precompute=True)

    @api.depends("rate_id")
    def _compute_rate(self):
        """The rate stays what it was when the trade was chosen."""
        for line in self:
            line.rate = line.rate_id.hourly

    @api.depends("staff", "hours", "rate")
    def _compute_subtotal(self):
        for line in self:
            line.subtotal = (line.currency_id or self.env.company.currency_id).round(
                line.staff * line.hours * line.rate
            )


class PmServiceEstimateMaterial(models.Model):
    """One material of a cost sheet. Source: S1-86."""

    _name = "pm.service.estimate.material"
    _description = "Material of a Cost Sheet"
    _inherit = ["pm.service.estimate.part"]
    _order = "estimate_id, id"

    _positive = models.Constraint("CHECK (quantity > 0 AND price >= 0)", "The quantity is more than zero.")

    name = fields.Char(string="Material", required=True)
    quantity = fields.Float(default=1, required=True, digits=(10, 2))
    unit_label = fields.Char(string="Unit of Measure")
    price = fields.Monetary(string="Unit Price", required=True)

    @api.depends("quantity", "price")
    def _compute_subtotal(self):
        for line in self:
            line.subtotal = (line.currency_id or self.env.company.currency_id).round(line.quantity * line.price)
