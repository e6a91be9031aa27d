from collections import defaultdict

from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from odoo.addons.pm_base.tools.labels import selection_labels

from .pm_dunning_level import KINDS, LEGAL_KINDS

OPEN_STATES = ("planned", "queued", "to_call", "to_deliver", "to_approve", "at_counsel")
# What people record while a paper is on its way, and what they may still add when it is done.
_DELIVERY_FIELDS = {"delivery_method", "delivered_on", "signed", "carrier_id", "tracking_no", "sent_on"}
_PAPERS = {"proof_ids", "letter_ids"}
_CHATTER = {
    "message_follower_ids",
    "message_ids",
    "message_main_attachment_id",
    "activity_ids",
}
# (from, to); what is not listed does not exist.
_FLOW = {
    ("planned", "queued"),
    ("planned", "to_call"),
    ("planned", "to_deliver"),
    ("planned", "to_approve"),
    ("queued", "done"),
    ("queued", "to_call"),  # no message could be sent: the next way to reach the debtor
    ("queued", "to_deliver"),
    ("to_call", "done"),
    ("to_call", "to_deliver"),
    ("to_deliver", "done"),
    ("to_approve", "at_counsel"),
    ("at_counsel", "to_deliver"),
    ("at_counsel", "done"),
    *((state, "cancelled") for state in OPEN_STATES),
}
# Planned actions handed over in one transaction.
_DISPATCH_CHUNK = 100
# More than this many are left to the background job.
_DISPATCH_NOW = 100


