from odoo import api, fields, models
from odoo.exceptions import UserError


class PmCharge(models.Model):
    """What becomes of a posted charge beside being paid: written off, corrected, taken over by another payer."""

    _inherit = "pm.charge"

    write_off_line_ids = fields.One2many("pm.write.off.line", "charge_id", "Write-offs", readonly=True)

    def _reverse(self, reason, date=None, note=None):
        written_off = self.filtered("amount_written_off")
        if written_off:
            raise UserError(
                self.env._(
                    "%(charge)s is written off in part or whole: to reverse it you must take the write-off back first.",
                    charge=written_off[0].display_name,
                )
            )
        return super()._reverse(reason, date=date, note=note)

    # Money that was on a charge follows it to the charge that takes its place

    def _money_on(self):
        """{charge: journal items whose money settles it, in the order they came}, before a reversal sets them free."""
        # sudo: the money follows its charge whoever corrects it
        return {charge: charge.sudo().move_line_id.matched_credit_ids.sorted("id").credit_move_id for charge in self}

    def _hand_over_money(self, money, replacements):
        """Settle new charges with the money of the ones they replace; what is over stays the payer's credit.

        :param money: what `_money_on` returned
        :param replacements: {old charge: new charges}; only those of the same payer get his money
        """
        plan, households = [], set()
        # sudo: as in `_money_on`
        for old, items in money.items():
            items = items.sudo().filtered(lambda item: item.amount_residual < 0)
            new = replacements.get(old, self.browse()).filtered(
                lambda charge, old=old: charge.partner_id == old.partner_id
            )
            households |= {(old.partner_id.id, old.unit_id.id)} | {(c.partner_id.id, c.unit_id.id) for c in new}
            lines = new.sudo().move_line_id
            if items and lines:
                plan.append(lines | items)
        self.env["account.move.line"].sudo()._reconcile_plan(plan)
        self._money_changed(households)

    @api.model
    def _money_changed(self, households):
        """Hook: what these households owe has changed, by money, credit or a write-off: reminders of what is paid stop.

        :param households: {(partner id, unit id)}
        """
        # sudo: money moved; the reminders follow, whoever moved it
        self.env["pm.dunning.case"].sudo()._refresh_paid(households)
