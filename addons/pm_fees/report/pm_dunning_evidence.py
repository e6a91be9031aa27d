from odoo import models


class ReportDunningEvidence(models.AbstractModel):
    """Index of an evidence bundle (证据目录): the timeline, and each file with its SHA-256. Source: S0-133, L-07."""

    _name = "report.pm_fees.dunning_evidence"
    _inherit = "pm.dunning.paper"
    _description = "Index of Evidence"

    def _title(self, record):
        return self.env._("Index of Evidence")

    def _number(self, record):
        return self.env._("No. %s", f"ZJ-{record.property_id.code}-{record.id:06d}")

    def _partner(self, record):
        # For court and counsel, in the language of who makes it.
        return None

    def _story(self, record, kit):
        _ = record.env._
        # sudo: the index lists what the case holds
        case = record.sudo()
        files = self.env.context.get("pm_evidence_files") or []
        return [
            kit.pairs(
                [
                    *self._debtor(case),
                    (_("Overdue since"), kit.date(case.oldest_due_date)),
                    (_("Overdue now"), kit.money(case.amount_due + case.amount_held)),
                ]
            ),
            kit.h(_("What happened")),
            kit.table(
                [_("Date"), _("What"), _("Details")],
                [[kit.date(event["date"]), event["what"], event["detail"]] for event in case._timeline()],
                widths=[26, 50, 98],
            ),
            kit.h(_("Files")),
            kit.table(
                [_("File"), "SHA-256"],
                [[name, kit.p(digest, "small")] for name, digest in files],
                widths=[64, 110],
            ),
            kit.p(
                _(
                    "Whoever changes a file changes its hash: compare with “sha256sum -c SHA256SUMS”. Times are those of the property."
                ),
                "small",
            ),
        ]
