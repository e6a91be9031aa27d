from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import float_round

RULES = [("average", "Average of the periods before"), ("last_year", "Same month of last year")]
_DIGITS = 3


class PmFeeItem(models.Model):
    """How the meters of a fee item are estimated, and which use is unusual for them."""

    _inherit = "pm.fee.item"

    estimate_rule = fields.Selection(
        RULES,
        "Estimate by",
        required=True,
        default="average",
        tracking=True,
        help="What stands in for a meter that could not be read. Without a reading in that month of last year, the average.",
    )
    estimate_periods = fields.Integer(
        "Periods to average", default=3, required=True, help="How many readings before the average is taken from."
    )
    estimate_limit = fields.Integer(
        "Estimates in a row", default=2, required=True, help="After so many the meter must be read; 0 = no limit."
    )
    abnormal_percent = fields.Float(
        "Unusual use (%)",
        help="Differs from the usual by more than this: confirmed before it is billed. 0 = the setting.",
    )

    _estimate_periods = models.Constraint("CHECK (estimate_periods > 0)", "An average is taken of at least one period.")


class PmMeterReading(models.Model):
    """Readings that are estimated, and how the next real one puts them right.

    An estimate is billed like a reading and says so on the bill. The next real reading counts from it, so what was
    billed too little is billed then. Where it was too much, the estimates since the last real reading are placed anew
    between the two real ones, by days; those billed go through a correction (冲红补差), which a second person approves.
    """

    _inherit = "pm.meter.reading"

    estimated = fields.Boolean(
        readonly=True, copy=False, help="Not read: what the meter is taken to show. Marked on the bill."
    )
    estimate_rule = fields.Selection(RULES, "Estimated by", readonly=True, copy=False)
    estimate_reason = fields.Char("Why it was not read", readonly=True, copy=False)
    overestimated = fields.Boolean(
        compute="_compute_overestimated",
        store=True,
        help="The estimate before was too high: it is corrected before this reading is billed.",
    )
    correction_id = fields.Many2one(
        "pm.charge.correction", "Corrected by", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )
    corrected_value = fields.Float("To be corrected to", digits=(16, _DIGITS), readonly=True, copy=False)
    corrected_rolled_over = fields.Boolean(readonly=True, copy=False)

    @api.depends("consumption")
    def _compute_overestimated(self):
        for reading in self:
            reading.overestimated = reading.consumption < 0

    def write(self, vals):
        # Whoever enters what the meter shows has read it.
        if "value" in vals and not self.env.su and any(reading.estimated for reading in self):
            result = super().write(vals)
            self.filtered("estimated").sudo().write(  # sudo: _program_fields
                {"estimated": False, "estimate_rule": False, "estimate_reason": False, "user_id": self.env.uid}
            )
            return result
        return super().write(vals)

    def _last_real(self):
        """The reading before this one that was read: what an estimate may not hide."""
        self.ensure_one()
        reading = self.previous_id
        while reading.estimated and reading.previous_id:
            reading = reading.previous_id
        return reading

    # Making estimates

    @api.model
    def _estimated_use(self, item, before, date):
        """What a meter used from its last reading to a day, as its fee item says.

        :param before: its readings before that day, the oldest first
        :return: (use, rule), or (None, None) when there is no history to go by
        """
        counted = before.filtered("previous_id")
        if not counted:
            return None, None
        rule = item.estimate_rule
        sample = self.browse()
        if rule == "last_year":
            year_ago = fields.Date.subtract(date, years=1)
            sample = counted.filtered(lambda r: (r.date.year, r.date.month) == (year_ago.year, year_ago.month))
        if not sample:
            rule, sample = "average", counted[-item.estimate_periods :]
        days = sum((reading.date - reading.previous_date).days for reading in sample)
        use = max(sum(sample.mapped("consumption")), 0.0) / days * (date - before[-1].date).days
        return use, rule

    @api.model
    def _estimate(self, meters, date, reason):
        """Estimate meters that could not be read.

        :param str reason: why they were not read
        :return: (readings, {meter: why it cannot be estimated})
        """
        if not (self.env.su or self.env.user.has_group("pm_base.group_accountant")):
            raise AccessError(self.env._("To estimate readings you must be a project accountant."))
        if not (reason or "").strip():
            raise UserError(self.env._("To estimate a reading, say why the meter could not be read."))
        meters.check_access("read")
        rows, refused = [], {}
        expected = self._expected([(meter, date) for meter in meters])
        for meter in meters:
            values, why = expected[meter, date]
            if why:
                refused[meter] = why
            else:
                rows.append(
                    {
                        **values,
                        "meter_id": meter.id,
                        "date": date,
                        "estimated": True,
                        "estimate_reason": reason.strip(),
                        "user_id": self.env.uid,
                    }
                )
        # sudo: _program_fields; the role and the meters were checked
        return self.sudo().create(rows).sudo(self.env.su), refused

    @api.model
    def _expected(self, asked):
        """What meters are taken to show on some days; their history is read once for all.

        :param list asked: (meter, day)
        :return: {(meter, day): ({value, rolled_over, estimate_rule}, None), or (None, why it cannot be estimated)}
        """
        meters = self.env["pm.meter"].union(*(meter for meter, _day in asked))
        history = self.search([("meter_id", "in", meters.ids)], order="date, id").grouped("meter_id")
        return {
            (meter, day): self._expected_from(meter, history.get(meter, self.browse()), day) for meter, day in asked
        }

    @api.model
    def _expected_from(self, meter, history, date):
        use, rule = self._estimated_use(meter.item_id, history.filtered(lambda reading: reading.date < date), date)
        limit = meter.item_id.estimate_limit
        if use is None:
            return None, self.env._("It has no use before to go by: read it.")
        last = history[-1]
        if last.date >= date:
            return None, self.env._("It was read on %s already.", last.date)
        if limit and all(reading.estimated for reading in history[-limit:]) and len(history) >= limit:
            return None, self.env._("It was estimated %s times in a row: it must be read now.", limit)
        value, rolled_over = self._advance(meter, last.value, use / meter.multiplier)
        return {"value": value, "rolled_over": rolled_over, "estimate_rule": rule}, None

    @api.model
    def _day_of(self, prop, month):
        """The day on which the other meters of a property were read in a month; without one, its last day."""
        month_end = fields.Date.subtract(fields.Date.add(month, months=1), days=1)
        last = self.search(
            [("property_id", "=", prop.id), ("date", ">=", month), ("date", "<=", month_end)],
            order="date desc",
            limit=1,
        )
        return last.date or min(month_end, prop._today())

    @api.model
    def _advance(self, meter, value, difference):
        """(value, rolled over) of a register that goes on by a difference."""
        value = float_round(value + difference, precision_digits=_DIGITS)
        top = meter.rollover_value
        return (float_round(value - top, precision_digits=_DIGITS), True) if top and value > top else (value, False)

    # Putting them right

    def action_correct_estimate(self):
        """Place the estimates before this real reading anew: at once where nothing is billed, else by a correction.

        :return: action on the correction, None when there was nothing billed
        :raises UserError: nothing is to be corrected, or a correction is under way
        """
        self.ensure_one()
        self.check_access("write")
        if not self.overestimated:
            raise UserError(
                self.env._("The estimate before %s was not too high: nothing is to be corrected.", self.display_name)
            )
        estimates = self.browse()
        reading = self.previous_id
        while reading.estimated:
            estimates |= reading
            reading = reading.previous_id
        if estimates.correction_id.filtered(lambda correction: correction.state in ("draft", "compared")):
            raise UserError(self.env._("A correction of these estimates is under way: have it approved."))
        first, meter = reading, self.meter_id
        total = self.value - first.value + (meter.rollover_value if self.rolled_over else 0.0)
        # sudo: _program_fields; who may write readings was checked, and money moves by the correction only
        last_value = first.value
        for estimate in estimates.sorted("date").sudo():
            part = total * (estimate.date - first.date).days / (self.date - first.date).days
            value, passed = self._advance(meter, first.value, part)
            estimate.write(
                {
                    "corrected_value": value,
                    "corrected_rolled_over": passed and value < last_value,
                    "correction_id": False,
                }
            )
            last_value = value
        charges = estimates.sudo().charge_id
        if not charges:
            estimates._apply_correction()
            return None
        action = self.env["pm.charge.correction"]._open_for_charges(
            charges.sudo(self.env.su),
            reason="estimate",  # announced on the bill, and no error of ours (S0-129)
            note=self.env._("Estimate of meter %s corrected", meter.code),
        )
        estimates.sudo().correction_id = action["res_id"]
        return action

    def _apply_correction(self):
        """Give the estimates the values between the two real readings. They must not be billed at this moment."""
        for reading in self.sudo().sorted("date"):  # sudo: _program_fields
            reading.write({"value": reading.corrected_value, "rolled_over": reading.corrected_rolled_over})

    def _confirm_following(self, charges, reason):
        """A reading that puts these estimates right within the month of their charges is billed with them, and so it is
        confirmed with them: it counts from estimates placed anew, and nobody can confirm its use before the correction is
        booked. A second person approves both.
        """
        # sudo: _program_fields
        for meter, estimates in self.sudo().grouped("meter_id").items():
            following = self.sudo().search(
                [("meter_id", "=", meter.id), ("date", ">", max(estimates.mapped("date")))], order="date, id", limit=1
            )
            together = any(
                (charge.unit_id, charge.item_id) == (meter.unit_id, meter.item_id)
                and charge.period_start <= following.date <= charge.period_end
                for charge in charges
                if following
            )
            if together and following.to_confirm and not following.charge_id:
                following.write(
                    {
                        "confirmed_by": self.env.uid,
                        "confirmed_on": fields.Datetime.now(),
                        "confirm_reason": reason,
                        "confirmed_use": following.consumption,
                    }
                )


class PmChargeCorrection(models.Model):
    """A correction of estimated readings gives them their new values between taking the charges back and billing anew."""

    _inherit = "pm.charge.correction"

    reading_ids = fields.One2many("pm.meter.reading", "correction_id", "Estimated readings", readonly=True)

    def _rebill(self, charges):
        self.reading_ids._apply_correction()
        self.reading_ids._confirm_following(charges, self.note)
        return super()._rebill(charges)
