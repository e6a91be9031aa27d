from odoo import fields, models
from odoo.fields import Domain


class PmProperty(models.Model):
    """When the daily digest of the supervisor's day goes out, and to whom."""

    _inherit = "pm.property"

    _digest_hour = models.Constraint(
        "CHECK (digest_hour >= 0 AND digest_hour < 24)", "The hour of the daily digest lies between 0:00 and 24:00."
    )

    digest_mode = fields.Selection(
        [
            ("always", "Every working day"),
            ("something", "Only when something is to be told"),
            ("never", "Not at all"),
        ],
        string="Daily Digest",
        required=True,
        default="something",
        help="The supervisor's day by e-mail to supervisors and the project manager, on the working days of the property."
        " House rule to S0-26.",
    )
    digest_hour = fields.Float(
        string="Digest From",
        default=8.0,
        help="Hour of the property's own time from which the daily digest is sent: before the meeting at 8:30 (S4-64).",
    )
    digest_done_on = fields.Date(readonly=True, copy=False, groups="base.group_system")

    def _digest_users(self):
        """Return who receives the daily digest of these properties: their supervisors and managers, unless they chose not to."""
        users = self.env["res.users"].sudo()  # sudo: who works where is not visible to every role
        everywhere = Domain("all_group_ids", "in", self.env.ref("pm_base.group_all_properties").ids)
        return users.search(
            Domain("all_group_ids", "in", self.env.ref("pm_base.group_supervisor").ids)
            & Domain("share", "=", False)
            & Domain("pm_daily_digest", "=", True)
            & Domain("company_ids", "in", self.company_id.ids)
            # A manager who may not see the property's records is told nothing of them.
            & (Domain("pm_property_ids", "in", self.ids) | Domain("id", "in", self.manager_id.ids) & everywhere)
        )
