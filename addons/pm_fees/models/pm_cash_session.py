from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tools import float_round
from psycopg2.errors import UniqueViolation

from odoo.addons.pm_base.models.pm_program_fields import without_defaults
from odoo.addons.pm_base.tools.labels import selection_labels

_FLOW = {("open", "closed"), ("closed", "open"), ("closed", "handed_over")}
# Written by the program only: states, signatures, and what follows from them.
_LOCKED = {
    "state",
    "opened_at",
    "closed_at",
    "receiver_id",
    "handed_over_at",
    "difference_move_id",
    "reminded_on",
    "difference",
}
_COUNTED = {"counted_amount", "opening_amount", "difference_reason", "user_id", "property_id"}
# Drawn on the screen of either desk when the money changes hands, if not on the printed sheet.
_SIGNATURES = {"cashier_signature", "receiver_signature"}


class PmCashSession(models.Model):
    """A cashier's drawer from opening to signed hand-over (现金移交). Source: S0-53, CON-07, CON-23.

    Several sessions a day are allowed; the last one of a day has to be handed over when it holds cash.
    States: open → closed (counted) → handed over; a closed one can be opened again until it is signed.
    """

    _name = "pm.cash.session"
    _description = "Cash Session"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "opened_at desc, id desc"
    _check_company_auto = True

    _one_open = models.UniqueIndex(
        "(user_id, property_id) WHERE state = 'open'", "This cashier already has an open cash session on the property."
    )
    _reminder_index = models.Index("(property_id) WHERE state <> 'handed_over'")
    _amounts_positive = models.Constraint(
        "CHECK (opening_amount >= 0 AND counted_amount >= 0)", "Cash amounts cannot be negative."
    )

    name = fields.Char(compute="_compute_name", store=True)
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one("res.users", "Cashier", required=True, index=True, default=lambda self: self.env.user)
    opened_at = fields.Datetime(default=fields.Datetime.now, required=True, readonly=True)
    closed_at = fields.Datetime(readonly=True)
    opening_amount = fields.Monetary(
        "Opening Float",
        tracking=True,  # what is said to have been in the drawer decides what is missing from it
        help="Change money in the drawer when the session opens; it stays in the drawer.",
    )
    payment_ids = fields.One2many("pm.payment", "session_id", readonly=True)
    reversal_ids = fields.One2many("pm.payment", "reversal_session_id", string="Voided in this Session", readonly=True)
    cash_in = fields.Monetary("Cash Received", compute="_compute_cash")
    cash_out = fields.Monetary("Cash Paid Out", compute="_compute_cash")
    cash_due = fields.Monetary(
        "Cash to Hand Over", compute="_compute_cash", help="Received less paid out, without the opening float."
    )
    expected_amount = fields.Monetary("Expected in Drawer", compute="_compute_cash")
    payment_count = fields.Integer("Payments", compute="_compute_cash")
    counted_amount = fields.Monetary("Counted", tracking=True)
    difference = fields.Monetary(compute="_compute_difference", store=True)
    difference_reason = fields.Text("Why it Differs", help="Required when the counted cash differs from the receipts.")
    receiver_id = fields.Many2one("res.users", "Received By", readonly=True, tracking=True)
    handed_over_at = fields.Datetime(readonly=True)
    cashier_signature = fields.Binary("Signature of the Cashier", copy=False, attachment=True)
    receiver_signature = fields.Binary("Signature of the Receiver", copy=False, attachment=True)
    difference_move_id = fields.Many2one("account.move", "Difference Entry", readonly=True)
    reminded_on = fields.Date(readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("closed", "Counted"), ("handed_over", "Handed over")],
        required=True,
        default="open",
        readonly=True,
        copy=False,
        tracking=True,
    )

    @api.depends("property_id", "user_id", "opened_at")
    def _compute_name(self):
        for session in self:
            day = session.property_id and session.opened_at and session.property_id._local_date(session.opened_at)
            session.name = f"{session.property_id.code} {day} {session.user_id.name}" if day else session.user_id.name

    @api.depends("payment_ids.state", "payment_ids.amount", "reversal_ids.state", "opening_amount")
    def _compute_cash(self):
        Payment = self.env["pm.payment"]
        cash = [("method_id.code", "=", "cash"), ("state", "in", ("posted", "reversed"))]
        taken = {
            (session.id, direction): total
            for session, direction, total in Payment._read_group(
                [("session_id", "in", self.ids), *cash], ["session_id", "direction"], ["amount:sum"]
            )
        }
        voided = {
            (session.id, direction): total
            for session, direction, total in Payment._read_group(
                [("reversal_session_id", "in", self.ids), *cash], ["reversal_session_id", "direction"], ["amount:sum"]
            )
        }
        counts = dict(Payment._read_group([("session_id", "in", self.ids)], ["session_id"], ["__count"]))
        for session in self:
            # A voided receipt gives its cash back in the session in which it is voided.
            session.cash_in = taken.get((session.id, "in"), 0.0) + voided.get((session.id, "out"), 0.0)
            session.cash_out = taken.get((session.id, "out"), 0.0) + voided.get((session.id, "in"), 0.0)
            session.cash_due = session.cash_in - session.cash_out
            session.expected_amount = session.opening_amount + session.cash_due
            session.payment_count = counts.get(session, 0)

    @api.depends("counted_amount", "state")
    def _compute_difference(self):
        for session in self:
            session.difference = session.counted_amount - session.expected_amount if session.state != "open" else 0.0

    # -- crud -------------------------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            if not self.env.user.has_group("pm_base.group_cashier"):
                raise AccessError(self.env._("To open a cash session you must be a cashier."))
            # A session opens as one's own and empty, whatever a client sends.
            closed = _LOCKED | _SIGNATURES
            self = without_defaults(self, closed)  # noqa: PLW0642
            vals_list = [
                {**{name: value for name, value in vals.items() if name not in closed}, "user_id": self.env.uid}
                for vals in vals_list
            ]
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        if any(session.payment_ids or session.state != "open" for session in self):
            raise UserError(self.env._("A cash session that has taken money cannot be deleted."))

    def write(self, vals):
        """A cashier counts and explains; states, signatures and amounts taken are written by the program only."""
        counted = _COUNTED & vals.keys()
        if not self.env.su:
            locked = vals.keys() & _LOCKED
            if locked:
                raise AccessError(
                    self.env._(
                        "These fields of a cash session cannot be typed in: %(fields)s.",
                        fields=", ".join(sorted(locked)),
                    )
                )
            if _SIGNATURES & vals.keys():
                self._check_may_sign(vals)
            if counted:
                self._check_may_count()
        if counted and any(session.state == "handed_over" for session in self):
            raise UserError(self.env._("The cash session is handed over and signed: it can no longer be changed."))
        if counted and any(session.state == "closed" for session in self):
            # Closing asks for the reason of a difference: nobody counts otherwise behind it.
            raise UserError(self.env._("The cash session is closed: open it again to change what was counted."))
        if {"user_id", "property_id"} & vals.keys() and any(session.payment_ids for session in self):
            raise UserError(self.env._("The cash session has taken money: its cashier and property stay."))
        return super().write(vals)

    def _check_may_count(self):
        """A drawer is counted by its cashier, or by an accountant when he is gone."""
        if any(session.user_id != self.env.user for session in self) and not self.env.user.has_group(
            "pm_base.group_accountant"
        ):
            raise AccessError(self.env._("This cash session is of another cashier."))

    def _check_may_sign(self, vals):
        """What was counted is signed for, once: between counting and hand-over, the receiver by an accountant."""
        if any(session.state != "closed" for session in self):
            raise UserError(self.env._("To sign for the cash it must be counted and not handed over yet."))
        if "receiver_signature" in vals and (
            not self.env.user.has_group("pm_base.group_accountant") or self.env.user in self.user_id
        ):
            raise AccessError(
                self.env._("Whoever receives the cash signs for it: another than its cashier, an accountant.")
            )

    # -- actions ----------------------------------------------------------------------------------------------------

    def action_close(self):
        """Close with the counted amount; a difference must be explained (S0-53)."""
        for session in self:
            session._transition("closed")

    def action_reopen(self):
        for session in self:
            session._transition("open")

    def action_hand_over(self):
        """The accountant signs for the cash, as it was counted when he looked.

        The form says in the context which count it shows (`pm_seen_count`, its moment in UTC).
        """
        seen = self.env.context.get("pm_seen_count")
        for session in self:
            if seen and session.closed_at and seen != fields.Datetime.to_string(session.closed_at):
                raise UserError(
                    self.env._("The drawer was counted anew meanwhile: look at what is there now, then sign for it.")
                )
            session._transition("handed_over")

    def _transition(self, target):
        """The one place where the state changes."""
        self.ensure_one()
        self.check_access("write")
        if (self.state, target) not in _FLOW:
            labels = selection_labels(self, "state")
            raise UserError(
                self.env._(
                    "Cash session %(name)s is “%(state)s”: it cannot become “%(target)s”.",
                    name=self.name,
                    state=labels[self.state],
                    target=labels[target],
                )
            )
        getattr(self, f"_guard_{target}")()
        values = {"state": target}
        if target == "closed":
            values["closed_at"] = fields.Datetime.now()
        elif target == "open":
            # Signed was what was counted: it is counted and signed anew.
            values.update(closed_at=False, **dict.fromkeys(_SIGNATURES, False))
        else:
            values.update(receiver_id=self.env.uid, handed_over_at=fields.Datetime.now())
        # sudo: states are written here only, after the guard, see `write`
        self.sudo().write(values)
        if target == "handed_over":
            self._post_difference()
            self.activity_feedback(["mail.mail_activity_data_todo"])

    def _guard_closed(self):
        if self.env.user != self.user_id and not self.env.user.has_group("pm_base.group_accountant"):
            raise UserError(self.env._("To close a cash session you must be its cashier or an accountant."))
        difference = self.counted_amount - self.expected_amount
        if not self.currency_id.is_zero(difference) and not (self.difference_reason or "").strip():
            raise UserError(
                self.env._(
                    "Counted %(counted)s, expected %(expected)s: to close the session you must explain the difference of %(difference)s.",
                    counted=self.currency_id.format(self.counted_amount),
                    expected=self.currency_id.format(self.expected_amount),
                    difference=self.currency_id.format(difference),
                )
            )

    def _guard_open(self):
        if self.env.user != self.user_id and not self.env.user.has_group("pm_base.group_accountant"):
            raise UserError(self.env._("To open the session again you must be its cashier or an accountant."))

    def _guard_handed_over(self):
        if not self.env.user.has_group("pm_base.group_accountant"):
            raise UserError(self.env._("To receive cash you must be a project accountant."))
        if self.env.user == self.user_id:
            raise UserError(self.env._("Nobody hands cash over to himself: another accountant must sign."))
        if self.currency_id.compare_amounts(self.counted_amount - self.expected_amount, self.difference):
            # A payment or a void that was under way while the session was closed.
            raise UserError(
                self.env._(
                    "Cash was booked in this session after it was counted (expected is now %s): open it again and count anew.",
                    self.currency_id.format(self.expected_amount),
                )
            )

    def _check_holds(self, amount):
        """Before cash goes out.

        :raise UserError: the drawer holds less; says how money gets into it
        """
        self.ensure_one()
        if self.currency_id.compare_amounts(amount, self.expected_amount) > 0:
            raise UserError(
                self.env._(
                    "The drawer of %(cashier)s holds %(held)s, not %(amount)s: enter what was put into it as opening float of the cash session first.",
                    cashier=self.user_id.name,
                    held=self.currency_id.format(self.expected_amount),
                    amount=self.currency_id.format(amount),
                )
            )

    def _post_difference(self):
        """Book a counted difference, so that the cash account equals the cash."""
        if self.currency_id.is_zero(self.difference):
            return
        # sudo: the accountant signs for the count; the entry follows from it
        journal = self.env["pm.payment.method"].sudo()._get(self.company_id, "cash").journal_id
        account = journal.profit_account_id if self.difference > 0 else journal.loss_account_id
        if not account:
            raise UserError(
                self.env._(
                    "To hand over a difference, set the profit and loss account of the cash journal %s.",
                    journal.display_name,
                )
            )
        label = self.env._("Cash difference %s", self.name)
        move = (
            self.env["account.move"]
            .sudo()
            .with_company(self.company_id)
            .create(
                {
                    "move_type": "entry",
                    "journal_id": journal.id,
                    "date": self.property_id._local_date(self.closed_at),
                    "ref": label,
                    "line_ids": [
                        fields.Command.create(
                            {"account_id": journal.default_account_id.id, "balance": self.difference, "name": label}
                        ),
                        fields.Command.create({"account_id": account.id, "balance": -self.difference, "name": label}),
                    ],
                }
            )
        )
        move._post(soft=False)
        self.sudo().difference_move_id = move  # sudo: see `write`

    # -- business ---------------------------------------------------------------------------------------------------

    @api.model
    def _current(self, prop, create=False):
        """The open session of the user on a property; cash needs one, so the first cash of a day opens it."""
        session = self.search(
            [("user_id", "=", self.env.uid), ("property_id", "=", prop.id), ("state", "=", "open")], limit=1
        )
        if not session and create:
            try:
                with self.env.cr.savepoint():
                    # sudo: whether the user may take money was checked by the payment
                    session = self.sudo().create({"property_id": prop.id, "user_id": self.env.uid}).with_env(self.env)
            except UniqueViolation as error:
                # Another request of the same cashier opens it at this moment: repeated, this one finds it open.
                raise ConcurrencyError(self.env._("The cash session is being opened at this moment.")) from error
        return session

    @api.model
    def _cron_remind(self):
        """At the property's hand-over time: remind of cash that is not handed over (S0-53). Once per session and day."""
        for prop in self.env["pm.property"].search([]):
            now = prop._now_local()
            today = now.date()
            if float_round(now.hour + now.minute / 60, 2) < prop.cash_handover_time:
                continue
            sessions = self.search(
                [
                    ("property_id", "=", prop.id),
                    ("state", "in", ("open", "closed")),
                    "|",
                    ("reminded_on", "=", False),
                    ("reminded_on", "<", today),
                ]
            )
            # A drawer that gave out as much as it took, or more, is counted and signed for, too; an unused one is not.
            for session in sessions.filtered(lambda s: s.cash_in or s.cash_out):
                due = session.currency_id.compare_amounts(session.cash_due, 0.0) > 0
                session.activity_schedule(
                    "mail.mail_activity_data_todo",
                    user_id=session.user_id.id,
                    date_deadline=today,
                    summary=session.env._(
                        "Count and hand over %s in cash before closing", session.currency_id.format(session.cash_due)
                    )
                    if due
                    else session.env._("Count the drawer and hand over the cash session before closing"),
                )
                session.reminded_on = today

    def _is_overdue(self):
        """Whether cash of an earlier day is still in the drawer."""
        self.ensure_one()
        opened = self.property_id._local_date(self.opened_at)
        return self.state != "handed_over" and opened <= self.property_id._today() - timedelta(days=1)
