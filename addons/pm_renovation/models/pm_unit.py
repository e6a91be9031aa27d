from odoo import fields, models

from .pm_renovation import OPEN_STATES


class PmUnit(models.Model):
    _inherit = "pm.unit"

    renovation_ids = fields.One2many("pm.renovation", "unit_id", string="Renovations")
    renovation_count = fields.Integer(compute="_compute_renovation_count")
    renovation_open_count = fields.Integer(compute="_compute_renovation_count")

    def _compute_renovation_count(self):
        Renovation = self.env["pm.renovation"]
        if not Renovation.has_access("read"):
            self.renovation_count = self.renovation_open_count = 0
            return
        domain = [("unit_id", "in", self.ids)]
        total = dict(Renovation._read_group(domain, ["unit_id"], ["__count"]))
        live = dict(Renovation._read_group([*domain, ("state", "in", OPEN_STATES)], ["unit_id"], ["__count"]))
        for unit in self:
            unit.renovation_count = total.get(unit, 0)
            unit.renovation_open_count = live.get(unit, 0)

    def action_view_renovations(self):
        """Renovations of this unit."""
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_renovation.pm_renovation_action")
        action["domain"] = [("unit_id", "=", self.id)]
        action["context"] = {"default_unit_id": self.id}
        return action


class PmUnitTransfer(models.Model):
    _inherit = "pm.unit.transfer"

    def _get_transfer_warnings(self):
        """Tell who transfers a unit that a renovation runs; the deposit stays its payer's."""
        warnings = super()._get_transfer_warnings()
        # sudo: a warning about the unit for the clerk, whatever he may see of renovations
        for case in self.sudo().unit_id.renovation_ids.filtered(lambda c: c.state in OPEN_STATES):
            warnings.append(
                self.env._(
                    "Renovation %(case)s is under way; its deposit goes back to %(payer)s.",
                    case=case.name,
                    payer=case.deposit_payer_id.display_name,
                )
            )
        return warnings

    def action_confirm(self):
        """The new owner hears of the renovation under way, and decides on what is not yet decided."""
        result = super().action_confirm()
        # sudo: a transfer is the clerk's business, what follows for the renovation is the program's
        self.sudo().unit_id.renovation_ids._sync_owner()
        return result
