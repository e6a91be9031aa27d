from odoo import models

from odoo.addons.pm_base.tools.labels import selection_labels


class ReportUnitLedger(models.AbstractModel):
    """Fee ledger of units (物业费台账), one section a unit. Source: S4-76."""

    _name = "report.pm_fees.unit_ledger"
    _inherit = "pm.document"
    _description = "Fee Ledger Document"

    def _title(self, record):
        return self.env._("Account Statement") if record.partner_ids else self.env._("Fee Ledger")

    def _number(self, record):
        return record._period()

    def _property(self, record):
        return record.unit_ids.property_id[:1]

    def _company(self, record):
        return record.unit_ids.company_id[:1] or self.env.company

    def _currency(self, record):
        return record.unit_ids.currency_id[:1]

    def _story(self, record, kit):
        _ = record.env._
        kinds = selection_labels(record.env["pm.unit.ledger"], "kind")
        story = []
        for number, unit in enumerate(record.unit_ids):
            if number:
                story.append(kit.page_break())
            ledger = record._ledger(unit)
            rows = [["", "", _("Brought forward"), "", "", "", "", kit.num(ledger["opening"])]]
            rows += [
                [
                    kit.date(row.date),
                    kinds[row.kind],
                    row.item_id.name or "",
                    record._row_text(row),
                    row.partner_id.name,
                    kit.num(row.debit) if row.debit else "",
                    kit.num(row.credit) if row.credit else "",
                    kit.num(ledger["balances"][row]),
                ]
                for row in ledger["rows"]
            ]
            total = [_("Total"), *([""] * 4), *(kit.num(ledger[name]) for name in ("debit", "credit", "closing"))]
            table = [record._header(), *rows, total]
            widths, align = [21, 15, 30, 27, 27, 21, 21, 22], "lllllrrr"
            payer = self._payer(record, unit)
            if set(ledger["rows"].partner_id.mapped("name")) <= {payer}:  # he stands above the table
                table = [row[:4] + row[5:] for row in table]
                widths, align = [23, 18, 38, 38, 22, 22, 23], "llllrrr"
            story += [
                kit.pairs(
                    [
                        (_("Unit"), unit.display_name),
                        (_("Chargeable area"), _("%s m²", kit.num(unit.area_chargeable))),
                        (_("Payer"), payer),
                        (_("Balance"), self._balance_words(ledger["closing"], kit)),
                    ]
                ),
                kit.table(table[0], table[1:-1], widths=widths, align=align, total=table[-1]),
            ]
        return story

    def _payer(self, record, unit):
        """Who the statement is for; a former payer does not read who came after him."""
        rows = unit.env["pm.unit.ledger"]._read_group([("unit_id", "=", unit.id)], ["partner_id"])
        payers = record.partner_ids & record.partner_ids.union(*(partner for (partner,) in rows))
        return "、".join((payers or unit.payer_id).mapped("name"))

    def _balance_words(self, amount, kit):
        _ = kit.env._
        if amount < 0:
            return _("%s credit", kit.money(-amount))
        return _("%s owed", kit.money(amount)) if amount else _("Settled")
