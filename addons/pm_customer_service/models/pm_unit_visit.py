from odoo import api, fields, models

from .pm_visit import DONE_STATES

# A parking space or a store room is not called on by itself; whoever lives or works in the property is.
NOT_VISITED = ("parking", "storage")


class PmUnit(models.Model):
    _inherit = "pm.unit"

    visit_ids = fields.One2many("pm.visit", "unit_id", string="Visits")
    to_visit = fields.Boolean(
        string="Visited Regularly",
        compute="_compute_to_visit",
        store=True,
        readonly=False,
        copy=False,
        help="Counts in the butler's monthly visit rate (S4-46). Untick for a household that does not want visits.",
    )
    last_visit_date = fields.Date(string="Last Visit", compute="_compute_last_visit_date")

    @api.depends("unit_type")
    def _compute_to_visit(self):
        for unit in self:
            unit.to_visit = unit.unit_type not in NOT_VISITED

    def _compute_last_visit_date(self):
        last = self._last_visits()
        for unit in self:
            moment = last.get(unit.id)
            unit.last_visit_date = moment and unit.property_id._local_date(moment)

    def _last_visits(self):
        """Return ``{unit_id: moment}`` of the last visit held; units never visited are absent."""
        # sudo: when somebody was last there is shown to all who see the unit, what was said is not
        groups = (
            self.env["pm.visit"]
            .sudo()
            ._read_group([("unit_id", "in", self.ids), ("state", "in", DONE_STATES)], ["unit_id"], ["visited_at:max"])
        )
        return {unit.id: moment for unit, moment in groups}

    def action_open_visits(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_customer_service.pm_visit_action")
        return action | {
            "domain": [("unit_id", "=", self.id)],
            "context": {"default_unit_id": self.id, "default_property_id": self.property_id.id},
        }
