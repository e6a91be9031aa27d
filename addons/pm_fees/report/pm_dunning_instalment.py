from odoo import models


class ReportDunningInstalment(models.AbstractModel):
    """Agreement on instalments (分期付款协议), to be signed by the debtor."""

    _name = "report.pm_fees.dunning_instalment"
    _inherit = "pm.dunning.paper"
    _description = "Instalment Agreement"

    def _title(self, record):
        return self.env._("Agreement on Instalments")

    def _number(self, record):
        return self.env._("No. %s", f"FQ-{record.property_id.code}-{record.id:06d}")

    def _story(self, record, kit):
        _ = record.env._
        # sudo: the agreement names the debtor's own charges
        plan = record.sudo()
        charges = plan.charge_ids or plan.case_id._overdue_charges()
        return [
            kit.pairs(self._debtor(plan)),
            kit.p(
                _(
                    "The debtor acknowledges to owe the fees below for unit %(unit)s, %(amount)s in all, and pays them in the"
                    " instalments agreed. If an instalment is late by more than %(days)s days, the rest is due at once.",
                    unit=plan.unit_id.display_name,
                    amount=kit.money(plan.amount or sum(charges.mapped("residual"))),
                    days=plan.case_id.policy_id.instalment_grace_days,
                )
            ),
            kit.table(
                [_("Item"), _("Period"), _("Due"), _("Owed")],
                [
                    [
                        charge.item_id.name,
                        f"{kit.date(charge.period_start)} – {kit.date(charge.period_end)}",
                        kit.date(charge.due_date),
                        kit.money(charge.residual),
                    ]
                    for charge in charges
                ],
                widths=[50, 60, 30, 32],
                align="lllr",
            ),
            kit.h(_("Instalments")),
            kit.table(
                [_("No."), _("Due"), _("Amount")],
                [
                    [number, kit.date(line.due_date), kit.money(line.amount)]
                    for number, line in enumerate(plan.line_ids, 1)
                ],
                widths=[20, 60, 60],
                align="llr",
                total=[_("Total"), "", kit.money(plan.line_total)],
            ),
            kit.p(plan.note or ""),
            kit.signatures([_("Management office"), _("Debtor")]),
        ]
