from odoo import api, fields, models
from odoo.exceptions import UserError

from .pm_renovation import EDITABLE_STATES


class PmRenovationWork(models.Model):
    """A work item of one application."""

    _name = "pm.renovation.work"
    _description = "Renovation Work"
    _order = "sequence, id"
    _rec_name = "type_id"

    _type_once = models.UniqueIndex(
        "(renovation_id, type_id)", "A work type stands once in an application; describe its parts in one line."
    )

    renovation_id = fields.Many2one("pm.renovation", required=True, ondelete="cascade", index=True)
    property_id = fields.Many2one(related="renovation_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="renovation_id.company_id", store=True)
    sequence = fields.Integer(default=10)
    type_id = fields.Many2one("pm.renovation.work.type", string="Work", required=True, ondelete="restrict")
    description = fields.Char(help="Where and what: room, wall, appliance.")

    @api.model_create_multi
    def create(self, vals_list):
        works = super().create(vals_list)
        works._check_open()
        return works

    def write(self, vals):
        self._check_open()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_while_open(self):
        self._check_open()

    def _check_open(self):
        """Works are settled with the decision: what was approved is what is printed on the permit."""
        for case in self.renovation_id:
            if case.state not in EDITABLE_STATES:
                raise UserError(
                    self.env._(
                        "To change unit, people, works or papers of %(case)s you must do it before the decision.",
                        case=case.name,
                    )
                )
