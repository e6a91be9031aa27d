import hashlib
import json

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

MANAGER = "pm_base.group_manager"
STATES = [
    ("draft", "Draft"),
    ("signing", "Departments sign"),
    ("submitted", "Submitted"),
    ("approved", "Approved"),
    ("refused", "Refused"),
]


class PmServiceEstimate(models.Model):
    """Cost sheet of a temporary service (《特约维修价格确认单》): what the price list does not know. Source: S1-85 to S1-89.

    =========  =====================================================================================
    draft      departments enter staff, hours, materials
    signing    closed to changes; the head of every department involved signs (S1-87)
    submitted  summed up and laid before the project manager (S1-88)
    approved   the price is a line of the order; the customer agrees to it like to any other
    refused    not at this price; back to draft with the reason on record
    =========  =====================================================================================

    Price = staff × hours × rate + materials, then the management fee, then the tax (S1-86).
    """

    _name = "pm.service.estimate"
    _description = "Cost Sheet"
    _inherit = ["pm.steps", "mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _program_fields = frozenset(
        {"number", "state", "submitted_by_id", "approved_by_id", "approved_at", "refuse_reason"}
    )
    _transitions = {
        ("draft", "signing"): "_guard_signing",
        ("signing", "draft"): None,
        ("signing", "submitted"): "_guard_submitted",
        ("submitted", "approved"): (MANAGER, "_guard_approved"),
        ("submitted", "refused"): (MANAGER, None),
        ("refused", "draft"): None,
    }

    _number_unique = models.UniqueIndex("(company_id, number) WHERE number <> '/'", "This number is already used.")
    _one_in_force = models.UniqueIndex(
        "(order_id) WHERE state = 'approved'", "The order already has an approved cost sheet."
    )
    _percent_range = models.Constraint(
        "CHECK (overhead_percent >= 0 AND overhead_percent <= 100 AND tax_percent >= 0 AND tax_percent <= 100)",
        "A percentage lies between 0 and 100.",
    )

    number = fields.Char(readonly=True, copy=False, default="/")
    name = fields.Char(string="Work", required=True, tracking=True, help="What is done, as it stands on the order.")
    order_id = fields.Many2one(
        "pm.service.order", string="Service Order", required=True, ondelete="restrict", index=True
    )
    property_id = fields.Many2one(related="order_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="order_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(related="order_id.partner_id")
    state = fields.Selection(STATES, required=True, default="draft", readonly=True, copy=False, tracking=True)
    labour_ids = fields.One2many("pm.service.estimate.labour", "estimate_id", string="Labour", copy=True)
    material_ids = fields.One2many("pm.service.estimate.material", "estimate_id", string="Materials", copy=True)
    team_ids = fields.Many2many("pm.team", string="Departments", compute="_compute_team_ids")
    sign_ids = fields.One2many("pm.service.estimate.sign", "estimate_id", string="Signatures", readonly=True)
    missing_team_ids = fields.Many2many("pm.team", string="Signatures Missing", compute="_compute_missing_team_ids")

    can_sign = fields.Boolean(compute="_compute_can_sign")

    overhead_id = fields.Many2one(
        "pm.service.rate",
        string="Management Fee",
        compute="_compute_rates",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('kind', '=', 'overhead'), ('property_id', 'in', (False, property_id))]",
    )
    tax_id = fields.Many2one(
        "pm.service.rate",
        string="Tax",
        compute="_compute_rates",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('kind', '=', 'tax'), ('property_id', 'in', (False, property_id))]",
    )
    overhead_percent = fields.Float(
        string="Management Fee (%)", digits=(6, 2), compute="_compute_overhead_percent", store=True, precompute=True
    )
    tax_percent = fields.Float(
        string="Tax (%)", digits=(6, 2), compute="_compute_tax_percent", store=True, precompute=True
    )
    amount_labour = fields.Monetary(string="Labour (Amount)", compute="_compute_amounts", store=True)
    amount_material = fields.Monetary(string="Materials (Amount)", compute="_compute_amounts", store=True)
    amount_overhead = fields.Monetary(string="Management Fee (Amount)", compute="_compute_amounts", store=True)
    amount_tax = fields.Monetary(string="Tax (Amount)", compute="_compute_amounts", store=True)
    amount_total = fields.Monetary(string="Price", compute="_compute_amounts", store=True)
    margin_percent = fields.Float(
        string="Margin (%)",
        digits=(6, 1),
        compute="_compute_amounts",
        store=True,
        help="Share of the management fee in the price without tax: cost and a small profit is the principle (S1-89).",
    )
    note = fields.Text(string="Remarks")
    submitted_by_id = fields.Many2one("res.users", string="Summed Up By", readonly=True, copy=False)
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_at = fields.Datetime(readonly=True, copy=False)
    refuse_reason = fields.Char(readonly=True, copy=False)

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends("number", "name")
    def _compute_display_name(self):
        for sheet in self:
            sheet.display_name = sheet.name if sheet.number == "/" else f"{sheet.number} {sheet.name or ''}".strip()

    @api.depends("order_id")
    def _compute_rates(self):
        rates = self.env["pm.service.rate"]
        for sheet in self:
            prop = sheet.order_id.property_id
            sheet.overhead_id = sheet.overhead_id or rates._default_for("overhead", prop)
            sheet.tax_id = sheet.tax_id or rates._default_for("tax", prop)

    @api.depends("overhead_id")
    def _compute_overhead_percent(self):
        for sheet in self:
            sheet.overhead_percent = sheet.overhead_id.percent

    @api.depends("tax_id")
    def _compute_tax_percent(self):
        for sheet in self:
            sheet.tax_percent = sheet.tax_id.percent

    @api.depends("labour_ids.subtotal", "material_ids.subtotal", "overhead_percent", "tax_percent")
    def _compute_amounts(self):
        for sheet in self:
            rounded = (sheet.currency_id or self.env.company.currency_id).round
            labour, material = sum(sheet.labour_ids.mapped("subtotal")), sum(sheet.material_ids.mapped("subtotal"))
            overhead = rounded((labour + material) * sheet.overhead_percent / 100)
            net = labour + material + overhead
            tax = rounded(net * sheet.tax_percent / 100)
            sheet.amount_labour, sheet.amount_material = labour, material
            sheet.amount_overhead, sheet.amount_tax = overhead, tax
            sheet.amount_total = net + tax
            sheet.margin_percent = 100 * overhead / net if net else 0

    @api.depends("labour_ids.team_id", "material_ids.team_id")
    def _compute_team_ids(self):
        for sheet in self:
            sheet.team_ids = sheet.labour_ids.team_id | sheet.material_ids.team_id

    @api.depends("team_ids", "sign_ids.team_id", "sign_ids.content_hash")
    def _compute_missing_team_ids(self):
        for sheet in self:
            content = sheet._content_hash()
            signed = sheet.sign_ids.filtered(lambda sign, content=content: sign.content_hash == content)
            sheet.missing_team_ids = sheet.team_ids - signed.team_id

    @api.depends_context("uid")
    @api.depends("missing_team_ids", "state")
    def _compute_can_sign(self):
        for sheet in self:
            sheet.can_sign = sheet.state == "signing" and bool(sheet._teams_to_sign())

    def _teams_to_sign(self):
        """Return the departments the user signs for: those he leads; a supervisor also those without a head (S1-87)."""
        user = self.env.user
        supervises = user.has_group("pm_base.group_supervisor")
        return self.missing_team_ids.filtered(lambda team: team.user_id == user or (supervises and not team.user_id))

    def _content_hash(self):
        """Return a fingerprint of what the departments sign: who, how long, which material, which price."""
        labour = [(row.team_id.id, row.staff, row.hours, row.rate) for row in self.labour_ids.sorted("id")]
        material = [(row.team_id.id, row.name, row.quantity, row.price) for row in self.material_ids.sorted("id")]
        content = json.dumps(
            [self.name, labour, material, self.currency_id.round(self.amount_total)], ensure_ascii=False
        )
        return hashlib.sha256(content.encode()).hexdigest()

    @api.constrains("labour_ids", "material_ids")
    def _check_teams(self):
        for sheet in self:
            for team in sheet.team_ids:
                if team.property_id != sheet.property_id:
                    raise ValidationError(
                        self.env._(
                            "%(unit)s does not belong to the property %(property)s.",
                            unit=team.display_name,
                            property=sheet.property_id.display_name,
                        )
                    )

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        sheets = super().create(vals_list)
        for sheet in sheets:
            if sheet.order_id.state not in ("draft", "quoted", "agreed", "dispatched", "changed"):
                raise UserError(self.env._("An order that is done or cancelled stays as it was signed."))
            # sudo: the number is the program's
            sheet.sudo().number = self.env["ir.sequence"].sudo().next_by_code("pm.service.estimate") or "/"
        sheets.order_id.sudo().filtered(lambda order: not order.is_temporary).write({"is_temporary": True})
        return sheets

    def write(self, vals):
        if not self.env.su and vals.keys() - {"note", "message_follower_ids", "activity_ids"}:
            self._check_draft()
        return super().write(vals)

    def _check_draft(self):
        if any(sheet.state != "draft" for sheet in self):
            raise UserError(
                self.env._("What the departments sign is not changed: send the cost sheet back to draft first.")
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(sheet.state != "draft" or sheet.sign_ids for sheet in self):
            raise UserError(self.env._("Only a cost sheet that nobody has signed can be deleted."))

    # ------------------------------------------------------------------
    # Steps
    # ------------------------------------------------------------------

    def _guard_signing(self):
        self._require(
            self.labour_ids or self.material_ids, self.env._("enter who works how long, and which material is used.")
        )
        self._require(
            not self.currency_id.is_zero(self.amount_total), self.env._("a cost sheet of zero needs no signature.")
        )

    def _guard_submitted(self):
        self._require(
            not self.missing_team_ids,
            self.env._(
                "these departments have not signed what it says now: %s (S1-87).",
                ", ".join(self.missing_team_ids.mapped("name")),
            ),
        )

    def _guard_approved(self):
        # sudo: all who signed count, whoever may read the signatures
        involved = self.sudo().sign_ids.user_id | self.submitted_by_id
        if not self.env.su and self.env.user in involved:
            raise AccessError(self.env._("%s: whoever prepared or signed a cost sheet does not approve it.", self.name))

    def action_to_sign(self):
        """The departments are asked for their signatures; from here on nothing is changed."""
        self._transition("signing")
        for sheet in self:
            for team in sheet.missing_team_ids.filtered("user_id"):
                sheet.activity_schedule(
                    "pm_customer_service.mail_activity_type_estimate",
                    user_id=team.user_id.id,
                    summary=self.env._("Sign the cost sheet %s", sheet.number),
                )

    def action_sign(self):
        """Sign for the departments one leads (S1-87)."""
        user = self.env.user
        for sheet in self:
            sheet._require(sheet.state == "signing", self.env._("it is not open for signatures."))
            teams = sheet._teams_to_sign()
            if not teams:
                raise AccessError(
                    self.env._("%s: only the heads of the departments that have not signed yet sign.", sheet.name)
                )
            # sudo: signatures are evidence, no role writes them by hand
            sheet.env["pm.service.estimate.sign"].sudo().create(
                [
                    {
                        "estimate_id": sheet.id,
                        "team_id": team.id,
                        "user_id": user.id,
                        "amount": sheet.amount_total,
                        "content_hash": sheet._content_hash(),
                    }
                    for team in teams
                ]
            )
            sheet.invalidate_recordset(["missing_team_ids"])
            sheet.sudo().activity_feedback(
                ["pm_customer_service.mail_activity_type_estimate"], user_id=user.id
            )  # sudo: a head may sign without the right to change the sheet

    def action_back_to_draft(self):
        """Something is to be changed: the departments sign anew what it says then."""
        self._transition("draft", submitted_by_id=False)
        self.activity_unlink(["pm_customer_service.mail_activity_type_estimate"])

    def action_submit(self):
        """Lay it before the project manager (S1-88)."""
        self._transition("submitted", submitted_by_id=self.env.uid)
        for sheet in self.filtered("property_id.manager_id"):
            sheet.activity_schedule(
                "pm_customer_service.mail_activity_type_estimate",
                user_id=sheet.property_id.manager_id.id,
                summary=self.env._("Approve the cost sheet %s", sheet.number),
            )

    def action_approve(self):
        """The price stands: it becomes a line of the order, in place of the one of an older sheet."""
        for sheet in self:
            order = sheet.order_id
            sheet._require(
                order.state in ("draft", "quoted", "agreed", "dispatched", "changed"),
                self.env._("the order is done or cancelled."),
            )
            old = order.line_ids.filtered("estimate_id")
            # sudo: an older sheet gives way; its price was never changed, it is only no longer sold
            old.estimate_id.sudo().filtered(lambda other: other.state == "approved").write({"state": "refused"})
            self.env.flush_all()  # one sheet in force is the database's word: the old one goes first
            sheet._transition("approved", approved_by_id=self.env.uid, approved_at=fields.Datetime.now())
            sheet.activity_feedback(["pm_customer_service.mail_activity_type_estimate"])
            # sudo: prices are the program's; this one has just been approved
            order.sudo().write(
                {
                    "line_ids": [
                        *(Command.delete(line.id) for line in old),
                        Command.create({"estimate_id": sheet.id, "quantity": 1}),
                    ]
                }
            )

    def _refuse(self, reason):
        """Not at this price; the reason stays on record."""
        if not (reason or "").strip():
            raise UserError(self.env._("To refuse a cost sheet you must give the reason."))
        self._transition("refused", refuse_reason=reason.strip()[:250])
        self.activity_unlink(["pm_customer_service.mail_activity_type_estimate"])

    def action_refuse(self):
        """Ask for the reason."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refuse the Cost Sheet"),
            "res_model": "pm.service.decision",
            "view_mode": "form",
            "target": "new",
            "context": {"default_estimate_id": self.id, "default_accept": False},
        }
