from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import split_every

OPEN = ("requested", "waiting", "offered")
HELD = ("offered", "contract", "active")
CHUNK = 200


class PmParkingLease(models.Model):
    """A parking space let to a customer (车位租赁), from the request to the last day.

    The contract makes a fee assignment of the space to the lessee: the normal billing run charges it. The database
    lets no space be held twice on one day. Arrears play no part in it (L-01).
    Source: S0-140 to S0-143; refusals: S0-142.
    """

    _name = "pm.parking.lease"
    _description = "Parking Lease"
    _inherit = ["pm.steps", "pm.files", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _program_fields = frozenset(
        {
            "name",
            "state",
            "received_at",
            "finished_at",
            "waiting_since",
            "hinted_on",
            "assignment_id",
            "reminded_on",
            "renewal_of_id",
        }
    )
    _transitions = {
        ("requested", "offered"): "_guard_offered",
        ("waiting", "offered"): "_guard_offered",
        ("requested", "waiting"): "_guard_waiting",
        ("offered", "contract"): "_guard_contract",
        ("contract", "active"): None,
        ("active", "expired"): None,
        ("contract", "terminated"): "_guard_terminated",
        ("active", "terminated"): "_guard_terminated",
        ("requested", "withdrawn"): "_guard_withdrawn",
        ("waiting", "withdrawn"): "_guard_withdrawn",
        ("offered", "withdrawn"): "_guard_withdrawn",
    }
    _AGREED = frozenset({"property_id", "partner_id", "space_id", "date_from", "date_to", "plan_id"})

    _dates = models.Constraint(
        "CHECK (date_to IS NULL OR date_from IS NULL OR date_to >= date_from)", "A lease cannot end before it begins."
    )
    _space_once = models.Constraint(
        "EXCLUDE USING gist (space_id WITH =, daterange(date_from, date_to, '[]') WITH &&)"
        " WHERE (state IN ('offered', 'contract', 'active', 'expired', 'terminated'))",
        "This space is offered or let to somebody else on some of these days: choose another space or other days.",
    )
    _asked_once = models.UniqueIndex(
        "(property_id, partner_id, translate(upper(plate), '·•.- ', ''))"
        " WHERE renewal_of_id IS NULL AND state IN ('requested', 'waiting', 'offered')",
        "This customer has already asked for a space for this vehicle.",
    )
    _renewed_once = models.UniqueIndex(
        "(renewal_of_id) WHERE renewal_of_id IS NOT NULL AND state <> 'withdrawn'",
        "This lease is being renewed already.",
    )
    _waiting_index = models.Index("(property_id, waiting_since) WHERE state = 'waiting'")

    name = fields.Char("Lease No.", readonly=True, copy=False, default="/")
    property_id = fields.Many2one(
        "pm.property",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        default=lambda self: self.env.user.pm_property_ids[:1],
    )
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True)
    plan_id = fields.Many2one(
        "pm.parking.plan",
        "Use Plan",
        required=True,
        ondelete="restrict",
        compute="_compute_plan_id",
        store=True,
        precompute=True,
        readonly=False,
        domain="[('property_id', '=', property_id), ('state', '=', 'active')]",
    )
    partner_id = fields.Many2one("res.partner", "Lessee", required=True, index=True, ondelete="restrict", tracking=True)
    unit_id = fields.Many2one(
        "pm.unit",
        "Home or Office",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('property_id', '=', property_id), ('unit_type', '!=', 'parking')]",
    )
    plate = fields.Char("Number Plate", required=True, tracking=True)
    user_id = fields.Many2one("res.users", "Responsible", default=lambda self: self.env.user, index=True)
    wanted_from = fields.Date(default=fields.Date.context_today)
    space_id = fields.Many2one(
        "pm.unit",
        "Space",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        domain="[('property_id', '=', property_id), ('unit_type', '=', 'parking'), ('parking_to_let', '=', True)]",
    )
    date_from = fields.Date("First day of the lease", tracking=True)
    date_to = fields.Date("Last day of the lease", tracking=True)
    received_at = fields.Datetime("Formalities Begun", readonly=True, copy=False)
    finished_at = fields.Datetime("Formalities Finished", readonly=True, copy=False)
    minutes = fields.Float(
        "Minutes Taken",
        compute="_compute_minutes",
        store=True,
        digits=(8, 1),
        aggregator="avg",
        help="From the begin of the formalities to the signed contract; at most 20 (S0-143), see the key figures.",
    )
    wait_reason = fields.Char("Why None Can Be Offered", tracking=True, help="Told to the customer (S0-142).")
    wait_understood = fields.Boolean("Customer Understands", tracking=True, copy=False)
    waiting_since = fields.Datetime(readonly=True, copy=False)
    hinted_on = fields.Date("Space Became Free", readonly=True, copy=False)
    papers_seen = fields.Boolean(tracking=True, copy=False, help="Vehicle licence and what the plan asks for.")
    signature = fields.Binary(copy=False, attachment=True)
    signed_by = fields.Char(copy=False)
    contract_attachment_ids = fields.Many2many("ir.attachment", string="Signed Contract", copy=False)
    assignment_id = fields.Many2one("pm.fee.assignment", "Charged By", readonly=True, copy=False, ondelete="restrict")
    reminded_on = fields.Date("Reminded of the End", readonly=True, copy=False)
    renewal_of_id = fields.Many2one("pm.parking.lease", "Renewal Of", readonly=True, copy=False, ondelete="restrict")
    renewal_ids = fields.One2many("pm.parking.lease", "renewal_of_id", "Renewals", readonly=True)
    end_reason = fields.Char("Why It Ends", tracking=True, copy=False)
    last_day = fields.Date(copy=False, help="Of a lease that ends before its term.")
    state = fields.Selection(
        [
            ("requested", "Requested"),
            ("waiting", "Waiting list"),
            ("offered", "Offered"),
            ("contract", "Contract signed"),
            ("active", "Running"),
            ("expired", "Expired"),
            ("terminated", "Terminated"),
            ("withdrawn", "Withdrawn"),
        ],
        required=True,
        default="requested",
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )

    @api.depends("name", "partner_id.name")
    def _compute_display_name(self):
        for lease in self:
            lease.display_name = lease.name if lease.name and lease.name != "/" else lease.partner_id.name

    @api.depends("property_id")
    def _compute_plan_id(self):
        plans = {
            plan.property_id: plan
            for plan in self.env["pm.parking.plan"].search(
                [("property_id", "in", self.property_id.ids), ("state", "=", "active")]
            )
        }
        for lease in self:
            lease.plan_id = plans.get(lease.property_id, False)

    @api.depends("received_at", "finished_at")
    def _compute_minutes(self):
        for lease in self:
            taken = lease.finished_at and lease.received_at and lease.finished_at - lease.received_at
            lease.minutes = taken.total_seconds() / 60 if taken else 0.0

    @api.onchange("space_id", "wanted_from")
    def _onchange_space_id(self):
        if self.space_id and not self.date_from:
            self.date_from = self.wanted_from
        if self.date_from and not self.date_to:
            self.date_to = self.date_from + relativedelta(years=1, days=-1)

    @api.model_create_multi
    def create(self, vals_list):
        leases = super().create(vals_list)
        leases._check_partner()
        for prop, rows in leases.grouped("property_id").items():
            if any(lease.plan_id.state != "active" for lease in rows):
                raise UserError(
                    self.env._("%s has no parking use plan in force: no space can be let before (S0-140).", prop.name)
                )
        if self.env.context.get("pm_parking_from_portal"):
            leases._tell_desk()
        else:
            # Somebody stands at the counter: the clock of S0-143 runs.
            leases.sudo().write({"received_at": fields.Datetime.now()})  # sudo: the program's own clock
        return leases

    def _tell_desk(self):
        """Whoever is responsible for the home, or somebody of the front desk, is to answer what was asked in the portal."""
        for prop, leases in self.grouped("property_id").items():
            desk = prop._staff(self.env.ref("pm_base.group_front_desk"))[:1]
            for lease in leases:
                if user := lease.user_id or desk:
                    lease.activity_schedule(
                        "mail.mail_activity_data_todo",
                        user_id=user.id,
                        summary=self.env._("A parking space was asked for: offer one, or say why there is none"),
                    )

    def write(self, vals):
        if (
            self._AGREED & vals.keys()
            and not self.env.su
            and any(lease.state not in ("requested", "waiting", "offered") for lease in self)
        ):
            raise UserError(self.env._("A signed lease stays as it was agreed: terminate it, or renew it."))
        result = super().write(vals)
        if "partner_id" in vals:
            self._check_partner()
        return result

    # -- guards --------------------------------------------------------------------------------------------------------

    def _guard_offered(self):
        self._require(self.space_id and self.date_from and self.date_to, self.env._("choose a space and its days."))
        # sudo: whether a space is to be let is no secret
        space = self.space_id.sudo()
        self._require(
            space.property_id == self.property_id and space.unit_type == "parking" and space.parking_to_let,
            self.env._("%s is not a space that this property lets.", space.display_name),
        )
        self._require_plan()

    def _require_plan(self):
        """Parking is let under the plan in force (S0-140) and a licence that is valid (S0-86)."""
        plan = self.plan_id.sudo()  # sudo: both are public
        self._require(
            plan.state == "active", self.env._("its use plan is not in force any more: choose the one that is.")
        )
        self._require(
            plan._is_licensed(),
            self.env._("the operating licence has run out: a manager must enter the renewed one with the use plan."),
        )

    def _guard_waiting(self):
        self._require((self.wait_reason or "").strip(), self.env._("tell the customer why no space can be offered."))
        self._require(
            self.wait_understood, self.env._("explain the reason until the customer understands it, and tick that box.")
        )

    def _guard_contract(self):
        self._require_plan()
        self._require(self.papers_seen, self.env._("look at the papers that the plan asks for, and tick that box."))
        self._require(
            (self.signature and (self.signed_by or "").strip()) or self.contract_attachment_ids,
            self.env._("the contract needs the lessee's signature with his name, or the signed paper."),
        )

    def _guard_terminated(self):
        self._require((self.end_reason or "").strip(), self.env._("give the reason."))
        self._require(
            self.last_day and self.date_from <= self.last_day <= self.date_to,
            self.env._("give the last day, within the term of the lease."),
        )

    def _guard_withdrawn(self):
        self._require((self.end_reason or "").strip(), self.env._("give the reason."))

    # -- steps ---------------------------------------------------------------------------------------------------------

    def action_offer(self):
        """Offer the chosen space; for a request from the portal or the waiting list the formalities begin now."""
        now = fields.Datetime.now()
        for lease in self:
            begun = lease.received_at if lease.state == "requested" and lease.received_at else now
            lease._transition("offered", received_at=begun)
            lease.activity_unlink(["mail.mail_activity_data_todo"])

    def action_wait(self):
        self._transition("waiting", waiting_since=fields.Datetime.now())
        self.activity_unlink(["mail.mail_activity_data_todo"])

    def action_sign(self):
        """Record the signed contract and have the space charged to the lessee from its first day."""
        for lease in self:
            # The number is drawn before the row is locked by the step, the assignment comes with it or not at all.
            lease._transition("contract", finished_at=fields.Datetime.now())
            record = (
                lease.sudo()
            )  # sudo: the desk need not hold the rights of billing; the contract is what it charges by
            record._refuse_double_charge()
            number = self.env["ir.sequence"].sudo().next_by_code("pm.parking.lease")
            record.write(
                {
                    "name": number or "/",
                    "assignment_id": record.env["pm.fee.assignment"].create(record._prepare_assignment()).id,
                }
            )
            if lease.date_from <= lease.property_id._today():
                lease._transition("active")

    def _prepare_assignment(self):
        return {
            "unit_id": self.space_id.id,
            "item_id": self.plan_id.item_id.id,
            "partner_id": self.partner_id.id,
            "date_from": self.date_from,
            "date_to": self.date_to,
        }

    def _refuse_double_charge(self):
        other = self.env["pm.fee.assignment"].search(
            [
                ("unit_id", "=", self.space_id.id),
                ("item_id", "=", self.plan_id.item_id.id),
                ("date_from", "<=", self.date_to),
                "|",
                ("date_to", "=", False),
                ("date_to", ">=", self.date_from),
            ],
            limit=1,
        )
        self._require(
            not other,
            self.env._(
                "%(space)s already pays “%(item)s” from %(day)s on: end that assignment first, or choose other days.",
                space=self.space_id.display_name,
                item=self.plan_id.item_id.name,
                day=other.date_from,
            ),
        )

    def action_terminate(self):
        """End a lease before its term; the charge ends with the last day."""
        for lease in self:
            lease._transition("terminated")
            lease.activity_unlink(["mail.mail_activity_data_todo"])
            record = lease.sudo()  # sudo: as in action_sign
            record.date_to = lease.last_day
            record.assignment_id.date_to = lease.last_day
            billed = record.env["pm.charge"].search_count(
                [
                    ("unit_id", "=", lease.space_id.id),
                    ("item_id", "=", lease.plan_id.item_id.id),
                    ("partner_id", "=", lease.partner_id.id),
                    ("period_end", ">", lease.last_day),
                    ("state", "=", "posted"),
                ]
            )
            if billed:
                lease.message_post(
                    body=self.env._(
                        "%s charges reach beyond the last day: correct them (Billing, Corrections).", billed
                    )
                )
            lease.property_id._parking_hint_waiting()

    def action_withdraw(self):
        self._transition("withdrawn")
        self.activity_unlink(["mail.mail_activity_data_todo"])

    def action_renew(self):
        """Draw up the lease that follows this one: same space, same length, from the day after."""
        self.ensure_one()
        self._require(self.state in ("active", "expired"), self.env._("only a running or expired lease is renewed."))
        begin = self.date_to + relativedelta(days=1)
        # In months: a lease of two months is followed by two, not by 61 days that end in the midst of the third.
        length = relativedelta(begin, self.date_from)
        self.check_access("write")
        # sudo: which lease it follows is the program's own link
        lease = self.sudo().create(
            {
                "property_id": self.property_id.id,
                "partner_id": self.partner_id.id,
                "unit_id": self.unit_id.id,
                "plate": self.plate,
                "space_id": self.space_id.id,
                "wanted_from": begin,
                "date_from": begin,
                "date_to": begin + length - relativedelta(days=1),
                "user_id": self.env.uid,
                "renewal_of_id": self.id,
            }
        )
        self.activity_feedback(["mail.mail_activity_data_todo"])
        return {
            "type": "ir.actions.act_window",
            "res_model": "pm.parking.lease",
            "res_id": lease.id,
            "view_mode": "form",
        }

    # -- daily job -----------------------------------------------------------------------------------------------------

    @api.model
    def _cron_leases(self):
        """Daily: leases begin, end, and are announced to end; safe to run twice. One property's trouble is its own."""
        properties = self.search([("state", "in", ("waiting", "contract", "active"))]).property_id
        properties |= self.env["pm.parking.plan"].search([("state", "=", "active")]).property_id
        self.env["ir.cron"]._each_property(self._run_property, "parking leases", properties)

    @api.model
    def _run_property(self, prop):
        today, own = prop._today(), Domain("property_id", "=", prop.id)
        self.search(own & Domain("state", "=", "contract") & Domain("date_from", "<=", today))._transition("active")
        self.search(own & Domain("state", "=", "active") & Domain("date_to", "<", today))._transition("expired")
        ending = self.search(
            own
            & Domain("state", "=", "active")
            & Domain("reminded_on", "=", False)
            & Domain("date_to", "<=", today + relativedelta(days=prop.parking_renewal_days))
            & Domain("renewal_ids", "not any", [("state", "!=", "withdrawn")])
        )
        for chunk in split_every(CHUNK, ending.ids, self.browse):
            chunk._remind_of_end(today)
        prop._parking_hint_waiting()
        self.env["pm.parking.plan"]._remind_of_licence(prop)

    def _remind_of_end(self, today):
        self.env["pm.message"]._enqueue_template(
            "service",
            ["pm_fees.mail_template_parking_end", "pm_fees.sms_template_parking_end"],
            self,
            "parking-end",
        )
        for user, leases in self.grouped("user_id").items():
            leases.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=user.id or self.env.uid,
                summary=self.env._("Parking lease ends: renew it?"),
            )
        self.sudo().reminded_on = today  # sudo: the program's own mark


