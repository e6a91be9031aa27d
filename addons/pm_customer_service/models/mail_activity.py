from odoo import fields, models


class MailActivity(models.Model):
    _name = "mail.activity"
    _inherit = ["mail.activity", "pm.program.fields"]
    _program_fields = frozenset({"pm_deadline_id"})

    pm_deadline_id = fields.Many2one(
        "pm.deadline",
        string="Deadline Ahead",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The clock that this activity warns of; kept in time, or agreed anew, the warning is gone.",
    )
