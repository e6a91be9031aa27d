from odoo import api, models

# House rules; each is a setting (system parameter pm_customer_service.<name>).
LIMITS = {
    "portal_daily_limit": 10,
    "portal_daily_messages": 30,
    "portal_max_files": 6,
    "portal_max_mb": 10,
    "max_photos": 20,
    "repeat_days": 30,
    "stalled_days": 3,
    "board_promise_hours": 24,
}


class PmTicketLimit(models.Model):
    """The limits of the service desk that a manager sets."""

    _inherit = "pm.ticket"

    @api.model
    def _get_limit(self, name):
        """Return the setting ``name`` as a whole number; one that cannot be read counts as its default."""
        # sudo: a number from the settings; neither customers nor technicians read system parameters
        value = self.env["ir.config_parameter"].sudo().get_param(f"pm_customer_service.{name}", "")
        try:
            return int(value) if value else LIMITS[name]
        except ValueError:
            return LIMITS[name]
