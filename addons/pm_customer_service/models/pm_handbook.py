from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

USER_ROLES = ("owner", "tenant", "merchant")


class PmHandbook(models.Model):
    """A version of the Customer Service Handbook (《客户服务手册》); every user of a unit acknowledges the one in force. Source: S2-12."""

    _name = "pm.handbook"
    _description = "Service Handbook"
    _order = "property_id, valid_from desc, id desc"

    _version_once = models.UniqueIndex("(property_id, version)", "The property already has this version.")

    name = fields.Char(compute="_compute_name")
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    version = fields.Char(required=True, help="Year and month, such as 2026-01.")
    valid_from = fields.Date(required=True, default=fields.Date.context_today)
    active = fields.Boolean(default=True)
    content = fields.Binary(string="Handbook (PDF)", attachment=True, required=True)
    filename = fields.Char()
    acknowledgment_ids = fields.One2many("pm.acknowledgment", "handbook_id", string="Acknowledgments")
    acknowledgment_count = fields.Integer(compute="_compute_acknowledgment_count", string="Signed")

    @api.depends("property_id.name", "version")
    def _compute_name(self):
        for book in self:
            book.name = self.env._(
                "%(property)s, version %(version)s", property=book.property_id.name, version=book.version
            )

    @api.depends("name")
    def _compute_display_name(self):
        for book in self:
            book.display_name = book.name

    def _compute_acknowledgment_count(self):
        counts = dict(
            self.env["pm.acknowledgment"]._read_group([("handbook_id", "in", self.ids)], ["handbook_id"], ["__count"])
        )
        for book in self:
            book.acknowledgment_count = counts.get(book, 0)

    def write(self, vals):
        # sudo: what was signed counts, whoever may read the signatures
        if {"content", "version", "property_id"} & vals.keys() and any(book.sudo().acknowledgment_ids for book in self):
            raise UserError(self.env._("What customers have signed for is not changed: enter a new version."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_unsigned(self):
        # sudo: what was signed counts, whoever may read the signatures
        if self.sudo().acknowledgment_ids:
            raise UserError(self.env._("What customers have signed for is not changed: enter a new version."))

    @api.model
    def _current(self, properties=None):
        """Return the version in force of each property (of ``properties``, default all)."""
        domain = Domain("property_id", "in", properties.ids) if properties is not None else Domain.TRUE
        # sudo: which version is in force is no secret; texts are read with the reader's own rights
        books = self.sudo().search(domain)
        current = self.sudo().browse()
        for prop, versions in books.grouped("property_id").items():
            today = prop._today()
            current |= versions.filtered(lambda book, today=today: book.valid_from <= today)[:1]
        return current.sudo(self.env.su)


class PmUnitParty(models.Model):
    """Whether whoever uses a unit has acknowledged the handbook in force. Source: S2-12."""

    _inherit = "pm.unit.party"

    acknowledgment_ids = fields.One2many(
        "pm.acknowledgment", "party_id", string="Acknowledgments", groups="base.group_user"
    )
    handbook_missing = fields.Boolean(
        string="Handbook Not Acknowledged",
        compute="_compute_handbook_missing",
        search="_search_handbook_missing",
        groups="base.group_user",
        help="Uses the unit today and has not signed for the version of the handbook in force.",
    )

    @api.depends("acknowledgment_ids.handbook_id", "role", "lives_here", "date_from", "date_to")
    def _compute_handbook_missing(self):
        books = {book.property_id: book for book in self.env["pm.handbook"]._current(self.property_id)}
        for party in self:
            book = books.get(party.property_id)
            party.handbook_missing = bool(
                book
                and party.is_current
                and party.role in USER_ROLES
                and (party.role != "owner" or party.lives_here)
                and book not in party.acknowledgment_ids.handbook_id
            )

    @api.model
    def _search_handbook_missing(self, operator, value):
        if operator != "in":
            return NotImplemented
        books = self.env["pm.handbook"]._current()
        missing = (
            Domain("property_id", "in", books.property_id.ids)
            & Domain("is_current", "=", True)
            & Domain("role", "in", USER_ROLES)
            & (Domain("role", "!=", "owner") | Domain("lives_here", "=", True))
            & Domain("acknowledgment_ids", "not any", [("handbook_id", "in", books.ids)])
        )
        return Domain.OR(missing if wanted else ~missing for wanted in value)
