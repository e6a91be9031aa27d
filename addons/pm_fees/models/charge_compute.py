"""Computing charges: one statement per class of method and chunk of units.

Everything a charge depends on is a range of days: the assignment, the tariff version, the payer. A statement intersects
these ranges with the period, refuses assignments that are not covered on every day, and inserts the rest with
ON CONFLICT DO NOTHING on the keys of pm.charge. Repeating it is therefore harmless, after a crash as well as from two
servers at once.

A new method of a tariff adds a statement to `_compute_statements`.
"""

from odoo import fields, models
from odoo.tools import SQL

from .payment_reference import reference_sql


class PmBillingRun(models.Model):
    _inherit = "pm.billing.run"

    def _compute_units(self, unit_ids):
        """Insert the missing charges and the issues of some units.

        :return: number of charges inserted
        """
        self.ensure_one()
        self.env.flush_all()
        items = self._due_items()
        if not items or not unit_ids:
            return 0
        count = 0
        for statement in self._compute_statements(items, list(unit_ids)):
            self.env.cr.execute(statement)
            count += self.env.cr.fetchone()[0]
        self.env["pm.charge"].invalidate_model()
        self.env["pm.billing.issue"].invalidate_model()
        self.env["pm.meter.reading"].invalidate_model(["charge_id"])
        return count

    def _compute_statements(self, items, unit_ids):
        tariffs = self.env["pm.fee.tariff"].search(
            [("property_id", "=", self.property_id.id), ("item_id", "in", items.ids), ("state", "=", "approved")]
        )
        common = self._common_sql(items, unit_ids)
        common.update(
            scope=SQL(self._SCOPE, **common),
            insert=SQL(self._INSERT, **common),
            tariffs=SQL(
                self._TARIFFS,
                **common,
                tariff_days=self._charged_sql(SQL("daterange(tariff.date_from, tariff.date_to, '[]')")),
            ),
            payers=SQL(
                self._PAYERS, party_days=self._charged_sql(SQL("daterange(party.date_from, party.date_to, '[]')"))
            ),
            payers_pool=SQL(
                self._PAYERS.replace("scope.", "allotted."),
                party_days=SQL(
                    self._charged_sql(SQL("daterange(party.date_from, party.date_to, '[]')")).code.replace(
                        "scope.", "allotted."
                    )
                ),
            ),
            **self._formula_sql(tariffs),
        )
        # Whatever has no tariff is refused by the first statement; the others ask only what their own tariffs name.
        methods = set(tariffs.mapped("method"))
        return [
            self._time_statement(common),
            *([self._meter_statement(common)] if "metered" in methods else ()),
            *([self._pool_statement(common)] if "pooled" in methods else ()),
        ]

    def _due_items(self):
        """Fee items of the run whose period starts in its month: monthly and one-off ones, and the others once a period."""
        items = self.item_ids or self.env["pm.fee.item"].search([("company_id", "=", self.company_id.id)])
        return items.filtered(lambda item: item._bills_in(self.date_from))

    def _period_of(self, item):
        """(first day, last day, months) that one charge of this item covers in this run."""
        months = int(item.period) or 1
        return self.date_from, fields.Date.subtract(fields.Date.add(self.date_from, months=months), days=1), months

    def _due_date_of(self, item, period_end):
        prop = self.property_id
        base = period_end if prop.due_rule == "period_end" else self.date_from
        return fields.Date.add(base, days=item.due_days or prop.due_days)

    def _common_sql(self, items, unit_ids):
        rows = []
        for item in items:
            start, end, months = self._period_of(item)
            rate, included = item._tax_values()
            tax = item.sudo().tax_id  # sudo: see pm.fee.item
            once = item.period == "0"
            whole = once or item.proration == "full"
            rows.append(
                SQL(
                    "(%s::int, %s::date, %s::date, %s::int, %s::numeric, %s::boolean, %s::boolean, %s::boolean, %s::boolean, %s::boolean, %s::date, %s::text, %s::int)",
                    item.id,
                    start,
                    end,
                    months,
                    str(rate),
                    included,
                    whole,
                    item.payer_rule == "start" or whole,
                    once,
                    item.proration == "month" and not once,
                    self._due_date_of(item, end),
                    item.uom_name or "",
                    tax.id or None,
                )
            )
        per_charge = self.env["pm.charge"]._reference_scope() == "charge"
        return {
            "items": SQL(", ").join(rows),
            "units": unit_ids,
            "run": self.id,
            "prop": self.property_id.id,
            "company": self.company_id.id,
            "currency": self.currency_id.id,
            "places": self.currency_id.decimal_places,
            "uid": self.env.uid,
            "reference": reference_sql("charge", SQL("priced.new_id"))
            if per_charge
            else reference_sql("unit", SQL("priced.unit_id")),
        }

    # Pieces shared by the statements

    # `win` are the days the assignment asks for, `span` those that are charged: the same, or whole months. `ps` to `pe` is
    # the period that the amount is for; of a one-off fee the day on which its assignment begins.
    _SCOPE = """
        item(item_id, ps, pe, months, rate, included, whole, payer_start, once, by_month, due_date, uom, tax_id) AS (VALUES %(items)s),
        asked AS (
            SELECT line.id, line.unit_id, line.item_id, line.partner_id, COALESCE(line.quantity, 1) AS factor, line.discount,
                   line.discount_reason,
                   -- A discount that waits for its approval holds up the periods in which it would count, and no others.
                   CASE WHEN line.discount_state = 'waiting'
                         AND daterange(line.discount_from, line.discount_to, '[]')
                             && CASE WHEN item.once THEN daterange(line.date_from, line.date_from, '[]') ELSE daterange(item.ps, item.pe, '[]') END
                        THEN 'waiting' ELSE 'none' END AS discount_state,
                   daterange(line.discount_from, line.discount_to, '[]') AS discount_days,
                   unit.unit_type, unit.area_chargeable, unit.area_built, unit.area_inner,
                   CASE WHEN item.once THEN line.date_from ELSE item.ps END AS ps, CASE WHEN item.once THEN line.date_from ELSE item.pe END AS pe,
                   item.months, item.rate, item.included, item.whole, item.payer_start, item.once, item.by_month, item.due_date, item.uom, item.tax_id,
                   CASE WHEN item.once THEN daterange(line.date_from, line.date_from, '[]')
                        ELSE daterange(GREATEST(item.ps, line.date_from), LEAST(item.pe, COALESCE(line.date_to, item.pe)), '[]') END AS win,
                   -- A month that an assignment of before has begun is charged by that one.
                   item.by_month AND EXISTS (
                        SELECT FROM pm_fee_assignment before
                         WHERE before.unit_id = line.unit_id AND before.item_id = line.item_id AND before.id <> line.id
                           AND before.date_to < line.date_from AND before.date_to >= date_trunc('month', line.date_from)) AS begun
              FROM pm_fee_assignment line
              JOIN item ON item.item_id = line.item_id
              JOIN pm_unit unit ON unit.id = line.unit_id AND unit.active
             WHERE line.unit_id = ANY(%(units)s) AND line.date_from <= item.pe
               AND CASE WHEN item.once
                        THEN NOT EXISTS (SELECT FROM pm_charge done
                                          WHERE done.unit_id = line.unit_id AND done.item_id = line.item_id AND done.state <> 'reversed'
                                            AND done.period_start = line.date_from)
                        ELSE line.date_to IS NULL OR line.date_to >= item.ps END
        ),
        scope AS (
            SELECT asked.*, CASE WHEN asked.by_month
                                 THEN daterange((date_trunc('month', lower(asked.win)) + CASE WHEN asked.begun AND lower(asked.win) > asked.ps
                                                                                              THEN interval '1 month' ELSE interval '0' END)::date,
                                                GREATEST((date_trunc('month', upper(asked.win) - 1) + interval '1 month')::date,
                                                         (date_trunc('month', lower(asked.win)) + interval '1 month')::date))
                                 ELSE asked.win END AS span
              FROM asked
        )
    """

    @staticmethod
    def _charged_sql(days):
        """The part of `scope.span` that falls into a range of days of a tariff or payer.

        By whole months a range that covers the first day asked for takes that month from its start; any other starts with
        the month after its first day, unless that is the first of one. So ranges that follow one another still do.
        """
        return SQL(
            """CASE WHEN scope.by_month
                    THEN scope.span * daterange(
                        CASE WHEN lower(%(days)s) IS NULL OR lower(%(days)s) <= lower(scope.win) THEN lower(scope.span)
                             ELSE (date_trunc('month', lower(%(days)s) - 1) + interval '1 month')::date END,
                        CASE WHEN upper(%(days)s) IS NULL THEN NULL
                             ELSE GREATEST((date_trunc('month', upper(%(days)s) - 1) + interval '1 month')::date, lower(scope.span)) END)
                    ELSE scope.win * %(days)s END""",
            days=days,
        )

    # Correlated by index, row by row: the plan does not hang on statistics, which a chunk just imported does not have yet.
    _TARIFFS = """
            SELECT tariff.id AS tariff_id, tariff.name AS tariff, tariff.method, tariff.area_basis, tariff.price,
                   tariff.rounding::numeric AS step,
                   CASE WHEN scope.whole THEN scope.win ELSE %(tariff_days)s END AS rng
              FROM pm_fee_tariff tariff
             WHERE tariff.item_id = scope.item_id AND tariff.property_id = %(prop)s AND tariff.state = 'approved'
               AND CASE WHEN scope.whole THEN daterange(tariff.date_from, tariff.date_to, '[]') @> lower(scope.win)
                        ELSE daterange(tariff.date_from, tariff.date_to, '[]') && scope.win END
               AND (tariff.unit_type = scope.unit_type
                    OR tariff.unit_type IS NULL AND NOT EXISTS (
                        SELECT FROM pm_fee_tariff special
                         WHERE special.item_id = scope.item_id AND special.property_id = %(prop)s AND special.state = 'approved'
                           AND special.unit_type = scope.unit_type
                           AND daterange(special.date_from, special.date_to, '[]') && scope.win))
    """
    _PAYERS = """
            SELECT scope.partner_id AS payer_id, scope.span AS rng WHERE scope.partner_id IS NOT NULL
            UNION ALL
            SELECT merged.partner_id, part.rng
              FROM (
                SELECT party.partner_id,
                       range_agg(CASE WHEN scope.payer_start THEN scope.span ELSE %(party_days)s END) AS ranges
                  FROM pm_unit_party party
                 WHERE party.unit_id = scope.unit_id AND party.is_payer AND scope.partner_id IS NULL
                   -- Days compared one by one: few parties of a unit are read faster from its index than from that of the ranges.
                   AND (party.date_from IS NULL
                        OR party.date_from <= CASE WHEN scope.payer_start THEN lower(scope.win) ELSE upper(scope.win) - 1 END)
                   AND (party.date_to IS NULL OR party.date_to >= lower(scope.win))
                 GROUP BY party.partner_id
              ) merged, unnest(merged.ranges) AS part(rng)
    """

    # Columns of pm_charge in the order of the SELECT below it; `priced` carries one row per charge to be.
    _INSERT = """
        -- Numbered by unit: what a household owes for a month then stands in one entry, and a payment touches one.
        priced AS MATERIALIZED (
            SELECT nextval('pm_charge_id_seq')::int AS new_id, ready.*
              FROM (SELECT * FROM ready ORDER BY unit_id, item_id, period_start) ready
        ),
        inserted AS (
            INSERT INTO pm_charge (
                id, run_id, property_id, company_id, currency_id, unit_id, partner_id, item_id, tariff_id, assignment_id,
                kind, origin, period_start, period_end, due_date, quantity, price_unit, tax_id, amount_untaxed, amount_tax,
                amount_total, details, reference, state, residual, amount_paid, create_uid, write_uid, create_date, write_date)
            SELECT new_id, %(run)s, %(prop)s, %(company)s, %(currency)s, unit_id, partner_id, item_id, tariff_id, id,
                   'regular', origin, period_start, period_end, due_date, quantity, price, tax_id, total - tax, tax,
                   total, details, %(reference)s, 'draft', 0, 0, %(uid)s, %(uid)s,
                   now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
              FROM (
                SELECT taxed.*, CASE WHEN included THEN net ELSE net + tax END AS total
                  FROM (
                    SELECT priced.*,
                           round(CASE WHEN included THEN net * rate / (1 + rate) ELSE net * rate END, %(places)s) AS tax
                      FROM priced
                  ) taxed
              ) priced
             ORDER BY unit_id, item_id, period_start
            ON CONFLICT DO NOTHING
            RETURNING id, unit_id, item_id, period_start, origin
        )
    """

    @staticmethod
    def _formula_columns(unit, tariff):
        """{variable: SQL}; an area that nobody entered is 0, a formula must not take it for a value."""
        return {
            **{
                name: SQL("NULLIF(%s, 0)", SQL.identifier(unit, column))
                for name, column in (("area", "area_chargeable"), ("built", "area_built"), ("inner", "area_inner"))
            },
            "quantity": SQL.identifier(unit, "factor"),
            "price": SQL.identifier(tariff, "price"),
        }

    def _formula_sql(self, tariffs):
        """Formulas among these tariffs, each as SQL: amount, values for the explanation, what is missing."""
        amounts, details, missing = [], [], []
        for tariff in tariffs.filtered(lambda tariff: tariff.method == "formula"):
            formula = tariff._parsed_formula()
            names = sorted(formula.variables)
            part, amount = self._formula_columns("part", "part"), self._formula_columns("amount", "amount")
            scope = self._formula_columns("scope", "part")
            amounts.append(SQL("WHEN %s THEN %s", tariff.id, formula.sql(part)))
            values = SQL(", ").join(SQL("%s::text, %s", name, amount[name]) for name in names)
            details.append(
                SQL(
                    "WHEN %s THEN jsonb_build_object('text', %s::text, 'values', jsonb_build_object(%s))",
                    tariff.id,
                    tariff.formula,
                    values,
                )
            )
            gone = [SQL("CASE WHEN %s IS NULL THEN %s::text END", scope[name], name) for name in names]
            missing.append(SQL("WHEN %s THEN concat_ws(', ', %s)", tariff.id, SQL(", ").join([*gone, SQL("NULL")])))

        def case(column, branches):
            return SQL("CASE %s %s END", column, SQL(" ").join(branches)) if branches else SQL("NULL")

        month = SQL("(extract(year FROM ps) * 12 + extract(month FROM ps))")
        return {
            "formula": SQL("(%s)::numeric", case(SQL("part.tariff_id"), amounts)),
            "formula_details": SQL("'formula', (%s)::jsonb", case(SQL("tariff_id"), details)),
            "formula_missing": SQL("(%s)::text", case(SQL("part.tariff_id"), missing)),
            "months_before": SQL(
                "(extract(year FROM lower(rng)) * 12 + extract(month FROM lower(rng)) - %s)::int", month
            ),
            "months_after": SQL(
                "(extract(year FROM upper(rng)) * 12 + extract(month FROM upper(rng)) - %s)::int", month
            ),
        }

    def _time_statement(self, common):
        """Fixed, per m² and by formula: amount of a month × months × days/days (or months/months) of the period.

        The amount of a part of a period is the difference of the rounded amounts from the first day of the period to its
        end and to its start: parts always add up to the whole, to the cent.
        """
        return SQL(
            """
            WITH %(scope)s,
            segment AS (
                SELECT based.*, sum(upper(based.rng) - lower(based.rng)) OVER assignment AS covered,
                       bool_and(CASE based.method WHEN 'area' THEN based.quantity > 0
                                                  WHEN 'formula' THEN based.base IS NOT NULL AND based.base >= 0 ELSE true END) OVER assignment AS usable
                  FROM (
                    SELECT part.*, CASE WHEN part.method = 'formula' THEN %(formula)s ELSE part.quantity * part.price END AS base
                      FROM (
                        SELECT scope.*, tariff.tariff_id, tariff.tariff, tariff.method, tariff.price, tariff.step, payer.payer_id,
                               tariff.rng * payer.rng AS rng,
                               CASE WHEN tariff.method IN ('fixed', 'formula') THEN scope.factor
                                    WHEN tariff.area_basis = 'built' THEN scope.area_built
                                    WHEN tariff.area_basis = 'inner' THEN scope.area_inner
                                    ELSE scope.area_chargeable END AS quantity
                          FROM scope
                         CROSS JOIN LATERAL (%(tariffs)s) tariff
                         CROSS JOIN LATERAL (%(payers)s) payer
                         WHERE tariff.rng && payer.rng AND tariff.method IN ('fixed', 'area', 'formula')
                      ) part
                  ) based
                WINDOW assignment AS (PARTITION BY based.id)
            ),
            sound AS MATERIALIZED (
                SELECT * FROM segment
                 WHERE covered = upper(span) - lower(span) AND usable AND discount_state IS DISTINCT FROM 'waiting'
            ),
            gross AS (
                SELECT sound.*, lower(rng) AS period_start, (upper(rng) - 1) AS period_end,
                       upper(rng) - lower(rng) AS days, pe - ps + 1 AS of_days,
                       -- The share of the period is counted in days, or in months where only whole months are charged.
                       CASE WHEN whole THEN 0 WHEN by_month THEN %(months_before)s ELSE lower(rng) - ps END AS first_part,
                       CASE WHEN whole THEN pe - ps + 1 WHEN by_month THEN %(months_after)s ELSE upper(rng) - ps END AS last_part,
                       CASE WHEN by_month THEN months ELSE pe - ps + 1 END AS of_parts,
                       base * months AS full_amount,
                       CASE WHEN COALESCE(discount, 0) > 0 AND rng && discount_days
                            THEN upper(rng * discount_days) - lower(rng * discount_days) ELSE 0 END AS off_days
                  FROM sound
            ),
            amount AS (
                SELECT gross.*,
                       round(full_amount * last_part / of_parts / step) * step - round(full_amount * first_part / of_parts / step) * step AS gross_amount
                  FROM gross
            ),
            ready AS (
                SELECT id, unit_id, payer_id AS partner_id, item_id, tariff_id, ''::varchar AS origin,
                       CASE WHEN whole THEN ps ELSE period_start END AS period_start,
                       CASE WHEN whole THEN pe ELSE period_end END AS period_end,
                       due_date, quantity, price, rate, included, tax_id,
                       round(gross_amount * (1 - COALESCE(discount, 0) / 100 * off_days / days) / step) * step AS net,
                       jsonb_strip_nulls(jsonb_build_object(
                           'method', method, 'tariff', tariff, 'included', included, 'once', NULLIF(once, false),
                           'months', CASE WHEN by_month THEN last_part - first_part ELSE months END,
                           'days', CASE WHEN whole OR by_month THEN of_days ELSE days END, 'of_days', of_days, 'gross', gross_amount,
                           'base', CASE WHEN method = 'formula' THEN base END, %(formula_details)s,
                           'discount', CASE WHEN off_days > 0 THEN discount END,
                           'discount_days', CASE WHEN off_days > 0 THEN off_days END,
                           'discount_reason', CASE WHEN off_days > 0 THEN discount_reason END)) AS details
                  FROM amount
            ),
            %(insert)s,
            refused AS (
                SELECT scope.id, scope.unit_id, scope.item_id, tariff.days AS tariff_days, payer.days AS payer_days,
                       upper(scope.span) - lower(scope.span) AS days, scope.discount_state, tariff.formula, tariff.missing
                  FROM scope
                 CROSS JOIN LATERAL (SELECT sum(upper(rng) - lower(rng)) AS days, bool_or(method IN ('metered', 'pooled')) AS elsewhere,
                                            bool_or(method = 'formula') AS formula, max(%(formula_missing)s) AS missing
                                       FROM (%(tariffs)s) part) tariff
                 CROSS JOIN LATERAL (SELECT sum(upper(rng) - lower(rng)) AS days FROM (%(payers)s) found) payer
                 -- NOT IN is hashed, whatever the planner believes about the number of rows
                 WHERE scope.id NOT IN (SELECT id FROM sound) AND tariff.elsewhere IS NOT TRUE AND NOT isempty(scope.span)
            ),
            issues AS (
                INSERT INTO pm_billing_issue (run_id, property_id, company_id, unit_id, item_id, assignment_id, reason, severity,
                                              days_missing, detail, create_uid, write_uid, create_date, write_date)
                SELECT %(run)s, %(prop)s, %(company)s, unit_id, item_id, id, reason, 'refused', days_missing, detail, %(uid)s, %(uid)s,
                       now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
                  FROM (
                    SELECT unit_id, item_id, id,
                           CASE WHEN tariff_days IS NULL THEN 'no_tariff' WHEN tariff_days < days THEN 'tariff_gap'
                                WHEN payer_days IS NULL THEN 'no_payer' WHEN payer_days < days THEN 'payer_gap'
                                WHEN discount_state = 'waiting' THEN 'discount' WHEN formula THEN 'formula' ELSE 'area_zero' END AS reason,
                           CASE WHEN tariff_days < days THEN days - tariff_days WHEN payer_days < days THEN days - payer_days END AS days_missing,
                           CASE WHEN formula THEN missing END AS detail
                      FROM refused
                    UNION ALL
                    -- Not inserted although it is not there: other charges of this run or an earlier one lie across its days.
                    SELECT priced.unit_id, priced.item_id, priced.id, 'overlap', NULL, NULL
                      FROM priced
                     WHERE priced.new_id NOT IN (SELECT id FROM inserted)
                       AND EXISTS (
                        SELECT FROM pm_charge other
                         WHERE other.unit_id = priced.unit_id AND other.item_id = priced.item_id AND other.state <> 'reversed'
                           AND other.origin = '' AND other.kind IN ('regular', 'opening')
                           AND daterange(other.period_start, other.period_end, '[]') && daterange(priced.period_start, priced.period_end, '[]')
                           AND (other.period_start, other.period_end, other.partner_id)
                               IS DISTINCT FROM (priced.period_start, priced.period_end, priced.partner_id))
                  ) found
            )
            SELECT count(*) FROM inserted
            """,
            **common,
        )

    def _meter_statement(self, common):
        """By meter: the consumption of the unbilled readings of the period, at the tariff and to the payer of the reading's day."""
        return SQL(
            """
            WITH %(scope)s,
            metered AS (
                SELECT scope.*, tariff.tariff_id, tariff.tariff, tariff.price, tariff.step, tariff.rng
                  FROM scope CROSS JOIN LATERAL (%(tariffs)s) tariff WHERE tariff.method = 'metered'
            ),
            meters AS (
                SELECT DISTINCT metered.id, metered.unit_id, metered.item_id, metered.ps, metered.pe, meter.id AS meter_id, meter.code
                  FROM metered
                  LEFT JOIN pm_meter meter
                    ON meter.unit_id = metered.unit_id AND meter.item_id = metered.item_id AND meter.active
                   AND (meter.date_installed IS NULL OR meter.date_installed <= metered.pe)
                   AND (meter.date_removed IS NULL OR meter.date_removed >= metered.ps)
            ),
            grouped AS (
                SELECT metered.*, reading.*
                  FROM metered
                 CROSS JOIN LATERAL (
                    SELECT COALESCE(metered.partner_id, party.partner_id) AS payer_id, sum(reading.consumption) AS quantity,
                           max(reading.id) AS last_id, array_agg(reading.id) AS reading_ids, bool_or(reading.abnormal) AS abnormal,
                           bool_or(reading.to_confirm) AS to_confirm, bool_or(reading.overestimated) AS overestimated,
                           string_agg(meter.code, ', ') FILTER (WHERE reading.abnormal) AS abnormal_meters,
                           string_agg(meter.code, ', ') FILTER (WHERE reading.overestimated) AS overestimated_meters,
                           jsonb_agg(jsonb_build_object('meter', meter.code, 'previous', reading.previous_value, 'value', reading.value,
                                                        'multiplier', meter.multiplier, 'date', reading.date,
                                                        'estimated', NULLIF(reading.estimated, false))
                                     ORDER BY meter.code, reading.date) AS rows
                      FROM pm_meter_reading reading
                      JOIN pm_meter meter ON meter.id = reading.meter_id
                      LEFT JOIN pm_unit_party party
                        ON party.unit_id = metered.unit_id AND party.is_payer
                       AND daterange(party.date_from, party.date_to, '[]')
                           @> CASE WHEN metered.payer_start THEN lower(metered.win) ELSE reading.date END
                     WHERE reading.unit_id = metered.unit_id AND reading.item_id = metered.item_id AND reading.charge_id IS NULL
                       AND reading.date BETWEEN metered.ps AND metered.pe AND reading.date <@ metered.rng
                       AND reading.previous_id IS NOT NULL
                     GROUP BY 1
                 ) reading
            ),
            missing AS (
                SELECT meters.id, meters.unit_id, meters.item_id, bool_and(meters.meter_id IS NULL) AS none, string_agg(meters.code, ', ' ORDER BY meters.code) AS codes
                  FROM meters
                 WHERE NOT EXISTS (SELECT FROM pm_meter_reading reading
                                    WHERE reading.meter_id = meters.meter_id AND reading.date BETWEEN meters.ps AND meters.pe)
                 GROUP BY 1, 2, 3
            ),
            refused AS (
                SELECT id, unit_id, item_id, CASE WHEN none THEN 'no_meter' ELSE 'missing_reading' END AS reason, codes FROM missing
                UNION ALL
                SELECT grouped.id, grouped.unit_id, grouped.item_id, 'no_payer', NULL FROM grouped WHERE grouped.payer_id IS NULL
                UNION ALL
                SELECT metered.id, metered.unit_id, metered.item_id, 'discount', NULL FROM metered WHERE metered.discount_state = 'waiting'
                UNION ALL
                SELECT grouped.id, grouped.unit_id, grouped.item_id, 'overestimated', grouped.overestimated_meters FROM grouped WHERE grouped.overestimated
                UNION ALL
                SELECT grouped.id, grouped.unit_id, grouped.item_id, 'abnormal', grouped.abnormal_meters FROM grouped WHERE grouped.to_confirm
            ),
            valued AS (
                SELECT grouped.*, steps.tiers, COALESCE(steps.amount, grouped.quantity * grouped.price) AS gross_amount,
                       CASE WHEN grouped.discount > 0 AND grouped.discount_days @> grouped.pe THEN grouped.discount ELSE 0 END AS off
                  FROM grouped
                  LEFT JOIN LATERAL (
                    SELECT sum(part.quantity * part.price) AS amount,
                           jsonb_agg(jsonb_build_object('quantity', part.quantity, 'price', part.price) ORDER BY part.quantity_from)
                               FILTER (WHERE part.quantity > 0) AS tiers
                      FROM (
                        SELECT tier.quantity_from, tier.price,
                               GREATEST(LEAST(grouped.quantity, COALESCE(lead(tier.quantity_from) OVER (ORDER BY tier.quantity_from), grouped.quantity))
                                        - tier.quantity_from, 0) AS quantity
                          FROM pm_fee_tariff_tier tier WHERE tier.tariff_id = grouped.tariff_id
                      ) part
                  ) steps ON true
                 WHERE grouped.id NOT IN (SELECT id FROM refused)
            ),
            ready AS (
                SELECT id, unit_id, payer_id AS partner_id, item_id, tariff_id, ('meter:' || last_id)::varchar AS origin,
                       ps AS period_start, pe AS period_end, due_date, quantity,
                       CASE WHEN tiers IS NULL OR quantity = 0 THEN price ELSE gross_amount / quantity END AS price, rate, included, tax_id,
                       round(gross_amount * (1 - off / 100) / step) * step AS net, reading_ids, abnormal, abnormal_meters,
                       jsonb_strip_nulls(jsonb_build_object(
                           'method', 'metered', 'tariff', tariff, 'included', included, 'uom', uom, 'readings', rows, 'tiers', tiers,
                           'discount', NULLIF(off, 0), 'discount_reason', CASE WHEN off > 0 THEN discount_reason END)) AS details
                  FROM valued
            ),
            %(insert)s,
            billed AS (
                UPDATE pm_meter_reading reading SET charge_id = inserted.id
                  FROM (SELECT priced.new_id AS id, unnest(priced.reading_ids) AS reading_id FROM priced
                         WHERE (priced.new_id NOT IN (SELECT id FROM inserted)) IS FALSE) inserted
                 WHERE reading.id = inserted.reading_id
            ),
            issues AS (
                INSERT INTO pm_billing_issue (run_id, property_id, company_id, unit_id, item_id, assignment_id, reason, severity,
                                              meters, create_uid, write_uid, create_date, write_date)
                SELECT %(run)s, %(prop)s, %(company)s, unit_id, item_id, id, reason, severity, codes, %(uid)s, %(uid)s,
                       now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
                  FROM (
                    SELECT DISTINCT ON (id, reason) unit_id, item_id, id, reason, 'refused' AS severity, codes FROM refused
                    UNION ALL
                    SELECT priced.unit_id, priced.item_id, priced.id, 'abnormal', 'warning', priced.abnormal_meters
                      FROM priced WHERE priced.abnormal AND (priced.new_id NOT IN (SELECT id FROM inserted)) IS FALSE
                  ) found
            )
            SELECT count(*) FROM inserted
            """,
            **common,
        )

    def _pool_statement(self, common):
        """Pooled share: what the approved pool of the month allots to the unit, split by day among its payers.

        The parts of a unit's share are differences of rounded sums over its days, so they add up to the share.
        """
        return SQL(
            """
            WITH %(scope)s,
            pooled AS (
                SELECT scope.*, tariff.tariff_id, tariff.tariff
                  FROM scope CROSS JOIN LATERAL (%(tariffs)s) tariff
                 WHERE tariff.method = 'pooled' AND tariff.rng @> lower(scope.span)
            ),
            allotted AS (
                SELECT pooled.*, share.amount AS share_amount, share.weight, share.basis AS share_basis, share.days AS share_days, pool.id AS pool_id, pool.name AS pool,
                       pool.amount_total AS pool_amount, share_sum.weights, method.pool_basis,
                       CASE WHEN method.pool_basis = 'usage' THEN (SELECT uom_name FROM pm_fee_item WHERE id = method.usage_item_id) END AS basis_uom
                  FROM pooled
                  JOIN pm_fee_pool_share share ON share.unit_id = pooled.unit_id AND share.item_id = pooled.item_id AND share.month = pooled.ps
                  JOIN pm_fee_pool pool ON pool.id = share.pool_id AND pool.state = 'approved'
                  JOIN pm_fee_tariff method ON method.id = pool.tariff_id
                 CROSS JOIN LATERAL (SELECT sum(weight) AS weights FROM pm_fee_pool_share WHERE pool_id = pool.id) share_sum
            ),
            segment AS (
                SELECT allotted.*, payer.payer_id, payer.rng, upper(payer.rng) - lower(payer.rng) AS days,
                       sum(upper(payer.rng) - lower(payer.rng)) OVER earlier AS until_days,
                       sum(upper(payer.rng) - lower(payer.rng)) OVER unit AS all_days
                  FROM allotted CROSS JOIN LATERAL (%(payers_pool)s) payer
                 WHERE NOT isempty(payer.rng)
                WINDOW unit AS (PARTITION BY allotted.unit_id, allotted.item_id),
                       earlier AS (PARTITION BY allotted.unit_id, allotted.item_id ORDER BY lower(payer.rng) ROWS UNBOUNDED PRECEDING)
            ),
            covered AS (SELECT unit_id, item_id, sum(upper(span) - lower(span)) AS days FROM pooled GROUP BY 1, 2),
            refused AS (
                SELECT pooled.id, pooled.unit_id, pooled.item_id,
                       CASE WHEN pooled.discount_state = 'waiting' THEN 'discount'
                            WHEN NOT EXISTS (SELECT FROM allotted WHERE allotted.id = pooled.id) THEN 'no_pool'
                            WHEN NOT EXISTS (SELECT FROM segment WHERE segment.id = pooled.id) THEN 'no_payer' ELSE 'payer_gap' END AS reason,
                       covered.days - (SELECT max(all_days) FROM segment WHERE segment.unit_id = pooled.unit_id AND segment.item_id = pooled.item_id) AS days_missing
                  FROM pooled JOIN covered USING (unit_id, item_id)
                 WHERE pooled.discount_state = 'waiting'
                    OR NOT EXISTS (SELECT FROM segment WHERE segment.id = pooled.id AND segment.all_days = covered.days)
            ),
            valued AS (
                SELECT segment.*,
                       round(share_amount * until_days / all_days, %(places)s) - round(share_amount * (until_days - days) / all_days, %(places)s) AS gross_amount,
                       CASE WHEN COALESCE(discount, 0) > 0 AND rng && discount_days
                            THEN upper(rng * discount_days) - lower(rng * discount_days) ELSE 0 END AS off_days
                  FROM segment
                 WHERE unit_id NOT IN (SELECT unit_id FROM refused WHERE refused.item_id = segment.item_id)
            ),
            ready AS (
                SELECT id, unit_id, payer_id AS partner_id, item_id, tariff_id, ''::varchar AS origin, lower(rng) AS period_start,
                       upper(rng) - 1 AS period_end, due_date, weight AS quantity, pool_amount / weights AS price, rate, included, tax_id,
                       round(gross_amount * (1 - COALESCE(discount, 0) / 100 * off_days / days), %(places)s) AS net,
                       jsonb_strip_nulls(jsonb_build_object(
                           'method', 'pooled', 'tariff', tariff, 'included', included, 'pool', pool, 'pool_amount', pool_amount,
                           'basis', pool_basis, 'weight', weight, 'weights', weights, 'share', share_amount, 'uom', basis_uom,
                           'share_basis', CASE WHEN weight <> share_basis THEN share_basis END,
                           'share_days', CASE WHEN pool_basis <> 'usage' AND share_days < pe - ps + 1 THEN share_days END, 'month_days', pe - ps + 1, 'days', days, 'of_days', all_days,
                           'discount', CASE WHEN off_days > 0 THEN discount END, 'discount_days', CASE WHEN off_days > 0 THEN off_days END,
                           'discount_reason', CASE WHEN off_days > 0 THEN discount_reason END)) AS details
                  FROM valued
            ),
            %(insert)s,
            issues AS (
                INSERT INTO pm_billing_issue (run_id, property_id, company_id, unit_id, item_id, assignment_id, reason, severity, days_missing,
                                              create_uid, write_uid, create_date, write_date)
                SELECT %(run)s, %(prop)s, %(company)s, unit_id, item_id, id, reason, 'refused', days_missing, %(uid)s, %(uid)s,
                       now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
                  FROM refused
            )
            SELECT count(*) FROM inserted
            """,
            **common,
        )
