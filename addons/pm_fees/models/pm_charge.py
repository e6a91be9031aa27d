from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL
from odoo.tools.misc import format_date, formatLang

from .payment_reference import make_reference

KINDS = [
    ("regular", "Regular"),
    ("opening", "Opening arrears"),
    ("adjustment", "Adjustment"),
    ("late_fee", "Late fee"),
    ("service", "Paid service"),
]
REVERSE_REASONS = [
    ("our_error", "Our error"),
    ("customer", "Agreed with the customer"),
    ("data", "Customer data came late"),
    ("payer", "Change of payer"),
    ("estimate", "Estimate put right"),
    ("other", "Other"),
]


class PmCharge(models.Model):
    """One thing somebody owes: unit × fee item × period × kind.

    A charge is thin on purpose (no chatter, no sequence, few indexes): a run writes tens of thousands. The ledger carries one
    receivable line per charge, and what is still owed is that line's residual: there is no second truth.

    States: draft → approved → posted → reversed; only draft charges may be deleted. The charges of a run are approved
    with their run and go from draft to posted.
    """

    _name = "pm.charge"
    _description = "Charge"
    _order = "due_date, period_start, id"

    # Billing twice is impossible whatever the code does: runs insert with ON CONFLICT DO NOTHING on these two.
    _once = models.UniqueIndex(
        "(unit_id, item_id, period_start, kind, origin) WHERE state <> 'reversed'",
        "This unit is already charged this fee item for this period: reverse that charge first.",
    )
    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (unit_id WITH =, item_id WITH =, daterange(period_start, period_end, '[]') WITH &&)"
        " WHERE (state <> 'reversed' AND origin = '' AND kind IN ('regular', 'opening'))",
        "This unit is already charged this fee item for some of these days: reverse that charge first.",
    )
    _period = models.Constraint("CHECK (period_end >= period_start)", "A period cannot end before it starts.")
    _total = models.Constraint(
        "CHECK (amount_total = amount_untaxed + amount_tax)", "Untaxed amount and tax do not make up the total."
    )
    _posted_line = models.Constraint(
        "CHECK (state NOT IN ('posted', 'reversed') OR move_line_id IS NOT NULL OR amount_total = 0)",
        "A posted charge has its line in the ledger.",
    )
    # With the id: the steps of a posting take the next drafts in this order, however many are left.
    _run_state_index = models.Index("(run_id, state, id)")
    _open_index = models.Index("(property_id, due_date) WHERE paid_state IN ('unpaid', 'partial')")
    _payer_index = models.Index("(partner_id, unit_id, due_date)")
    _period_index = models.Index("(property_id, period_start, item_id)")
    # Others of a unit are found by the key above.
    _reversed_index = models.Index("(unit_id) WHERE state = 'reversed'")

    run_id = fields.Many2one("pm.billing.run", "Billing run", readonly=True, ondelete="restrict")
    property_id = fields.Many2one("pm.property", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    unit_id = fields.Many2one("pm.unit", required=True, readonly=True, ondelete="restrict")
    building_id = fields.Many2one(related="unit_id.building_id")
    user_id = fields.Many2one(related="unit_id.user_id", string="Butler")
    partner_id = fields.Many2one("res.partner", "Payer", required=True, readonly=True, ondelete="restrict")
    item_id = fields.Many2one("pm.fee.item", "Fee item", required=True, readonly=True, ondelete="restrict")
    tariff_id = fields.Many2one("pm.fee.tariff", readonly=True, ondelete="restrict")
    assignment_id = fields.Many2one("pm.fee.assignment", readonly=True, ondelete="set null")
    kind = fields.Selection(KINDS, required=True, default="regular", readonly=True)
    origin = fields.Char(
        required=True,
        default="",
        readonly=True,
        help="Part of the unique key, for kinds of which one period may hold several: what the charge comes from.",
    )
    period_start = fields.Date("Period from", required=True, readonly=True)
    period_end = fields.Date("Period to", required=True, readonly=True)
    due_date = fields.Date("Due", required=True, readonly=True)
    quantity = fields.Float(digits=(16, 4), readonly=True)
    price_unit = fields.Float("Unit price", digits=(16, 6), readonly=True)
    amount_untaxed = fields.Monetary("Untaxed", readonly=True)
    amount_tax = fields.Monetary("Tax", readonly=True)
    amount_total = fields.Monetary("Total", readonly=True)
    tax_id = fields.Many2one(
        "account.tax",
        "Tax charged",
        readonly=True,
        ondelete="restrict",
        help="The tax in the amounts: the charge is posted, invoiced and reversed with it, whatever its fee item carries by then.",
    )
    counter_account_id = fields.Many2one(
        "account.account",
        "Credited account",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="What the receivable was booked against: a reversal goes back to it, whatever account the fee item has by then.",
    )
    details = fields.Json(readonly=True, help="How the amount came about, as structured data.")
    explanation = fields.Text(compute="_compute_explanation")
    reference = fields.Char(
        "Payment reference",
        readonly=True,
        help="Put it into the remark of the transfer; the last two are check digits.",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("approved", "Approved"), ("posted", "Posted"), ("reversed", "Reversed")],
        required=True,
        default="draft",
        readonly=True,
    )
    move_line_id = fields.Many2one(
        "account.move.line", "Receivable line", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    move_id = fields.Many2one(related="move_line_id.move_id", string="Journal entry")
    residual = fields.Monetary("Still owed", compute="_compute_residual", store=True)
    amount_paid = fields.Monetary("Paid", compute="_compute_residual", store=True)
    amount_written_off = fields.Monetary("Written off", readonly=True, copy=False)
    paid_state = fields.Selection(
        [("unpaid", "Unpaid"), ("partial", "Partly paid"), ("paid", "Paid"), ("written_off", "Written off")],
        compute="_compute_residual",
        store=True,
        string="Payment State",
        help="Empty until posted and after a reversal.",
    )
    reverse_of_id = fields.Many2one(
        "pm.charge",
        "Replaces",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The reversed charge that this one bills anew.",
    )
    reverse_line_id = fields.Many2one(
        "account.move.line", "Reversal line", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    reverse_reason = fields.Selection(REVERSE_REASONS, readonly=True)
    reverse_note = fields.Char(readonly=True)
    reverse_date = fields.Date("Reversed on", readonly=True)
    reverse_user_id = fields.Many2one("res.users", "Reversed by", readonly=True)

    @api.depends("unit_id.name", "item_id.name", "period_start")
    def _compute_display_name(self):
        for charge in self:
            month = charge.period_start.strftime("%Y-%m") if charge.period_start else ""
            charge.display_name = " ".join(filter(None, [charge.unit_id.name, charge.item_id.name, month]))

    @api.depends("move_line_id.amount_residual", "amount_total", "amount_written_off", "state")
    def _compute_residual(self):
        for charge in self:
            posted, currency = charge.state == "posted", charge.currency_id
            # sudo: who reads charges need not read the ledger
            charge.residual = charge.sudo().move_line_id.amount_residual if posted else 0.0
            paid = charge.amount_total - charge.residual - charge.amount_written_off
            charge.amount_paid = currency.round(paid) if posted else 0.0
            if not posted:
                charge.paid_state = False
            elif currency.is_zero(charge.residual):
                charge.paid_state = "written_off" if charge.amount_written_off else "paid"
            else:
                charge.paid_state = "partial" if charge.amount_paid else "unpaid"

    @api.depends("details")
    @api.depends_context("lang")
    def _compute_explanation(self):
        for charge in self:
            charge.explanation = charge._explain()

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        if any(charge.state != "draft" for charge in self):
            raise UserError(
                self.env._("Only draft charges can be deleted. To take back a posted charge you must reverse it.")
            )

    def _explain(self):
        """One sentence in the reader's language that lets anybody recompute the amount."""
        self.ensure_one()
        part = (self.details or {}).get("part")
        if not part:
            return self._explain_whole()
        return self.env._(
            "%(whole)s: of %(total)s this payer bears %(amount)s by agreement %(agreement)s",
            whole=self._explain_whole(),
            total=formatLang(self.env, part["of"], currency_obj=self.currency_id),
            amount=formatLang(self.env, part["amount"], currency_obj=self.currency_id),
            agreement=part["agreement"],
        )

    def _explain_whole(self):
        data = self.details or {}
        method = data.get("method")
        if self.kind == "opening":
            return self.env._("Brought forward from before this program")
        if method not in ("fixed", "area", "metered", "formula", "pooled"):
            return data.get("text") or self.env._("%(item)s, as agreed", item=self.item_id.name)
        price = formatLang(self.env, self.price_unit, digits=_digits(self.price_unit, 2))
        parts = []
        if method == "area":
            parts.append(
                self.env._("%(area)s m² × %(price)s", area=formatLang(self.env, self.quantity, digits=2), price=price)
            )
        elif method == "fixed":
            if self.quantity and self.quantity != 1:
                parts.append(formatLang(self.env, self.quantity, digits=_digits(self.quantity, 0)))
            parts.append(price)
        elif method == "formula":
            parts.append(self._explain_formula(data))
        elif method == "pooled":
            parts.append(self._explain_pooled(data))
        else:
            parts.append(self._explain_metered(data, price))
        if method not in ("metered", "pooled"):
            parts.append(self._explain_time(data))
        result = " × ".join(filter(None, parts))
        notes = [self.env._("tariff %s", data["tariff"])] if data.get("tariff") else []
        if data.get("discount"):
            discount = formatLang(self.env, data["discount"], digits=_digits(data["discount"], 0))
            reason = data.get("discount_reason") or ""
            if data.get("discount_days", 0) < data.get("days", 0):
                notes.append(
                    self.env._(
                        "%(percent)s %% discount for %(days)s of %(all)s days (%(reason)s)",
                        percent=discount,
                        days=data["discount_days"],
                        all=data["days"],
                        reason=reason,
                    )
                )
            else:
                notes.append(self.env._("%(percent)s %% discount (%(reason)s)", percent=discount, reason=reason))
        if self.amount_tax:
            tax = formatLang(self.env, self.amount_tax, currency_obj=self.currency_id)
            notes.append(self.env._("incl. %s tax", tax) if data.get("included") else self.env._("plus %s tax", tax))
        for note in notes:  # joined as the language does: Chinese has its own comma
            result = self.env._("%(text)s, %(note)s", text=result, note=note)
        return result

    def _explain_time(self, data):
        if data.get("once"):
            return ""
        months = data.get("months") or 1
        text = self.env._("1 month") if months == 1 else self.env._("%s months", months)
        if data.get("days") and data.get("of_days") and data["days"] != data["of_days"]:
            text += " × " + self.env._("%(days)s/%(all)s days", days=data["days"], all=data["of_days"])
        return text

    def _explain_formula(self, data):
        formula = data.get("formula") or {}
        values = ", ".join(
            f"{name} = {formatLang(self.env, value, digits=_digits(value, 0))}"
            for name, value in sorted((formula.get("values") or {}).items())
        )
        base = formatLang(self.env, data.get("base") or 0.0, digits=2)
        return f"{formula.get('text')} ({values}) = {base}" if values else f"{formula.get('text')} = {base}"

    def _explain_pooled(self, data):
        basis, least = data.get("basis") or "area", 2 if (data.get("basis") or "area") == "area" else 0
        uom = {"area": "m²", "equal": self.env._("units")}.get(basis, data.get("uom") or "")

        def number(value, least=2):
            return formatLang(self.env, value or 0.0, digits=_digits(value or 0.0, least))

        whole = self.env._(
            "%(pool)s: %(cost)s × %(weight)s/%(weights)s %(uom)s = %(share)s",
            pool=data.get("pool"),
            cost=number(data.get("pool_amount")),
            weight=number(data.get("weight"), least),
            weights=number(data.get("weights"), least),
            uom=uom,
            share=number(data.get("share")),
        )
        notes = []
        if data.get("share_days"):
            notes.append(
                self.env._(
                    "%(basis)s %(uom)s for %(days)s of %(all)s days count as %(weight)s",
                    basis=number(data.get("share_basis"), least),
                    uom=uom,
                    days=data["share_days"],
                    all=data.get("month_days"),
                    weight=number(data.get("weight"), least),
                )
            )
        elif data.get("share_basis"):
            notes.append(
                self.env._(
                    "%(basis)s %(uom)s count as %(weight)s",
                    basis=number(data["share_basis"], least),
                    uom=uom,
                    weight=number(data.get("weight"), least),
                )
            )
        if data.get("weights"):
            usual = self.currency_id.round(data.get("pool_amount", 0.0) * data.get("weight", 0.0) / data["weights"])
            odd = self.currency_id.round(data.get("share", 0.0) - usual)
            if odd:
                notes.append(self.env._("%s of it so that all shares add up to the cost", f"{odd:+.2f}"))
        if notes:
            whole = self.env._("%(text)s (%(notes)s)", text=whole, notes="; ".join(notes))
        if data.get("days") == data.get("of_days"):
            return whole
        return self.env._(
            "%(whole)s × %(days)s/%(all)s days", whole=whole, days=data.get("days"), all=data.get("of_days")
        )

    def _explain_metered(self, data, price):
        uom = data.get("uom")
        readings = [
            "%s: %s → %s%s%s"
            % (  # numbers and a mark, nothing to translate
                row["meter"],
                formatLang(self.env, row["previous"], digits=_digits(row["previous"], 0)),
                formatLang(self.env, row["value"], digits=_digits(row["value"], 0)),
                self.env._(" (estimated)") if row.get("estimated") else "",
                f" × {row['multiplier']:g}" if row.get("multiplier", 1) != 1 else "",
            )
            for row in data.get("readings") or []
        ]
        quantity = " ".join(filter(None, [formatLang(self.env, self.quantity, digits=_digits(self.quantity, 0)), uom]))
        if data.get("tiers"):
            steps = " + ".join(
                f"{formatLang(self.env, tier['quantity'], digits=_digits(tier['quantity'], 0))} × "
                f"{formatLang(self.env, tier['price'], digits=_digits(tier['price'], 2))}"
                for tier in data["tiers"]
            )
            return f"{'; '.join(readings)} = {quantity}: {steps}"
        return f"{'; '.join(readings)} = {quantity} × {price}"

    def _period_text(self):
        """The charge's period for people."""
        self.ensure_one()
        return format_period(self.env, self.period_start, self.period_end)

    # Charges that no run makes (paid services, late fees, opening arrears, adjustments)

    @api.model
    def _create_charges(self, vals_list):
        """Create charges outside a run, e.g. for a settled service order.

        :param vals_list: dicts with property_id, unit_id, partner_id, item_id, kind, origin, period_start, period_end,
            due_date, quantity, price_unit and amount (net of the discount, before or including tax as the item's tax
            says) or amount_untaxed and amount_tax, text (explanation) or details
        :return: draft charges with amounts, tax and payment reference
        """
        rows = []
        items = self.env["pm.fee.item"].browse({vals["item_id"] for vals in vals_list})
        items._check_tax()
        taxes = {item.id: item._tax_values() for item in items}
        for vals in vals_list:
            vals = dict(vals)
            prop = self.env["pm.property"].browse(vals["property_id"])
            currency = prop.company_id.currency_id
            rate, included = (0.0, False) if vals.get("kind") == "opening" else taxes[vals["item_id"]]
            details = vals.pop("details", None) or {"text": vals.pop("text", ""), "included": included}
            vals.setdefault(
                "tax_id", items.browse(vals["item_id"]).sudo().tax_id.id if rate else False
            )  # sudo: see pm.fee.item
            if "amount_untaxed" in vals:  # a part of a charge that was taxed before
                untaxed, tax = currency.round(vals["amount_untaxed"]), currency.round(vals["amount_tax"])
            else:
                amount = currency.round(vals.pop("amount"))
                tax = currency.round(amount * rate / (1 + rate) if included else amount * rate)
                untaxed = currency.round(amount - tax) if included else amount
            rows.append(
                {
                    "state": "draft",
                    **vals,
                    "company_id": prop.company_id.id,
                    "currency_id": currency.id,
                    "amount_untaxed": untaxed,
                    "amount_tax": tax,
                    "amount_total": currency.round(untaxed + tax),
                    "details": details,
                }
            )
        self._check_billing_role()
        # sudo: nobody writes charges directly, only the methods of billing do
        charges = self.sudo().create(rows)
        per_charge = self._reference_scope() == "charge"
        for charge in charges:
            charge.reference = (
                make_reference("charge", charge.id) if per_charge else make_reference("unit", charge.unit_id.id)
            )
        return charges.sudo(self.env.su)

    @api.model
    def _reference_scope(self):
        """What a payment reference names: "unit" or "charge" (setting)."""
        # sudo: a setting of the system, read by every role
        return self.env["ir.config_parameter"].sudo().get_param("pm_fees.reference_scope") or "unit"

    def _approve(self):
        """Draft → approved, in one statement."""
        self._check_billing_role()
        wrong = self.filtered(lambda charge: charge.state != "draft")
        if wrong:
            raise UserError(self.env._("To approve %s it must be a draft.", wrong[0].display_name))
        # sudo: see _create_charges
        self.sudo().write({"state": "approved"})

    def _check_billing_role(self):
        if not (
            self.env.su
            or self.env.user.has_group("pm_base.group_accountant")
            or self.env.user.has_group("pm_base.group_supervisor")
        ):
            raise AccessError(self.env._("Billing is for project accountants and supervisors."))

    def action_open_entry(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "view_mode": "form",
        }

    @api.model
    def _arrears(self, units=None, partners=None, on_date=None):
        """What is due and unpaid, by unit and payer.

        :param on_date: due before this day (default today): {(unit_id, partner_id): amount}
        """
        domain = [
            ("state", "=", "posted"),  # follows from the payment state, and lets the key of the units' charges be used
            ("paid_state", "in", ("unpaid", "partial")),
            ("due_date", "<", on_date or fields.Date.context_today(self)),
        ]
        if units is not None:
            domain.append(("unit_id", "in", units.ids))
        if partners is not None:
            domain.append(("partner_id", "in", partners.ids))
        return {
            (unit.id, partner.id): amount
            for unit, partner, amount in self._read_group(domain, ["unit_id", "partner_id"], ["residual:sum"])
        }

    def _lock(self):
        """Lock the rows against another session that posts, pays or reverses the same charges; read what posting asks for.

        :return: list of dicts (id, property_id, run_id, state, run_state, amount, currency_id) in the order of `self`
        """
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                """SELECT charge.id, charge.property_id, charge.run_id, charge.state, run.state AS run_state,
                      charge.amount_total AS amount, charge.currency_id
                 FROM pm_charge charge LEFT JOIN pm_billing_run run ON run.id = charge.run_id
                WHERE charge.id = ANY(%s) ORDER BY charge.id FOR NO KEY UPDATE OF charge""",
                list(self.ids),
            )
        )
        rows = {row["id"]: row for row in self.env.cr.dictfetchall()}
        return [rows[charge_id] for charge_id in self.ids if charge_id in rows]


def _digits(number, least):
    """Decimals needed to show a number in full, at least `least`, at most six."""
    text = f"{number:.6f}".rstrip("0")
    return max(least, len(text.split(".")[1]) if "." in text else 0)


def format_period(env, start, end):
    """A period for people: a whole month as 2026-11, else both days."""
    if (
        start
        and end
        and start.day == 1
        and (start.year, start.month) == (end.year, end.month)
        and fields.Date.add(end, days=1).day == 1
    ):
        return start.strftime("%Y-%m")
    return f"{format_date(env, start)} – {format_date(env, end)}"
