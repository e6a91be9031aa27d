import logging

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools.safe_eval import safe_eval

_logger = logging.getLogger(__name__)

# What a tile may lead to: a list, or a screen of its own such as the counter.
ACTION_TYPES = ("ir.actions.act_window", "ir.actions.client")


class PmWorkbenchTile(models.Model):
    """A tile of the workbench, the first screen after login: what waits for somebody of a role, and how much of it is late.

    A tile counts the records of its action that match ``domain``, with the rights of who looks; one without domain is a
    shortcut. Domains know ``uid`` and Odoo's relative dates (``[('date', '<', 'today')]``). Upper modules bring their
    own tiles as data. Source: S0-17 (each role knows its work of the day).
    """

    _name = "pm.workbench.tile"
    _description = "Workbench Tile"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    hint = fields.Char(translate=True, help="What to do, in a few words.")
    icon = fields.Char(default="fa-tasks", help="Name of a Font Awesome 4 icon.")
    sequence = fields.Integer(default=100)
    active = fields.Boolean(default=True)
    group_ids = fields.Many2many(
        "res.groups",
        string="Roles",
        help="Who has the tile: users to whom one of these roles is given directly. Without roles everybody has it.",
    )
    action_id = fields.Many2one("ir.actions.actions", required=True, ondelete="cascade")
    domain = fields.Char(help="What waits. Without a condition the tile is a shortcut.")
    late_domain = fields.Char(string="Late If", help="Which of them are late.")
    source = fields.Char(help="Requirement id the tile comes from.")

    is_mine = fields.Boolean(compute="_compute_is_mine", search="_search_is_mine")
    count = fields.Integer(compute="_compute_counts", string="Waiting")
    late_count = fields.Integer(compute="_compute_counts", string="Late")
    is_broken = fields.Boolean(compute="_compute_counts")

    # Computes

    @api.depends_context("uid")
    @api.depends("group_ids", "action_id")
    def _compute_is_mine(self):
        roles = self.env.user.group_ids
        for tile in self:
            tile.is_mine = (not tile.group_ids or bool(tile.group_ids & roles)) and tile._is_readable()

    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        mine = self.search([]).filtered("is_mine")
        return Domain("id", "in" if True in value else "not in", mine.ids)

    @api.depends_context("uid", "allowed_company_ids")
    @api.depends("action_id", "domain", "late_domain")
    def _compute_counts(self):
        for tile in self:
            tile.count = tile.late_count = 0
            tile.is_broken = False
            if not tile.domain:
                continue
            try:
                # A condition that no longer fits its model spoils one tile, not the screen.
                with self.env.cr.savepoint(flush=False):
                    domain = tile._get_domain()
                    records = self.env[tile._get_model()]
                    tile.count = records.search_count(domain)
                    if tile.count and tile.late_domain:
                        tile.late_count = records.search_count(domain & tile._evaluate(tile.late_domain))
            except Exception:
                _logger.exception("Workbench tile %s cannot be counted", tile.name)
                tile.is_broken = True

    # Constraints

    @api.constrains("action_id", "domain", "late_domain")
    def _check_domains(self):
        for tile in self:
            # sudo: actions are no record that roles may read
            if tile.action_id.sudo().type not in ACTION_TYPES:
                raise ValidationError(self.env._("%s: a tile leads to a list or to a screen.", tile.name))
            model = tile._get_model()
            if tile.domain and not model:
                raise ValidationError(
                    self.env._("%s: only a tile that leads to a list can count. Leave its condition empty.", tile.name)
                )
            for condition in filter(None, [tile.domain, tile.late_domain]):
                try:
                    tile._evaluate(condition).validate(self.env[model])
                except Exception as error:
                    raise ValidationError(
                        self.env._(
                            "%(tile)s: the condition %(condition)s is not right: %(error)s",
                            tile=tile.name,
                            condition=condition,
                            error=error,
                        )
                    ) from error

    # Actions

    def action_open(self):
        """Open what the tile counts, and nothing else: filters that the action would set by itself are left out."""
        self.ensure_one()
        action = self._get_action()._get_action_dict()
        if not self.domain:
            return action
        context = action.get("context") or {}
        if isinstance(context, str):
            context = safe_eval(context, {"uid": self.env.uid, "active_id": False, "active_ids": []})
        action["context"] = {key: value for key, value in context.items() if not key.startswith("search_default_")}
        action["domain"] = list(self._get_domain())
        action["name"] = self.name
        return action

    # Helpers

    def _get_action(self):
        # sudo: actions are for administrators to read; that this one may be opened is decided by the rights on its model.
        return self.env[self.action_id.sudo().type].sudo().browse(self.action_id.id)

    def _get_model(self):
        """Return the name of the model whose records the tile counts, or None for a screen without one."""
        action = self._get_action()
        return action.res_model if action.type == "ir.actions.act_window" else None

    def _is_readable(self):
        model = self._get_model()
        return not model or (model in self.env and self.env[model].has_access("read"))

    def _evaluate(self, condition):
        return Domain(safe_eval(condition, {"uid": self.env.uid}))

    def _get_domain(self):
        """Return the condition of the tile together with that of its action."""
        own = self._get_action().domain
        return (self._evaluate(own) if own else Domain.TRUE) & self._evaluate(self.domain)
