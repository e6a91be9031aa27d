from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.pm_base.models.pm_unit import UNIT_TYPES


class PmFeeAssign(models.TransientModel):
    """Assign fee items to all units of a property, zone, building or type at once. Units that have them already stay as they are."""

    _name = "pm.fee.assign"
    _description = "Assign fees"

    property_id = fields.Many2one("pm.property", required=True)
    company_id = fields.Many2one(related="property_id.company_id")
    item_ids = fields.Many2many(
        "pm.fee.item", string="Fee items", required=True, domain="[('company_id', '=', company_id)]"
    )
    zone_ids = fields.Many2many("pm.zone", string="Zones", domain="[('property_id', '=', property_id)]")
    building_ids = fields.Many2many("pm.building", string="Buildings", domain="[('property_id', '=', property_id)]")
    unit_type = fields.Selection(UNIT_TYPES)
    date_from = fields.Date("From", required=True, default=lambda self: fields.Date.context_today(self).replace(day=1))
    date_to = fields.Date("To")
    unit_count = fields.Integer("Units", compute="_compute_unit_count")

    def _unit_domain(self):
        domain = [("property_id", "=", self.property_id.id)]
        if self.zone_ids:
            domain.append(("zone_id", "in", self.zone_ids.ids))
        if self.building_ids:
            domain.append(("building_id", "in", self.building_ids.ids))
        if self.unit_type:
            domain.append(("unit_type", "=", self.unit_type))
        return domain

    @api.depends("property_id", "zone_ids", "building_ids", "unit_type")
    def _compute_unit_count(self):
        for wizard in self:
            wizard.unit_count = self.env["pm.unit"].search_count(wizard._unit_domain()) if wizard.property_id else 0

    def action_assign(self):
        """Create the missing assignments in one statement; the exclusion constraint leaves out what is there."""
        self.ensure_one()
        if not self.item_ids:
            raise UserError(self.env._("To assign fees you must choose at least one fee item."))
        if self.date_to and self.date_to < self.date_from:
            raise UserError(self.env._("An assignment cannot end before it starts."))
        self.env["pm.fee.assignment"].check_access("create")
        self.env.flush_all()
        units = self.env["pm.unit"].search(self._unit_domain())
        self.env.cr.execute(
            SQL(
                """INSERT INTO pm_fee_assignment (unit_id, property_id, company_id, item_id, date_from, date_to, quantity, discount, discount_state,
                                              create_uid, write_uid, create_date, write_date)
               SELECT unit.id, unit.property_id, unit.company_id, item.id, %(start)s, %(stop)s::date, 1, 0, 'none',
                      %(uid)s, %(uid)s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
                 FROM pm_unit unit, unnest(%(items)s) AS item(id)
                WHERE unit.id = ANY(%(units)s)
               ON CONFLICT DO NOTHING""",
                start=self.date_from,
                stop=self.date_to or None,
                items=self.item_ids.ids,
                units=units.ids,
                uid=self.env.uid,
            )
        )
        count = self.env.cr.rowcount
        self.env["pm.fee.assignment"].invalidate_model()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if count else "warning",
                "title": self.env._("Fees assigned"),
                "message": self.env._(
                    "%(new)s new assignments; %(old)s were there already.",
                    new=count,
                    old=len(units) * len(self.item_ids) - count,
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
