import logging

from odoo import api, models

_logger = logging.getLogger(__name__)


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

    @api.model
    def _each_property(self, work, what, properties=None):
        """Do the work of a job for one property after the other, with a commit after each; one's trouble is not another's.

        :param work: function of a ``pm.property``; it may be done again, and must not commit
        :param str what: what is done, for the log of failures
        :param properties: default: all
        :return: whether the time of the job sufficed for all of them
        """
        if properties is None:
            properties = self.env["pm.property"].search([])
        self._commit_progress(remaining=len(properties))
        for prop in properties:
            try:
                with self.env.cr.savepoint():
                    work(prop)
            except Exception:
                _logger.exception("Property %s: %s failed", prop.code, what)
            if not self._commit_progress(1):
                return False
        return True
