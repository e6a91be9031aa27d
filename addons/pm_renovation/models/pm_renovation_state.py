from odoo import api, models
from odoo.exceptions import AccessError

# Carried in the context to prove that a write of the state comes from the model's own method.
# A client cannot send this object, so no state can be written from outside.
_TOKEN = object()


class PmRenovationState(models.AbstractModel):
    """A model whose ``state`` changes through its own steps only, never by a plain write."""

    _name = "pm.renovation.state"
    _description = "State Changed by Steps Only"

    @api.model_create_multi
    def create(self, vals_list):
        # Born in the first state, whatever the client sends.
        return super().create([{k: v for k, v in vals.items() if k != "state"} for vals in vals_list])

    def write(self, vals):
        if "state" in vals and self.env.context.get("pm_renovation_token") is not _TOKEN:
            raise AccessError(self.env._("The state of this record changes through its buttons only."))
        return super().write(vals)

    def _set_state(self, state, **values):
        """Write the state with further values; for the model's own steps, after their guards."""
        return self.with_context(pm_renovation_token=_TOKEN).write({"state": state, **values})
