import logging

from dateutil.relativedelta import relativedelta
from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError

_logger = logging.getLogger(__name__)

STATES = [
    ("draft", "Draft"),
    ("active", "In force"),
    ("ended", "Ended"),
    ("cancelled", "Cancelled"),
]
PERIODS = [("week", "Weeks"), ("month", "Months")]
BATCH = 50


class PmServiceAgreement(models.Model):
    """Long-term agreement on paid services: an order of its own for every period of its term. Source: S1-73.

    =========  =================================================================================
    draft      agreed in words, not signed
    active     signed: orders are made by themselves, at the prices agreed, consent included
    ended      its last day is over, or it was ended before with the reason
    cancelled  never came into force
    =========  =================================================================================

    The orders are done, reconciled and settled like all others; so a charge is never made of what was not done.
    """

    _name = "pm.service.agreement"
    _description = "Service Agreement"
    _inherit = ["pm.steps", "pm.files", "mail.thread", "mail.activity.mixin"]
    _order = "date_end, id"
    _rec_names_search = ["name", "partner_id.name", "unit_id.code"]
    _program_fields = frozenset({"name", "state", "next_date", "end_reason", "reminded_on", "renews_id"})
    _transitions = {
        ("draft", "active"): "_guard_active",
        ("draft", "cancelled"): None,
        ("active", "ended"): "_guard_ended",
    }

    _number_unique = models.UniqueIndex(
        "(company_id, name) WHERE name <> '/'", "This agreement number is already used."
    )
    _term_ordered = models.Constraint("CHECK (date_end >= date_start)", "An agreement ends after it begins.")
    _every_positive = models.Constraint("CHECK (every BETWEEN 1 AND 60)", "A period is 1 to 60 weeks or months.")
    _due_index = models.Index("(next_date) WHERE state = 'active'")

    name = fields.Char(string="Number", readonly=True, copy=False, default="/")
    state = fields.Selection(STATES, required=True, default="draft", readonly=True, copy=False, tracking=True)
    unit_id = fields.Many2one("pm.unit", required=True, index=True, ondelete="restrict", tracking=True)
    property_id = fields.Many2one(related="unit_id.property_id", store=True, index=True, precompute=True)
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True, precompute=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        tracking=True,
    )
    team_id = fields.Many2one("pm.team", string="Department", domain="[('property_id', '=', property_id)]")
    user_id = fields.Many2one(
        "res.users", string="Responsible", default=lambda self: self.env.user, domain="[('share', '=', False)]"
    )
    date_start = fields.Date(string="From", required=True, default=fields.Date.context_today, tracking=True)
    date_end = fields.Date(string="Until", required=True, tracking=True, help="Last day of the term.")
    every = fields.Integer(default=1, required=True)
    period = fields.Selection(PERIODS, required=True, default="month")
    settlement = fields.Selection([("immediate", "At once"), ("monthly", "Monthly")], required=True, default="monthly")
    line_ids = fields.One2many("pm.service.agreement.line", "agreement_id", string="Services", copy=True)
    amount_total = fields.Monetary(string="Per Period", compute="_compute_amount_total", store=True)
    signed_by = fields.Char(string="Signed By (Customer)", copy=False)
    signed_on = fields.Date(copy=False)
    signed_file_ids = fields.Many2many(
        "ir.attachment", "pm_service_agreement_signed_rel", string="Signed Agreement", copy=False
    )
    note = fields.Text(string="Remarks")
    next_date = fields.Date(string="Next Order", readonly=True, copy=False)
    order_ids = fields.One2many("pm.service.order", "agreement_id", string="Orders", readonly=True)
    order_count = fields.Integer(compute="_compute_order_count")
    reminded_on = fields.Date(readonly=True, copy=False)
    renews_id = fields.Many2one("pm.service.agreement", string="Renews", readonly=True, copy=False)
    end_reason = fields.Char(readonly=True, copy=False)

    @api.depends("name", "unit_id.name")
    def _compute_display_name(self):
        for agreement in self:
            agreement.display_name = f"{agreement.name} {agreement.unit_id.name or ''}".strip()

    @api.depends("unit_id")
    def _compute_partner_id(self):
        for agreement in self:
            unit = agreement.unit_id
            if unit and agreement.partner_id not in unit.current_party_ids.partner_id:
                agreement.partner_id = (unit.occupant_ids or unit.owner_ids)[:1]

    @api.depends("line_ids.subtotal")
    def _compute_amount_total(self):
        for agreement in self:
            agreement.amount_total = sum(agreement.line_ids.mapped("subtotal"))

    def _compute_order_count(self):
        counts = dict(
            self.env["pm.service.order"]._read_group([("agreement_id", "in", self.ids)], ["agreement_id"], ["__count"])
        )
        for agreement in self:
            agreement.order_count = counts.get(agreement, 0)

    @api.constrains("unit_id", "team_id")
    def _check_property(self):
        for agreement in self:
            if agreement.team_id and agreement.team_id.property_id != agreement.property_id:
                raise ValidationError(
                    self.env._(
                        "%(unit)s does not belong to the property %(property)s.",
                        unit=agreement.team_id.display_name,
                        property=agreement.property_id.display_name,
                    )
                )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        agreements = super().create(vals_list)
        agreements._check_partner()
        for agreement in agreements:
            # sudo: the number is the program's
            agreement.sudo().name = self.env["ir.sequence"].sudo().next_by_code("pm.service.agreement") or "/"
        return agreements

    def write(self, vals):
        terms = {"unit_id", "partner_id", "date_start", "date_end", "every", "period", "line_ids", "settlement"}
        if not self.env.su and terms & vals.keys() and any(agreement.state != "draft" for agreement in self):
            raise UserError(self.env._("What was signed stays as it is: end the agreement and make a new one."))
        result = super().write(vals)
        if "partner_id" in vals:
            self._check_partner()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(agreement.state != "draft" for agreement in self):
            raise UserError(self.env._("Only a draft can be deleted: end the agreement instead."))

    # ------------------------------------------------------------------
    # Steps
    # ------------------------------------------------------------------

    def _guard_active(self):
        self._require(
            self.date_start + self._step(1) > self.property_id._today(),
            self.env._("its first period is over already: let it begin later."),
        )
        self._require(self.line_ids, self.env._("choose at least one service of the price list."))
        self._require(
            (self.signed_by or "").strip() and self.signed_on and self.signed_file_ids,
            self.env._("enter who signed and when, and attach the signed agreement (S1-73)."),
        )
        for line in self.line_ids:
            self._require(
                line.item_id._is_published_for(self.property_id),
                self.env._("“%s” is not published for this property: nothing else is sold (S1-53).", line.name),
            )

    def _guard_ended(self):
        self._require(
            (self.end_reason or "").strip() or self.date_end < self.property_id._today(),
            self.env._("to end it before its last day you must give the reason."),
        )

    def action_activate(self):
        """Signed: the orders of the term are made by themselves, the first one at once when it is due."""
        for agreement in self:
            agreement._transition("active", next_date=agreement.date_start)
        self._make_orders()

    def action_end(self):
        """Ask for the reason."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("End the Agreement"),
            "res_model": "pm.service.agreement.end",
            "view_mode": "form",
            "target": "new",
            "context": {"default_agreement_id": self.id},
        }

    def _end(self, reason):
        """End the agreement before its last day; orders that are made stay and are finished or cancelled on their own."""
        if not (reason or "").strip():
            raise UserError(self.env._("To end an agreement you must give the reason."))
        self.check_access("write")
        self.sudo().end_reason = reason.strip()[:250]  # sudo: written by this step only
        self._transition("ended", next_date=False)
        self.activity_unlink(["pm_customer_service.mail_activity_type_renewal"])

    def action_cancel(self):
        self._transition("cancelled")

    def action_renew(self):
        """A draft for the next term, of the same length, at the prices of today's list."""
        self.ensure_one()
        self._require(self.state in ("active", "ended"), self.env._("only a signed agreement is renewed."))
        draft = self.search([("renews_id", "=", self.id), ("state", "!=", "cancelled")], limit=1)
        if not draft:
            start = fields.Date.add(self.date_end, days=1)
            draft = self.copy({"date_start": start, "date_end": start + (self.date_end - self.date_start)})
            draft.sudo().renews_id = self  # sudo: which one it renews is the program's
        return {"type": "ir.actions.act_window", "res_model": self._name, "res_id": draft.id, "view_mode": "form"}

    def action_open_orders(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_customer_service.pm_service_order_action")
        return action | {"domain": [("agreement_id", "=", self.id)], "context": {}}

    # ------------------------------------------------------------------
    # The job
    # ------------------------------------------------------------------

    def _step(self, periods):
        """Return the length of ``periods`` periods."""
        count = periods * self.every
        return relativedelta(weeks=count) if self.period == "week" else relativedelta(months=count)

    def _make_orders(self):
        """Make the orders of the periods that have begun; a period has one order, whoever runs this how often."""
        for agreement in self:
            today = agreement.property_id._today()
            done = agreement.sudo().order_ids.mapped("period_start")  # sudo: also orders one may not read count
            number = 0
            while True:
                # From the first day on: the 31st stays the 31st where there is one.
                start = agreement.date_start + agreement._step(number)
                if start > min(today, agreement.date_end):
                    break
                if start not in done:
                    agreement._make_order(start)
                number += 1
            # sudo: the plan is the program's
            agreement.sudo().next_date = start if start <= agreement.date_end else False

    def _make_order(self, start):
        """Make the order of the period that begins on ``start``, agreed to by the signature under the agreement."""
        # sudo: prices and consent come from the signed agreement, not from whoever runs this
        order = (
            self.env["pm.service.order"]
            .sudo()
            .create(
                {
                    "unit_id": self.unit_id.id,
                    "partner_id": self.partner_id.id,
                    "team_id": self.team_id.id,
                    "settlement": self.settlement,
                    "agreement_id": self.id,
                    "period_start": start,
                    "line_ids": [
                        Command.create(
                            {"item_id": line.item_id.id, "quantity": line.quantity, "agreement_line_id": line.id}
                        )
                        for line in self.line_ids
                    ],
                }
            )
        )
        order._transition("quoted")
        order._agree("agreement", self.signed_by, note=self.name)
        return order

    @api.model
    def _cron_run(self):
        """Make the orders that are due, remind of terms that end, end what is over; agreement by agreement."""
        todo = self._due_now()
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(todo))
        for agreement in todo:
            try:
                with self.env.cr.savepoint():
                    agreement._run_due()
            except Exception:  # one agreement's trouble stops no other's
                _logger.exception("The service agreement %s cannot be run", agreement.id)
            if not cron._commit_progress(1):
                break

    @api.model
    def _due_now(self):
        """Return the agreements in force with an order to make, a term that ends or one that is over."""
        day = fields.Date.add(fields.Date.today(), days=1)  # each agreement looks at its own day again
        todo = self.search([("state", "=", "active"), "|", ("next_date", "<=", day), ("date_end", "<=", day)])
        unasked = self.search([("state", "=", "active"), ("reminded_on", "=", False), ("id", "not in", todo.ids)])
        return todo | unasked.filtered(lambda agreement: agreement._is_ending())

    def _run_due(self):
        """Do for one agreement what its day asks for; nothing is done twice."""
        self.ensure_one()
        if self.state != "active":
            return
        self.lock_for_update()
        self._make_orders()
        if self._is_ending() and not self.reminded_on:
            # sudo: written by this step only
            self.sudo().reminded_on = self.property_id._today()
            self.activity_schedule(
                "pm_customer_service.mail_activity_type_renewal",
                self.date_end,
                user_id=(self.user_id or self.property_id.manager_id or self.create_uid).id,
                summary=self.env._("%s ends: renew it?", self.name),
            )
        if self.date_end < self.property_id._today():
            self._transition("ended", next_date=False)

    def _is_ending(self):
        prop = self.property_id
        return self.date_end <= fields.Date.add(prop._today(), days=prop.agreement_reminder_days)
