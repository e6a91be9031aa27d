from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

ONE_MINUTE = 60


class PmCounterTurn(models.Model):
    """One customer's turn at the counter: a number when he comes, called when somebody is free. Source: S1-08, S0-104.

    ========  ================================================================
    waiting   has a number; the clock of waiting runs
    serving   called; somebody is with him
    done      served
    left      went away before or after he was called
    ========  ================================================================

    Numbers begin at 1 every day of the property and have no gaps. A turn for a move gives the move the moments of arrival
    and beginning, on which the figures of waiting and handling rest.
    """

    _name = "pm.counter.turn"
    _description = "Turn at the Counter"
    _inherit = ["pm.steps", "pm.deadline.mixin"]
    _order = "date desc, number desc, id desc"
    _rec_name = "number"
    _program_fields = frozenset(
        {
            "number",
            "date",
            "state",
            "arrived_at",
            "called_at",
            "call_count",
            "ended_at",
            "user_id",
            "waiting_minutes",
        }
    )
    _transitions = {
        ("waiting", "serving"): None,
        ("serving", "done"): None,
        ("waiting", "left"): None,
        ("serving", "left"): None,
    }

    _once = models.UniqueIndex("(property_id, date, number)", "This number was given already.")
    _waiting_index = models.Index("(property_id, arrived_at, id) WHERE state IN ('waiting', 'serving')")
    # Two colleagues may not call the same customer, nor one colleague two at a time.
    _one_at_a_time = models.UniqueIndex(
        "(user_id) WHERE state = 'serving'", "You are still serving somebody: finish that first."
    )

    number = fields.Integer(readonly=True, copy=False, aggregator=None)
    date = fields.Date(readonly=True, copy=False)
    property_id = fields.Many2one(
        "pm.property",
        required=True,
        default=lambda self: self.env.user.pm_property_ids[:1] or self.env["pm.property"].search([], limit=1),
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="property_id.company_id", store=True, precompute=True)
    state = fields.Selection(
        [("waiting", "Waiting"), ("serving", "Being served"), ("done", "Served"), ("left", "Left")],
        required=True,
        default="waiting",
        readonly=True,
        copy=False,
    )
    subject = fields.Char(string="Comes For", help="What the customer comes for, in a few words.")
    unit_id = fields.Many2one("pm.unit", domain="[('property_id', '=', property_id)]", index="btree_not_null")
    partner_id = fields.Many2one("res.partner", string="Customer", index="btree_not_null")
    occupancy_id = fields.Many2one(
        "pm.occupancy",
        string="Move",
        domain="[('property_id', '=', property_id), ('state', 'in', ('draft', 'notice_sent'))]",
        index="btree_not_null",
        help="The customer comes for this move: waiting and handling are measured by his number (S0-104, S0-105).",
    )
    window = fields.Char(help="Which counter calls, as it stands on the sign.")
    arrived_at = fields.Datetime(readonly=True, copy=False, default=fields.Datetime.now)
    called_at = fields.Datetime(readonly=True, copy=False)
    call_count = fields.Integer(string="Calls", readonly=True, copy=False)
    ended_at = fields.Datetime(readonly=True, copy=False)
    user_id = fields.Many2one("res.users", string="Served By", readonly=True, copy=False)
    waiting_minutes = fields.Integer(string="Waited (min)", readonly=True, copy=False, aggregator="avg")

    @api.depends("number", "subject")
    def _compute_display_name(self):
        for turn in self:
            turn.display_name = f"{turn.number:03d} {turn.subject or ''}".strip() if turn.number else ""

    @api.constrains("unit_id", "occupancy_id", "property_id")
    def _check_property(self):
        for turn in self:
            if (turn.unit_id.property_id | turn.occupancy_id.property_id) - turn.property_id:
                raise UserError(self.env._("Unit and move must belong to the property of the counter."))

    @api.constrains("subject", "window")
    def _check_length(self):
        if any(max(len(turn.subject or ""), len(turn.window or "")) > 250 for turn in self):
            raise UserError(self.env._("The text is too long: at most %s characters.", 250))

    @api.model_create_multi
    def create(self, vals_list):
        turns = super().create(vals_list)
        turns._check_partner()
        for prop, group in turns.grouped("property_id").items():
            group._give_numbers(prop)
        turns._start_deadline("wait")
        for turn in turns.filtered("occupancy_id"):
            turn.occupancy_id.action_arrive()
        return turns

    def _give_numbers(self, prop):
        """Give the next numbers of the day, one after the other; whoever gives one at the same moment waits."""
        # The lock keeps two colleagues from the same number; the unique index would refuse the second.
        self.env.cr.execute(SQL("SELECT 1 FROM pm_property WHERE id = %s FOR NO KEY UPDATE", prop.id))
        today = prop._today()
        # sudo: the last number is asked of the whole property
        [[last]] = self.sudo()._read_group([("property_id", "=", prop.id), ("date", "=", today)], [], ["number:max"])
        for number, turn in enumerate(self, start=(last or 0) + 1):
            turn.sudo().write({"number": number, "date": today})  # sudo: _program_fields
        self.flush_recordset()

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        if not self.env.su:
            raise UserError(self.env._("Numbers have no gaps: mark the customer as gone instead."))

    def write(self, vals):
        if not self.env.su and {"property_id", "occupancy_id"} & vals.keys():
            raise UserError(self.env._("What a number was given for stays: give another one."))
        result = super().write(vals)
        if "partner_id" in vals:
            self._check_partner()
        return result

    def _get_deadline_user(self):
        return self.user_id

    # Steps

    def action_call(self):
        """This customer, please: waiting ends."""
        for turn in self:
            turn._end_mine()
            now = fields.Datetime.now()
            waited = int((now - turn.arrived_at).total_seconds() // ONE_MINUTE)
            turn._transition("serving", called_at=now, call_count=1, user_id=self.env.uid, waiting_minutes=waited)
            turn.flush_recordset()
            turn._meet_deadline("wait", now)
            if turn.occupancy_id.state == "arrived":
                turn.occupancy_id.action_start()

    def action_call_again(self):
        """Nobody came: the number is called once more."""
        self.check_access("write")
        for turn in self:
            turn._require(turn.state == "serving", self.env._("only who was called is called again."))
            turn.sudo().call_count += 1  # sudo: _program_fields

    def action_call_next(self):
        """Call who has waited longest in the properties of the user; two colleagues never call the same.

        :raises UserError: nobody waits
        """
        self.check_access("write")
        properties = self.env["pm.property"].search([])
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM pm_counter_turn WHERE state = 'waiting' AND property_id = ANY(%s)
                    ORDER BY arrived_at, id LIMIT 1 FOR UPDATE SKIP LOCKED""",
                properties.ids,
            )
        )
        if not rows:
            raise UserError(self.env._("Nobody is waiting."))
        turn = self.browse(rows[0])
        turn.action_call()
        return {"type": "ir.actions.act_window", "res_model": self._name, "res_id": turn.id, "views": [(False, "form")]}

    def _end_mine(self):
        """Whoever calls the next has done with the one before."""
        self.search([("state", "=", "serving"), ("user_id", "=", self.env.uid)]).action_done()

    def action_done(self):
        for turn in self:
            turn._transition("done", ended_at=fields.Datetime.now())
        self.flush_recordset()

    def action_left(self):
        for turn in self:
            turn._transition("left", ended_at=fields.Datetime.now())
        self._cancel_deadlines(reason=self.env._("The customer has left."))

    def action_new_ticket(self):
        """Write down what the customer asks for."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_customer_service.pm_ticket_action_new")
        defaults = {
            "default_unit_id": self.unit_id.id,
            "default_partner_id": self.partner_id.id,
            "default_property_id": self.property_id.id,
            "default_name": self.subject or "",
            "default_channel": "counter",
        }
        return {**action, "context": {key: value for key, value in defaults.items() if value}}
