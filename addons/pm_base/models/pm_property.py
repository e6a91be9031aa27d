from datetime import datetime, time, timedelta

import pytz
from odoo import Command, api, fields, models, tools
from odoo.addons.base.models.res_partner import _tz_get
from odoo.fields import Domain
from odoo.tools import SQL

AREA_DIGITS = (12, 2)


class PmProperty(models.Model):
    """A managed property (物业项目): an estate, a tower, a park. Source: S0-96, S0-03."""

    _name = "pm.property"
    _description = "Property"
    _inherit = ["mail.thread"]
    _order = "name, id"
    _rec_names_search = ["name", "code"]
    _check_company_auto = True

    _code_unique = models.UniqueIndex("(company_id, code)", "Another property of this company has this code.")
    _areas_positive = models.Constraint(
        "CHECK (site_area >= 0 AND gross_floor_area >= 0 AND chargeable_area >= 0)",
        "Areas cannot be negative.",
    )
    _day_band = models.Constraint(
        "CHECK (day_start >= 0 AND day_end <= 24 AND day_start < day_end)",
        "The day must start before it ends, both between 0:00 and 24:00.",
    )
    _large_customer_threshold = models.Constraint(
        "CHECK (large_customer_permille >= 0 AND large_customer_permille <= 1000)",
        "The large-customer threshold lies between 0 and 1000 per mille.",
    )

    name = fields.Char(required=True, translate=True, tracking=True)
    code = fields.Char(
        required=True, tracking=True, help="Short code of the property, unique in the company; imports refer to it."
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner",
        string="Management Office",
        help="Contact that holds the address, phone and e-mail of the management office.",
    )
    manager_id = fields.Many2one("res.users", string="Project Manager", tracking=True)
    user_ids = fields.Many2many(
        "res.users",
        "pm_property_users_rel",
        "property_id",
        "user_id",
        string="Staff",
        help="Users who may see this property.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working Calendar",
        check_company=True,
        compute="_compute_calendar_id",
        store=True,
        readonly=False,
        precompute=True,
        help="Counts the working days of rules that do not run in calendar days (CON-14).",
    )
    tz = fields.Selection(
        _tz_get, string="Time Zone", required=True, default=lambda self: self.env.user.tz or "Asia/Shanghai"
    )
    hotline = fields.Char(string="Service Hotline", help="Printed on documents and shown in the portal.")
    day_start = fields.Float(
        string="Day Band Starts",
        default=8.5,
        help="Start of the day band of the service phones (S2-10). Messages also stay quiet outside the band.",
    )
    day_end = fields.Float(
        string="Day Band Ends", default=21.0, help="End of the day band of the service phones (S2-10)."
    )

    large_customer_permille = fields.Float(
        string="Large Customer above (‰)",
        default=1.5,
        digits=(6, 2),
        tracking=True,
        help="A customer whose managed area exceeds this share of the total managed area follows the large-customer policy. "
        "Source: S0-137; the handbook's figure reads 1.5 ‰ (OCR-01), use 15 for 1.5 %.",
    )
    large_customer_area = fields.Float(
        string="= Area above (m²)",
        digits=AREA_DIGITS,
        compute="_compute_large_customer_area",
        help="The threshold in square metres.",
    )

    # Profile sheet (S0-96)
    address = fields.Char(translate=True)
    site_area = fields.Float(string="Site Area (m²)", digits=AREA_DIGITS)
    plot_ratio = fields.Float(digits=(6, 2))
    green_ratio = fields.Float(string="Green Ratio (%)", digits=(6, 2))
    gross_floor_area = fields.Float(string="Gross Floor Area (m²)", digits=AREA_DIGITS)
    chargeable_area = fields.Float(
        string="Total Managed Area (m²)",
        digits=AREA_DIGITS,
        tracking=True,
        help="Total managed (chargeable) area; leave 0 to use the sum of the units.",
    )
    completion_date = fields.Date()
    move_in_date = fields.Date()
    designer = fields.Char()
    developer_id = fields.Many2one("res.partner", string="Developer")
    sales_agent = fields.Char()
    entrance_count = fields.Integer(string="Entrances")
    clubhouse_area = fields.Float(string="Clubhouse (m²)", digits=AREA_DIGITS)
    garden_area = fields.Float(string="Garden (m²)", digits=AREA_DIGITS)
    water_area = fields.Float(string="Water Features (m²)", digits=AREA_DIGITS)
    parking_underground = fields.Integer(string="Underground Parking Spaces")
    parking_ground = fields.Integer(string="Ground Parking Spaces")
    lift_count = fields.Integer(string="Lifts")
    water_tank_count = fields.Integer(string="Water Tanks")
    reclaimed_water = fields.Boolean()
    refuse_station_count = fields.Integer(string="Refuse Stations")
    septic_tank_count = fields.Integer(string="Septic Tanks")
    gas_type = fields.Selection(
        [("municipal", "Municipal"), ("private", "Private"), ("other", "Other"), ("none", "None")], string="Gas"
    )
    heating_type = fields.Selection(
        [("municipal", "Municipal"), ("central", "Central"), ("own", "Individual"), ("none", "None")], string="Heating"
    )

    zone_ids = fields.One2many("pm.zone", "property_id", string="Zones")
    building_ids = fields.One2many("pm.building", "property_id", string="Buildings")
    unit_ids = fields.One2many("pm.unit", "property_id", string="Units")
    facility_ids = fields.One2many("pm.facility", "property_id", string="Facilities")
    emergency_contact_ids = fields.One2many("pm.emergency.contact", "property_id", string="Emergency Numbers")
    unit_count = fields.Integer(compute="_compute_unit_totals")
    unit_area = fields.Float(string="Area of the Units (m²)", digits=AREA_DIGITS, compute="_compute_unit_totals")
    household_count = fields.Integer(string="Occupied Units", compute="_compute_unit_totals")

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")
        if not self.env.user.has_group("pm_base.group_all_properties"):
            # Whoever sets up a property works with it: otherwise it would vanish from the creator's own lists.
            vals_list = [
                {**vals, "user_ids": [*(vals.get("user_ids") or []), Command.link(self.env.uid)]} for vals in vals_list
            ]
        # sudo: the right to create was checked; the rule "own properties" holds only once the creator is listed.
        properties = super(PmProperty, self.sudo()).create(vals_list)
        self.env.registry.clear_cache()  # the record rules embed the users' properties in a cached domain
        properties = properties.with_env(self.env)
        properties.check_access("read")  # the company must be one of the creator's
        return properties

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"user_ids", "tz"}:
            self.env.registry.clear_cache()  # as above; _ids_by_zone
        return result

    @api.depends("unit_ids.area_chargeable", "unit_ids.active")
    def _compute_unit_totals(self):
        totals = {
            prop: (count, area)
            for prop, count, area in self.env["pm.unit"]._read_group(
                [("property_id", "in", self.ids)], ["property_id"], ["__count", "area_chargeable:sum"]
            )
        }
        occupied = dict(
            self.env["pm.unit"]._read_group(
                [("property_id", "in", self.ids), ("status", "in", ("owner_occupied", "let"))],
                ["property_id"],
                ["__count"],
            )
        )
        for prop in self:
            prop.unit_count, prop.unit_area = totals.get(prop, (0, 0.0))
            prop.household_count = occupied.get(prop, 0)

    @api.depends("large_customer_permille", "chargeable_area", "unit_ids.area_chargeable")
    def _compute_large_customer_area(self):
        for prop in self:
            prop.large_customer_area = prop._managed_area() * prop.large_customer_permille / 1000

    def _managed_area(self):
        """Return the total managed area in m²: the figure on record, else the sum of the units."""
        self.ensure_one()
        return self.chargeable_area or self.unit_area

    def _large_customer_partner_ids(self):
        """Return the ids of payers whose managed area in this property exceeds the threshold.

        The comparison is strict (S0-137, OCR-01); the area of a payer is the chargeable area of the units
        that the payer pays for today.
        """
        self.ensure_one()
        self.env["pm.unit"].flush_model(["property_id", "area_chargeable", "active"])
        self.env["pm.unit.party"].flush_model(["unit_id", "partner_id", "is_payer", "date_from", "date_to"])
        today = self._today()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT party.partner_id
                  FROM pm_unit_party party JOIN pm_unit unit ON unit.id = party.unit_id
                 WHERE unit.property_id = %s AND unit.active AND party.is_payer
                   AND party.date_from <= %s AND (party.date_to IS NULL OR party.date_to >= %s)
                 GROUP BY party.partner_id HAVING sum(unit.area_chargeable)::numeric > %s
                """,
                self.id,
                today,
                today,
                round(self.large_customer_area, 6),
            )
        )
        return {row[0] for row in rows}

    # Which number customers call; an add-on that knows zones and hours overrides both.

    def _hotline_text(self, unit=None):
        """Return the service numbers with their hours as one text for a paper about ``unit`` (may be empty)."""
        self.ensure_one()
        return self.hotline or ""

    def _hotline_now(self, unit=None):
        """Return the number that answers at this moment for people of ``unit`` (may be empty), or False."""
        self.ensure_one()
        return self.hotline

    # Days and hours are those of the property, wherever the server or the user is.

    def _now_local(self):
        """Return the present moment in the property's time zone (aware datetime)."""
        self.ensure_one()
        return pytz.utc.localize(fields.Datetime.now()).astimezone(pytz.timezone(self.tz))

    def _today(self):
        """Return today's date in the property's time zone."""
        return self._now_local().date()

    @api.model
    @tools.ormcache()
    def _ids_by_zone(self):
        """Return ((time zone, (ids of its properties, archived ones too)), …)."""
        # sudo: what time it is where is no secret, and the cache serves every user
        zones = self.sudo().with_context(active_test=False)._read_group([], ["tz"], ["id:array_agg"])
        return tuple((zone, tuple(ids)) for zone, ids in zones)

    @api.model
    def _domain_of_today(self, build, path="property_id"):
        """Return a domain about "today" that takes each property's own calendar day, also for jobs without a time zone.

        :param build: function that makes the domain for a date
        :param path: field by which the searched model names its property
        """
        now, days = pytz.utc.localize(fields.Datetime.now()), {}
        for zone, ids in self._ids_by_zone():
            days.setdefault(now.astimezone(pytz.timezone(zone)).date(), []).extend(ids)
        if len(days) == 1:
            return Domain(build(next(iter(days))))
        return Domain.OR(Domain(path, "in", ids) & Domain(build(day)) for day, ids in days.items())

    def _local_date(self, moment):
        """Return the property's calendar date of the naive UTC datetime ``moment``."""
        self.ensure_one()
        return pytz.utc.localize(moment).astimezone(pytz.timezone(self.tz)).date()

    def _local_to_utc(self, day, hour=0.0):
        """Return as naive UTC the moment ``hour`` (float hours, 0–24) of the local date ``day``."""
        self.ensure_one()
        zone = pytz.timezone(self.tz)
        local = datetime.combine(day, time.min) + timedelta(hours=hour)
        return zone.localize(local).astimezone(pytz.utc).replace(tzinfo=None)

    def _local_midnight_utc(self, day):
        """Return as naive UTC the beginning of the local date ``day``."""
        return self._local_to_utc(day)

    def _works_on(self, day):
        """Return whether ``day`` is a working day of the property's calendar; every day is one without a calendar."""
        self.ensure_one()
        if not self.calendar_id:
            return True
        # The hours of the calendar are those of the property's own clock, whatever zone the calendar names.
        zone = pytz.timezone(self.tz)
        begin, end = (zone.localize(datetime.combine(date, time.min)) for date in (day, day + timedelta(days=1)))
        return bool(self.calendar_id._work_intervals_batch(begin, end, tz=zone)[False])

    def _staff(self, group):
        """Return the active users of ``group`` who work here; an administrator, who may do everything, comes last."""
        self.ensure_one()
        # sudo: the members of a group are looked up, not shown
        people = group.sudo().all_user_ids.filtered(lambda user: self in user.pm_property_ids and user.active)
        return people.sorted(lambda user: user.has_group("base.group_system"))

    @api.depends("company_id")
    def _compute_calendar_id(self):
        """The calendar of the company, unless somebody has chosen one that it may use."""
        for prop in self:
            owner = prop.calendar_id.company_id
            if not prop.calendar_id or (owner and owner != prop.company_id):
                prop.calendar_id = prop.company_id.resource_calendar_id

    @api.depends("name", "code")
    @api.depends_context("show_property_code")
    def _compute_display_name(self):
        for prop in self:
            prop.display_name = f"{prop.code} {prop.name}" if self.env.context.get("show_property_code") else prop.name

    def action_open_units(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_base.pm_unit_action")
        return {**action, "domain": [("property_id", "=", self.id)], "context": {"default_property_id": self.id}}
