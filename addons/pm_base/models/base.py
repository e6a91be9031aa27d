from babel.dates import format_skeleton
from odoo import api, fields, models
from odoo.tools import ormcache
from odoo.tools.misc import get_lang

from .pm_program_fields import refuse_fields

# Odoo names the months of groups by the English order of words; babel's skeletons know each language's own.
SKELETONS = {"month": "yMMMM", "quarter": "yQQQ"}


class Base(models.AbstractModel):
    _inherit = "base"

    @api.model
    @ormcache()
    def _get_derived_fields(self):
        """Names of the suite's stored fields that follow from other fields alone.

        Such a field decides what is approved (a sum) and who sees a record (its company, its property), and ``readonly``
        only greys it out: the ORM would keep the value that a client sends.
        """
        return frozenset(
            name
            for name, field in self._fields.items()
            if field.store and field.compute and field.readonly and (field._module or "").startswith("pm_")
        )

    def _add_missing_default_values(self, values):
        """Of a new record as well: neither sent nor as a default of the context."""
        result = super()._add_missing_default_values(values)
        if not self.env.su and (derived := self._get_derived_fields() & result.keys()):
            return {name: value for name, value in result.items() if name not in derived}
        return result

    def write(self, vals):
        if not self.env.su and (derived := self._get_derived_fields() & vals.keys()):
            refuse_fields(self, derived)
        return super().write(vals)

    def export_data(self, fields_to_export):
        """Keep a note of each export of contacts and of the suite's records (S1-37)."""
        result = super().export_data(fields_to_export)
        if self and (self._name == "res.partner" or self._name.startswith("pm.")):
            self.env["pm.export.log"]._note(self, fields_to_export)
        return result

    def _web_read_group_groupby_formatter(self, groupby_spec, values):
        """Name months and quarters as the language does: 2026年11月 and not 十一月 2026."""
        formatter = super()._web_read_group_groupby_formatter(groupby_spec, values)
        path, _colon, granularity = groupby_spec.partition(":")
        skeleton = SKELETONS.get(granularity)
        if not skeleton or "." in path or self._fields[path].type not in ("date", "datetime"):
            return formatter
        locale = get_lang(self.env).code

        def named(value):
            key, domain = formatter(value)
            if not value:
                return key, domain
            # The value is the first moment of the group as the reader's clock shows it.
            return (key[0], format_skeleton(skeleton, fields.Date.to_date(value), locale=locale)), domain

        return named
