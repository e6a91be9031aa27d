from odoo import models


class ReportDunningStatement(models.AbstractModel):
    """Statement of arrears (欠费对账单) of a household as of today, held charges named apart. Source: Appendix 4, S0-132."""

    _name = "report.pm_fees.dunning_statement"
    _inherit = "pm.dunning.paper"
    _description = "Statement of Arrears"

    def _title(self, record):
        return self.env._("Statement of Arrears")

    def _number(self, record):
        return self.env._("No. %s", f"DZ-{record.property_id.code}-{record.id:06d}")

    def _story(self, record, kit):
        _ = record.env._
        # sudo: the statement prints the debtor's own charges for whoever may see the case
        case = record.sudo()
        today = case.property_id._today()
        demanded = case._charges_by_case()[case.id]
        held = case._charges_by_case(held=True)[case.id] - demanded
        demands = self._rows(case, demanded, today)
        total = sum(demanded.mapped("residual"))
        story = [
            kit.pairs(
                [
                    *self._debtor(case),
                    (_("As of"), kit.date(today)),
                    (_("Months overdue"), case.stage),
                ]
            ),
            self._debts(kit, demands, penalty=bool(case.policy_id.penalty_rate)),
        ]
        if held:
            story += [
                kit.h(_("Not demanded now (disputed, or by instalments)")),
                self._debts(kit, self._rows(case, held, today)),
            ]
        story += [
            kit.h(_("Overdue by age")),
            self._ages(kit, demands),
            kit.together(
                [
                    kit.pairs(
                        [(_("Overdue in all"), kit.money(total)), (_("In words"), kit.money_words(total))], columns=1
                    ),
                    self._ways_to_pay(case, kit, demands, f"{case.company_id.get_base_url()}/my/bills"),
                    kit.p(
                        _("Please compare with your records and tell us within 15 days if something differs."), "small"
                    ),
                    kit.signatures([_("Management office"), _("Confirmed by (customer)")]),
                ]
            ),
        ]
        return story

    def _rows(self, case, charges, today):
        penalties = case.policy_id._penalties(case.currency_id, charges, today)
        Demand = self.env["pm.dunning.demand"]
        return [
            Demand.new(
                {
                    "charge_id": charge.id,
                    "days": (today - charge.due_date).days,
                    "amount": charge.residual,
                    "penalty": penalties.get(charge.id, {}).get("amount", 0.0),
                }
            )
            for charge in charges
        ]
