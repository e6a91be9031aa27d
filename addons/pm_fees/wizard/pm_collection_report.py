import base64
from urllib.parse import quote

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.pm_base.tools.write import write_tables


class PmCollectionReport(models.TransientModel):
    """Collection report of a property between two days (收费统计表): by fee, butler and age, as PDF or spreadsheet.

    The fourth-week report of the month, the half-year and the annual statistics are this one with other days.
    Source: S0-39, S0-61, S0-64.
    """

    _name = "pm.collection.report"
    _description = "Collection Report"

    property_id = fields.Many2one(
        "pm.property", required=True, default=lambda self: self.env["pm.property"].search([], limit=1)
    )
    company_id = fields.Many2one(related="property_id.company_id")
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_from = fields.Date("From", required=True, default=lambda self: fields.Date.context_today(self).replace(day=1))
    date_to = fields.Date("To", required=True, default=fields.Date.context_today)
    file = fields.Binary(readonly=True, attachment=False)

    @api.depends("property_id", "date_from", "date_to")
    def _compute_display_name(self):
        for report in self:
            report.display_name = f"{report.property_id.code or ''} {report.date_from or ''} – {report.date_to or ''}"

    @api.constrains("date_from", "date_to")
    def _check_dates(self):
        for report in self:
            if report.date_from > report.date_to:
                raise UserError(self.env._("The first day of a report is not after its last day."))

    def action_print(self):
        self.ensure_one()
        self.property_id.check_access("read")
        return self.env.ref("pm_fees.report_collection").report_action(self)

    def action_export(self):
        self.ensure_one()
        self.property_id.check_access("read")
        tables = self._tables()
        lines = [self._heading(), self._period()]
        self.file = base64.b64encode(
            write_tables(
                (table["title"], lines, table["header"], table["rows"], table.get("total")) for table in tables
            )
        )
        name = quote(f"{self._heading()} {self.display_name}.xlsx", safe="")
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file/{name}?download=true",
            "target": "self",
        }

    # Content, the same for both files

    def _heading(self):
        return self.env._("Collection Report")

    def _period(self):
        return self.env._(
            "%(property)s, %(start)s to %(stop)s",
            property=self.property_id.name,
            start=fields.Date.to_string(self.date_from),
            stop=fields.Date.to_string(self.date_to),
        )

    def _tables(self):
        """List of {"title", "header", "rows", "total"}: amounts as float, counts as int, rates as text."""
        _ = self.env._
        prop = self.property_id
        tables = [
            self._group_table(_("By Fee"), _("Fee"), prop._collection_groups(self.date_from, self.date_to, "item_id")),
            self._group_table(
                _("By Butler"), _("Butler"), prop._collection_groups(self.date_from, self.date_to, "user_id")
            ),
        ]
        ages = prop._collection_ages(self.date_to)
        owed_in_all = self.currency_id.round(float(sum(owed for _band, owed, _count in ages)))
        tables.append(
            {
                "title": _("Owed by Age"),
                "header": [_("Age"), _("Number of charges"), _("Still Owed"), _("Share")],
                "rows": [
                    [band.name or _("Outside every band"), count, owed, self._rate(owed, owed_in_all)]
                    for band, owed, count in ages
                ],
                "total": [_("Total"), sum(count for _band, _owed, count in ages), owed_in_all, ""],
            }
        )
        return tables

    def _group_table(self, title, head, groups):
        _ = self.env._
        names = ("receivable", "received", "outstanding")
        rows = []
        known = [record for record in groups if record]
        order = {record: place for place, record in enumerate(known[0].union(*known).sorted() if known else ())}
        for record, row in sorted(groups.items(), key=lambda pair: order.get(pair[0], len(order))):
            rows.append(
                [
                    record.display_name if record else _("None"),
                    *(row[name] for name in names),
                    self._rate(row["received"], row["receivable"]),
                    row["old_owed"],
                    row["old_received"],
                    self._rate(row["old_received"], row["old_owed"]),
                ]
            )
        sums = {
            name: self.currency_id.round(float(sum(row[name] for row in groups.values())))
            for name in (*names, "old_owed", "old_received")
        }
        return {
            "title": title,
            "header": [
                head,
                _("Receivable"),
                _("Collected"),
                _("Still Owed"),
                _("Collection Rate"),
                _("Old Arrears"),
                _("Recovered"),
                _("Recovery Rate"),
            ],
            "rows": rows,
            "total": [
                _("Total"),
                *(sums[name] for name in names),
                self._rate(sums["received"], sums["receivable"]),
                sums["old_owed"],
                sums["old_received"],
                self._rate(sums["old_received"], sums["old_owed"]),
            ],
        }

    def _rate(self, part, whole):
        """A quotient for people; without a whole there is no figure."""
        return f"{100 * part / whole:.1f} %" if whole else "–"
