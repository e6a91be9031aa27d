from odoo import api, models


class PmCached(models.AbstractModel):
    """A set-up model whose records are kept in memory by ``ormcache``: a change empties the caches of all workers."""

    _name = "pm.cached"
    _description = "Set-up Kept in Memory"

    # The fields that are kept; None: any of them may be.
    _cached_fields = None

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env.registry.clear_cache()
        return records

    def write(self, vals):
        result = super().write(vals)
        if self._cached_fields is None or self._cached_fields & vals.keys():
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
