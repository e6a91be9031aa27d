from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

from odoo.addons.pm_base.models.pm_program_fields import without_defaults

RESULTS = [
    ("promised", "Promised"),
    ("paid", "Says it is paid"),
    ("disputed", "Disputed"),
    ("unreachable", "Not reached"),
    ("refused", "Refuses to Pay"),
]
# What the caller fills in; the rest is history.
_OPEN_FIELDS = {
    "channel",
    "result",
    "promise_date",
    "promise_amount",
    "reason_id",
    "note",
    "ticket_id",
    "proof_ids",
    "called_at",
}


class PmDunningCall(models.Model):
    """One entry of a butler's call list, and what came of it: channel, time, person, result, proof (S4-66, S1-23).

    Lists are made at the hours of the rounds. An entry that nobody worked on by the next list is marked missed.
    """

    _name = "pm.dunning.call"
    _description = "Collection Call"
    _inherit = ["pm.files"]
    _order = "date desc, round_id, stage desc, amount_due desc, id"

    _once = models.UniqueIndex("(case_id, date, round_id)", "This household is on the list already.")
    _todo_index = models.Index("(property_id, user_id, date) WHERE state = 'todo'")

    case_id = fields.Many2one("pm.dunning.case", required=True, index=True, readonly=True, ondelete="restrict")
    property_id = fields.Many2one("pm.property", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(related="case_id.partner_id")
    unit_id = fields.Many2one(related="case_id.unit_id", store=True)
    phone = fields.Char(related="partner_id.phone")
    stage = fields.Integer("Months Overdue", readonly=True)
    amount_due = fields.Monetary("Overdue", readonly=True)
    amount_now = fields.Monetary("Overdue Now", related="case_id.amount_due")
    user_id = fields.Many2one("res.users", "Butler", readonly=True, index="btree_not_null")
    date = fields.Date(required=True, readonly=True, default=lambda self: fields.Date.context_today(self))
    round_id = fields.Many2one("pm.dunning.call.round", readonly=True, ondelete="restrict")
    why = fields.Selection(
        [
            ("level", "Monthly call"),
            ("broken", "Promise broken"),
            ("unreached", "Not reached before"),
            ("campaign", "Campaign"),
            ("hand", "By hand"),
        ],
        "Why on the List",
        required=True,
        readonly=True,
        default="hand",
    )
    action_ids = fields.Many2many("pm.dunning.action", "pm_dunning_call_action_rel", readonly=True, string="Steps")
    history = fields.Html(compute="_compute_history", sanitize=False, help="The last contacts with this household.")
    unanswered = fields.Integer("Unanswered Before", readonly=True, help="Calls in a row that nobody answered.")

    channel = fields.Selection(
        [("phone", "Phone"), ("visit", "Visit"), ("counter", "At the counter"), ("chat", "Chat")],
        required=True,
        default="phone",
    )
    result = fields.Selection(RESULTS)
    promise_date = fields.Date("Promised Until")
    promise_amount = fields.Monetary("Promised Amount")
    reason_id = fields.Many2one("pm.dunning.reason", "Why Unpaid")
    note = fields.Text()
    ticket_id = fields.Many2one(
        "pm.ticket", help="The ticket that looks into the objection; a complaint is recorded when none is named."
    )
    proof_ids = fields.Many2many("ir.attachment", string="Evidence of the Contact", help="Recording, photo, chat.")
    called_at = fields.Datetime("Time")
    called_by_id = fields.Many2one("res.users", readonly=True)
    promise_id = fields.Many2one("pm.dunning.promise", readonly=True)
    hold_id = fields.Many2one("pm.dunning.hold", readonly=True)
    state = fields.Selection(
        [("todo", "To do"), ("done", "Done"), ("missed", "Missed"), ("dropped", "Not needed")],
        required=True,
        default="todo",
        readonly=True,
    )

    @api.depends("case_id", "date")
    def _compute_display_name(self):
        for call in self:
            call.display_name = f"{call.case_id.display_name} {format_date(self.env, call.date)}"

    def _compute_history(self):
        for call in self:
            call.history = call.case_id._contact_history(before=call)

    @api.model_create_multi
    def create(self, vals_list):
        """A contact recorded by hand: the user says what was said, the case the rest."""
        if not self.env.su:
            self = without_defaults(self, set(self._fields) - _OPEN_FIELDS - {"case_id"})  # noqa: PLW0642
        rows = []
        for vals in vals_list:
            case = self.env["pm.dunning.case"].browse(vals.get("case_id") or self.env.context.get("default_case_id"))
            case.check_access("read")
            if case.state != "open":
                raise UserError(self.env._("Everything is paid: there is nothing to collect."))
            rows.append(
                {
                    **{name: value for name, value in vals.items() if self.env.su or name in _OPEN_FIELDS},
                    "case_id": case.id,
                    "property_id": case.property_id.id,
                    "company_id": case.company_id.id,
                    "stage": case.stage,
                    "amount_due": case.amount_due,
                    "user_id": case.user_id.id,
                    "date": case.property_id._today(),
                }
            )
        return super().create(rows)

    def write(self, vals):
        if not self.env.su:
            if any(call.state != "todo" for call in self):
                raise UserError(self.env._("A recorded call is history and stays as it is (S0-133)."))
            if vals.keys() - _OPEN_FIELDS:
                raise UserError(self.env._("Of a call only its result can be recorded."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(self.env._("Calls are part of the collection record and are never deleted (S0-133)."))

    @api.onchange("result")
    def _onchange_result(self):
        if self.result == "promised":
            self.promise_amount = self.promise_amount or self.case_id.amount_due
        else:
            self.promise_date = self.promise_amount = False

    # -- recording -----------------------------------------------------------------------------------------------------

    def action_record(self):
        """Record the result and do what follows from it.

        :raise UserError: the result lacks what it needs: a day, a reason, a note
        """
        for call in self:
            call.check_access("write")
            if call.state != "todo":
                raise UserError(self.env._("A recorded call is history and stays as it is (S0-133)."))
            call._check_result()
            now = fields.Datetime.now()
            if call.called_at and call.called_at > now + timedelta(minutes=5):
                raise UserError(self.env._("A call cannot be recorded before it was made."))
            values = {
                "state": "done",
                "called_at": call.called_at or now,
                "called_by_id": self.env.uid,
                **getattr(call, f"_on_{call.result}")(),
            }
            # sudo: the program writes the record; who may write the call was checked above
            call = call.sudo()
            call.write(values)
            if call.reason_id:
                call.case_id.reason_id = call.reason_id
            if call.result != "unreachable":
                steps = call.case_id.action_ids.filtered(lambda action: action.state == "to_call")
                steps.with_context(tracking_disable=True)._transition("done")
                call.action_ids |= steps
                others = self.sudo().search([("case_id", "=", call.case_id.id), ("state", "=", "todo")])
                others.write({"state": "dropped"})
            call.case_id.activity_feedback(["mail.mail_activity_data_call"])
        return True

    def _check_result(self):
        self.ensure_one()
        missing = None
        if not self.result:
            missing = self.env._("choose the result")
        elif self.result == "promised" and not self.promise_date:
            missing = self.env._("enter until when payment was promised")
        elif self.result in ("disputed", "refused") and not self.reason_id:
            missing = self.env._("choose why it is not paid")
        elif self.result == "disputed" and not (self.note or "").strip():
            missing = self.env._("write down what the customer objects to")
        if missing:
            raise UserError(
                self.env._("To record the call of %(case)s: %(what)s.", case=self.case_id.display_name, what=missing)
            )

    def _on_promised(self):
        # sudo: promises are written by the program
        promise = (
            self.env["pm.dunning.promise"]
            .sudo()
            ._take(self.case_id.sudo(), self.promise_amount or self.case_id.amount_due, self.promise_date)
        )
        return {"promise_id": promise.id}

    def _on_paid(self):
        """The money may be on its way: wait some days for it, then go on."""
        days = self.case_id.policy_id.paid_check_days
        until = fields.Date.add(self.property_id._today(), days=days)
        # sudo: promises are written by the program
        promise = (
            self.env["pm.dunning.promise"]
            .sudo()
            ._take(self.case_id.sudo(), self.case_id.amount_due, until, kind="paid")
        )
        return {"promise_id": promise.id}

    def _on_disputed(self):
        """First our own service: a ticket looks into the objection and holds the legal steps (S3-26)."""
        ticket = self.ticket_id or self.env["pm.ticket"].create(
            {
                "name": self.env._("Objection to a bill: %s", self.reason_id.name),
                "type_id": self.env["pm.ticket.type"].search([("code", "=", "complaint")], limit=1).id,
                "channel": "phone" if self.channel != "counter" else "counter",
                "property_id": self.property_id.id,
                "unit_id": self.unit_id.id,
                "partner_id": self.partner_id.id,
                "description": self.note,
            }
        )
        hold = self.env["pm.dunning.hold"].create(
            {"case_id": self.case_id.id, "kind": "dispute", "ticket_id": ticket.id, "reason": self.note}
        )
        return {"ticket_id": ticket.id, "hold_id": hold.id}

    def _on_refused(self):
        return {}

    def _on_unreachable(self):
        return {}

    # -- lists ---------------------------------------------------------------------------------------------------------

    @api.model
    def _cron_lists(self):
        """Make the call lists whose hour has come, in every property; safe to run twice."""
        self.env["ir.cron"]._each_property(self._make_lists, "call lists")

    @api.model
    def _make_lists(self, prop):
        """Make the lists of a property whose hour has come today.

        :return: new entries
        """
        now = prop._now_local()
        hour, today = now.hour + now.minute / 60, now.date()
        rounds = self.env["pm.dunning.call.round"].search(
            [("property_id", "in", (False, prop.id)), ("hour", "<=", hour)]
        )
        own = rounds.filtered("property_id")
        made = self.browse()
        for call_round in own or rounds:
            if not self.search_count(
                [("property_id", "=", prop.id), ("date", "=", today), ("round_id", "=", call_round.id)], limit=1
            ):
                made |= self._make_list(prop, call_round, today)
        return made

    @api.model
    def _make_list(self, prop, call_round, today):
        begins = prop._local_to_utc(today, call_round.hour)
        todo = self.search([("property_id", "=", prop.id), ("state", "=", "todo")])
        # A list made late in the day is not missed because the next round's hour has come meanwhile.
        todo.filtered(lambda call: call.round_id and call.create_date <= begins).write({"state": "missed"})
        todo.filtered(lambda call: not call.round_id and call.date < today).write({"state": "dropped"})
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
            INSERT INTO pm_dunning_call (case_id, property_id, company_id, unit_id, user_id, stage, amount_due, date, round_id,
                        why, unanswered, channel, state, create_uid, create_date, write_uid, write_date)
            SELECT id, property_id, company_id, unit_id, user_id, stage, amount_due, %(today)s, %(round)s,
                   CASE WHEN broken THEN 'broken' WHEN unanswered > 0 THEN 'unreached' ELSE 'level' END, unanswered,
                   CASE WHEN visit_after > 0 AND unanswered >= visit_after THEN 'visit' ELSE 'phone' END,
                   'todo', %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM (SELECT todo.*, row_number() OVER (PARTITION BY user_id ORDER BY broken DESC, stage DESC, amount_due DESC, id) AS place
                      FROM (%(todo)s) todo) ranked
             WHERE place <= %(most)s
            ON CONFLICT (case_id, date, round_id) DO NOTHING
            RETURNING id
            """,
                todo=self._todo_sql(prop, call_round, today),
                today=today,
                round=call_round.id,
                most=call_round.calls_max,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        calls = self.browse([row[0] for row in rows])
        self.invalidate_model()
        calls._link_steps()
        calls._tell_butlers()
        return calls

    @api.model
    def _todo_sql(self, prop, call_round, today):
        """Cases of a property that are to be called now: an open step of the ladder, or a promise broken since the last
        contact; not those with an open promise or a hardship hold. A repeat takes those not reached earlier today."""
        earlier = SQL(
            """
            AND EXISTS (SELECT FROM pm_dunning_call call WHERE call.case_id = dunning.id AND call.date = %(today)s
                           AND call.create_date <= %(begins)s
                           AND (call.state = 'missed' OR call.result = 'unreachable'))
            """,
            today=today,
            begins=prop._local_to_utc(today, call_round.hour),
        )
        return SQL(
            """
            SELECT dunning.id, dunning.property_id, dunning.company_id, dunning.unit_id, dunning.user_id, dunning.stage,
                   dunning.amount_due, policy.visit_after, broken.id IS NOT NULL AS broken, coalesce(silent.number, 0) AS unanswered
              FROM pm_dunning_case dunning
              JOIN pm_dunning_policy policy ON policy.id = dunning.policy_id
              LEFT JOIN LATERAL (
                   SELECT max(call.called_at) AS moment FROM pm_dunning_call call
                    WHERE call.case_id = dunning.id AND call.state = 'done' AND call.result <> 'unreachable') reached ON TRUE
              LEFT JOIN LATERAL (
                   SELECT promise.id FROM pm_dunning_promise promise
                    WHERE promise.case_id = dunning.id AND promise.state = 'broken'
                      AND promise.settled_at > coalesce(reached.moment, '-infinity')
                    LIMIT 1) broken ON TRUE
              LEFT JOIN LATERAL (
                   SELECT count(*) AS number FROM pm_dunning_call call
                    WHERE call.case_id = dunning.id AND call.state = 'done' AND call.result = 'unreachable'
                      AND call.called_at > coalesce(reached.moment, '-infinity')) silent ON TRUE
             WHERE dunning.state = 'open' AND dunning.property_id = %(property)s AND dunning.amount_due > 0
               AND (broken.id IS NOT NULL OR EXISTS (
                    SELECT FROM pm_dunning_action step WHERE step.case_id = dunning.id AND step.state = 'to_call'))
               AND NOT EXISTS (SELECT FROM pm_dunning_promise promise WHERE promise.case_id = dunning.id AND promise.state = 'open')
               AND NOT EXISTS (SELECT FROM pm_dunning_hold hold WHERE hold.case_id = dunning.id AND hold.state = 'active'
                                  AND hold.kind = 'hardship')
               %(earlier)s
            """,
            property=prop.id,
            earlier=earlier if call_round.repeat_only else SQL(),
        )

    def _link_steps(self):
        """Remember which steps of the ladder put these households on the list."""
        steps = self.env["pm.dunning.action"].search([("case_id", "in", self.case_id.ids), ("state", "=", "to_call")])
        by_case = steps.grouped("case_id")
        for call in self:
            if call.case_id in by_case:
                call.action_ids = by_case[call.case_id]

    def _tell_butlers(self):
        """Tell each butler in one message that his list is there."""
        action = self.env.ref("pm_fees.pm_dunning_call_action")
        for user, calls in self.grouped("user_id").items():
            if user:
                self.env["mail.thread"].message_notify(
                    partner_ids=user.partner_id.ids,
                    subject=self.env._("Your call list: %s households", len(calls)),
                    body=self.env._("Open the list under Fees → Reminders → Call List (/odoo/%s).", action.path),
                )


class PmDunningCase(models.Model):
    _inherit = "pm.dunning.case"

    call_ids = fields.One2many("pm.dunning.call", "case_id", "Calls", readonly=True)

    def action_log_contact(self):
        """Record a call, a visit or a talk at the counter that is on no list."""
        self.ensure_one()
        if self.state != "open":
            raise UserError(self.env._("Everything is paid: there is nothing to collect."))
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.dunning.call",
            "view_mode": "form",
            "views": [(self.env.ref("pm_fees.pm_dunning_call_view_form").id, "form")],
            "target": "new",
            "name": self.env._("Record Contact"),
            "context": {"default_case_id": self.id},
        }

    def _contact_history(self, before=None, limit=8):
        """The last contacts as rows of HTML: day, way, result, words."""
        self.ensure_one()
        return self.env["ir.qweb"]._render(
            "pm_fees.dunning_contact_history",
            {
                "calls": (
                    self.call_ids.filtered(lambda call: call.state == "done") - (before or self.call_ids.browse())
                )[:limit]
            },
        )

    def _after_close(self):
        super()._after_close()
        # sudo: the program ends what hangs on a paid case
        self.sudo().call_ids.filtered(lambda call: call.state == "todo").write({"state": "dropped"})
