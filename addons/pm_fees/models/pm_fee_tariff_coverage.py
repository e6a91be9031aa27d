from odoo import api, fields, models
from odoo.tools.misc import format_date

DAY = {"days": 1}


class PmFeeTariff(models.Model):
    """Whether the versions of a price follow one another: told before the approval, not by the run that then bills nothing."""

    _inherit = "pm.fee.tariff"

    coverage_note = fields.Text(
        compute="_compute_coverage_note", help="Days on which no price, or two prices, would be in force."
    )

    @api.depends("item_id", "property_id", "unit_type", "date_from", "date_to", "state")
    def _compute_coverage_note(self):
        found = self.search(
            [
                ("item_id", "in", self.item_id.ids),
                ("property_id", "in", self.property_id.ids),
                ("state", "=", "approved"),
            ],
            order="date_from",
        )
        for tariff in self:
            others = found.filtered(
                lambda other, tariff=tariff: (
                    other.item_id == tariff.item_id
                    and other.property_id == tariff.property_id
                    and other.unit_type == tariff.unit_type
                    and other != tariff._origin
                )
            )
            concerned = tariff.date_from and tariff.state != "withdrawn"
            tariff.coverage_note = "\n".join(tariff._coverage_notes(others)) if concerned else False

    def _coverage_notes(self, others):
        """
        :param others: the other approved versions of this price, oldest first
        :return: list of sentences
        """
        notes = []
        before = others.filtered(lambda other: other.date_from < self.date_from)[-1:]
        after = others.filtered(lambda other: other.date_from >= self.date_from)[:1]
        # An open version of before is ended by the approval.
        if before.date_to and before.date_to >= self.date_from:
            notes.append(self._overlap_note(before))
        elif before.date_to and before.date_to < fields.Date.subtract(self.date_from, **DAY):
            notes.append(self._gap_note(before.date_to, self.date_from))
        if after and (not self.date_to or self.date_to >= after.date_from):
            notes.append(self._overlap_note(after))
        elif after and self.date_to < fields.Date.subtract(after.date_from, **DAY):
            notes.append(self._gap_note(self.date_to, after.date_from))
        return notes

    def _overlap_note(self, other):
        return self.env._(
            "“%(name)s” is approved for %(start)s to %(end)s, too: it can be approved only once the days of both no longer meet.",
            name=other.display_name,
            start=format_date(self.env, other.date_from),
            end=format_date(self.env, other.date_to) if other.date_to else "…",
        )

    def _gap_note(self, end, start):
        """:param end: last day of the version before; :param start: first day of the one after"""
        return self.env._(
            "No price from %(first)s to %(last)s: a run refuses what falls into these days.",
            first=format_date(self.env, fields.Date.add(end, **DAY)),
            last=format_date(self.env, fields.Date.subtract(start, **DAY)),
        )
