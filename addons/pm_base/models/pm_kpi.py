import logging
from datetime import timedelta

from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

_logger = logging.getLogger(__name__)

# The month before stays open for late entries; afterwards its snapshot is history.
OPEN_DAYS = 10
# The daily job skips what it computed this recently, so that a run cut short goes on with the rest.
FRESH = timedelta(hours=6)


class PmKpi(models.Model):
    """A key figure: what is counted, over what, and which way is better. Targets vary by year, property and butler.

    The method named in ``method`` belongs to this model and says what is counted; upper modules add theirs::

        def _kpi_collection_rate(self, prop, date_from, date_to, user=None):
            return {"numerator": (model, domain, measure), "denominator": (model, domain, measure)}

    ``measure`` is a field to add up, None counts records; a function may follow that works out the same number without
    reading all of these records. Both days belong to the period and are the property's own
    dates; ``prop._local_midnight_utc(day)`` turns them into moments. ``"complement": True`` makes the figure one minus
    the quotient; a figure without denominator is the plain sum. ``"as_of": True`` says that the method leaves out what
    was booked after the moment of a snapshot, see ``_as_of``. Source: S0-73, S4-24, KPI catalogue.
    """

    _name = "pm.kpi"
    _description = "Key Figure"
    _order = "sequence, code, id"

    _code_unique = models.UniqueIndex("(code)", "Another key figure has this code.")

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    group = fields.Selection(
        [
            ("master", "Master data"),
            ("service", "Customer service"),
            ("fees", "Fees"),
            ("renovation", "Renovation"),
            ("operations", "Operations"),
        ],
        required=True,
        default="service",
    )
    direction = fields.Selection(
        [("higher", "Higher is better"), ("lower", "Lower is better")], required=True, default="higher"
    )
    unit = fields.Selection(
        [("percent", "%"), ("minutes", "minutes"), ("days", "days"), ("number", "number")],
        string="Measured In",
        required=True,
        default="percent",
    )
    formula = fields.Text(translate=True, help="In words: what is divided by what.")
    method = fields.Char(help="Method that computes the figure; empty for a figure that is only named so far.")
    per_user = fields.Boolean(string="Also per Butler", help="Computed for each butler of the property as well.")
    source = fields.Char(help="Requirement id the figure comes from.")
    target_ids = fields.One2many("pm.kpi.target", "kpi_id", string="Targets")
    result_ids = fields.One2many("pm.kpi.result", "kpi_id", string="Results")

    @api.constrains("method")
    def _check_method(self):
        for kpi in self:
            if kpi.method and not (kpi.method.startswith("_kpi_") and callable(getattr(type(self), kpi.method, None))):
                raise ValidationError(
                    self.env._("%(kpi)s: there is no method %(method)s.", kpi=kpi.name, method=kpi.method)
                )

    # Computing

    def _specification(self, prop, date_from, date_to, user=None):
        """Return what the figure's method says, or None for a figure without method."""
        self.ensure_one()
        return getattr(self, self.method)(prop, date_from, date_to, user=user) if self.method else None

    def _as_of(self):
        """Return the moment of the snapshot whose records are asked for; False where those of today are."""
        return self.env.context.get("kpi_as_of", False)

    def _evaluate(self, prop, date_from, date_to, user=None):
        """Return ``{"numerator", "denominator", "value"}`` of the period; ``value`` is None when there is no data.

        A zero denominator is no data, never 100 %.
        """
        spec = self._specification(prop, date_from, date_to, user=user)
        if not spec:
            return {"numerator": 0.0, "denominator": 0.0, "value": None}
        numerator = self._measure(*spec["numerator"])
        if not spec.get("denominator"):
            return {"numerator": numerator, "denominator": 0.0, "value": numerator}
        denominator = self._measure(*spec["denominator"])
        if not denominator:
            return {"numerator": numerator, "denominator": 0.0, "value": None}
        value = numerator / denominator
        if spec.get("complement"):
            value = 1 - value
        return {
            "numerator": numerator,
            "denominator": denominator,
            "value": value * 100 if self.unit == "percent" else value,
        }

    def _measure(self, model, domain, measure=None, shortcut=None):
        """Return the number of records of the domain, or the sum of their field ``measure``."""
        if shortcut:
            return float(shortcut())
        # A figure is that of the whole property, also where the reader may not open each record behind it.
        records = self.env[model].sudo().with_context(active_test=False)
        if not measure:
            return float(records.search_count(domain))
        if records._fields[measure].store:
            return float(records._read_group(domain, [], [f"{measure}:sum"])[0][0] or 0.0)
        return float(sum(records.search(domain).mapped(measure)))

    def _butlers(self, prop):
        """Return the users who have units of the property in charge."""
        # sudo: figures are the same whoever asks, and who works where is not visible to every role
        groups = (
            self.env["pm.unit"]
            .sudo()
            ._read_group([("property_id", "=", prop.id), ("user_id", "!=", False)], ["user_id"])
        )
        return self.env["res.users"].sudo().union(*(user for (user,) in groups))

    def _compute_month(self, prop, month):
        """Write the snapshot of one property and month (its first day) for these figures. Repeating it changes nothing."""
        last = min(month + relativedelta(months=1, days=-1), prop._today())
        rows = []
        for kpi in self.filtered("method"):
            users = [self.env["res.users"], *(self._butlers(prop) if kpi.per_user else [])]
            for user in users:
                row = {"kpi": kpi, "user": user, "error": None}
                try:
                    with self.env.cr.savepoint():
                        row.update(kpi._evaluate(prop, month, last, user=user or None))
                except Exception as error:  # one broken figure must not hide the others
                    _logger.exception("Key figure %s of %s fails", kpi.code, prop.code)
                    row.update(numerator=0.0, denominator=0.0, value=None, error=str(error) or type(error).__name__)
                rows.append(row)
        # sudo: results are written by the program only
        self.env["pm.kpi.result"].sudo()._upsert(prop, month, rows)

    @api.model
    def _open_months(self, prop):
        """Return the first days of the months still in work: this one, and the one before during its first days."""
        today = prop._today()
        month = today.replace(day=1)
        return [month - relativedelta(months=1), month] if today.day <= OPEN_DAYS else [month]

    @api.model
    def _compute_properties(self, properties):
        kpis = self.search([("method", "!=", False)])
        for prop in properties:
            for month in self._open_months(prop):
                kpis._compute_month(prop, month)

    @api.model
    def _cron_compute(self):
        """Compute the open months of every property, the longest untouched first, with a commit after each."""
        now = fields.Datetime.now()
        # The oldest figure of the month says when the property was computed: a single one is computed anew when it is looked into.
        whole = [
            ("month", ">=", fields.Date.today().replace(day=1)),
            ("user_id", "=", False),
            ("kpi_id.active", "=", True),
            ("kpi_id.method", "!=", False),
        ]
        last = {
            prop.id: moment
            for prop, moment in self.env["pm.kpi.result"]._read_group(whole, ["property_id"], ["computed_at:min"])
            if moment and moment > now - FRESH
        }
        properties = self.env["pm.property"].search([]).filtered(lambda prop: prop.id not in last)
        if not self.env["ir.cron"]._each_property(self._compute_properties, "key figures", properties):
            self.env.ref("pm_base.pm_kpi_cron")._trigger()

    def action_open_results(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_base.pm_kpi_result_action")
        return {
            **action,
            "domain": [("kpi_id", "=", self.id)],
            "context": {"graph_groupbys": ["month:month", "property_id"]},
        }

    # KPI 2

    def _kpi_file_completeness(self, prop, date_from, date_to, user=None):
        """Handed-over units with every mandatory paper / handed-over units. Source: S4-03, S0-13."""
        units = (
            Domain("property_id", "=", prop.id) & Domain("handover_date", "<=", date_to) & Domain("active", "=", True)
        )
        if user:
            units &= Domain("user_id", "=", user.id)
        # sudo: which papers are mandatory counts for everybody's figure
        if not self.env["pm.file.type"].sudo().search_count([("mandatory", "=", True)], limit=1):
            # Nothing is asked for, so nothing can be complete.
            units = Domain.FALSE
        complete = units & self.env["pm.unit"]._complete_file_domain(date_to)
        return {"numerator": ("pm.unit", complete, None), "denominator": ("pm.unit", units, None)}

    def _need_method(self):
        self.ensure_one()
        if not self.method:
            raise UserError(self.env._("%(kpi)s has no method of computing yet.", kpi=self.name))
