from odoo import fields, models


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
