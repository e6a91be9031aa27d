from collections import defaultdict

from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

_DELIVERY_FIELDS = {
    "delivery_method",
    "delivered_on",
    "signed",
    "proof_ids",
    "message_follower_ids",
    "message_ids",
    "message_main_attachment_id",
}
_FLOW = {
    ("planned", "queued"),
    ("planned", "to_deliver"),
    ("planned", "cancelled"),
    ("queued", "cancelled"),
    ("queued", "done"),
    ("to_deliver", "done"),
    ("to_deliver", "cancelled"),
}


class PmDunningAction(models.Model):
    """One reminder or notice of a case, with its proof. Never deleted, only cancelled with a reason (S0-133).

    States: planned → queued (messages handed to the message service) | to deliver (notice to print) → done; or cancelled.
    """

    _name = "pm.dunning.action"
    _description = "Reminder Action"
    _inherit = ["mail.thread"]
    _order = "date desc, id desc"

    _key_unique = models.UniqueIndex("(case_id, level_id, month)", "This reminder of the month already exists.")
    _todo_index = models.Index("(property_id, state) WHERE state IN ('planned', 'queued', 'to_deliver')")

    case_id = fields.Many2one("pm.dunning.case", required=True, readonly=True, ondelete="restrict")
    level_id = fields.Many2one("pm.dunning.level", required=True, readonly=True, ondelete="restrict")
    kind = fields.Selection([("message", "Message"), ("notice", "Written notice")], required=True, readonly=True)
    month = fields.Date(
        required=True, readonly=True, help="First day of the month in which the arrears became that old."
    )
    stage = fields.Integer("Months Overdue", readonly=True)
    property_id = fields.Many2one("pm.property", required=True, readonly=True, index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one("res.partner", "Payer", required=True, readonly=True, index=True)
    unit_id = fields.Many2one("pm.unit", required=True, readonly=True, index=True)
    date = fields.Date("Created On", required=True, readonly=True)
    deadline = fields.Date("Pay Until", readonly=True)
    amount_due = fields.Monetary("Overdue on That Day", readonly=True)
    penalty = fields.Monetary(
        "Possible Penalty", compute="_compute_demand", help="Simulated by the contract rate; nothing is booked."
    )
    charge_ids = fields.Many2many("pm.charge", compute="_compute_demand", string="Overdue Charges")
    amount_table = fields.Html(compute="_compute_demand", sanitize=False, help="Overdue by item and age, for e-mails.")
    payment_url = fields.Char(compute="_compute_payment_url")
    message_ref_ids = fields.Many2many("pm.message", compute="_compute_messages", string="Sent Messages")
    delivery_method = fields.Selection(
        [("hand", "By hand"), ("door", "Left at the address"), ("post", "By post"), ("email", "E-mailed")],
        tracking=True,
    )
    delivered_on = fields.Date(tracking=True)
    delivered_by_id = fields.Many2one("res.users", readonly=True)
    signed = fields.Boolean("Signed by the Customer", tracking=True)
    proof_ids = fields.Many2many("ir.attachment", string="Proof", help="Photo or scan of the signed notice.")
    cancel_reason = fields.Char(readonly=True, tracking=True)
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("queued", "Handed to messages"),
            ("to_deliver", "To deliver"),
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

    @api.depends("case_id.charge_count", "date")
    @api.depends_context("lang")
    def _compute_demand(self):
        """The demand as of today: by item and age, with the penalty that the contract may add (S0-132)."""
        charges_by_case = self._charges_by_case()
        for action in self:
            today = action.property_id._today() if action.property_id else fields.Date.context_today(action)
            charges = charges_by_case[action.case_id.id]
            action.charge_ids = charges
            action.penalty = action.case_id.policy_id._penalty(action.currency_id, charges, today) if charges else 0.0
            action.amount_table = action._amount_table(charges, today)

    def _charges_by_case(self):
        """Overdue charges of all these cases in one query, oldest first."""
        cases = self.case_id
        found = defaultdict(lambda: self.env["pm.charge"])
        if not cases:
            return found
        by_key = {(case.partner_id.id, case.unit_id.id): case for case in cases}
        # sudo: the notice shows the debtor's own charges to whoever may see the case
        charges = (
            self.env["pm.charge"]
            .sudo()
            .search(
                [
                    ("unit_id", "in", cases.unit_id.ids),
                    ("partner_id", "in", cases.partner_id.ids),
                    ("state", "=", "posted"),
                    ("residual", ">", 0),
                ],
                order="due_date, period_start, id",
            )
        )
        for charge in charges:
            case = by_key.get((charge.partner_id.id, charge.unit_id.id))
            if case and charge.due_date < case.property_id._today():
                found[case.id] |= charge
        return found

    def _amount_table(self, charges, today):
        """Rows of an e-mail: what, period, due, age in days, amount."""
        cell = Markup('<td style="padding:4px 8px;border-bottom:1px solid #ddd%s">%s</td>')
        right = Markup(";text-align:right")
        rows = Markup("").join(
            Markup("<tr>")
            + cell % ("", charge.display_name)
            + cell % ("", format_date(self.env, charge.due_date))
            + cell % (right, (today - charge.due_date).days)
            + cell % (right, charge.currency_id.format(charge.residual))
            + Markup("</tr>")
            for charge in charges
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
        locked = vals.keys() - _DELIVERY_FIELDS
        if locked and not self.env.su:
            raise AccessError(
                self.env._(
                    "Of a reminder only its delivery can be recorded, not %(fields)s.", fields=", ".join(sorted(locked))
                )
            )
        return super().write(vals)

    def _transition(self, target, **values):
        """The one place where the state changes."""
        for action in self:
            if (action.state, target) not in _FLOW:
                labels = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "Reminder %(name)s is “%(state)s”: it cannot become “%(target)s”.",
                        name=action.display_name,
                        state=labels[action.state],
                        target=labels[target],
                    )
                )
        self.check_access("write")
        # sudo: who did what and when is written here only, see `write`
        self.sudo().write({"state": target, **values})

    # -- doing it ------------------------------------------------------------------------------------------------------

    def _dispatch(self):
        """Hand the messages of planned actions to the message service; notices wait for printing and delivery.

        The message keys are those of the actions, so a run that dies after handing over sends nothing twice.
        """
        Message = self.env["pm.message"]
        for level, actions in self.filtered(lambda a: a.state == "planned").grouped("level_id").items():
            if level.kind == "notice":
                actions._transition("to_deliver")
                continue
            for channel, wanted, template in (
                ("email", level.by_email, level.mail_template_id),
                ("sms", level.by_sms, level.sms_template_id),
            ):
                if wanted and template:
                    Message._enqueue_template(
                        "dunning", self._template_xmlid(template), actions, f"dunning/{channel}", channel=channel
                    )
            actions._transition("queued")

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
        # sudo: a payment stops messages whoever took it
        messages = (
            self.env["pm.message"]
            .sudo()
            .search([("res_model", "=", self._name), ("res_id", "in", self.ids), ("state", "in", ("queued", "handed"))])
        )
        messages.filtered(lambda m: m.state == "queued" or m.mail_mail_id.state == "outgoing")._cancel(reason)
        self._transition("cancelled", cancel_reason=reason)

    def action_print_notice(self):
        return self.env.ref("pm_fees.pm_dunning_notice_report").report_action(self)

    def action_delivered(self):
        """Record that the written notice reached the customer (S0-131)."""
        for action in self:
            if not action.delivery_method:
                raise UserError(
                    self.env._(
                        "To record the delivery of %s you must choose how it was delivered.", action.display_name
                    )
                )
            action._transition(
                "done", delivered_on=action.delivered_on or action.property_id._today(), delivered_by_id=self.env.uid
            )

    def action_cancel(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.dunning.cancel",
            "view_mode": "form",
            "target": "new",
            "name": self.env._("Cancel Reminders"),
            "context": {"default_action_ids": self.ids},
        }
