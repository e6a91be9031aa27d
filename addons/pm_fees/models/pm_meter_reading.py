from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from .pm_meter import plain

# The usual use is the average of so many readings.
_USUAL_OF = 3
# What follows from a reading and those before it.
FOLLOWS = (
    "previous_id",
    "previous_value",
    "previous_date",
    "consumption",
    "usual",
    "abnormal",
    "overestimated",
    "to_confirm",
)


class PmMeterReading(models.Model):
    """A reading and the consumption since the one before.

    Guard (S1-50): a reading is never below the one before, unless the register rolled over; unusual use is flagged
    before it is billed. Billed readings do not change.
    """

    _name = "pm.meter.reading"
    _description = "Meter reading"
    _inherit = ["pm.program.fields", "mail.thread"]
    _program_fields = frozenset(
        {
            *FOLLOWS,
            "charge_id",
            # pm_meter_estimate
            "estimated",
            "estimate_rule",
            "estimate_reason",
            "correction_id",
            "corrected_value",
            "corrected_rolled_over",
            # pm_meter_confirm
            "confirmed_by",
            "confirmed_on",
            "confirm_reason",
            "confirmed_use",
        }
    )
    _order = "date desc, id desc"

    _once_a_day = models.Constraint("UNIQUE (meter_id, date)", "This meter already has a reading of that day.")
    _not_negative = models.Constraint("CHECK (value >= 0)", "A reading cannot be negative.")
    _consumption_index = models.Index("(property_id, date) WHERE charge_id IS NULL")

    meter_id = fields.Many2one("pm.meter", required=True, index=True, ondelete="restrict")
    unit_id = fields.Many2one(related="meter_id.unit_id", store=True, index=True)
    property_id = fields.Many2one(related="meter_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="meter_id.company_id", store=True)
    item_id = fields.Many2one(related="meter_id.item_id", store=True)
    date = fields.Date(required=True, default=fields.Date.context_today)
    value = fields.Float("Reading", digits=(16, 3), required=True)
    is_initial = fields.Boolean("First reading", help="Starting point: nothing is billed for it.")
    rolled_over = fields.Boolean("Register rolled over")
    previous_id = fields.Many2one("pm.meter.reading", "Previous", compute="_compute_previous", store=True)
    previous_value = fields.Float("Previous reading", digits=(16, 3), compute="_compute_previous", store=True)
    previous_date = fields.Date(compute="_compute_previous", store=True)
    consumption = fields.Float(digits=(16, 3), compute="_compute_previous", store=True, help="Difference × multiplier.")
    usual = fields.Float(
        "Usual use",
        digits=(16, 3),
        compute="_compute_previous",
        store=True,
        help="Average of up to three readings before, for as many days.",
    )
    abnormal = fields.Boolean(
        compute="_compute_previous", store=True, help="Use differs from the usual by more than the setting allows."
    )
    photo = fields.Image(max_width=1600, max_height=1600)
    user_id = fields.Many2one("res.users", "Read by", default=lambda self: self.env.user)
    charge_id = fields.Many2one(
        "pm.charge", "Billed by", readonly=True, index="btree_not_null", ondelete="set null", copy=False
    )

    @api.depends(
        "meter_id", "meter_id.multiplier", "meter_id.rollover_value", "date", "value", "is_initial", "rolled_over"
    )
    def _compute_previous(self):
        # sudo: a setting of the system
        setting = float(self.env["ir.config_parameter"].sudo().get_param("pm_fees.abnormal_percent") or 0)
        history = self._readings_before([(reading.meter_id.id, reading.date) for reading in self], _USUAL_OF + 1)
        # In order of date: the usual use of a reading needs the consumption of those before it.
        for reading in self.sorted(lambda r: (r.date or fields.Date.today(), r._origin.id or 0)):
            # Lists, because a set of records made from others forgets what is to be read together with them.
            before = [r for r in history.get((reading.meter_id.id, reading.date), ()) if r != reading._origin]
            last = before[-1] if before and not reading.is_initial else None
            reading.previous_id = last and last.id
            reading.previous_value = last.value if last else 0.0
            reading.previous_date = last and last.date
            if not last:
                reading.consumption = reading.usual = 0.0
                reading.abnormal = False
                continue
            difference = reading.value - last.value
            if reading.rolled_over:
                difference += reading.meter_id.rollover_value
            elif self._passed_by_estimate_only(reading, before):
                difference -= reading.meter_id.rollover_value
            reading.consumption = difference * reading.meter_id.multiplier
            percent = reading.item_id.abnormal_percent or setting
            # By days: who is read after two months has not used twice as much.
            uses = [r for r in before[-_USUAL_OF:] if r.previous_id]
            days = sum((r.date - r.previous_date).days for r in uses)
            reading.usual = sum(r.consumption for r in uses) / days * (reading.date - last.date).days if uses else 0.0
            reading.abnormal = bool(
                percent and uses and abs(reading.consumption - reading.usual) > reading.usual * percent / 100.0
            )

    @api.model
    def _passed_by_estimate_only(self, reading, before):
        """An estimate ran over the top of the register, and the meter itself has not: it was estimated too high.

        :param before: readings of the meter before `reading`, oldest first
        """
        passed = False
        for earlier in reversed(before):
            if not earlier.estimated:
                return passed and reading.value >= earlier.value
            passed = passed or earlier.rolled_over
        return False

    @api.depends("meter_id", "date")
    def _compute_display_name(self):
        for reading in self:
            reading.display_name = f"{reading.meter_id.code or ''} {reading.date or ''}"

    @api.constrains("value", "date", "rolled_over", "is_initial", "meter_id")
    def _check_value(self):
        after = self._reading_after([(reading.meter_id.id, reading.date) for reading in self])
        for reading in self:
            meter = reading.meter_id
            if meter.rollover_value and reading.value > meter.rollover_value:
                raise ValidationError(
                    self.env._(
                        "Meter %(meter)s counts up to %(top)s only, the reading is %(value)s: read it again.",
                        meter=meter.code,
                        top=plain(meter.rollover_value),
                        value=plain(reading.value),
                    )
                )
            # An estimate may have been too high: then the last reading that was read counts.
            last = reading._last_real()
            top = meter.rollover_value if reading.rolled_over else 0.0
            if last and (reading.value + top < last.value if last != reading.previous_id else reading.consumption < 0):
                raise ValidationError(
                    self.env._(
                        "Meter %(meter)s: %(value)s on %(date)s is below the reading before (%(previous)s on %(previous_date)s). "
                        "Read it again; if the register started again from zero, tick “Register rolled over” and set on the meter what it counts up to.",
                        meter=meter.code,
                        value=plain(reading.value),
                        date=reading.date,
                        previous=plain(last.value),
                        previous_date=last.date,
                    )
                )
            if reading.rolled_over and meter.rollover_value and last and reading.value >= last.value:
                raise ValidationError(
                    self.env._(
                        "Meter %(meter)s: %(value)s on %(date)s is not below the reading before (%(previous)s): the register did not "
                        "start again. Take away “Register rolled over”.",
                        meter=meter.code,
                        value=plain(reading.value),
                        date=reading.date,
                        previous=plain(last.value),
                    )
                )
            if reading.rolled_over and not meter.rollover_value:
                raise ValidationError(
                    self.env._("To roll over meter %s you must set what it counts up to.", meter.code)
                )
            following = after.get((meter.id, reading.date))
            if following and following.charge_id:
                raise ValidationError(
                    self.env._(
                        "Meter %(meter)s: the reading of %(date)s is billed already, nothing may be put before it.",
                        meter=meter.code,
                        date=following.date,
                    )
                )
            if following and not following.rolled_over and following.value < reading.value:
                raise ValidationError(
                    self.env._(
                        "Meter %(meter)s: %(value)s is above the later reading of %(date)s (%(later)s).",
                        meter=meter.code,
                        value=plain(reading.value),
                        date=following.date,
                        later=plain(following.value),
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        # In order of date: the consumption of each follows from the one before.
        readings = super().create(vals_list)
        readings._recompute_following()
        return readings

    def write(self, vals):
        locked = {"meter_id", "date", "value", "is_initial", "rolled_over"} & set(vals)
        if locked and any(reading.charge_id for reading in self):
            raise UserError(
                self.env._(
                    "A billed reading does not change: reverse the charge first, then correct the reading and bill again."
                )
            )
        result = super().write(vals)
        if locked:
            self._recompute_following()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_billed(self):
        if any(reading.charge_id for reading in self):
            raise UserError(self.env._("A billed reading cannot be deleted: reverse the charge first."))

    @api.model
    def _readings_before(self, asked, count):
        """The last readings before some days of some meters: by the index, however long their history.

        :param list asked: (meter id, day)
        :param int count: so many of each at most
        :return: {(meter id, day): readings, the oldest first}
        """
        return self._readings_beside(asked, SQL("reading.date < asked.day ORDER BY reading.date DESC LIMIT %s", count))

    @api.model
    def _reading_after(self, asked):
        """As `_readings_before`: the next reading after each day that is no starting point."""
        return self._readings_beside(
            asked,
            SQL("reading.date > asked.day AND reading.is_initial IS NOT TRUE ORDER BY reading.date LIMIT 1"),
        )

    @api.model
    def _readings_beside(self, asked, which):
        asked = {(meter_id, day) for meter_id, day in asked if meter_id and day}
        if not asked:
            return {}
        self.flush_model(["meter_id", "date", "is_initial"])
        rows = self.env.execute_query(
            SQL(
                """SELECT asked.meter_id, asked.day, array_agg(found.id ORDER BY found.date)
                     FROM unnest(%(meters)s::int[], %(days)s::date[]) AS asked(meter_id, day)
                    CROSS JOIN LATERAL (SELECT reading.id, reading.date FROM pm_meter_reading reading
                                         WHERE reading.meter_id = asked.meter_id AND %(which)s) found
                    GROUP BY 1, 2""",
                which=which,
                meters=[meter_id for meter_id, _day in asked],
                days=[day for _meter_id, day in asked],
            )
        )
        # One prefetch for all of them.
        every = self.browse(reading_id for _meter_id, _day, ids in rows for reading_id in ids)
        return {(meter_id, day): self.browse(ids).with_prefetch(every._prefetch_ids) for meter_id, day, ids in rows}

    def _recompute_following(self):
        """Readings after a new or corrected one count from it."""
        dates = {}
        for reading in self:
            dates[reading.meter_id.id] = min(reading.date, dates.get(reading.meter_id.id, reading.date))
        later = self.search(
            [
                ("meter_id", "in", list(dates)),
                ("charge_id", "=", False),
                ("date", ">=", min(dates.values(), default=False)),
            ]
        ).filtered(lambda reading: reading.date >= dates[reading.meter_id.id])
        if later:
            for name in FOLLOWS:
                self.env.add_to_compute(self._fields[name], later)
            later._recompute_recordset(FOLLOWS)
