from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools import ormcache


def without_defaults(records, names):
    """Return `records` without the context's ``default_<name>`` of `names`.

    A client may send any context: what is taken out of the values must not come in again as a default.
    """
    keys = {f"default_{name}" for name in names} & records.env.context.keys()
    if not keys:
        return records
    kept = {key: value for key, value in records.env.context.items() if key not in keys}
    return records.with_context(kept)  # pylint: disable=context-overridden


def refuse_fields(records, names):
    """:raises AccessError: always; says which fields of `records` nobody but the program writes"""
    labels = ", ".join(records._fields[name]._description_string(records.env) for name in sorted(names))
    raise AccessError(records.env._("%(fields)s is recorded by the program and cannot be changed.", fields=labels))


class PmProgramFields(models.AbstractModel):
    """A model with fields that its own steps write, in sudo after their guards, and that no client may send.

    Every class of the model names its own in ``_program_fields``: a mixin what it brings along, an extension what it adds.
    """

    _name = "pm.program.fields"
    _description = "Fields Written by the Program"

    _program_fields = frozenset()

    @api.model
    @ormcache()
    def _get_program_fields(self):
        return frozenset().union(*(vars(cls).get("_program_fields", ()) for cls in type(self).__mro__))

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            closed = self._get_program_fields()
            self = without_defaults(self, closed)  # noqa: PLW0642
            vals_list = [{k: v for k, v in vals.items() if k not in closed} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and (locked := self._get_program_fields() & vals.keys()):
            refuse_fields(self, locked)
        return super().write(vals)
