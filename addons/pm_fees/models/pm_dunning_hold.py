from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

from odoo.addons.pm_base.tools.labels import selection_labels

from .pm_dunning_level import LEGAL_KINDS


class PmDunningHold(models.Model):
    """Something that stops steps of the ladder for a while.

    * *dispute*: the debtor objects, and a ticket looks into it. Legal steps wait until the ticket is closed; charges named
      here are not demanded at all meanwhile. Our own service is examined first (S3-26).
    * *hardship*: a manager lets a household rest until a day. Nothing is sent, called or proposed.
    """

    _name = "pm.dunning.hold"
    _description = "Reminder Hold"
    _inherit = ["pm.program.fields", "mail.thread"]
    _order = "id desc"

    _program_fields = frozenset({"state", "lifted_on", "lifted_by_id", "lift_reason", "reviewed_by_id", "reviewed_on"})

    _kind_complete = models.Constraint(
        "CHECK ((kind = 'dispute' AND ticket_id IS NOT NULL) OR (kind = 'hardship' AND until IS NOT NULL))",
        "A dispute needs the ticket that looks into it, a hardship hold needs its last day.",
    )
    _active_index = models.Index("(case_id) WHERE state = 'active'")

    case_id = fields.Many2one("pm.dunning.case", required=True, index=True, ondelete="restrict")
    property_id = fields.Many2one(related="case_id.property_id", store=True, precompute=True, index=True)
    company_id = fields.Many2one(related="case_id.company_id", store=True, precompute=True)
    partner_id = fields.Many2one(related="case_id.partner_id")
    unit_id = fields.Many2one(related="case_id.unit_id")
    kind = fields.Selection([("dispute", "Dispute"), ("hardship", "Hardship")], required=True, default="dispute")
    reason = fields.Text(required=True, help="What the debtor objects to, or why the household may rest.")
    ticket_id = fields.Many2one(
        "pm.ticket",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        help="The ticket that looks into it; when it is closed the hold ends by itself.",
    )
    charge_ids = fields.Many2many(
        "pm.charge",
        "pm_dunning_hold_charge_rel",
        "hold_id",
        "charge_id",
        string="Disputed Charges",
        help="They are not demanded while the dispute is open. Empty: the objection is to our service in general.",
    )
    until = fields.Date("Rests Until", tracking=True, help="Last day of a hardship hold.")
    review = fields.Text(
        "Review of Our Service", tracking=True, help="What we found when we examined our own work (S3-26)."
    )
    justified = fields.Selection(
        [("yes", "Justified"), ("partly", "Partly justified"), ("no", "Not justified")], tracking=True
    )
    reviewed_by_id = fields.Many2one("res.users", readonly=True)
    reviewed_on = fields.Date(readonly=True)
    state = fields.Selection(
        [("active", "Active"), ("lifted", "Lifted")], required=True, default="active", readonly=True, tracking=True
    )
    lifted_on = fields.Date(readonly=True)
    lifted_by_id = fields.Many2one("res.users", readonly=True)
    lift_reason = fields.Char(readonly=True)

    @api.depends("kind", "case_id")
    def _compute_display_name(self):
        labels = selection_labels(self, "kind")
        for hold in self:
            hold.display_name = f"{labels.get(hold.kind, '')} {hold.case_id.display_name or ''}"

    @api.constrains("charge_ids", "case_id")
    def _check_charges(self):
        for hold in self:
            # sudo: a check holds for charges that the user may not read, too
            wrong = hold.charge_ids.sudo().filtered(
                lambda charge, hold=hold: (charge.partner_id, charge.unit_id)
                != (hold.case_id.partner_id, hold.case_id.unit_id)
            )
            if wrong:
                raise ValidationError(
                    self.env._(
                        "%(charge)s is not a charge of %(case)s.",
                        charge=wrong[0].display_name,
                        case=hold.case_id.display_name,
                    )
                )

    @api.constrains("ticket_id", "case_id")
    def _check_ticket(self):
        for hold in self.filtered("ticket_id"):
            # sudo: a check holds for a ticket that the user may not read, too
            ticket = hold.sudo().ticket_id
            if ticket.property_id != hold.property_id or (ticket.unit_id and ticket.unit_id != hold.unit_id):
                raise ValidationError(self.env._("Ticket %s is about another household.", ticket.display_name))

    @api.model_create_multi
    def create(self, vals_list):
        holds = super().create(vals_list)
        for hold in holds:
            if hold.kind == "hardship":
                hold._check_hardship()
            elif not hold._ticket_is_open():
                # sudo: the ticket is named to say what to do, also to who may not read it
                raise UserError(
                    self.env._("Ticket %s is closed: a dispute needs an open one.", hold.sudo().ticket_id.display_name)
                )
        holds._refresh_cases()
        return holds

    def write(self, vals):
        if not self.env.su and vals.keys() & {"case_id", "kind", "ticket_id", "charge_ids", "until", "reason"}:
            if any(hold.state == "lifted" for hold in self):
                raise UserError(self.env._("A hold that is lifted stays as it was."))
        result = super().write(vals)
        if vals.keys() & {"review", "justified"}:
            for hold in self:
                # sudo: who examined our service is recorded by the program
                hold.sudo().write({"reviewed_by_id": self.env.uid, "reviewed_on": hold.property_id._today()})
        if vals.keys() & {"kind", "until"}:
            for hold in self.filtered(lambda hold: hold.kind == "hardship"):
                hold._check_hardship()
        if vals.keys() & {"charge_ids", "state"}:
            self._refresh_cases()
        return result

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(self.env._("A hold is part of the collection record: lift it with a reason (S0-133)."))

    def _check_hardship(self):
        """Only a manager lets a household rest, and not for ever."""
        if not (self.env.su or self.env.user.has_group("pm_base.group_manager")):
            raise AccessError(self.env._("Hardship holds are granted by the project manager."))
        for hold in self:
            if hold.until < hold.property_id._today():
                raise UserError(
                    self.env._("The last day of a hold cannot be past: %s.", format_date(self.env, hold.until))
                )

    def _ticket_is_open(self):
        self.ensure_one()
        # sudo: the collector may not see the ticket's team, the state is no secret
        return self.sudo().ticket_id.state not in ("closed", "invalid", "cancelled")

    def _refresh_cases(self):
        """What may be demanded has changed; legal steps that wait for a decision are void during a dispute."""
        # sudo: amounts are written by the program
        cases = self.case_id.sudo().filtered(lambda case: case.state == "open")
        self.flush_recordset()
        cases._refresh_amounts()
        stopped = self.filtered(lambda hold: hold.state == "active").case_id
        waiting = stopped.sudo().action_ids.filtered(
            lambda action: action.kind in LEGAL_KINDS and action.state == "to_approve"
        )
        for action in waiting:
            action.message_post(body=self.env._("On hold: the debtor disputes, or may rest."))

    def _lift(self, reason):
        """End these holds."""
        for prop, holds in self.filtered(lambda hold: hold.state == "active").grouped("property_id").items():
            # sudo: written by the program only
            holds.sudo().write(
                {
                    "state": "lifted",
                    "lifted_on": prop._today(),
                    "lifted_by_id": self.env.uid,
                    "lift_reason": reason,
                }
            )

    def _revive(self):
        """The ticket was reopened: its dispute is open again, as long as something is owed."""
        # sudo: written by the program only
        self.filtered(lambda hold: hold.state == "lifted" and hold.case_id.state == "open").sudo().write(
            {"state": "active", "lifted_on": False, "lifted_by_id": False, "lift_reason": False}
        )

    def action_lift(self):
        """Lift by hand: a dispute by a supervisor once our service was examined, a hardship hold by the manager."""
        for hold in self:
            if hold.state != "active":
                raise UserError(self.env._("This hold is lifted already."))
            if hold.kind == "hardship":
                hold._check_hardship_lift()
            else:
                if not self.env.user.has_group("pm_base.group_supervisor"):
                    raise AccessError(self.env._("Disputes are ended by their ticket or by a supervisor."))
                if not (hold.review and hold.justified):
                    raise UserError(
                        self.env._(
                            "Before a dispute is ended, write down what the review of our service found (S3-26)."
                        )
                    )
        self._lift(self.env._("By %s", self.env.user.name))

    def _check_hardship_lift(self):
        if not self.env.user.has_group("pm_base.group_manager"):
            raise AccessError(self.env._("Hardship holds are granted by the project manager."))

    @api.model
    def _end(self, prop, today):
        """Daily: hardship holds whose last day is over, and disputes whose ticket was closed past our hook."""
        ended = self.search(
            [("property_id", "=", prop.id), ("state", "=", "active"), ("kind", "=", "hardship"), ("until", "<", today)]
        )
        ended._lift(self.env._("The agreed time is over"))
        disputes = self.search([("property_id", "=", prop.id), ("state", "=", "active"), ("kind", "=", "dispute")])
        disputes.filtered(lambda hold: not hold._ticket_is_open())._lift(self.env._("The ticket is closed"))
