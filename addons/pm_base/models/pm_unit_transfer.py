from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


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
    old_party_ids = fields.Many2many("pm.unit.party", string="Owners Until Then", readonly=True, copy=False)
    new_party_ids = fields.Many2many(
        "pm.unit.party", "pm_unit_transfer_new_party_rel", string="Owners From Then", readonly=True, copy=False
    )
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

    @api.depends("unit_id", "date")
    def _compute_warning(self):
        for transfer in self:
            transfer.warning = "\n".join(transfer._get_transfer_warnings()) if transfer.unit_id else False

    def _get_transfer_warnings(self):
        """Return texts the clerk must see before confirming; upper modules extend the list. They never block."""
        self.ensure_one()
        return []

    def write(self, vals):
        if {"unit_id", "date", "reason", "line_ids"} & vals.keys() and any(
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
            if total > 100.00005:  # half a unit of the field's last decimal
                raise ValidationError(
                    self.env._("The new owners' shares add up to %(total)s %%, more than 100 %%.", total=f"{total:g}")
                )

    def action_confirm(self):
        """End the owners in force and open the new ones.

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
            payer_elsewhere = transfer.unit_id.party_ids.filtered(
                lambda p, day=transfer.date: p.is_payer and p.role != "owner" and (not p.date_to or p.date_to >= day)
            )
            owners.write({"date_to": transfer.date - timedelta(days=1)})
            payer_line = transfer.line_ids.filtered("is_payer")[:1] or transfer.line_ids[:1]
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
            transfer.unit_id.message_post(body=message)
            if warnings:
                transfer.message_post(body="\n".join(warnings))
        return True

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

    transfer_id = fields.Many2one("pm.unit.transfer", required=True, ondelete="cascade", index=True)
    property_id = fields.Many2one(related="transfer_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="transfer_id.company_id", store=True)
    partner_id = fields.Many2one("res.partner", string="New Owner", required=True, ondelete="restrict")
    share = fields.Float(string="Share (%)", digits=(7, 4), default=100.0, required=True)
    is_payer = fields.Boolean(string="Payer")
    lives_here = fields.Boolean(string="Occupies the Unit")
