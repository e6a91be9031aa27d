from odoo import models


class ReportLegalMandate(models.AbstractModel):
    """Written mandate to sue (诉讼委托书): parties, claims, powers, evidence, signatures. Source: S0-136."""

    _name = "report.pm_fees.legal_mandate"
    _inherit = "pm.dunning.paper"
    _description = "Mandate to Sue"

    def _title(self, record):
        return self.env._("Mandate to Sue for Overdue Fees")

    def _number(self, record):
        return self.env._("No. %s", record.name)

    def _partner(self, record):
        return record.counsel_id.partner_id

    def _story(self, record, kit):
        _ = record.env._
        # sudo: the mandate names what is claimed to counsel and court
        case = record.sudo()
        company = case.company_id
        step = self.env["pm.dunning.action"].sudo().search([("legal_case_id", "=", case.id)], limit=1)
        return [
            kit.pairs(
                [
                    (_("Client"), company.name),
                    (_("Registration number"), company.company_registry or company.vat or ""),
                    (_("Legal counsel"), case.counsel_id.name),
                    (_("Property"), case.property_id.name),
                    *self._debtor(case),
                ]
            ),
            kit.p(
                _(
                    "We hereby mandate the legal counsel named above to sue the debtor before the competent court for the fees listed"
                    " below, and to represent us in mediation, judgment and enforcement. Settlement, waiver and withdrawal need our"
                    " written consent."
                )
            ),
            kit.table(
                [_("Item"), _("Period"), _("Due"), _("Claimed")],
                [
                    [
                        claim.charge_id.item_id.name,
                        f"{kit.date(claim.charge_id.period_start)} – {kit.date(claim.charge_id.period_end)}",
                        kit.date(claim.due_date),
                        kit.money(claim.amount),
                    ]
                    for claim in case.claim_ids
                ],
                widths=[50, 60, 30, 32],
                align="lllr",
                total=[_("Total"), "", "", kit.money(case.amount_claimed)],
            ),
            kit.pairs(
                [
                    (_("In words"), kit.money_words(case.amount_claimed)),
                    (
                        _("Penalty under the contract"),
                        kit.money(case.penalty_claimed) if case.penalty_claimed else _("none claimed"),
                    ),
                    (_("Approved by"), step.approved_by_id.name or ""),
                    (_("On"), kit.date(case.approved_on)),
                ],
                columns=1,
            ),
            kit.together([*self._evidence(step, kit), kit.signatures([_("Client (seal)"), _("Legal counsel")])]),
        ]

    def _evidence(self, step, kit):
        """What the approver saw: the checklist as it stood."""
        _ = self.env._
        if not step.approval_facts:
            return []
        return [
            kit.h(_("Examined before the approval")),
            kit.table(
                [_("Point"), _("In order"), _("Details")],
                [[fact["label"], "✓" if fact["ok"] else "✗", fact["detail"]] for fact in step.approval_facts],
                widths=[70, 18, 85],
                align="lcl",
            ),
        ]
