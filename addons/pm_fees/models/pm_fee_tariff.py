from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools.misc import formatLang

from odoo.addons.pm_base.models.pm_program_fields import without_defaults
from odoo.addons.pm_base.models.pm_unit import UNIT_TYPES
from odoo.addons.pm_base.tools.labels import selection_label, selection_labels

from .fee_formula import VARIABLES, Formula, FormulaError

# What one price is multiplied by; charge_compute.py has a statement for each.
METHODS = [
    ("fixed", "Fixed amount"),
    ("area", "Per m²"),
    ("metered", "By meter"),
    ("formula", "Formula"),
    ("pooled", "Pooled share"),
]
PRICING_FIELDS = {
    "item_id",
    "property_id",
    "unit_type",
    "date_from",
    "method",
    "area_basis",
    "price",
    "formula",
    "pool_basis",
    "usage_item_id",
    "rounding",
    "tier_ids",
}
# Written by the methods of approval only: four eyes are no matter of what a screen greys out.
APPROVAL_FIELDS = {"state", "author_id", "approved_by", "approved_on"}


class PmFeeTariff(models.Model):
    """A version of the price of a fee item in a property, from a day on (收费标准).

    Only approved tariffs bill; the author cannot approve; an approved tariff never changes, a new version replaces it.
    The database refuses two approved versions for the same day. A tariff with a unit type goes before the general one.
    """

    _name = "pm.fee.tariff"
    _description = "Tariff"
    _inherit = ["mail.thread"]
    _order = "property_id, item_id, date_from desc, id desc"

    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (item_id WITH =, property_id WITH =, COALESCE(unit_type, '') WITH =,"
        " daterange(date_from, date_to, '[]') WITH &&) WHERE (state = 'approved')",
        "Another approved tariff of this fee item, property and unit type is in force on some of these days: "
        "end it the day before this one starts.",
    )
    _dates = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)", "A tariff cannot end before it starts."
    )
    _price = models.Constraint("CHECK (price >= 0)", "A price cannot be negative.")

    name = fields.Char("Version", required=True, help="Printed on every notice, e.g. 2026-A.")
    item_id = fields.Many2one("pm.fee.item", "Fee item", required=True, index=True, ondelete="restrict")
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    unit_type = fields.Selection(UNIT_TYPES, help="Empty: for every type without a tariff of its own.")
    date_from = fields.Date("In force from", required=True, tracking=True)
    date_to = fields.Date("Until", tracking=True)
    method = fields.Selection(METHODS, "Charged By", required=True, default="area")
    area_basis = fields.Selection(
        [("chargeable", "Chargeable area"), ("built", "Built area"), ("inner", "Inner area")], default="chargeable"
    )
    price = fields.Float(
        digits=(16, 6),
        tracking=True,
        help="Fixed: per month. Per m²: per m² and month. By meter: per unit of consumption, when there are no tiers.",
    )
    formula = fields.Char(
        help="Amount per month. Numbers, + − × ÷, brackets, min(), max(), round(), and: area, built, inner (m² of the unit), "
        "price (of this tariff), quantity (of the assignment). Chinese names work too: 计费面积, 建筑面积, 套内面积, 单价, 数量.",
    )
    pool_basis = fields.Selection(
        [("area", "By area"), ("usage", "By use"), ("equal", "Equally")],
        "Shared",
        default="area",
        help="How a pooled cost of a month is divided among the units that pay the fee.",
    )
    usage_item_id = fields.Many2one(
        "pm.fee.item",
        "Use of",
        ondelete="restrict",
        domain="[('company_id', '=', company_id)]",
        help="The metered fee whose readings of the month count.",
    )
    formula_example = fields.Char(compute="_compute_formula_example", string="Example")
    tier_ids = fields.One2many("pm.fee.tariff.tier", "tariff_id", "Tiers", copy=True)
    rounding = fields.Selection(
        [("0.01", "Cent"), ("0.1", "Ten cents"), ("1", "Whole")],
        required=True,
        default="0.01",
        help="Each charge is rounded half-up to this.",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("approved", "Approved"), ("withdrawn", "Withdrawn")],
        required=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    author_id = fields.Many2one("res.users", "Author", default=lambda self: self.env.user, readonly=True, copy=False)
    approved_by = fields.Many2one("res.users", readonly=True, copy=False)
    approved_on = fields.Date(readonly=True, copy=False)
    resolution = fields.Char(
        "Decision", help="Owners' assembly resolution, price-bureau document or contract annex with date."
    )
    published_on = fields.Date(
        "Published on", copy=False, tracking=True, help="Shown on the portal and in the price notice from then on."
    )

    @api.depends("name", "item_id.name", "unit_type")
    def _compute_display_name(self):
        types = selection_labels(self, "unit_type")
        for tariff in self:
            unit_type = f" ({types[tariff.unit_type]})" if tariff.unit_type else ""
            tariff.display_name = f"{tariff.item_id.name or ''} {tariff.name or ''}{unit_type}"

    @api.depends("formula", "price", "method")
    def _compute_formula_example(self):
        """What a unit of 100 m² pays, so that a slip shows before anything is billed."""
        values = {"area": 100, "built": 100, "inner": 75, "quantity": 1}
        for tariff in self:
            tariff.formula_example = False
            if tariff.method != "formula" or not tariff.formula:
                continue
            try:
                amount = Formula(tariff.formula).evaluate({**values, "price": tariff.price})
            except FormulaError as error:
                tariff.formula_example = tariff._formula_message(error)
                continue
            tariff.formula_example = (
                self.env._(
                    "100 m² (inner 75 m²), quantity 1: %s per month", formatLang(self.env, float(amount), digits=2)
                )
                if amount is not None
                else self.env._("This formula divides by zero.")
            )

    def _check_pooled(self):
        self.ensure_one()
        if self.item_id.period != "1":
            raise ValidationError(
                self.env._("Pooled costs are billed monthly: change the period of “%s”.", self.item_id.name)
            )
        if self.unit_type:
            raise ValidationError(
                self.env._(
                    "A pooled cost is shared by all that pay it: leave the unit type of “%s” empty.", self.display_name
                )
            )
        if self.pool_basis == "usage" and not self.usage_item_id:
            raise ValidationError(self.env._("To share by use, name the metered fee whose readings count."))

    @api.constrains("method", "price", "formula", "tier_ids", "state", "pool_basis", "usage_item_id", "unit_type")
    def _check_price(self):
        for tariff in self:
            if tariff.tier_ids and tariff.method != "metered":
                raise ValidationError(
                    self.env._("Tiers belong to tariffs by meter only: remove them from “%s”.", tariff.display_name)
                )
            if tariff.method == "metered" and tariff.item_id.period == "0":
                raise ValidationError(self.env._("“%s” is a one-off fee and cannot be by meter.", tariff.item_id.name))
            if tariff.method == "formula":
                tariff._parsed_formula()
            elif tariff.method == "pooled":
                tariff._check_pooled()
            elif tariff.state == "approved" and not tariff.price and not tariff.tier_ids:
                raise ValidationError(self.env._("To approve “%s” you must give it a price.", tariff.display_name))

    def _parsed_formula(self):
        """:raises ValidationError: naming the part that is not allowed"""
        self.ensure_one()
        try:
            return Formula(self.formula)
        except FormulaError as error:
            raise ValidationError(self._formula_message(error)) from error

    def _formula_message(self, error):
        return self.env._(
            "The formula cannot be used, see “%(part)s”. Allowed are numbers, + − × ÷, brackets, min(), max(), round() and: %(names)s.",
            part=error.args[0],
            names=", ".join(VARIABLES),
        )

    @api.constrains("item_id", "property_id")
    def _check_company(self):
        for tariff in self:
            if tariff.item_id.company_id != tariff.property_id.company_id:
                raise ValidationError(
                    self.env._(
                        "Fee item “%(item)s” belongs to another company than property “%(property)s”.",
                        item=tariff.item_id.name,
                        property=tariff.property_id.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            self = without_defaults(self, APPROVAL_FIELDS)  # noqa: PLW0642
            vals_list = [
                {
                    **{name: value for name, value in vals.items() if name not in APPROVAL_FIELDS},
                    "author_id": self.env.uid,
                }
                for vals in vals_list
            ]
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and APPROVAL_FIELDS & set(vals):
            raise AccessError(self.env._("The approval of a tariff is recorded by the program: use the button."))
        if PRICING_FIELDS & set(vals):
            locked = self.filtered(lambda tariff: tariff.state != "draft")
            if locked:
                raise UserError(
                    self.env._(
                        "“%s” is approved and bills: to change the price you must make a new version of it, with a "
                        "later start.",
                        locked[0].display_name,
                    )
                )
            vals = {**vals, "author_id": self.env.uid}
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_approved(self):
        if any(tariff.state == "approved" for tariff in self):
            raise UserError(
                self.env._("An approved tariff explains charges and cannot be deleted: withdraw it or set its end.")
            )

    def copy_data(self, default=None):
        return [
            dict(vals, name=self.env._("%s (new version)", tariff.name)) if not (default or {}).get("name") else vals
            for tariff, vals in zip(self, super().copy_data(default), strict=True)
        ]

    def action_approve(self):
        self._transition("approved")

    def action_withdraw(self):
        self._transition("withdrawn")

    def action_new_version(self):
        """Open a draft with the same price from the first of next month on: what changes is entered there.

        :return: action on the draft
        """
        self.ensure_one()
        month = fields.Date.start_of(max(self.date_from, self.property_id._today()), "month")
        draft = self.copy({"date_from": fields.Date.add(month, months=1), "date_to": False})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": draft.id,
            "view_mode": "form",
            "name": self.env._("New Version"),
        }

    def action_publish(self):
        for tariff in self:
            if tariff.state != "approved":
                raise UserError(self.env._("To publish “%s” you must have it approved.", tariff.display_name))
            tariff.published_on = tariff.property_id._today()

    def _transition(self, target):
        """The one place where a tariff changes state.

        :raises AccessError: the user only reads tariffs; :raises UserError: the step is not open
        """
        self.check_access("write")
        guards = {
            ("draft", "approved"): "_check_approve",
            ("draft", "withdrawn"): None,
            ("approved", "withdrawn"): "_check_withdraw",
        }
        for tariff in self:
            key = (tariff.state, target)
            if key not in guards:
                raise UserError(
                    self.env._(
                        "Tariff “%(tariff)s” is %(state)s: only drafts can be approved, only drafts and approved tariffs withdrawn.",
                        tariff=tariff.display_name,
                        state=selection_labels(self, "state")[tariff.state],
                    )
                )
            if guards[key]:
                getattr(tariff, guards[key])()
            vals = {"state": target}
            if target == "approved":
                tariff._close_predecessor()
                vals.update(approved_by=self.env.uid, approved_on=tariff.property_id._today())
            tariff.sudo().write(vals)  # sudo: APPROVAL_FIELDS; the guard has checked who may

    def _check_approve(self):
        if not self.env.user.has_group("pm_base.group_supervisor") and not self.env.user.has_group(
            "pm_base.group_leadership"
        ):
            raise UserError(self.env._("To approve a tariff you must be a supervisor."))
        if self.author_id == self.env.user:
            raise UserError(
                self.env._("You wrote tariff “%s”: to approve it, somebody else must do it.", self.display_name)
            )

    def _check_withdraw(self):
        if (
            self.env["pm.charge"]
            .sudo()
            .search_count(  # sudo: charges of all properties count, whoever asks
                [("tariff_id", "=", self.id), ("state", "!=", "reversed")], limit=1
            )
        ):
            raise UserError(
                self.env._(
                    "Charges were made by tariff “%s”: to stop it you must set its end, or reverse them first.",
                    self.display_name,
                )
            )

    def _price_text(self):
        """The price as published, e.g. “2.80 per m² of chargeable area and month”."""
        self.ensure_one()
        uom = self.item_id.uom_name or self.env._("unit")

        def money(price):
            return formatLang(self.env, price, digits=max(2, len(f"{price:.6f}".rstrip("0").split(".")[1])))

        if self.method == "fixed":
            once = self.item_id.period == "0"
            text = self.env._("%s once", money(self.price)) if once else self.env._("%s per month", money(self.price))
        elif self.method == "pooled":
            text = self._pool_text()
        elif self.method == "formula":
            text = self.env._("%(formula)s per month (price %(price)s)", formula=self.formula, price=money(self.price))
        elif self.method == "metered" and self.tier_ids:
            text = "; ".join(
                self.env._(
                    "above %(quantity)s %(uom)s: %(price)s",
                    quantity=f"{tier.quantity_from:g}",
                    uom=uom,
                    price=money(tier.price),
                )
                for tier in self.tier_ids
            )
        elif self.method == "metered":
            text = self.env._("%(price)s per %(uom)s", price=money(self.price), uom=uom)
        else:
            basis = selection_label(self, "area_basis")
            text = self.env._("%(price)s per m² (%(basis)s) and month", price=money(self.price), basis=basis.lower())
        if self.unit_type:
            unit_type = selection_label(self, "unit_type")
            text = self.env._("%(unit_type)s: %(price)s", unit_type=unit_type, price=text)
        tax = self.item_id.tax_id
        if tax:
            text += " " + (self.env._("(tax included)") if tax.price_include else self.env._("(plus tax)"))
        return text

    def _pool_text(self):
        if self.pool_basis == "usage":
            return self.env._("actual cost of the month, shared by use (%s)", self.usage_item_id.name)
        if self.pool_basis == "equal":
            return self.env._("actual cost of the month, shared equally")
        basis = selection_labels(self, "area_basis")[self.area_basis or "chargeable"]
        return self.env._("actual cost of the month, shared by %s", basis.lower())

    def _close_predecessor(self):
        """End the open version of before on the eve of this one, unless it has billed beyond that day."""
        old = self.search(
            [
                ("item_id", "=", self.item_id.id),
                ("property_id", "=", self.property_id.id),
                ("unit_type", "=", self.unit_type),
                ("state", "=", "approved"),
                ("date_from", "<", self.date_from),
                ("date_to", "=", False),
                ("id", "!=", self.id),
            ],
            limit=1,
        )
        if not old:
            return
        charge = (
            self.env["pm.charge"]
            .sudo()
            .search(  # sudo: as in _check_withdraw
                [("tariff_id", "=", old.id), ("period_end", ">=", self.date_from), ("state", "!=", "reversed")],
                order="period_end desc",
                limit=1,
            )
        )
        if charge and self.method != "metered":
            raise UserError(
                self.env._(
                    "“%(old)s” has billed until %(until)s: to approve “%(new)s” you must let it start later or reverse those charges.",
                    old=old.display_name,
                    until=charge.period_end,
                    new=self.display_name,
                )
            )
        old.date_to = fields.Date.subtract(self.date_from, days=1)


class PmFeeTariffTier(models.Model):
    """A step of a metered tariff: consumption above `quantity_from` (per charge) costs `price`."""

    _name = "pm.fee.tariff.tier"
    _description = "Tariff tier"
    _order = "tariff_id, quantity_from"

    _from_unique = models.Constraint("UNIQUE (tariff_id, quantity_from)", "Two tiers start at the same quantity.")
    _not_negative = models.Constraint(
        "CHECK (quantity_from >= 0 AND price >= 0)", "Quantity and price of a tier cannot be negative."
    )

    tariff_id = fields.Many2one("pm.fee.tariff", required=True, index=True, ondelete="cascade")
    property_id = fields.Many2one(related="tariff_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="tariff_id.company_id", store=True)
    quantity_from = fields.Float("Above", digits=(16, 3), required=True)
    price = fields.Float(digits=(16, 6), required=True)

    @api.model_create_multi
    def create(self, vals_list):
        tiers = super().create(vals_list)
        tiers._sign()
        return tiers

    def write(self, vals):
        # Before and after: a tier moved to another tariff changes the price of both.
        self._check_draft()
        self._sign()
        result = super().write(vals)
        if "tariff_id" in vals:
            self._sign()
        return result

    def _sign(self):
        """Whoever writes a tier is an author of the price, and may not approve it."""
        if not self.env.su:
            # sudo: the author is recorded by the program only
            self.tariff_id.filtered(lambda tariff: tariff.state == "draft").sudo().author_id = self.env.user

    @api.constrains("tariff_id", "quantity_from", "price")
    def _check_draft(self):
        if any(tier.tariff_id.state != "draft" for tier in self):
            raise ValidationError(self.env._("The tiers of an approved tariff cannot change: make a new version."))

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        self._sign()
        if any(tier.tariff_id.state != "draft" for tier in self):
            raise UserError(self.env._("The tiers of an approved tariff cannot change: make a new version."))
