from odoo import api, fields, models
from odoo.exceptions import UserError


class PmMeterEstimate(models.TransientModel):
    """Estimate meters that could not be read."""

    _name = "pm.meter.estimate"
    _description = "Estimate Readings"

    missing_ids = fields.Many2many("pm.meter.missing", compute="_compute_missing_ids", string="Meters")
    meter_months = fields.Json()
    reason = fields.Char("Why it was not read", required=True, help="Nobody at home, the meter room was locked …")

    @api.model
    def default_get(self, names):
        values = super().default_get(names)
        missing = self.env["pm.meter.missing"].browse(self.env.context.get("default_missing_ids") or ())
        # The rows are gone once their meters are estimated; what was asked for stays.
        values["meter_months"] = [[row.meter_id.id, fields.Date.to_string(row.month)] for row in missing]
        return values

    @api.depends("meter_months")
    def _compute_missing_ids(self):
        for wizard in self:
            wanted = {(meter, month) for meter, month in wizard.meter_months or ()}
            rows = self.env["pm.meter.missing"].search([("meter_id", "in", [meter for meter, _month in wanted])])
            wizard.missing_ids = rows.filtered(
                lambda row, wanted=wanted: (row.meter_id.id, fields.Date.to_string(row.month)) in wanted
            )

    def action_estimate(self):
        """Estimate month by month, the oldest first; what cannot be estimated is named.

        :return: action on the estimates
        :raises UserError: not one of them can be estimated
        """
        self.ensure_one()
        Reading = self.env["pm.meter.reading"]
        made, refused = Reading, {}
        for (month, prop), rows in sorted(
            self.missing_ids.grouped(lambda row: (row.month, row.property_id)).items(),
            key=lambda entry: (entry[0][0], entry[0][1].id),
        ):
            readings, left = Reading._estimate(rows.meter_id, Reading._day_of(prop, month), self.reason)
            made |= readings
            refused.update(left)
        notes = "\n".join(f"{meter.display_name}: {why}" for meter, why in refused.items())
        if not made:
            raise UserError(notes or self.env._("These meters have been read by now."))
        action = {
            "type": "ir.actions.act_window",
            "res_model": "pm.meter.reading",
            "view_mode": "list,form",
            "name": self.env._("Estimated Readings"),
            "domain": [("id", "in", made.ids)],
        }
        if not notes:
            return action
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "warning", "sticky": True, "message": notes, "next": action},
        }
