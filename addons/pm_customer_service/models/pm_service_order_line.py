from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .pm_service_order import FINISHED


class PmServiceOrderLine(models.Model):
    """One service of an order, at the price of the published list: nobody types a price (S1-53)."""

    _name = "pm.service.order.line"
    _description = "Service of an Order"
    _inherit = ["pm.program.fields"]
    _order = "order_id, sequence, id"
    # Prices come from the published list, an approved cost sheet or a signed agreement; nobody types them (S1-53).
    _program_fields = frozenset({"price_unit", "name", "subtotal", "unit_label", "estimate_id", "agreement_line_id"})

    _quantity_positive = models.Constraint("CHECK (quantity > 0)", "The quantity of a service is more than zero.")

    order_id = fields.Many2one("pm.service.order", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer(default=10)
    property_id = fields.Many2one(related="order_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="order_id.company_id", store=True)
    currency_id = fields.Many2one(related="order_id.currency_id")
    item_id = fields.Many2one(
        "pm.service.item",
        string="Service",
        ondelete="restrict",
        domain="[('state', '=', 'published'), ('property_id', 'in', (False, property_id))]",
    )
    estimate_id = fields.Many2one(
        "pm.service.estimate",
        string="Cost Sheet",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
    )
    name = fields.Char(string="What", compute="_compute_from_item", store=True, readonly=True, precompute=True)
    unit_label = fields.Char(compute="_compute_from_item", store=True, readonly=True, precompute=True)
    price_unit = fields.Monetary(
        string="Price", compute="_compute_from_item", store=True, readonly=True, precompute=True
    )
    quantity = fields.Float(default=1, digits=(12, 2), required=True)
    subtotal = fields.Monetary(compute="_compute_subtotal", store=True, precompute=True)

    @api.depends("item_id", "estimate_id")
    def _compute_from_item(self):
        """The price stays what it was when the service was chosen, whatever the list says later."""
        for line in self:
            sheet = line.estimate_id
            line.name = sheet.name or line.item_id.name
            line.unit_label = line.item_id.unit_label
            line.price_unit = sheet.amount_total if sheet else line.item_id.price

    @api.depends("quantity", "price_unit")
    def _compute_subtotal(self):
        for line in self:
            line.subtotal = (line.currency_id or self.env.company.currency_id).round(line.quantity * line.price_unit)

    def _is_sellable(self):
        """Tell whether the line may be sold: its service is published for the property, or its cost sheet approved."""
        self.ensure_one()
        if self.estimate_id:
            return self.estimate_id.state == "approved" and self.estimate_id.order_id == self.order_id
        return self.item_id._is_published_for(self.order_id.property_id)

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._touch()
        return lines

    def write(self, vals):
        if not self.env.su and "order_id" in vals:
            raise AccessError(self.env._("A service stays with its order."))
        result = super().write(vals)
        if {"item_id", "quantity", "price_unit"} & vals.keys():
            self._touch()
        return result

    def unlink(self):
        orders = self.order_id
        self._check_open()
        result = super().unlink()
        # sudo: the state of the order follows from its lines
        orders.filtered(lambda order: order.state in ("agreed", "dispatched")).sudo()._transition("changed")
        return result

    def _check_open(self):
        if any(line.order_id.state in FINISHED for line in self):
            raise UserError(self.env._("An order that is done or cancelled stays as it was signed."))

    def _touch(self):
        """A change after the consent takes the consent away: the work rests until the customer agrees again (S1-76)."""
        self._check_open()
        # sudo: the step is the program's, the right to change the lines was checked
        self.order_id.filtered(lambda order: order.state in ("agreed", "dispatched")).sudo()._transition("changed")
