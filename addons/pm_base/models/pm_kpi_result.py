import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, float_compare, float_repr, format_datetime

_logger = logging.getLogger(__name__)


class PmKpiResult(models.Model):
    """Monthly snapshot of a figure of a property, or of one butler there. Written by the program only."""

    _name = "pm.kpi.result"
    _description = "Key Figure Result"
    _order = "month desc, kpi_id, property_id, id"
    _rec_name = "kpi_id"

    _once = models.UniqueIndex(
        "(kpi_id, property_id, month, COALESCE(user_id, 0))",
        "There is one result for a figure, property, month and butler.",
    )
    _month_first = models.Constraint("CHECK (EXTRACT(day FROM month) = 1)", "A month is named by its first day.")

    kpi_id = fields.Many2one("pm.kpi", string="Key Figure", required=True, ondelete="cascade")
    group = fields.Selection(related="kpi_id.group", store=True)
    unit = fields.Selection(related="kpi_id.unit")
    formula = fields.Text(related="kpi_id.formula")
    company_id = fields.Many2one("res.company", required=True, index=True, ondelete="cascade")
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="cascade")
    user_id = fields.Many2one("res.users", string="Butler", ondelete="cascade")
    month = fields.Date(required=True, index=True)
    period = fields.Char(compute="_compute_period", help="The month as year and number.")
    numerator = fields.Float(digits=(16, 2))
    denominator = fields.Float(digits=(16, 2))
    value = fields.Float(digits=(16, 2), aggregator="avg")
    target_id = fields.Many2one("pm.kpi.target", string="Applied Target", ondelete="set null")
    target_operator = fields.Selection([(">=", "at least"), ("<=", "at most")])
    target_value = fields.Float(string="Target", digits=(12, 2), aggregator="avg")
    state = fields.Selection(
        [("met", "Met"), ("missed", "Missed"), ("no_target", "No target"), ("no_data", "No data")],
        required=True,
        default="no_data",
    )
    error = fields.Text()
    computed_at = fields.Datetime(
        string="Computed", help="What was booked later is not in the figure of a closed month."
    )
    closed = fields.Boolean(
        string="Month Closed",
        compute="_compute_closed",
        help="The figure stays as it was computed last; what is booked later is told beside it.",
    )
    # What the records of a closed month would give today.
    numerator_now = fields.Float(string="Numerator Today", compute="_compute_now", digits=(16, 2))
    denominator_now = fields.Float(string="Denominator Today", compute="_compute_now", digits=(16, 2))
    value_now = fields.Float(string="Value Today", compute="_compute_now", digits=(16, 2))
    changed = fields.Boolean(string="Changed Since", compute="_compute_now")

    @api.depends("month")
    def _compute_period(self):
        for result in self:
            result.period = result.month and result.month.strftime("%Y-%m")

    @api.depends("month", "property_id")
    def _compute_closed(self):
        months = {prop: self.env["pm.kpi"]._open_months(prop) for prop in self.property_id}
        for result in self:
            result.closed = result.month not in months.get(result.property_id, [])

    @api.depends("closed", "numerator", "denominator")
    def _compute_now(self):
        for result in self:
            now = result._evaluate_now() if result.closed else None
            now = now or {"numerator": result.numerator, "denominator": result.denominator, "value": result.value}
            result.numerator_now, result.denominator_now = now["numerator"], now["denominator"]
            result.value_now = now["value"]
            result.changed = result._differs(result.numerator_now, result.numerator) or result._differs(
                result.denominator_now, result.denominator
            )

    @api.depends("kpi_id", "property_id", "period", "user_id")
    def _compute_display_name(self):
        for result in self:
            result.display_name = " · ".join(
                filter(None, [result.kpi_id.name, result.property_id.name, result.user_id.name, result.period])
            )

    def _upsert(self, prop, month, rows):
        """Insert or refresh the results of one property and month; an unchanged row is only stamped."""
        if not rows:
            return
        # sudo: a figure is held against its target, whoever may read the targets
        targets = self.env["pm.kpi.target"].sudo().search([("kpi_id", "in", [row["kpi"].id for row in rows])])
        values = []
        for row in rows:
            target = targets._choose(row["kpi"], prop, month.year, user=row["user"] or None)
            value = row["value"]
            if value is None:
                state = "no_data"
            elif not target:
                state = "no_target"
            else:
                state = "met" if target._is_met(value) else "missed"
            values.append(
                SQL(
                    "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                    row["kpi"].id,
                    row["kpi"].group,
                    prop.company_id.id,
                    prop.id,
                    row["user"].id or None,
                    month,
                    row["numerator"],
                    row["denominator"],
                    value,  # NULL without data: averages leave it out
                    target.id or None,
                    target.operator or None,
                    target.value if target else None,
                    state,
                    row["error"],
                    fields.Datetime.now(),
                    self.env.uid,
                )
            )
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO pm_kpi_result (kpi_id, "group", company_id, property_id, user_id, month, numerator, denominator, value,
                                           target_id, target_operator, target_value, state, error, computed_at, create_uid)
                VALUES %s
                ON CONFLICT (kpi_id, property_id, month, COALESCE(user_id, 0)) DO UPDATE
                   SET (company_id, numerator, denominator, value, target_id, target_operator, target_value, state, error, computed_at)
                     = (EXCLUDED.company_id, EXCLUDED.numerator, EXCLUDED.denominator, EXCLUDED.value, EXCLUDED.target_id,
                        EXCLUDED.target_operator, EXCLUDED.target_value, EXCLUDED.state, EXCLUDED.error, EXCLUDED.computed_at)
                """,
                SQL(", ").join(values),
            )
        )
        self.invalidate_model()

    # Drill-down

    def _period(self):
        last = fields.Date.end_of(self.month, "month")
        return self.month, min(last, self.property_id._today())

    def _refresh(self):
        """Compute the figure anew while its month is open, so that it is the number of the records it opens."""
        self.ensure_one()
        if self.month in self.env["pm.kpi"]._open_months(self.property_id):
            # sudo: the figure is that of the whole property, and the program writes it
            self.kpi_id.sudo()._compute_month(self.property_id.sudo(), self.month)

    @api.model
    def _differs(self, one, other):
        return float_compare(one, other, precision_digits=2) != 0

    def _evaluate_now(self):
        """Return what the records give today, or None where the figure cannot be computed."""
        try:
            with self.env.cr.savepoint():
                # sudo: the figure is that of the whole property
                return self.kpi_id.sudo()._evaluate(
                    self.property_id.sudo(), *self._period(), user=self.user_id.sudo() or None
                )
        except Exception:  # a broken figure must not hide its snapshot
            _logger.exception("Key figure %s of %s fails", self.kpi_id.code, self.property_id.code)
            return None

    def _open_part(self, part, today=False):
        """Open the records of one part of the figure.

        Those of a closed month are the ones its snapshot was made of, where the figure knows when they were booked. The title
        says so, and what of the snapshot was undone since.
        """
        self.ensure_one()
        self.kpi_id._need_method()
        self._refresh()
        as_of = self.computed_at if self.closed and not today else False
        kpi = self.kpi_id.with_context(kpi_as_of=as_of)
        spec = kpi._specification(self.property_id, *self._period(), user=self.user_id or None)
        if not spec.get(part):
            return False
        model, domain = spec[part][:2]
        title = [self.display_name]
        if as_of and spec.get("as_of"):
            title.append(self.env._("as of %(moment)s", moment=format_datetime(self.env, as_of)))
            undone = self[part] - kpi._measure(*spec[part])
            if self._differs(undone, 0):
                title.append(self.env._("undone since: %(amount)s", amount=float_repr(undone, 2)))
        elif self.closed:
            title.append(self.env._("as it is today"))
        try:
            self.env[model].search_count(domain, limit=1)
        except AccessError:
            # The domain looks at records that the reader may not open, as the papers of a unit: what it finds he may.
            found = self.env[model].sudo().with_context(active_test=False).search(domain)
            domain = [("id", "in", found.ids)]
        return {
            "type": "ir.actions.act_window",
            "name": " · ".join(title),
            "res_model": model,
            "view_mode": "list,form",
            "domain": list(domain),
            "context": {"active_test": False, "create": False},
        }

    def action_open_numerator(self):
        """Open the records counted above the line; the reader sees those that he may."""
        return self._open_part("numerator")

    def action_open_denominator(self):
        """Open the records counted below the line."""
        return self._open_part("denominator")

    def action_open_numerator_now(self):
        """Open the records that would be counted above the line today."""
        return self._open_part("numerator", today=True)

    def action_open_denominator_now(self):
        """Open the records that would be counted below the line today."""
        return self._open_part("denominator", today=True)

    def action_compute(self):
        """Compute the open months of the properties that the user sees, now."""
        self.check_access("read")
        # The rights decide which properties, the figures themselves are computed over all their records.
        properties = self.env["pm.property"].search([])
        self.env["pm.kpi"].sudo()._compute_properties(properties.sudo())
        return {"type": "ir.actions.client", "tag": "soft_reload"}
