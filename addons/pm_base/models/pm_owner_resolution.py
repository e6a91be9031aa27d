from odoo import fields, models
from odoo.exceptions import UserError

from ..tools.labels import selection_labels


class PmOwnerResolution(models.Model):
    """A matter that law or contract reserves to the owners' committee or assembly. Source: S0-149."""

    _name = "pm.owner.resolution"
    _description = "Owners' Resolution"
    _inherit = ["pm.program.fields", "pm.files", "mail.thread"]
    _order = "date desc, id desc"
    _program_fields = frozenset({"state"})

    name = fields.Char(string="Matter", required=True)
    number = fields.Char(string="Resolution No.")
    property_id = fields.Many2one("pm.property", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one(related="property_id.company_id", store=True)
    body = fields.Selection(
        [("committee", "Owners' committee"), ("assembly", "Owners' assembly")],
        string="Decided By",
        required=True,
        default="committee",
    )
    legal_basis = fields.Char(help="Law or clause of the contract that reserves the matter to the owners.")
    date = fields.Date(string="Resolved On")
    text = fields.Html()
    attachment_ids = fields.Many2many("ir.attachment", string="Papers")
    state = fields.Selection(
        [("draft", "Draft"), ("submitted", "Submitted"), ("approved", "Approved"), ("refused", "Refused")],
        default="draft",
        required=True,
        readonly=True,
        tracking=True,
        copy=False,
    )

    def write(self, vals):
        """What the owners decided is evidence: it is neither rewritten nor moved to another property."""
        told = {"name", "number", "property_id", "body", "legal_basis", "date", "text", "attachment_ids"}
        if told & vals.keys() and any(resolution.state in ("approved", "refused") for resolution in self):
            raise UserError(self.env._("A resolution that is decided is history and stays as it is."))
        return super().write(vals)

    def _transition(self, origin, target):
        self.check_access("write")
        for resolution in self:
            if resolution.state != origin:
                raise UserError(
                    self.env._(
                        "To do this, the resolution %(name)s must be in state “%(state)s”.",
                        name=resolution.name,
                        state=selection_labels(self, "state")[origin],
                    )
                )
        # sudo: the state is written here only, after the checks above
        self.sudo().write({"state": target})

    def action_submit(self):
        self._transition("draft", "submitted")

    def action_approve(self):
        if any(not resolution.number or not resolution.date for resolution in self):
            raise UserError(
                self.env._("To record an approval you must enter the number and the day of the resolution.")
            )
        self._transition("submitted", "approved")

    def action_refuse(self):
        self._transition("submitted", "refused")
