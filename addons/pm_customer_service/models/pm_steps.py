from odoo import models
from odoo.exceptions import AccessError, UserError

from odoo.addons.pm_base.tools.labels import selection_labels


class PmSteps(models.AbstractModel):
    """A record that goes from state to state by steps, each behind a guard; nothing else writes its ``state``.

    The model names its steps in ``_transitions``: ``{(from, to): guard}``, or ``(group, guard)`` where the step belongs to
    a role; ``guard`` is the name of a method that raises when the step may not be taken, or None. A step that is not listed
    does not exist. What the steps write along belongs into ``_program_fields``, beside ``state``.
    """

    _name = "pm.steps"
    _description = "Goes by Steps"
    _inherit = ["pm.program.fields"]

    _transitions = {}

    def _require(self, condition, message):
        """Refuse the step, with the record named in front of ``message``, unless ``condition`` holds."""
        if not condition:
            raise UserError(self.env._("%(record)s: %(message)s", record=self.display_name, message=message))

    def _transition(self, target, **values):
        """Move the records to ``target``, writing ``values`` along, if every guard agrees.

        :raises AccessError: the step belongs to another role
        :raises UserError: naming what must be done first
        """
        self.check_access("write")
        labels = selection_labels(self, "state")
        for record in self:
            step = self._transitions.get((record.state, target), False)
            if step is False:
                raise UserError(
                    self.env._(
                        "%(record)s is “%(state)s” and cannot become “%(target)s” from there.",
                        record=record.display_name,
                        state=labels[record.state],
                        target=labels[target],
                    )
                )
            group, guard = step if isinstance(step, tuple) else (None, step)
            if group and not self.env.su and not self.env.user.has_group(group):
                raise AccessError(
                    self.env._(
                        "%(record)s: this step is taken by %(role)s.",
                        record=record.display_name,
                        role=self.env.ref(group).sudo().name,  # the name of a role is no secret
                    )
                )
            if guard:
                getattr(record, guard)()
        # sudo: the state is the program's, the guards above have agreed
        self.sudo().write({"state": target, **values})

    def _check_partner(self):
        """A record shows its customer's phone: nobody names one whom he may not see."""
        if not self.env.su:
            self.partner_id.check_access("read")
