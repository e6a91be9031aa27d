from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.pm_customer_service.models.pm_ticket import OPEN_STATES


class PmRenovationKey(models.Model):
    """A resident's key in the hands of somebody who works in the unit, until it is back.

    Whoever takes it is led by the property's own engineering staff, and shows a permit in force or the slip of an open
    repair of that unit; without these no key leaves the house. Source: S4-114.
    """

    _name = "pm.renovation.key"
    _description = "Key Handed to a Worker"
    _inherit = ["pm.renovation.state"]
    _order = "taken_at desc, id desc"
    _rec_name = "key"
    _step_fields = frozenset({"taken_at", "given_by_id", "returned_at", "returned_to_id"})

    _out_once = models.UniqueIndex(
        "(unit_id, lower(key)) WHERE returned_at IS NULL",
        "This key is out already. Take it back before you hand it out again.",
    )
    _on_what = models.Constraint(
        "CHECK (num_nonnulls(renovation_id, ticket_id) = 1)",
        "To hand out a key you must name the permit or the repair slip that was checked, one of them.",
    )

    unit_id = fields.Many2one("pm.unit", required=True, index=True, ondelete="restrict")
    property_id = fields.Many2one(related="unit_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="unit_id.company_id", store=True)
    key = fields.Char("Key or Card", required=True, help="What is on its tag.")
    holder = fields.Char("Handed To", required=True, help="The worker who signs for it.")
    escort_id = fields.Many2one(
        "res.users",
        "Led By",
        required=True,
        ondelete="restrict",
        domain=lambda self: [("all_group_ids", "in", self.env.ref("pm_base.group_technician").ids)],
        help="Colleague of engineering who goes along and stays (S4-114).",
    )
    renovation_id = fields.Many2one(
        "pm.renovation",
        "Permit Of",
        ondelete="restrict",
        index="btree_not_null",
        domain="[('unit_id', '=', unit_id), ('permit_status', '=', 'valid')]",
    )
    ticket_id = fields.Many2one(
        "pm.ticket", "Repair Slip", ondelete="restrict", index="btree_not_null", domain="[('unit_id', '=', unit_id)]"
    )
    note = fields.Char()
    taken_at = fields.Datetime("Handed Out On", required=True, readonly=True, default=fields.Datetime.now, copy=False)
    given_by_id = fields.Many2one(
        "res.users", "Handed Out By", required=True, readonly=True, default=lambda self: self.env.user, copy=False
    )
    returned_at = fields.Datetime("Back On", readonly=True, copy=False)
    returned_to_id = fields.Many2one("res.users", "Taken Back By", readonly=True, copy=False)
    state = fields.Selection(
        selection=[("out", "Out"), ("back", "Back")], default="out", required=True, readonly=True, copy=False
    )
    # What was checked at the counter is history once the key is out.
    _frozen = dict.fromkeys(
        ("out", "back"), frozenset({"unit_id", "key", "holder", "escort_id", "renovation_id", "ticket_id"})
    )

    @api.model_create_multi
    def create(self, vals_list):
        keys = super().create(vals_list)
        keys._check_papers()
        return keys

    def _check_papers(self):
        """Refuse a key whose taker is not led by engineering, or has neither a permit nor a slip for this very unit."""
        technicians = self.env.ref("pm_base.group_technician")
        for record in self:
            unit = record.unit_id.display_name
            if technicians not in record.escort_id.sudo().all_group_ids:  # sudo: whose colleague he is is no secret
                raise UserError(
                    self.env._(
                        "To hand out a key of %(unit)s you must name a colleague of engineering who goes along.",
                        unit=unit,
                    )
                )
            case, ticket = record.sudo().renovation_id, record.sudo().ticket_id  # sudo: unit and validity are compared
            if case and (case.unit_id != record.unit_id or not case._is_permit_valid()):
                raise UserError(
                    self.env._("To hand out a key of %(unit)s you must see a permit in force for this unit.", unit=unit)
                )
            if ticket and (ticket.unit_id != record.unit_id or ticket.state not in OPEN_STATES):
                raise UserError(
                    self.env._(
                        "To hand out a key of %(unit)s you must see the slip of an open repair there.", unit=unit
                    )
                )

    def action_return(self):
        """The key is back; the register keeps when and to whom."""
        for record in self:
            if record.state != "out":
                raise UserError(self.env._("Key %(key)s is back already.", key=record.key))
        self._set_state("back", returned_at=fields.Datetime.now(), returned_to_id=self.env.uid)
        # The index lets the key go out again only when it has seen this.
        self.flush_recordset()

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("The register of keys keeps what was handed out."))
