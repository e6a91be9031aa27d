from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.exceptions import UserError

_TODO = "mail.mail_activity_data_todo"


class PmParkingPlan(models.Model):
    """Parking use plan of a property (车位使用方案): decided by the owners' assembly, then published.

    Source: S0-86 (licence, plan, published price), S0-140 (resolution), S0-141 (plan, papers and procedure published).
    """

    _name = "pm.parking.plan"
    _description = "Parking Use Plan"
    _inherit = ["pm.steps", "mail.thread", "mail.activity.mixin"]
    _order = "property_id, id desc"
    _program_fields = frozenset({"state", "active_from", "licence_reminded_for"})
    _transitions = {
        ("draft", "active"): ("pm_base.group_manager", "_guard_active"),
        ("active", "replaced"): ("pm_base.group_manager", None),
    }
    # What the assembly decided and the owners read does not change under them.
    _DECIDED = frozenset({"property_id", "resolution_id", "item_id", "rules", "papers", "procedure"})

    _one_active = models.UniqueIndex(
        "(property_id) WHERE state = 'active'", "A property has one parking use plan in force."
    )

    name = fields.Char(required=True)
    property_id = fields.Many2one(
        "pm.property",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.user.pm_property_ids[:1],
    )
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True)
    resolution_id = fields.Many2one(
        "pm.owner.resolution",
        "Resolution of the Assembly",
        ondelete="restrict",
        domain="[('property_id', '=', property_id), ('body', '=', 'assembly'), ('state', '=', 'approved')]",
        tracking=True,
        help="The owners' assembly decides the plan before anything is let under it (S0-140).",
    )
    licence_number = fields.Char("Operating Licence No.", tracking=True, help="Parking is run under a licence (S0-86).")
    licence_until = fields.Date("Licence Valid Until", tracking=True)
    licence_reminded_for = fields.Date(
        "Reminded of This End", readonly=True, copy=False, help="A new end of the licence is announced again."
    )
    item_id = fields.Many2one(
        "pm.fee.item",
        "Fee Item",
        required=True,
        ondelete="restrict",
        domain="[('company_id', '=', company_id), ('category', '=', 'parking')]",
        help="What a leased space is charged by; its approved tariff is the published price.",
    )
    rules = fields.Text("Use Plan", required=True, help="Which spaces are let, to whom, in which order.")
    papers = fields.Text("Papers to Bring", required=True)
    procedure = fields.Text(required=True)
    active_from = fields.Date("In Force Since", readonly=True, copy=False)
    state = fields.Selection(
        [("draft", "Draft"), ("active", "In force"), ("replaced", "Replaced")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    lease_ids = fields.One2many("pm.parking.lease", "plan_id", readonly=True)

    def write(self, vals):
        if self._DECIDED & vals.keys() and any(plan.state != "draft" for plan in self):
            raise UserError(
                self.env._("A plan in force is what the owners decided: to change it you must draw up a new plan.")
            )
        result = super().write(vals)
        if "licence_until" in vals or vals.get("state") == "replaced":
            # sudo: the task is a manager's, whoever enters the new licence
            self.sudo().activity_feedback([_TODO])
        return result

    def _guard_active(self):
        resolution = self.resolution_id
        self._require(
            resolution.state == "approved" and resolution.body == "assembly" and resolution.date,
            self.env._("the owners' assembly must have approved it: name its resolution."),
        )
        self._require(resolution.property_id == self.property_id, self.env._("the resolution is of another property."))
        self._require((self.licence_number or "").strip(), self.env._("give the number of the operating licence."))
        self._require(
            self._is_licensed(),
            self.env._("the operating licence has run out."),
        )
        self._require(
            self._tariff(self.property_id._today()),
            self.env._(
                "fee item “%s” has no approved tariff today: prices are published with the plan.", self.item_id.name
            ),
        )

    def _is_licensed(self):
        """Whether the operating licence, as far as its end is known, is valid today (S0-86)."""
        return not self.licence_until or self.licence_until >= self.property_id._today()

    def _tariff(self, day):
        """Return the approved tariffs of the plan's fee item on ``day``: the published prices."""
        # sudo: prices are public
        return (
            self.env["pm.fee.tariff"]
            .sudo()
            .search(
                [
                    ("item_id", "=", self.item_id.id),
                    ("property_id", "=", self.property_id.id),
                    ("state", "=", "approved"),
                    ("date_from", "<=", day),
                    "|",
                    ("date_to", "=", False),
                    ("date_to", ">=", day),
                ]
            )
        )

    def action_activate(self):
        """Put the plan in force; the one before it is replaced, and who has asked under that one is served under this."""
        for plan in self:
            before = self.search([("property_id", "=", plan.property_id.id), ("state", "=", "active")])
            before._transition("replaced")
            before.flush_recordset(["state"])  # the index allows one at a time
            plan._transition("active", active_from=plan.property_id._today())
            # sudo: requests of the property, whoever deals with them
            before.sudo().lease_ids.filtered(
                lambda lease: lease.state in ("requested", "waiting", "offered")
            ).plan_id = plan

    def action_replace(self):
        self._transition("replaced")

    @api.model
    def _remind_of_licence(self, prop):
        """Tell a manager once that the licence of the plan in force runs out, as many days before as of a lease (S0-86)."""
        plan = self.search(
            [
                ("property_id", "=", prop.id),
                ("state", "=", "active"),
                ("licence_until", "<=", prop._today() + relativedelta(days=prop.parking_renewal_days)),
            ]
        )
        if not plan or plan.licence_reminded_for == plan.licence_until:
            return
        plan.activity_schedule(
            _TODO,
            date_deadline=plan.licence_until,
            user_id=prop._staff(self.env.ref("pm_base.group_manager"))[:1].id or self.env.uid,
            summary=self.env._("The operating licence for parking runs out: have it renewed"),
        )
        plan.sudo().licence_reminded_for = plan.licence_until  # sudo: the program's own mark
