from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

STATES = [
    ("draft", "Draft"),
    ("discussed", "Discussed"),
    ("priced", "Priced"),
    ("submitted", "Submitted"),
    ("approved", "Approved"),
    ("published", "Published"),
    ("retired", "Retired"),
]
MANAGER, ACCOUNTANT, LEADERSHIP = "pm_base.group_manager", "pm_base.group_accountant", "pm_base.group_leadership"
TERMS = {"name", "description", "unit_label", "property_id", "company_id"}
PRICES = {"price", "cost_labour", "cost_material", "tax_percent"}


class PmServiceItem(models.Model):
    """A paid service (特约服务) with its price: from the idea to the price list that customers read.

    ==========  ==========================  ===========================================================
    state       who takes the step there    what must be true
    ==========  ==========================  ===========================================================
    draft       project manager             needed by customers (S1-66)
    discussed   project manager             necessity and feasibility were discussed by departments
    priced      project accountant          the price was set together with finance
    submitted   project manager
    approved    leadership                  by somebody who did not set the price (S1-66)
    published   project manager             announced to the customers, how is recorded (S1-71)
    retired     project manager             no longer ordered
    ==========  ==========================  ===========================================================

    What is approved is never changed: a new price is a new version, which replaces the old one when published. Only
    published items can be ordered. Source: S1-70, S1-71, S1-53.
    """

    _name = "pm.service.item"
    _description = "Paid Service"
    _inherit = ["pm.steps", "mail.thread"]
    _order = "sequence, name, id"
    _program_fields = frozenset(
        {"state", "priced_by_id", "approved_by_id", "approved_on", "published_on", "replaces_id"}
    )
    _transitions = {
        ("draft", "discussed"): (MANAGER, "_guard_discussed"),
        ("discussed", "priced"): (ACCOUNTANT, "_guard_priced"),
        ("priced", "submitted"): (MANAGER, None),
        ("submitted", "approved"): (LEADERSHIP, "_guard_approved"),
        ("submitted", "draft"): (LEADERSHIP, None),
        ("approved", "published"): (MANAGER, "_guard_published"),
        ("published", "retired"): (MANAGER, None),
        ("draft", "retired"): (MANAGER, None),
    }

    _price_positive = models.Constraint(
        "CHECK (price >= 0 AND cost_labour >= 0 AND cost_material >= 0)", "Prices and costs cannot be negative."
    )
    _tax_range = models.Constraint(
        "CHECK (tax_percent >= 0 AND tax_percent < 100)", "A tax rate lies between 0 and 100 %."
    )
    _published_index = models.Index("(company_id, property_id) WHERE state = 'published'")

    name = fields.Char(string="Service", required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    description = fields.Text(translate=True, help="What is done for the price, and what is not.")
    unit_label = fields.Char(string="Charged Per", translate=True, help="Hour, visit, m², page …", tracking=True)
    property_id = fields.Many2one(
        "pm.property", index="btree_not_null", ondelete="restrict", help="Empty: for every property of the company."
    )
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        index=True,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    price = fields.Monetary(tracking=True, help="What the customer pays, tax included.")
    tax_percent = fields.Float(string="Tax Contained (%)", digits=(5, 2))
    cost_labour = fields.Monetary(
        string="Labour Cost", groups="pm_base.group_manager,pm_base.group_accountant,pm_base.group_leadership"
    )
    cost_material = fields.Monetary(
        string="Material Cost", groups="pm_base.group_manager,pm_base.group_accountant,pm_base.group_leadership"
    )
    margin_percent = fields.Float(
        string="Margin (%)",
        digits=(6, 1),
        compute="_compute_margin_percent",
        groups="pm_base.group_manager,pm_base.group_accountant,pm_base.group_leadership",
        help="What is left of the price without tax after labour and material; the principle is cost and a small profit (S1-89).",
    )
    team_ids = fields.Many2many("pm.team", string="Departments Heard")
    discussion = fields.Text(string="Necessity and Feasibility", help="What the departments said (S1-70).")
    announced = fields.Char(
        string="Announced By", help="How customers were told: board in the lobby, notice to the rooms … (S1-71)."
    )
    state = fields.Selection(STATES, required=True, default="draft", readonly=True, copy=False, tracking=True)
    priced_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_on = fields.Date(readonly=True, copy=False)
    published_on = fields.Date(readonly=True, copy=False)
    replaces_id = fields.Many2one("pm.service.item", string="New Version Of", readonly=True, copy=False)
    source = fields.Char(help="Requirement id that names the service.")

    @api.depends("property_id")
    def _compute_company_id(self):
        for item in self:
            item.company_id = item.property_id.company_id or item.company_id or self.env.company

    @api.depends("price", "tax_percent", "cost_labour", "cost_material")
    def _compute_margin_percent(self):
        for item in self:
            net = item.price / (1 + item.tax_percent / 100)
            item.margin_percent = 100 * (net - item.cost_labour - item.cost_material) / net if net else 0

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    def write(self, vals):
        if not self.env.su:
            if (TERMS | PRICES) & vals.keys() and any(
                item.state in ("submitted", "approved", "published", "retired") for item in self
            ):
                raise UserError(
                    self.env._("What was submitted or approved is not changed: make a new version with the new price.")
                )
            if PRICES & vals.keys() and any(item.state == "priced" for item in self):
                raise UserError(self.env._("The price was set together with finance and stays as it is."))
            if vals.keys() - PRICES and not self.env.user.has_group(MANAGER):
                raise AccessError(
                    self.env._("Only a project manager changes paid services; finance sets their prices.")
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(item.state != "draft" for item in self):
            raise UserError(self.env._("Only drafts can be deleted: retire the service instead."))

    # ------------------------------------------------------------------
    # State
    # ------------------------------------------------------------------

    def _guard_discussed(self):
        self._require(
            (self.discussion or "").strip(),
            self.env._("write what the departments said about necessity and feasibility (S1-70)."),
        )

    def _guard_priced(self):
        self._require(
            not self.currency_id.is_zero(self.price) and (self.unit_label or "").strip(),
            self.env._("enter the price and what it is charged per."),
        )

    def _guard_approved(self):
        if not self.env.su and self.env.user == self.priced_by_id:
            raise AccessError(self.env._("%s: whoever set the price does not approve it.", self.name))

    def _guard_published(self):
        self._require(
            (self.announced or "").strip(), self.env._("write how the customers are told of the service (S1-71).")
        )

    def action_discuss(self):
        self._transition("discussed")

    def action_price(self):
        """Finance has set the price (S1-70)."""
        self._transition("priced", priced_by_id=self.env.uid)

    def action_submit(self):
        self._transition("submitted")

    def action_approve(self):
        self._transition("approved", approved_by_id=self.env.uid, approved_on=fields.Date.context_today(self))

    def action_send_back(self):
        """Not like this: discussed and priced anew."""
        self._transition("draft", priced_by_id=False)

    def action_publish(self):
        """From today it is on the price list and can be ordered; an older version leaves the list."""
        self._transition("published", published_on=fields.Date.context_today(self))
        old = self.replaces_id.filtered(lambda item: item.state == "published")
        if old:
            old._transition("retired")

    def action_retire(self):
        self._transition("retired")

    def action_revise(self):
        """A new version, with a price of its own; the present one is sold until that is published."""
        self.ensure_one()
        self._require(self.state == "published", self.env._("only a published service gets a new version."))
        if not self.env.su and not self.env.user.has_group(MANAGER):
            raise AccessError(self.env._("Only a project manager changes paid services; finance sets their prices."))
        draft = self.search([("replaces_id", "=", self.id), ("state", "not in", ("published", "retired"))], limit=1)
        if not draft:
            draft = self.copy({"announced": False, "discussion": False})
            draft.sudo().replaces_id = self  # sudo: which one it replaces is the program's
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": draft.id,
            "view_mode": "form",
        }

    def _is_published_for(self, prop):
        """Tell whether the (one or no) service can be ordered for ``prop`` today."""
        return (
            self.state == "published"
            and self.company_id == prop.company_id
            and self.property_id in (self.env["pm.property"], prop)
        )

    @api.model
    def _price_list(self, prop):
        """Return the services that customers of ``prop`` can order today."""
        return self.search(
            [
                ("state", "=", "published"),
                ("company_id", "=", prop.company_id.id),
                ("property_id", "in", (False, prop.id)),
            ]
        )
