from ast import literal_eval

from odoo import api, fields, models
from odoo.tools import ormcache


class PmTeam(models.Model):
    """Who does the work: customer service, engineering, cleaning, order maintenance. Its e-mail address takes in tickets."""

    _name = "pm.team"
    _description = "Service Team"
    _inherit = ["pm.program.fields", "pm.cached", "mail.alias.mixin"]
    _order = "sequence, name, id"
    _program_fields = frozenset({"last_turn_id"})
    # What decides which team takes a ticket; other changes (whose turn it is) leave the routes in memory alone.
    _cached_fields = frozenset({"active", "sequence", "property_id", "category_ids", "type_ids", "zone_ids"})

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
    type_ids = fields.Many2many(
        "pm.ticket.type",
        string="Types",
        help="New tickets of these types go to this team where no team names their category. A team that names neither"
        " categories nor types takes everything else.",
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

    @api.model
    @ormcache("property_id")
    def _get_routes(self, property_id):
        """Return the teams of a property in their order: ``[(id, categories, types, zones)]``, each a set of ids."""
        # sudo: everybody may write a ticket, and the team follows from what it is about
        teams = (
            self.sudo()
            .with_context(active_test=False)
            .search([("property_id", "=", property_id), ("active", "=", True)], order="sequence, id")
        )
        return tuple(
            (team.id, frozenset(team.category_ids.ids), frozenset(team.type_ids.ids), frozenset(team.zone_ids.ids))
            for team in teams
        )

    @api.model
    def _find_for(self, prop, category, kind, zone):
        """Return the team of ``prop`` for a ticket: that of its category, else of its type, else the one for everything else.

        Of several the one of the zone comes first, then one for all zones.
        """
        routes = self._get_routes(prop.id)
        for group in (
            [route for route in routes if category.id in route[1]],
            [route for route in routes if kind.id in route[2] and not route[1]],
            [route for route in routes if not route[1] and not route[2]],
        ):
            found = [route for route in group if zone.id in route[3]] or [route for route in group if not route[3]]
            if found:
                return self.browse(found[0][0])
        return self.browse()
