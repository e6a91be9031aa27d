from odoo import api, models
from odoo.exceptions import AccessError


def without_defaults(records, names):
    """Return `records` without the context's ``default_<name>`` of `names`.

    A client may send any context: what is taken out of the values must not come in again as a default.
    """
    keys = {f"default_{name}" for name in names} & records.env.context.keys()
    if not keys:
        return records
    kept = {key: value for key, value in records.env.context.items() if key not in keys}
    return records.with_context(kept)  # pylint: disable=context-overridden


class PmProgramFields(models.AbstractModel):
    """A model with fields that its own steps write, in sudo after their guards, and that no client may send."""

    _name = "pm.program.fields"
    _description = "Fields Written by the Program"

    _program_fields = frozenset()

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            self = without_defaults(self, self._program_fields)  # noqa: PLW0642
            vals_list = [{k: v for k, v in vals.items() if k not in self._program_fields} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        locked = self._program_fields & vals.keys()
        if locked and not self.env.su:
            names = ", ".join(self._fields[name]._description_string(self.env) for name in sorted(locked))
            raise AccessError(self.env._("%(fields)s is recorded by the program and cannot be changed.", fields=names))
        return super().write(vals)
