from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

CATEGORIES = [
    ("property", "Property service"),
    ("lift", "Lift use"),
    ("parking", "Parking space management"),
    ("heating", "Heating"),
    ("energy", "Energy"),
    ("water", "Water"),
    ("service", "Paid service"),
    ("late_fee", "Late fee"),
    ("other", "Other"),
]
PERIODS = [("1", "Monthly"), ("3", "Quarterly"), ("6", "Half-yearly"), ("12", "Yearly"), ("0", "One-off")]
MONTHS = [
    ("1", "January"),
    ("2", "February"),
    ("3", "March"),
    ("4", "April"),
    ("5", "May"),
    ("6", "June"),
    ("7", "July"),
    ("8", "August"),
    ("9", "September"),
    ("10", "October"),
    ("11", "November"),
    ("12", "December"),
]


class PmFeeItem(models.Model):
    """What a fee is for (收费项目), on what basis, and where it goes in the books.

    Nothing may be charged that is not here with its basis in law and contract (S0-127, S1-53, L-12).
    """

    _name = "pm.fee.item"
    _description = "Fee item"
    _inherit = ["mail.thread"]
    _order = "sequence, code"
    _rec_names_search = ["code", "name"]

    _code_unique = models.Constraint("UNIQUE (company_id, code)", "Another fee item of this company has this code.")
    _one_beneficiary = models.Constraint(
        "CHECK (NOT (pass_through AND owners_income))",
        "What is collected for a supplier is no income of the owners: tick one of “Collected on behalf” and “Owners' common income”.",
    )

    code = fields.Char(required=True, tracking=True)
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    category = fields.Selection(
        CATEGORIES,
        required=True,
        default="property",
        help="The fee types that statistics and KPIs speak of.",
    )
    in_collection_rate = fields.Boolean(
        "Counts for the Collection Rates",
        compute="_compute_in_collection_rate",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="The key figures 22 and 23 speak of property fees (S4-08, S4-09): what is collected for others, parking and "
        "services count only where it is ticked.",
    )
    product_id = fields.Many2one(
        "product.product",
        "Product",
        check_company=True,
        domain="[('type', '=', 'service')]",
        copy=False,
        help="Gives the income account and the tax. Made with the fee item when left empty.",
    )
    tax_id = fields.Many2one("account.tax", "Tax", compute="_compute_tax_id")
    pass_through = fields.Boolean(
        "Collected on behalf",
        tracking=True,
        help="Money for a supplier (water, power, gas, heating): posted to a liability, at the supplier's price, "
        "without any mark-up (L-12).",
    )
    owners_income = fields.Boolean(
        "Owners' common income",
        tracking=True,
        help="Rent of common spaces, advertisements on common walls and the like: it belongs to the owners after reasonable "
        "cost, and is posted to a liability of its own in each property, never to the company's income (L-11).",
    )
    legal_basis = fields.Text(
        required=True, tracking=True, translate=True, help="Law, regulation or price-bureau document."
    )
    contract_reference = fields.Char(required=True, tracking=True, help="Clause of the property service contract.")
    source = fields.Char(help="Requirement or handbook chapter this item comes from.")
    period = fields.Selection(
        PERIODS,
        required=True,
        default="1",
        help="How many months one charge covers; longer periods are billed in their first month. One-off: once for each "
        "assignment, by the run of the month in which it begins.",
    )
    first_month = fields.Selection(
        MONTHS,
        "Periods Begin In",
        required=True,
        default="1",
        help="A month in which a quarter, half-year or year of this fee begins: January for calendar periods, the first month "
        "of the season for a yearly heating fee.",
    )
    proration = fields.Selection(
        [("day", "By day"), ("month", "By whole months"), ("full", "Never")],
        required=True,
        default="day",
        help="What happens when an assignment begins or ends within the period. By whole months: a month begun counts in "
        "full, at the price and to the payer of its first day.",
    )
    payer_rule = fields.Selection(
        [("split", "Split by day"), ("start", "Payer at the start of the period")],
        required=True,
        default="split",
        help="Who is billed when the payer of the unit changes within the period.",
    )
    due_days = fields.Integer(
        "Due after (days)", help="Days after the due-date base of the property; 0 = as the property says."
    )
    uom_name = fields.Char("Unit of measure", help="Printed after the quantity, e.g. m³ or kWh.")
    note = fields.Text("Service standard", translate=True, help="What the fee pays for; printed on the price notice.")
    tariff_ids = fields.One2many("pm.fee.tariff", "item_id", "Tariffs")
    assignment_ids = fields.One2many("pm.fee.assignment", "item_id", "Assignments")
    assignment_count = fields.Integer(compute="_compute_assignment_count")
    warning = fields.Text(compute="_compute_warning")

    @api.depends("category")
    def _compute_in_collection_rate(self):
        for item in self:
            item.in_collection_rate = item.category == "property"

    @api.depends("product_id.taxes_id", "company_id")
    def _compute_tax_id(self):
        for item in self:
            # sudo: readers of a tariff may not read products; the tax is no secret
            item.tax_id = item.sudo().product_id.taxes_id.filtered(
                lambda tax, item=item: tax.company_id in item.company_id.parent_ids
            )[:1]

    def _compute_assignment_count(self):
        counts = dict(
            self.env["pm.fee.assignment"]._read_group([("item_id", "in", self.ids)], ["item_id"], ["__count"])
        )
        for item in self:
            item.assignment_count = counts.get(item, 0)

    @api.depends("category", "pass_through", "owners_income", "product_id.list_price")
    def _compute_warning(self):
        for item in self:
            warnings = []
            if item.category == "lift":
                warnings.append(
                    self.env._(
                        "Owners may refuse a lift fee that the property service fee already covers: "
                        "make sure that the contract lists it separately."
                    )
                )
            if item.category in ("water", "energy", "heating") and not item.pass_through:
                warnings.append(
                    self.env._(
                        "Utilities collected for a supplier must not carry a mark-up: tick “Collected on behalf” unless "
                        "the company itself is the supplier."
                    )
                )
            if item.category == "parking" and not item.owners_income:
                warnings.append(
                    self.env._(
                        "What spaces on common ground bring in belongs to the owners: tick “Owners' common income” unless this is "
                        "the fee for managing spaces that somebody owns."
                    )
                )
            item.warning = "\n".join(warnings)

    @api.constrains("legal_basis", "contract_reference")
    def _check_basis(self):
        for item in self:
            if not (item.legal_basis or "").strip() or not (item.contract_reference or "").strip():
                raise ValidationError(
                    self.env._(
                        "Fee item “%(item)s” needs its legal basis and the clause of the contract: nothing may be charged without them.",
                        item=item.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        items = super().create(vals_list)
        for item in items.filtered(lambda item: not item.product_id):
            item.product_id = item._create_product()
        return items

    def write(self, vals):
        for item in self:
            if (
                any(name in vals and vals[name] != item[name] for name in ("period", "first_month"))
                and item._is_billed()
            ):
                raise ValidationError(
                    self.env._(
                        "The period of “%(item)s” cannot change, charges exist: end its assignments and make a new fee item.",
                        item=item.name,
                    )
                )
            if item._is_charged() and any(
                name in vals and bool(vals[name]) != item[name] for name in ("pass_through", "owners_income")
            ):
                raise ValidationError(
                    self.env._(
                        "Whose money “%(item)s” is cannot change, charges exist: end its assignments and make a new fee item.",
                        item=item.name,
                    )
                )
        return super().write(vals)

    def _is_charged(self):
        # sudo: see _is_billed. A charge is reversed on the account that the item has then, so that those to reverse bind it.
        return bool(
            self.env["pm.charge"]
            .sudo()
            .search_count([("item_id", "in", self.ids), ("state", "!=", "reversed")], limit=1)
        )

    def _period_month(self, day):
        """First day of the month in which the period around `day` is billed."""
        self.ensure_one()
        months = int(self.period) or 1
        return fields.Date.subtract(day.replace(day=1), months=(day.month - int(self.first_month)) % months)

    def _is_billed(self):
        # sudo: charges of all properties count, whoever asks
        return bool(
            self.env["pm.charge"]
            .sudo()
            .search_count([("item_id", "in", self.ids), ("kind", "=", "regular"), ("state", "!=", "reversed")], limit=1)
        )

    def _create_product(self):
        """The service product of an item: without tax and price, which the tariff gives."""
        # sudo: whoever may keep fee items need not be a product manager
        return (
            self.env["product.product"]
            .sudo()
            .with_company(self.company_id)
            .create(
                {
                    "name": self.name,
                    "default_code": self.code,
                    "type": "service",
                    "list_price": 0.0,
                    "company_id": self.company_id.id,
                    "taxes_id": [Command.clear()],
                    "supplier_taxes_id": [Command.clear()],
                    "sale_ok": False,
                    "purchase_ok": False,
                }
            )
        )

    def _get_account(self, prop):
        """Account to credit for charges of this item in a property.

        :raises UserError: when there is none, naming where to set it
        """
        self.ensure_one()
        if self.pass_through:
            account = prop.passthrough_account_id
            where = self.env._("the property (pass-through account)")
        elif self.owners_income:
            account = prop._owners_income_account()
            where = self.env._("the property (owners' common income)")
        else:
            # sudo: an accountant of another company's product still has to see the account used here
            account = (
                self.sudo().with_company(prop.company_id).product_id.product_tmpl_id.get_product_accounts()["income"]
            )
            where = self.env._("its product (income account)")
        if not account:
            raise UserError(
                self.env._("To bill “%(item)s” you must set an account on %(where)s.", item=self.name, where=where)
            )
        return account

    def _counter_account(self, prop, opening):
        """What charges of this item in a property are posted against.

        :param bool opening: arrears of before this program. Income of earlier years is in the books of earlier years: they
            go against the result brought forward. What was the owners' then is still theirs (L-11).
        """
        self.ensure_one()
        if not opening:
            return self._get_account(prop)
        return (
            prop._owners_income_account() if self.owners_income else prop.company_id.get_unaffected_earnings_account()
        )

    def _charged_tax(self, tax_id, amount):
        """The tax of charges of this item.

        :param tax_id: what the charges say; charges of before they said it have the item's, if there is an `amount` of tax
        """
        self.ensure_one()
        # sudo: see _compute_tax_id
        return self.sudo().env["account.tax"].browse(tax_id) or self.sudo().tax_id.filtered(lambda tax: amount)

    def _bills_in(self, month):
        """Whether a run of this month (its first day) bills the item."""
        self.ensure_one()
        return self.period == "0" or self._period_month(month) == month

    def _check_tax(self):
        """Refuse tax set-ups that a charge cannot carry: more than one tax, or one that is not a percentage."""
        for item in self:
            # sudo: see _compute_tax_id
            taxes = item.sudo().product_id.taxes_id.filtered(
                lambda tax, item=item: tax.company_id in item.company_id.parent_ids
            )
            if len(taxes) > 1 or taxes and taxes.amount_type != "percent":
                raise UserError(
                    self.env._(
                        "“%(item)s” carries the taxes %(taxes)s. To bill it you must leave at most one percentage tax on its product.",
                        item=item.name,
                        taxes=", ".join(taxes.mapped("name")),
                    )
                )

    def _tax_values(self):
        """(rate as a fraction, price included) of the item's tax; (0, False) without one."""
        self.ensure_one()
        tax = self.sudo().tax_id  # sudo: see _compute_tax_id
        return (tax.amount / 100.0, bool(tax.price_include)) if tax else (0.0, False)

    def action_open_assignments(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.fee.assignment",
            "view_mode": "list,form",
            "name": self.env._("Assignments"),
            "domain": [("item_id", "in", self.ids)],
            "context": {"default_item_id": self.id},
        }

    def _tax_table_sql(self):
        """The items of `self` as an SQL VALUES list (item_id, rate, included) for the billing statements."""
        return SQL(
            "(VALUES %s) AS tax(item_id, rate, included)",
            SQL(", ").join(
                SQL("(%s::int, %s::numeric, %s::boolean)", item.id, str(item._tax_values()[0]), item._tax_values()[1])
                for item in self
            ),
        )
