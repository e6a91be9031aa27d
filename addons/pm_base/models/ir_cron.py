from odoo import models


class IrCron(models.Model):
    _inherit = "ir.cron"

    def _callback(self, cron_name, server_action_id):
        """What our scheduled actions write (activities, check points, notes) is for people: in the language of their user.

        A scheduled action has no language in its context, and would write the English source texts. Those of other
        modules keep what Odoo gives them.
        """
        ours = self.get_external_id()[self.id].startswith("pm_")
        cron = self.with_context(lang=self.env.user.lang) if ours else self
        return super(IrCron, cron)._callback(cron_name, server_action_id)
