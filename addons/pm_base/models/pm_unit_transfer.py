from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_compare

from .pm_unit_party import FULL_SHARE

# People who are there because of the owner.
LEAVING_ROLES = ("household", "agent", "contact")


class PmUnitTransfer(models.Model):
    """Transfer of ownership or a new split of shares on a day. Source: S0-49, S0-139, S4-39.

    Confirming ends the owner rows in force the day before and opens the new ones; nothing is overwritten.
    Upper modules add warnings (arrears, running renovation …) through :meth:`_get_transfer_warnings`: a transfer is
    never blocked by them (L-01).
    """

    _name = "pm.unit.transfer"
    _description = "Ownership Transfer"
    _inherit = ["pm.program.fields", "mail.thread"]
    _order = "date desc, id desc"
    _program_fields = frozenset({"state", "old_party_ids", "new_party_ids"})

    name = fields.Char(compute="_compute_name", store=True)
    unit_id = fields.Many2one("pm.unit", required=True, index=True, ondelete="restrict")
    property_id = fields.Many2one(related="unit_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="unit_id.company_id", store=True)
    date = fields.Date(
        string="Effective On", required=True, default=fields.Date.context_today, help="First day of the new ownership."
    )
    reason = fields.Selection(
        [
            ("sale", "Sale"),
            ("first_sale", "First sale by the developer"),
            ("inheritance", "Inheritance"),
            ("gift", "Gift"),
            ("split", "New split of shares"),
            ("court", "Court decision"),
            ("other", "Other"),
        ],
        required=True,
        default="sale",
    )
    document_ref = fields.Char(string="Certificate or Contract No.")
    line_ids = fields.One2many("pm.unit.transfer.line", "transfer_id", string="New Owners", copy=True)
    leaving_party_ids = fields.Many2many(
        "pm.unit.party",
        "pm_unit_transfer_leaving_party_rel",
        string="People Who Leave with the Owners",
        compute="_compute_leaving_party_ids",
        store=True,
        readonly=False,
        copy=False,
        domain="[('unit_id', '=', unit_id), ('role', '!=', 'owner')]",
        help="Family, agents and contacts of the former owners, and what the new owners were to the unit before: these roles end "
        "the day before as well. Tenants stay: a sale does not break a lease.",
    )
    old_party_ids = fields.Many2many("pm.unit.party", string="Owners Until Then", readonly=True, copy=False)
    new_party_ids = fields.Many2many(
        "pm.unit.party", "pm_unit_transfer_new_party_rel", string="Owners From Then", readonly=True, copy=False
    )
    remaining_share = fields.Float(digits=(7, 4), compute="_compute_remaining_share")
    warning = fields.Text(compute="_compute_warning")
    state = fields.Selection(
        [("draft", "Draft"), ("done", "Done"), ("cancelled", "Cancelled")],
        default="draft",
        required=True,
        tracking=True,
        copy=False,
    )
    note = fields.Text()

    @api.depends("unit_id.name", "date")
    def _compute_name(self):
        for transfer in self:
            transfer.name = f"{transfer.unit_id.name or ''} {transfer.date or ''}".strip()

    @api.depends("unit_id", "date", "reason", "line_ids.partner_id")
    def _compute_leaving_party_ids(self):
        for transfer in self:
            if transfer.state != "draft" or not transfer.date:
                transfer.leaving_party_ids = transfer.leaving_party_ids
                continue
            owners = transfer.line_ids.partner_id._origin
            roles = () if transfer.reason == "split" else LEAVING_ROLES
            transfer.leaving_party_ids = transfer.unit_id._origin.party_ids.filtered(
                lambda party, day=transfer.date, owners=owners, roles=roles: party.role != "owner"
                and party._in_force_before_and_from(day)
                and (party.role in roles or party.partner_id in owners)
            )

    @api.onchange("unit_id", "reason")
    def _onchange_reason(self):
        """A new split begins with the owners of today: mostly one of them only gives a part away."""
        if self.reason == "split" and not self.line_ids:
            self.line_ids = [
                Command.create(
                    {
                        "partner_id": party.partner_id.id,
                        "share": party.share,
                        "is_payer": party.is_payer,
                        "lives_here": party.lives_here,
                    }
                )
                for party in self.unit_id.current_party_ids.filtered(lambda party: party.role == "owner")
            ]

    @api.depends("line_ids.share")
    def _compute_remaining_share(self):
        for transfer in self:
            transfer.remaining_share = max(0.0, FULL_SHARE - sum(transfer.line_ids.mapped("share")))

    @api.depends("unit_id", "date", "line_ids.share", "leaving_party_ids")
    def _compute_warning(self):
        for transfer in self:
            transfer.warning = "\n".join(transfer._get_transfer_warnings()) if transfer.unit_id else False

    def _get_transfer_warnings(self):
        """Return texts the clerk must see before confirming; upper modules extend the list. They never block."""
        self.ensure_one()
        warnings = []
        if self.state != "draft" or not self.date:
            return warnings
        if self.line_ids and float_compare(self.remaining_share, 0, precision_digits=4) > 0:
            warnings.append(
                self.env._("The new owners' shares leave %(rest)s %% to nobody.", rest=f"{self.remaining_share:g}")
            )
        payers = self._payers_elsewhere()
        if payers and payers[0].date_from > self.date:
            warnings.append(
                self.env._(
                    "%(payer)s pays for the unit from %(day)s on only: name a payer until then, or nobody gets the bills before.",
                    payer=payers[0].partner_id.name,
                    day=payers[0].date_from,
                )
            )
        return warnings

    def _payers_elsewhere(self):
        """Return the roles that pay from the day on and neither end with the transfer nor are an owner's, the first one first."""
        self.ensure_one()
        staying = self.unit_id._origin.party_ids - self.leaving_party_ids._origin
        return staying.filtered(
            lambda p: p.is_payer and p.role != "owner" and (not p.date_to or p.date_to >= self.date)
        ).sorted("date_from")

    def write(self, vals):
        if {"unit_id", "date", "reason", "line_ids", "leaving_party_ids"} & vals.keys() and any(
            transfer.state == "done" for transfer in self
        ):
            raise UserError(self.env._("A confirmed transfer is history and stays."))
        return super().write(vals)

    def _check_lines(self):
        for transfer in self:
            if not transfer.line_ids:
                raise UserError(
                    self.env._(
                        "To confirm the transfer of %s you must enter at least one new owner.", transfer.unit_id.name
                    )
                )
            if len(transfer.line_ids.filtered("is_payer")) > 1:
                raise UserError(
                    self.env._("Unit %s can have only one payer among the new owners.", transfer.unit_id.name)
                )
            total = sum(transfer.line_ids.mapped("share"))
            if float_compare(total, FULL_SHARE, precision_digits=4) > 0:
                raise ValidationError(
                    self.env._("The new owners' shares add up to %(total)s %%, more than 100 %%.", total=f"{total:g}")
                )

    def action_confirm(self):
        """End the owners in force and open the new ones; family, agents and contacts of the former owners leave with them.

        The payer role moves with the ownership unless somebody who is no owner (a tenant) pays.
        """
        Party = self.env["pm.unit.party"]
        self.check_access("write")
        self._check_lines()
        for transfer in self:
            if transfer.state != "draft":
                raise UserError(self.env._("To confirm a transfer it must be a draft; %s is not.", transfer.name))
            # One transfer of a unit at a time.
            transfer.unit_id.lock_for_update()
            owners = transfer.unit_id.party_ids.filtered(
                lambda p, day=transfer.date: p.role == "owner" and (not p.date_to or p.date_to >= day)
            )
            later = owners.filtered(lambda p, day=transfer.date: p.date_from >= day)
            if later:
                raise UserError(
                    self.env._(
                        "Unit %(unit)s already has an owner from %(day)s on: choose a later day or cancel that transfer first.",
                        unit=transfer.unit_id.name,
                        day=min(later.mapped("date_from")),
                    )
                )
            payer_elsewhere = transfer._payers_elsewhere()
            if payer_elsewhere and transfer.line_ids.filtered("is_payer"):
                raise UserError(
                    self.env._(
                        "%(payer)s goes on paying for unit %(unit)s: untick the payer among the new owners, or end or untick"
                        " that role first.",
                        payer=payer_elsewhere[0].partner_id.name,
                        unit=transfer.unit_id.name,
                    )
                )
            leaving = transfer.leaving_party_ids.filtered(lambda p, day=transfer.date: p._in_force_before_and_from(day))
            payer_line = transfer._payer_line(owners)
            (owners | leaving).write({"date_to": transfer.date - timedelta(days=1)})
            new = Party.create(
                [
                    {
                        "unit_id": transfer.unit_id.id,
                        "partner_id": line.partner_id.id,
                        "role": "owner",
                        "share": line.share,
                        "lives_here": line.lives_here,
                        "date_from": transfer.date,
                        "is_payer": line == payer_line and not payer_elsewhere,
                    }
                    for line in transfer.line_ids
                ]
            )
            warnings = transfer._get_transfer_warnings()
            gone = leaving.partner_id
            # sudo: the state is written here only
            transfer.sudo().write(
                {"state": "done", "old_party_ids": [(6, 0, owners.ids)], "new_party_ids": [(6, 0, new.ids)]}
            )
            message = self.env._(
                "Ownership of %(unit)s passes on %(day)s from %(old)s to %(new)s.",
                unit=transfer.unit_id.name,
                day=transfer.date,
                old=", ".join(owners.partner_id.mapped("name")) or "–",
                new=", ".join(new.partner_id.mapped("name")),
            )
            if gone:
                message += " " + self.env._("With them leave: %s.", ", ".join(gone.mapped("name")))
            transfer.unit_id.message_post(body=message)
            if warnings:
                transfer.message_post(body="\n".join(warnings))
        return True

    def _payer_line(self, owners):
        """Return the line of the new owner who gets the bills: the ticked one, else the present payer, else the first."""
        self.ensure_one()
        present = owners.filtered("is_payer").partner_id
        return (
            self.line_ids.filtered("is_payer")[:1]
            or self.line_ids.filtered(lambda line: line.partner_id in present)[:1]
            or self.line_ids[:1]
        )

    def action_cancel(self):
        self.check_access("write")
        for transfer in self:
            if transfer.state != "draft":
                raise UserError(
                    self.env._(
                        "To cancel a transfer it must be a draft; enter a new transfer to change %s.", transfer.name
                    )
                )
        # sudo: as in `action_confirm`
        self.sudo().write({"state": "cancelled"})

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(transfer.state == "done" for transfer in self):
            raise UserError(self.env._("A confirmed transfer is history and stays."))


class PmUnitTransferLine(models.Model):
    """One new owner of a transfer."""

    _name = "pm.unit.transfer.line"
    _description = "New Owner"

    _share_range = models.Constraint("CHECK (share > 0 AND share <= 100)", "A share is more than 0 and at most 100 %.")
    _partner_once = models.UniqueIndex("(transfer_id, partner_id)", "This person is already among the new owners.")

    transfer_id = fields.Many2one("pm.unit.transfer", required=True, ondelete="cascade", index=True)
    property_id = fields.Many2one(related="transfer_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="transfer_id.company_id", store=True)
    partner_id = fields.Many2one("res.partner", string="New Owner", required=True, ondelete="restrict")
    share = fields.Float(string="Share (%)", digits=(7, 4), default=100.0, required=True)
    is_payer = fields.Boolean(string="Payer")
    lives_here = fields.Boolean(string="Occupies the Unit")

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_draft()
        return lines

    def write(self, vals):
        self._check_draft()
        result = super().write(vals)
        self._check_draft()  # (of another transfer, perhaps)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_of_drafts(self):
        self._check_draft()

    def _check_draft(self):
        if any(line.transfer_id.state == "done" for line in self):
            raise UserError(self.env._("A confirmed transfer is history and stays."))
