from odoo import fields, models
from odoo.exceptions import UserError

# Carried in the context by the add-on's own steps. A client may send any key, but never this object.
LEDGER_STEP = object()


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    pm_charge_ids = fields.One2many("pm.charge", "move_line_id", "Charges")
    pm_reversed_charge_ids = fields.One2many("pm.charge", "reverse_line_id", "Reversed charges")


class AccountMove(models.Model):
    """An entry of charges belongs to its billing run: reset or reversed by itself, charges and ledger would part."""

    _inherit = "account.move"

    def button_draft(self):
        self._check_no_charges()
        return super().button_draft()

    def _reverse_moves(self, default_values_list=None, cancel=False):
        self._check_no_charges()
        return super()._reverse_moves(default_values_list=default_values_list, cancel=cancel)

    def _check_no_charges(self):
        if self.env.context.get("pm_billing") is LEDGER_STEP:
            return
        # sudo: charges of any property guard the entry, whoever tries
        charge = (
            self.env["pm.charge"]
            .sudo()
            .search(
                ["|", ("move_line_id.move_id", "in", self.ids), ("reverse_line_id.move_id", "in", self.ids)], limit=1
            )
        )
        if charge:
            raise UserError(
                self.env._(
                    "This entry carries charges (%s and others). To take them back you must reverse the charges or their billing run.",
                    charge.display_name,
                )
            )
