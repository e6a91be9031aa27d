from odoo import api, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.pm_base.models.pm_program_fields import without_defaults

# Carried in the context to prove that a write comes from the model's own step.
# A client cannot send this object, so neither state nor stamps can be written from outside.
_TOKEN = object()


class PmRenovationState(models.AbstractModel):
    """A model whose ``state`` and stamps change through its own steps only, never by a plain write.

    A model names in ``_step_fields`` what its steps write beside the state (dates, numbers, who decided),
    and in ``_frozen`` which fields nobody changes in which states any more.
    """

    _name = "pm.renovation.state"
    _description = "State Changed by Steps Only"

    _step_fields = frozenset()
    _frozen = {}  # state: names of fields that are history in it

    @api.model_create_multi
    def create(self, vals_list):
        # Born in the first state, whatever the client sends.
        closed = {"state"} if self.env.su else {"state", *self._step_fields}
        self = without_defaults(self, closed)  # noqa: PLW0642
        return super().create([{k: v for k, v in vals.items() if k not in closed} for vals in vals_list])

    def write(self, vals):
        if not self._is_step():
            if "state" in vals or (not self.env.su and self._step_fields & vals.keys()):
                raise AccessError(self.env._("The state of this record changes through its buttons only."))
            for record in self.filtered(lambda r: self._frozen.get(r.state, frozenset()) & vals.keys()):
                raise UserError(self.env._("%(name)s is decided and stays as it is.", name=record.display_name))
        return super().write(vals)

    def _is_step(self):
        """Whether the present write comes from one of the model's own steps."""
        return self.env.context.get("pm_renovation_token") is _TOKEN

    def _set_state(self, state, **values):
        """Write the state with further values; for the model's own steps, after their guards."""
        return self._stamp(state=state, **values)

    def _stamp(self, **values):
        """Write what only a step may write."""
        return self.with_context(pm_renovation_token=_TOKEN).write(values)
