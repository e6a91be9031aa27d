from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL


class PmFeePool(models.Model):
    """A common cost of a month that units share (公摊): lift power, public lighting, water of the garden.

    How it is shared says the approved tariff of the fee item: by area, by use or equally, each unit for the days on which
    it pays the item. The shares add up to the cost to the cent: each is rounded down, and the cents that are left go one
    each to the shares with the largest remainders (largest weight, then unit code, where they are equal). Shares are
    shown before anything is billed, approved by somebody else, and billed by the run of the month.
    """

    _name = "pm.fee.pool"
    _description = "Pooled Cost"
    _inherit = ["pm.four.eyes", "pm.files", "mail.thread"]
    _order = "month desc, property_id, item_id, id desc"
    _program_fields = frozenset({"tariff_id", "share_ids"})

    _first_day = models.Constraint("CHECK (EXTRACT(day FROM month) = 1)", "A month is named by its first day.")

    name = fields.Char("What", required=True, tracking=True, help="Printed on notices, e.g. lift power of block A.")
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    item_id = fields.Many2one(
        "pm.fee.item",
        "Fee item",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('company_id', '=', company_id), ('tariff_ids.method', '=', 'pooled')]",
    )
    month = fields.Date(
        required=True, default=lambda self: fields.Date.context_today(self).replace(day=1), help="Any day of it."
    )
    building_ids = fields.Many2many(
        "pm.building", string="Only these buildings", domain="[('property_id', '=', property_id)]"
    )
    zone_ids = fields.Many2many("pm.zone", string="Only these zones", domain="[('property_id', '=', property_id)]")
    line_ids = fields.One2many("pm.fee.pool.line", "pool_id", "Costs", copy=True)
    evidence_ids = fields.Many2many("ir.attachment", string="Supplier's invoice")
    amount_total = fields.Monetary("To share", compute="_compute_amount_total", store=True, tracking=True)
    amount_before = fields.Monetary(
        "Month before", compute="_compute_amount_before", help="What was shared of this fee the month before."
    )
    tariff_id = fields.Many2one("pm.fee.tariff", readonly=True, copy=False, ondelete="restrict")
    share_ids = fields.One2many("pm.fee.pool.share", "pool_id", "Shares", readonly=True, copy=False)
    share_count = fields.Integer(compute="_compute_share_count")
    state = fields.Selection(
        [("draft", "Draft"), ("shared", "To approve"), ("approved", "Approved"), ("cancelled", "Cancelled")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )

    @api.depends("line_ids.amount")
    def _compute_amount_total(self):
        for pool in self:
            pool.amount_total = sum(pool.line_ids.mapped("amount"))

    @api.depends("item_id", "property_id", "month", "name")
    def _compute_amount_before(self):
        """Of the cost of the same name, where a property shares several of one fee; else of all of them."""
        months = {pool: fields.Date.subtract(pool.month, months=1) for pool in self if pool.month}
        found = self.search(
            [
                ("property_id", "in", self.property_id.ids),
                ("item_id", "in", self.item_id.ids),
                ("month", "in", list(set(months.values()))),
                ("state", "=", "approved"),
            ]
        )
        for pool in self:
            before = found.filtered(
                lambda other, pool=pool: (
                    (other.property_id, other.item_id, other.month)
                    == (pool.property_id, pool.item_id, months.get(pool))
                )
            )
            same = before.filtered(lambda other, pool=pool: other.name == pool.name)
            pool.amount_before = sum((same or before).mapped("amount_total"))

    def _compute_share_count(self):
        counts = dict(
            self.env["pm.fee.pool.share"]._read_group([("pool_id", "in", self.ids)], ["pool_id"], ["__count"])
        )
        for pool in self:
            pool.share_count = counts.get(pool, 0)

    @api.constrains("item_id", "property_id", "building_ids", "zone_ids")
    def _check_scope(self):
        for pool in self:
            if pool.item_id.company_id != pool.company_id:
                raise ValidationError(self.env._("“%s” belongs to another company.", pool.item_id.name))
            if (pool.building_ids.property_id | pool.zone_ids.property_id) - pool.property_id:
                raise ValidationError(self.env._("Buildings and zones of a pooled cost are of its own property."))

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._first_of_month(vals) for vals in vals_list])

    def write(self, vals):
        if not self.env.su and set(vals) - {"evidence_ids"}:
            self._unshare()
        return super().write(self._first_of_month(vals))

    def _first_of_month(self, vals):
        day = fields.Date.to_date(vals.get("month"))
        return {**vals, "month": day.replace(day=1)} if day else vals

    def _unshare(self):
        """Whoever changes a cost makes its shares void, and is its author."""
        if any(pool.state not in ("draft", "shared") for pool in self):
            raise UserError(self.env._("An approved pooled cost does not change: reopen it first."))
        # sudo: _program_fields
        self.sudo().write({"state": "draft", "author_id": self.env.uid, "share_ids": [Command.clear()]})

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(pool.state == "approved" for pool in self):
            raise UserError(self.env._("An approved pooled cost explains charges and stays."))

    # Steps

    def action_share(self):
        """Work out the shares, to be looked at before anything is billed."""
        for pool in self:
            pool._check_may_prepare()
            if pool.state not in ("draft", "shared"):
                raise UserError(self.env._("An approved pooled cost does not change: reopen it first."))
            if pool.currency_id.compare_amounts(pool.amount_total, 0) <= 0:
                raise UserError(self.env._("To share a cost its amount must be above zero."))
            pool._unshare()
            pool.sudo()._share()  # sudo: shares are written by the program only

    def action_approve(self):
        for pool in self:
            pool._check_may_approve("pm_base.group_supervisor", "pm_base.group_accountant")
            pool._lock()
            if pool.state != "shared":
                raise UserError(self.env._("To approve pooled cost “%s” its shares must be worked out.", pool.name))
            # sudo: _program_fields
            pool.sudo().write({"state": "approved", **pool._approval()})

    def action_reopen(self):
        self._check_may_prepare()
        for pool in self:
            if pool.state != "approved":
                raise UserError(self.env._("Only an approved pooled cost can be reopened."))
            charge = (
                self.env["pm.charge"]
                .sudo()  # sudo: charges of the property count, whoever asks
                .search(
                    [
                        ("item_id", "=", pool.item_id.id),
                        ("unit_id", "in", pool.share_ids.unit_id.ids),
                        ("period_start", ">=", pool.month),
                        ("period_start", "<=", pool._last_day()),
                        ("state", "!=", "reversed"),
                    ],
                    limit=1,
                )
            )
            if charge:
                raise UserError(
                    self.env._("“%s” is billed from this cost: reverse its charges first.", charge.display_name)
                )
            # sudo: _program_fields
            pool.sudo().write({"state": "draft", "approved_by": False, "approved_on": False})

    def action_cancel(self):
        self._check_may_prepare()
        self._unshare()
        self.sudo().state = "cancelled"  # sudo: _program_fields

    def _check_may_prepare(self):
        if not (self.env.su or self.env.user.has_group("pm_base.group_accountant")):
            raise AccessError(self.env._("To prepare a pooled cost you must be a project accountant."))
        self.check_access("write")  # an accountant of another property or company is none here

    def _last_day(self):
        return fields.Date.subtract(fields.Date.add(self.month, months=1), days=1)

    # Shares

    def _tariff(self):
        """The approved tariff of the month that says how the cost is shared.

        :raises UserError: when there is none
        """
        self.ensure_one()
        tariff = self.env["pm.fee.tariff"].search(
            [
                ("property_id", "=", self.property_id.id),
                ("item_id", "=", self.item_id.id),
                ("method", "=", "pooled"),
                ("state", "=", "approved"),
                ("date_from", "<=", self.month),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", self._last_day()),
            ],
            limit=1,
        )
        if not tariff:
            raise UserError(
                self.env._(
                    "To share “%(item)s” an approved tariff with the method “Pooled share” must be in force in the whole month.",
                    item=self.item_id.name,
                )
            )
        return tariff

    def _share(self):
        self.ensure_one()
        self.tariff_id = tariff = self._tariff()
        self.env.flush_all()
        units = self._participants(tariff)
        missing = [code for _unit, code, _days, basis, _weight in units if not basis]
        if tariff.pool_basis == "area" and missing:
            raise UserError(
                self.env._(
                    "These units pay “%(item)s” and have no area to share by: %(units)s. Enter it, or the others would pay for them.",
                    item=self.item_id.name,
                    units=", ".join(missing[:10]) + (" …" if len(missing) > 10 else ""),
                )
            )
        if not any(weight for *_rest, weight in units):
            raise UserError(
                self.env._("Nobody shares this cost: no unit in scope pays the fee item with anything to share by.")
            )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO pm_fee_pool_share (pool_id, unit_id, item_id, month, property_id, company_id, days, basis, weight, amount,
                                               create_uid, write_uid, create_date, write_date)
                SELECT %(pool)s, unit_id, %(item)s, %(month)s, %(prop)s, %(company)s, days, basis, weight,
                       (floors + CASE WHEN rank <= cents - sum(floors) OVER () THEN 1 ELSE 0 END) * %(step)s,
                       %(uid)s, %(uid)s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
                  FROM (
                    SELECT exact.*, floor(exact.value) AS floors,
                           row_number() OVER (ORDER BY exact.value - floor(exact.value) DESC, exact.weight DESC, exact.code) AS rank
                      FROM (
                        SELECT part.*, total.cents, total.cents * part.weight / sum(part.weight) OVER () AS value
                          FROM unnest(%(units)s::int[], %(codes)s::varchar[], %(days)s::int[], %(bases)s::numeric[], %(weights)s::numeric[])
                               AS part(unit_id, code, days, basis, weight),
                               (SELECT round(%(amount)s / %(step)s) AS cents) total
                         WHERE part.weight > 0
                      ) exact
                  ) ranked
                """,
                pool=self.id,
                item=self.item_id.id,
                month=self.month,
                prop=self.property_id.id,
                company=self.company_id.id,
                amount=SQL("%s::numeric", str(self.amount_total)),
                step=SQL("%s::numeric", str(self.currency_id.rounding)),
                uid=self.env.uid,
                **{
                    name: [row[index] for row in units]
                    for index, name in enumerate(("units", "codes", "days", "bases", "weights"))
                },
            )
        )
        self.env["pm.fee.pool.share"].invalidate_model()
        self.invalidate_recordset(["share_ids"])
        self.state = "shared"

    def _participants(self, tariff):
        """[(unit id, code, days, what it is shared by, weight)] of the units in scope that pay the item in the month."""
        columns = {"chargeable": "area_chargeable", "built": "area_built", "inner": "area_inner"}
        if tariff.pool_basis == "area":
            basis = SQL("COALESCE(%s, 0)", SQL.identifier("unit", columns[tariff.area_basis or "chargeable"]))
        elif tariff.pool_basis == "usage":
            # Never below zero: a meter that was estimated too high is not paid by its neighbours.
            basis = SQL(
                """GREATEST((SELECT sum(reading.consumption) FROM pm_meter_reading reading
                              WHERE reading.unit_id = unit.id AND reading.item_id = %s AND reading.previous_id IS NOT NULL
                                AND reading.date BETWEEN %s AND %s), 0)""",
                tariff.usage_item_id.id,
                self.month,
                self._last_day(),
            )
        else:
            basis = SQL("1")
        # Use is measured for the days on which the unit pays already.
        time = SQL("1") if tariff.pool_basis == "usage" else SQL("payer.days::numeric / %s", self._last_day().day)
        scope = [SQL("unit.property_id = %s", self.property_id.id), SQL("unit.active")]
        if self.building_ids:
            scope.append(SQL("unit.building_id = ANY(%s)", list(self.building_ids.ids)))
        if self.zone_ids:
            scope.append(SQL("unit.zone_id = ANY(%s)", list(self.zone_ids.ids)))
        return self.env.execute_query(
            SQL(
                """
                SELECT unit.id, unit.code, payer.days, %(basis)s AS basis, %(basis)s * payer.factor * %(time)s AS weight
                  FROM pm_unit unit
                  JOIN (
                    SELECT line.unit_id, sum(LEAST(COALESCE(line.date_to, %(stop)s), %(stop)s) - GREATEST(line.date_from, %(start)s) + 1)::int AS days,
                           max(COALESCE(line.quantity, 1)) AS factor
                      FROM pm_fee_assignment line
                     WHERE line.item_id = %(item)s AND line.date_from <= %(stop)s AND (line.date_to IS NULL OR line.date_to >= %(start)s)
                     GROUP BY line.unit_id
                  ) payer ON payer.unit_id = unit.id
                 WHERE %(scope)s
                 ORDER BY unit.code
                """,
                basis=basis,
                time=time,
                item=self.item_id.id,
                start=SQL("%s::date", self.month),
                stop=SQL("%s::date", self._last_day()),
                scope=SQL(" AND ").join(scope),
            )
        )

    def action_open_shares(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.fee.pool.share",
            "view_mode": "list",
            "name": self.name,
            "domain": [("pool_id", "=", self.id)],
        }


class PmFeePoolLine(models.Model):
    """One cost of the pool: an invoice, or a common meter's use × price."""

    _name = "pm.fee.pool.line"
    _description = "Cost"
    _order = "pool_id, id"

    pool_id = fields.Many2one("pm.fee.pool", required=True, index=True, ondelete="cascade")
    property_id = fields.Many2one(related="pool_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="pool_id.company_id", store=True)
    currency_id = fields.Many2one(related="pool_id.currency_id")
    name = fields.Char("Description", required=True)
    quantity = fields.Float(digits=(16, 3), default=1.0, required=True)
    price_unit = fields.Float("Unit price", digits=(16, 6), required=True)
    amount = fields.Monetary(compute="_compute_amount", store=True)

    @api.depends("quantity", "price_unit", "currency_id")
    def _compute_amount(self):
        for line in self:
            line.amount = (line.currency_id or self.env.company.currency_id).round(line.quantity * line.price_unit)

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._void_shares()
        return lines

    def write(self, vals):
        self._void_shares()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_void_shares(self):
        self._void_shares()

    def _void_shares(self):
        if not self.env.su:
            self.pool_id._unshare()


class PmFeePoolShare(models.Model):
    """What one unit bears of a pooled cost; written by the program only."""

    _name = "pm.fee.pool.share"
    _description = "Share of a Pooled Cost"
    _order = "pool_id, unit_id"
    _rec_name = "unit_id"

    # No unit bears the same fee of a month twice, whatever pools there are.
    _once = models.Constraint(
        "UNIQUE (unit_id, item_id, month)",
        "A unit already shares this fee of the month in another pooled cost: limit the buildings or zones of one of them.",
    )

    pool_id = fields.Many2one("pm.fee.pool", required=True, index=True, readonly=True, ondelete="cascade")
    property_id = fields.Many2one("pm.property", required=True, index=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    unit_id = fields.Many2one("pm.unit", required=True, readonly=True, ondelete="restrict")
    item_id = fields.Many2one("pm.fee.item", required=True, index=True, readonly=True, ondelete="restrict")
    month = fields.Date(required=True, readonly=True)
    days = fields.Integer("Days of the month", readonly=True)
    basis = fields.Float("Shared by", digits=(16, 4), readonly=True, help="Area, use, or 1.")
    weight = fields.Float("Counts As", digits=(16, 6), readonly=True, help="Basis × quantity × days of the month.")
    amount = fields.Monetary("Amount of the Share", readonly=True)
    odd_cents = fields.Monetary(
        compute="_compute_odd_cents",
        help="By how much the share differs from its rounded part of the cost, so that all shares add up to it.",
    )

    def _compute_odd_cents(self):
        weights = dict(
            self.env["pm.fee.pool.share"]._read_group(
                [("pool_id", "in", self.pool_id.ids)], ["pool_id"], ["weight:sum"]
            )
        )
        for share in self:
            part = share.pool_id.amount_total * share.weight / (weights.get(share.pool_id) or 1)
            share.odd_cents = share.currency_id.round(share.amount - share.currency_id.round(part))
