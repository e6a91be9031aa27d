from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class PmDunningCase(models.Model):
    """The arrears of one payer on one unit, from the first day overdue until everything is paid.

    Stage = full months since the due date of the oldest undisputed charge (CON-15, requirements §7). A month is full
    on the same day of the month, or on the last day of a shorter one. How the ladder is climbed stands in
    ``pm_dunning_ladder.py``.
    """

    _name = "pm.dunning.case"
    _description = "Arrears Case"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "stage desc, amount_due desc, id"
    _rec_name = "partner_id"

    _one_open = models.UniqueIndex(
        "(partner_id, unit_id) WHERE state = 'open'", "The payer already has an open case for this unit."
    )
    _property_stage_index = models.Index("(property_id, stage DESC, amount_due DESC, id) WHERE state = 'open'")

    partner_id = fields.Many2one("res.partner", "Payer", required=True, readonly=True, index=True, ondelete="restrict")
    unit_id = fields.Many2one("pm.unit", required=True, readonly=True, index=True, ondelete="restrict")
    property_id = fields.Many2one("pm.property", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(related="unit_id.user_id", string="Butler", store=True)
    phone = fields.Char(related="partner_id.phone")
    policy_id = fields.Many2one("pm.dunning.policy", required=True, readonly=True, ondelete="restrict")
    opened_on = fields.Date(required=True, readonly=True)
    closed_on = fields.Date(readonly=True)
    oldest_due_date = fields.Date("Overdue Since", readonly=True)
    stage = fields.Integer("Months Overdue", readonly=True)
    amount_due = fields.Monetary("Overdue Amount", readonly=True, help="What may be demanded today.")
    amount_held = fields.Monetary(
        "Held", readonly=True, help="Overdue charges that are disputed or covered by an instalment plan."
    )
    charge_count = fields.Integer("Number of Charges", readonly=True)
    reason_id = fields.Many2one(
        "pm.dunning.reason", "Why Unpaid", readonly=True, index="btree_not_null", help="What the debtor last said."
    )
    counsel_id = fields.Many2one("res.users", "Legal Counsel", readonly=True, index="btree_not_null")
    action_ids = fields.One2many("pm.dunning.action", "case_id", "Actions", readonly=True)
    promise_ids = fields.One2many("pm.dunning.promise", "case_id", "Promises", readonly=True)
    instalment_ids = fields.One2many("pm.dunning.instalment", "case_id", "Instalment Plans", readonly=True)
    hold_ids = fields.One2many("pm.dunning.hold", "case_id", "Holds", readonly=True)
    state = fields.Selection([("open", "Open"), ("closed", "Paid")], required=True, default="open", readonly=True)

    @api.depends("partner_id", "unit_id")
    def _compute_display_name(self):
        for case in self:
            case.display_name = f"{case.unit_id.name} {case.partner_id.name}"

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(self.env._("An arrears case is part of the collection record and is never deleted (S0-133)."))

    # -- overdue charges -----------------------------------------------------------------------------------------------

    def _charges_by_case(self, held=False):
        """What may be demanded of these cases today, in one query, oldest first.

        :param held: also what is disputed or covered by an instalment plan
        :return: {case id: pm.charge}
        """
        found = dict.fromkeys(self.ids, self.env["pm.charge"])
        if not self:
            return found
        by_key = {(case.partner_id.id, case.unit_id.id): case for case in self}
        # sudo: whoever may see the case sees what it is about
        charges = (
            self.env["pm.charge"]
            .sudo()
            .search(
                [
                    ("unit_id", "in", self.unit_id.ids),
                    ("partner_id", "in", self.partner_id.ids),
                    ("paid_state", "in", ("unpaid", "partial")),
                ],
                order="due_date, period_start, id",
            )
        )
        kept_back = set() if held else self._held_charge_ids(charges)
        days = {prop.id: prop._today() for prop in self.property_id}
        grouped = {}
        for charge in charges:
            case = by_key.get((charge.partner_id.id, charge.unit_id.id))
            if case and charge.id not in kept_back and charge.due_date < days[case.property_id.id]:
                grouped.setdefault(case.id, []).append(charge.id)
        found.update({case_id: charges.browse(ids) for case_id, ids in grouped.items()})
        return found

    def _overdue_charges(self, held=False):
        """The overdue charges of one case that may be demanded, oldest first."""
        self.ensure_one()
        return self._charges_by_case(held=held)[self.id]

    # -- running by hand -----------------------------------------------------------------------------------------------

    def _may_run(self):
        user = self.env.user
        return user.has_group("pm_base.group_supervisor") or user.has_group("pm_base.group_accountant")

    def _check_may_run(self):
        if not self._may_run():
            raise AccessError(self.env._("To run the reminders you must be a supervisor or an accountant."))

    def action_run_now(self):
        """Make the reminders of today for the user's properties without waiting for the night; the same run, so twice
        is harmless and messages still keep the quiet hours.

        :raise AccessError: the user is neither supervisor nor accountant (S4-29)
        """
        self._check_may_run()
        properties = self.env["pm.property"].search([])  # the record rules leave the user's own
        # sudo: cases and actions are written by the program only; the right to start it was checked above
        count = sum(len(self.sudo()._run_property(prop)) for prop in properties.sudo())
        self.env["pm.dunning.action"].sudo()._dispatch_soon()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if count else "info",
                "message": self.env._("%s reminders were made; their messages are on the way.", count)
                if count
                else self.env._("Nothing to remind: today's reminders have all been made."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_preview(self):
        return self.env["pm.dunning.preview"]._open()

    # -- paying --------------------------------------------------------------------------------------------------------

    @api.model
    def _refresh_paid(self, debtors):
        """After a payment: refresh these cases at once, so that nothing more goes to somebody who has paid.

        :param debtors: set of (partner id, unit id)
        """
        cases = self.search(
            [
                ("partner_id", "in", [partner for partner, _unit in debtors]),
                ("unit_id", "in", [unit for _partner, unit in debtors]),
                ("state", "=", "open"),
            ]
        ).filtered(lambda case: (case.partner_id.id, case.unit_id.id) in debtors)
        cases._refresh_amounts()

    def _refresh_amounts(self):
        """Bring what these cases owe up to date; close those that owe nothing any more."""
        demanded, owed = self._charges_by_case(), self._charges_by_case(held=True)
        paid = self.filtered(lambda case: not owed[case.id])
        for case in self - paid:
            charges = demanded[case.id]
            amount = sum(charges.mapped("residual"))
            case.write(
                {
                    "amount_due": amount,
                    "amount_held": sum(owed[case.id].mapped("residual")) - amount,
                    "charge_count": len(charges),
                }
            )
        if paid:
            paid._close()
            paid.unit_id._refresh_watch()

    def _close(self):
        """Everything is paid: close, and stop what has not left the house yet."""
        if not self:
            return
        self.action_ids.filtered(lambda action: action._is_open())._cancel(self.env._("Everything overdue was paid."))
        for prop, cases in self.grouped("property_id").items():
            cases.write(
                {
                    "state": "closed",
                    "closed_on": prop._today(),
                    "amount_due": 0.0,
                    "amount_held": 0.0,
                    "charge_count": 0,
                }
            )
        self._after_close()

    def _after_close(self):
        """Hook: what hangs on these cases ends with them."""

    def _close_merged(self, kept):
        """Close cases whose payer is merged into another's: what was not sent is stopped, the record stays."""
        self.action_ids.filtered(lambda action: action._is_open())._cancel(
            self.env._("The contacts were merged: see the other case.")
        )
        for prop, cases in self.grouped("property_id").items():
            cases.write({"state": "closed", "closed_on": prop._today()})
        for case in self:
            case.message_post(body=self.env._("Merged into case %s.", kept.display_name))
        self._after_close()
