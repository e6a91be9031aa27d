from odoo import models

from odoo.addons.pm_base.tools.labels import selection_labels


class ReportDunningBriefing(models.AbstractModel):
    """Written note to the counsel that asks for a lawyer's letter (律师函委托函): who owes what, and what was done. Source: S0-134."""

    _name = "report.pm_fees.dunning_briefing"
    _inherit = "pm.dunning.paper"
    _description = "Briefing for a Lawyer's Letter"

    def _title(self, record):
        return self.env._("Request for a Lawyer's Letter")

    def _number(self, record):
        return self.env._("No. %s", f"LH-{record.property_id.code}-{record.id:06d}")

    def _partner(self, record):
        return record.counsel_id.partner_id

    def _story(self, record, kit):
        _ = record.env._
        # sudo: the briefing tells the counsel what the decision rests on
        action = record.sudo()
        demands = action._demands()[action.id]
        return [
            kit.p(_("To: %s", action.counsel_id.name), "bold"),
            kit.p(
                _(
                    "Please send lawyer's letter no. %(number)s to the debtor below by express mail, and record its tracking number and"
                    " copy with us. The letter names a time to pay of %(days)s days.",
                    number=action.letter_number or 1,
                    days=action.level_id.deadline_days,
                )
            ),
            kit.pairs(
                [*self._debtor(action), (_("Months overdue"), action.stage), (_("Butler"), action.case_id.user_id.name)]
            ),
            self._debts(kit, demands, penalty=bool(action.case_id.policy_id.penalty_rate)),
            *self._earlier_demands(action, kit),
            *self._objections(action, kit),
            kit.together(
                [
                    kit.pairs(
                        [
                            (_("Approved by"), action.approved_by_id.name or ""),
                            (_("On"), kit.date(action.approved_on)),
                            (_("Remarks"), action.approval_note or ""),
                        ],
                        columns=1,
                    ),
                    kit.signatures([_("Management office"), _("Legal counsel")]),
                ]
            ),
        ]

    def _earlier_demands(self, action, kit):
        _ = self.env._
        methods = selection_labels(action, "delivery_method")
        steps = action.case_id.action_ids.filtered(lambda step: step.state == "done" and step.delivered_on).sorted(
            "delivered_on"
        )
        if not steps:
            return []
        return [
            kit.h(_("Demands so far")),
            kit.table(
                [_("Demand"), _("Delivered"), _("How"), _("Pay until"), _("Proof")],
                [
                    [
                        step.level_id.name,
                        kit.date(step.delivered_on),
                        methods.get(step.delivery_method, ""),
                        kit.date(step.deadline),
                        ", ".join(
                            filter(
                                None,
                                [
                                    _("signed") if step.signed else "",
                                    _("%s files", len(step.proof_ids)) if step.proof_ids else "",
                                    step.tracking_no or "",
                                ],
                            )
                        ),
                    ]
                    for step in steps
                ],
                widths=[45, 28, 30, 28, 45],
            ),
        ]

    def _objections(self, action, kit):
        _ = self.env._
        # sudo: counsel reads all objections, also where he may not read the holds
        holds = (
            self.env["pm.dunning.hold"].sudo().search([("case_id", "=", action.case_id.id), ("kind", "=", "dispute")])
        )
        if not holds:
            return [kit.p(_("The debtor has raised no objection that was recorded."))]
        results = selection_labels(holds, "justified")
        return [
            kit.h(_("Objections and our review")),
            kit.table(
                [_("Ticket"), _("Objection"), _("Review of our service"), _("Result")],
                [
                    [hold.ticket_id.number, hold.reason, hold.review or "", results.get(hold.justified, "")]
                    for hold in holds
                ],
                widths=[25, 55, 65, 25],
            ),
        ]