class PmDunningAction(models.Model):
    """One step of the ladder in one case, with its proof. Never deleted, only cancelled with a reason (S0-133).

    ========== ======================================================== ===================================
    state      meaning                                                  leaves it
    ========== ======================================================== ===================================
    planned    made by the run                                          hand-over
    queued     messages handed to the message service                   the service reports: done, or the
                                                                        next way (call, paper)
    to_call    on the butler's call list                                a recorded call
    to_deliver a paper to print, or a letter on its way                 recorded delivery
    to_approve a legal step that the system only proposes (L-07)        approval or refusal
    at_counsel approved, the lawyer works on it                         letter sent; mandate accepted
    done                                                                –
    cancelled  with a reason; also what an undone run made              –
    ========== ======================================================== ===================================
    """

    _name = "pm.dunning.action"
    _description = "Reminder Action"
    _inherit = ["pm.files", "mail.thread", "mail.activity.mixin"]
    _order = "date desc, id desc"

    _key_unique = models.UniqueIndex(
        "(case_id, level_id, month) WHERE undone IS NOT TRUE", "This reminder of the month already exists."
    )
    _todo_index = models.Index("(property_id, state) WHERE state NOT IN ('done', 'cancelled')")
    _planned_index = models.Index("(id) WHERE state = 'planned'")

    case_id = fields.Many2one("pm.dunning.case", required=True, readonly=True, ondelete="restrict")
    level_id = fields.Many2one("pm.dunning.level", required=True, readonly=True, ondelete="restrict")
    kind = fields.Selection(KINDS, required=True, readonly=True)
    run_id = fields.Many2one("pm.dunning.run", "Run", readonly=True, index="btree_not_null", ondelete="restrict")
    undone = fields.Boolean(readonly=True, help="Made by a run that was undone: a later run may make it again.")
    month = fields.Date(
        required=True, readonly=True, help="First day of the month in which the arrears became that old."
    )
    stage = fields.Integer("Months Overdue", readonly=True)
    property_id = fields.Many2one("pm.property", required=True, readonly=True, index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one("res.partner", "Payer", required=True, readonly=True, index=True)
    unit_id = fields.Many2one("pm.unit", required=True, readonly=True, index=True)
    date = fields.Date("Made On", required=True, readonly=True)
    deadline = fields.Date("Pay Until", readonly=True)
    amount_due = fields.Monetary("Overdue on That Day", readonly=True)
    penalty = fields.Monetary(
        "Possible Penalty", compute="_compute_demand", help="Simulated by the contract rate; nothing is booked."
    )
    demanded = fields.Monetary(compute="_compute_demand", help="Overdue as printed, else as of now.")
    charge_ids = fields.Many2many("pm.charge", compute="_compute_demand", string="Overdue Charges")
    amount_table = fields.Html(compute="_compute_demand", sanitize=False, help="Overdue by item and age, for e-mails.")
    demand_ids = fields.One2many(
        "pm.dunning.demand", "action_id", "Demanded", readonly=True, help="What the paper demanded when it was printed."
    )
    frozen_on = fields.Date(
        "Printed On", readonly=True, help="From then on the paper says the same whenever it is printed."
    )
    payment_url = fields.Char(compute="_compute_payment_url")
    message_ref_ids = fields.Many2many("pm.message", compute="_compute_messages", string="Sent Messages")
    fallback_reason = fields.Char(
        "Not Reached By Message", readonly=True, help="Why no message could be sent; the debtor is reached another way."
    )
    delivery_method = fields.Selection(
        [
            ("hand", "By hand"),
            ("door", "Left at the address"),
            ("post", "By post"),
            ("express", "By express"),
            ("email", "E-mailed"),
        ],
        tracking=True,
    )
    sent_on = fields.Date(tracking=True, help="The day the letter was given to the carrier.")
    carrier_id = fields.Many2one("pm.dunning.carrier", tracking=True)
    tracking_no = fields.Char("Tracking Number", tracking=True, index="btree_not_null")
    delivered_on = fields.Date(tracking=True)
    delivered_by_id = fields.Many2one("res.users", readonly=True)
    signed = fields.Boolean("Signed by the Customer", tracking=True)
    proof_ids = fields.Many2many("ir.attachment", string="Proof", help="Photo or scan of the signed notice.")
    letter_ids = fields.Many2many(
        "ir.attachment",
        "pm_dunning_action_letter_rel",
        string="Letter",
        help="The letter as it was sent (S0-135), or the signed mandate.",
    )
    proven = fields.Boolean(
        compute="_compute_proven",
        store=True,
        help="Delivered, and there is a signature, a photo or scan, or an express number to prove it (L-07, L-14).",
    )
    counsel_id = fields.Many2one("res.users", "Legal Counsel", readonly=True, index="btree_not_null")
    approved_by_id = fields.Many2one("res.users", readonly=True)
    approved_on = fields.Date(readonly=True)
    approval_note = fields.Text(readonly=True)
    approval_facts = fields.Json(readonly=True, help="The checklist as it stood when the step was approved.")
    letter_number = fields.Integer(readonly=True, help="Which letter of this case it is.")
    cancel_reason = fields.Char(readonly=True, tracking=True)
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("queued", "Handed to messages"),
            ("to_call", "To call"),
            ("to_deliver", "To deliver"),
            ("to_approve", "To approve"),
            ("at_counsel", "With counsel"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="planned",
        readonly=True,
        tracking=True,
    )

    @api.depends("case_id", "level_id", "month")
    def _compute_display_name(self):
        for action in self:
            action.display_name = (
                f"{action.unit_id.name} {action.level_id.name} {action.month:%Y-%m}"
                if action.month
                else action.level_id.name
            )

    @api.depends("state", "delivered_on", "signed", "proof_ids", "tracking_no")
    def _compute_proven(self):
        for action in self:
            action.proven = bool(
                action.state == "done"
                and action.kind in ("notice", "letter", "message", "call")
                and action.delivered_on
                and (action.signed or action.proof_ids or action.tracking_no)
            )

    @api.depends("case_id.charge_count", "date", "frozen_on")
    @api.depends_context("lang")
    def _compute_demand(self):
        """The demand as printed, else as of today: by item and age, with the penalty the contract may add (S0-132)."""
        by_action = self._demands()
        for action in self:
            rows = by_action[action.id]
            action.charge_ids = self.env["pm.charge"].union(*(row.charge_id for row in rows))
            action.demanded = action.currency_id.round(sum(row.amount for row in rows))
            action.penalty = action.currency_id.round(sum(row.penalty for row in rows))
            action.amount_table = action._amount_table(rows)

    def _demands(self):
        """{action id: rows of pm.dunning.demand}; what is not printed yet gets rows as of today that are not stored."""
        Demand = self.env["pm.dunning.demand"]
        # sudo: whoever may see the action sees what it demands
        found = {action.id: action.sudo().demand_ids for action in self if action.frozen_on}
        live = self.filtered(lambda action: not action.frozen_on)
        charges = live.case_id._charges_by_case()
        for action in live:
            rows = live._prepare_demands(action, charges.get(action.case_id.id, self.env["pm.charge"]))
            found[action.id] = Demand.sudo().union(*(Demand.sudo().new(vals) for vals in rows))
        return found

    def _prepare_demands(self, action, charges):
        """Values of what one action demands of `charges` today."""
        today = action.property_id._today()
        penalties = action.case_id.policy_id._penalties(action.currency_id, charges, today)
        return [
            {
                "action_id": action.id,
                "charge_id": charge.id,
                "days": (today - charge.due_date).days,
                "amount": charge.residual,
                "penalty": penalties.get(charge.id, {}).get("amount", 0.0),
            }
            for charge in charges
        ]

    def _freeze(self):
        """Fix what these papers demand: from now on they print the same, whatever is paid later (S0-133).

        Papers for which nothing is owed any more are cancelled instead, their cases closed.

        :return: the actions that still demand something
        """
        todo = self.filtered(lambda action: not action.frozen_on and action.state != "cancelled")
        # sudo: the program writes the record; who may print may freeze
        cases = todo.case_id.sudo()
        cases.filtered(lambda case: case.state == "open")._refresh_amounts()
        todo = todo.filtered(lambda action: action.state != "cancelled")
        charges = todo.case_id._charges_by_case()
        rows = [vals for action in todo for vals in self._prepare_demands(action, charges[action.case_id.id])]
        self.env["pm.dunning.demand"].sudo().create(rows)
        for prop, actions in todo.grouped("property_id").items():
            for amount, same in actions.grouped(
                lambda action: action.currency_id.round(sum(charges[action.case_id.id].mapped("residual")))
            ).items():
                same.sudo().write({"frozen_on": prop._today(), "amount_due": amount})
        return self.filtered(lambda action: action.state != "cancelled")

    def _amount_table(self, demands):
        """Rows of an e-mail: what, period, due, age in days, amount."""
        cell = Markup('<td style="padding:4px 8px;border-bottom:1px solid #ddd%s">%s</td>')
        right = Markup(";text-align:right")
        rows = Markup("").join(
            Markup("<tr>")
            + cell % ("", row.charge_id.display_name)
            + cell % ("", format_date(self.env, row.charge_id.due_date))
            + cell % (right, row.days)
            + cell % (right, self.currency_id.format(row.amount))
            + Markup("</tr>")
            for row in demands
        )
        head = Markup("").join(
            Markup('<th style="padding:4px 8px;text-align:left;border-bottom:2px solid #333">%s</th>') % title
            for title in (self.env._("Item"), self.env._("Due"), self.env._("Days Overdue"), self.env._("Owed"))
        )
        return Markup('<table style="border-collapse:collapse;width:100%%"><tr>%s</tr>%s</table>') % (head, rows)

    def _compute_payment_url(self):
        for action in self:
            action.payment_url = f"{action.company_id.get_base_url()}/my/bills"

    def _compute_messages(self):
        # sudo: who sees the reminder may see whether its messages went out
        messages = self.env["pm.message"].sudo().search([("res_model", "=", self._name), ("res_id", "in", self.ids)])
        by_action = defaultdict(lambda: self.env["pm.message"])
        for message in messages:
            by_action[message.res_id] |= message
        for action in self:
            action.message_ref_ids = by_action[action.id]

    # -- guards --------------------------------------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(
            self.env._(
                "A reminder is part of the collection record: it is never deleted, only cancelled with a reason (S0-133)."
            )
        )

    def write(self, vals):
        """People record the delivery; everything else is history and only written by the program (S0-133)."""
        if not self.env.su:
            locked = vals.keys() - _DELIVERY_FIELDS - _PAPERS - _CHATTER
            if locked:
                raise AccessError(
                    self.env._(
                        "Of a reminder only its delivery can be recorded, not %(fields)s.",
                        fields=", ".join(sorted(locked)),
                    )
                )
            over = self.filtered(lambda action: action.state in ("done", "cancelled"))
            if over and vals.keys() & _DELIVERY_FIELDS:
                raise UserError(
                    self.env._(
                        "The delivery of %s is on record and cannot be changed. Further proof can be added.",
                        over[0].display_name,
                    )
                )
            for name in _PAPERS & vals.keys():
                self._check_papers_kept(vals[name])
        return super().write(vals)

    def _check_papers_kept(self, commands):
        """Papers are added to a record that is done, never taken away (S0-133)."""
        if any(action.state in ("done", "cancelled") for action in self):
            for command in commands:
                if command[0] not in (0, 4):
                    raise UserError(self.env._("Proof that is on record is never removed. Add what is missing."))

    def _transition(self, target, **values):
        """The one place where the state changes."""
        for action in self:
            if (action.state, target) not in _FLOW:
                labels = selection_labels(self, "state")
                raise UserError(
                    self.env._(
                        "Reminder %(name)s is “%(state)s”: it cannot become “%(target)s”.",
                        name=action.display_name,
                        state=labels[action.state],
                        target=labels[target],
                    )
                )
        self.check_access("write")
        if not self:
            return
        # sudo: who did what and when is written here only, see `write`
        self.sudo().write({"state": target, **values})

    def _is_open(self):
        self.ensure_one()
        return self.state in OPEN_STATES

    # -- hand-over -----------------------------------------------------------------------------------------------------

    @api.model
    def _cron_dispatch(self):
        """Hand over what the runs planned, in chunks with a commit each; also what an interrupted run left behind."""
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=self.search_count([("state", "=", "planned")]))
        while actions := self._lock_planned(_DISPATCH_CHUNK):
            actions._dispatch()
            if not cron._commit_progress(len(actions)):
                self.env.ref("pm_fees.ir_cron_dunning_dispatch")._trigger()
                return

    @api.model
    def _dispatch_soon(self):
        """Hand over a few at once; many are left to the background job."""
        if self.search_count([("state", "=", "planned")], limit=_DISPATCH_NOW + 1) > _DISPATCH_NOW:
            self.env.ref("pm_fees.ir_cron_dunning_dispatch")._trigger()
            return
        while actions := self._lock_planned(_DISPATCH_CHUNK):
            actions._dispatch()

    @api.model
    def _lock_planned(self, limit):
        """Planned actions that no other worker has in hand, locked until the end of the transaction."""
        self.flush_model(["state"])
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM pm_dunning_action WHERE state = 'planned' ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED",
                limit,
            )
        )
        return self.browse([row[0] for row in rows])

    def _dispatch(self):
        """Hand planned actions on: messages to the message service, calls to the list, papers to print, legal steps to
        who approves them.

        The message keys are those of the actions, so a run that dies after handing over sends nothing twice.
        """
        for level, actions in self.filtered(lambda a: a.state == "planned").grouped("level_id").items():
            if level.kind == "message":
                actions._enqueue_messages(level)
                actions._transition("queued")
                actions._settle_messages()
            elif level.kind in LEGAL_KINDS:
                actions._transition("to_approve")
                actions._ask_approval()
            else:
                actions._transition("to_call" if level.kind == "call" else "to_deliver")

    def _enqueue_messages(self, level):
        """One message by each way of the level; a text too long for the allowed parts goes by the short template."""
        Message = self.env["pm.message"]
        for channel, wanted, template in (
            ("email", level.by_email, level.mail_template_id),
            ("sms", level.by_sms, level.sms_template_id),
        ):
            if not wanted or not template:
                continue
            options = {}
            if channel == "sms" and level.sms_short_template_id:
                options = {
                    "short_xmlid": self._template_xmlid(level.sms_short_template_id),
                    "max_parts": level.sms_max_parts,
                }
            Message._enqueue_template(
                "dunning", self._template_xmlid(template), self, f"dunning/{channel}", channel=channel, **options
            )

    def _settle_messages(self, patient=True):
        """Learn what became of the messages: one that left is enough; where none can leave, the next way is tried.

        :param patient: a failed delivery may still be repeated (by the service or by hand): wait for it
        """
        waiting = self.filtered(
            lambda action: action.kind == "message"
            and (action.state == "queued" or (action.fallback_reason and action.state in ("to_call", "to_deliver")))
        )
        if not waiting:
            return
        # sudo: the message service reports without a user
        messages = self.env["pm.message"].sudo().search([("res_model", "=", self._name), ("res_id", "in", waiting.ids)])
        by_action = messages.grouped("res_id")
        silent = waiting.with_context(tracking_disable=True)
        none = messages.browse()
        silent.filtered(lambda a: "sent" in by_action.get(a.id, none).mapped("state"))._transition("done")
        labels = selection_labels(messages, "reason")
        for action in silent.filtered(lambda a: a.state == "queued"):
            own = by_action.get(action.id, none)
            states = set(own.mapped("state"))
            if not states <= {"skipped", "failed", "cancelled"} or states == {"cancelled"}:
                continue
            if patient and "failed" in states:
                continue
            reasons = [labels[reason] for reason in dict.fromkeys(own.mapped("reason")) if reason]
            action._transition(
                "to_call" if action.partner_id.phone else "to_deliver",
                fallback_reason=", ".join(reasons) or self.env._("No way to send a message"),
            )

    @api.model
    def _fall_back(self, prop, today):
        """Messages that failed and that nobody repeated since yesterday: reach the debtor another way."""
        self.search(
            [("property_id", "=", prop.id), ("state", "=", "queued"), ("kind", "=", "message"), ("date", "<", today)]
        )._settle_messages(patient=False)

    def _pm_before_sending(self):
        """The message service asks right before a message leaves: whoever has paid gets none, and what was cancelled stays
        cancelled even if somebody repeats its message (see pm.message).
        """
        self.case_id.filtered(lambda case: case.state == "open")._refresh_amounts()
        for action in self.filtered(lambda action: action.state == "cancelled"):
            # sudo: the message service asks without a user
            action.message_ref_ids.sudo()._cancel_unsent(action.cancel_reason)

    @api.model
    def _template_xmlid(self, template):
        """The XML id by which the message service knows a template; one made on the screen gets its own."""
        xmlid = template.get_external_id()[template.id]
        if not xmlid:
            name = f"{template._name.replace('.', '_')}_{template.id}"
            # sudo: naming a template is bookkeeping of the daily run
            self.env["ir.model.data"].sudo().create(
                {"module": "__custom__", "name": name, "model": template._name, "res_id": template.id, "noupdate": True}
            )
            xmlid = f"__custom__.{name}"
        return xmlid

    def _cancel(self, reason):
        """Cancel with a reason and stop the messages that have not left the house."""
        if not self:
            return
        # First, so that the messages' reports find nothing to do any more.
        self._transition("cancelled", cancel_reason=reason)
        # sudo: a payment stops messages whoever took it
        messages = self.env["pm.message"].sudo().search([("res_model", "=", self._name), ("res_id", "in", self.ids)])
        messages.filtered(lambda m: m.state in ("queued", "handed", "failed"))._cancel_unsent(reason)
        # sudo: what was scheduled for these steps is over, whoever it was for
        self.sudo().activity_unlink(["mail.mail_activity_data_todo"])

    # -- paper and its proof ---------------------------------------------------------------------------------------------

    def action_print_notice(self):
        """Print the written notices; many at a time go to a print job that shows how far it is."""
        papers = self.filtered(lambda action: action.kind in ("message", "notice") and action.state != "cancelled")
        if not papers:
            raise UserError(self.env._("To print notices you must select notices that are not cancelled."))
        if len(papers) > self.env["pm.dunning.print"]._print_now():
            return self.env["pm.dunning.print"]._open_job(papers)
        printed = papers._freeze()
        if not printed:
            raise UserError(self.env._("Nothing is owed any more: the notices were cancelled."))
        return self.env.ref("pm_fees.pm_dunning_notice_report").report_action(printed)

    def action_delivered(self):
        """Record that the paper reached the customer (S0-131); a letter with its express number and copy (S0-134, S0-135)."""
        for action in self:
            today = action.property_id._today()
            values = {"delivered_on": action.delivered_on or today, "delivered_by_id": self.env.uid}
            if not action.delivery_method:
                raise UserError(
                    self.env._(
                        "To record the delivery of %s you must choose how it was delivered.", action.display_name
                    )
                )
            if not action.date <= values["delivered_on"] <= today:
                raise UserError(
                    self.env._(
                        "%(action)s was delivered between %(first)s and today, not on %(day)s.",
                        action=action.display_name,
                        first=format_date(self.env, action.date),
                        day=format_date(self.env, values["delivered_on"]),
                    )
                )
            if action.kind == "letter":
                action._check_letter()
            if action.kind in ("notice", "letter") and not action.frozen_on:
                # Delivered without having been printed here: what it demanded is what was owed when it was recorded.
                if not action._freeze():
                    continue
            action._transition("done", **values)
        return True

    def _check_letter(self):
        """A lawyer's letter goes by express with a tracking number, and its copy is kept (S0-134, S0-135)."""
        for action in self:
            if not action.tracking_no:
                raise UserError(
                    self.env._("%s: enter the tracking number of the express delivery (S0-134).", action.display_name)
                )
            if not action.letter_ids:
                raise UserError(self.env._("%s: attach the letter as it was sent (S0-135).", action.display_name))

    def action_cancel(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.dunning.cancel",
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Cancel Reminders"),
            "context": {"default_action_ids": self.ids},
        }
