from odoo import api, fields, models
from odoo.exceptions import UserError


class PmServiceAgreementLine(models.Model):
    """One service of an agreement, at the price of the day it was chosen: it holds for the whole term."""

    _name = "pm.service.agreement.line"
    _description = "Service of an Agreement"
    _order = "agreement_id, sequence, id"

    _quantity_positive = models.Constraint("CHECK (quantity > 0)", "The quantity of a service is more than zero.")

    agreement_id = fields.Many2one("pm.service.agreement", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    property_id = fields.Many2one(related="agreement_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="agreement_id.company_id", store=True)
    currency_id = fields.Many2one(related="agreement_id.currency_id")
    item_id = fields.Many2one(
        "pm.service.item",
        string="Service",
        required=True,
        ondelete="restrict",
        domain="[('state', '=', 'published'), ('property_id', 'in', (False, property_id))]",
    )
    name = fields.Char(string="What", compute="_compute_from_item", store=True, precompute=True)
    unit_label = fields.Char(compute="_compute_from_item", store=True, precompute=True)
    price_unit = fields.Monetary(string="Price", compute="_compute_from_item", store=True, precompute=True)
    quantity = fields.Float(default=1, digits=(12, 2), required=True)
    subtotal = fields.Monetary(compute="_compute_subtotal", store=True, precompute=True)

    @api.depends("item_id")
    def _compute_from_item(self):
        for line in self:
            line.name = line.item_id.name
            line.unit_label = line.item_id.unit_label
            line.price_unit = line.item_id.price

    @api.depends("quantity", "price_unit")
    def _compute_subtotal(self):
        for line in self:
            line.subtotal = (line.currency_id or self.env.company.currency_id).round(line.quantity * line.price_unit)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            # Prices come from the published list; nobody types them (S1-53).
            priced = ("price_unit", "name", "subtotal", "unit_label")
            vals_list = [{k: v for k, v in vals.items() if k not in priced} for vals in vals_list]
        lines = super().create(vals_list)
        lines._check_draft()
        return lines

    def write(self, vals):
        if not self.env.su and {"price_unit", "name", "subtotal", "unit_label", "agreement_id"} & vals.keys():
            raise UserError(self.env._("Prices come from the published list; nobody types them (S1-53)."))
        self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_of_drafts(self):
        self._check_draft()

    def _check_draft(self):
        if not self.env.su and any(line.agreement_id.state != "draft" for line in self):
            raise UserError(self.env._("What was signed stays as it is: end the agreement and make a new one."))
