from odoo import fields, models

from .pm_renovation import STATES

KINDS = [
    ("state", "Step"),
    ("review", "Review"),
    ("consent", "Owner's consent"),
    ("rules", "House rules"),
    ("deposit", "Deposit"),
    ("permit", "Permit"),
    ("inspection", "Inspection"),
    ("violation", "Violation"),
    ("neighbours", "Neighbours"),
    ("owner", "Change of owner"),
    ("site", "Contractor's link"),
]


class PmRenovationLog(models.Model):
    """The history of a case: who decided what, when and why. Only grows; printed with the case.

    The chatter tells the same to people; these rows are what a dispute is settled by, so they do not depend on
    tracking, and no role may write them.
    """

    _name = "pm.renovation.log"
    _description = "Renovation Decision"
    _inherit = ["pm.evidence"]
    _order = "id"
    _rec_name = "detail"

    renovation_id = fields.Many2one("pm.renovation", required=True, readonly=True, ondelete="cascade", index=True)
    property_id = fields.Many2one(related="renovation_id.property_id", store=True, index=True)
    company_id = fields.Many2one(related="renovation_id.company_id", store=True)
    at = fields.Datetime("When", required=True, readonly=True, default=fields.Datetime.now)
    user_id = fields.Many2one("res.users", "Who", required=True, readonly=True, ondelete="restrict")
    actor = fields.Char("On Behalf Of", readonly=True, help="Who acted without an account: the contractor by his link.")
    kind = fields.Selection(KINDS, required=True, readonly=True, default="state")
    from_state = fields.Selection(STATES, readonly=True)
    to_state = fields.Selection(STATES, readonly=True)
    detail = fields.Char("What", readonly=True)
    reason = fields.Text("Why", readonly=True)


class PmRenovation(models.Model):
    _inherit = "pm.renovation"

    log_ids = fields.One2many("pm.renovation.log", "renovation_id", string="History", readonly=True)

    def _log(self, kind, detail=None, reason=None, actor=None, **values):
        """Add a line to the history of the cases.

        :param kind: a value of ``pm.renovation.log.kind``
        :param detail: what was decided, in words
        :param reason: why, in the words of whoever decided
        :param actor: who acted when no user did (the contractor by his link)
        """
        # sudo: the history is written by the program for whoever did the step, and by nobody else
        self.env["pm.renovation.log"].sudo().create(
            [
                {
                    "renovation_id": case.id,
                    "user_id": self.env.uid,
                    "kind": kind,
                    "detail": detail,
                    "reason": reason,
                    "actor": actor,
                    **values,
                }
                for case in self
            ]
        )
