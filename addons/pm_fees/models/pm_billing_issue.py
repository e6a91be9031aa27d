from odoo import api, fields, models

REASONS = [
    ("no_tariff", "No tariff"),
    ("tariff_gap", "Tariff gap"),
    ("no_payer", "No payer"),
    ("payer_gap", "Payer gap"),
    ("area_zero", "Area is zero"),
    ("formula", "Formula gives no amount"),
    ("discount", "Discount not approved"),
    ("no_pool", "No approved pooled cost"),
    ("overlap", "Days already billed otherwise"),
    ("no_meter", "No meter"),
    ("missing_reading", "Missing reading"),
    ("abnormal", "Unusual use"),
    ("overestimated", "Estimate was too high"),
]


class PmBillingIssue(models.Model):
    """A row the billing run refused, or bills only with a warning, and what to do about it."""

    _name = "pm.billing.issue"
    _description = "Billing issue"
    _order = "run_id desc, severity desc, unit_id, item_id"
    _rec_name = "reason"

    run_id = fields.Many2one(
        "pm.billing.run", "Billing run", required=True, index=True, ondelete="cascade", readonly=True
    )
    property_id = fields.Many2one("pm.property", required=True, index=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    unit_id = fields.Many2one("pm.unit", required=True, index=True, readonly=True, ondelete="cascade")
    item_id = fields.Many2one("pm.fee.item", "Fee item", required=True, readonly=True, ondelete="cascade")
    assignment_id = fields.Many2one("pm.fee.assignment", readonly=True, ondelete="cascade", index="btree_not_null")
    reason = fields.Selection(REASONS, required=True, readonly=True)
    severity = fields.Selection(
        [("warning", "Warning"), ("refused", "Not Billed")], required=True, default="refused", readonly=True
    )
    days_missing = fields.Integer(readonly=True)
    meters = fields.Char(readonly=True)
    detail = fields.Char(readonly=True, help="What a formula lacks.")
    remedy = fields.Text(compute="_compute_remedy")

    @api.depends("reason", "severity", "days_missing", "meters", "detail")
    @api.depends_context("lang")
    def _compute_remedy(self):
        for issue in self:
            values = {
                "unit": issue.unit_id.name or "",
                "item": issue.item_id.name or "",
                "days": issue.days_missing,
                "meters": issue.meters or "",
            }
            issue.remedy = issue._remedy(values)

    def _remedy(self, values):
        match self.reason:
            case "no_tariff":
                return self.env._(
                    "No approved tariff of “%(item)s” for this kind of unit: enter one and have it approved.", **values
                )
            case "tariff_gap":
                return self.env._(
                    "No tariff of “%(item)s” is in force on %(days)s days of the period: close the gap between versions.",
                    **values,
                )
            case "no_payer":
                return self.env._(
                    "%(unit)s has no payer in the period: mark one of its parties as payer, or set one on the assignment.",
                    **values,
                )
            case "payer_gap":
                return self.env._(
                    "%(unit)s has no payer on %(days)s days of the period: close the gap between its parties.", **values
                )
            case "area_zero":
                return self.env._("The area that “%(item)s” is charged by is zero on %(unit)s: enter it.", **values)
            case "formula":
                if self.detail:
                    return self.env._(
                        "The formula of “%(item)s” needs values that %(unit)s does not have: %(detail)s. Enter them.",
                        **values,
                        detail=self.detail,
                    )
                return self.env._(
                    "The formula of “%(item)s” divides by zero or gives less than zero on %(unit)s: correct the tariff or the unit.",
                    **values,
                )
            case "no_pool":
                return self.env._(
                    "No approved pooled cost of “%(item)s” includes %(unit)s in this month: enter the cost, have it approved and compute again.",
                    **values,
                )
            case "discount":
                return self.env._(
                    "The discount waits for approval: have a supervisor approve it, or remove it.", **values
                )
            case "overlap":
                return self.env._(
                    "Some days are billed already with other dates or another payer: reverse that charge and compute again.",
                    **values,
                )
            case "no_meter":
                return self.env._("%(unit)s has no meter for “%(item)s”: enter it, or end the assignment.", **values)
            case "missing_reading":
                return self.env._(
                    "No reading in the period: %(meters)s. Enter it, or estimate it (Missing Readings), and compute again.",
                    **values,
                )
            case "overestimated":
                return self.env._(
                    "Read lower than it was estimated: %(meters)s. Press “Correct Estimate” on the reading, have the correction approved and compute again.",
                    **values,
                )
            case "abnormal" if self.severity == "refused":
                return self.env._(
                    "Use differs a lot from before: %(meters)s. Read it again and correct the reading, or confirm it with the reason (Unusual Use), then compute again.",
                    **values,
                )
            case "abnormal":
                return self.env._("Use differs a lot from before, and was confirmed: %(meters)s.", **values)
        return ""

    def action_put_right(self):
        """Open what has to be corrected, with what is known already filled in.

        :return: action on the tariffs, the discount, the meter, the readings, the charge in the way … or the unit
        """
        self.ensure_one()
        start, stop, _months = self.run_id._period_of(self.item_id)
        named = {"item_id": self.item_id.id, "property_id": self.property_id.id}
        own = [("unit_id", "=", self.unit_id.id), ("item_id", "=", self.item_id.id)]
        tariffs = (
            "pm.fee.tariff",
            self.env._("Tariffs"),
            [(name, "=", value) for name, value in named.items()],
            {**named, "date_from": start},
        )
        readings = (
            "pm.meter.reading",
            self.env._("Readings"),
            [*own, ("date", ">=", start), ("date", "<=", stop), ("charge_id", "=", False)],
            {},
        )
        places = {
            "no_tariff": tariffs,
            "tariff_gap": tariffs,
            "formula": None if self.detail else tariffs,
            "no_pool": (
                "pm.fee.pool",
                self.env._("Pooled Costs"),
                [*((name, "=", value) for name, value in named.items()), ("month", "=", start)],
                {**named, "month": start},
            ),
            "no_meter": (
                "pm.meter",
                self.env._("Meters"),
                own,
                {"unit_id": self.unit_id.id, "item_id": self.item_id.id},
            ),
            "abnormal": readings,
            "overestimated": readings,
            "overlap": (
                "pm.charge",
                self.env._("Charges"),
                [*own, ("state", "!=", "reversed"), ("period_start", "<=", stop), ("period_end", ">=", start)],
                {},
            ),
        }
        if self.reason == "missing_reading":
            places[self.reason] = self._place_of_reading(own, start, stop)
        if self.reason == "discount" and self.assignment_id:
            return {
                "type": "ir.actions.act_window",
                "res_model": "pm.fee.assignment",
                "res_id": self.assignment_id.id,
                "view_mode": "form",
            }
        if not places.get(self.reason):
            return self.action_open_unit()
        model, name, domain, defaults = places[self.reason]
        return {
            "type": "ir.actions.act_window",
            "res_model": model,
            "name": name,
            "view_mode": "list" if model == "pm.meter.missing" else "list,form",
            "domain": domain,
            "context": {f"default_{key}": value for key, value in defaults.items()},
        }

    def _place_of_reading(self, own, start, stop):
        """Where a missing reading is estimated; of a month still to come nothing is missing yet, and it is entered."""
        missing = [*own, ("month", ">=", start), ("month", "<=", stop)]
        if self.env["pm.meter.missing"].search_count(missing, limit=1):
            return "pm.meter.missing", self.env._("Missing Readings"), missing, {}
        meter = self.env["pm.meter"].search([*own, ("code", "in", (self.meters or "").split(", "))], limit=1)
        return "pm.meter.reading", self.env._("Readings"), own, {"meter_id": meter.id, "date": stop}

    def action_open_unit(self):
        self.ensure_one()
        return {"type": "ir.actions.act_window", "res_model": "pm.unit", "res_id": self.unit_id.id, "view_mode": "form"}
