import base64
from urllib.parse import quote

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.pm_base.tools.labels import selection_label
from odoo.addons.pm_base.tools.write import write_tables

from ..models.pm_charge import format_period


class PmUnitLedgerPrint(models.TransientModel):
    """The fee ledger of units between two days (物业费台账) as PDF or spreadsheet, with the balance brought forward."""

    _name = "pm.unit.ledger.print"
    _description = "Print Fee Ledgers"

    unit_ids = fields.Many2many("pm.unit", string="Units", required=True)
    partner_ids = fields.Many2many("res.partner", string="Only of these payers", help="Empty: everybody on the unit.")
    date_from = fields.Date(
        "From", required=True, default=lambda self: fields.Date.context_today(self).replace(month=1, day=1)
    )
    date_to = fields.Date("To", required=True, default=fields.Date.context_today)
    file = fields.Binary(readonly=True, attachment=False)

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        if self.env.context.get("active_model") == "pm.unit":
            values["unit_ids"] = [fields.Command.set(self.env.context.get("active_ids", []))]
        return values

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for wizard in self:
            if wizard.date_from > wizard.date_to:
                raise UserError(self.env._("The first day of a ledger is not after its last day."))

    def action_print(self):
        self.ensure_one()
        self.unit_ids.check_access("read")
        return self.env.ref("pm_fees.report_unit_ledger").report_action(self)

    def action_export(self):
        self.ensure_one()
        self.unit_ids.check_access("read")
        _ = self.env._
        sheets = []
        for unit in self.unit_ids:
            ledger = self._ledger(unit)
            lines = [_("Fee Ledger %s", unit.display_name), self._period()]
            rows = [[self.date_from, _("Brought forward"), "", "", "", None, None, ledger["opening"]]]
            rows += [
                [
                    row.date,
                    selection_label(row, "kind"),
                    row.item_id.name or "",
                    self._row_text(row),
                    row.partner_id.name,
                    row.debit or None,
                    row.credit or None,
                    ledger["balances"][row],
                ]
                for row in ledger["rows"]
            ]
            sheets.append(
                (
                    unit.code,
                    lines,
                    self._header(),
                    rows,
                    [_("Total"), "", "", "", "", ledger["debit"], ledger["credit"], ledger["closing"]],
                )
            )
        self.file = base64.b64encode(write_tables(sheets))
        name = self.unit_ids.code if len(self.unit_ids) == 1 else self.unit_ids.property_id[:1].code
        filename = quote(f"{_('Fee Ledger')} {name}.xlsx", safe="")
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file/{filename}?download=true",
            "target": "self",
        }

    # Content, the same for both files

    def _header(self):
        _ = self.env._
        return [
            _("Date"),
            _("Entry"),
            _("Fee"),
            _("Period or document"),
            _("Payer"),
            _("Charged"),
            _("Settled"),
            _("Balance"),
        ]

    def _period(self):
        return self.env._(
            "%(start)s to %(stop)s",
            start=fields.Date.to_string(self.date_from),
            stop=fields.Date.to_string(self.date_to),
        )

    def _ledger(self, unit):
        """Rows of a unit and the sums around them.

        :return: {"opening", "rows" (pm.unit.ledger), "balances" ({row: balance after it}), "debit", "credit", "closing"}
        """
        ledger = self.env["pm.unit.ledger"]
        own = [("unit_id", "=", unit.id)]
        if self.partner_ids:
            own.append(("partner_id", "in", self.partner_ids.ids))
        before = ledger._read_group([*own, ("date", "<", self.date_from)], [], ["debit:sum", "credit:sum"])[0]
        opening = float(before[0] or 0) - float(before[1] or 0)
        # Read with the search: asked for by their numbers alone, the rows of all units would be made first.
        rows = ledger.search_fetch(
            [*own, ("date", ">=", self.date_from), ("date", "<=", self.date_to)],
            [name for name, column in ledger._fields.items() if column.store],
            order="date, id",
        )
        round_ = unit.currency_id.round
        balances, balance = {}, opening
        for row in rows:
            balance = balances[row] = round_(balance + row.debit - row.credit)
        debit, credit = round_(sum(rows.mapped("debit"))), round_(sum(rows.mapped("credit")))
        return {
            "opening": round_(opening),
            "rows": rows,
            "balances": balances,
            "debit": debit,
            "credit": credit,
            "closing": round_(opening + debit - credit),
        }

    def _row_text(self, row):
        """Period of a charge, number of a document, why a charge was taken back."""
        period = format_period(self.env, row.period_start, row.period_end) if row.period_start else ""
        reason = selection_label(row.charge_id, "reverse_reason") if row.kind == "reversal" else ""
        return " · ".join(filter(None, [row.document, period, reason]))
