from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.pm_base.models.pm_unit_party import ROLES

from .pm_occupancy_document import CODES
from .pm_occupancy_item import KINDS

STATES = [
    ("draft", "Draft"),
    ("notice_sent", "Notice sent"),
    ("arrived", "Arrived"),
    ("in_handling", "In handling"),
    ("finished", "Finished"),
    ("filed", "Filed"),
    ("cancelled", "Cancelled"),
]
OPEN_STATES = ("draft", "notice_sent", "arrived", "in_handling")
ENDED = ("finished", "filed", "cancelled")
ONE_MINUTE = timedelta(minutes=1)


class PmOccupancy(models.Model):
    """Formalities of a move-in, move-out or transfer, from the notice to the file. Source: S0-12, S0-100 to S0-105.

    ===========  ======================================================================================
    draft        planned, with the colleague who accompanies it from start to end (S0-102)
    notice_sent  the notice and its three documents were delivered before the appointed day (S0-100)
    arrived      the customer is there: the clock of waiting runs (15 minutes, S0-104)
    in_handling  papers are checked, the clock of handling runs (30 minutes, S0-105)
    finished     every mandatory line is ticked, the handbook signed for, defects have their tickets
    filed        the papers are in the file of the unit
    ===========  ======================================================================================

    How long waiting and handling may take are deadline rules; what is asked for are records of
    ``pm.occupancy.item.type``. Arrears, works or anything else never hinder a move.
    """

    _name = "pm.occupancy"
    _description = "Move-in, Move-out, Transfer"
    _inherit = ["pm.steps", "portal.mixin", "pm.deadline.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "appointment_at desc, id desc"
    _rec_names_search = ["name", "partner_id.name", "unit_id.code"]
    _program_fields = frozenset(
        {
            "name",
            "state",
            "notice_sent_at",
            "arrived_at",
            "started_at",
            "finished_at",
            "waiting_minutes",
            "handling_minutes",
            "cancel_reason",
            "access_token",
        }
    )
    _transitions = {
        ("draft", "notice_sent"): "_guard_notice_sent",
        ("notice_sent", "notice_sent"): "_guard_notice_sent",
        ("draft", "arrived"): "_guard_without_notice",
        ("notice_sent", "arrived"): None,
        ("arrived", "in_handling"): None,
        ("in_handling", "finished"): "_guard_finished",
        ("finished", "filed"): None,
        **{(state, "cancelled"): None for state in ("draft", "notice_sent", "arrived", "in_handling")},
    }

    _number_unique = models.UniqueIndex("(company_id, name) WHERE name <> '/'", "This number is already used.")
    _finished_index = models.Index("(property_id, finished_at) WHERE finished_at IS NOT NULL")

    name = fields.Char(string="Number", readonly=True, copy=False, default="/")
    kind = fields.Selection(KINDS, required=True, default="move_in", tracking=True)
    state = fields.Selection(STATES, required=True, default="draft", readonly=True, copy=False, tracking=True)
    unit_id = fields.Many2one("pm.unit", required=True, index=True, ondelete="restrict", tracking=True)
    property_id = fields.Many2one(related="unit_id.property_id", store=True, index=True, precompute=True)
    company_id = fields.Many2one(related="property_id.company_id", store=True, index=True, precompute=True)
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
    phone = fields.Char(related="partner_id.phone")
    user_id = fields.Many2one(
        "res.users",
        string="Accompanied By",
        required=True,
        compute="_compute_user_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('share', '=', False)]",
        tracking=True,
        help="One colleague from start to end (S0-102).",
    )
    appointment_at = fields.Datetime(string="Appointment", copy=False, tracking=True)
    notice_method = fields.Selection(
        [("message", "By e-mail or SMS"), ("hand", "Handed over"), ("post", "By post")],
        string="Notice Delivered",
        required=True,
        default="message",
    )
    notice_sent_at = fields.Datetime(readonly=True, copy=False)
    arrived_at = fields.Datetime(readonly=True, copy=False)
    started_at = fields.Datetime(readonly=True, copy=False)
    finished_at = fields.Datetime(readonly=True, copy=False)
    waiting_minutes = fields.Integer(readonly=True, copy=False, aggregator="avg")
    handling_minutes = fields.Integer(readonly=True, copy=False, aggregator="avg")
    item_ids = fields.One2many("pm.occupancy.item", "occupancy_id", string="Checklist", copy=False)
    missing_count = fields.Integer(string="Still Missing", compute="_compute_missing_count")
    defect_ids = fields.One2many("pm.occupancy.defect", "occupancy_id", string="Defects", copy=False)
    party_id = fields.Many2one(
        "pm.unit.party",
        string="Role in the Unit",
        compute="_compute_party_id",
        help="What the customer is to the unit.",
    )
    party_role = fields.Selection(ROLES, string="Is to the Unit", compute="_compute_party_id")
    handbook_missing = fields.Boolean(compute="_compute_party_id")
    hints = fields.Text(
        compute="_compute_hints", help="What to mind with this unit, as at the counter; it holds up nothing."
    )
    move_date = fields.Date(
        string="Day of the Move",
        compute="_compute_move_date",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        copy=False,
        help="First day in the unit; at a move-out the last one. Follows the appointment.",
    )
    transfer_id = fields.Many2one(
        "pm.unit.transfer",
        string="Transfer",
        copy=False,
        ondelete="restrict",
        domain="[('unit_id', '=', unit_id)]",
        index="btree_not_null",
    )
    transfer_state = fields.Selection(related="transfer_id.state", string="State of the Transfer")
    note = fields.Text(string="Remarks")
    cancel_reason = fields.Char(readonly=True, copy=False)

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends("name", "unit_id.name")
    def _compute_display_name(self):
        for move in self:
            move.display_name = f"{move.name} {move.unit_id.name or ''}".strip()

    @api.depends("unit_id", "kind")
    def _compute_partner_id(self):
        """Propose who uses the unit, at a transfer its owner; another unit has other people."""
        for move in self:
            unit = move.unit_id
            users = unit.owner_ids if move.kind == "transfer" else unit.occupant_ids or unit.owner_ids
            move.partner_id = users[:1] or move.partner_id

    @api.depends("appointment_at", "unit_id")
    def _compute_move_date(self):
        for move in self:
            prop = move.unit_id.property_id
            if move.appointment_at and prop:
                move.move_date = prop._local_date(move.appointment_at)
            else:
                move.move_date = move.move_date or fields.Date.context_today(move)

    @api.depends("unit_id")
    @api.depends_context("uid", "lang")
    def _compute_hints(self):
        for move in self:
            hints = self.env["pm.counter"]._get_hints(move.unit_id) if move.unit_id else []
            move.hints = "\n".join(hint["text"] for hint in hints)

    @api.depends("unit_id")
    def _compute_user_id(self):
        for move in self:
            move.user_id = move.user_id or move.unit_id.user_id or self.env.user

    @api.depends("item_ids.done", "item_ids.not_needed", "item_ids.mandatory")
    def _compute_missing_count(self):
        for move in self:
            move.missing_count = len(move.item_ids.filtered(lambda item: not item._is_settled()))

    @api.depends("unit_id", "partner_id", "kind", "state")
    def _compute_party_id(self):
        books = {book.property_id: book for book in self.env["pm.handbook"]._current(self.property_id)}
        for move in self:
            today = move.property_id._today() if move.property_id else False
            # A lease that begins next week is a role as well: its move-in is prepared today.
            parties = move.unit_id.party_ids.filtered(
                lambda party, move=move, today=today: party.partner_id == move.partner_id
                and (not party.date_to or party.date_to >= today)
            )
            move.party_id = (
                parties.filtered(lambda party: party.role in ("tenant", "merchant"))
                or parties.filtered(lambda party: party.role == "owner")
                or parties
            )[:1]
            move.party_role = move.party_id.role
            book = books.get(move.property_id)
            # Whoever moves in signs, an owner who does not use his unit yet as well.
            move.handbook_missing = bool(
                move.kind == "move_in"
                and book
                and move.party_id
                and book not in move.party_id.acknowledgment_ids.handbook_id
            )

    def _compute_access_url(self):
        super()._compute_access_url()
        for move in self:
            move.access_url = "/my/moves"

    @api.constrains("transfer_id", "unit_id")
    def _check_transfer(self):
        for move in self.sudo():  # the desk may not read transfers
            if move.transfer_id and move.transfer_id.unit_id != move.unit_id:
                raise ValidationError(self.env._("%s: the transfer is about another unit.", move.display_name))

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        moves._check_partner()
        types = self.env["pm.occupancy.item.type"].sudo().search([])  # the checklist is the house's, whoever opens it
        for move in moves:
            needed = types.filtered(
                lambda kind, move=move: kind.kind == move.kind and (move.partner_id.is_company or not kind.only_company)
            )
            # sudo: number and checklist are the program's
            move.sudo().write(
                {
                    "name": self.env["ir.sequence"].sudo().next_by_code("pm.occupancy") or "/",
                    "item_ids": [(0, 0, {"type_id": kind.id}) for kind in needed - move.item_ids.type_id],
                }
            )
        return moves

    def write(self, vals):
        kept = {"unit_id", "partner_id", "kind", "move_date", "transfer_id", "item_ids"}
        if not self.env.su and kept & vals.keys() and any(move.state in ENDED for move in self):
            raise UserError(self.env._("Finished formalities are a record and stay as they are."))
        if not self.env.su and {"unit_id", "kind"} & vals.keys() and any(move.state != "draft" for move in self):
            raise UserError(self.env._("Unit and kind stay the same once the notice went out."))
        result = super().write(vals)
        if "partner_id" in vals:
            self._check_partner()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(move.state != "draft" for move in self):
            raise UserError(self.env._("Only a draft can be deleted: cancel it with the reason."))

    # ------------------------------------------------------------------
    # Guards
    # ------------------------------------------------------------------

    def _guard_notice_sent(self):
        prop = self.property_id
        self._require(self.appointment_at, self.env._("enter when the customer is expected."))
        self._require(
            prop._today() < prop._local_date(self.appointment_at),
            self.env._("the notice is delivered before the appointed day (S0-100): agree a later one."),
        )

    def _guard_without_notice(self):
        self._require(
            self.kind != "move_in",
            self.env._("send the move-in notice with its three documents first (S0-100)."),
        )

    def _guard_finished(self):
        missing = self.item_ids.filtered(lambda item: not item._is_settled())
        self._require(
            not missing,
            self.env._(
                "tick these lines, or say why they are not needed: %s", ", ".join(missing.type_id.mapped("name"))
            ),
        )
        if self.kind == "move_in":
            self._require(
                self.party_id,
                self.env._("%s is neither owner nor tenant of the unit: enter the role first.", self.partner_id.name),
            )
            self._require(
                not self.handbook_missing, self.env._("let the customer sign for the service handbook (S2-12).")
            )
        if self.kind == "transfer":
            self._require(
                self.sudo().transfer_id.state == "done",  # sudo: the desk may not read transfers
                self.env._("confirm the transfer of the ownership first."),
            )

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_send_notice(self):
        """Deliver the notice with its documents: as a message, or printed, which is recorded as delivered."""
        for move in self:
            move._transition("notice_sent", notice_sent_at=fields.Datetime.now())
            if move.notice_method == "message":
                move._send_notice()
        paper = self.filtered(lambda move: move.notice_method != "message")
        if paper:
            return self.env.ref("pm_customer_service.pm_occupancy_report_pack").report_action(paper)
        return True

    def _send_notice(self):
        files = [self._pack_document("notice"), *(self._pack_document(code) for code, _label in self._pack_codes())]
        messages = self.env["pm.message"]._enqueue_template(
            "service",
            ["pm_customer_service.mail_template_occupancy", "pm_customer_service.sms_template_occupancy"],
            self.sudo(),  # the desk may not read templates
            f"occupancy/{fields.Datetime.to_string(self.appointment_at)}",
        )
        # sudo: messages are the program's; a notice that is sent again has its documents already
        for message in messages.sudo().filtered(lambda message: not message.attachment_ids):
            message._attach(message, {"attachments": files, "attachment_ids": []})

    def _pack_codes(self):
        """Return the documents that go with the notice as ``[(code, title)]``: three at a move-in, none else."""
        return CODES if self.kind == "move_in" else []

    def _pack_document(self, code):
        """Return ``(file name, PDF bytes)`` of one document of the pack.

        Hook: an add-on that keeps renovations or fees puts its own notice in the place of ours.

        :param str code: ``notice`` or one of ``pm.occupancy.document.code``
        """
        self.ensure_one()
        document = self.env[f"report.pm_customer_service.occupancy_{code}"]
        document = document.with_context(lang=document._lang(self))
        title = document._title(self.with_env(document.env))
        return f"{title}.pdf", document._render_pdf(self)

    def action_arrive(self):
        """The customer is there: from now on he waits (S0-104)."""
        now = fields.Datetime.now()
        self._transition("arrived", arrived_at=now)
        self._start_deadline("wait", now)

    def action_start(self):
        """His papers are in hand: waiting ends, handling begins (S0-105)."""
        now = fields.Datetime.now()
        for move in self:
            move._transition("in_handling", started_at=now, waiting_minutes=(now - move.arrived_at) // ONE_MINUTE)
        self._meet_deadline("wait", now)
        self._start_deadline("handle", now)

    def action_finish(self):
        """Done: defects become tickets, the unit changes its users on the day of the move."""
        now = fields.Datetime.now()
        for move in self:
            move._transition("finished", finished_at=now, handling_minutes=(now - move.started_at) // ONE_MINUTE)
            move._apply()
        self._meet_deadline("handle", now)
        self.activity_unlink(["pm_customer_service.mail_activity_type_deadline"])
        self.defect_ids._make_tickets()

    def _apply(self):
        """Bring the unit up to date. Hook: keys, cards, meters, fees … of the add-ons above."""
        self.ensure_one()
        # sudo: what changes on the unit follows from the finished formalities, whatever the clerk may write there
        unit, party = self.unit_id.sudo(), self.party_id.sudo()
        unit.last_verified = self.property_id._today()
        if self.kind == "move_in":
            if not unit.handover_date:
                unit.handover_date = self.move_date
            if party.role == "owner" and not party.lives_here:
                party.lives_here = True
        elif self.kind == "move_out" and party:
            if party.role == "owner":
                party.lives_here = False  # he stays the owner
            else:
                party.date_to = self.move_date

    def action_file(self):
        """Put the scans of the checklist into the file of the unit."""
        self._transition("filed")
        # sudo: the file of a unit is kept by the officers; what is filed here was checked line by line
        files = self.env["pm.unit.file"].sudo()
        for move in self:
            files.create(
                [
                    {
                        "unit_id": move.unit_id.id,
                        "type_id": item.type_id.file_type_id.id,
                        "partner_id": move.partner_id.id,
                        "name": move.name,
                        "date": move.property_id._local_date(move.finished_at),
                        "attachment_ids": [(6, 0, item.sudo().attachment_ids.ids)],
                    }
                    for item in move.item_ids
                    if item.done and item.type_id.file_type_id and item.sudo().attachment_ids
                ]
            )

    def action_cancel(self):
        """Ask for the reason."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Not Carried Out"),
            "res_model": "pm.occupancy.cancel",
            "view_mode": "form",
            "target": "new",
            "context": {"default_occupancy_id": self.id},
        }

    def _cancel(self, reason):
        if not (reason or "").strip():
            raise UserError(self.env._("To cancel it you must give the reason."))
        self._transition("cancelled", cancel_reason=reason.strip()[:250])
        self._cancel_deadlines(reason=reason.strip()[:250])
        self.activity_unlink(["pm_customer_service.mail_activity_type_deadline"])

    def action_enter_party(self):
        """Enter what the customer is to the unit; without it a move-in is not finished."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Role of the Customer"),
            "res_model": "pm.unit.party",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_unit_id": self.unit_id.id,
                "default_partner_id": self.partner_id.id,
                "default_role": "tenant",
                "default_date_from": fields.Date.to_string(self.move_date),
            },
        }

    def action_sign_handbook(self):
        """Let the customer sign for the service handbook on the screen (S2-12)."""
        self.ensure_one()
        self._require(
            self.party_id,
            self.env._("%s is neither owner nor tenant of the unit: enter the role first.", self.partner_id.name),
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Acknowledge the Handbook"),
            "res_model": "pm.acknowledgment.sign",
            "view_mode": "form",
            "target": "new",
            "context": {"default_party_id": self.party_id.id},
        }

    def action_open_transfer(self):
        """Open the transfer of the ownership, or begin one for this unit."""
        self.ensure_one()
        action = {
            "type": "ir.actions.act_window",
            "res_model": "pm.unit.transfer",
            "view_mode": "form",
            "name": self.env._("Transfer"),
        }
        if not self.transfer_id:
            self.transfer_id = self.env["pm.unit.transfer"].create({"unit_id": self.unit_id.id, "date": self.move_date})
        return action | {"res_id": self.transfer_id.id}

    def action_open_tickets(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pm_customer_service.pm_ticket_action_all")
        return action | {"domain": [("id", "in", self.defect_ids.ticket_id.ids)], "context": {}}
