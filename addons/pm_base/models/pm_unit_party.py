from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

ROLES = [
    ("owner", "Owner"),
    ("tenant", "Tenant / user"),
    ("merchant", "Merchant"),
    ("household", "Household member"),
    ("agent", "Agent"),
    ("developer", "Developer"),
    ("contact", "Contact person"),
]
FULL_SHARE = 100.0


class PmUnitParty(models.Model):
    """The role of a partner on a unit from one day to another. Rows are closed, never overwritten: they are the history.

    The database itself forbids two payers of one unit on one day, the same role of the same partner twice at one
    time, and owners' shares above 100 % on any day. Source: S0-13, S2-13, S3-32, S4-39, S4-50.
    """

    _name = "pm.unit.party"
    _description = "Unit Party"
    _inherit = ["pm.term", "mail.thread"]
    _order = "unit_id, date_from desc, id desc"
    _rec_name = "partner_id"

    _dates_ordered = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)", "A role cannot end before it begins."
    )
    _share_range = models.Constraint("CHECK (share >= 0 AND share <= 100)", "A share lies between 0 and 100 %.")
    _payer_once = models.Constraint(
        "EXCLUDE USING gist (unit_id WITH =, daterange(date_from, date_to, '[]') WITH &&) WHERE (is_payer)",
        "A unit has one payer at a time: end the role of the present payer the day before, or untick the payer box.",
    )
    _role_once = models.Constraint(
        "EXCLUDE USING gist (unit_id WITH =, partner_id WITH =, role WITH =, daterange(date_from, date_to, '[]') WITH &&)",
        "This partner already has this role on the unit at that time.",
    )
    _headcount_positive = models.Constraint("CHECK (headcount >= 0)", "The number of staff cannot be negative.")
    _partner_index = models.Index("(partner_id, unit_id)")

    unit_id = fields.Many2one("pm.unit", required=True, index=True, ondelete="restrict")
    property_id = fields.Many2one(related="unit_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="unit_id.company_id", store=True)
    partner_id = fields.Many2one("res.partner", required=True, ondelete="restrict", tracking=True)
    phone = fields.Char(related="partner_id.phone")
    email = fields.Char(related="partner_id.email")
    role = fields.Selection(ROLES, required=True, default="owner", tracking=True)
    date_from = fields.Date(tracking=True)
    date_to = fields.Date(tracking=True, help="Last day of the role; empty = until further notice.")
    share = fields.Float(
        string="Share (%)",
        digits=(7, 4),
        default=0.0,
        tracking=True,
        help="Share of ownership; all owners of one day together at most 100 %.",
    )
    is_payer = fields.Boolean(string="Payer", tracking=True, help="Receives the bills of the unit.")
    lives_here = fields.Boolean(string="Occupies the Unit", tracking=True, help="The owner uses the unit.")
    contract_ref = fields.Char(
        string="Contract No.", tracking=True, help="Lease or other contract that the role rests on (S4-39)."
    )
    customer_class = fields.Selection(related="partner_id.pm_customer_class", groups="base.group_user")
    unit_area = fields.Float(related="unit_id.area_chargeable", string="Chargeable Area (m²)")

    is_key_customer = fields.Boolean(
        string="Key Customer",
        tracking=True,
        groups="base.group_user",
        help="On the key-customer list of the property (S0-20).",
    )
    key_reason = fields.Char(string="Why Key Customer", tracking=True, groups="base.group_user")
    key_user_id = fields.Many2one("res.users", string="Key Account Held By", tracking=True, groups="base.group_user")
    key_traits = fields.Text(string="Characteristics", groups="base.group_user")

    # The sheet of a commercial occupant (S4-50)
    business_scope = fields.Char(tracking=True)
    business_category = fields.Char(tracking=True)
    operating_entity = fields.Char(tracking=True)
    person_in_charge = fields.Char(tracking=True)
    headcount = fields.Integer(string="Staff", tracking=True)
    staff_composition = fields.Char(help="Who works there: management, shop, kitchen, guards …")
    emergency_name = fields.Char(string="Emergency Contact", tracking=True)
    emergency_phone = fields.Char(tracking=True)

    def init(self):
        # A sum over rows is out of reach of CHECK and EXCLUDE, hence a trigger. It touches the unit's row first: of two
        # sessions adding owners at the same moment the second waits, fails to serialise (a mere lock would let it go on
        # with its old snapshot) and is repeated by the server, now seeing the first one's row. It is deferred, so that
        # the ORM's check speaks first, with the unit's name and in the user's language.
        self.env.cr.execute(
            SQL(
                """
            CREATE OR REPLACE FUNCTION pm_unit_party_check_share() RETURNS trigger AS $$
            DECLARE
                worst numeric;
            BEGIN
                IF NEW.role <> 'owner' OR COALESCE(NEW.share, 0) = 0 THEN
                    RETURN NULL;
                END IF;
                UPDATE pm_unit SET write_date = write_date WHERE id = NEW.unit_id;
                -- The sum can only rise on a day on which some row begins.
                SELECT max(total) INTO worst FROM (
                    SELECT (SELECT sum(p.share) FROM pm_unit_party p
                             WHERE p.unit_id = NEW.unit_id AND p.role = 'owner'
                               AND daterange(p.date_from, p.date_to, '[]') @> day.date_from) AS total
                      FROM pm_unit_party day
                     WHERE day.unit_id = NEW.unit_id AND day.role = 'owner'
                       AND daterange(day.date_from, day.date_to, '[]') && daterange(NEW.date_from, NEW.date_to, '[]')
                ) totals;
                IF worst > %s THEN
                    RAISE EXCEPTION 'owner shares of unit %% reach %% percent', NEW.unit_id, worst
                          USING ERRCODE = 'check_violation', CONSTRAINT = 'pm_unit_party_share_total', TABLE = 'pm_unit_party';
                END IF;
                RETURN NULL;
            END $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS pm_unit_party_share_total ON pm_unit_party;
            CREATE CONSTRAINT TRIGGER pm_unit_party_share_total
                AFTER INSERT OR UPDATE OF share, role, unit_id, date_from, date_to ON pm_unit_party
                DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION pm_unit_party_check_share();
                """,
                FULL_SHARE,
            )
        )

    @api.model
    def _sql_error_to_message(self, exc):
        if exc.diag.constraint_name == "pm_unit_party_share_total":
            return self._share_message()
        return super()._sql_error_to_message(exc)

    @api.model
    def _share_message(self):
        return self.env._(
            "The owners' shares of a unit exceed 100 % on at least one day: end or reduce another owner's share first."
        )

    def _in_force_before_and_from(self, day):
        """Return whether the role began before the date ``day`` and goes on then."""
        self.ensure_one()
        return self.date_from < day and (not self.date_to or self.date_to >= day)

    @api.constrains("share", "role", "unit_id", "date_from", "date_to")
    def _check_share_total(self):
        """Speak before the database does: the same rule, in the user's language and with the unit's name."""
        owners = self.filtered(lambda p: p.role == "owner" and p.share)
        for unit in owners.unit_id:
            rows = unit.party_ids.filtered(lambda p: p.role == "owner" and p.share and p.date_from)
            for start in set(rows.mapped("date_from")):
                total = sum(p.share for p in rows if p.date_from <= start and (not p.date_to or p.date_to >= start))
                if total > FULL_SHARE + 0.00005:  # half a unit of the field's last decimal
                    raise ValidationError(
                        self.env._(
                            "Unit %(unit)s: the owners' shares on %(day)s add up to %(total)s %%, more than 100 %%. "
                            "End or reduce another owner's share first.",
                            unit=unit.display_name,
                            day=start,
                            total=f"{total:g}",
                        )
                    )

    @api.model_create_multi
    def create(self, vals_list):
        # Rows ended in the same save must reach the database before their successors, or the exclusion constraint
        # would see both in force.
        self.flush_model(["unit_id", "partner_id", "role", "date_from", "date_to", "is_payer"])
        if not self.env.su:
            # A role opens the contact to the staff of the property: nobody opens one that he may not see.
            self.env["res.partner"].browse({vals.get("partner_id") for vals in vals_list} - {None}).check_access("read")
        parties = super().create(vals_list)
        if not (self.env.context.get("tracking_disable") or self.env.context.get("mail_create_nolog")):
            for party in parties:
                party.unit_id._message_log(
                    body=self.env._("New: %(party)s from %(day)s", party=party._heading(), day=party.date_from)
                )
        return parties

    def write(self, vals):
        if vals.get("partner_id") and not self.env.su:
            # As in `create`
            self.env["res.partner"].browse(vals["partner_id"]).check_access("read")
        if not self.env.su:
            self._check_history_stays(vals)
        return super().write(vals)

    def _check_history_stays(self, vals):
        """Who had which role on which unit is history: a mistake of today is corrected, anything older is ended (S4-20)."""
        for name in ("unit_id", "partner_id", "role"):
            if name not in vals:
                continue
            value = vals[name] or False
            changed = self.filtered(
                lambda party, name=name, value=value: (party[name].id if name != "role" else party[name]) != value
            )
            if changed._of_former_days():
                raise ValidationError(
                    self.env._(
                        "To put somebody else in this place, end this role by its last day and enter a new one: unit, partner"
                        " and role of former days are history and stay."
                    )
                )

    def _of_former_days(self):
        """Return the rows that were not entered today."""
        return self.filtered(
            lambda party: party.property_id._local_date(party.create_date) < party.property_id._today()
        )

    # The page of the unit tells what happened to its people (S4-20)

    def _message_track(self, fields_iter, initial_values_dict):
        tracking = super()._message_track(fields_iter, initial_values_dict)
        for party in self.exists():
            changed, _values = tracking.get(party.id, ((), ()))
            names = [name for name in self._fields if name in changed and not self._fields[name].groups]
            lines = [
                f"{self._fields[name]._description_string(self.env)}: "
                f"{self._shown(name, initial_values_dict[party.id][name])} → {self._shown(name, party[name])}"
                for name in names
            ]
            if lines:
                party.unit_id._message_log(body=Markup("<br/>").join([party._heading(), *lines]))
        return tracking

    def _heading(self):
        """Return role and name, as the notes on the unit begin."""
        return f"{self._shown('role', self.role)} {self.partner_id.name}"

    def _shown(self, name, value):
        """Return the value of the field as people read it."""
        field = self._fields[name]
        if field.type == "selection":
            value = dict(field._description_selection(self.env)).get(value)
        elif field.type == "boolean":
            return self.env._("Yes") if value else self.env._("No")
        elif field.type == "many2one":
            value = value.display_name
        elif field.type == "float":
            return f"{value:g}"
        return str(value) if value else "–"

    @api.ondelete(at_uninstall=False)
    def _unlink_only_todays_slips(self):
        """Rows are history: only one entered by mistake today may go; otherwise it is ended."""
        if not self.env.su and self._of_former_days():
            raise ValidationError(
                self.env._("To end a role, enter its last day. Roles of former days are history and stay.")
            )
