import hashlib
import json

import pytz
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

STATES = [
    ("draft", "Requested"),
    ("quoted", "Price told"),
    ("agreed", "Customer agrees"),
    ("dispatched", "Dispatched"),
    ("changed", "Changed, to agree again"),
    ("done", "Done"),
    ("reconciled", "Reconciled"),
    ("cancelled", "Cancelled"),
]
OPEN_STATES = ("draft", "referred", "quoted", "agreed", "dispatched", "changed")
# What the one who does the work may write; prices and people are not his (S1-90).
WORK_FIELDS = {"work_done", "signed_by", "customer_signature", "signed_file_ids"}
# The head of the department names who goes (S1-75).
HEAD_FIELDS = {"user_id", "scheduled_at"}
FINISHED = ("done", "reconciled", "cancelled")
MAX_TEXT = 20000


class PmServiceOrder(models.Model):
    """An order of paid services (《特约服务/维修单》), from the customer's wish to the reconciled slip.

    ===========  =========================================================================================
    draft        registered: who, where, what (S1-74)
    quoted       the price of the published list was told to the customer
    agreed       he agreed, how and when is on record; nothing is done before
    dispatched   somebody goes at a definite time
    changed      the work exceeds or differs from the order: it rests until he agrees again (S1-76)
    done         the customer signed
    reconciled   the department checked it on the next working day, before noon (S1-78)
    ===========  =========================================================================================

    Every order has its ticket in the one register (S2-03): follow-up, rating and closing are the ticket's. Settling is not
    done here: ``settlement_state`` is written by :meth:`_settled` alone, which the cashier's add-on calls (S1-90).
    """

    _name = "pm.service.order"
    _description = "Service Order"
    _inherit = ["pm.steps", "pm.files", "portal.mixin", "pm.deadline.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_names_search = ["name", "partner_id.name", "unit_id.code"]
    _program_fields = frozenset(
        {
            "name",
            "state",
            "done_at",
            "done_by_id",
            "reconciled_at",
            "reconciled_by_id",
            "settlement_state",
            "settled_at",
            "settlement_ref",
            "cancel_reason",
            "access_token",
        }
    )
    _transitions = {
        ("draft", "quoted"): "_guard_quoted",
        ("quoted", "agreed"): "_guard_agreed",
        ("agreed", "dispatched"): "_guard_dispatched",
        ("agreed", "changed"): None,
        ("dispatched", "changed"): None,
        ("changed", "agreed"): "_guard_agreed",
        ("dispatched", "done"): "_guard_done",
        ("done", "reconciled"): "_guard_reconciled",
        **{
            (state, "cancelled"): "_guard_cancelled" for state in ("draft", "quoted", "agreed", "dispatched", "changed")
        },
    }

    _number_unique = models.UniqueIndex("(company_id, name) WHERE name <> '/'", "This order number is already used.")
    _open_index = models.Index("(property_id, state) WHERE state NOT IN ('reconciled', 'cancelled')")
    _done_index = models.Index("(property_id, done_at) WHERE done_at IS NOT NULL")
    _settle_index = models.Index("(company_id, settlement, partner_id) WHERE settlement_state = 'due'")

    name = fields.Char(string="Number", readonly=True, copy=False, default="/")
    state = fields.Selection(STATES, required=True, default="draft", readonly=True, copy=False, tracking=True)
    property_id = fields.Many2one(
        "pm.property", required=True, compute="_compute_property_id", store=True, readonly=False, precompute=True
    )
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    unit_id = fields.Many2one("pm.unit", index="btree_not_null", tracking=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
    )
    contact_phone = fields.Char(compute="_compute_contact_phone", store=True, readonly=False)
    place = fields.Char(help="Where exactly, inside the managed area (S1-62).")
    description = fields.Text(string="What Is Wanted")
    ticket_id = fields.Many2one("pm.ticket", readonly=True, copy=False, ondelete="restrict", index="btree_not_null")
    line_ids = fields.One2many("pm.service.order.line", "order_id", string="Services", copy=True)
    amount_total = fields.Monetary(string="Total", compute="_compute_amount_total", store=True)
    consent_ids = fields.One2many("pm.service.consent", "order_id", string="Consents", readonly=True)
    is_agreed = fields.Boolean(
        string="Agreed As It Stands", compute="_compute_is_agreed", help="The last consent covers exactly these lines."
    )
    settlement = fields.Selection(
        [("immediate", "At once"), ("monthly", "Monthly")], required=True, default="immediate", tracking=True
    )

    team_id = fields.Many2one("pm.team", string="Department", domain="[('property_id', '=', property_id)]")
    user_id = fields.Many2one(
        "res.users",
        string="Done By",
        copy=False,
        tracking=True,
        domain="[('share', '=', False)]",
        index="btree_not_null",
    )
    scheduled_at = fields.Datetime(string="Agreed Time", copy=False, tracking=True)
    workload_warning = fields.Char(compute="_compute_workload_warning")

    work_done = fields.Text(copy=False)
    signed_by = fields.Char(string="Signed By (Customer)", copy=False)
    customer_signature = fields.Binary(copy=False, attachment=True)
    signed_file_ids = fields.Many2many("ir.attachment", "pm_service_order_signed_rel", string="Signed Slip", copy=False)
    done_at = fields.Datetime(readonly=True, copy=False)
    done_by_id = fields.Many2one("res.users", string="Recorded By", readonly=True, copy=False)
    can_reconcile = fields.Boolean(compute="_compute_can_reconcile", help="The present user may, and it is time to.")
    reconciled_at = fields.Datetime(readonly=True, copy=False)
    reconciled_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    settlement_state = fields.Selection(
        [("none", "Not yet due"), ("due", "To settle"), ("settled", "Settled")],
        required=True,
        default="none",
        readonly=True,
        copy=False,
    )
    settled_at = fields.Datetime(readonly=True, copy=False)
    settlement_ref = fields.Char(string="Receipt", readonly=True, copy=False)
    cancel_reason = fields.Char(readonly=True, copy=False)

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends("name", "unit_id.name")
    def _compute_display_name(self):
        for order in self:
            number = self.env._("New Service Order") if order.name == "/" else order.name
            order.display_name = f"{number} {order.unit_id.name or ''}".strip()

    @api.depends("unit_id")
    def _compute_property_id(self):
        for order in self:
            order.property_id = order.unit_id.property_id or order.property_id or self.env.user.pm_property_ids[:1]

    @api.depends("unit_id")
    def _compute_partner_id(self):
        for order in self:
            unit = order.unit_id
            if unit and order.partner_id not in unit.current_party_ids.partner_id:
                order.partner_id = (unit.occupant_ids or unit.owner_ids)[:1]

    @api.depends("partner_id")
    def _compute_contact_phone(self):
        for order in self:
            order.contact_phone = order.partner_id.phone or order.contact_phone

    @api.depends("line_ids.subtotal")
    def _compute_amount_total(self):
        for order in self:
            order.amount_total = sum(order.line_ids.mapped("subtotal"))

    @api.depends("consent_ids", "line_ids.item_id", "line_ids.quantity", "line_ids.price_unit")
    def _compute_is_agreed(self):
        for order in self:
            last = order.consent_ids.sorted("id")[-1:]
            order.is_agreed = bool(last) and last.terms_hash == order._terms_hash()

    def _terms_hash(self):
        """Return a fingerprint of what the customer agrees to: services, quantities, prices, total."""
        lines = [(line.item_id.id, line.name, line.quantity, line.price_unit) for line in self.line_ids.sorted("id")]
        terms = json.dumps([lines, self.currency_id.round(self.amount_total)], ensure_ascii=False)
        return hashlib.sha256(terms.encode()).hexdigest()

    @api.depends("user_id")
    def _compute_workload_warning(self):
        """Paid work never at the cost of regular duties: a warning, not a bar (S1-92)."""
        for order in self:
            late = 0
            if order.user_id and order.state in ("agreed", "dispatched"):
                # sudo: only the number is shown
                late = (
                    self.env["pm.ticket"]
                    .sudo()
                    .search_count(
                        [
                            ("user_id", "=", order.user_id.id),
                            ("state", "in", ("assigned", "in_progress")),
                            ("deadline_state", "=", "overdue"),
                            ("id", "!=", order.ticket_id.id),
                        ]
                    )
                )
            order.workload_warning = (
                self.env._(
                    "%(name)s has %(count)s overdue tickets: regular duties come first.",
                    name=order.user_id.name,
                    count=late,
                )
                if late
                else False
            )

    @api.depends_context("uid")
    @api.depends("state", "team_id.user_id", "user_id", "done_by_id")
    def _compute_can_reconcile(self):
        for order in self:
            own = self.env.user in (order.user_id | order.done_by_id)
            order.can_reconcile = order.state == "done" and not own and order._heads_department()

    def _compute_access_url(self):
        super()._compute_access_url()
        for order in self:
            order.access_url = f"/my/services/orders/{order.id}"

    @api.constrains("unit_id", "property_id", "team_id")
    def _check_property(self):
        for order in self:
            for part in (order.unit_id, order.team_id):
                if part and part.property_id != order.property_id:
                    raise ValidationError(
                        self.env._(
                            "%(unit)s does not belong to the property %(property)s.",
                            unit=part.display_name,
                            property=order.property_id.display_name,
                        )
                    )

    @api.constrains("description", "work_done", "place")
    def _check_length(self):
        for order in self:
            if max(len(order.description or ""), len(order.work_done or "")) > MAX_TEXT or len(order.place or "") > 250:
                raise ValidationError(
                    self.env._("The text is too long: at most %s characters. Attach a file instead.", MAX_TEXT)
                )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create([{k: v for k, v in vals.items() if k != "ticket_id"} for vals in vals_list])
        orders._check_partner()
        for order in orders:
            # sudo: number and ticket are the program's
            order.sudo().write(
                {
                    "name": self.env["ir.sequence"].sudo().next_by_code("pm.service.order") or "/",
                    "ticket_id": order._open_ticket().id,
                }
            )
        return orders

    def _open_ticket(self):
        """Enter the order in the one register of requests."""
        names = ", ".join(filter(None, self.line_ids.mapped("name"))) or self.description or self.env._("Paid service")
        return self.env["pm.ticket"].create(
            {
                "name": names.splitlines()[0][:100],
                "description": self.description,
                "type_id": self.env.ref("pm_customer_service.ticket_type_service").id,
                "channel": self.env.context.get("pm_service_channel", "counter"),
                "property_id": self.property_id.id,
                "unit_id": self.unit_id.id,
                "partner_id": self.partner_id.id,
                "location": self.place,
                "team_id": self.team_id.id or False,
            }
        )

    def write(self, vals):
        if not self.env.su:
            if "ticket_id" in vals:
                raise AccessError(self.env._("The ticket of an order is made by the program."))
            user = self.env.user
            leads = all(order.team_id.user_id == user for order in self)
            allowed = WORK_FIELDS | HEAD_FIELDS if leads else WORK_FIELDS
            if not user.has_group("pm_base.group_front_desk") and vals.keys() - allowed:
                raise AccessError(
                    self.env._(
                        "Whoever does the work records it; people, times and prices are the service centre's (S1-90)."
                    )
                )
            if any(order.state in FINISHED for order in self):
                raise UserError(self.env._("An order that is done or cancelled stays as it was signed."))
            if {"unit_id", "partner_id", "property_id"} & vals.keys() and any(order.state != "draft" for order in self):
                raise UserError(self.env._("The customer of an order stays the same once the price was told."))
        result = super().write(vals)
        if "partner_id" in vals:
            self._check_partner()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("An order is never deleted: cancel it with the reason."))

    # ------------------------------------------------------------------
    # State
    # ------------------------------------------------------------------

    def _check_desk(self):
        if not self.env.su and not self.env.user.has_group("pm_base.group_front_desk"):
            raise AccessError(self.env._("This step is taken by the service centre."))

    def _guard_quoted(self):
        self._check_desk()
        self._require(self.line_ids, self.env._("choose at least one service of the price list."))
        self._check_items()

    def _check_items(self):
        for line in self.line_ids:
            self._require(
                line._is_sellable(),
                self.env._("“%s” is not published for this property: nothing else is sold (S1-53).", line.name),
            )

    def _guard_agreed(self):
        self._require(
            self.is_agreed, self.env._("record the customer's consent to exactly these services and prices (S1-74).")
        )

    def _guard_dispatched(self):
        self._check_desk()
        self._guard_agreed()
        self._require(self.user_id, self.env._("name who goes."))
        self._require(self.scheduled_at, self.env._("agree a definite time with the customer (S1-63)."))
        self._require(
            self.scheduled_at >= fields.Datetime.now(),
            self.env._("the agreed time lies in the past: agree another one."),
        )

    def _guard_done(self):
        self._require(
            self.is_agreed,
            self.env._(
                "the order was changed after the customer agreed: he must agree again before it goes on (S1-76)."
            ),
        )
        self._require((self.work_done or "").strip(), self.env._("write what was done."))
        self._require(
            (self.customer_signature and (self.signed_by or "").strip()) or self.signed_file_ids,
            self.env._("let the customer sign on the screen, or attach the signed slip (S1-77)."),
        )

    def _heads_department(self):
        user = self.env.user
        return user == self.team_id.user_id or user.has_group("pm_base.group_supervisor")

    def _guard_reconciled(self):
        user = self.env.user
        if self.env.su:
            return
        if not self._heads_department():
            raise AccessError(self.env._("%s: the head of the department reconciles orders.", self.name))
        if user in (self.user_id | self.done_by_id):
            raise AccessError(self.env._("%s: whoever did the work does not reconcile it.", self.name))

    def _guard_cancelled(self):
        self._check_desk()

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_quote(self):
        """The price was told: by the message that goes out now, and by word of mouth."""
        self._transition("quoted")
        self._enqueue_notice("service_quote")

    def action_agree(self):
        """Ask how the customer agreed."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("The Customer Agrees"),
            "res_model": "pm.service.agree",
            "view_mode": "form",
            "target": "new",
            "context": {"default_order_id": self.id},
        }

    def _agree(self, method, agreed_by, note=None):
        """Record the customer's consent to the order as it stands (S1-74, S1-76).

        :param str method: one of ``pm.service.consent.method``
        :param str agreed_by: who agreed
        """
        self.ensure_one()
        self.check_access("write")
        if not (agreed_by or "").strip():
            raise UserError(self.env._("To record a consent you must say who agreed."))
        self._require(
            self.state in ("quoted", "changed"),
            self.env._("tell the customer the price first; only then he can agree."),
        )
        self._check_items()
        # sudo: consents are evidence, no role writes them by hand
        self.env["pm.service.consent"].sudo().create(
            {
                "order_id": self.id,
                "method": method,
                "agreed_by": agreed_by.strip()[:120],
                "note": note,
                "user_id": self.env.uid if self.env.user._is_internal() else False,
                "amount": self.amount_total,
                "terms_hash": self._terms_hash(),
                "terms": self._terms_text(),
            }
        )
        self.invalidate_recordset(["is_agreed"])
        self._transition("agreed")
        self._hand_to_department()

    def _hand_to_department(self):
        """The order goes to the department, whose head names who goes (S1-75)."""
        head = self.team_id.user_id
        if head and not self.user_id:
            # sudo: the customer agrees in the portal as well, where nobody plans activities
            self.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=head.id,
                summary=self.env._("Name who goes for %s", self.name),
            )

    def _terms_text(self):
        return "\n".join(
            f"{line.name}: {line.quantity:g} × {line.price_unit:.2f} = {line.subtotal:.2f}" for line in self.line_ids
        )

    def action_dispatch(self):
        """Send somebody at the agreed time; the customer is told who comes (S1-59), the technician finds it among his jobs."""
        self._transition("dispatched")
        for order in self:
            ticket = order.ticket_id
            if ticket.user_id != order.user_id:
                ticket.write({"user_id": order.user_id.id})
            if ticket.promised_date and order.scheduled_at > ticket.promised_date:
                ticket._notify_delay(order.scheduled_at, self.env._("New time agreed for the paid service."))
            elif ticket.promised_date != order.scheduled_at:
                ticket.write({"promised_date": order.scheduled_at})
        self.activity_feedback(["mail.mail_activity_data_todo"])
        self._enqueue_notice("service_dispatch")

    def action_report_change(self):
        """The work exceeds or differs from the order: it rests until the customer agrees to the new price (S1-76)."""
        self._transition("changed")
        for order in self:
            order.message_post(
                body=self.env._(
                    "The work differs from the order: agree the new price with the customer before it goes on."
                ),
                subtype_xmlid="mail.mt_comment",
            )

    def action_done(self):
        """Done and signed: the ticket is handled, the clock of the reconciliation starts."""
        now = fields.Datetime.now()
        self._transition("done", done_at=now, done_by_id=self.env.uid)
        self._start_deadline("reconcile", now)
        for order in self:
            ticket = order.ticket_id
            ticket.write({"outcome": "solved_now", "solution": order.work_done})
            ticket.action_handle()
        self.filtered(lambda order: order.settlement == "immediate")._settlement_due()

    def action_reconcile(self):
        """The department's head has checked slips and register (S1-78)."""
        now = fields.Datetime.now()
        self._transition("reconciled", reconciled_at=now, reconciled_by_id=self.env.uid)
        self._meet_deadline("reconcile", now)
        self.filtered(lambda order: order.settlement == "monthly")._settlement_due()

    def action_cancel(self):
        """Ask for the reason."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cancel Order"),
            "res_model": "pm.service.cancel",
            "view_mode": "form",
            "target": "new",
            "context": {"default_order_id": self.id},
        }

    def _cancel(self, reason):
        """Cancel with the reason; the ticket is cancelled along."""
        if not (reason or "").strip():
            raise UserError(self.env._("To cancel an order you must give the reason."))
        self._transition("cancelled", cancel_reason=reason.strip()[:250])
        for ticket in self.ticket_id.filtered(lambda ticket: ticket.state in ("new", "assigned", "in_progress")):
            ticket.write({"stop_reason": reason.strip()[:250]})
            ticket._transition("cancelled")

    # ------------------------------------------------------------------
    # Settlement: a hook of the cashier's add-on
    # ------------------------------------------------------------------

    def _settlement_due(self):
        """The orders can be settled: immediate ones when signed, monthly ones when reconciled.

        An add-on that keeps the fees overrides this to make charges of them; by itself nothing is charged or paid.
        """
        self.sudo().write({"settlement_state": "due"})  # sudo: written by this step only

    def _prepare_settlement(self):
        """Return what a charge of the order needs: payer, unit, amount (tax included), text and day."""
        self.ensure_one()
        return {
            "partner_id": self.partner_id.id,
            "unit_id": self.unit_id.id,
            "property_id": self.property_id.id,
            "currency_id": self.currency_id.id,
            "amount": self.amount_total,
            "name": f"{self.name} {', '.join(filter(None, self.line_ids.mapped('name')))}",
            "date": self.property_id._local_date(self.done_at),
            "order_id": self.id,
        }

    def _settled(self, reference):
        """The cashier has taken the money; called by the add-on that keeps the fees, never by a button here (S1-90).

        :param str reference: number of the receipt, printed on the second copy (S1-81, S1-83)
        """
        for order in self:
            order._require(order.settlement_state == "due", self.env._("it is not to be settled."))
        # sudo: the settlement is written by the program only, after the guard above
        self.sudo().write(
            {"settlement_state": "settled", "settled_at": fields.Datetime.now(), "settlement_ref": reference}
        )

    # ------------------------------------------------------------------
    # Clocks and messages
    # ------------------------------------------------------------------

    def _get_deadline_user(self):
        return self.team_id.user_id or self.create_uid

    def _get_agreed_due(self, kind):
        """Noon of the next working day (S1-78)."""
        if kind != "reconcile" or not self.done_at:
            return False
        prop = self.property_id
        day = prop._local_date(self.done_at)
        rules = self.env["pm.deadline.rule"]
        calendar = prop.calendar_id
        if calendar:
            day = rules._working_day(calendar, pytz.timezone(prop.tz), day, 1)
        else:
            day = fields.Date.add(day, days=1)
        return prop._local_to_utc(day, prop.reconcile_hour)

    def _get_escalation_users(self, role):
        return self.team_id.user_id if role == "team_leader" else super()._get_escalation_users(role)

    def _enqueue_notice(self, template):
        """Queue mail and SMS ``template``, once for each version of the terms and each agreed time."""
        for order in self:
            moment = fields.Datetime.to_string(order.scheduled_at) if order.scheduled_at else ""
            order.env["pm.message"]._enqueue_template(
                "service",
                [f"pm_customer_service.{kind}_template_{template}" for kind in ("mail", "sms")],
                order.sudo(),  # the desk may not read templates
                f"{template}/{order._terms_hash()[:16]}/{moment}",
            )
