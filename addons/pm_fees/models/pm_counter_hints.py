from odoo import api, models
from odoo.tools import format_date


class PmCounter(models.AbstractModel):
    """What the service counter tells of money, to those who may see charges. A hint only: nothing waits for payment (L-03)."""

    _inherit = "pm.counter"

    @api.model
    def _get_hints(self, unit):
        hints = super()._get_hints(unit)
        charges = self.env["pm.charge"]
        if not charges.has_access("read"):
            return hints
        today = unit.property_id._today()
        # Owed is what is posted; only by its state the key of the unit's charges is used, else all that the property is owed.
        overdue = charges.search(
            [
                ("unit_id", "=", unit.id),
                ("state", "=", "posted"),
                ("paid_state", "in", ("unpaid", "partial")),
                ("due_date", "<", today),
            ],
            order="due_date, id",
        )
        if overdue:
            hints.append(
                {
                    "level": "warning",
                    "text": self.env._(
                        "Overdue: %(amount)s, the oldest since %(date)s. It does not hold back any service.",
                        amount=unit.currency_id.format(sum(overdue.mapped("residual"))),
                        date=format_date(self.env, overdue[0].due_date),
                    ),
                }
            )
        return hints

    @api.model
    def _get_links(self, unit):
        links = super()._get_links(unit)
        if self.env.user.has_group("pm_base.group_cashier"):
            links.append(
                {"label": self.env._("Take a Payment"), "tag": "pm_fees.counter", "params": {"unit_id": unit.id}}
            )
        return links
