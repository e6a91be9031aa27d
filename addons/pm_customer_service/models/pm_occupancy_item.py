from odoo import api, fields, models
from odoo.exceptions import UserError

KINDS = [
    ("move_in", "Move-in"),
    ("move_out", "Move-out"),
    ("transfer", "Transfer"),
]


class PmOccupancyItemType(models.Model):
    """One paper to bring or one step to take at a move: the checklist as records, shown to customers as well.

    Source: S0-74, S0-103 and the move-in instruction of S0 ch. 5 § 2.
    """

    _name = "pm.occupancy.item.type"
    _description = "Paper or Step of a Move"
    _order = "kind, section, sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    kind = fields.Selection(KINDS, required=True, default="move_in")
    section = fields.Selection([("paper", "Paper to bring"), ("step", "Step")], required=True, default="paper")
    mandatory = fields.Boolean(default=True, help="The formalities are not finished without it.")
    only_company = fields.Boolean(string="Companies Only", help="Asked for when the customer is a company.")
    description = fields.Text(translate=True, help="What the customer should know about it; published in the portal.")
    file_type_id = fields.Many2one(
        "pm.file.type", string="Filed As", help="The scan goes into the file of the unit as this paper."
    )
    source = fields.Char(translate=True, help="Requirement id or house rule.")


class PmOccupancyItem(models.Model):
    """One line of the checklist of a move, ticked by whoever checked it."""

    _name = "pm.occupancy.item"
    _description = "Checklist Line of a Move"
    _inherit = ["pm.program.fields", "pm.files"]
    _order = "occupancy_id, section, sequence, id"
    _program_fields = frozenset({"done_at", "done_by_id"})

    _type_once = models.UniqueIndex("(occupancy_id, type_id)", "This line is already on the checklist.")

    occupancy_id = fields.Many2one("pm.occupancy", required=True, ondelete="cascade", index=True)
    property_id = fields.Many2one(related="occupancy_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="occupancy_id.company_id", store=True)
    type_id = fields.Many2one("pm.occupancy.item.type", required=True, ondelete="restrict", string="Paper or Step")
    section = fields.Selection(related="type_id.section", store=True)
    sequence = fields.Integer(related="type_id.sequence", store=True)
    mandatory = fields.Boolean(related="type_id.mandatory")
    description = fields.Text(related="type_id.description")
    done = fields.Boolean()
    not_needed = fields.Char(string="Not Needed Because")
    note = fields.Char(string="Remark", help="Meter readings, number of keys …")
    attachment_ids = fields.Many2many("ir.attachment", "pm_occupancy_item_attachment_rel", string="Scans")
    done_at = fields.Datetime(readonly=True)
    done_by_id = fields.Many2one("res.users", readonly=True)

    def _is_settled(self):
        self.ensure_one()
        return self.done or bool((self.not_needed or "").strip()) or not self.mandatory

    @api.model_create_multi
    def create(self, vals_list):
        items = super().create(vals_list)
        items._check_open()
        items.filtered("done")._stamp()
        return items

    def write(self, vals):
        self._check_open()
        result = super().write(vals)
        if "occupancy_id" in vals:
            self._check_open()
        if "done" in vals:
            self._stamp()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_of_open(self):
        self._check_open()

    def _check_open(self):
        if not self.env.su and any(item.occupancy_id.state in ("finished", "filed", "cancelled") for item in self):
            raise UserError(self.env._("The checklist of finished formalities stays as it was."))

    def _stamp(self):
        # sudo: who ticked a line and when is the program's
        done = self.filtered("done").sudo()
        done.write({"done_at": fields.Datetime.now(), "done_by_id": self.env.uid})
        (self.sudo() - done).write({"done_at": False, "done_by_id": False})
