import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError


class PmRenovationWorker(models.Model):
    """A worker on the site and his pass.

    The identity card is looked at, never kept (L-09): there is no field for its
    number, its copy or its custody.
    """

    _name = "pm.renovation.worker"
    _description = "Renovation Worker Pass"
    _inherit = ["pm.renovation.state"]
    _order = "renovation_id, id"
    _step_fields = frozenset({"pass_number", "pass_token", "valid_from", "valid_until", "returned_on"})

    _validity = models.Constraint("CHECK (valid_until >= valid_from)", "A pass cannot end before it starts.")
    _token_unique = models.UniqueIndex("(pass_token) WHERE pass_token IS NOT NULL", "Pass tokens are unique.")
    _number_unique = models.UniqueIndex(
        "(company_id, pass_number) WHERE pass_number IS NOT NULL", "Pass numbers are unique."
    )

    name = fields.Char("Worker", required=True)
    renovation_id = fields.Many2one("pm.renovation", required=True, ondelete="cascade", index=True)
    property_id = fields.Many2one(related="renovation_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="renovation_id.company_id", store=True)
    unit_id = fields.Many2one(related="renovation_id.unit_id", store=True)
    trade = fields.Char()
    phone = fields.Char()
    photo = fields.Image(max_width=480, max_height=480)
    id_shown = fields.Boolean("ID Shown", help="The identity card was shown and handed back at once.")
    id_shown_at = fields.Datetime("ID Shown On", readonly=True)
    pass_number = fields.Char(readonly=True, copy=False)
    pass_token = fields.Char(readonly=True, copy=False, groups="pm_base.group_officer")
    valid_from = fields.Date()
    valid_until = fields.Date()
    returned_on = fields.Date(readonly=True, copy=False)
    state = fields.Selection(
        selection=[
            ("none", "No pass"),
            ("valid", "Valid"),
            ("expired", "Expired"),
            ("returned", "Returned"),
        ],
        compute="_compute_state",
    )

    @api.depends("pass_number", "valid_from", "valid_until", "returned_on")
    def _compute_state(self):
        for worker in self:
            today = worker.property_id._today() if worker.property_id else fields.Date.today()
            if worker.returned_on:
                worker.state = "returned"
            elif not worker.pass_number:
                worker.state = "none"
            else:
                worker.state = "valid" if worker.valid_until and worker.valid_until >= today else "expired"

    def action_issue_pass(self):
        """Give a numbered pass for the time of the permit."""
        for worker in self:
            case = worker.renovation_id
            if not case._is_permit_valid(
                on=max(case.property_id._today(), case.permit_valid_from or case.property_id._today())
            ):
                raise UserError(
                    self.env._(
                        "To give %(worker)s a pass you must have a valid permit of the renovation.", worker=worker.name
                    )
                )
            if not worker.id_shown:
                raise UserError(
                    self.env._(
                        "To give %(worker)s a pass you must have seen the identity card (and handed it back).",
                        worker=worker.name,
                    )
                )
            worker._stamp(
                pass_number=worker.pass_number or self.env["ir.sequence"].next_by_code("pm.renovation.worker"),
                pass_token=worker.sudo().pass_token or secrets.token_urlsafe(24),  # sudo: see the field's group
                valid_from=case.permit_valid_from,
                valid_until=case.permit_valid_until,
                returned_on=False,
            )

    def action_return_pass(self):
        """The pass came back."""
        for worker in self:
            if not worker.pass_number or worker.returned_on:
                raise UserError(
                    self.env._("To take back a pass of %(worker)s you must have one out.", worker=worker.name)
                )
            worker._stamp(returned_on=worker.property_id._today())

    def _pass_status(self):
        """``valid``, ``future``, ``expired`` or ``ended`` for the public page."""
        self.ensure_one()
        if self.returned_on or not self.renovation_id._is_permit_valid(on=self.renovation_id.permit_valid_from):
            return "ended"
        day = self.property_id._today()
        if day < self.valid_from:
            return "future"
        return "valid" if day <= self.valid_until else "expired"

    def _pass_url(self):
        """Address behind the QR code of the pass."""
        self.ensure_one()
        return f"{self.get_base_url()}/pm/pass/{self.sudo().pass_token}"  # sudo: printed by any reader of the pass

    @api.onchange("id_shown")
    def _onchange_id_shown(self):
        self.id_shown_at = fields.Datetime.now() if self.id_shown else False

    def write(self, vals):
        if vals.get("id_shown"):
            vals = {**vals, "id_shown_at": fields.Datetime.now()}
        return super().write(vals)
