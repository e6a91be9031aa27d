from odoo import fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    pm_staff_no = fields.Char(
        string="Staff Number",
        help="Told to the customer with the visit, and on the staff card shown at the door (S1-59).",
    )
    pm_daily_digest = fields.Boolean(
        string="Daily Digest by E-mail",
        default=True,
        help="The supervisor's day by e-mail every working day; for supervisors and project managers, where the property sends one.",
    )

    @property
    def SELF_READABLE_FIELDS(self):
        return super().SELF_READABLE_FIELDS + ["pm_daily_digest"]

    @property
    def SELF_WRITEABLE_FIELDS(self):
        return super().SELF_WRITEABLE_FIELDS + ["pm_daily_digest"]
