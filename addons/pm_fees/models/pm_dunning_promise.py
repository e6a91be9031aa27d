from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class PmDunningPromise(models.Model):
    """What a debtor promised to pay, and whether he did (S1-23). Written by the program from calls and the counter.

    A promise acknowledges the debt: the limitation of what was overdue then starts anew (Civil Code art. 195, L-14).
    """

    _name = "pm.dunning.promise"
    _description = "Promise to Pay"
    _order = "date desc, id desc"

    _amount_positive = models.Constraint("CHECK (amount > 0)", "A promise is about an amount above zero.")
    _one_open = models.UniqueIndex("(case_id) WHERE state = 'open'", "This household has an open promise already.")
    _watch_index = models.Index("(property_id, date) WHERE state = 'open'")

    case_id = fields.Many2one("pm.dunning.case", required=True, readonly=True, index=True, ondelete="restrict")
    property_id = fields.Many2one(related="case_id.property_id", store=True, precompute=True)
    company_id = fields.Many2one(related="case_id.company_id", store=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(related="case_id.partner_id", store=True, precompute=True)
    unit_id = fields.Many2one(related="case_id.unit_id", store=True, precompute=True)
    user_id = fields.Many2one("res.users", "Taken By", readonly=True)
    kind = fields.Selection(
        [("promise", "Promised"), ("paid", "Says it is paid")], required=True, readonly=True, default="promise"
    )
    promised_on = fields.Date(required=True, readonly=True)
    date = fields.Date("To Be Paid By", required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    owed = fields.Monetary("Owed Then", readonly=True, help="Overdue on the day of the promise, held charges included.")
    received = fields.Monetary("Received So Far", readonly=True, help="Paid since, when the promise was settled.")
    state = fields.Selection(
        [("open", "Open"), ("kept", "Kept"), ("broken", "Broken"), ("replaced", "Replaced")],
        required=True,
        readonly=True,
        default="open",
    )
    settled_on = fields.Date(readonly=True)
    settled_at = fields.Datetime(readonly=True)

    @api.depends("amount", "date")
    def _compute_display_name(self):
        for promise in self:
            promise.display_name = f"{promise.case_id.display_name} {promise.date or ''}"

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(self.env._("Promises are part of the collection record and are never deleted (S0-133)."))

    @api.model
    def _take(self, case, amount, date, kind="promise"):
        """Record a promise; it takes the place of an open one.

        :raise UserError: the day or the amount is no promise
        """
        today = case.property_id._today()
        limit = fields.Date.add(today, days=case.policy_id.promise_max_days)
        if not today <= date <= limit:
            raise UserError(
                self.env._(
                    "A promise is for a day between today and %(limit)s; agree on instalments for longer.", limit=limit
                )
            )
        if case.currency_id.compare_amounts(amount, 0) <= 0:
            raise UserError(self.env._("Enter how much is promised."))
        self.search([("case_id", "=", case.id), ("state", "=", "open")]).write(
            {"state": "replaced", "settled_on": today}
        )
        self.env.flush_all()
        return self.create(
            {
                "case_id": case.id,
                "kind": kind,
                "promised_on": today,
                "date": date,
                "amount": min(amount, case.amount_due + case.amount_held),
                "owed": case.amount_due + case.amount_held,
                "user_id": self.env.uid,
            }
        )

    @api.model
    def _settle(self, prop, today):
        """Daily: a promise is kept as soon as its amount came in, and broken when its day is over without."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT promise.id, promise.owed - coalesce((
                       SELECT sum(charge.residual) FROM pm_charge charge
                        WHERE charge.partner_id = dunning.partner_id AND charge.unit_id = dunning.unit_id
                          AND charge.paid_state IN ('unpaid', 'partial') AND charge.due_date < promise.promised_on), 0)
                  FROM pm_dunning_promise promise JOIN pm_dunning_case dunning ON dunning.id = promise.case_id
                 WHERE promise.state = 'open' AND promise.property_id = %s
                """,
                prop.id,
            )
        )
        received, now = dict(rows), fields.Datetime.now()
        for promise in self.browse(list(received)):
            came = promise.currency_id.round(float(received[promise.id]))
            if promise.currency_id.compare_amounts(came, promise.amount) >= 0:
                promise.write({"state": "kept", "received": came, "settled_on": today, "settled_at": now})
            elif promise.date < today:
                promise.write({"state": "broken", "received": max(came, 0.0), "settled_on": today, "settled_at": now})
