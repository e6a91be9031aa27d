from odoo import Command, models
from odoo.exceptions import UserError


class PmBillingRun(models.Model):
    """What a posted month still lacks: a unit added later, a meter read later, what was reversed (补出账)."""

    _inherit = "pm.billing.run"

    def action_bill_missing(self):
        """Open a run of the same month and fees: a charge that exists is not made again, so it bills what is missing.

        :return: action on the run that is under way already, else on a new draft
        :raises UserError: this run is not posted yet, so that computing it again does the same
        """
        self.ensure_one()
        self._check_compute()
        if self.state != "posted":
            raise UserError(
                self.env._("Run %s is not posted: to bill what is missing you must compute it again.", self.name)
            )
        scope = {"property_id": self.property_id.id, "date_from": self.date_from}
        under_way = self.search(
            [
                *((name, "=", value) for name, value in scope.items()),
                ("state", "in", ("draft", "computing", "computed", "approved", "posting")),
                ("correction_id", "=", False),
            ]
        ).filtered(lambda run: run.item_ids == self.item_ids)[:1]
        run = under_way or self.create({**scope, "item_ids": [Command.set(self.item_ids.ids)]})
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": run.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "name": run.name,
        }
