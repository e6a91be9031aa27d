from odoo import api, fields, models


class PmServiceOrder(models.Model):
    _inherit = "pm.service.order"
    _program_fields = frozenset({"agreement_id", "period_start"})

    _period_once = models.UniqueIndex(
        "(agreement_id, period_start) WHERE agreement_id IS NOT NULL",
        "This period of the agreement already has its order.",
    )

    agreement_id = fields.Many2one(
        "pm.service.agreement", readonly=True, copy=False, ondelete="restrict", index="btree_not_null"
    )
    period_start = fields.Date(readonly=True, copy=False)


class PmServiceOrderLine(models.Model):
    _inherit = "pm.service.order.line"

    _names_its_service = models.Constraint(
        "CHECK (item_id IS NOT NULL OR estimate_id IS NOT NULL OR agreement_line_id IS NOT NULL)",
        "Every line of an order names its service: choose it from the price list, or delete the line.",
    )

    agreement_line_id = fields.Many2one(
        "pm.service.agreement.line", readonly=True, copy=False, ondelete="restrict", index="btree_not_null"
    )

    @api.depends("agreement_line_id")
    def _compute_from_item(self):
        """What was signed holds for the whole term, whatever the list says later."""
        super()._compute_from_item()
        for line in self.filtered("agreement_line_id"):
            agreed = line.agreement_line_id
            line.name, line.unit_label, line.price_unit = agreed.name, agreed.unit_label, agreed.price_unit

    def _is_sellable(self):
        return bool(self.agreement_line_id) or super()._is_sellable()


class PmProperty(models.Model):
    _inherit = "pm.property"

    agreement_reminder_days = fields.Integer(
        string="Remind of Renewals",
        default=30,
        help="Days before the last day of a long-term service agreement on which its renewal is asked for (house rule; S1-73).",
    )
