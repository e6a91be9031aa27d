"""Papers of the deposit ledger: consent to a deduction, the sub-ledger against its account."""

from odoo import models

from odoo.addons.pm_base.tools.labels import selection_label


class ReportDeduction(models.AbstractModel):
    """Proposed deduction with its evidence, to be agreed to by the payer's signature. Source: L-03, L-04; no fine."""

    _name = "report.pm_renovation.deduction"
    _inherit = "pm.document"
    _description = "Consent to a Deduction"

    def _title(self, record):
        return self.env._("Deduction from a Renovation Deposit")

    def _number(self, record):
        return record.deposit_id.name

    def _partner(self, record):
        return record.deposit_id.partner_id

    def _story(self, record, kit):
        _ = record.env._
        deposit = record.deposit_id.sudo()  # sudo: names of payer and unit stand on his own paper
        story = [
            kit.pairs(
                [
                    (_("To"), deposit.partner_id.name),
                    (_("Unit"), deposit.unit_id.display_name),
                    (_("Renovation"), deposit.renovation_id.name),
                    (_("Deposit"), kit.money(deposit.amount)),
                ]
            ),
            kit.h(_("What was damaged and what its repair costs")),
            kit.p(record.name),
            kit.pairs(
                [
                    (_("Proposed deduction"), kit.money(record.amount)),
                    (_("Amount in words"), kit.money_words(record.amount)),
                    (_("Left to refund"), kit.money(deposit.amount - record.amount)),
                    (_("State"), selection_label(record, "state")),
                ]
            ),
            kit.h(_("Evidence")),
        ]
        for file in record.sudo().attachment_ids:
            if (file.mimetype or "") in ("image/png", "image/jpeg"):
                story.append(kit.image(file.raw, 80, 60))
            story.append(kit.p(file.name, "small"))
        story += [
            kit.p(
                _(
                    "This is the cost of proved damage and no fine. Nothing is deducted without your consent; if you object,"
                    " the whole deposit is paid back and the damage is settled between us or by the court."
                ),
            ),
        ]
        if record.agreed_online:
            story.append(
                kit.p(
                    _(
                        "Agreed in the portal by %(name)s on %(moment)s.",
                        name=record.agreed_by,
                        moment=kit.datetime(record.agreed_at, tz=record.property_id.tz),
                    ),
                    "bold",
                )
            )
        return [*story, kit.signatures([_("Payer: I agree"), _("Management (seal)")])]


class ReportDepositLedger(models.AbstractModel):
    """Sub-ledger of the deposits of a property against its liability account. Source: L-04."""

    _name = "report.pm_renovation.deposit_ledger"
    _inherit = "pm.document"
    _description = "Ledger of Renovation Deposits"
    _landscape = True

    def _title(self, record):
        return self.env._("Ledger of Renovation Deposits")

    def _number(self, record):
        return record.code

    def _partner(self, record):
        return None

    def _story(self, record, kit):
        _ = record.env._
        deposits = record.env["pm.deposit"].search(
            [("property_id", "=", record.id), ("state", "in", ("held", "refund_requested"))], order="received_on, id"
        )
        return [
            kit.pairs(
                [
                    (_("Deposits held"), kit.money(record.deposit_held)),
                    (_("Balance of the deposit account"), kit.money(record.deposit_ledger)),
                    (_("Difference"), kit.money(record.deposit_difference)),
                    (_("Account"), record.sudo().deposit_account_id.display_name or ""),
                ]
            ),
            kit.table(
                [
                    _("Deposit"),
                    _("Unit"),
                    _("Payer, to whom it is refunded"),
                    _("Renovation"),
                    _("Received"),
                    _("Receipt"),
                    _("Days"),
                    _("State"),
                    _("Amount"),
                    _("Deducted"),
                    _("Held"),
                ],
                [
                    [
                        d.name,
                        d.unit_id.name,
                        d.partner_id.name,
                        d.renovation_id.name,
                        kit.date(d.received_on),
                        d.sudo().payment_id.receipt_name or "",  # sudo: the number of the receipt only
                        str(d.held_days),
                        selection_label(d, "state"),
                        kit.money(d.amount),
                        kit.money(d.amount_deducted),
                        kit.money(d.amount_held),
                    ]
                    for d in deposits
                ],
                widths=[22, 18, 34, 24, 22, 26, 12, 18, 26, 24, 26],
                align="llllllrlrrr",
                total=[_("Total"), *[""] * 7, "", "", kit.money(sum(deposits.mapped("amount_held")))],
            ),
        ]