class PmProperty(models.Model):
    _inherit = "pm.property"

    _parking_renewal_days = models.Constraint(
        "CHECK (parking_renewal_days >= 0)", "The days before the end of a parking lease cannot be negative."
    )

    parking_renewal_days = fields.Integer(
        "Renewal Reminder (days before)",
        default=30,
        help="So many days before its end lessee and responsible are reminded of a parking lease, and a manager of the "
        "operating licence. The handbook asks for renewal (S0 ch. 5 §6) and names no number.",
    )

    def _parking_free_spaces(self):
        """Return the spaces to let that nobody holds today."""
        self.ensure_one()
        today = self._today()
        held = (
            self.env["pm.parking.lease"]
            .sudo()
            ._search(  # sudo: whether a space is taken, not by whom
                [
                    ("property_id", "=", self.id),
                    ("state", "in", HELD),
                    ("date_to", ">=", today),
                    ("date_from", "<=", today),
                ]
            )
        )
        return self.env["pm.unit"].search(
            [
                ("property_id", "=", self.id),
                ("unit_type", "=", "parking"),
                ("parking_to_let", "=", True),
                ("id", "not in", held.subselect("space_id")),
            ]
        )

    def _parking_hint_waiting(self):
        """Tell the responsible of those who wait longest that there is a space for each of them."""
        self.ensure_one()
        leases = self.env["pm.parking.lease"]
        hinted = leases.search_count(
            [("property_id", "=", self.id), ("state", "=", "waiting"), ("hinted_on", "!=", False)]
        )
        free = len(self._parking_free_spaces()) - hinted
        if free <= 0:
            return
        first = leases.search(
            [("property_id", "=", self.id), ("state", "=", "waiting"), ("hinted_on", "=", False)],
            order="waiting_since, id",
            limit=free,
        )
        for lease in first:
            lease.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=lease.user_id.id or self.env.uid,
                summary=self.env._("A parking space is free: offer it"),
            )
        first.sudo().hinted_on = self._today()  # sudo: the program's own mark


class PmUnit(models.Model):
    _inherit = "pm.unit"

    parking_to_let = fields.Boolean(
        "To Let", tracking=True, help="A parking space that the management lets under the use plan (S0-140)."
    )


class PmKpi(models.Model):
    """KPI 26: how long the formalities of a parking lease take."""

    _inherit = "pm.kpi"

    def _kpi_parking_minutes(self, prop, date_from, date_to, user=None):
        """Minutes of the leases signed between the dates / their number. Source: S0-143."""
        signed = [
            ("property_id", "=", prop.id),
            ("finished_at", ">=", prop._local_midnight_utc(date_from)),
            ("finished_at", "<", prop._local_midnight_utc(date_to + relativedelta(days=1))),
        ]
        if user:
            signed.append(("user_id", "=", user.id))
        return {
            "numerator": ("pm.parking.lease", signed, "minutes"),
            "denominator": ("pm.parking.lease", signed, None),
        }
