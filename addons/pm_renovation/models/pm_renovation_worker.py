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
    _step_fields = frozenset(
        {
            "id_shown_at",
            "pass_number",
            "pass_token",
            "valid_from",
            "valid_until",
            "returned_on",
            "returned_to_id",
            "lost_on",
            "lost_note",
        }
    )

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
    id_shown_at = fields.Datetime("ID Shown On", readonly=True, copy=False)
    pass_number = fields.Char(readonly=True, copy=False)
    pass_token = fields.Char(readonly=True, copy=False, groups="pm_base.group_officer")
    valid_from = fields.Date()
    valid_until = fields.Date()
    returned_on = fields.Date(readonly=True, copy=False)
    returned_to_id = fields.Many2one("res.users", "Taken Back By", readonly=True, copy=False)
    lost_on = fields.Date("Reported Lost On", readonly=True, copy=False)
    lost_note = fields.Char(readonly=True, copy=False)
    is_out = fields.Boolean("Pass Out", compute="_compute_is_out", store=True)
    state = fields.Selection(
        selection=[
            ("none", "No pass"),
            ("valid", "Valid"),
            ("expired", "Expired"),
            ("returned", "Returned"),
            ("lost", "Lost"),
        ],
        compute="_compute_state",
    )

    @api.depends("pass_number", "returned_on", "lost_on")
    def _compute_is_out(self):
        for worker in self:
            worker.is_out = bool(worker.pass_number and not worker.returned_on and not worker.lost_on)

    @api.depends("pass_number", "valid_from", "valid_until", "returned_on", "lost_on")
    def _compute_state(self):
        for worker in self:
            today = worker.property_id._today() if worker.property_id else fields.Date.today()
            if not worker.pass_number:
                worker.state = "none"
            elif worker.lost_on:
                worker.state = "lost"
            elif worker.returned_on:
                worker.state = "returned"
            else:
                worker.state = "valid" if worker.valid_until and worker.valid_until >= today else "expired"

    def action_issue_pass(self):
        """Give a numbered pass for the time of the permit; after a loss a new number, so that the lost code says nothing."""
        for worker in self:
            case = worker.renovation_id
            today = case.property_id._today()
            if not case._is_permit_valid(on=max(today, case.permit_valid_from or today)):
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
            number, token = worker.pass_number, worker.sudo().pass_token  # sudo: see the field's group
            if not number or worker.lost_on:
                number, token = self.env["ir.sequence"].next_by_code("pm.renovation.worker"), secrets.token_urlsafe(24)
            worker._stamp(
                pass_number=number,
                pass_token=token,
                valid_from=case.permit_valid_from,
                valid_until=case.permit_valid_until,
                returned_on=False,
                returned_to_id=False,
                lost_on=False,
                lost_note=False,
            )

    def _extend_pass(self, date_end):
        """The permit was extended: passes that are out are valid with it; they are printed anew."""
        self.filtered("is_out")._stamp(valid_until=date_end)

    def action_return_pass(self):
        """The pass came back: the register keeps when and to whom (S4-33)."""
        for worker in self:
            if not worker.is_out:
                raise UserError(
                    self.env._("To take back a pass of %(worker)s you must have one out.", worker=worker.name)
                )
            worker._stamp(returned_on=worker.property_id._today(), returned_to_id=self.env.uid)

    def action_lost_pass(self):
        """The pass is lost: its code stops saying anything, and the register keeps who recorded it when."""
        for worker in self:
            if not worker.is_out:
                raise UserError(
                    self.env._("To record a pass of %(worker)s as lost you must have one out.", worker=worker.name)
                )
            worker._stamp(lost_on=worker.property_id._today(), lost_note=self.env.user.name)

    @api.ondelete(at_uninstall=False)
    def _unlink_without_pass(self):
        for worker in self:
            if worker.pass_number:
                raise UserError(
                    self.env._(
                        "%(worker)s has or had pass %(number)s: the register keeps it.",
                        worker=worker.name,
                        number=worker.pass_number,
                    )
                )

    def _pass_status(self):
        """``valid``, ``future``, ``suspended``, ``expired`` or ``ended`` for the public page."""
        self.ensure_one()
        if not self.is_out:
            return "ended"
        status = self.renovation_id._permit_status()
        if status in ("ended", "suspended"):
            return status
        day = self.property_id._today()
        if day < self.valid_from:
            return "future"
        return "valid" if day <= self.valid_until else "expired"

    def _pass_url(self):
        """Address behind the QR code of the pass."""
        self.ensure_one()
        return f"{self.get_base_url()}/pm/pass/{self.sudo().pass_token}"  # sudo: printed by any reader of the pass

    @api.model_create_multi
    def create(self, vals_list):
        workers = super().create(vals_list)
        workers.filtered("id_shown")._stamp(id_shown_at=fields.Datetime.now())
        return workers

    def write(self, vals):
        result = super().write(vals)
        if "id_shown" in vals:
            self._stamp(id_shown_at=fields.Datetime.now() if vals["id_shown"] else False)
        return result
