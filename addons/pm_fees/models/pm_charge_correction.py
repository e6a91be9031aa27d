from contextlib import contextmanager, suppress

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.pm_base.tools.labels import selection_labels

from .pm_charge import REVERSE_REASONS


def _shares(charges):
    """{(payer, period): (amount, tax in it)}: whether money changes at all."""
    return {
        (charge.partner_id.id, charge.period_start, charge.period_end, charge.origin): (
            round(charge.amount_total, 6),
            round(charge.amount_tax, 6),
        )
        for charge in charges
    }


class _Rollback(Exception):
    """Ends a trial: everything it wrote goes back."""


class PmChargeCorrection(models.Model):
    """Charges billed anew (冲红补差价): what they would be today, side by side, then reversed and billed in one step.

    The amounts come from the same statements as a billing run's, with the data of today: a corrected area, tariff,
    discount or reading, or another payer. Money that was paid stays with its payer: it settles what takes the charge's
    place, the difference is owed or becomes credit. Somebody else than who prepared it approves.

    The trial behind the preview is rolled back; the approval refuses when its result is no longer the one shown.
    """

    _name = "pm.charge.correction"
    _description = "Correction of Charges"
    _inherit = ["pm.four.eyes", "mail.thread"]
    _order = "id desc"
    _program_fields = frozenset({"line_ids", "new_charge_ids"})

    name = fields.Char(compute="_compute_name", store=True)
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    reason = fields.Selection(REVERSE_REASONS, required=True, tracking=True)
    note = fields.Char("What was wrong", required=True, tracking=True)
    date = fields.Date(
        "Accounting date", help="Empty = the day of the approval, or the day of the charges where that is later."
    )
    charge_ids = fields.Many2many(
        "pm.charge",
        string="Charges to correct",
        domain="[('property_id', '=', property_id), ('state', '=', 'posted'), ('kind', '=', 'regular')]",
    )
    line_ids = fields.One2many("pm.charge.correction.line", "correction_id", "Comparison", readonly=True)
    new_charge_ids = fields.One2many("pm.charge", compute="_compute_new_charge_ids", string="New charges")
    run_ids = fields.One2many("pm.billing.run", "correction_id", "Runs", readonly=True)
    transfer_id = fields.Many2one("pm.unit.transfer", "Ownership transfer", index="btree_not_null", ondelete="set null")
    old_total = fields.Monetary("Billed", compute="_compute_totals")
    new_total = fields.Monetary("Should be", compute="_compute_totals")
    difference = fields.Monetary(compute="_compute_totals")
    issue_count = fields.Integer(compute="_compute_totals")
    issue_note = fields.Text(compute="_compute_totals", help="What holds up the correction, row by row.")
    unchanged_count = fields.Integer(compute="_compute_totals")
    state = fields.Selection(
        [("draft", "Draft"), ("compared", "To approve"), ("done", "Done"), ("cancelled", "Cancelled")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )

    @api.depends("property_id.code", "note")
    def _compute_name(self):
        for record in self:
            record.name = " ".join(filter(None, [record.property_id.code, record.note]))

    def _compute_new_charge_ids(self):
        for record in self:
            record.new_charge_ids = self.env["pm.charge"].search([("run_id.correction_id", "=", record.id)])

    @api.depends("line_ids.old_amount", "line_ids.new_amount", "line_ids.issue", "line_ids.unchanged")
    def _compute_totals(self):
        for record in self:
            record.old_total = sum(record.line_ids.mapped("old_amount"))
            record.new_total = sum(record.line_ids.mapped("new_amount"))
            record.difference = record.new_total - record.old_total
            held = record.line_ids.filtered("issue")
            record.issue_count = len(held)
            record.issue_note = "\n".join(
                f"{line.unit_id.name} {line.item_id.name} {line.month:%Y-%m}　{line.issue}" for line in held[:10]
            )
            record.unchanged_count = len(record.line_ids.filtered("unchanged"))

    @api.constrains("charge_ids", "property_id")
    def _check_property(self):
        """A run bills one property: of another it would take charges back and bill nothing anew."""
        for record in self:
            if record.charge_ids.property_id - record.property_id:
                raise ValidationError(self.env._("All charges of a correction are of one property."))

    def write(self, vals):
        if not self.env.su:
            if {"property_id", "charge_ids"} & set(vals):
                self._check_undecided("draft", "compared")
            if "charge_ids" in vals:
                # Other charges: what was compared no longer holds, and who chose them may not approve.
                for record in self.sudo():  # sudo: _program_fields
                    record.write({"state": "draft", "line_ids": [Command.clear()], "author_id": self.env.uid})
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_not_done(self):
        if any(record.state == "done" for record in self):
            raise UserError(self.env._("A correction that is done is history and stays."))

    # Steps

    def action_compare(self):
        """Try it out: compute what the charges would be today, and show both side by side."""
        for record in self:
            record._check_may_prepare()
            record._check_state("draft", "compared")
            record._take_in_whole_periods()
            with record._trial():
                lines = record._compare(record._rebill(record._prepare_trial()))
            # sudo: _program_fields
            record.sudo().write(
                {
                    "state": "compared",
                    "author_id": self.env.uid,
                    "line_ids": [Command.clear(), *(Command.create(vals) for vals in lines)],
                }
            )

    def action_approve(self):
        """Reverse the charges, post the new ones and hand the money over: by a supervisor or accountant who did not prepare it."""
        for record in self:
            record._check_may_approve("pm_base.group_supervisor", "pm_base.group_accountant")
            record._lock()
            record._check_state("compared")
            if record.issue_count:
                raise UserError(
                    self.env._(
                        "Some rows cannot be billed anew, see above the comparison why: correct it and compare again."
                    )
                )
            record._refuse_unchanged()
            # sudo: a supervisor is no accountant; the right was checked above
            record.sudo()._carry_out()
            record.sudo().write({"state": "done", **record._approval()})

    def action_cancel(self):
        self._check_may_prepare()
        for record in self:
            record._check_state("draft", "compared")
            record.sudo().state = "cancelled"  # sudo: _program_fields

    def _check_may_prepare(self):
        if not (self.env.su or self.env.user.has_group("pm_base.group_accountant")):
            raise AccessError(self.env._("To prepare a correction you must be a project accountant."))
        self.check_access("write")  # an accountant of another property or company is none here

    def _refuse_unchanged(self):
        """Where payer and amount stay there is nothing to put right; called our error, it would count against the
        accuracy of the fees (S0-129) as well.
        """
        same = self.line_ids.filtered("unchanged")
        if same and self.reason == "our_error":
            raise UserError(
                self.env._(
                    "Nothing changes for %(rows)s: payer and amount stay as they were billed. Take these charges out, or correct "
                    "what was wrong first and compare again; if only the explanation is renewed, “Our error” is not the reason.",
                    rows=", ".join(f"{line.unit_id.name} {line.item_id.name} {line.month:%Y-%m}" for line in same[:5])
                    + (" …" if len(same) > 5 else ""),
                )
            )

    def _check_state(self, *states):
        self.ensure_one()
        if self.state not in states:
            names = selection_labels(self, "state")
            raise UserError(
                self.env._(
                    "Correction “%(name)s” is “%(state)s”; it must be: %(states)s.",
                    name=self.name,
                    state=names[self.state],
                    states=", ".join(names[state] for state in states),
                )
            )

    # Work

    def _take_in_whole_periods(self):
        """A period that was split by payer or price is corrected as a whole."""
        self.ensure_one()
        charges = self.charge_ids
        if not charges:
            raise UserError(self.env._("To compare, choose the charges to correct."))
        wrong = charges.filtered(lambda charge: charge.state != "posted" or charge.kind != "regular")
        if wrong:
            raise UserError(
                self.env._(
                    "“%s” cannot be billed anew: only posted charges of billing runs can. Reverse it and enter it again.",
                    wrong[0].display_name,
                )
            )
        months = {(charge.unit_id.id, charge.item_id.id, charge._billing_month()) for charge in charges}
        same = (
            self.env["pm.charge"]
            .search(
                [
                    ("unit_id", "in", charges.unit_id.ids),
                    ("item_id", "in", charges.item_id.ids),
                    ("state", "=", "posted"),
                    ("kind", "=", "regular"),
                    ("period_start", ">=", min(month for _unit, _item, month in months)),
                ]
            )
            .filtered(lambda charge: (charge.unit_id.id, charge.item_id.id, charge._billing_month()) in months)
        )
        if same - charges:
            self.sudo().charge_ids = charges | same  # sudo: the program completes the choice, its author stays

    @contextmanager
    def _trial(self):
        with suppress(_Rollback), self.env.cr.savepoint():
            yield
            raise _Rollback
        self.env.invalidate_all(flush=False)

    def _prepare_trial(self):
        """Within a trial: take the charges out of the way without touching the ledger."""
        self.env.flush_all()
        ids = list(self.charge_ids.ids)
        self.env.cr.execute(SQL("UPDATE pm_charge SET state = 'reversed' WHERE id = ANY(%s)", ids))
        self.env.cr.execute(SQL("UPDATE pm_meter_reading SET charge_id = NULL WHERE charge_id = ANY(%s)", ids))
        self.env.invalidate_all(flush=False)
        return self.charge_ids

    def _rebill(self, charges):
        """Compute the months of these charges anew, for their units and fee items only.

        :return: the runs, one for each month
        """
        runs = self.env["pm.billing.run"].sudo()  # sudo: runs of corrections are made by the program only
        months = {}
        for charge in charges:
            months.setdefault(charge._billing_month(), self.env["pm.charge"])
            months[charge._billing_month()] |= charge
        for month, group in sorted(months.items()):
            run = runs.create(
                {
                    "property_id": self.property_id.id,
                    "date_from": month,
                    "item_ids": [Command.set(group.item_id.ids)],
                    "correction_id": self.id,
                }
            )
            run.item_ids._check_tax()
            run._compute_units(group.unit_id.ids)
            wanted = {(charge.unit_id, charge.item_id) for charge in group}
            run.charge_ids.filtered(
                lambda charge, wanted=wanted: (charge.unit_id, charge.item_id) not in wanted
            ).unlink()
            run.issue_ids.filtered(lambda issue, wanted=wanted: (issue.unit_id, issue.item_id) not in wanted).unlink()
            run._link_replaced()
            runs |= run
        return runs

    def _compare(self, runs):
        """Values of the comparison lines: one for each unit, fee item and month."""
        rows = {}
        for charge in self.charge_ids:
            key = charge.unit_id.id, charge.item_id.id, charge._billing_month()
            row = rows.setdefault(
                key, {"old_amount": 0.0, "paid": 0.0, "old": [], "new_amount": 0.0, "new": [], "issue": ""}
            )
            row["old_amount"] += charge.amount_total
            row["paid"] += charge.amount_paid
            row["old"].append(charge)
        for run in runs:
            for charge in run.charge_ids:
                row = rows[charge.unit_id.id, charge.item_id.id, run.date_from]
                row["new_amount"] += charge.amount_total
                row["new"].append(charge)
            for issue in run.issue_ids.filtered(lambda issue: issue.severity == "refused"):
                rows[issue.unit_id.id, issue.item_id.id, run.date_from]["issue"] = issue.remedy
        return [
            {
                "unit_id": unit_id,
                "item_id": item_id,
                "month": month,
                "old_amount": row["old_amount"],
                "new_amount": row["new_amount"],
                "paid_amount": row["paid"],
                "old_explanation": self._explain_charges(row["old"]),
                "new_explanation": self._explain_charges(row["new"]),
                "issue": row["issue"],
                "unchanged": not row["issue"] and _shares(row["old"]) == _shares(row["new"]),
            }
            for (unit_id, item_id, month), row in rows.items()
        ]

    def _explain_charges(self, charges):
        return "\n".join(
            f"{charge.partner_id.name}: {charge.explanation} = {charge.currency_id.format(charge.amount_total)}"
            for charge in sorted(charges, key=lambda charge: charge.period_start)
        )

    def _carry_out(self):
        self.ensure_one()
        charges = self.charge_ids
        money = charges._money_on()
        date = self.date or charges._reversal_day()
        charges._reverse(self.reason, date=date, note=self.note)
        runs = self._rebill(charges)
        shown = {(line.unit_id.id, line.item_id.id, line.month): line.new_amount for line in self.line_ids}
        now = dict.fromkeys(shown, 0.0)
        for charge in runs.charge_ids:
            now[charge.unit_id.id, charge.item_id.id, charge.run_id.date_from] += charge.amount_total
        if any(self.currency_id.compare_amounts(now[key], amount) for key, amount in shown.items()):
            raise UserError(
                self.env._("The data changed since this correction was prepared: compare again, then approve.")
            )
        runs.charge_ids._approve()
        runs.charge_ids._post(date)
        runs.write({"state": "posted", "posted_on": fields.Datetime.now()})
        new = {}
        for charge in runs.charge_ids:
            new.setdefault((charge.unit_id, charge.item_id, charge.run_id.date_from), self.env["pm.charge"])
            new[charge.unit_id, charge.item_id, charge.run_id.date_from] |= charge
        charges._hand_over_money(
            money,
            {
                charge: new.get((charge.unit_id, charge.item_id, charge._billing_month()), self.env["pm.charge"])
                for charge in charges
            },
        )

    @api.model
    def _open_for_charges(self, charges, **values):
        """A draft over these charges.

        :return: window action on it
        """
        self.check_access("create")
        if len(charges.property_id) != 1:
            raise UserError(self.env._("To correct charges, choose charges of one property."))
        record = self.create(
            {
                "property_id": charges.property_id.id,
                "reason": "our_error",
                "note": self.env._("Correction"),
                "charge_ids": [Command.set(charges.ids)],
                **values,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": record.id,
            "view_mode": "form",
            "name": self.env._("Correction"),
        }


class PmChargeCorrectionLine(models.Model):
    """A unit, fee item and month: what was billed and what is right."""

    _name = "pm.charge.correction.line"
    _description = "Correction Line"
    _order = "correction_id, unit_id, item_id, month"

    correction_id = fields.Many2one(
        "pm.charge.correction", required=True, index=True, ondelete="cascade", readonly=True
    )
    property_id = fields.Many2one(related="correction_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="correction_id.company_id", store=True)
    currency_id = fields.Many2one(related="correction_id.currency_id")
    unit_id = fields.Many2one("pm.unit", required=True, readonly=True, ondelete="cascade")
    item_id = fields.Many2one("pm.fee.item", "Fee item", required=True, readonly=True, ondelete="cascade")
    month = fields.Date(required=True, readonly=True)
    old_amount = fields.Monetary("Billed", readonly=True)
    new_amount = fields.Monetary("Should be", readonly=True)
    difference = fields.Monetary(compute="_compute_difference")
    paid_amount = fields.Monetary("Paid on it", readonly=True)
    old_explanation = fields.Text("How it was billed", readonly=True)
    new_explanation = fields.Text("How it should be", readonly=True)
    issue = fields.Text("Why it cannot be billed", readonly=True)
    unchanged = fields.Boolean(readonly=True, help="Payer and amount are as they were billed.")

    @api.depends("old_amount", "new_amount")
    def _compute_difference(self):
        for line in self:
            line.difference = line.new_amount - line.old_amount


class PmCharge(models.Model):
    _inherit = "pm.charge"

    def _billing_month(self):
        """First day of the month whose run bills this charge: the first month of its period."""
        self.ensure_one()
        return self.item_id._period_month(self.period_start)

    def action_correct(self):
        """Bill the chosen charges anew."""
        return self.env["pm.charge.correction"]._open_for_charges(self)

    def action_write_off(self):
        return self.env["pm.write.off"]._open_for_charges(self)


class PmBillingRun(models.Model):
    _inherit = "pm.billing.run"
    _program_fields = frozenset({"correction_id"})

    correction_id = fields.Many2one(
        "pm.charge.correction", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )

    @api.depends("correction_id")
    def _compute_name(self):
        super()._compute_name()
        for run in self.filtered("correction_id"):
            run.name = self.env._("%s correction", run.name)
