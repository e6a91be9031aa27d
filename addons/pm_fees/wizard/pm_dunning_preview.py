from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..models.pm_dunning_ladder import EXCLUSIONS
from ..models.pm_dunning_level import KINDS

_SHOWN = 500


class PmDunningPreview(models.TransientModel):
    """What a run would do on a day, without doing it: amounts, recipients, and who is left out and why.

    The dry run is the run itself up to the point where it would write its actions, in a transaction that is taken back.
    """

    _name = "pm.dunning.preview"
    _description = "Preview of Reminders"

    property_id = fields.Many2one(
        "pm.property", required=True, default=lambda self: self.env["pm.property"].search([], limit=1)
    )
    date = fields.Date("On", required=True, default=lambda self: fields.Date.context_today(self))
    currency_id = fields.Many2one(related="property_id.currency_id")
    line_ids = fields.One2many("pm.dunning.preview.line", "preview_id", "Lines", readonly=True)
    total_ids = fields.One2many("pm.dunning.preview.total", "preview_id", "Totals", readonly=True)
    action_count = fields.Integer("Reminders", readonly=True)
    case_count = fields.Integer("Households", readonly=True)
    excluded_count = fields.Integer("Left Out", readonly=True)
    amount = fields.Monetary("Overdue", readonly=True, help="Of the households that would be reminded.")
    shown = fields.Char(readonly=True)
    computed = fields.Boolean(readonly=True)

    @api.model
    def _open(self, prop=None):
        """The dialog, computed for today."""
        preview = self.create({"property_id": prop.id} if prop else {})
        preview.action_compute()
        return preview._reopen()

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Preview Reminders"),
        }

    def action_compute(self):
        """Compute again, for the chosen property and day.

        :raise AccessError: the user may not see the property, or is neither supervisor nor accountant
        """
        self.ensure_one()
        self.env["pm.dunning.case"]._check_may_run()
        self.property_id.check_access("read")
        if (
            not fields.Date.add(self.property_id._today(), years=-1)
            <= self.date
            <= fields.Date.add(self.property_id._today(), years=2)
        ):
            raise UserError(self.env._("Choose a day at most two years from now."))
        rows = self._dry_run()
        made = [row for row in rows if not row["excluded"]]
        self.line_ids.unlink()
        self.total_ids.unlink()
        self.write(
            {
                "computed": True,
                "action_count": len(made),
                "case_count": len({row["key"] for row in made}),
                "excluded_count": len(rows) - len(made),
                "amount": sum({row["key"]: row["amount_due"] for row in made}.values()),
                "shown": self.env._("The first %(shown)s of %(all)s.", shown=_SHOWN, all=len(rows))
                if len(rows) > _SHOWN
                else False,
                "line_ids": [(0, 0, self._line_values(row)) for row in rows[:_SHOWN]],
                "total_ids": [(0, 0, values) for values in self._totals(rows)],
            }
        )
        return self._reopen()

    def _dry_run(self):
        """Rows of the plan for the day, in a savepoint that is taken back."""
        # sudo: a run writes what only the program may; the right was checked, and nothing stays
        with self.env["pm.dunning.case"].sudo()._dry_run(self.property_id.sudo(), self.date) as plan:
            self.env.cr.execute(
                SQL(
                    """
                    SELECT plan.*, partner.email, partner.phone, level.sequence, level.by_email, level.by_sms
                      FROM (%s) plan JOIN res_partner partner ON partner.id = plan.partner_id
                      JOIN pm_dunning_level level ON level.id = plan.level_id
                     ORDER BY plan.stage DESC, plan.amount_due DESC, plan.case_id, level.sequence, level.id
                    """,
                    plan,
                )
            )
            rows = self.env.cr.dictfetchall()
        for row in rows:
            row["key"] = (row["partner_id"], row["unit_id"])
            row["amount_due"] = float(row["amount_due"] or 0.0)
        return rows

    def _line_values(self, row):
        return {
            "partner_id": row["partner_id"],
            "unit_id": row["unit_id"],
            "level_id": row["level_id"],
            "kind": row["kind"],
            "stage": row["stage"],
            "amount_due": row["amount_due"],
            "reach": self._reach(row),
            "excluded": row["excluded"],
        }

    def _reach(self, row):
        """By which way the debtor would be reached."""
        if row["kind"] != "message":
            return False
        ways = [
            name
            for name, wanted, address in (
                (self.env._("E-mail"), row["by_email"], row["email"]),
                (self.env._("SMS"), row["by_sms"], row["phone"]),
            )
            if wanted and address
        ]
        return ", ".join(ways) or (self.env._("No address: call") if row["phone"] else self.env._("No address: paper"))

    def _totals(self, rows):
        totals = {}
        for row in rows:
            key = (row["level_id"], row["excluded"])
            count, amount = totals.get(key, (0, 0.0))
            totals[key] = (count + 1, amount + row["amount_due"])
        return [
            {"level_id": level_id, "excluded": excluded, "count": count, "amount": amount}
            for (level_id, excluded), (count, amount) in totals.items()
        ]


class PmDunningPreviewLine(models.TransientModel):
    """One reminder that would be made, or would be left out."""

    _name = "pm.dunning.preview.line"
    _description = "Line of a Reminder Preview"

    preview_id = fields.Many2one("pm.dunning.preview", required=True, ondelete="cascade", index=True)
    partner_id = fields.Many2one("res.partner", "Payer", readonly=True)
    unit_id = fields.Many2one("pm.unit", readonly=True)
    level_id = fields.Many2one("pm.dunning.level", readonly=True)
    kind = fields.Selection(KINDS, readonly=True)
    stage = fields.Integer("Months Overdue", readonly=True)
    amount_due = fields.Monetary("Overdue", readonly=True)
    currency_id = fields.Many2one(related="preview_id.currency_id")
    reach = fields.Char("Reached By", readonly=True)
    excluded = fields.Selection(EXCLUSIONS, "Left Out Because", readonly=True)


class PmDunningPreviewTotal(models.TransientModel):
    """How many reminders of a level would be made, or left out and why."""

    _name = "pm.dunning.preview.total"
    _description = "Total of a Reminder Preview"
    _order = "excluded desc, id"

    preview_id = fields.Many2one("pm.dunning.preview", required=True, ondelete="cascade", index=True)
    policy_id = fields.Many2one(related="level_id.policy_id")
    level_id = fields.Many2one("pm.dunning.level", readonly=True)
    excluded = fields.Selection(EXCLUSIONS, "Left Out Because", readonly=True)
    count = fields.Integer("Reminders", readonly=True)
    amount = fields.Monetary("Overdue", readonly=True)
    currency_id = fields.Many2one(related="preview_id.currency_id")
