from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain


class PmBoard(models.AbstractModel):
    """A page of sums, of which every row opens the records behind it; read with the rights of whoever looks.

    A row is a dict of ``key`` (what a link may name), ``label``, ``count``, whatever the page shows beside it, and ``drill``:
    what the client opens. The client side is ``BoardRows`` in ``static/src/board``.
    """

    _name = "pm.board"
    _description = "Page of Sums"

    _viewers = ()  # groups, one of which is needed
    _actions = {}  # model -> XML id of the window action that opens its records

    @api.model
    def _refusal(self):
        """Return what somebody is told who may not see the page."""
        return self.env._("This page is not for your role.")

    @api.model
    def _check_may_see(self):
        if not any(self.env.user.has_group(group) for group in self._viewers):
            raise AccessError(self._refusal())

    @api.model
    def _property_domain(self):
        """Return which of the user's properties may be added up."""
        return Domain.TRUE

    @api.model
    def _properties(self, property_id=False):
        """Return the properties whose sums are shown: the chosen one, or all that the user sees.

        :raise AccessError: the page is not for the user, or the property is none of his
        """
        self._check_may_see()
        allowed = self.env["pm.property"].search(self._property_domain())
        if not property_id:
            return allowed
        chosen = allowed.filtered(lambda prop: prop.id == property_id)
        if not chosen:
            raise AccessError(self.env._("You do not see this property."))
        return chosen

    @api.model
    def _drill(self, model, domain, name, res_id=False):
        """Return what opens the records of ``model`` in ``domain``, or the one record ``res_id``, under the title ``name``."""
        return {"xmlid": self._actions[model], "domain": list(domain), "name": name, "res_id": res_id}
