from ast import literal_eval

from odoo import fields, models


class PmTeam(models.Model):
    """Who does the work: customer service, engineering, cleaning, order maintenance. Its e-mail address takes in tickets."""

    _name = "pm.team"
    _description = "Service Team"
    _inherit = ["pm.program.fields", "mail.alias.mixin"]
    _order = "sequence, name, id"
    _program_fields = frozenset({"last_turn_id"})

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    user_id = fields.Many2one("res.users", string="Team Leader", domain="[('share', '=', False)]")
    member_ids = fields.Many2many("res.users", string="Members", domain="[('share', '=', False)]")
    category_ids = fields.Many2many(
        "pm.ticket.category", string="Categories", help="New tickets of these categories go to this team."
    )
    zone_ids = fields.Many2many(
        "pm.zone", string="Zones", domain="[('property_id', '=', property_id)]", help="Empty: all zones."
    )
    type_id = fields.Many2one(
        "pm.ticket.type", string="Type of Mails", help="Type of the tickets that mails to the team's address become."
    )
    open_count = fields.Integer(string="Open Tickets", compute="_compute_open_count")

    def _compute_open_count(self):
        counts = dict(
            self.env["pm.ticket"]._read_group(
                [("team_id", "in", self.ids), ("state", "in", ("new", "assigned", "in_progress"))],
                ["team_id"],
                ["__count"],
            )
        )
        for team in self:
            team.open_count = counts.get(team, 0)

    def _alias_get_creation_values(self):
        values = super()._alias_get_creation_values()
        values["alias_model_id"] = self.env["ir.model"]._get_id("pm.ticket")
        if self.id:
            values["alias_defaults"] = defaults = literal_eval(self.alias_defaults or "{}")
            defaults.update({"team_id": self.id, "property_id": self.property_id.id, "channel": "email"})
            if self.type_id:
                defaults["type_id"] = self.type_id.id
        return values

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"property_id", "type_id", "alias_name"} and "alias_defaults" not in vals:
            for team in self:
                team.alias_defaults = repr(team._alias_get_creation_values()["alias_defaults"])
        return result

    def _find_for(self, prop, category, zone):
        """Return the team of ``prop``: by category and zone, then category, then zone, then the one for everything else."""
        teams = self.filtered(lambda team: team.property_id == prop)
        of_category = teams.filtered(lambda team: category and category in team.category_ids)
        of_all = teams.filtered(lambda team: not team.category_ids)
        for group in (of_category, of_all):
            found = group.filtered(lambda team: zone and zone in team.zone_ids)[:1]
            found = found or group.filtered(lambda team: not team.zone_ids)[:1]
            if found:
                return found
        return self.browse()
