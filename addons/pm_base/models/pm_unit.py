from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.sql import escape_psql

from ..tools.search import TRIGRAM, found_by
from .pm_property import AREA_DIGITS

UNIT_TYPES = [
    ("office", "Office"),
    ("shop", "Shop"),
    ("hotel", "Hotel room"),
    ("apartment", "Apartment"),
    ("parking", "Parking space"),
    ("storage", "Storage"),
    ("other", "Other"),
]
STATUSES = [
    ("not_handed_over", "Not handed over"),
    ("vacant", "Vacant"),
    ("owner_occupied", "Owner-occupied"),
    ("let", "Let"),
]
STRUCTURES = [
    ("frame", "Reinforced-concrete frame"),
    ("shear_wall", "Shear wall"),
    ("frame_shear", "Frame and shear wall"),
    ("steel", "Steel"),
    ("brick", "Brick and concrete"),
    ("other", "Other"),
]
SURVEY_STATES = [
    ("none", "Not surveyed"),
    ("presale", "Pre-sale survey"),
    ("final", "Final survey"),
]


class PmUnit(models.Model):
    """A unit (房产单元): what is owned, let, billed and visited. Its page shows the whole household.

    Who owns, rents or pays is never stored here: it follows from ``pm.unit.party`` rows and the day asked for,
    so history stays true. Source: S0-13, S4-39.
    """

    _name = "pm.unit"
    _description = "Unit"
    _inherit = ["mail.thread"]
    # Columns of the table only: with the names of property and building in it, every page of a list would sort all units.
    _order = "property_id.id, building_code, code, id"
    _rec_names_search = [
        "code",
        "name",
        "party_ids.partner_id.name",
        "party_ids.partner_id.phone",
        "party_ids.partner_id.pm_plate",
    ]

    _code_unique = models.UniqueIndex("(property_id, code)", "Another unit of this property has this code.")
    _areas_positive = models.Constraint(
        "CHECK (area_built >= 0 AND area_inner >= 0 AND area_chargeable >= 0)", "Areas cannot be negative."
    )
    # A-101 and a-101 are one door: a second spelling would be billed and visited beside the first.
    _code_spelling_unique = models.UniqueIndex(
        "(property_id, lower(code))",
        "Another unit of this property has this code (capital and small letters are the same).",
    )
    _order_index = models.Index("(property_id, building_code, code, id)")
    _code_trgm_index = models.Index("USING gin (code gin_trgm_ops)")

    code = fields.Char(
        required=True, tracking=True, help="Unit number as it stands on the door, unique in the property."
    )
    name = fields.Char(compute="_compute_name", store=True)
    active = fields.Boolean(default=True)
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    building_id = fields.Many2one(
        "pm.building", required=True, index=True, ondelete="restrict", domain="[('property_id', '=', property_id)]"
    )
    building_code = fields.Char(related="building_id.code", store=True)  # units are ordered by it
    zone_id = fields.Many2one("pm.zone", index="btree_not_null", domain="[('property_id', '=', property_id)]")
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    floor = fields.Char()
    unit_type = fields.Selection(UNIT_TYPES, required=True, default="office", tracking=True)
    area_built = fields.Float(string="Built Area (m²)", digits=AREA_DIGITS, tracking=True)
    area_inner = fields.Float(string="Inner Area (m²)", digits=AREA_DIGITS, tracking=True)
    area_chargeable = fields.Float(string="Chargeable Area (m²)", digits=AREA_DIGITS, tracking=True)
    layout = fields.Char(help="House type or layout.")
    structure = fields.Selection(STRUCTURES, tracking=True, help="How the building of the unit is built (S4-39).")
    survey_state = fields.Selection(
        SURVEY_STATES, string="Survey", tracking=True, help="Whether the areas come from the surveyor's report (S4-39)."
    )
    resident_count = fields.Integer(
        string="People",
        tracking=True,
        help="How many people live or work in the unit, also those who are not recorded (S4-39).",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Butler",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        tracking=True,
        help="Responsible for this unit: tickets, visits and reminders go to this person first (S0-52).",
    )
    handover_date = fields.Date(
        string="Handed Over On", tracking=True, help="When the developer handed the unit over; empty = not yet."
    )
    warranty_until = fields.Date(
        help="End of the developer's warranty: repairs before that day are not charged (S1-02)."
    )
    last_verified = fields.Date(
        tracking=True, help="When the data of the household was last checked with the customer (S1-25)."
    )
    verification_due = fields.Boolean(
        compute="_compute_verification_due",
        search="_search_verification_due",
        help="Handed over, and not verified within the months of the settings (S1-25).",
    )
    note = fields.Html(groups="base.group_user")

    party_ids = fields.One2many("pm.unit.party", "unit_id", string="Parties")
    current_party_ids = fields.One2many("pm.unit.party", compute="_compute_parties", string="Current Parties")
    owner_ids = fields.Many2many("res.partner", compute="_compute_parties", string="Owners")
    occupant_ids = fields.Many2many("res.partner", compute="_compute_parties", string="Occupants")
    payer_id = fields.Many2one(
        "res.partner",
        compute="_compute_parties",
        search="_search_payer_id",
        string="Payer",
        help="Who receives the bills today.",
    )
    status = fields.Selection(STATUSES, compute="_compute_parties", search="_search_status")
    file_ids = fields.One2many("pm.unit.file", "unit_id", string="File")
    file_completeness = fields.Float(string="File Complete (%)", compute="_compute_file_completeness", digits=(5, 1))
    file_is_complete = fields.Boolean(compute="_compute_file_completeness", search="_search_file_is_complete")
    missing_file_type_ids = fields.Many2many(
        "pm.file.type",
        string="Missing Papers",
        compute="_compute_file_completeness",
        help="Mandatory papers not filed yet (S4-03).",
    )
    transfer_ids = fields.One2many("pm.unit.transfer", "unit_id", string="Transfers")

    @api.depends("code", "building_id.code")
    def _compute_name(self):
        for unit in self:
            building = unit.building_id.code or ""
            # Codes such as A-1201 already carry the building.
            unit.name = (
                unit.code if not building or (unit.code or "").startswith(building) else f"{building}-{unit.code}"
            )

    @api.depends("building_id")
    def _compute_user_id(self):
        # When a building gets another butler, it hands on the units of the former one (see pm.building): a unit that
        # names somebody of its own keeps him.
        for unit in self:
            unit.user_id = unit.building_id.user_id or unit.user_id

    @api.depends("last_verified", "handover_date", "company_id.pm_verify_months")
    def _compute_verification_due(self):
        for unit in self:
            today = unit.property_id._today() if unit.property_id else fields.Date.context_today(unit)
            limit = fields.Date.subtract(today, months=unit.company_id.pm_verify_months)
            unit.verification_due = bool(unit.handover_date) and (not unit.last_verified or unit.last_verified < limit)

    @api.model
    def _search_display_name(self, operator, value):
        """A unit is named by its number or by whoever belongs to it."""
        if operator != "ilike" or not value or len(value.strip()) < TRIGRAM:
            return super()._search_display_name(operator, value)
        text = escape_psql(value.strip())
        return found_by(self, [Domain(name, "ilike", text) for name in self._rec_names_search])

    @api.model
    def _search_verification_due(self, operator, value):
        if operator != "in":
            return NotImplemented
        # sudo: the number of months is no secret
        months = {company.id: company.pm_verify_months for company in self.env["res.company"].sudo().search([])}

        def unverified(day):
            return Domain.OR(
                Domain("company_id", "=", company)
                & (
                    Domain("last_verified", "=", False)
                    | Domain("last_verified", "<", fields.Date.subtract(day, months=number))
                )
                for company, number in months.items()
            )

        due = Domain("handover_date", "!=", False) & self.env["pm.property"]._domain_of_today(unverified)
        return Domain.OR(due if wanted else ~due for wanted in value)

    @api.depends(
        "party_ids.role",
        "party_ids.partner_id",
        "party_ids.date_from",
        "party_ids.date_to",
        "party_ids.is_payer",
        "handover_date",
    )
    def _compute_parties(self):
        current = {}
        for party in self.party_ids.filtered("is_current"):
            current.setdefault(party.unit_id, self.env["pm.unit.party"])
            current[party.unit_id] |= party
        for unit in self:
            parties = current.get(unit, self.env["pm.unit.party"])
            owners = parties.filtered(lambda p: p.role == "owner")
            tenants = parties.filtered(lambda p: p.role in ("tenant", "merchant"))
            unit.current_party_ids = parties
            unit.owner_ids = owners.partner_id
            unit.occupant_ids = (tenants or owners).partner_id | parties.filtered(
                lambda p: p.role == "household"
            ).partner_id
            unit.payer_id = parties.filtered("is_payer")[:1].partner_id
            if tenants:
                unit.status = "let"
            elif not unit.handover_date:
                unit.status = "not_handed_over"
            elif (
                owners and (parties - owners).filtered(lambda p: p.role == "household") or owners.filtered("lives_here")
            ):
                unit.status = "owner_occupied"
            else:
                unit.status = "vacant"

    def _search_payer_id(self, operator, value):
        if operator in ("any", "in", "=", "ilike", "like", "child_of"):
            return [
                (
                    "party_ids",
                    "any",
                    [("is_payer", "=", True), ("is_current", "=", True), ("partner_id", operator, value)],
                )
            ]
        return NotImplemented

    def _search_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = Domain("is_current", "=", True)
        let = Domain("party_ids", "any", today & Domain("role", "in", ("tenant", "merchant")))
        owned = Domain("party_ids", "any", today & Domain("role", "=", "owner"))
        lived = owned & Domain(
            "party_ids",
            "any",
            today
            & (Domain("role", "=", "household") | (Domain("role", "=", "owner") & Domain("lives_here", "=", True))),
        )
        handed = Domain("handover_date", "!=", False)
        by_status = {
            "let": let,
            "not_handed_over": ~let & ~handed,
            "owner_occupied": ~let & handed & lived,
            "vacant": ~let & handed & ~lived,
        }
        return Domain.OR(by_status[status] for status in value if status in by_status)

    @api.depends("unit_type", "file_ids.type_id", "file_ids.active")
    def _compute_file_completeness(self):
        # sudo: everybody who sees the unit may see how complete its file is; what is in it stays with the officers
        mandatory = self.env["pm.file.type"].sudo().search([("mandatory", "=", True)])
        present = {}
        for unit, file_type in (
            self.env["pm.unit.file"]
            .sudo()
            ._read_group([("unit_id", "in", self.ids), ("type_id", "in", mandatory.ids)], ["unit_id", "type_id"])
        ):
            present.setdefault(unit.id, set()).add(file_type.id)
        for unit in self:
            have = present.get(unit.id, set())
            needed = mandatory.filtered(lambda t, kind=unit.unit_type: not t.unit_type or t.unit_type == kind)
            missing = needed.filtered(lambda t, have=have: t.id not in have)
            unit.missing_file_type_ids = missing
            unit.file_is_complete = not missing
            unit.file_completeness = 100.0 * (1 - len(missing) / len(needed)) if needed else 100.0

    @api.model
    def _complete_file_domain(self, day=None):
        """Return the domain of the units that have every mandatory paper in their file. Source: S4-03, S0-13.

        :param date day: papers filed later do not count
        """
        filed = Domain("active", "=", True)
        if day:
            filed &= Domain("date", "=", False) | Domain("date", "<=", day)
        complete = Domain.TRUE
        # sudo: which papers are mandatory counts for everybody's figure
        for file_type in self.env["pm.file.type"].sudo().search([("mandatory", "=", True)]):
            there = Domain("file_ids", "any", filed & Domain("type_id", "=", file_type.id))
            complete &= (there | Domain("unit_type", "!=", file_type.unit_type)) if file_type.unit_type else there
        return complete

    @api.model
    def _search_file_is_complete(self, operator, value):
        if operator != "in":
            return NotImplemented
        # sudo: as in the compute; the units found are still filtered by the reader's own rules
        complete = Domain("id", "in", self.sudo().with_context(active_test=False)._search(self._complete_file_domain()))
        return Domain.OR(complete if wanted else ~complete for wanted in value)

    @api.constrains("building_id", "zone_id", "property_id")
    def _check_same_property(self):
        for unit in self:
            if unit.building_id.property_id != unit.property_id or (
                unit.zone_id and unit.zone_id.property_id != unit.property_id
            ):
                raise ValidationError(
                    self.env._(
                        "Unit %(unit)s: building and zone must belong to the property %(property)s.",
                        unit=unit.code,
                        property=unit.property_id.display_name,
                    )
                )

    @api.onchange("building_id")
    def _onchange_building_id(self):
        if self.building_id:
            self.property_id = self.building_id.property_id

    @api.model
    def _add_up_into(self, records, field):
        """Set ``unit_count`` and ``unit_area`` of the records that units name in ``field``."""
        totals = {
            record: (count, area)
            for record, count, area in self._read_group(
                [(field, "in", records.ids)], [field], ["__count", "area_chargeable:sum"]
            )
        }
        for record in records:
            record.unit_count, record.unit_area = totals.get(record, (0, 0.0))

    def _payer_on(self, day):
        """Return ``{unit_id: partner_id}`` of the payers on the date ``day``; units without a payer are absent.

        One query for any number of units.
        """
        if not self:
            return {}
        self.env["pm.unit.party"].flush_model(["unit_id", "partner_id", "is_payer", "date_from", "date_to"])
        rows = self.env.execute_query(
            SQL(
                """SELECT unit_id, partner_id FROM pm_unit_party
                    WHERE is_payer AND unit_id IN %s AND date_from <= %s AND (date_to IS NULL OR date_to >= %s)""",
                self._ids,
                day,
                day,
            )
        )
        return dict(rows)

    def _household_partner_ids(self):
        """Return the partners who belong to these units today, in any role."""
        return self.current_party_ids.partner_id

    def action_verify(self):
        """Note that the household's data was checked with the customer today."""
        for unit in self:
            unit.last_verified = unit.property_id._today()

    def action_transfer(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.unit.transfer",
            "view_mode": "form",
            "context": {"default_unit_id": self.id},
            "name": self.env._("Ownership Transfer"),
        }
