from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from odoo.addons.pm_base.models.pm_program_fields import without_defaults

APPROVAL_FIELDS = {"discount_author_id", "discount_approved_by", "discount_approved_on"}
# What a discount is approved for: so much, of this fee, for this unit, on these days, for that reason.
DISCOUNT_FIELDS = {"discount", "discount_reason", "discount_from", "discount_to", "unit_id", "item_id"}


class PmFeeAssignment(models.Model):
    """This unit pays this fee item from that day on.

    A discount (vacant, promotional) needs a reason and the approval of somebody other than who entered it; until then
    the billing run refuses the row instead of guessing.
    """

    _name = "pm.fee.assignment"
    _description = "Fee assignment"
    _inherit = ["mail.thread"]
    _order = "property_id, unit_id, item_id, date_from desc"
    _rec_name = "item_id"

    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (unit_id WITH =, item_id WITH =, daterange(date_from, date_to, '[]') WITH &&)",
        "This unit already pays this fee item on some of these days.",
    )
    _dates = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)", "An assignment cannot end before it starts."
    )
    _quantity = models.Constraint("CHECK (quantity > 0)", "The quantity of an assignment is above zero.")
    _discount_range = models.Constraint(
        "CHECK (discount >= 0 AND discount <= 100)", "A discount lies between 0 and 100 %."
    )

    unit_id = fields.Many2one("pm.unit", required=True, ondelete="restrict", index=True)
    property_id = fields.Many2one(related="unit_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="unit_id.company_id", store=True, index=True)
    item_id = fields.Many2one(
        "pm.fee.item",
        "Fee item",
        required=True,
        ondelete="restrict",
        index=True,
        domain="[('company_id', '=', company_id)]",
    )
    pass_through = fields.Boolean(related="item_id.pass_through")
    date_from = fields.Date("From", required=True, default=fields.Date.context_today, tracking=True)
    date_to = fields.Date("To", tracking=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Other payer",
        index="btree_not_null",
        tracking=True,
        help="Pays this item instead of the payer of the unit.",
    )
    quantity = fields.Float(
        digits=(12, 4),
        default=1.0,
        required=True,
        tracking=True,
        help="How often a fixed amount is charged (spaces, bins, seats); “quantity” in formulas.",
    )
    discount = fields.Float("Discount (%)", digits=(5, 2), tracking=True)
    discount_reason = fields.Char(tracking=True)
    discount_from = fields.Date(tracking=True)
    discount_to = fields.Date(tracking=True)
    discount_author_id = fields.Many2one("res.users", "Discount entered by", readonly=True, copy=False)
    discount_approved_by = fields.Many2one("res.users", readonly=True, copy=False, tracking=True)
    discount_approved_on = fields.Date(readonly=True, copy=False)
    discount_state = fields.Selection(
        [("none", "None"), ("waiting", "Waiting for approval"), ("approved", "Approved")],
        compute="_compute_discount_state",
        store=True,
        string="Discount state",
    )

    @api.depends("discount", "discount_approved_by")
    def _compute_discount_state(self):
        for line in self:
            if not line.discount:
                line.discount_state = "none"
            else:
                line.discount_state = "approved" if line.discount_approved_by else "waiting"

    @api.depends("item_id.name", "unit_id.name")
    def _compute_display_name(self):
        for line in self:
            line.display_name = f"{line.unit_id.name or ''} {line.item_id.name or ''}"

    @api.constrains("discount", "discount_reason", "discount_from", "discount_to")
    def _check_discount(self):
        for line in self.filtered("discount"):
            if not line.discount_reason:
                raise ValidationError(self.env._("A discount needs a reason: %s.", line.display_name))
            if line.discount_from and line.discount_to and line.discount_to < line.discount_from:
                raise ValidationError(self.env._("The discount of %s ends before it starts.", line.display_name))

    @api.constrains("unit_id", "item_id")
    def _check_company(self):
        for line in self:
            if line.item_id.company_id != line.unit_id.company_id:
                raise ValidationError(
                    self.env._(
                        "Fee item “%(item)s” belongs to another company than unit %(unit)s.",
                        item=line.item_id.name,
                        unit=line.unit_id.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        self = without_defaults(self, APPROVAL_FIELDS)  # noqa: PLW0642
        vals_list = [{name: value for name, value in vals.items() if name not in APPROVAL_FIELDS} for vals in vals_list]
        for vals in vals_list:
            if vals.get("discount"):
                vals["discount_author_id"] = self.env.uid
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and APPROVAL_FIELDS & set(vals):
            raise AccessError(self.env._("The approval of a discount is recorded by the program: use the button."))
        if DISCOUNT_FIELDS & set(vals) and "discount_approved_by" not in vals:
            # A changed discount was never approved.
            vals = {
                **vals,
                "discount_author_id": self.env.uid,
                "discount_approved_by": False,
                "discount_approved_on": False,
            }
        return super().write(vals)

    def action_approve_discount(self):
        """Approve the discounts: a supervisor who did not enter them."""
        if not self.env.user.has_group("pm_base.group_supervisor"):
            raise UserError(self.env._("To approve a discount you must be a supervisor."))
        for line in self.filtered(lambda line: line.discount_state == "waiting"):
            if line.discount_author_id == self.env.user:
                raise UserError(
                    self.env._("You entered the discount of %s: somebody else must approve it.", line.display_name)
                )
            # sudo: APPROVAL_FIELDS are written by this method only
            line.sudo().write({"discount_approved_by": self.env.uid, "discount_approved_on": line.property_id._today()})
